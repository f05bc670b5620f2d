"""What moves the internal date and how far: extension, a new limit after a send-back, the days of a suspension.

The wall (hard_due_on) is the superior's and nothing here moves it. Dates are civil; `today` is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from duban.core.access import ROLE_NAMES, Actor, Role
from duban.obligations.states import TRANSITION_RULES, ObligationFacts, State, Transition, transition_refusals
from duban.problems.rules import closing_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of an obligation, and the day on which somebody looks at them."""

    due_on: date
    hard_due_on: date | None
    today: date


def asking_refusals(
    matter: ObligationFacts,
    by: Actor,
    clocks: Clocks,
    *,
    wanted_on: date,
    reason: str,
    progress: str,
    pending: bool,
) -> tuple[str, ...]:
    """Every reason against asking: it is asked before expiry, with reason, progress and a wanted date."""
    own = list(transition_refusals(matter, Transition.ASK_EXTENSION, by))
    if pending:
        own.append("这项任务已有一份延期申请等待批复，请等批复后再申请。")
    if clocks.today > clocks.due_on:
        own.append(f"任务已于{_day(clocks.due_on)}到期，到期后不能申请延期，请抓紧报送并说明情况。")
    if not reason.strip():
        own.append("申请延期要写明理由，请补写。")
    if not progress.strip():
        own.append("申请延期要写明目前进展，请补写。")
    return (*own, *_date_refusals("希望延至的日期", wanted_on, clocks))


def deciding_refusals(
    matter: ObligationFacts,
    by: Actor,
    clocks: Clocks,
    *,
    asked_by: int | None,
    granted_on: date | None,
    reply: str,
) -> tuple[str, ...]:
    """Every reason against a decision. `asked_by` None: nothing waits; `granted_on` None: the extension is refused."""
    own = list(transition_refusals(matter, Transition.DECIDE_EXTENSION, by))
    if asked_by is None:
        return (*own, "这项任务没有等待批复的延期申请，请先由责任单位申请。")
    if asked_by == by.person_id:
        own.append(f"{by.name}是申请人，不能批复自己的延期申请，请由另一位同志批复。")
    if not reply.strip():
        own.append("批复要写明意见，请补写。")
    return (*own, *(_date_refusals("批准延至的日期", granted_on, clocks) if granted_on else ()))


def returning_refusals(clocks: Clocks, resubmit_by_on: date | None) -> tuple[str, ...]:
    """Every reason against a limit for putting right what was sent back."""
    if resubmit_by_on is None:
        return ()
    own = []
    if resubmit_by_on < clocks.today:
        own.append(f"补正时限{_day(resubmit_by_on)}已经过去，请另定日期。")
    if clocks.hard_due_on and resubmit_by_on > clocks.hard_due_on:
        own.append(_past_wall("补正时限", resubmit_by_on, clocks.hard_due_on))
    return tuple(own)


def returned_due_on(due_on: date, resubmit_by_on: date | None) -> date:
    """The date that holds after a send-back: handing in early never makes the limit shorter."""
    return max(due_on, resubmit_by_on) if resubmit_by_on else due_on


def resumed_due_on(clocks: Clocks, suspended_on: date) -> date:
    """The date that holds after a suspension that ends today.

    The calendar days of the suspension are given back, up to the wall. What was already overdue when it was
    suspended stays overdue.
    """
    if suspended_on > clocks.due_on:
        return clocks.due_on
    moved = clocks.due_on + (clocks.today - suspended_on)
    return min(moved, max(clocks.hard_due_on, clocks.due_on)) if clocks.hard_due_on else moved


def _date_refusals(what: str, wanted_on: date, clocks: Clocks) -> tuple[str, ...]:
    own = []
    if wanted_on <= clocks.due_on:
        own.append(f"{what}应晚于现时限{_day(clocks.due_on)}，请另定日期。")
    if wanted_on < clocks.today:
        own.append(f"{what}{_day(wanted_on)}已经过去，请另定日期。")
    if clocks.hard_due_on and wanted_on > clocks.hard_due_on:
        own.append(_past_wall(what, wanted_on, clocks.hard_due_on))
    return tuple(own)


