"""问题台账: the ledgers, one ledger with its bulk acts, one problem with what may be done about it, and entering one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, Line, Text, Whole, Wholes, comes_back, one_of
from duban.portal.params import Number, PageLinks, asked, page_of, whole
from duban.portal.rendering import xlsx_response
from duban.problems.importing import NewProblem
from duban.problems.queries import ProblemFilter, ProblemSelection
from duban.problems.rules import (
    PACE_NAMES,
    PROBLEM_STATE_NAMES,
    ProblemAct,
    ProblemPace,
    ProblemState,
    person_refusals,
)
from duban.problems.service import (
    PAGE_SIZE,
    add_problem,
    export_problems,
    find_ledger,
    ledger_units,
    list_ledgers,
    list_problems,
    settle_many,
    settle_problem,
    show_problem,
)
from duban.units.service import list_units

router = APIRouter()
SEES = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.HANDLER)
CONFIRMS = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER)
ADDS = (Role.COORDINATOR, Role.LEADER, Role.HANDLER)
FILTERS = ("unit_id", "state", "pace", "overdue", "text")
ACTS = {"strike_off": "核实销号", "return": "退回整改", "carry": "结转"}


class Settlement(Form):
    """One act on the ticked problems, or on all that the filters find."""

    unit_id: str = ""
    state: str = ""
    pace: str = ""
    overdue: str = ""
    text: str = ""
    act: Annotated[str, one_of(ACTS)] = Field(title="办理方式")
    words: Text = Field("", title="说明或原因")
    due_on: Day | None = Field(None, title="新的整改时限")
    everything: str = ""
    total: Whole | None = Field(None, title="总数")
    problem: Wholes


@router.get("/problems")
def ledgers(desk: Annotated[PageContext, allow(*SEES)]) -> Response:
    """Every ledger with its tally."""
    found = list_ledgers(desk.bureau, by=desk.by)
    return desk.render("problems/all.html", title="问题台账", ledgers=found)


@router.get("/problems/{edition_id}")
def ledger(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """One ledger, page by page."""
    given = desk.typed or desk.request.query_params
    filters = asked(given, FILTERS)
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    wanted = _wanted(desk, edition_id, filters)
    page = page_of(given)
    found = list_problems(desk.bureau, wanted, by=desk.by, page=page, page_size=PAGE_SIZE)
    return desk.render(
        "problems/one.html",
        title=f"{entry.name}{entry.year}年问题台账",
        entry=entry,
        found=found,
        units=ledger_units(desk.bureau, edition_id, by=desk.by),
        listing=_listing(edition_id, filters, page, found.total),
        asked=filters,
        ticked=desk.attempt.ticked("problem"),
        may_settle=desk.has(*CONFIRMS),
        may_add=desk.has(*ADDS),
        PACE_NAMES=PACE_NAMES,
        STATES=PROBLEM_STATE_NAMES,
        ACTS=ACTS,
        ProblemState=ProblemState,
    )


@router.get("/problems/{edition_id}/export.xlsx")
def export(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """The filtered ledger as a sheet."""
    find_ledger(desk.bureau, edition_id, by=desk.by)
    wanted = _wanted(desk, edition_id, asked(desk.request.query_params, FILTERS))
    name = f"问题台账-{edition_id}-{desk.today}.xlsx"
    return xlsx_response(
        name, lambda path: export_problems(desk.bureau, wanted, to=path, by=desk.by, now=desk.now)
    )


@router.post("/problems/{edition_id}/settle")
@comes_back(ledger, missing=True)
def settle(desk: Annotated[PageContext, allow(*CONFIRMS)], edition_id: Number, form: Settlement) -> Response:
    """Strike off, give back or carry on the ticked problems, or all that match."""
    filters = asked(form.model_dump(include=set(FILTERS)), FILTERS)
    ids = frozenset(form.problem)
    choice, expected = ProblemSelection(edition_id=edition_id, ids=ids), len(ids)
    if form.everything:
        wanted = _wanted(desk, edition_id, filters)
        choice, expected = ProblemSelection(edition_id=edition_id, wanted=wanted), form.total or 0
    done = settle_many(
        desk.bureau,
        choice,
        STEPS[form.act][0],
        expected=expected,
        words=form.words,
        due_on=form.due_on,
        by=desk.by,
        now=desk.now,
    )
    left = "".join(f"；{times}个没有办理（{why}）" for why, times in done.left.items())
    said = f"已{ACTS[form.act]}{done.settled}个问题{left}。"
    return desk.see_other(_listing(edition_id, filters, 1, 0).address(1), said=said)


def _listing(edition_id: int, filters: Mapping[str, str], page: int, total: int) -> PageLinks:
    return PageLinks(
        path=f"/problems/{edition_id}", asked=filters, page=page, page_size=PAGE_SIZE, total=total
    )


def _wanted(desk: PageContext, edition_id: int, filters: Mapping[str, str]) -> ProblemFilter:
    state, pace = filters.get("state"), filters.get("pace")
    return ProblemFilter(
        edition_id=edition_id,
        unit_id=whole(filters.get("unit_id")),
        state=ProblemState(state) if state in set(ProblemState) else None,
        pace=ProblemPace(pace) if pace in set(ProblemPace) else None,
        text=filters.get("text", ""),
        overdue_on=desk.today if filters.get("overdue") else None,
    )


ACTS_OF = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.HANDLER)
ACT_NAMES = {
    ProblemAct.FINISH_MEASURE: "措施完成",
    ProblemAct.FIX: "报告整改完成",
    ProblemAct.RETURN: "退回整改",
    ProblemAct.STRIKE_OFF: "核实销号",
    ProblemAct.CARRY: "结转",
}
# What a form's button does, and what is said of it.
STEPS = {
    "measure": (ProblemAct.FINISH_MEASURE, "已登记措施完成。"),
    "fix": (ProblemAct.FIX, "已报告整改完成，等待核实销号。"),
    "return": (ProblemAct.RETURN, "已退回整改。"),
    "strike_off": (ProblemAct.STRIKE_OFF, "已核实销号。"),
    "carry": (ProblemAct.CARRY, "已结转。"),
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
    due_on: Day | None = Field(None, title="新的整改时限")
    act: Annotated[str, one_of(STEPS)] = Field(title="办理方式")


@router.get("/problems/{edition_id}/new")
def new(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number) -> Response:
    """An empty form for one problem."""
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    own = [one.name for one in list_units(desk.bureau, by=desk.by) if desk.by.belongs_to(one.id)]
    return desk.render(
        "problems/new.html",
        title="登记问题",
        entry=entry,
        PACE_NAMES=PACE_NAMES,
        unit=own[0] if own and not desk.has(Role.COORDINATOR, Role.LEADER) else "",
    )


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
        may_carry=is_open and not person_refusals(ProblemAct.CARRY, desk.by),
        PACE_NAMES=PACE_NAMES,
        ACT_NAMES=ACT_NAMES,
    )


@router.post("/problems/item/{problem_id}/act")
@comes_back(problem, missing=True)
def act(desk: Annotated[PageContext, allow(*ACTS_OF)], problem_id: Number, form: ActForm) -> Response:
    """Finish a measure, report the problem as fixed, give it back, or strike it off."""
    shown = show_problem(desk.bureau, problem_id, by=desk.by).problem
    verb, said = STEPS[form.act]
    settle_problem(
        desk.bureau,
        shown.edition_id,
        shown.code,
        verb,
        words=form.words,
        nth=form.nth or 0,
        due_on=form.due_on,
        by=desk.by,
        now=desk.now,
    )
    return desk.see_other(f"/problems/item/{problem_id}", said=said)
