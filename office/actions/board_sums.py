"""Sums of the board while its groups stream past: the light of each group, the totals, the worst units.

Keeps no obligation; what it holds grows with campaigns and with the units that are shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from office.actions.day import thresholds
from office.actions.office import Office
from office.store.board import BoardPoint, Group
from rules.measures import Tally, added, tally
from rules.moves import NOT_STARTED, OUT
from rules.standing import Facts, Light, Pace, Standing, standing, worst
from rules.workdays import YearUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a group shows on the day."""

    light: Light
    tally: Tally
    turned_red: bool
    provisional: bool
    fault: str | None


class Seer:
    """Asks the one function of standing, once for each set of facts."""

    def __init__(self, office: Office, points: Mapping[int, BoardPoint], today: date) -> None:
        self.today, self.yesterday = today, today - timedelta(days=1)
        self._points, self._workdays = points, office.workdays
        limits = thresholds(office)

        @lru_cache(maxsize=10_000)
        def stands(facts: Facts, on: date) -> Standing | str:
            try:
                return standing(facts, on, office.workdays, limits)
            except YearUnknown as error:
                return str(error)

        self.stands: Callable[[Facts, date], Standing | str] = stands
        self._provisional = lru_cache(maxsize=10_000)(self._is_provisional)

    def facts(self, group: Group) -> Facts:
        return Facts(
            state=group.state, due_on=group.due_on, submitted_on=group.done_on, pace=self._pace(group)
        )

    def see(self, group: Group) -> Seen:
        facts = self.facts(group)
        now = self.stands(facts, self.today)
        counted = tally(facts, group.obligations, self.today, late=group.late, returned=group.returned)
        fault = now if isinstance(now, str) else None
        # What cannot be decided is shown as grey, with the reason beside the campaign.
        light = Light.GREY if isinstance(now, str) else now.light
        return Seen(
            light=light,
            tally=counted,
            turned_red=light is Light.RED and (group.is_new or self._was(facts) is not Light.RED),
            provisional=self._provisional(group.point_id, group.due_on)
            and group.state not in OUT | NOT_STARTED,
            fault=fault,
        )

    def _was(self, facts: Facts) -> Light | None:
        before = self.stands(facts, self.yesterday)
        return None if isinstance(before, str) else before.light

    def _pace(self, group: Group) -> Pace | None:
        if group.target is None or group.opened_on is None:
            return None
        starts_on = self._points[group.point_id].starts_on or group.opened_on
        return Pace(target=group.target, reported=group.reported, starts_on=starts_on)

    def _is_provisional(self, point_id: int, due_on: date) -> bool:
        one = self._points[point_id]
        if due_on == one.due_on:
            return one.provisional
        try:
            return self._workdays.is_provisional(self._workdays.on_or_before(due_on), due_on)
        except YearUnknown:
            return True


@dataclass(slots=True)
class Sum:
    """What adds up over groups."""

    lights: dict[Light, int] = field(default_factory=lambda: dict.fromkeys(Light, 0))
    tally: Tally = field(default_factory=Tally)
    turned_red: int = 0
    provisional: bool = False
    fault: str | None = None

    def add(self, group: Group, seen: Seen) -> None:
        self.lights[seen.light] += group.obligations
        self.tally = added(self.tally, seen.tally)
        self.turned_red += group.obligations * seen.turned_red
        self.provisional = self.provisional or seen.provisional
        self.fault = self.fault or seen.fault


_Rank = tuple[int, int, int, int]


@dataclass(slots=True)
class Cells:
    """The worst units of a campaign, from groups that come unit by unit; keeps no more than are shown."""

    wanted: int
    units: dict[Light, int] = field(default_factory=lambda: dict.fromkeys(Light, 0))
    _unit_id: int = 0
    _sum: Sum = field(default_factory=Sum)
    _worst: list[tuple[_Rank, Sum]] = field(default_factory=list)

    def add(self, group: Group, seen: Seen) -> None:
        if group.unit_id != self._unit_id:
            self._close()
            self._unit_id, self._sum = group.unit_id, Sum()
        self._sum.add(group, seen)

    def page(self, page: int, size: int) -> list[tuple[int, Sum]]:
        """The units of a page with their sums, the worst first."""
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
        if len(self._worst) < self.wanted:
            heapq.heappush(self._worst, (rank, self._sum))
        elif self.wanted:
            heapq.heappushpop(self._worst, (rank, self._sum))


def worst_of(lights: Mapping[Light, int]) -> Light:
    """The light that a sum of lights shows."""
    return worst({light for light, number in lights.items() if number})
