"""Sums of the board while its groups stream past: the light of each group, the totals, the worst units.

Keeps no obligation; what it holds grows with campaigns and with the units that are shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import Connection

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, visible_units
from duban.core.lights import Light, worst
from duban.figures.measures import MeasureRate, RateTally, rate_tally, total_tally
from duban.obligations.lights import Facts, Pace, Standing, standing_of
from duban.reports.board_queries import (
    BoardEdition,
    BoardGroup,
    BoardPoint,
    Shown,
    board_editions,
    board_groups,
    board_members,
    board_points,
    board_unit_names,
    paced_obligations,
)
from duban.rounds.gate_queries import gate_snapshot

# Sets of facts whose look is remembered; more of them are looked at again.
_KEPT = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class ClassifiedGroup:
    """What an obligation shows on the day. One object for all that show the same, so that counting them is cheap."""

    light: Light
    tally: RateTally
    turned_red: bool
    provisional: bool
    fault: str | None


class LightClassifier:
    """Asks the one function of standing, once for each set of facts."""

    def __init__(self, bureau: Bureau, points: Mapping[int, BoardPoint], today: date) -> None:
        self.today, self.yesterday = today, today - timedelta(days=1)
        self._office, self._points, self._limits = bureau, points, light_thresholds(bureau)
        self._kinds: dict[tuple[object, ...], ClassifiedGroup] = {}
        self._plain: dict[tuple[object, ...], ClassifiedGroup] = {}
        self._known = lru_cache(maxsize=_KEPT)(self._look)

    def see(self, group: BoardGroup) -> ClassifiedGroup:
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

    def facts(self, group: BoardGroup) -> Facts:
        return Facts(
            state=group.state, due_on=group.due_on, submitted_on=group.done_on, pace=self._pace(group)
        )

    def stands(self, facts: Facts, on: date) -> Standing | str:
        """The standing, or in a sentence why there is none."""
        try:
            return standing_of(facts, on, self._office.workdays, self._limits)
        except YearUnknown as error:
            return str(error)

    def _look(self, point_id: int, facts: Facts, late: bool, returned: bool, is_new: bool) -> ClassifiedGroup:
        now = self.stands(facts, self.today)
        # What cannot be decided is shown as grey, with the reason beside the campaign.
        light, fault = (Light.GREY, now) if isinstance(now, str) else (now.light, None)
        counted = rate_tally(facts, self.today, late=late, returned=returned)
        turned_red = light is Light.RED and (is_new or not self._was_red(facts))
        provisional = counted.owed > 0 and self._is_provisional(point_id, facts.due_on)
        key = (light, counted, turned_red, provisional, fault)
        return self._kinds.setdefault(key, ClassifiedGroup(*key))

    def _was_red(self, facts: Facts) -> bool:
        before = self.stands(facts, self.yesterday)
        return not isinstance(before, str) and before.light is Light.RED

    def _pace(self, group: BoardGroup) -> Pace | None:
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
class LightSum:
    """Obligations counted by what they show; there are few such kinds, however many obligations."""

    kinds: dict[ClassifiedGroup, int] = field(default_factory=dict)

    def add(self, seen: ClassifiedGroup, obligations: int) -> None:
        self.kinds[seen] = self.kinds.get(seen, 0) + obligations

    @property
    def lights(self) -> dict[Light, int]:
        lights = dict.fromkeys(Light, 0)
        for seen, number in self.kinds.items():
            lights[seen.light] += number
        return lights

    @property
    def tally(self) -> RateTally:
        return total_tally((seen.tally, number) for seen, number in self.kinds.items())

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
    _sum: LightSum = field(default_factory=LightSum)
    _worst: list[tuple[_Rank, LightSum]] = field(default_factory=list)

    def add(self, unit_id: int, seen: ClassifiedGroup, obligations: int) -> None:
        if unit_id != self._unit_id:
            self._close()
            self._unit_id, self._sum = unit_id, LightSum()
        self._sum.add(seen, obligations)

    def page(self, page: int, size: int) -> list[tuple[int, LightSum]]:
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


# So many of what turned red are listed; all are counted.
LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One unit in one campaign: the worst light of its obligations, how many stand at each, its rates."""

    unit_id: int
    unit: str
    light: Light
    lights: Mapping[Light, int]
    rates: tuple[MeasureRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """One edition. `cells` holds the page of units asked for, the worst first; `units` counts all by their worst light.

    `units` is all zero where no cells were asked for.

    `provisional` says that dates rest on a year without notice; `fault` is why some have no light.
    """

    edition_id: int
    campaign: str
    name: str
    year: int
    kind: str
    light: Light
    lights: Mapping[Light, int]
    rates: tuple[MeasureRate, ...]
    provisional: bool
    fault: str | None
    cells: tuple[Cell, ...]
    units: Mapping[Light, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedRed:
    """An obligation that is red today and was not the day before, with the reason."""

    obligation_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit: str
    subject: str | None
    due_on: date
    word: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything of the published editions asked about, the worst campaign first.

    `turned_red` lists at most LISTED of the `turned_red_total` that turned red since the day before.
    """

    as_of_on: date
    lights: Mapping[Light, int]
    rates: tuple[MeasureRate, ...]
    provisional: bool
    campaigns: tuple[CampaignLine, ...]
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int


def read_board(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    year: int | None = None,
    campaign: str | None = None,
    unit_ids: Sequence[int] = (),
    cells: int = 0,
    page: int = 1,
) -> Board:
    """The board of a day, from the ledger as it stands now.

    `cells` asks for so many units of each campaign (0: none), `page` for which of them, from 1. `unit_ids` narrows
    everything to these units, as far as the person may see them. `campaign` is a key or part of a name.
    """
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = board_editions(connection, year=year, campaign=campaign)
        seer = LightClassifier(bureau, board_points(connection, list(editions)), today)
        sums = {key: LightSum() for key in editions}
        unit_sums = {key: Cells(wanted=cells * page) for key in editions}
        turned: list[BoardGroup] = []
        asked = _Asked(connection, tuple(editions), seer.yesterday, _seen_units(by, unit_ids))
        for group in _groups(asked, by_unit=cells > 0):
            seen = seer.see(group)
            sums[group.edition_id].add(seen, group.obligations)
            if cells:
                unit_sums[group.edition_id].add(group.unit_id, seen, group.obligations)
            if seen.turned_red:
                _remember(turned, group)
        listed = _turned_red(asked, seer, turned)
        shown = {key: one.page(page, cells) for key, one in unit_sums.items()}
        names = board_unit_names(connection, sorted({cell[0] for page_ in shown.values() for cell in page_}))
    lines = [_line(editions[key], sums[key], unit_sums[key], shown[key], names) for key in editions]
    return _board(today, sums.values(), sorted(lines, key=_worst_first), listed)


def _seen_units(by: Actor, unit_ids: Sequence[int]) -> tuple[int, ...]:
    """The units to look at; empty is all. Whoever may see none of them gets unit 0, which nobody is."""
    sight = visible_units(by)
    if sight.everything:
        return tuple(unit_ids)
    seen = sight.unit_ids.intersection(unit_ids) if unit_ids else sight.unit_ids
    return tuple(sorted(seen)) or (0,)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which obligations are looked at."""

    connection: Connection
    edition_ids: tuple[int, ...]
    yesterday: date
    unit_ids: tuple[int, ...]


def _groups(asked: _Asked, *, by_unit: bool) -> Iterator[BoardGroup]:
    """All groups, those of one unit in a campaign next to each other where units are shown."""
    wanted = {"yesterday": asked.yesterday, "unit_ids": asked.unit_ids}
    plain = board_groups(asked.connection, asked.edition_ids, by_unit=by_unit, **wanted)  # type: ignore[arg-type]  # one dictionary for both calls
    paced = paced_obligations(asked.connection, asked.edition_ids, **wanted)  # type: ignore[arg-type]  # one dictionary for both calls
    return heapq.merge(plain, paced, key=lambda group: (group.edition_id, group.unit_id if by_unit else 0))


def _remember(turned: list[BoardGroup], group: BoardGroup) -> None:
    # Every group has at least one member, so more groups than lines are never needed.
    if len(turned) < LISTED:
        turned.append(group)


def _turned_red(asked: _Asked, seer: LightClassifier, turned: Sequence[BoardGroup]) -> tuple[TurnedRed, ...]:
    listed: list[TurnedRed] = []
    for group in turned:
        room = LISTED - len(listed)
        if not room:
            break
        seen = seer.stands(seer.facts(group), seer.today)
        assert isinstance(seen, Standing), "only what has a light turns red"
        units = (group.unit_id,) if group.unit_id else asked.unit_ids
        some = board_members(asked.connection, group, yesterday=asked.yesterday, unit_ids=units, limit=room)
        listed += [turned_red(one, seen) for one in some]
    # Groups come in another order where units are shown; people look for the oldest first in either.
    return tuple(sorted(listed, key=lambda one: (one.due_on, one.year, one.campaign, one.obligation_id)))


def turned_red(one: Shown, seen: Standing) -> TurnedRed:
    """One line of what turned red, with the reason."""
    return TurnedRed(
        obligation_id=one.obligation_id,
        campaign=one.campaign,
        year=one.year,
        milestone=one.title,
        label=one.label,
        unit=one.unit,
        subject=one.subject,
        due_on=one.due_on,
        word=seen.word,
        why=seen.why,
    )


def _line(
    edition: BoardEdition,
    total: LightSum,
    cells: Cells,
    shown: Sequence[tuple[int, LightSum]],
    names: Mapping[int, str],
) -> CampaignLine:
    return CampaignLine(
        edition_id=edition.id,
        campaign=edition.campaign,
        name=edition.name,
        year=edition.year,
        kind=edition.kind,
        light=worst_of(total.lights),
        lights=total.lights,
        rates=total.tally.rates,
        provisional=total.provisional,
        fault=total.fault,
        cells=tuple(_cell(unit_id, names[unit_id], one) for unit_id, one in shown),
        units=cells.units,
    )


def _cell(unit_id: int, name: str, one: LightSum) -> Cell:
    return Cell(
        unit_id=unit_id,
        unit=name,
        light=worst_of(one.lights),
        lights=one.lights,
        rates=one.tally.rates,
    )


def _board(
    today: date, sums: Iterable[LightSum], lines: Sequence[CampaignLine], listed: tuple[TurnedRed, ...]
) -> Board:
    whole = LightSum()
    for one in sums:
        for seen, number in one.kinds.items():
            whole.add(seen, number)
    return Board(
        as_of_on=today,
        lights=whole.lights,
        rates=whole.tally.rates,
        provisional=any(line.provisional for line in lines),
        campaigns=tuple(lines),
        turned_red=listed,
        turned_red_total=whole.turned_red,
    )


def _worst_first(line: CampaignLine) -> tuple[int, int, int, str]:
    return (-line.lights[Light.RED], -line.lights[Light.YELLOW], -line.year, line.campaign)
