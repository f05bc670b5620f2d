"""Sums of the leader's page: every group judged once by the one function of standing, quotas with a target one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.lights import Light
from duban.figures.measures import MeasureRate
from duban.obligations.lights import Standing
from duban.obligations.states import OPEN, WAITING, State
from duban.reports.board import (
    LISTED,
    ClassifiedGroup,
    LightClassifier,
    LightSum,
    TurnedRed,
    turned_red,
    worst_of,
)
from duban.reports.board_queries import (
    BoardEdition,
    BoardGroup,
    BoardPoint,
    FactGroup,
    Shown,
    board_members,
    board_points,
    finished_groups,
    group_members,
    overview_editions,
    paced_obligations,
    points_by_date,
    unfinished_groups,
)
from duban.reports.overview_queries import (
    DueSpan,
    UnitHead,
    first_units,
    groups_of_units,
    owing_ids,
    owing_units,
    unit_heads,
    units_by,
)
from duban.reports.rules import TrendCount, TrendPoint, weekly_trend
from duban.rounds.gate_queries import gate_snapshot

# A date that an extension gave belongs to no point: what it rests on is asked of the calendar.
_NO_POINT = BoardPoint(id=0, due_on=date.min, starts_on=None, provisional=False)


@dataclass(frozen=True, slots=True)
class ClassifiedRow:
    """A group with what it shows. `own` is set for one obligation whose light depends on its own figure."""

    fact: FactGroup
    seen: ClassifiedGroup
    own: BoardGroup | None = None


class OverviewClassifier:
    """Asks the one function, for groups of the leader's page and for quotas alike."""

    def __init__(
        self,
        bureau: Bureau,
        points: Mapping[int, BoardPoint],
        by_date: Mapping[tuple[int, date], BoardPoint],
        today: date,
    ) -> None:
        self._by_date = by_date
        known = {one.id: one for one in by_date.values()}
        self.seer = LightClassifier(bureau, {**points, **known, 0: _NO_POINT}, today)

    def judge(self, fact: FactGroup) -> ClassifiedRow:
        return ClassifiedRow(fact, self.seer.see(self.plain(fact)))

    def plain(self, fact: FactGroup) -> BoardGroup:
        """The group as the board knows it."""
        point = self._by_date.get((fact.edition_id, fact.due_on), _NO_POINT)
        return BoardGroup(
            fact.edition_id,
            0,
            point.id,
            fact.state,
            fact.due_on,
            fact.done_on,
            fact.late,
            fact.returned,
            fact.is_new,
            fact.obligations,
            None,
            None,
            None,
            None,
        )

    def all(self, facts: Iterable[FactGroup], paced: Iterable[BoardGroup]) -> list[ClassifiedRow]:
        """Every group without the quotas in it, then every quota by itself."""
        own = list(paced)
        less: dict[tuple[object, ...], int] = {}
        for one in own:
            key = (one.edition_id, one.state, one.due_on, one.is_new)
            less[key] = less.get(key, 0) + 1
        return [*self._without(facts, less), *(self._one(group) for group in own)]

    def _without(
        self, facts: Iterable[FactGroup], less: dict[tuple[object, ...], int]
    ) -> Iterator[ClassifiedRow]:
        for fact in facts:
            key = (fact.edition_id, fact.state, fact.due_on, fact.is_new)
            taken = min(less.get(key, 0), fact.obligations) if fact.state in OPEN else 0
            if taken:
                less[key] -= taken
                fact = _fewer(fact, fact.obligations - taken)
            if fact.obligations:
                yield self.judge(fact)

    def _one(self, group: BoardGroup) -> ClassifiedRow:
        return ClassifiedRow(as_fact(group), self.seer.see(group), own=group)


def as_fact(group: BoardGroup) -> FactGroup:
    """One quota among the groups; its ladder is never asked for."""
    return FactGroup(
        group.edition_id,
        group.state,
        "",
        group.due_on,
        group.done_on,
        None,
        False,
        group.late,
        group.returned,
        group.is_new,
        1,
    )


def _fewer(fact: FactGroup, obligations: int) -> FactGroup:
    return FactGroup(
        fact.edition_id,
        fact.state,
        fact.ladder,
        fact.due_on,
        fact.done_on,
        fact.closed_on,
        fact.beyond,
        fact.late,
        fact.returned,
        fact.is_new,
        obligations,
    )


