"""名册: the checks with their counts, the list of one roster with its bulk act, and the way in for a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.params import Number, PageLinks, asked, page_of, whole
from duban.portal.rendering import xlsx_response
from duban.rosters.queries import NO_OUTCOME, SubjectChoice, SubjectFilter
from duban.rosters.rules import OUTCOMES
from duban.rosters.service import list_rosters, list_subjects, read_roster_counts, record_outcomes
from duban.rosters.sheets import OUTCOME_NAMES, export_roster

router = APIRouter()
SEES = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.HANDLER)
RECORDS = (Role.COORDINATOR, Role.HANDLER)
FILTERS = ("unit_id", "taken_part", "outcome", "text")
TAKEN_PART = {"yes": "已参检", "no": "未参检"}
OUTCOME_OPTIONS = {**OUTCOME_NAMES, NO_OUTCOME: "尚无结论"}


@router.get("/rosters")
def rosters(desk: Annotated[PageContext, allow(*SEES)]) -> Response:
    """Every check that goes by a roster."""
    found = list_rosters(desk.bureau, by=desk.by)
    return desk.render("rosters/all.html", title="名册", rosters=found)


@router.get("/rosters/{edition_id}")
def roster(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """One roster: its counts by unit, and its subjects page by page."""
    return _page(desk, edition_id, desk.request.query_params)


@router.get("/rosters/{edition_id}/export.xlsx")
def export(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """The filtered list as a sheet."""
    wanted = _wanted(asked(desk.request.query_params, FILTERS))
    name = f"名册-{edition_id}-{desk.today}.xlsx"
    return xlsx_response(
        name,
        lambda path: export_roster(desk.bureau, edition_id, wanted, to=path, by=desk.by, now=desk.now),
    )


@router.post("/rosters/{edition_id}/outcomes")
def outcomes(
    desk: Annotated[PageContext, allow(*RECORDS)], edition_id: Number, filled: FilledForm
) -> Response:
    """Record the ticked subjects, or all that match."""
    filters = asked(filled.values, FILTERS)
    taken_part_on = filled.day("taken_part_on", "参检日期")
    outcome = filled.choice("concluded", "结论", OUTCOMES, required=False)
    choice, expected = _choice(filled, _wanted(filters))
    try:
        filled.refuse_faults()
        done = record_outcomes(
            desk.bureau,
            edition_id,
            choice,
            expected=expected,
            taken_part_on=taken_part_on,
            outcome=outcome,
            by=desk.by,
            now=desk.now,
        )
    except Refused as refused:
        return _page(desk, edition_id, filled.values, status=422, refused=refused.reasons, filled=filled)
    already = f"，{done.unchanged}个原已如此" if done.unchanged else ""
    said = f"已登记{done.recorded}个对象{already}；任务报结{done.submitted}项、销号{done.closed}项。"
    return desk.see_other(_listing(edition_id, filters, page_of(filled.values), 0).address(1), said=said)


def _choice(filled: Filled, wanted: SubjectFilter) -> tuple[SubjectChoice, int]:
    if filled.ticked("everything"):
        return SubjectChoice(wanted=wanted), filled.whole("total", "总数") or 0
    ids = frozenset(filled.wholes("subject"))
    return SubjectChoice(ids=ids), len(ids)


def _page(
    desk: PageContext,
    edition_id: int,
    given: Mapping[str, str],
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    filled: Filled | None = None,
) -> Response:
    filters = asked(given, FILTERS)
    found = list_subjects(desk.bureau, edition_id, _wanted(filters), by=desk.by, page=page_of(given))
    standing = read_roster_counts(desk.bureau, found.campaign, found.year, by=desk.by)
    return desk.render(
        "rosters/one.html",
        title=f"{found.name}{found.year}年名册",
        status=status,
        found=found,
        standing=standing,
        listing=_listing(edition_id, filters, found.page, found.total),
        asked=filters,
        refused=refused,
        typed=filled.values if filled else {},
        ticked=frozenset(filled.wholes("subject")) if filled else frozenset(),
        may_record=desk.has(*RECORDS),
        may_import=desk.has(Role.COORDINATOR),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "TAKEN_PART": TAKEN_PART,
        "OUTCOME_OPTIONS": OUTCOME_OPTIONS,
        "OUTCOME_NAMES": OUTCOME_NAMES,
        "OUTCOMES": OUTCOMES,
    }


def _listing(edition_id: int, filters: Mapping[str, str], page: int, total: int) -> PageLinks:
    return PageLinks(path=f"/rosters/{edition_id}", asked=filters, page=page, page_size=50, total=total)


def _wanted(filters: Mapping[str, str]) -> SubjectFilter:
    outcome = filters.get("outcome")
    taken_part = filters.get("taken_part")
    return SubjectFilter(
        unit_id=whole(filters.get("unit_id")),
        taken_part={"yes": True, "no": False}.get(taken_part or ""),
        outcome=outcome if outcome in OUTCOME_OPTIONS else None,
        text=filters.get("text", ""),
    )
