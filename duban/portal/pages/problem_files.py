"""One problem: its measures, what was done about it, and what this person may do next. And entering one by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, Line, Text, Whole, comes_back, one_of
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


class ProblemForm(Form):
    code: Line = Field(title="编号", max_length=64)
    title: Text = Field(title="问题", max_length=2000)
    unit: Line = Field(title="责任单位")
    found_on: Day = Field(title="发现日期")
    due_on: Day | None = Field(None, title="整改时限")
    pace: ProblemPace = Field(title="整改类型")
    milestone: Line = Field("", title="节点")
    measures: Text = Field("", title="措施")


class ActForm(Form):
    words: Text = Field("", title="说明或原因")
    nth: Whole | None = Field(None, title="措施序号")
    act: Annotated[str, one_of(ACTS)] = Field(title="办理方式")


@router.get("/problems/{edition_id}/new")
def new(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number) -> Response:
    """An empty form for one problem."""
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    return desk.render("problems/new.html", title="登记问题", entry=entry, PACE_NAMES=PACE_NAMES)


@router.post("/problems/{edition_id}/new")
@comes_back(new, missing=True)
def add(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, form: ProblemForm) -> Response:
    """Enter one problem."""
    made = NewProblem(
        code=form.code,
        title=form.title,
        unit=form.unit,
        found_on=form.found_on,
        due_on=form.due_on,
        pace=form.pace,
        milestone=form.milestone or None,
        measures=tuple(line.strip() for line in form.measures.splitlines() if line.strip()),
    )
    find_ledger(desk.bureau, edition_id, by=desk.by)
    add_problem(desk.bureau, edition_id, made, by=desk.by, now=desk.now)
    return desk.see_other(f"/problems/{edition_id}", said=f"已登记问题{form.code}。")


@router.get("/problems/item/{problem_id}")
def problem(desk: Annotated[PageContext, allow(*SEES)], problem_id: Number) -> Response:
    """Everything about one problem."""
    found = show_problem(desk.bureau, problem_id, by=desk.by)
    one = found.problem
    is_open, fixed = one.state is ProblemState.OPEN, one.state is ProblemState.FIXED
    mine = desk.has(Role.HANDLER) and desk.by.belongs_to(one.unit_id)
    return desk.render(
        "problems/item.html",
        title=f"问题 {one.code}",
        one=one,
        story=found.story,
        may_fix=is_open and mine,
        may_confirm=fixed and not person_refusals(ProblemAct.STRIKE_OFF, desk.by),
        PACE_NAMES=PACE_NAMES,
        ACT_NAMES=ACT_NAMES,
    )


@router.post("/problems/item/{problem_id}/act")
@comes_back(problem, missing=True)
def act(desk: Annotated[PageContext, allow(*ACTS_OF)], problem_id: Number, form: ActForm) -> Response:
    """Finish a measure, report the problem as fixed, give it back, or strike it off."""
    shown = show_problem(desk.bureau, problem_id, by=desk.by).problem
    verb, said = ACTS[form.act]
    settle_problem(
        desk.bureau,
        shown.edition_id,
        shown.code,
        verb,
        words=form.words,
        nth=form.nth or 0,
        by=desk.by,
        now=desk.now,
    )
    return desk.see_other(f"/problems/item/{problem_id}", said=said)