def _past_wall(what: str, wanted_on: date, wall: date) -> str:
    return f"{what}{_day(wanted_on)}超过上级时限{_day(wall)}，上级时限不能突破，请改在此前或报请上级调整。"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def review_refusals(
    matter: ObligationFacts, verb: Transition, by: Actor, *, reason: str = "原因"
) -> tuple[str, ...]:
    """Every reason against a pass, a send-back or a sign-off by this person; without `reason` as if one were given."""
    own = list(transition_refusals(matter, verb, by))
    sends_back, passed = verb is Transition.SEND_BACK, matter.state is State.ACCEPTED
    if sends_back and passed and not by.roles & TRANSITION_RULES[Transition.SIGN_OFF].roles:
        own.append("审核已全部通过，销号前只能由统筹科室或分管领导退回，请向他们反映。")
    if by.person_id in matter.submitters:
        own.append(f"{by.name}报送过这项任务，不能审核或销号自己经手的材料，请由另一位同志办理。")
    # Once every level has passed, what is left to do is the closer's.
    elif verb is Transition.SIGN_OFF or passed:
        if by.person_id in matter.reviewers:
            own.append(f"{by.name}审核过这项任务，不能再销号，请由另一位同志销号。")
    elif by.person_id in matter.closers:
        own.append(f"{by.name}办过这项任务的销号，不能再审核，请由另一位审核人审核。")
    elif by.person_id in matter.passed_by:
        own.append(f"{by.name}已审核过这次报送的前一级，请由另一位审核人审核下一级。")
    if matter.waits_for and verb in (Transition.PASS, Transition.SIGN_OFF):
        own.append(_waits(matter, TRANSITION_RULES[verb].name))
    if sends_back and not reason.strip():
        own.append("退回要写明原因，请用一两句话说清需要补正什么。")
    return tuple(own)


def _waits(matter: ObligationFacts, what: str) -> str:
    stages = "、".join(f"“{name}”" for name in matter.waits_for)
    return (
        f"等待前一阶段：{stages}还没有办结，本项不能{what}；请先办结前一阶段，确需先办的由统筹科室准予越序。"
    )


def sign_off_refusals(matter: ObligationFacts, by: Actor, today: date) -> tuple[str, ...]:
    """Every reason against a sign-off: also of the problems on its ledger."""
    ledger = () if matter.ledger is None else closing_refusals(matter.ledger, today)
    return (*review_refusals(matter, Transition.SIGN_OFF, by), *ledger)


def early_refusals(matter: ObligationFacts, by: Actor, *, reason: str) -> tuple[str, ...]:
    """Every reason against letting it be closed before the stages that it follows."""
    own = list(transition_refusals(matter, Transition.ALLOW_EARLY, by))
    if not matter.waits_for:
        own.append("这项任务没有要等的前一阶段，不必准予越序。")
    if not reason.strip():
        own.append("准予越序要写明理由，请补写。")
    return tuple(own)


def opens(matter: ObligationFacts, by: Actor) -> bool:
    """Whether this person's look at what was handed in is a reviewer's."""
    return not transition_refusals(matter, Transition.PASS, by) and by.person_id not in matter.submitters


def take_back_refusals(
    matter: ObligationFacts, by: Actor, *, opened: tuple[str, datetime] | None
) -> tuple[str, ...]:
    """Every reason against taking back what was handed in; `opened` is who opened it first, and when."""
    own = transition_refusals(matter, Transition.TAKE_BACK, by)
    if matter.passed_by or opened:
        who = f"{opened[0]}已开始审核" if opened else "审核已经开始"
        return (*own, f"{who}，不能再撤回；要改的请联系审核人退回补正。")
    return own


def forward_deciding_refusals(
    matter: ObligationFacts,
    by: Actor,
    *,
    asked_by: int | None,
    to_unit_id: int | None,
    receiver_decides: bool,
    reply: str,
) -> tuple[str, ...]:
    """Every reason against answering a request to forward; `asked_by` None: nothing waits."""
    own = list(transition_refusals(matter, Transition.DECIDE_FORWARD, by))
    if asked_by is None or to_unit_id is None:
        return (*own, "这项任务没有等待批复的改派申请，请先由责任单位申请。")
    if asked_by == by.person_id:
        own.append(f"{by.name}是申请人，不能批复自己的改派申请，请由另一位同志批复。")
    if Role.COORDINATOR not in by.roles and not (receiver_decides and by.belongs_to(to_unit_id)):
        who = "接收单位经办人或统筹科室" if receiver_decides else "统筹科室"
        own.append(f"改派申请由{who}批复，请等批复；批复之前仍由原单位承办。")
    if not reply.strip():
        own.append("批复要写明意见，请补写。")
    return tuple(own)