def sum_rows(judged: Iterable[ClassifiedRow]) -> LightSum:
    """One sum of all."""
    total = LightSum()
    for one in judged:
        total.add(one.seen, one.fact.obligations)
    return total


def subtract_rows(total: LightSum, parts: Iterable[LightSum]) -> LightSum:
    """What is left of a sum when these parts of it are taken out."""
    left = LightSum(kinds=dict(total.kinds))
    for part in parts:
        for seen, number in part.kinds.items():
            left.kinds[seen] = left.kinds.get(seen, 0) - number
    left.kinds = {seen: number for seen, number in left.kinds.items() if number}
    return left


def count_row(judged: Iterable[ClassifiedRow]) -> Iterator[TrendCount]:
    """What the trend is drawn from: what had to be done by the day asked about."""
    for one in judged:
        tally = one.seen.tally
        if tally.due:
            done_on = one.fact.closed_on or one.fact.done_on or one.fact.due_on
            yield TrendCount(
                due_on=one.fact.due_on,
                done_on=done_on if tally.done_due else None,
                in_time=bool(tally.done_in_time),
                obligations=one.fact.obligations,
            )


# So many columns a screen holds; all further units are summed, and shown on the next pages.
UNIT_PAGE = 12
FIRST_KIND = "district_bureau"


