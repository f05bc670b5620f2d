"""任务台账 for those who see the whole bureau: filtered, exported, acted on in bulk with a look beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Response

from office.actions.act_on_many import ManyActed, Scope, resume_many, suspend_many, waive_many
from office.actions.export_ledger import export_ledger
from office.actions.list_obligations import PAGE_SIZE, Filter, list_obligations
from office.actions.name_editions import name_editions
from office.actions.obligation_ids import obligation_ids
from office.actions.show_units import list_units
from office.errors import Changed
from portal import downloads
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.listing import Listing, asked, page_of, whole
from portal.trying import tried
from rules.moves import STATE_NAMES, VERB_NAMES, State, Verb
from rules.people import Role
from rules.standing import LIGHT_WORDS, Light

router = APIRouter()
Sees = Annotated[Desk, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)]
Steers = Annotated[Desk, allow(Role.COORDINATOR, Role.LEADER)]
FILTERS = ("campaign", "edition", "unit", "light", "state", "due_from", "due_until")
ACTS = {Verb.WAIVE.value: Verb.WAIVE, Verb.SUSPEND.value: Verb.SUSPEND, Verb.RESUME.value: Verb.RESUME}


@router.get("/obligations")
def obligations(desk: Sees) -> Response:
    """One page of what the filter finds, the earliest date first."""
    return _page(desk, desk.request.query_params)


@router.get("/obligations/export.xlsx")
def export(desk: Sees) -> Response:
    """All that the filter finds, as a sheet."""
    filters = asked(desk.request.query_params, FILTERS)
    wanted, light = _wanted(filters)
    return downloads.sheet(
        f"任务台账-{desk.today}.xlsx",
        lambda path: export_ledger(desk.office, wanted, to=path, by=desk.by, now=desk.now, light=light),
    )


@router.post("/obligations/act")
def act(desk: Steers, filled: FilledForm) -> Response:
    """Waive, suspend or resume the chosen ones: first how many it would be, then for good."""
    filters = asked(filled.values, FILTERS)

    def run() -> tuple[Verb, ManyActed, tuple[int, ...]]:
        verb = ACTS[filled.choice("act", "办理方式", ACTS, required=True) or _refused(filled)]
        ids = _chosen(desk, filled, filters)
        done = _many(desk, filled, verb, Scope(obligation_ids=ids), dry_run=not filled.ticked("confirmed"))
        return verb, done, ids

    done, status, reasons = tried(run)
    if done is None:
        return _page(desk, filled.values, filled, reasons, status=status)
    verb, acted, ids = done
    if filled.ticked("confirmed"):
        left = sum(acted.left.values())
        rest = f"，{left}项因状态不符没有办理" if left else ""
        address = _listing(filters, 1, 0).address(1)
        return desk.see_other(address, said=f"已{VERB_NAMES[verb]}{acted.changed}项{rest}。")
    return _preview(desk, filled, verb, acted, ids, filters)


def _refused(filled: Filled) -> str:
    filled.refuse_faults()
    raise AssertionError("a missing choice is a fault")


def _chosen(desk: Desk, filled: Filled, filters: Mapping[str, str]) -> tuple[int, ...]:
    """The ticked ones, or all that the filter finds; refused when that is not what was seen before."""
    if not filled.ticked("everything"):
        ids = tuple(filled.wholes("obligation"))
        if not ids:
            filled.faults["obligation"] = "请先勾选要办理的任务。"
        filled.refuse_faults()
        return ids
    wanted, light = _wanted(filters)
    ids = obligation_ids(desk.office, wanted, by=desk.by, today=desk.today, light=light)
    seen = filled.whole("total", "总数")
    if filled.ticked("confirmed") and seen != len(ids):
        raise Changed(f"符合条件的任务刚刚有变化（预览时{seen}项，现在{len(ids)}项），没有办理，请重新预览。")
    if not ids:
        filled.faults["obligation"] = "没有符合条件的任务。"
        filled.refuse_faults()
    return ids


def _many(desk: Desk, filled: Filled, verb: Verb, scope: Scope, *, dry_run: bool) -> ManyActed:
    common: dict[str, Any] = {"by": desk.by, "now": desk.now, "dry_run": dry_run}
    if verb is Verb.RESUME:
        return resume_many(desk.office, scope, **common)
    reason = filled.text("reason", "理由", required=True)
    authority = filled.line("authority", "依据", required=True, longest=200)
    filled.refuse_faults()
    many = waive_many if verb is Verb.WAIVE else suspend_many
    return many(desk.office, scope, reason=reason, authority=authority, **common)


def _preview(
    desk: Desk,
    filled: Filled,
    verb: Verb,
    acted: ManyActed,
    ids: tuple[int, ...],
    filters: Mapping[str, str],
) -> Response:
    return desk.render(
        "obligations/confirm.html",
        title=f"成批{VERB_NAMES[verb]}：请核对",
        verb=verb,
        acted=acted,
        ids=ids,
        everything=filled.ticked("everything"),
        typed=filled.values,
        asked=filters,
        back=_listing(filters, 1, 0).address(1),
    )


def _page(
    desk: Desk,
    given: Mapping[str, str],
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    filters = asked(given, FILTERS)
    wanted, light = _wanted(filters)
    page = page_of(given)
    found = list_obligations(desk.office, wanted, today=desk.today, by=desk.by, light=light, page=page)
    return desk.render(
        "obligations/list.html",
        title="任务台账",
        status=status,
        found=found,
        listing=_listing(filters, page, found.total or 0),
        more=found.total is None and len(found.obligations) == PAGE_SIZE,
        asked=filters,
        refused=refused,
        typed=filled.values if filled else {},
        ticked=frozenset(filled.wholes("obligation")) if filled else frozenset(),
        editions=name_editions(desk.office, by=desk.by),
        units=list_units(desk.office, by=desk.by),
        may_steer=desk.has(Role.COORDINATOR, Role.LEADER),
        states=[(state.value, name) for state, name in STATE_NAMES.items()],
        lights=[(light.value, word) for light, word in LIGHT_WORDS.items()],
        verbs=[(verb.value, VERB_NAMES[verb]) for verb in ACTS.values()],
    )


def _listing(filters: Mapping[str, str], page: int, total: int) -> Listing:
    return Listing(path="/obligations", asked=filters, page=page, page_size=PAGE_SIZE, total=total)


def _wanted(filters: Mapping[str, str]) -> tuple[Filter, Light | None]:
    """What the address asks; what it asks in words we do not know asks nothing."""
    state, light = filters.get("state", ""), filters.get("light", "")
    wanted = Filter(
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
