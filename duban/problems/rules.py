"""A problem ledger: each problem is fixed by its unit, confirmed and struck off by somebody else, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
_CONFIRMS = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER})
_ADDS = frozenset({Role.COORDINATOR, Role.LEADER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known of one problem when somebody wants to act on it."""

    code: str
    state: ProblemState
    unit_id: int
    found_on: date
    fixed_by: int | None = None
    open_measures: int = 0


def adding_refusals(by: Actor) -> tuple[str, ...]:
    """Why this person may not put problems on the ledger."""
    return _without_role(by, _ADDS, "登记问题，请由统筹科室或分管领导办理")


def fixing_refusals(problem: Problem, by: Actor) -> tuple[str, ...]:
    """Every reason against reporting a problem as fixed: its unit does so, once every measure is done."""
    own = list(_without_role(by, frozenset({Role.HANDLER}), "报告整改完成，请由责任单位经办人办理"))
    if problem.state is not ProblemState.OPEN:
        own.append(f"问题{problem.code}现为“{PROBLEM_STATE_NAMES[problem.state]}”，不必再报整改完成。")
    if not by.belongs_to(problem.unit_id):
        own.append(f"{by.name}不是问题{problem.code}责任单位的人，请由责任单位经办人办理。")
    if problem.open_measures:
        own.append(f"问题{problem.code}还有 {problem.open_measures} 条整改措施未完成，请先逐条完成措施。")
    return tuple(own)


def measure_refusals(problem: Problem, by: Actor) -> tuple[str, ...]:
    """Every reason against ticking off one measure beneath the problem."""
    own = list(_without_role(by, frozenset({Role.HANDLER}), "报告措施完成，请由责任单位经办人办理"))
    if problem.state is not ProblemState.OPEN:
        own.append(f"问题{problem.code}现为“{PROBLEM_STATE_NAMES[problem.state]}”，措施不能再改。")
    if not by.belongs_to(problem.unit_id):
        own.append(f"{by.name}不是问题{problem.code}责任单位的人，请由责任单位经办人办理。")
    return tuple(own)


def striking_refusals(problem: Problem, by: Actor) -> tuple[str, ...]:
    """Every reason against striking off: it confirms on the spot what another person reported as fixed."""
    own = list(striking_off_refusals(by))
    if problem.state is not ProblemState.FIXED:
        now = PROBLEM_STATE_NAMES[problem.state]
        own.append(f"问题{problem.code}现为“{now}”，只有责任单位报告整改完成的问题才能销号。")
    if by.person_id is not None and by.person_id == problem.fixed_by:
        own.append(f"{by.name}是问题{problem.code}的整改人，不能自己销号，请由另一位同志核实。")
    return tuple(own)


def striking_off_refusals(by: Actor) -> tuple[str, ...]:
    """Why this person may not confirm on the spot at all, whatever the problem."""
    return _without_role(by, _CONFIRMS, "核实销号，请由统筹科室、审核人或分管领导办理")


def left_because(problem: Problem, by: Actor) -> str | None:
    """In a few words why one of many is left alone when they are settled together; None when it is settled."""
    if problem.state is not ProblemState.FIXED:
        return f"现为“{PROBLEM_STATE_NAMES[problem.state]}”"
    return "由本人报告整改，须换人核实" if by.person_id == problem.fixed_by else None


def returning_refusals(problem: Problem, by: Actor, *, reason: str) -> tuple[str, ...]:
    """Every reason against giving a problem back as not really fixed."""
    own = striking_refusals(problem, by)
    return own if reason.strip() else (*own, "退回整改要写明原因，请补写。")


def _without_role(by: Actor, roles: frozenset[Role], what: str) -> tuple[str, ...]:
    if by.person_id is None:
        return ("问题台账要记在具体的人名下，请用 --as 写明操作人。",)
    return () if by.roles & roles else (f"{by.name}不能{what}。",)
