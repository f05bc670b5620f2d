"""The leader's page: one year's lights by campaign and unit, what turned red, the rates and how the year went.

The same lights and measures as `read_board`, asked in a way whose cost does not grow with units shown or with years
that are over. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from office.actions.board_sums import Sum, worst_of
from office.actions.office import Office
from office.actions.overview_sums import Judge, Judged, counted, minus, summed
from office.actions.overview_units import by_edition, cells, choose_units, span_of
from office.actions.read_board import LISTED, TurnedRed, turned_red
from office.store import board as stored
from office.store import gates, overview
from office.store.board import BoardEdition, Group, Shown
from office.store.engine import Connection
from office.store.overview import FactGroup
from office.store.overview_units import Span, UnitHead, of_units
from rules.measures import Rate
from rules.moves import OPEN, WAITING, State
from rules.people import Actor
from rules.sight import Sight, sight_of
from rules.standing import Light, Standing
from rules.trend import TrendPoint, weekly


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How some obligations stand together: the worst light, how many at each, the rates.

    The rates of a cell are only counted when somebody asks for them: most cells show their light alone.
    """

    light: Light
    lights: Mapping[Light, int]
    sum: Sum = field(compare=False, repr=False)

    @property
    def rates(self) -> tuple[Rate, ...]:
        return self.sum.tally.rates

    @property
    def obligations(self) -> int:
        return sum(self.lights.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One campaign. `cells` stand under the page's units, None where a unit owes nothing; `rest` is all other units."""

    edition_id: int
    campaign: str
    name: str
    year: int
    kind: str
    stand: Stand
    provisional: bool
    fault: str | None
    cells: tuple[Stand | None, ...]
    rest: Stand | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a year that is over left open in one campaign."""

    edition_id: int
    name: str
    year: int
    lights: Mapping[Light, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole page. `unit_total` units owe something this year; `units` are those of the page, with their sums in
    `unit_stands`. `turned_red` lists at most LISTED of `turned_red_total`.
    """

    as_of_on: date
    year: int
    years: tuple[int, ...]
    stand: Stand
    provisional: bool
    rows: tuple[Row, ...]
    units: tuple[UnitHead, ...]
    unit_stands: tuple[Stand, ...]
    rest: Stand | None
    unit_total: int
    page: int
    pages: int
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int
    left: tuple[Left, ...]
    trend: tuple[TrendPoint, ...]

    @property
    def rest_total(self) -> int:
        return self.unit_total - len(self.units)


def read_overview(
    office: Office, *, by: Actor, today: date, year: int | None = None, page: int = 1
) -> Overview:
    """How a year stands on a day, from the ledger as it is now: the newest published year up to the day's, unless
    another is asked for. `page` is of the units, from 1.
    """
    with office.store.reading() as connection:
        gates.snapshot(connection)
        editions = overview.editions(connection)
        years = tuple(sorted({one.year for one in editions.values()}, reverse=True))
        chosen = year or next((one for one in years if one <= today.year), today.year)
        asked = _Asked(connection, sight_of(by), today - timedelta(days=1))
        here = {key: one for key, one in editions.items() if one.year == chosen}
        before = tuple(key for key, one in editions.items() if one.year < chosen)
        found, older = asked.year(tuple(here)), asked.left_of(before)
        judge = _judge(office, connection, today, tuple(here), older)
        judged, left = judge.all(*found), judge.all(*older)
        span = span_of(tuple(here), judged, today)
        chosen_units = choose_units(connection, span, asked.sight, judged, page=page)
        apart = cells(connection, judge, span, chosen_units.units)
        listed = asked.turned_red(judge, [*judged, *left])
    sums = by_edition(judged)
    rows = [_row(one, sums.get(key, Sum()), apart, key) for key, one in here.items()]
    whole = summed(judged)
    unit_sums = [_joined(apart[one.id].values()) for one in chosen_units.units]
    return Overview(
        as_of_on=today,
        year=chosen,
        years=years,
        stand=stand(whole),
        provisional=whole.provisional,
        rows=tuple(sorted(rows, key=_worst_first)),
        units=chosen_units.units,
        unit_stands=tuple(stand(one) for one in unit_sums),
        rest=_rest(whole, unit_sums),
        unit_total=chosen_units.total,
        page=page,
        pages=chosen_units.pages,
        turned_red=listed,
        turned_red_total=whole.turned_red + summed(left).turned_red,
        left=_left(editions, left),
        trend=weekly(counted(judged), first=date(chosen, 1, 1), last=_last_day(chosen, today)),
    )


_Found = tuple[list[FactGroup], list[Group]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read for whom, at one moment."""

    connection: Connection
    sight: Sight
    yesterday: date

    @property
    def unit_ids(self) -> tuple[int, ...]:
        """The units to narrow to; none for whoever sees everything. A unit that cannot be stands for no unit at all."""
        return () if self.sight.everything else tuple(sorted(self.sight.unit_ids)) or (0,)

    def year(self, edition_ids: tuple[int, ...]) -> _Found:
        """The groups of a year, and its quotas one by one."""
        if self.sight.everything:
            facts = [
                *overview.unfinished(self.connection, edition_ids, yesterday=self.yesterday),
                *overview.finished(self.connection, edition_ids),
            ]
        else:
            facts = self._own(edition_ids)
        return facts, self._quotas(edition_ids)

    def left_of(self, edition_ids: tuple[int, ...]) -> _Found:
        """What years that are over left open; nothing that is finished is read."""
        states = OPEN | {State.SUSPENDED}
        if self.sight.everything:
            facts = overview.unfinished(self.connection, edition_ids, yesterday=self.yesterday, states=states)
        else:
            facts = [one for one in self._own(edition_ids) if one.state in states | WAITING]
        return facts, self._quotas(edition_ids)

    def _own(self, edition_ids: tuple[int, ...]) -> list[FactGroup]:
        span = Span(edition_ids=edition_ids, first=date.min, last=date.max)
        found = of_units(self.connection, span, self.unit_ids, yesterday=self.yesterday)
        return [fact for _, fact in found]

    def _quotas(self, edition_ids: tuple[int, ...]) -> list[Group]:
        return list(
            stored.paced(self.connection, edition_ids, yesterday=self.yesterday, unit_ids=self.unit_ids)
        )

    def turned_red(self, judge: Judge, judged: Sequence[Judged]) -> tuple[TurnedRed, ...]:
        """The oldest of what turned red since the day before."""
        turned = sorted((one for one in judged if one.seen.turned_red), key=lambda one: one.fact.due_on)
        listed: list[TurnedRed] = []
        for one in turned:
            room = LISTED - len(listed)
            if room <= 0:
                break
            group = one.own or judge.plain(one.fact)
            seen = judge.seer.stands(judge.seer.facts(group), judge.seer.today)
            assert isinstance(seen, Standing), "only what has a light turns red"
            listed += [turned_red(some, seen) for some in self._members(one, room)]
        return tuple(sorted(listed, key=lambda one: (one.due_on, one.year, one.campaign, one.obligation_id)))

    def _members(self, one: Judged, room: int) -> list[Shown]:
        if one.own:
            return stored.members(self.connection, one.own, yesterday=self.yesterday, limit=room)
        return overview.members(
            self.connection, one.fact, yesterday=self.yesterday, unit_ids=self.unit_ids, limit=room
        )


def _judge(
    office: Office, connection: Connection, today: date, edition_ids: tuple[int, ...], older: _Found
) -> Judge:
    """Knows the points of the year, and of the few years before that left a quota open."""
    with_quotas = sorted({one.edition_id for one in older[1]})
    points = stored.points(connection, [*edition_ids, *with_quotas])
    return Judge(office, points, overview.points_by_date(connection, edition_ids), today)


def stand(one: Sum) -> Stand:
    """A sum as it is shown."""
    lights = one.lights
    return Stand(light=worst_of(lights), lights=lights, sum=one)


def _row(one: BoardEdition, total: Sum, apart: Mapping[int, Mapping[int, Sum]], key: int) -> Row:
    own = [sums.get(key) for sums in apart.values()]
    return Row(
        edition_id=one.id,
        campaign=one.campaign,
        name=one.name,
        year=one.year,
        kind=one.kind,
        stand=stand(total),
        provisional=total.provisional,
        fault=total.fault,
        cells=tuple(stand(cell) if cell else None for cell in own),
        rest=_rest(total, [cell for cell in own if cell]),
    )


def _rest(total: Sum, parts: Sequence[Sum]) -> Stand | None:
    left = minus(total, parts)
    return stand(left) if left.kinds else None


def _joined(sums: Iterable[Sum]) -> Sum:
    whole = Sum()
    for one in sums:
        for seen, number in one.kinds.items():
            whole.add(seen, number)
    return whole


def _left(editions: Mapping[int, BoardEdition], judged: Sequence[Judged]) -> tuple[Left, ...]:
    found = (
        Left(edition_id=key, name=editions[key].name, year=editions[key].year, lights=one.lights)
        for key, one in by_edition(judged).items()
    )
    return tuple(sorted(found, key=lambda one: (-one.lights[Light.RED], -one.year, one.edition_id)))


def _last_day(year: int, today: date) -> date:
    """Of a year that is over its last day; of one to come its first."""
    return min(max(today, date(year, 1, 1)), date(year, 12, 31))


def _worst_first(row: Row) -> tuple[int, int, str]:
    return (-row.stand.lights[Light.RED], -row.stand.lights[Light.YELLOW], row.campaign)
