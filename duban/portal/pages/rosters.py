"""名册: the checks with their counts, the list of one roster with its bulk act, and the way in for a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, Whole, Wholes, comes_back, one_of
from duban.portal.params import Number, PageLinks, asked, page_of, whole
from duban.portal.rendering import xlsx_response
from duban.rosters.queries import NO_OUTCOME, SubjectChoice, SubjectFilter
from duban.rosters.rules import OUTCOMES, RATE_WORDS, left_words
from duban.rosters.service import list_rosters, list_subjects, read_roster_counts, record_outcomes
from duban.rosters.sheets import OUTCOME_NAMES, export_roster

router = APIRouter()
SEES = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.HANDLER)
RECORDS = (Role.COORDINATOR, Role.HANDLER)
FILTERS = ("unit_id", "taken_part", "outcome", "text")
TAKEN_PART = {"yes": "已参检", "no": "未参检"}
OUTCOME_OPTIONS = {**OUTCOME_NAMES, NO_OUTCOME: "尚无结论"}


class Outcomes(Form):
    """What is recorded of the ticked subjects, or of all that the filters find."""

    unit_id: str = ""
    taken_part: str = ""
    outcome: str = ""
    text: str = ""
    taken_part_on: Day | None = Field(None, title="参检日期")
    concluded: Annotated[str, one_of(OUTCOMES)] = Field("", title="结论")
    everything: str = ""
    total: Whole | None = Field(None, title="总数")
    subject: Wholes


@router.get("/rosters")
def rosters(desk: Annotated[PageContext, allow(*SEES)]) -> Response:
    """Every check that goes by a roster."""
    found = list_rosters(desk.bureau, by=desk.by)
    return desk.render("rosters/all.html", title="名册", rosters=found)


@router.get("/rosters/{edition_id}")
def roster(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """One roster: its counts by unit, and its subjects page by page."""
    given = desk.typed or desk.request.query_params
    filters = asked(given, FILTERS)
    found = list_subjects(desk.bureau, edition_id, _wanted(filters), by=desk.by, page=page_of(given))
    return desk.render(
        "rosters/one.html",
        title=f"{found.name}{found.year}年名册",
        found=found,
        standing=read_roster_counts(desk.bureau, found.campaign, found.year, by=desk.by),
        listing=_listing(edition_id, filters, found.page, found.total),
        asked=filters,
        ticked=desk.attempt.ticked("subject"),
        may_record=desk.has(*RECORDS),
        may_import=desk.has(Role.COORDINATOR),
        TAKEN_PART=TAKEN_PART,
        OUTCOME_OPTIONS=OUTCOME_OPTIONS,
        OUTCOME_NAMES=OUTCOME_NAMES,
        OUTCOMES=OUTCOMES,
        RATE_WORDS=RATE_WORDS,
    )


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
@comes_back(roster, missing=True)
def outcomes(desk: Annotated[PageContext, allow(*RECORDS)], edition_id: Number, form: Outcomes) -> Response:
    """Record the ticked subjects, or all that match."""
    filters = asked(form.model_dump(include=set(FILTERS)), FILTERS)
    ids = frozenset(form.subject)
    choice, expected = SubjectChoice(ids=ids), len(ids)
    if form.everything:
        choice, expected = SubjectChoice(wanted=_wanted(filters)), form.total or 0
    done = record_outcomes(
        desk.bureau,
        edition_id,
        choice,
        expected=expected,
        taken_part_on=form.taken_part_on,
        outcome=form.concluded or None,
        by=desk.by,
        now=desk.now,
    )
    already = f"，{done.unchanged}个原已如此" if done.unchanged else ""
    said = (
        f"已登记{done.recorded}个对象{already}；任务报结{done.submitted}项、销号{done.closed}项。"
        + left_words(done.left)
    )
    return desk.see_other(_listing(edition_id, filters, 1, 0).address(1), said=said)


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
