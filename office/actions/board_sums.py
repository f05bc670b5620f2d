"""Sums of the board while its groups stream past: the light of each group, the totals, the worst units.

Keeps no obligation; what it holds grows with campaigns and with the units that are shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from office.actions.day import thresholds
from office.actions.office import Office
from office.store.board import BoardPoint, Group
from rules.measures import Tally, tally, total
from rules.standing import Facts, Light, Pace, Standing, standing, worst
from rules.workdays import YearUnknown

# Sets of facts whose look is remembered; more of them are looked at again.
_KEPT = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What an obligation shows on the day. One object for all that show the same, so that counting them is cheap."""

    light: Light
    tally: Tally
    turned_red: bool
    provisional: bool
    fault: str | None


class Seer:
    """Asks the one function of standing, once for each set of facts."""

    def __init__(self, office: Office, points: Mapping[int, BoardPoint], today: date) -> None:
        self.today, self.yesterday = today, today - timedelta(days=1)
        self._office, self._points, self._limits = office, points, thresholds(office)
        self._kinds: dict[tuple[object, ...], Seen] = {}
        self._plain: dict[tuple[object, ...], Seen] = {}
        self._known = lru_cache(maxsize=_KEPT)(self._look)

    def see(self, group: Group) -> Seen:
        marks = (group.late, group.returned, group.is_new)
        if group.target is not None:
            return self._known(group.point_id, self.facts(group), *marks)
        # Most groups look like one before; this finds it without making Facts anew.
        key = (group.point_id, group.state, group.due_on, group.done_on, *marks)
        seen = self._plain.get(key)
        if seen is None:
            seen = self._known(group.point_id, self.facts(group), *marks)
            if len(self._plain) < _KEPT:
                self._plain[key] = seen
        return seen

    def facts(self, group: Group) -> Facts:
        return Facts(
            state=group.state, due_on=group.due_on, submitted_on=group.done_on, pace=self._pace(group)
        )

    def stands(self, facts: Facts, on: date) -> Standing | str:
        """The standing, or in a sentence why there is none."""
        try:
            return standing(facts, on, self._office.workdays, self._limits)
        except YearUnknown as error:
            return str(error)

    def _look(self, point_id: int, facts: Facts, late: bool, returned: bool, is_new: bool) -> Seen:
        now = self.stands(facts, self.today)
        # What cannot be decided is shown as grey, with the reason beside the campaign.
        light, fault = (Light.GREY, now) if isinstance(now, str) else (now.light, None)
        counted = tally(facts, self.today, late=late, returned=returned)
        turned_red = light is Light.RED and (is_new or not self._was_red(facts))
        provisional = counted.owed > 0 and self._is_provisional(point_id, facts.due_on)
        key = (light, counted, turned_red, provisional, fault)
        return self._kinds.setdefault(key, Seen(*key))

    def _was_red(self, facts: Facts) -> bool:
        before = self.stands(facts, self.yesterday)
        return not isinstance(before, str) and before.light is Light.RED

    def _pace(self, group: Group) -> Pace | None:
        if group.target is None or group.opened_on is None:
            return None
        starts_on = self._points[group.point_id].starts_on or group.opened_on
        return Pace(target=group.target, reported=group.reported, starts_on=starts_on)

    def _is_provisional(self, point_id: int, due_on: date) -> bool:
        one, workdays = self._points[point_id], self._office.workdays
        if due_on == one.due_on:
            return one.provisional
        try:
            return workdays.is_provisional(workdays.on_or_before(due_on), due_on)
        except YearUnknown:
            return True


@dataclass(slots=True)
class Sum:
    """Obligations counted by what they show; there are few such kinds, however many obligations."""

    kinds: dict[Seen, int] = field(default_factory=dict)

    def add(self, seen: Seen, obligations: int) -> None:
        self.kinds[seen] = self.kinds.get(seen, 0) + obligations

    @property
    def lights(self) -> dict[Light, int]:
        lights = dict.fromkeys(Light, 0)
        for seen, number in self.kinds.items():
            lights[seen.light] += number
        return lights

    @property
    def tally(self) -> Tally:
        return total((seen.tally, number) for seen, number in self.kinds.items())

    @property
    def turned_red(self) -> int:
        return sum(number for seen, number in self.kinds.items() if seen.turned_red)

    @property
    def provisional(self) -> bool:
        return any(seen.provisional for seen in self.kinds)

    @property
    def fault(self) -> str | None:
        return next((seen.fault for seen in self.kinds if seen.fault), None)


_Rank = tuple[int, int, int, int]


@dataclass(slots=True)
class Cells:
    """The worst units of a campaign, from groups that come unit by unit; keeps no more than are shown.

    `units` counts every unit by its worst light.
    """

    wanted: int
    units: dict[Light, int] = field(default_factory=lambda: dict.fromkeys(Light, 0))
    _unit_id: int = 0
    _sum: Sum = field(default_factory=Sum)
    _worst: list[tuple[_Rank, Sum]] = field(default_factory=list)

    def add(self, unit_id: int, seen: Seen, obligations: int) -> None:
        if unit_id != self._unit_id:
            self._close()
            self._unit_id, self._sum = unit_id, Sum()
        self._sum.add(seen, obligations)

    def page(self, page: int, size: int) -> list[tuple[int, Sum]]:
        """The units of a page with their sums, the worst first. The last call: nothing is added after it."""
        self._close()
        self._unit_id = 0
        ranked = sorted(self._worst, key=lambda one: one[0], reverse=True)
        return [(-rank[-1], kept) for rank, kept in ranked[(page - 1) * size : page * size]]

    def _close(self) -> None:
        if not self._unit_id:
            return
        lights = self._sum.lights
        self.units[worst_of(lights)] += 1
        # Unit ids differ, so that two entries never compare by their sums.
        rank = (lights[Light.RED], lights[Light.YELLOW], lights[Light.GREEN], -self._unit_id)
        if self._worst and len(self._worst) == self.wanted and rank < self._worst[0][0]:
            return
        if len(self._worst) < self.wanted:
            heapq.heappush(self._worst, (rank, self._sum))
        elif self.wanted:
            heapq.heappushpop(self._worst, (rank, self._sum))


def worst_of(lights: Mapping[Light, int]) -> Light:
    """The light that a sum of lights shows."""
    return worst({light for light, number in lights.items() if number})
