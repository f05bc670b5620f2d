"""What people did, held against what may be done: whose eyes, in which order, on which day, with which mark.

Read once at the end from the rows that acts leave behind; a date that an act moves is judged as it is moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from duban.core import clock
from duban.obligations.states import Transition
from duban.obligations.transitions import ExtensionDecision
from duban.rehearse.habits import Done, Plan
from duban.rehearse.queries import (
    DeedRow,
    beyond_the_wall,
    closed_obligations,
    closed_with_problems,
    deeds,
    history_moments,
    owed_by_nobody,
    passed_too_early,
)
from duban.rehearse.world import World


@dataclass(slots=True)
class Deeds:
    """What acts moved and marked, remembered while the year is played."""

    late: set[int] = field(default_factory=set)
    suspended: dict[int, date] = field(default_factory=dict)

    def done(self, plan: Plan, made: Done, day: date) -> Iterator[str]:
        """One act has just been done: where it leads, and which date it moves."""
        done, given = made.done, made.given
        before, named = done.previous_due_on, f"{day} 任务{done.obligation_id}"
        wanted = before
        match done.verb:
            case Transition.SUBMIT if day > done.due_on:
                self.late.add(done.obligation_id)
            case Transition.SUSPEND:
                self.suspended[done.obligation_id] = day
            case Transition.RESUME:
                # What was overdue when it was stopped stays overdue; nothing moves beyond the superior's wall.
                stopped = self.suspended.pop(done.obligation_id)
                moved = before if stopped > before else before + (day - stopped)
                wall = plan.owed.hard_due_on
                wanted = min(moved, max(wall, before)) if wall else moved
            case Transition.DECIDE_EXTENSION if isinstance(given, ExtensionDecision):
                wanted = given.granted_on or before
        if done.due_on != wanted:
            yield f"15 {named}：{done.verb}以后时限{done.due_on}，应为{wanted}"

    def at_the_end(self, world: World, now: datetime) -> Iterator[str]:
        """The whole year's rows."""
        with world.calm.store.reading() as connection:
            rows, closed = deeds(connection), closed_obligations(connection)
            beyond, moments = beyond_the_wall(connection), history_moments(connection)
            early, unsettled = passed_too_early(connection), closed_with_problems(connection)
            nobodys = owed_by_nobody(connection)
        yield from (f"16 任务{later}先于前一阶段{before}通过" for later, before in early)
        yield from (f"16 任务{number}的问题台账没有结清就销号" for number in unsettled)
        yield from (f"17 任务{number}在来源里是“--”或空白，却在办" for number in nobodys)
        story: dict[int, list[DeedRow]] = defaultdict(list)
        for row in rows:
            story[row.obligation_id].append(row)
        for one in closed:
            yield from _closed(one.id, one.review_levels, one.closed_on, story[one.id])
            if one.late != (one.id in self.late):
                yield f"15 任务{one.id}：逾期标记{one.late}，应为{one.id in self.late}"
        for number, acts in story.items():
            yield from _own_eyes(number, acts)
            if any(later.at < earlier.at for earlier, later in pairwise(acts)):
                yield f"15 任务{number}：办理时间倒序"
        yield from (f"15 任务{number}的时限越过上级时限" for number in beyond)
        if any(later < earlier for earlier, later in pairwise(moments)):
            yield "15 留痕的时间倒序"
        if moments and moments[-1] > now:
            yield f"19 留痕里有将来的时间{moments[-1]}"


def _closed(number: int, levels: int, closed_on: date | None, acts: list[DeedRow]) -> Iterator[str]:
    """Signed off: after every level has passed the newest submission, on the day that is kept."""
    signed = [one for one in acts if one.what == "signed"]
    if not signed:
        yield f"16 任务{number}已销号而没有销号记录"
        return
    if closed_on != clock.civil(signed[-1].at):
        yield f"15 任务{number}：销号日期{closed_on}，实为{clock.civil(signed[-1].at)}"
    newest = max((one.nth for one in acts if one.what == "submitted"), default=0)
    passed = {one.by for one in acts if one.what == "passed" and one.nth == newest}
    if len(passed) < levels:
        yield f"16 任务{number}：{levels}级审核只有{len(passed)}人通过就销号"


def _own_eyes(number: int, acts: list[DeedRow]) -> Iterator[str]:
    """Nobody judges his own work."""
    by = {what: {one.by for one in acts if one.what == what} for what in ("submitted", "passed", "signed")}
    if by["submitted"] & (by["passed"] | by["signed"]):
        yield f"16 任务{number}：报送人审核或销号了自己的材料"
    if by["passed"] & by["signed"]:
        yield f"16 任务{number}：审核人又销了号"
