"""One obligation's whole file for those who see the whole bureau, and what a coordinator does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Response

from office.actions.acting import Acted
from office.actions.archive import archive
from office.actions.forward import forward
from office.actions.name_units import name_units
from office.actions.read_case import Case, read_case
from office.actions.reopen import reopen
from office.actions.resume import resume
from office.actions.spot_check import spot_check
from office.actions.suspend import suspend
from office.actions.waive import waive
from office.errors import NotFound
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.numbers import Number
from portal.trying import acted_by, tried
from rules.history_words import verb_words
from rules.moves import VERB_NAMES, Verb
from rules.people import Role
from rules.retries import DISPATCH_STATUS_NAMES

router = APIRouter()
Sees = Annotated[Desk, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)]
Acts = Annotated[Desk, allow(Role.COORDINATOR, Role.REVIEWER, Role.LEADER)]
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
    done, status, reasons = tried(lambda: how(desk, obligation_id, filled, acted_by(desk, filled)))
    if done is None:
        return _page(desk, obligation_id, filled, reasons, status=status, tried_act=act)
    return desk.see_other(f"/obligations/{obligation_id}", said=f"已办理：{VERB_NAMES[done.verb]}。")


def _spot_check(desk: Desk, number: int, filled: Filled, common: dict[str, Any]) -> Acted:
    passed = filled.choice("passed", "抽查结论", VERDICTS)
    finding = filled.text("finding", "核实情况", required=True)
    filled.refuse_faults()
    return spot_check(desk.office, number, passed=passed == "passed", finding=finding, **common)


def _grounds(filled: Filled) -> dict[str, Any]:
    reason = filled.text("reason", "理由", required=True)
    authority = filled.line("authority", "依据", required=True, longest=200)
    filled.refuse_faults()
    return {"reason": reason, "authority": authority}


def _forward(desk: Desk, number: int, filled: Filled, common: dict[str, Any]) -> Acted:
    to_unit = filled.line("to_unit", "承办单位", required=True)
    reason = filled.text("reason", "改派原因", required=True)
    filled.refuse_faults()
    return forward(desk.office, number, to_unit=to_unit, reason=reason, **common)


def _reopen(desk: Desk, number: int, filled: Filled, common: dict[str, Any]) -> Acted:
    reason = filled.text("reason", "原因", required=True)
    until = filled.day("resubmit_by_on", "补正时限")
    filled.refuse_faults()
    return reopen(desk.office, number, reason=reason, resubmit_by_on=until, **common)


_ACTS: dict[str, Callable[[Desk, int, Filled, dict[str, Any]], Acted]] = {
    "spot-check": _spot_check,
    "waive": lambda desk, number, filled, common: waive(desk.office, number, **_grounds(filled), **common),
    "suspend": lambda desk, number, filled, common: suspend(
        desk.office, number, **_grounds(filled), **common
    ),
    "resume": lambda desk, number, filled, common: resume(desk.office, number, **common),
    "forward": _forward,
    "reopen": _reopen,
    "archive": lambda desk, number, filled, common: archive(desk.office, number, **common),
}


def _page(
    desk: Desk,
    obligation_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
    tried_act: str = "",
) -> Response:
    found = read_case(desk.office, obligation_id, by=desk.by, today=desk.today)
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
        Verb=Verb,
    )


def _units(desk: Desk, found: Case) -> tuple[str, ...]:
    """The names one may forward to."""
    if not found.may(Verb.FORWARD):
        return ()
    return name_units(desk.office, by=desk.by, besides=found.shown.obligation.listed.unit_id)
