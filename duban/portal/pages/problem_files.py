"""One problem: its measures, what was done about it, and what this person may do next. And entering one by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.pages.problems import ADDS, SEES
from duban.portal.params import Number
from duban.problems.importing import NewProblem
from duban.problems.rules import PACE_NAMES, ProblemAct, ProblemPace, ProblemState, person_refusals
from duban.problems.service import add_problem, find_ledger, settle_problem, show_problem

router = APIRouter()
ACTS_OF = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.HANDLER)
ACT_NAMES = {
    ProblemAct.FINISH_MEASURE: "措施完成",
    ProblemAct.FIX: "报告整改完成",
    ProblemAct.RETURN: "退回整改",
    ProblemAct.STRIKE_OFF: "核实销号",
}
# What a form's button does, and what is said of it.
ACTS = {
    "measure": (ProblemAct.FINISH_MEASURE, "已登记措施完成。"),
    "fix": (ProblemAct.FIX, "已报告整改完成，等待核实销号。"),
    "return": (ProblemAct.RETURN, "已退回整改。"),
    "strike_off": (ProblemAct.STRIKE_OFF, "已核实销号。"),
}


@router.get("/problems/{edition_id}/new")
def new(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number) -> Response:
    """An empty form for one problem."""
    return _new(desk, edition_id)


@router.post("/problems/{edition_id}/new")
def add(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, filled: FilledForm) -> Response:
    """Enter one problem."""
    code = filled.line("code", "编号", required=True, longest=64)
    title = filled.text("title", "问题", required=True, longest=2000)
    unit = filled.line("unit", "责任单位", required=True)
    found_on = filled.day("found_on", "发现日期", required=True)
    due_on = filled.day("due_on", "整改时限")
    pace = filled.choice("pace", "整改类型", [one.value for one in ProblemPace])
    milestone = filled.line("milestone", "节点") or None
    measures = tuple(line.strip() for line in filled.text("measures", "措施").splitlines() if line.strip())
    try:
        filled.refuse_faults()
        assert found_on is not None and pace is not None, "their absence is a fault"
        made = NewProblem(
            code=code,
            title=title,
            unit=unit,
            found_on=found_on,
            due_on=due_on,
            pace=ProblemPace(pace),
            milestone=milestone,
            measures=measures,
        )
        find_ledger(desk.bureau, edition_id, by=desk.by)
        add_problem(desk.bureau, edition_id, made, by=desk.by, now=desk.now)
    except Refused as refused:
        return _new(desk, edition_id, status=422, refused=refused.reasons, filled=filled)
    return desk.see_other(f"/problems/{edition_id}", said=f"已登记问题{code}。")


@router.get("/problems/item/{problem_id}")
def problem(desk: Annotated[PageContext, allow(*SEES)], problem_id: Number) -> Response:
    """Everything about one problem."""
    return _page(desk, problem_id)


@router.post("/problems/item/{problem_id}/act")
def act(desk: Annotated[PageContext, allow(*ACTS_OF)], problem_id: Number, filled: FilledForm) -> Response:
    """Finish a measure, report the problem as fixed, give it back, or strike it off."""
    shown = show_problem(desk.bureau, problem_id, by=desk.by).problem
    words = filled.text("words", "说明或原因")
    nth = filled.whole("nth", "措施序号") or 0
    try:
        chosen = filled.choice("act", "办理方式", ACTS)
        filled.refuse_faults()
        verb, said = ACTS[chosen or ""]
        settle_problem(
            desk.bureau, shown.edition_id, shown.code, verb, words=words, nth=nth, by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _page(desk, problem_id, status=422, refused=refused.reasons, filled=filled)
    return desk.see_other(f"/problems/item/{problem_id}", said=said)


def _page(
    desk: PageContext,
    problem_id: int,
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    filled: Filled | None = None,
) -> Response:
    found = show_problem(desk.bureau, problem_id, by=desk.by)
    one = found.problem
    is_open, fixed = one.state is ProblemState.OPEN, one.state is ProblemState.FIXED
    mine = desk.has(Role.HANDLER) and desk.by.belongs_to(one.unit_id)
    return desk.render(
        "problems/item.html",
        title=f"问题 {one.code}",
        status=status,
        one=one,
        story=found.story,
        refused=refused,
        typed=filled.values if filled else {},
        may_fix=is_open and mine,
        may_confirm=fixed and not person_refusals(ProblemAct.STRIKE_OFF, desk.by),
        PACE_NAMES=PACE_NAMES,
        ACT_NAMES=ACT_NAMES,
    )


def _new(
    desk: PageContext,
    edition_id: int,
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    filled: Filled | None = None,
) -> Response:
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    return desk.render(
        "problems/new.html",
        title="登记问题",
        status=status,
        entry=entry,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        PACE_NAMES=PACE_NAMES,
    )
