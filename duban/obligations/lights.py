"""How one obligation stands: its light, the word beside it and the reason.

The one function for the board, for the letters and for the choice of whom to remind. Knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from calendars.workdays import WorkdayTable
from duban.core.lights import Light, Thresholds
from duban.obligations.states import DONE, NOT_STARTED, OPEN, OUT, STATE_NAMES, WAITING, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A quota's progress. `reported` is None while no figure has come in; that counts as nothing done."""

    target: Decimal
    reported: Decimal | None
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a light is made of. `submitted_on` is of the submission under way or accepted; `late` is the permanent mark
    of an earlier submission, which a later one in time does not wash off.
    """

    state: State
    due_on: date
    submitted_on: date | None = None
    closed_on: date | None = None
    late: bool = False
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`reminds` says that the unit is to act: only then is anyone reminded or told of it.

    `days_left` counts workdays from tomorrow to the due date, negative once overdue; None when the clock stands.
    `late` is the permanent mark of what was done after its date.
    """

    light: Light
    word: str
    why: str
    reminds: bool = False
    due_soon: bool = False
    overdue: bool = False
    late: bool = False
    days_left: int | None = None


def standing_of(facts: Facts, today: date, workdays: WorkdayTable, thresholds: Thresholds) -> Standing:
    """The light of one obligation (or of a group that shares its facts) on a day."""
    if facts.state in NOT_STARTED or facts.state in OUT:
        word = STATE_NAMES[facts.state]
        return Standing(light=Light.GREY, word=word, why="不计入办结率")
    if facts.state in DONE:
        return _done(facts)
    if facts.state in WAITING:
        return _waiting(facts)
    assert facts.state in OPEN, f"{facts.state} has no light"
    return _open(facts, today, workdays, thresholds)


def waiting_standing(seen: Standing, stages: Sequence[str]) -> Standing:
    """The same light, saying besides which earlier stages the obligation waits for."""
    words = waiting_words(stages)
    return replace(seen, why=f"{seen.why}；{words}") if words else seen


def waiting_words(stages: Sequence[str]) -> str | None:
    """That these earlier stages have to be closed first."""
    return f"等待前一阶段“{'”“'.join(stages)}”办结" if stages else None


def points_behind(pace: Pace, due_on: date, today: date) -> Decimal:
    """How many percentage points progress lies behind the elapsed share of the period; negative when ahead.

    45 % done at half of the period is 5 points. Days count from the morning of `starts_on` to the evening of today.
    """
    length = max((due_on - pace.starts_on).days + 1, 1)
    elapsed = min(max((today - pace.starts_on).days + 1, 0), length)
    done = (pace.reported or Decimal(0)) / pace.target if pace.target else Decimal(1)
    return (Decimal(elapsed) / length - done) * 100


def days_left(due_on: date, today: date, workdays: WorkdayTable) -> int:
    """Workdays after today up to the due date; overdue ones negative: workdays after the due date up to today."""
    if today <= due_on:
        return workdays.between(today, due_on) - workdays.between(today, today)
    return -(workdays.between(due_on, today) - workdays.between(due_on, due_on))


def is_late(facts: Facts) -> bool:
    """Handed in after the due date. Without a submission the day of closing counts."""
    done_on = facts.submitted_on or facts.closed_on
    return done_on is not None and done_on > facts.due_on


def _done(facts: Facts) -> Standing:
    if is_late(facts):
        done_on = facts.submitted_on or facts.closed_on
        return Standing(
            light=Light.GREEN,
            word="逾期办结",
            why=_after("报结", done_on, facts.due_on),
            late=True,
        )
    if facts.late:
        return Standing(light=Light.GREEN, word="逾期办结", why="曾逾期报送，逾期记录保留", late=True)
    return Standing(light=Light.GREEN, word="按期办结", why=f"在时限{_said(facts.due_on)}前报结")


def _waiting(facts: Facts) -> Standing:
    word = STATE_NAMES[facts.state]
    if is_late(facts):
        why = _after("报送", facts.submitted_on or facts.closed_on, facts.due_on)
        return Standing(light=Light.RED, word="逾期报送", why=why, overdue=True, late=True)
    return Standing(light=Light.GREEN, word=word, why=f"已在时限{_said(facts.due_on)}前报送")


def _after(done: str, done_on: date | None, due_on: date) -> str:
    """Both dates in words; with their years where only these tell them apart."""
    assert done_on is not None, "who is late has done something"
    years = ("", "") if done_on.year == due_on.year else (f"{done_on.year}年", f"{due_on.year}年")
    return f"{years[0]}{_said(done_on)}{done}，晚于时限{years[1]}{_said(due_on)}"


def _said(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _open(facts: Facts, today: date, workdays: WorkdayTable, thresholds: Thresholds) -> Standing:
    left = days_left(facts.due_on, today, workdays)
    overdue = today > facts.due_on
    soon = not overdue and left <= thresholds.due_soon_workdays
    behind = _behind(facts, today)
    light, word, why = _colour(facts, overdue, soon, left, behind, thresholds)
    return Standing(
        light=light, word=word, why=why, reminds=True, due_soon=soon, overdue=overdue, days_left=left
    )


def _behind(facts: Facts, today: date) -> Decimal | None:
    return None if facts.pace is None else points_behind(facts.pace, facts.due_on, today)


def _colour(
    facts: Facts, overdue: bool, soon: bool, left: int, behind: Decimal | None, thresholds: Thresholds
) -> tuple[Light, str, str]:
    """The first rule that holds, worst first."""
    if overdue:
        return Light.RED, "逾期", f"时限{_said(facts.due_on)}已过{-left}个工作日，尚未报送"
    if behind is not None and behind > thresholds.pace_red_points:
        return Light.RED, "严重滞后", f"落后序时进度{behind:.1f}个百分点"
    if facts.state is State.RETURNED:
        return Light.YELLOW, "退回补正", "材料已退回，待补正"
    if behind is not None and behind >= thresholds.pace_yellow_points:
        return Light.YELLOW, "进度滞后", f"落后序时进度{behind:.1f}个百分点"
    if soon:
        return Light.YELLOW, "临期", f"距时限{_said(facts.due_on)}还有{left}个工作日"
    return Light.GREEN, "正常", f"距时限{_said(facts.due_on)}还有{left}个工作日"