@dataclass(frozen=True, slots=True)
class ChosenUnits:
    """The page's units, and how many owe anything at all."""

    units: tuple[UnitHead, ...]
    total: int

    @property
    def pages(self) -> int:
        return max(-(-self.total // UNIT_PAGE), 1)


def choose_units(
    connection: Connection, span: DueSpan, sight: VisibleUnits, judged: Sequence[ClassifiedRow], *, page: int
) -> ChosenUnits:
    """District bureaus in the order they were entered, then whoever has the most red, then the others."""
    total = owing_units(connection, span, sight)
    first = [one.id for one in first_units(connection, span, sight, kind=FIRST_KIND, limit=UNIT_PAGE)]
    reds = red_by_unit(connection, sight, judged)
    ranked = [*first, *_worst_first(reds, without=frozenset(first))]
    start = (page - 1) * UNIT_PAGE
    if len(ranked) < min(start + UNIT_PAGE, total):
        known = frozenset(ranked)
        ranked += [key for key in owing_ids(connection, span, sight) if key not in known]
    wanted = ranked[start : start + UNIT_PAGE]
    named = unit_heads(connection, wanted)
    return ChosenUnits(units=tuple(named[key] for key in wanted), total=total)


def _worst_first(reds: Mapping[int, int], *, without: frozenset[int]) -> list[int]:
    return sorted((key for key in reds if key not in without), key=lambda key: (-reds[key], key))


def red_by_unit(
    connection: Connection, sight: VisibleUnits, judged: Sequence[ClassifiedRow]
) -> dict[int, int]:
    """How many red ones each unit has: counted by the database over the groups that were judged red."""
    red = [one for one in judged if one.seen.light is Light.RED]
    only = None if sight.everything else sorted(sight.unit_ids)
    plain = [one.fact for one in red if one.own is None]
    quotas = any(one.own for one in judged)
    reds = Counter(units_by(connection, plain, quotas=quotas, only=only) if plain else {})
    reds.update(one.own.unit_id for one in red if one.own)
    return dict(reds)


def unit_cells(
    connection: Connection, judge: OverviewClassifier, span: DueSpan, units: Sequence[UnitHead]
) -> dict[int, dict[int, LightSum]]:
    """By unit and edition, how the units of the page stand."""
    ids, yesterday = [one.id for one in units], judge.seer.yesterday
    facts = groups_of_units(connection, span, ids, yesterday=yesterday) if ids else []
    quotas = list(
        paced_obligations(connection, span.edition_ids, yesterday=yesterday, unit_ids=ids) if ids else ()
    )
    found: dict[int, dict[int, LightSum]] = {}
    for key in ids:
        own = judge.all(
            [fact for at, fact in facts if at == key], [one for one in quotas if one.unit_id == key]
        )
        found[key] = by_edition(own)
    return found


def by_edition(judged: Sequence[ClassifiedRow]) -> dict[int, LightSum]:
    """Sums of each edition."""
    apart: dict[int, list[ClassifiedRow]] = {}
    for one in judged:
        apart.setdefault(one.fact.edition_id, []).append(one)
    return {key: sum_rows(some) for key, some in apart.items()}


def due_span_of(edition_ids: Sequence[int], judged: Sequence[ClassifiedRow], today: date) -> DueSpan:
    """The dates between which the year's obligations lie; extensions may have moved some past its points."""
    days = [one.fact.due_on for one in judged] or [today]
    return DueSpan(edition_ids=tuple(edition_ids), first=min(days), last=max(days))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStanding:
    """How some obligations stand together: the worst light, how many at each, the rates.

    The rates of a cell are only counted when somebody asks for them: most cells show their light alone.
    """

    light: Light
    lights: Mapping[Light, int]
    sum: LightSum = field(compare=False, repr=False)

    @property
    def rates(self) -> tuple[MeasureRate, ...]:
        return self.sum.tally.rates

    @property
    def obligations(self) -> int:
        return sum(self.lights.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """One campaign. `cells` stand under the page's units, None where a unit owes nothing; `rest` is all other units."""

    edition_id: int
    campaign: str
    name: str
    year: int
    kind: str
    stand: UnitStanding
    provisional: bool
    fault: str | None
    cells: tuple[UnitStanding | None, ...]
    rest: UnitStanding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
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
    stand: UnitStanding
    provisional: bool
    rows: tuple[OverviewRow, ...]
    units: tuple[UnitHead, ...]
    unit_stands: tuple[UnitStanding, ...]
    rest: UnitStanding | None
    unit_total: int
    page: int
    pages: int
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int
    left: tuple[LeftOut, ...]
    trend: tuple[TrendPoint, ...]

    @property
    def rest_total(self) -> int:
        return self.unit_total - len(self.units)


def read_overview(
    bureau: Bureau, *, by: Actor, today: date, year: int | None = None, page: int = 1
) -> Overview:
    """How a year stands on a day, from the ledger as it is now: the newest published year up to the day's, unless
    another is asked for. `page` is of the units, from 1.
    """
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = overview_editions(connection)
        years = tuple(sorted({one.year for one in editions.values()}, reverse=True))
        chosen = year or next((one for one in years if one <= today.year), today.year)
        asked = _Asked(connection, visible_units(by), today - timedelta(days=1))
        here = {key: one for key, one in editions.items() if one.year == chosen}
        before = tuple(key for key, one in editions.items() if one.year < chosen)
        found, older = asked.year(tuple(here)), asked.left_of(before)
        judge = _judge(bureau, connection, today, tuple(here), older)
        judged, left = judge.all(*found), judge.all(*older)
        span = due_span_of(tuple(here), judged, today)
        chosen_units = choose_units(connection, span, asked.sight, judged, page=page)
        apart = unit_cells(connection, judge, span, chosen_units.units)
        listed = asked.turned_red(judge, [*judged, *left])
    sums = by_edition(judged)
    rows = [_row(one, sums.get(key, LightSum()), apart, key) for key, one in here.items()]
    whole = sum_rows(judged)
    unit_sums = [_joined(apart[one.id].values()) for one in chosen_units.units]
    return Overview(
        as_of_on=today,
        year=chosen,
        years=years,
        stand=standing_of(whole),
        provisional=whole.provisional,
        rows=tuple(sorted(rows, key=_read_overview_worst_first)),
        units=chosen_units.units,
        unit_stands=tuple(standing_of(one) for one in unit_sums),
        rest=_rest(whole, unit_sums),
        unit_total=chosen_units.total,
        page=page,
        pages=chosen_units.pages,
        turned_red=listed,
        turned_red_total=whole.turned_red + sum_rows(left).turned_red,
        left=_left(editions, left),
        trend=weekly_trend(count_row(judged), first=date(chosen, 1, 1), last=_last_day(chosen, today)),
    )


_Found = tuple[list[FactGroup], list[BoardGroup]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read for whom, at one moment."""

    connection: Connection
    sight: VisibleUnits
    yesterday: date

    @property
    def unit_ids(self) -> tuple[int, ...]:
        """The units to narrow to; none for whoever sees everything. A unit that cannot be stands for no unit at all."""
        return () if self.sight.everything else tuple(sorted(self.sight.unit_ids)) or (0,)

    def year(self, edition_ids: tuple[int, ...]) -> _Found:
        """The groups of a year, and its quotas one by one."""
        if self.sight.everything:
            facts = [
                *unfinished_groups(self.connection, edition_ids, yesterday=self.yesterday),
                *finished_groups(self.connection, edition_ids),
            ]
        else:
            facts = self._own(edition_ids)
        return facts, self._quotas(edition_ids)

    def left_of(self, edition_ids: tuple[int, ...]) -> _Found:
        """What years that are over left open; nothing that is finished is read."""
        states = OPEN | {State.SUSPENDED}
        if self.sight.everything:
            facts = unfinished_groups(self.connection, edition_ids, yesterday=self.yesterday, states=states)
        else:
            facts = [one for one in self._own(edition_ids) if one.state in states | WAITING]
        return facts, self._quotas(edition_ids)

    def _own(self, edition_ids: tuple[int, ...]) -> list[FactGroup]:
        span = DueSpan(edition_ids=edition_ids, first=date.min, last=date.max)
        found = groups_of_units(self.connection, span, self.unit_ids, yesterday=self.yesterday)
        return [fact for _, fact in found]

    def _quotas(self, edition_ids: tuple[int, ...]) -> list[BoardGroup]:
        return list(
            paced_obligations(self.connection, edition_ids, yesterday=self.yesterday, unit_ids=self.unit_ids)
        )

    def turned_red(self, judge: OverviewClassifier, judged: Sequence[ClassifiedRow]) -> tuple[TurnedRed, ...]:
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

    def _members(self, one: ClassifiedRow, room: int) -> list[Shown]:
        if one.own:
            return board_members(self.connection, one.own, yesterday=self.yesterday, limit=room)
        return group_members(
            self.connection, one.fact, yesterday=self.yesterday, unit_ids=self.unit_ids, limit=room
        )


def _judge(
    bureau: Bureau, connection: Connection, today: date, edition_ids: tuple[int, ...], older: _Found
) -> OverviewClassifier:
    """Knows the points of the year, and of the few years before that left a quota open."""
    with_quotas = sorted({one.edition_id for one in older[1]})
    points = board_points(connection, [*edition_ids, *with_quotas])
    return OverviewClassifier(bureau, points, points_by_date(connection, edition_ids), today)


def standing_of(one: LightSum) -> UnitStanding:
    """A sum as it is shown."""
    lights = one.lights
    return UnitStanding(light=worst_of(lights), lights=lights, sum=one)


def _row(
    one: BoardEdition, total: LightSum, apart: Mapping[int, Mapping[int, LightSum]], key: int
) -> OverviewRow:
    own = [sums.get(key) for sums in apart.values()]
    return OverviewRow(
        edition_id=one.id,
        campaign=one.campaign,
        name=one.name,
        year=one.year,
        kind=one.kind,
        stand=standing_of(total),
        provisional=total.provisional,
        fault=total.fault,
        cells=tuple(standing_of(cell) if cell else None for cell in own),
        rest=_rest(total, [cell for cell in own if cell]),
    )


def _rest(total: LightSum, parts: Sequence[LightSum]) -> UnitStanding | None:
    left = subtract_rows(total, parts)
    return standing_of(left) if left.kinds else None


def _joined(sums: Iterable[LightSum]) -> LightSum:
    whole = LightSum()
    for one in sums:
        for seen, number in one.kinds.items():
            whole.add(seen, number)
    return whole


def _left(editions: Mapping[int, BoardEdition], judged: Sequence[ClassifiedRow]) -> tuple[LeftOut, ...]:
    found = (
        LeftOut(edition_id=key, name=editions[key].name, year=editions[key].year, lights=one.lights)
        for key, one in by_edition(judged).items()
    )
    return tuple(sorted(found, key=lambda one: (-one.lights[Light.RED], -one.year, one.edition_id)))


def _last_day(year: int, today: date) -> date:
    """Of a year that is over its last day; of one to come its first."""
    return min(max(today, date(year, 1, 1)), date(year, 12, 31))


def _read_overview_worst_first(row: OverviewRow) -> tuple[int, int, str]:
    return (-row.stand.lights[Light.RED], -row.stand.lights[Light.YELLOW], row.campaign)
