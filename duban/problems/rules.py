"""A problem ledger: each problem is fixed by its unit, confirmed and struck off by somebody else, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from duban.core.access import Actor, Role


class ProblemState(StrEnum):
    OPEN = "open"  # 未整改
    FIXED = "fixed"  # 已整改, waits to be confirmed
    CLOSED = "closed"  # 已销号


class ProblemPace(StrEnum):
    AT_ONCE = "at_once"  # 立行立改
    BY_DATE = "by_date"  # 限期整改
    LASTING = "lasting"  # 长期坚持


PROBLEM_STATE_NAMES = {
    ProblemState.OPEN: "未整改",
    ProblemState.FIXED: "已整改待核实",
    ProblemState.CLOSED: "已销号",
}
PACE_NAMES = {
    ProblemPace.AT_ONCE: "立行立改",
    ProblemPace.BY_DATE: "限期整改",
    ProblemPace.LASTING: "长期坚持",
}
_ADDS = frozenset({Role.COORDINATOR, Role.LEADER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known of one problem when somebody wants to act on it."""

    id: int
    code: str
    state: ProblemState
    unit_id: int
    fixed_by: int | None = None
    open_measures: int = 0


def adding_refusals(by: Actor) -> tuple[str, ...]:
    """Why this person may not put problems on the ledger."""
    return _without_role(by, _ADDS, "登记问题，请由统筹科室或分管领导办理")


class ProblemAct(StrEnum):
    """What is done about a problem, as the history names it."""

    FINISH_MEASURE = "finish_measure"
    FIX = "fix"
    RETURN = "return_problem"
    STRIKE_OFF = "strike_off"


@dataclass(frozen=True, slots=True)
class ActRule:
    """Who may do it and from which state; `only` follows 不能 for whoever may not, `otherwise` the state it is in."""

    roles: frozenset[Role]
    only: str
    state: ProblemState
    otherwise: str
    becomes: ProblemState
    words: str = "note"


_UNIT, _CONFIRMS = frozenset({Role.HANDLER}), frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER})
_ONLY_CONFIRMS = "核实销号，请由统筹科室、审核人或分管领导办理"
_ONLY_FIXED = "只有责任单位报告整改完成的问题才能销号"
ACTS: dict[ProblemAct, ActRule] = {
    ProblemAct.FINISH_MEASURE: ActRule(
        _UNIT, "报告措施完成，请由责任单位经办人办理", ProblemState.OPEN, "措施不能再改", ProblemState.OPEN
    ),
    ProblemAct.FIX: ActRule(
        _UNIT,
        "报告整改完成，请由责任单位经办人办理",
        ProblemState.OPEN,
        "不必再报整改完成",
        ProblemState.FIXED,
    ),
    ProblemAct.RETURN: ActRule(
        _CONFIRMS, _ONLY_CONFIRMS, ProblemState.FIXED, _ONLY_FIXED, ProblemState.OPEN, words="reason"
    ),
    ProblemAct.STRIKE_OFF: ActRule(
        _CONFIRMS, _ONLY_CONFIRMS, ProblemState.FIXED, _ONLY_FIXED, ProblemState.CLOSED
    ),
}


def person_refusals(act: ProblemAct, by: Actor) -> tuple[str, ...]:
    """Why this person may not do so at all, whatever the problem."""
    return _without_role(by, ACTS[act].roles, ACTS[act].only)


def act_refusals(act: ProblemAct, problem: Problem, by: Actor, words: str = "") -> tuple[str, ...]:
    """Every reason against it: a problem is fixed by its unit once every measure is done, and struck off or given back,
    with the reason, by another person than the one who reported it as fixed.
    """
    rule, code = ACTS[act], problem.code
    reasons = list(person_refusals(act, by))
    if problem.state is not rule.state:
        reasons.append(f"问题{code}现为“{PROBLEM_STATE_NAMES[problem.state]}”，{rule.otherwise}。")
    if rule.roles is _UNIT and not by.belongs_to(problem.unit_id):
        reasons.append(f"{by.name}不是问题{code}责任单位的人，请由责任单位经办人办理。")
    if act is ProblemAct.FIX and problem.open_measures:
        reasons.append(f"问题{code}还有 {problem.open_measures} 条整改措施未完成，请先逐条完成措施。")
    if rule.roles is _CONFIRMS and by.person_id is not None and by.person_id == problem.fixed_by:
        reasons.append(f"{by.name}是问题{code}的整改人，不能自己销号，请由另一位同志核实。")
    return (*reasons, *words_refusals(act, words))


def words_refusals(act: ProblemAct, words: str) -> tuple[str, ...]:
    return ("退回整改要写明原因，请补写。",) if act is ProblemAct.RETURN and not words.strip() else ()


def left_because(problem: Problem, by: Actor) -> str | None:
    """In a few words why one of many is left alone when they are settled together; None when it is settled."""
    if problem.state is not ProblemState.FIXED:
        return f"现为“{PROBLEM_STATE_NAMES[problem.state]}”"
    return "由本人报告整改，须换人核实" if by.person_id == problem.fixed_by else None


def _without_role(by: Actor, roles: frozenset[Role], what: str) -> tuple[str, ...]:
    if by.person_id is None:
        return ("问题台账要记在具体的人名下，请用 --as 写明操作人。",)
    return () if by.roles & roles else (f"{by.name}不能{what}。",)
