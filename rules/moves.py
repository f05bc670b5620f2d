"""The states of an obligation and the one table of moves between them: who may do what, and where it leads.

Pure: knows no database and no clock. Four eyes stand in rules.reviews, the dates of an extension in
rules.extensions; docs/ledger.md shows the same table in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.people import Actor, Role


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


class Verb(StrEnum):
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


VERB_NAMES: dict[Verb, str] = {
    Verb.REGISTER: "立项",
    Verb.ASSIGN: "交办",
    Verb.ACKNOWLEDGE: "签收",
    Verb.REPORT: "反馈进展",
    Verb.FORWARD: "改派",
    Verb.SUBMIT: "报结",
    Verb.PASS: "审核通过",
    Verb.SEND_BACK: "退回",
    Verb.SIGN_OFF: "销号",
    Verb.ARCHIVE: "归档",
    Verb.SUSPEND: "暂停计时",
    Verb.RESUME: "恢复计时",
    Verb.WAIVE: "免办",
    Verb.CANCEL: "撤销",
    Verb.REOPEN: "重新打开",
    Verb.ASK_EXTENSION: "申请延期",
    Verb.DECIDE_EXTENSION: "批复延期",
    Verb.SPOT_CHECK: "抽查",
    Verb.HAND_OVER: "移交",
}

_C, _L, _R, _H = Role.COORDINATOR, Role.LEADER, Role.REVIEWER, Role.HANDLER

ROLES: dict[Verb, frozenset[Role]] = {
    Verb.REGISTER: frozenset({_C}),
    Verb.ASSIGN: frozenset({_C}),
    Verb.ACKNOWLEDGE: frozenset({_H}),
    Verb.REPORT: frozenset({_H}),
    Verb.FORWARD: frozenset({_C, _H}),  # the unit it does not belong to knows first
    Verb.SUBMIT: frozenset({_H}),
    Verb.PASS: frozenset({_R, _C, _L}),
    Verb.SEND_BACK: frozenset({_R, _C, _L}),
    Verb.SIGN_OFF: frozenset({_C, _L}),
    Verb.ARCHIVE: frozenset({_C}),
    Verb.SUSPEND: frozenset({_C, _L}),
    Verb.RESUME: frozenset({_C, _L}),
    Verb.WAIVE: frozenset({_C, _L}),
    Verb.CANCEL: frozenset({_C, _L}),
    Verb.REOPEN: frozenset({_C, _L}),
    Verb.ASK_EXTENSION: frozenset({_H}),
    Verb.DECIDE_EXTENSION: frozenset({_C, _L}),
    Verb.SPOT_CHECK: frozenset({_C, _L, _R}),
    Verb.HAND_OVER: frozenset({_C, _H}),
}
ROLE_NAMES: dict[Role, str] = {
    Role.OPERATOR: "运维",
    Role.COORDINATOR: "统筹科室",
    Role.REVIEWER: "审核人",
    Role.LEADER: "分管领导",
    Role.HANDLER: "责任单位经办人",
    Role.AUDITOR: "审计",
    Role.SECURITY: "安全管理员",
}


def _moves() -> dict[tuple[State, Verb], State | None]:
    moves: dict[tuple[State, Verb], State | None] = {
        (State.DRAFT, Verb.REGISTER): State.REGISTERED,
        (State.REGISTERED, Verb.ASSIGN): State.ASSIGNED,
        (State.ASSIGNED, Verb.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.REOPENED, Verb.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.SUBMITTED, Verb.PASS): State.ACCEPTED,
        (State.SUBMITTED, Verb.SEND_BACK): State.RETURNED,
        (State.ACCEPTED, Verb.SEND_BACK): State.RETURNED,
        (State.ACCEPTED, Verb.SIGN_OFF): State.CLOSED,
        (State.CLOSED, Verb.ARCHIVE): State.ARCHIVED,
        (State.CLOSED, Verb.SPOT_CHECK): State.CLOSED,
        (State.ARCHIVED, Verb.SPOT_CHECK): State.ARCHIVED,
        (State.CLOSED, Verb.REOPEN): State.REOPENED,
        (State.ARCHIVED, Verb.REOPEN): State.REOPENED,
        (State.WAIVED, Verb.REOPEN): State.REOPENED,
        (State.SUSPENDED, Verb.RESUME): None,
    }
    for state in OPEN:
        moves[state, Verb.REPORT] = State.RETURNED if state is State.RETURNED else State.IN_PROGRESS
        moves[state, Verb.SUBMIT] = State.SUBMITTED
        moves[state, Verb.FORWARD] = State.ASSIGNED
        moves[state, Verb.ASK_EXTENSION] = state
        moves[state, Verb.DECIDE_EXTENSION] = state
    # Whatever is not done changes hands with the desk, also while it waits or its clock stands.
    for state in OPEN | WAITING | {State.SUSPENDED}:
        moves[state, Verb.HAND_OVER] = state
    for state in OPEN | NOT_STARTED:
        moves[state, Verb.SUSPEND] = State.SUSPENDED
    for state in OPEN | NOT_STARTED | {State.SUSPENDED}:
        moves[state, Verb.WAIVE] = State.WAIVED
        moves[state, Verb.CANCEL] = State.CANCELLED
    return moves


# None: back to the state before the suspension.
MOVES = _moves()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
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


def allowed(verb: Verb) -> frozenset[State]:
    """The states in which the verb can be done."""
    return frozenset(state for state, known in MOVES if known is verb)


def after(matter: Matter, verb: Verb) -> State:
    """Where the verb leads. A pass below the last review level leaves the matter with the reviewers."""
    to = MOVES[matter.state, verb]
    if verb is Verb.PASS and len(matter.passed_by) + 1 < matter.review_levels:
        return State.SUBMITTED
    return to or matter.state_before or State.ASSIGNED


def refusals(matter: Matter, verb: Verb, by: Actor) -> tuple[str, ...]:
    """Every reason of state, role and unit at once; empty when the move is allowed."""
    return (
        *_of_edition(matter, verb),
        *_of_state(matter.state, verb),
        *role_refusals(verb, by),
        *_of_unit(matter, verb, by),
    )


def role_refusals(verb: Verb, by: Actor) -> tuple[str, ...]:
    """Why this person may not do the verb to anything at all."""
    if by.person_id is None:
        return (f"{VERB_NAMES[verb]}要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & ROLES[verb]:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in ROLES[verb])
    return (f"{by.name}没有{VERB_NAMES[verb]}的权限，请由{may}办理。",)


def grounds_refusals(verb: Verb, *, reason: str, authority: str) -> tuple[str, ...]:
    """Suspension and waiver rest on a reason and on whoever or whatever paper allowed it."""
    own = []
    if not reason.strip():
        own.append(f"{VERB_NAMES[verb]}要写明理由，请补写。")
    if not authority.strip():
        own.append(f"{VERB_NAMES[verb]}要写明依据（批准人或文号），请补写。")
    return tuple(own)


def _of_edition(matter: Matter, verb: Verb) -> tuple[str, ...]:
    if matter.in_force or _H not in ROLES[verb]:
        return ()
    return (f"这项任务所属的专项行动尚未发布或已撤回，不必{VERB_NAMES[verb]}；有疑问请联系统筹科室。",)


def _of_state(state: State, verb: Verb) -> tuple[str, ...]:
    if (state, verb) in MOVES:
        return ()
    when = "、".join(STATE_NAMES[known] for known in State if known in allowed(verb))
    return (
        f"这项任务现为“{STATE_NAMES[state]}”，不能{VERB_NAMES[verb]}；只有{when}的任务可以，请先核对状态。",
    )


def _of_unit(matter: Matter, verb: Verb, by: Actor) -> tuple[str, ...]:
    if _H not in ROLES[verb] or _C in by.roles & ROLES[verb] or _H not in by.roles:
        return ()
    if by.belongs_to(matter.unit_id):
        return ()
    return (f"{by.name}不是这项任务责任单位的人，请由责任单位经办人办理；交错单位的由该单位或统筹科室改派。",)