def submit_refusals(matter: ObligationFacts, by: Actor) -> tuple[str, ...]:
    """Every reason against handing in by this person; what is handed in is judged by duban.evidence.rules."""
    own = transition_refusals(matter, Transition.SUBMIT, by)
    if by.person_id in matter.reviewers | matter.closers:
        return (*own, f"{by.name}审核或销号过这项任务，不能再报送，请由本单位另一位经办人报送。")
    return own


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDate:
    """What was stated of the newest submission; `verdict` is None until a reviewer decided."""

    id: int
    stated_on: date
    received_on: date
    late_before: bool
    stated_by: int
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestSubmission:
    """The submission under way: its day, and the last thing that was done before it, in words with its day."""

    id: int
    received_on: date
    after: str
    after_on: date
    late_before: bool


def stating_refusals(
    matter: ObligationFacts,
    by: Actor,
    newest: NewestSubmission,
    *,
    stated_on: date,
    reason: str,
    stated: bool,
) -> tuple[str, ...]:
    """Every reason against stating that paper came earlier than it was received here: never later than that, never
    before what it builds on. `stated` says that it was stated already.
    """
    own = list(transition_refusals(matter, Transition.STATE_DATE, by))
    if stated:
        own.append("这次报送已经补录过日期，不能再改；确有错误的，请审核人退回后重新报送、重新补录。")
    if not reason.strip():
        own.append("补录日期要写明理由（收文登记、邮戳等凭据），请补写。")
    if stated_on >= newest.received_on:
        own.append(
            f"补录日期{_day(stated_on)}不早于收到的日期{_day(newest.received_on)}，不必补录；请核对日期。"
        )
    elif stated_on < newest.after_on:
        own.append(f"补录日期{_day(stated_on)}早于{newest.after}的日期{_day(newest.after_on)}，请核对日期。")
    return tuple(own)


def accepting_refusals(by: Actor, waiting: StatedDate | None, accepts: bool | None) -> tuple[str, ...]:
    """Every reason against a pass because of a stated date; None: nothing waits for a word on it."""
    if waiting is None:
        return () if accepts is None else ("这次报送没有待定的补录日期，不必写明认可与否。",)
    if accepts is None:
        both = f"补录日期{_day(waiting.stated_on)}（收到的日期{_day(waiting.received_on)}）"
        return (f"这次报送写有{both}，通过时请写明认可还是不认可；不认可的按收到的日期算。",)
    if waiting.stated_by == by.person_id:
        return (f"{by.name}补录了日期，不能自己认可，请由另一位审核人审核。",)
    return ()


def spot_check_refusals(matter: ObligationFacts, by: Actor, *, finding: str) -> tuple[str, ...]:
    """Every reason against a spot check: it is done by someone who had no part in the matter."""
    own = list(transition_refusals(matter, Transition.SPOT_CHECK, by))
    if by.person_id in matter.submitters | matter.reviewers | matter.closers:
        own.append(f"{by.name}报送、审核或销号过这项任务，不能抽查，请由未经手的同志抽查。")
    if not finding.strip():
        own.append("抽查要写明核实情况，请补写后再记。")
    return tuple(own)


CHASERS = frozenset({Role.COORDINATOR, Role.LEADER})
LONGEST_WORDS = 500


def chasing_refusals(by: Actor, *, bounded: bool, words: str) -> tuple[str, ...]:
    """Every reason against chasing by this person; `bounded` says that an edition, units or matters were named."""
    own = []
    if by.person_id is None:
        own.append("催办要记在具体的人名下，请用 --as 写明操作人。")
    elif not by.roles & CHASERS:
        may = "或".join(ROLE_NAMES[role] for role in Role if role in CHASERS)
        own.append(f"{by.name}不能催办，请由{may}办理。")
    if not bounded:
        own.append("请先选定要催办的专项行动、单位或任务。")
    if len(words) > LONGEST_WORDS:
        own.append(f"催办说明不能超过{LONGEST_WORDS}字，请精简。")
    return tuple(own)
