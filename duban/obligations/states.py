"""The states of an obligation and the one table of moves between them: who may do what, and where it leads.

Four eyes and the dates of an extension stand in duban.obligations.rules, what each move takes and writes in
duban.obligations.transitions; docs/ledger.md shows the same table in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from duban.core.access import ROLE_NAMES, Actor, Role
from duban.problems.rules import LedgerStanding


class State(StrEnum):
    DRAFT = "draft"  # 草稿
    REGISTERED = (
        "registered"  # 待明确: the source leaves its cell blank, a coordinator decides whether it is owed
    )
    ASSIGNED = "assigned"  # 已交办: a published edition's obligations start here
    ACKNOWLEDGED = "acknowledged"  # 已签收
    IN_PROGRESS = "in_progress"  # 办理中
    SUBMITTED = "submitted"  # 待审核
    RETURNED = "returned"  # 退回补正
    ACCEPTED = "accepted"  # 审核通过
    CLOSED = "closed"  # 已销号
    ARCHIVED = "archived"  # 已归档
    SUSPENDED = "suspended"  # 暂停计时
    WAIVED = "waived"  # 免办
    CANCELLED = "cancelled"  # 撤销
    REOPENED = "reopened"  # 重新打开: owed again, behaves as open


STATE_NAMES: dict[State, str] = {
    State.DRAFT: "草稿",
    State.REGISTERED: "待明确",
    State.ASSIGNED: "已交办",
    State.ACKNOWLEDGED: "已签收",
    State.IN_PROGRESS: "办理中",
    State.SUBMITTED: "待审核",
    State.RETURNED: "退回补正",
    State.ACCEPTED: "审核通过",
    State.CLOSED: "已销号",
    State.ARCHIVED: "已归档",
    State.SUSPENDED: "暂停计时",
    State.WAIVED: "免办",
    State.CANCELLED: "撤销",
    State.REOPENED: "重新打开",
}

# Not yet owed by anyone.
NOT_STARTED = frozenset({State.DRAFT, State.REGISTERED})
# Owed by the unit: reminders apply.
OPEN = frozenset({State.ASSIGNED, State.ACKNOWLEDGED, State.IN_PROGRESS, State.RETURNED, State.REOPENED})
# With the reviewer or the closer: the unit has done its part.
WAITING = frozenset({State.SUBMITTED, State.ACCEPTED})
DONE = frozenset({State.CLOSED, State.ARCHIVED})
# Out of the denominators.
OUT = frozenset({State.SUSPENDED, State.WAIVED, State.CANCELLED})


class Transition(StrEnum):
    REGISTER = "register"  # 立项
    ASSIGN = "assign"  # 交办
    ACKNOWLEDGE = "acknowledge"  # 签收
    REPORT = "report"  # 反馈进展
    FORWARD = "forward"  # 改派
    ASK_FORWARD = "ask_forward"  # 申请改派
    DECIDE_FORWARD = "decide_forward"  # 批复改派
    SUBMIT = "submit"  # 报结
    TAKE_BACK = "take_back"  # 撤回报送
    ALLOW_EARLY = "allow_early"  # 越序
    STATE_DATE = "state_date"  # 补录日期
    PASS = "pass"  # 审核通过一级
    SEND_BACK = "send_back"  # 退回
    SIGN_OFF = "sign_off"  # 销号
    ARCHIVE = "archive"  # 归档
    SUSPEND = "suspend"  # 暂停计时
    RESUME = "resume"  # 恢复计时
    WAIVE = "waive"  # 免办
    CANCEL = "cancel"  # 撤销
    REOPEN = "reopen"  # 重新打开
    ASK_EXTENSION = "ask_extension"  # 申请延期
    DECIDE_EXTENSION = "decide_extension"  # 批复延期
    SPOT_CHECK = "spot_check"  # 抽查
    HAND_OVER = "hand_over"  # 移交


_C, _L, _R, _H = Role.COORDINATOR, Role.LEADER, Role.REVIEWER, Role.HANDLER


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRule:
    """What the verb is called, who may do it, and from where it leads where; None: to the state before it was suspended
    or handed in.
    """

    name: str
    roles: frozenset[Role]
    moves: Mapping[State, State | None]


def _rule(name: str, roles: Iterable[Role], moves: Mapping[State, State | None]) -> TransitionRule:
    return TransitionRule(name=name, roles=frozenset(roles), moves=moves)


def _to(state: State, *from_: State) -> dict[State, State | None]:
    return dict.fromkeys(from_, state)


def _staying(*states: State) -> dict[State, State | None]:
    return {state: state for state in states}


TRANSITION_RULES: dict[Transition, TransitionRule] = {
    Transition.REGISTER: _rule("立项", {_C}, {State.DRAFT: State.REGISTERED}),
    Transition.ASSIGN: _rule("交办", {_C}, {State.REGISTERED: State.ASSIGNED}),
    Transition.ACKNOWLEDGE: _rule("签收", {_H}, _to(State.ACKNOWLEDGED, State.ASSIGNED, State.REOPENED)),
    Transition.REPORT: _rule(
        "反馈进展", {_H}, {**_to(State.IN_PROGRESS, *OPEN), State.RETURNED: State.RETURNED}
    ),
    Transition.FORWARD: _rule("改派", {_C}, _to(State.ASSIGNED, *OPEN)),
    # The unit it does not belong to knows first, but goes on owing it until somebody decides.
    Transition.ASK_FORWARD: _rule("申请改派", {_H}, _staying(*OPEN)),
    Transition.DECIDE_FORWARD: _rule("批复改派", {_C, _H}, _staying(*OPEN)),
    Transition.SUBMIT: _rule("报结", {_H}, _to(State.SUBMITTED, *OPEN)),
    Transition.TAKE_BACK: _rule("撤回报送", {_H}, {State.SUBMITTED: None}),
    Transition.ALLOW_EARLY: _rule("准予越序", {_C}, _staying(*OPEN, *WAITING)),
    # Paper that came earlier than it was handed in: stated beside the moment of receipt, never instead of it.
    Transition.STATE_DATE: _rule("补录日期", {_C}, _staying(State.SUBMITTED)),
    Transition.PASS: _rule("审核通过", {_R, _C, _L}, {State.SUBMITTED: State.ACCEPTED}),
    Transition.SEND_BACK: _rule("退回", {_R, _C, _L}, _to(State.RETURNED, State.SUBMITTED, State.ACCEPTED)),
    Transition.SIGN_OFF: _rule("销号", {_C, _L}, {State.ACCEPTED: State.CLOSED}),
    Transition.ARCHIVE: _rule("归档", {_C}, {State.CLOSED: State.ARCHIVED}),
    Transition.SUSPEND: _rule("暂停计时", {_C, _L}, _to(State.SUSPENDED, *OPEN, *NOT_STARTED)),
    Transition.RESUME: _rule("恢复计时", {_C, _L}, {State.SUSPENDED: None}),
    Transition.WAIVE: _rule("免办", {_C, _L}, _to(State.WAIVED, *OPEN, *NOT_STARTED, State.SUSPENDED)),
    Transition.CANCEL: _rule("撤销", {_C, _L}, _to(State.CANCELLED, *OPEN, *NOT_STARTED, State.SUSPENDED)),
    Transition.REOPEN: _rule(
        "重新打开", {_C, _L}, _to(State.REOPENED, State.CLOSED, State.ARCHIVED, State.WAIVED)
    ),
    Transition.ASK_EXTENSION: _rule("申请延期", {_H}, _staying(*OPEN)),
    Transition.DECIDE_EXTENSION: _rule("批复延期", {_C, _L}, _staying(*OPEN)),
    Transition.SPOT_CHECK: _rule("抽查", {_C, _L, _R}, _staying(State.CLOSED, State.ARCHIVED)),
    # Whatever is not done changes hands with the desk, also while it waits or its clock stands.
    Transition.HAND_OVER: _rule("移交", {_C, _H}, _staying(*OPEN, *WAITING, State.SUSPENDED)),
}
TRANSITION_NAMES = {verb: rule.name for verb, rule in TRANSITION_RULES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationFacts:
    """What is known of one obligation when somebody wants to act on it. People are given by person id."""

    state: State
    unit_id: int
    state_before: State | None = None
    review_levels: int = 1
    submitters: frozenset[int] = frozenset()  # of every submission so far
    reviewers: frozenset[int] = frozenset()  # of every submission so far
    closers: frozenset[int] = frozenset()  # of every sign-off so far
    passed_by: tuple[int, ...] = ()  # of the submission under way, level by level
    waits_for: tuple[
        str, ...
    ] = ()  # earlier stages that are not closed, unless somebody allowed it without them
    ledger: LedgerStanding | None = None  # of a milestone that keeps a problem ledger
    in_force: bool = True  # its edition is published or paused, neither a draft nor withdrawn


def allowed_states(verb: Transition) -> frozenset[State]:
    """The states in which the verb can be done."""
    return frozenset(TRANSITION_RULES[verb].moves)


def state_after(matter: ObligationFacts, verb: Transition) -> State:
    """Where the verb leads. A pass below the last review level leaves the matter with the reviewers."""
    to = TRANSITION_RULES[verb].moves[matter.state]
    if verb is Transition.PASS and len(matter.passed_by) + 1 < matter.review_levels:
        return State.SUBMITTED
    return to or matter.state_before or State.ASSIGNED


def transition_refusals(matter: ObligationFacts, verb: Transition, by: Actor) -> tuple[str, ...]:
    """Every reason of edition, state, role and unit at once; empty when the move is allowed."""
    rule, own = TRANSITION_RULES[verb], list[str]()
    if not matter.in_force and _H in rule.roles:
        own.append(f"这项任务所属的专项行动尚未发布或已撤回，不必{rule.name}；有疑问请联系统筹科室。")
    if matter.state not in rule.moves:
        when = "、".join(STATE_NAMES[known] for known in State if known in rule.moves)
        own.append(
            f"这项任务现为“{STATE_NAMES[matter.state]}”，不能{rule.name}；只有{when}的任务可以，请先核对状态。"
        )
    own += role_refusals(verb, by)
    as_handler = _H in rule.roles & by.roles and _C not in rule.roles & by.roles
    # Whoever is to take over a forwarded matter is of another unit.
    if as_handler and verb is not Transition.DECIDE_FORWARD and not by.belongs_to(matter.unit_id):
        own.append(f"{by.name}不是这项任务责任单位的人，请由责任单位经办人办理；交错单位的由该单位申请改派。")
    return tuple(own)


def role_refusals(verb: Transition, by: Actor) -> tuple[str, ...]:
    """Why this person may not do the verb to anything at all."""
    rule = TRANSITION_RULES[verb]
    if by.person_id is None:
        return (f"{rule.name}要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & rule.roles:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in rule.roles)
    return (f"{by.name}没有{rule.name}的权限，请由{may}办理。",)


def grounds_refusals(verb: Transition, *, reason: str, authority: str) -> tuple[str, ...]:
    """Suspension and waiver rest on a reason and on whoever or whatever paper allowed it."""
    own = []
    if not reason.strip():
        own.append(f"{TRANSITION_NAMES[verb]}要写明理由，请补写。")
    if not authority.strip():
        own.append(f"{TRANSITION_NAMES[verb]}要写明依据（批准人或文号），请补写。")
    return tuple(own)
