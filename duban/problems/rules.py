"""A problem ledger: each problem is fixed by its unit, confirmed and struck off by somebody else, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from duban.core.access import Actor, Role
from duban.core.days import planned_faults


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
# A unit lists what it has found itself, others what they have found at any unit.
_ADDS = frozenset({Role.COORDINATOR, Role.LEADER, Role.HANDLER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known of one problem when somebody wants to act on it."""

    id: int
    code: str
    state: ProblemState
    unit_id: int
    fixed_by: int | None = None
    open_measures: int = 0
    due_on: date | None = None


# Evidence of a milestone with a ledger that is asked for under these keys is a figure of the ledger.
LEDGER_FIGURES = ("found", "fixed", "open")
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStanding:
    """One obligation's problem ledger: found is fixed plus open. `unsettled` are the numbers of those neither struck
    off nor carried on, `carried` those carried past the date of the stage, to which day. `zero_reported`: the unit's
    newest submission says that there is no problem.
    """

    found: int = 0
    fixed: int = 0
    unsettled: tuple[str, ...] = ()
    carried: tuple[tuple[str, date], ...] = ()
    zero_reported: bool = False

    @classmethod
    def of(
        cls,
        problems: Iterable[tuple[str, ProblemState, date | None]],
        *,
        stage_due_on: date,
        zero_reported: bool = False,
    ) -> LedgerStanding:
        """From number, state and the day it was carried on to; a problem carried to within its stage is not settled."""
        some = list(problems)
        left = [one for one in some if one[1] is not ProblemState.CLOSED]
        carried = tuple((code, day) for code, _, day in left if day is not None and day > stage_due_on)
        return cls(
            found=len(some),
            fixed=sum(state is not ProblemState.OPEN for _, state, _ in some),
            unsettled=tuple(code for code, _, day in left if day is None or day <= stage_due_on),
            carried=carried,
            zero_reported=zero_reported,
        )

    @property
    def open(self) -> int:
        return self.found - self.fixed

    def figure(self, key: str) -> int | None:
        """What the ledger says under the key of expected evidence; None where it does not speak of that."""
        return getattr(self, key) if key in LEDGER_FIGURES else None


def ledger_words(ledger: LedgerStanding) -> str:
    """How it stands, in a few words."""
    carried = f"，结转{len(ledger.carried)}个" if ledger.carried else ""
    zero = "，零报告" if ledger.zero_reported else ""
    return f"发现{ledger.found}个，已整改{ledger.fixed}个，未整改{ledger.open}个{carried}{zero}"


def reporting_refusals(ledger: LedgerStanding, *, zero_report: bool) -> Iterator[str]:
    """Why it may not be handed in: with its problems listed or the unit's word that there are none, never with both."""
    if zero_report and ledger.found:
        yield f"台账上已有{ledger.found}个问题，不能零报告；请去掉“零报告”，按台账报送。"
    if not zero_report and not ledger.found:
        yield "本节点设有问题台账，台账上还没有问题：请先登记查出的问题；确实没有查出问题的，请选“零报告”。"


def ledger_figure_refusals(ledger: LedgerStanding, key: str, title: str, value: Decimal) -> Iterator[str]:
    """A figure that the ledger has differently."""
    known = ledger.figure(key)
    if known is not None and known != value:
        yield f"{title}填报{value.normalize():f}，问题台账是{known}，对不上；请改为{known}，或先把台账登记、整改清楚再报。"


def closing_refusals(ledger: LedgerStanding, today: date) -> Iterator[str]:
    """Why it may not be signed off: every problem is struck off, or carried on to a day that has not come yet."""
    if not ledger.found and not ledger.zero_reported:
        yield "问题台账是空的，报送时也没有“零报告”，不能销号；请退回，由责任单位登记问题或零报告后再报。"
    if ledger.found and ledger.zero_reported:
        yield f"报送时是零报告，台账上却有{ledger.found}个问题，不能销号；请退回，由责任单位按台账重新报送。"
    left = (*ledger.unsettled, *(code for code, day in ledger.carried if day < today))
    if left:
        named = "、".join(left[:_NAMED]) + ("等" if len(left) > _NAMED else "")
        yield f"问题台账还有{len(left)}个问题没有销号也没有结转（{named}），不能销号；请逐个核实销号，或写明理由和新的时限结转。"


