"""What moves the internal date and how far: extension, a new limit after a send-back, the days of a suspension.

The wall (hard_due_on) is the superior's and nothing here moves it. Dates are civil; `today` is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.moves import Matter, Verb, refusals
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of an obligation, and the day on which somebody looks at them."""

    due_on: date
    hard_due_on: date | None
    today: date


def asking_refusals(
    matter: Matter,
    by: Actor,
    clocks: Clocks,
    *,
    wanted_on: date,
    reason: str,
    progress: str,
    pending: bool,
) -> tuple[str, ...]:
    """Every reason against asking: it is asked before expiry, with reason, progress and a wanted date."""
    own = list(refusals(matter, Verb.ASK_EXTENSION, by))
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
    matter: Matter, by: Actor, clocks: Clocks, *, asked_by: int | None, granted_on: date | None, reply: str
) -> tuple[str, ...]:
    """Every reason against a decision. `asked_by` None: nothing waits; `granted_on` None: the extension is refused."""
    own = list(refusals(matter, Verb.DECIDE_EXTENSION, by))
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
