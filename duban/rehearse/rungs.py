"""The plan of each round held against the ladders, whose rungs are counted out on a wall calendar.

Of what a unit owes the newest rung that has come stands in the ledger, and nothing stands there before its day. Whoever
is above the unit hears of it once the unit's own chase has had its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from calendars.ladders import Audience, Rung, RungKind, find_ladder
from duban.rehearse.queries import PlannedReminder, owed_groups
from duban.rehearse.world import World

Dates = tuple[str, date, date]  # the ladder, the day it was handed out, the day it is due


@dataclass(slots=True)
class Rungs:
    """What stands in the ledger so far: by obligation and date its rungs, and what was handed out at all."""

    known: set[tuple[int, str, date]] = field(default_factory=set)
    handed_out: set[int] = field(default_factory=set)
    _days: dict[Dates, list[tuple[date, Rung]]] = field(default_factory=dict)

    def planned(
        self,
        world: World,
        day: date,
        rows: Sequence[PlannedReminder],
        chased: Mapping[tuple[int, date], date],
    ) -> Iterator[str]:
        """The day's round was held: `rows` are its plan, `chased` the days on which units were chased."""
        new = [one for one in rows if (one.obligation_id, one.rung, one.due_on) not in self.known]
        self.known |= {(one.obligation_id, plain_key(one.rung), one.due_on) for one in new}
        self.known |= {(one.obligation_id, one.rung, one.due_on) for one in new}
        self.handed_out |= {one.obligation_id for one in new if one.kind == RungKind.ASSIGN.value}
        with world.calm.store.reading() as connection:
            groups = owed_groups(connection)
        dates = {number: key for key, numbers in groups.items() for number in numbers}
        for one in new:
            if one.obligation_id in dates:
                yield from self._early(world, day, one, dates[one.obligation_id])
        for key, numbers in groups.items():
            yield from self._left_out(world, day, key, numbers, chased)

    def _early(self, world: World, day: date, one: PlannedReminder, key: Dates) -> Iterator[str]:
        for on, rung in self.days(world, key):
            if rung.key == plain_key(one.rung) and day < on:
                yield f"2 {day} 任务{one.obligation_id}：{one.rung}应在{on}"

    def _left_out(
        self,
        world: World,
        day: date,
        key: Dates,
        numbers: Sequence[int],
        chased: Mapping[tuple[int, date], date],
    ) -> Iterator[str]:
        come = [(on, rung) for on, rung in self.days(world, key) if on <= day]
        own = [rung for _, rung in come if rung.audience is Audience.UNIT]
        due_on = key[2]
        for number in numbers:
            newest = own[-1] if own else None
            told = newest is not None and (number, newest.key, due_on) in self.known
            if newest is not None and newest.kind is RungKind.ASSIGN:
                told = number in self.handed_out
            if newest is not None and not told:
                yield f"3 {day} 任务{number}（时限{due_on}）应有“{newest.key}”档提醒，台账中没有"
            for on, rung in come:
                if rung.kind is RungKind.ESCALATE and (number, rung.key, due_on) not in self.known:
                    yield from self._unescalated(
                        world, day, on, rung, number, chased.get((number, due_on)), key
                    )

    def _unescalated(
        self, world: World, day: date, on: date, rung: Rung, number: int, chased_on: date | None, key: Dates
    ) -> Iterator[str]:
        """Only where the unit was chased, as many workdays ago as lie between the two rungs."""
        chase = next((one for _, one in self.days(world, key) if one.kind is RungKind.CHASE), None)
        if chased_on is None or chase is None:
            return
        if day > on and world.walk.between(chased_on, day) > rung.workdays - chase.workdays:
            yield f"3 {day} 任务{number}（时限{key[2]}）已催办，应有“{rung.key}”档督办，台账中没有"

    def days(self, world: World, key: Dates) -> list[tuple[date, Rung]]:
        """Each rung with its day, in order of time; of several on one day the last of the ladder counts."""
        if key not in self._days:
            ladder, opened_on, due_on = key
            base = world.walk.last_workday(due_on)
            found = []
            written = find_ladder(world.calm.ladders, ladder)
            assert written is not None, "an obligation's ladder is written somewhere"
            for rung in written.rungs:
                start = max(base, opened_on) if rung.workdays > 0 else base
                assigned = rung.kind is RungKind.ASSIGN
                on = opened_on if assigned else world.walk.shift(start, rung.workdays)
                # What comes again every week is handed out once, not each time it begins.
                again = assigned and written.cycle and due_on - opened_on <= timedelta(days=7)
                if on >= opened_on and not again:
                    found.append((on, rung))
            self._days[key] = sorted(found, key=lambda one: one[0])
        return self._days[key]


def plain_key(rung: str) -> str:
    """The ladder's own key of a rung, whichever time it comes and whoever reads it."""
    return rung.partition("/")[0].partition(".")[0]
