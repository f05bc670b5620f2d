"""The states of an obligation and the one table of moves between them: who may do what, and where it leads.

Pure: knows no database and no clock. Four eyes stand in duban.obligations.rules, the dates of an extension in
duban.obligations.rules; docs/ledger.md shows the same table in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from duban.core.access import ROLE_NAMES, Actor, Role


class State(StrEnum):
    DRAFT = "draft"  # 草稿
    REGISTERED = "registered"  # 已立项
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
    State.REGISTERED: "已立项",
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
    SUBMIT = "submit"  # 报结
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


TRANSITION_NAMES: dict[Transition, str] = {
    Transition.REGISTER: "立项",
    Transition.ASSIGN: "交办",
    Transition.ACKNOWLEDGE: "签收",
    Transition.REPORT: "反馈进展",
    Transition.FORWARD: "改派",
    Transition.SUBMIT: "报结",
    Transition.PASS: "审核通过",
    Transition.SEND_BACK: "退回",
    Transition.SIGN_OFF: "销号",
    Transition.ARCHIVE: "归档",
    Transition.SUSPEND: "暂停计时",
    Transition.RESUME: "恢复计时",
    Transition.WAIVE: "免办",
    Transition.CANCEL: "撤销",
    Transition.REOPEN: "重新打开",
    Transition.ASK_EXTENSION: "申请延期",
    Transition.DECIDE_EXTENSION: "批复延期",
    Transition.SPOT_CHECK: "抽查",
    Transition.HAND_OVER: "移交",
}

_C, _L, _R, _H = Role.COORDINATOR, Role.LEADER, Role.REVIEWER, Role.HANDLER

ROLES: dict[Transition, frozenset[Role]] = {
    Transition.REGISTER: frozenset({_C}),
    Transition.ASSIGN: frozenset({_C}),
    Transition.ACKNOWLEDGE: frozenset({_H}),
    Transition.REPORT: frozenset({_H}),
    Transition.FORWARD: frozenset({_C, _H}),  # the unit it does not belong to knows first
    Transition.SUBMIT: frozenset({_H}),
    Transition.PASS: frozenset({_R, _C, _L}),
    Transition.SEND_BACK: frozenset({_R, _C, _L}),
    Transition.SIGN_OFF: frozenset({_C, _L}),
    Transition.ARCHIVE: frozenset({_C}),
    Transition.SUSPEND: frozenset({_C, _L}),
    Transition.RESUME: frozenset({_C, _L}),
    Transition.WAIVE: frozenset({_C, _L}),
    Transition.CANCEL: frozenset({_C, _L}),
    Transition.REOPEN: frozenset({_C, _L}),
    Transition.ASK_EXTENSION: frozenset({_H}),
    Transition.DECIDE_EXTENSION: frozenset({_C, _L}),
    Transition.SPOT_CHECK: frozenset({_C, _L, _R}),
    Transition.HAND_OVER: frozenset({_C, _H}),
}


def _moves() -> dict[tuple[State, Transition], State | None]:
    moves: dict[tuple[State, Transition], State | None] = {
        (State.DRAFT, Transition.REGISTER): State.REGISTERED,
        (State.REGISTERED, Transition.ASSIGN): State.ASSIGNED,
        (State.ASSIGNED, Transition.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.REOPENED, Transition.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.SUBMITTED, Transition.PASS): State.ACCEPTED,
        (State.SUBMITTED, Transition.SEND_BACK): State.RETURNED,
        (State.ACCEPTED, Transition.SEND_BACK): State.RETURNED,
        (State.ACCEPTED, Transition.SIGN_OFF): State.CLOSED,
        (State.CLOSED, Transition.ARCHIVE): State.ARCHIVED,
        (State.CLOSED, Transition.SPOT_CHECK): State.CLOSED,
        (State.ARCHIVED, Transition.SPOT_CHECK): State.ARCHIVED,
        (State.CLOSED, Transition.REOPEN): State.REOPENED,
        (State.ARCHIVED, Transition.REOPEN): State.REOPENED,
        (State.WAIVED, Transition.REOPEN): State.REOPENED,
        (State.SUSPENDED, Transition.RESUME): None,
    }
    for state in OPEN:
        moves[state, Transition.REPORT] = State.RETURNED if state is State.RETURNED else State.IN_PROGRESS
        moves[state, Transition.SUBMIT] = State.SUBMITTED
        moves[state, Transition.FORWARD] = State.ASSIGNED
        moves[state, Transition.ASK_EXTENSION] = state
        moves[state, Transition.DECIDE_EXTENSION] = state
    # Whatever is not done changes hands with the desk, also while it waits or its clock stands.
    for state in OPEN | WAITING | {State.SUSPENDED}:
        moves[state, Transition.HAND_OVER] = state
    for state in OPEN | NOT_STARTED:
        moves[state, Transition.SUSPEND] = State.SUSPENDED
    for state in OPEN | NOT_STARTED | {State.SUSPENDED}:
        moves[state, Transition.WAIVE] = State.WAIVED
        moves[state, Transition.CANCEL] = State.CANCELLED
    return moves


# None: back to the state before the suspension.
TRANSITIONS = _moves()


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
    in_force: bool = True  # its edition is published or paused, neither a draft nor withdrawn


def allowed_states(verb: Transition) -> frozenset[State]:
    """The states in which the verb can be done."""
    return frozenset(state for state, known in TRANSITIONS if known is verb)


def state_after(matter: ObligationFacts, verb: Transition) -> State:
    """Where the verb leads. A pass below the last review level leaves the matter with the reviewers."""
    to = TRANSITIONS[matter.state, verb]
    if verb is Transition.PASS and len(matter.passed_by) + 1 < matter.review_levels:
        return State.SUBMITTED
    return to or matter.state_before or State.ASSIGNED


def transition_refusals(matter: ObligationFacts, verb: Transition, by: Actor) -> tuple[str, ...]:
    """Every reason of state, role and unit at once; empty when the move is allowed."""
    return (
        *_of_edition(matter, verb),
        *_of_state(matter.state, verb),
        *role_refusals(verb, by),
        *_of_unit(matter, verb, by),
    )


def role_refusals(verb: Transition, by: Actor) -> tuple[str, ...]:
    """Why this person may not do the verb to anything at all."""
    if by.person_id is None:
        return (f"{TRANSITION_NAMES[verb]}要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & ROLES[verb]:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in ROLES[verb])
    return (f"{by.name}没有{TRANSITION_NAMES[verb]}的权限，请由{may}办理。",)


def grounds_refusals(verb: Transition, *, reason: str, authority: str) -> tuple[str, ...]:
    """Suspension and waiver rest on a reason and on whoever or whatever paper allowed it."""
    own = []
    if not reason.strip():
        own.append(f"{TRANSITION_NAMES[verb]}要写明理由，请补写。")
    if not authority.strip():
        own.append(f"{TRANSITION_NAMES[verb]}要写明依据（批准人或文号），请补写。")
    return tuple(own)


def _of_edition(matter: ObligationFacts, verb: Transition) -> tuple[str, ...]:
    if matter.in_force or _H not in ROLES[verb]:
        return ()
    return (f"这项任务所属的专项行动尚未发布或已撤回，不必{TRANSITION_NAMES[verb]}；有疑问请联系统筹科室。",)


def _of_state(state: State, verb: Transition) -> tuple[str, ...]:
    if (state, verb) in TRANSITIONS:
        return ()
    when = "、".join(STATE_NAMES[known] for known in State if known in allowed_states(verb))
    return (
        f"这项任务现为“{STATE_NAMES[state]}”，不能{TRANSITION_NAMES[verb]}；只有{when}的任务可以，请先核对状态。",
    )


def _of_unit(matter: ObligationFacts, verb: Transition, by: Actor) -> tuple[str, ...]:
    if _H not in ROLES[verb] or _C in by.roles & ROLES[verb] or _H not in by.roles:
        return ()
    if by.belongs_to(matter.unit_id):
        return ()
    return (f"{by.name}不是这项任务责任单位的人，请由责任单位经办人办理；交错单位的由该单位或统筹科室改派。",)
