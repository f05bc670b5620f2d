"""One obligation's whole file for those who see the whole bureau, and what a coordinator does about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.obligations.file import ObligationFile, open_obligation
from duban.obligations.states import TRANSITION_NAMES, Transition
from duban.outbox.rules import DISPATCH_STATUS_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.obligation_forms import VERDICTS, do_transition
from duban.portal.params import Number
from duban.reports.history_words import verb_words
from duban.units.service import name_units

router = APIRouter()
Sees = Annotated[PageContext, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)]
Acts = Annotated[PageContext, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER)]


@router.get("/obligations/{obligation_id}")
def case(desk: Sees, obligation_id: Number) -> Response:
    """The whole file."""
    return _page(desk, obligation_id)


@router.post("/obligations/{obligation_id}/{act}")
def act(desk: Acts, obligation_id: Number, act: str, filled: FilledForm) -> Response:
    """Spot check, waive, suspend, resume, forward, reopen, archive, assign it, or let it be closed early."""
    verb = _ACTS.get(act)
    if verb is None:
        raise NotFound("没有这种办理方式，请从任务页面重新进入。")
    done, status, reasons = run(lambda: do_transition(desk, obligation_id, verb, filled))
    if done is None:
        return _page(desk, obligation_id, filled, reasons, status=status, tried_act=act)
    return desk.see_other(f"/obligations/{obligation_id}", said=f"已办理：{TRANSITION_NAMES[done.verb]}。")


_ACTS = {
    "spot-check": Transition.SPOT_CHECK,
    "waive": Transition.WAIVE,
    "suspend": Transition.SUSPEND,
    "resume": Transition.RESUME,
    "forward": Transition.FORWARD,
    "reopen": Transition.REOPEN,
    "archive": Transition.ARCHIVE,
    "state-date": Transition.STATE_DATE,
    "assign": Transition.ASSIGN,
    "allow-early": Transition.ALLOW_EARLY,
}


def _page(
    desk: PageContext,
    obligation_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
    tried_act: str = "",
) -> Response:
    found = open_obligation(desk.bureau, obligation_id, by=desk.by, now=desk.now)
    return desk.render(
        "obligations/case.html",
        title=f"{found.campaign_name}·{found.title}",
        status=status,
        case=found,
        refused=refused,
        tried_act=tried_act,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        units=[(name, name) for name in _units(desk, found)],
        may_chase=desk.has(Role.COORDINATOR, Role.LEADER),
        may_review=desk.has(Role.COORDINATOR, Role.LEADER, Role.REVIEWER),
        verb_words=verb_words,
        DISPATCHED=DISPATCH_STATUS_NAMES,
        VERDICTS=VERDICTS,
        Verb=Transition,
    )


def _units(desk: PageContext, found: ObligationFile) -> tuple[str, ...]:
    """The names one may forward to."""
    if Transition.FORWARD not in found.may:
        return ()
    return name_units(desk.bureau, by=desk.by, besides=found.unit_id)
