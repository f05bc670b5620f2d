"""One obligation's whole file for those who see the whole bureau, and what a coordinator does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.evidence.reviews import spot_check
from duban.obligations.file import Case, read_case
from duban.obligations.states import TRANSITION_NAMES, Transition
from duban.obligations.transitions import TransitionDone, archive, forward, reopen, resume, suspend, waive
from duban.outbox.rules import DISPATCH_STATUS_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, audit_fields, run
from duban.portal.params import Number
from duban.reports.history_words import verb_words
from duban.units.service import name_units

router = APIRouter()
Sees = Annotated[PageContext, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)]
Acts = Annotated[PageContext, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER)]
VERDICTS = {"passed": "合格", "failed": "不合格"}


@router.get("/obligations/{obligation_id}")
def case(desk: Sees, obligation_id: Number) -> Response:
    """The whole file."""
    return _page(desk, obligation_id)


@router.post("/obligations/{obligation_id}/{act}")
def act(desk: Acts, obligation_id: Number, act: str, filled: FilledForm) -> Response:
    """Spot check, waive, suspend, resume, forward, reopen or archive it."""
    how = _ACTS.get(act)
    if how is None:
        raise NotFound("没有这种办理方式，请从任务页面重新进入。")
    done, status, reasons = run(lambda: how(desk, obligation_id, filled, audit_fields(desk, filled)))
    if done is None:
        return _page(desk, obligation_id, filled, reasons, status=status, tried_act=act)
    return desk.see_other(f"/obligations/{obligation_id}", said=f"已办理：{TRANSITION_NAMES[done.verb]}。")


def _spot_check(desk: PageContext, number: int, filled: Filled, common: dict[str, Any]) -> TransitionDone:
    passed = filled.choice("passed", "抽查结论", VERDICTS)
    finding = filled.text("finding", "核实情况", required=True)
    filled.refuse_faults()
    return spot_check(desk.bureau, number, passed=passed == "passed", finding=finding, **common)


def _grounds(filled: Filled) -> dict[str, Any]:
    reason = filled.text("reason", "理由", required=True)
    authority = filled.line("authority", "依据", required=True, longest=200)
    filled.refuse_faults()
    return {"reason": reason, "authority": authority}


def _forward(desk: PageContext, number: int, filled: Filled, common: dict[str, Any]) -> TransitionDone:
    to_unit = filled.line("to_unit", "承办单位", required=True)
    reason = filled.text("reason", "改派原因", required=True)
    filled.refuse_faults()
    return forward(desk.bureau, number, to_unit=to_unit, reason=reason, **common)


def _reopen(desk: PageContext, number: int, filled: Filled, common: dict[str, Any]) -> TransitionDone:
    reason = filled.text("reason", "原因", required=True)
    until = filled.day("resubmit_by_on", "补正时限")
    filled.refuse_faults()
    return reopen(desk.bureau, number, reason=reason, resubmit_by_on=until, **common)


_ACTS: dict[str, Callable[[PageContext, int, Filled, dict[str, Any]], TransitionDone]] = {
    "spot-check": _spot_check,
    "waive": lambda desk, number, filled, common: waive(desk.bureau, number, **_grounds(filled), **common),
    "suspend": lambda desk, number, filled, common: suspend(
        desk.bureau, number, **_grounds(filled), **common
    ),
    "resume": lambda desk, number, filled, common: resume(desk.bureau, number, **common),
    "forward": _forward,
    "reopen": _reopen,
    "archive": lambda desk, number, filled, common: archive(desk.bureau, number, **common),
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
    found = read_case(desk.bureau, obligation_id, by=desk.by, today=desk.today)
    return desk.render(
        "obligations/case.html",
        title=found.title,
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


def _units(desk: PageContext, found: Case) -> tuple[str, ...]:
    """The names one may forward to."""
    if not found.may(Transition.FORWARD):
        return ()
    return name_units(desk.bureau, by=desk.by, besides=found.shown.obligation.listed.unit_id)