def adding_refusals(by: Actor) -> tuple[str, ...]:
    """Why this person may not put problems on the ledger."""
    return _without_role(by, _ADDS, "登记问题，请由责任单位经办人、统筹科室或分管领导办理")


def own_units_only(by: Actor) -> frozenset[int] | None:
    """The units at which this person may list problems; None: all of them."""
    return None if by.roles & {Role.COORDINATOR, Role.LEADER} else by.unit_ids


class ProblemAct(StrEnum):
    """What is done about a problem, as the history names it."""

    FINISH_MEASURE = "finish_measure"
    FIX = "fix"
    RETURN = "return_problem"
    STRIKE_OFF = "strike_off"
    CARRY = "carry_problem"  # 结转


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
    ProblemAct.CARRY: ActRule(
        _CONFIRMS,
        "结转，请由统筹科室、审核人或分管领导办理",
        ProblemState.OPEN,
        "只有未整改的问题才能结转",
        ProblemState.OPEN,
        words="reason",
    ),
}


def person_refusals(act: ProblemAct, by: Actor) -> tuple[str, ...]:
    """Why this person may not do so at all, whatever the problem."""
    return _without_role(by, ACTS[act].roles, ACTS[act].only)


def act_refusals(
    act: ProblemAct, problem: Problem, by: Actor, words: str = "", due_on: date | None = None
) -> tuple[str, ...]:
    """Every reason against it: a problem is fixed by its unit once every measure is done, and struck off or given back,
    with the reason, by another person than the one who reported it as fixed; an open one is carried on to a later day.
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
    if act is ProblemAct.CARRY and _not_later(problem, due_on):
        reasons.append(f"问题{code}的整改时限本来就是{problem.due_on}，结转要晚于这一天，请另定日期。")
    return (*reasons, *words_refusals(act, words))


def words_refusals(act: ProblemAct, words: str) -> tuple[str, ...]:
    wanted = {ProblemAct.RETURN: "退回整改要写明原因，请补写。", ProblemAct.CARRY: "结转要写明理由，请补写。"}
    return (wanted[act],) if act in wanted and not words.strip() else ()


def carrying_refusals(due_on: date | None, today: date) -> tuple[str, ...]:
    """Why problems may not be carried on to that day."""
    if due_on is None:
        return ("结转要写明新的整改时限，请补写。",)
    if due_on <= today:
        return (f"新的整改时限{due_on}应在今天以后，请另定日期。",)
    return tuple(
        f"{fault}。" for fault in planned_faults("新的整改时限", due_on, since=today, since_is="今天")
    )


def left_because(act: ProblemAct, problem: Problem, by: Actor, due_on: date | None = None) -> str | None:
    """In a few words why one of many is left alone when they are settled together; None when it is settled."""
    if problem.state is not ACTS[act].state:
        return f"现为“{PROBLEM_STATE_NAMES[problem.state]}”"
    if act is ProblemAct.CARRY:
        return "原时限不早于新的时限" if _not_later(problem, due_on) else None
    return "由本人报告整改，须换人核实" if by.person_id == problem.fixed_by else None


def _not_later(problem: Problem, due_on: date | None) -> bool:
    return due_on is not None and problem.due_on is not None and due_on <= problem.due_on


def _without_role(by: Actor, roles: frozenset[Role], what: str) -> tuple[str, ...]:
    if by.person_id is None:
        return ("问题台账要记在具体的人名下，请用 --as 写明操作人。",)
    return () if by.roles & roles else (f"{by.name}不能{what}。",)
