"""任务台账 for those who see the whole bureau: filtered, exported, acted on in bulk with a look beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Changed
from duban.core.lights import LIGHT_WORDS, Light
from duban.editions.queries import name_editions
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import OBLIGATIONS_PAGE, list_obligations, obligation_ids
from duban.obligations.queries import BulkSelection
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES, State, Transition
from duban.obligations.transitions import BulkDone, transition_many
from duban.portal import forms
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.obligation_forms import read_input
from duban.portal.params import PageLinks, asked, page_of, whole
from duban.portal.rendering import xlsx_response
from duban.reports.exports import export_ledger
from duban.units.service import list_units

router = APIRouter()
Sees = Annotated[PageContext, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)]
Steers = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
FILTERS = ("campaign", "edition", "unit", "light", "state", "due_from", "due_until")
ACTS = {
    Transition.WAIVE.value: Transition.WAIVE,
    Transition.SUSPEND.value: Transition.SUSPEND,
    Transition.RESUME.value: Transition.RESUME,
}


@router.get("/obligations")
def obligations(desk: Sees) -> Response:
    """One page of what the filter finds, the earliest date first."""
    return _page(desk, desk.request.query_params)


@router.get("/obligations/export.xlsx")
def export(desk: Sees) -> Response:
    """All that the filter finds, as a sheet."""
    filters = asked(desk.request.query_params, FILTERS)
    wanted, light = _wanted(filters)
    return xlsx_response(
        f"任务台账-{desk.today}.xlsx",
        lambda path: export_ledger(desk.bureau, wanted, to=path, by=desk.by, now=desk.now, light=light),
    )


@router.post("/obligations/act")
def act(desk: Steers, filled: FilledForm) -> Response:
    """Waive, suspend or resume the chosen ones: first how many it would be, then for good."""
    filters = asked(filled.values, FILTERS)

    def run() -> tuple[Transition, BulkDone, tuple[int, ...]]:
        verb = ACTS[filled.choice("act", "办理方式", ACTS, required=True) or _refused(filled)]
        ids = _chosen(desk, filled, filters)
        done = transition_many(
            desk.bureau,
            BulkSelection(obligation_ids=ids),
            verb,
            read_input(filled, verb),
            by=desk.by,
            now=desk.now,
            dry_run=not filled.ticked("confirmed"),
        )
        return verb, done, ids

    done, status, reasons = forms.run(run)
    if done is None:
        return _page(desk, filled.values, filled, reasons, status=status)
    verb, acted, ids = done
    if filled.ticked("confirmed"):
        left = sum(acted.left.values())
        rest = f"，{left}项因状态不符没有办理" if left else ""
        address = _listing(filters, 1, 0).address(1)
        return desk.see_other(address, said=f"已{TRANSITION_NAMES[verb]}{acted.changed}项{rest}。")
    return _preview(desk, filled, verb, acted, ids, filters)


def _refused(filled: Filled) -> str:
    filled.refuse_faults()
    raise AssertionError("a missing choice is a fault")


def _chosen(desk: PageContext, filled: Filled, filters: Mapping[str, str]) -> tuple[int, ...]:
    """The ticked ones, or all that the filter finds; refused when that is not what was seen before."""
    if not filled.ticked("everything"):
        ids = tuple(filled.wholes("obligation"))
        if not ids:
            filled.faults["obligation"] = "请先勾选要办理的任务。"
        filled.refuse_faults()
        return ids
    wanted, light = _wanted(filters)
    ids = obligation_ids(desk.bureau, wanted, by=desk.by, today=desk.today, light=light)
    seen = filled.whole("total", "总数")
    if filled.ticked("confirmed") and seen != len(ids):
        raise Changed(f"符合条件的任务刚刚有变化（预览时{seen}项，现在{len(ids)}项），没有办理，请重新预览。")
    if not ids:
        filled.faults["obligation"] = "没有符合条件的任务。"
        filled.refuse_faults()
    return ids


def _preview(
    desk: PageContext,
    filled: Filled,
    verb: Transition,
    acted: BulkDone,
    ids: tuple[int, ...],
    filters: Mapping[str, str],
) -> Response:
    return desk.render(
        "obligations/confirm.html",
        title=f"成批{TRANSITION_NAMES[verb]}：请核对",
        verb=verb,
        acted=acted,
        ids=ids,
        everything=filled.ticked("everything"),
        typed=filled.values,
        asked=filters,
        back=_listing(filters, 1, 0).address(1),
    )


def _page(
    desk: PageContext,
    given: Mapping[str, str],
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    filters = asked(given, FILTERS)
    wanted, light = _wanted(filters)
    page = page_of(given)
    found = list_obligations(desk.bureau, wanted, today=desk.today, by=desk.by, light=light, page=page)
    return desk.render(
        "obligations/list.html",
        title="任务台账",
        status=status,
        found=found,
        listing=_listing(filters, page, found.total or 0),
        more=found.total is None and len(found.obligations) == OBLIGATIONS_PAGE,
        asked=filters,
        refused=refused,
        typed=filled.values if filled else {},
        ticked=frozenset(filled.wholes("obligation")) if filled else frozenset(),
        editions=name_editions(desk.bureau, by=desk.by),
        units=list_units(desk.bureau, by=desk.by),
        may_steer=desk.has(Role.COORDINATOR, Role.LEADER),
        states=[(state.value, name) for state, name in STATE_NAMES.items()],
        lights=[(light.value, word) for light, word in LIGHT_WORDS.items()],
        verbs=[(verb.value, TRANSITION_NAMES[verb]) for verb in ACTS.values()],
    )


def _listing(filters: Mapping[str, str], page: int, total: int) -> PageLinks:
    return PageLinks(path="/obligations", asked=filters, page=page, page_size=OBLIGATIONS_PAGE, total=total)


def _wanted(filters: Mapping[str, str]) -> tuple[ObligationFilter, Light | None]:
    """What the address asks; what it asks in words we do not know asks nothing."""
    state, light = filters.get("state", ""), filters.get("light", "")
    wanted = ObligationFilter(
        campaign=filters.get("campaign"),
        unit_id=whole(filters.get("unit")),
        edition_id=whole(filters.get("edition")),
        states=frozenset({State(state)}) if state in set(State) else frozenset(),
        due_from=_day(filters.get("due_from", "")),
        due_until=_day(filters.get("due_until", "")),
    )
    return wanted, Light(light) if light in set(Light) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
