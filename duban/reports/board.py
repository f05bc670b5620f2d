"""The board: groups of obligations in one table, each with its light and its counts; every view is a sum over it.

For the command and the interface `read_board`, for the leader's pages `read_overview` and `read_ranking`, and the way
from any figure to its items, `drill_down`. The one function of standing is asked once for each set of facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from calendars.formulas import places_of
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound
from duban.core.lights import LIGHT_WORDS, WORST_FIRST, Light, worst
from duban.figures.measures import (
    COUNTED,
    LEFT_OUT,
    MEASURES,
    MeasureRate,
    RateTally,
    left_out_words,
    rate_tally,
)
from duban.imports.sheets import write_sheet
from duban.obligations.lights import Facts, Pace, standing_of
from duban.obligations.list_queries import ListedObligation, listed_by_id
from duban.obligations.states import OPEN, WAITING, State
from duban.reports.board_queries import (
    BoardEdition,
    BoardLedger,
    CellFilter,
    DueSpan,
    FactGroup,
    Quota,
    board_editions,
    cell_names,
    editions_by_subject,
    owing_kinds,
    owing_unit_ids,
    provisional_dates,
    unit_names,
)
from duban.rounds.gate_queries import gate_snapshot
from duban.units.importing import UNIT_KINDS

# So many of what turned red are listed; all are counted.
LISTED = 50
# So many columns a screen holds; all further units are summed, and shown on the next pages.
UNIT_PAGE = 12
# So many units that are not compared are named.
NAMED = 20
# Who stands first on the leader's page, and is compared when nothing else is said.
FIRST_KIND = "district_bureau"
PAGE_SIZE = 50
# By what units are compared; the first is asked when nothing is said.
COMPARED = ("in_time", "done")

_LIGHTS = [light.value for light in Light]
_TALLIES = [field.name for field in fields(RateTally)]
COUNTS = [*_LIGHTS, *_TALLIES, "turned_red"]
_OWED = COUNTS.index("owed")
_FACTS = list(FactGroup._fields)
EVERY_STATE = frozenset(State)
# What a year that is over may have left open.
LEFT_STATES = OPEN | WAITING | {State.SUSPENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSum:
    """How some obligations stand together: how many at each light, and what the rates are made of."""

    lights: Mapping[Light, int]
    tally: RateTally

    @property
    def light(self) -> Light:
        return worst({light for light, number in self.lights.items() if number})

    @property
    def rates(self) -> tuple[MeasureRate, ...]:
        return self.tally.rates

    @property
    def left_out(self) -> dict[str, int]:
        """What of them is in no denominator of what was due, by its key in COUNTED."""
        return {key: COUNTED[key].of(self.tally) for key in LEFT_OUT}

    @property
    def obligations(self) -> int:
        return sum(self.lights.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(LightSum):
    """One unit, in one campaign or in all of a page."""

    unit_id: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine(LightSum):
    """One edition. `provisional` says that dates rest on a year without notice; `fault` is why some have no light."""

    edition_id: int
    campaign: str
    name: str
    year: int
    kind: str
    provisional: bool
    fault: str | None

    @property
    def worst_first(self) -> tuple[int, int]:
        return -self.lights[Light.RED], -self.lights[Light.YELLOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLine(CampaignLine):
    """`cells` holds the page of units asked for, the worst first; `units` counts all by their worst light, and is all
    zero where no cells were asked for.
    """

    cells: tuple[Cell, ...]
    units: Mapping[Light, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow(CampaignLine):
    """`cells` stand under the page's units, None where a unit owes nothing; `rest` is all other units."""

    cells: tuple[LightSum | None, ...]
    rest: LightSum | None


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
class Board(LightSum):
    """Everything of the published editions asked about, the worst campaign first.

    `turned_red` lists at most LISTED of the `turned_red_total` that turned red since the day before.
    """

    as_of_on: date
    provisional: bool
    campaigns: tuple[BoardLine, ...]
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """The end of one week, or the day asked about: sums since the year began."""

    on: date
    due: int
    done: int
    in_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(LightSum):
    """The leader's page. `unit_total` units owe something this year; `units` are those of the page. `left` is what
    years that are over left open.
    """

    as_of_on: date
    year: int
    years: tuple[int, ...]
    provisional: bool
    rows: tuple[OverviewRow, ...]
    units: tuple[Cell, ...]
    rest: LightSum | None
    unit_total: int
    page: int
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int
    left: tuple[CampaignLine, ...]
    trend: tuple[TrendPoint, ...]

    @property
    def pages(self) -> int:
        return max(-(-self.unit_total // UNIT_PAGE), 1)

    @property
    def rest_total(self) -> int:
        return self.unit_total - len(self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One unit of which something is due; without a place where all compared stand alike."""

    place: int | None
    unit_id: int
    unit: str
    rates: tuple[MeasureRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of unit that can be compared."""

    key: str
    name: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A page of one kind, the best first. `unranked` names units of which nothing is due, up to here; `alike` says that
    all compared have the same rate. `by_subject` says that some editions count subjects of a roster too: these are
    never added to milestones, `subjects` says which of both are compared.
    """

    as_of_on: date
    year: int
    years: tuple[int, ...]
    campaign: str | None
    edition_id: int | None
    editions: tuple[BoardEdition, ...]
    kind: Kind | None
    kinds: tuple[Kind, ...]
    measure: str
    ranked: tuple[Ranked, ...]
    unranked: tuple[str, ...]
    unranked_total: int
    alike: bool
    by_subject: bool
    subjects: bool
    page: int
    pages: int

    @property
    def words(self) -> tuple[str, ...]:
        """What places do not say, a sentence each."""
        said = []
        if self.alike and self.ranked:
            rate = next(one for one in self.ranked[0].rates if one.key == self.measure)
            all_alike = (
                f"参加比较的各单位都是{rate.shown}" if len(self.ranked) > 1 else "只有一个单位有到期任务"
            )
            said.append(f"{all_alike}，不排名次。")
        if self.unranked_total:
            more = f"等{self.unranked_total}个" if self.unranked_total > len(self.unranked) else ""
            said.append(f"没有到期任务，不参加比较：{'、'.join(self.unranked)}{more}。")
        if self.by_subject:
            said.append("名册对象逐户的任务与节点任务分开比较，不相加。")
        return tuple(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPage:
    """One page. `campaign` and `unit` name what was asked about; `more` says that another page follows."""

    campaign: str | None
    unit: str | None
    obligations: tuple[ListedObligation, ...]
    page: int
    more: bool


class LitGroups:
    """Reads groups with their lights, for one moment, one day and some units (None: all, not told apart).

    A table has a row for each group, with FactGroup's fields, and one for each quota, whose `obligation_id` is not 0;
    `n` obligations show the `look`, COUNTS say what they add, `provisional` and `fault` go with it.
    """

    def __init__(
        self,
        bureau: Bureau,
        connection: Connection,
        today: date,
        unit_ids: Sequence[int] | None,
        *,
        subjects: bool | None = None,
    ) -> None:
        self.bureau, self.connection, self.today = bureau, connection, today
        self.unit_ids, self.subjects = unit_ids, subjects
        self.ledger = self._ledger(unit_ids)
        self._limits = light_thresholds(bureau)
        self._provisional: dict[tuple[int, date], bool] = {}
        self._quotas = False
        # A look is what facts show; its number is its place in `_counts` and `_faults`.
        self._looks: dict[tuple[object, ...], int] = {}
        self._counts: list[list[int]] = []
        self._faults: list[str | None] = []

    def of_units(self, unit_ids: Sequence[int]) -> LitGroups:
        """The same for a few units, each apart; what facts show is not judged anew."""
        own = copy(self)
        own.unit_ids = unit_ids
        own.ledger = self._ledger(unit_ids)
        return own

    def _ledger(self, unit_ids: Sequence[int] | None) -> BoardLedger:
        yesterday = self.today - timedelta(days=1)
        return BoardLedger(self.connection, yesterday=yesterday, unit_ids=unit_ids, subjects=self.subjects)

    def read(
        self,
        edition_ids: Sequence[int],
        *,
        states: frozenset[State] = EVERY_STATE,
        span: DueSpan | None = None,
        paced: bool = True,
    ) -> pd.DataFrame:
        """The groups of these editions. Where no pace is asked for, quotas stay among the others."""
        self._provisional |= provisional_dates(self.connection, edition_ids)
        groups: Counter[FactGroup] = Counter()
        for group, number in self.ledger.groups(edition_ids, states, span):
            groups[group] += number
        quotas = self.ledger.quotas(edition_ids) if paced else []
        self._quotas |= bool(quotas)
        for quota in quotas:
            groups[quota.group if self.unit_ids else quota.group._replace(unit_id=0)] -= 1
        found = [(group, 0, number, self._look(group, None)) for group, number in groups.items() if number]
        found += [(one.group, one.obligation_id, 1, self._look(one.group, one)) for one in quotas]
        rows = [
            (*group, key, number, look, self._is_provisional(group, look), self._faults[look])
            for group, key, number, look in found
        ]
        own = ["obligation_id", "n", "look", "provisional", "fault"]
        return self._counted(pd.DataFrame(rows, columns=[*_FACTS, *own]))

    def by_unit(self, frame: pd.DataFrame, *keys: str, kind: str | None = None) -> pd.DataFrame:
        """Sums of COUNTS by these keys, edition_id or unit_id; `kind` asks for units of a kind, as far as all are read
        together.
        """
        if self.unit_ids is None:
            plain, own = frame[frame["obligation_id"] == 0], frame[frame["obligation_id"] > 0]
            counted = self.ledger.count_by_unit(
                zip(_groups(plain), plain["look"].tolist(), strict=True),
                without_quotas=self._quotas,
                kind=kind,
            )
            rows = pd.DataFrame(list(counted), columns=["edition_id", "unit_id", "look", "n"])
            frame = pd.concat([self._counted(rows), own])
        return frame.groupby(list(keys))[COUNTS].sum()

    def member_ids(self, frame: pd.DataFrame, offset: int, limit: int) -> list[int]:
        """Some obligations of a table, the earliest date first: only groups that reach into the page are opened."""
        keys = ["due_on", "edition_id"] if self.unit_ids is None else ["due_on"]
        in_order = frame.groupby(keys)["n"].sum()
        until = in_order.cumsum()
        before = until - in_order
        reached = before[(until > offset) & (before < offset + limit)]
        if reached.empty:
            return []
        some = frame.set_index(keys, drop=False).loc[reached.index]
        return self.ledger.member_ids(
            _groups(some[some["obligation_id"] == 0]),
            [key for key in some["obligation_id"].tolist() if key],
            without_quotas=self._quotas,
            offset=offset - int(reached.iloc[0]),
            limit=limit,
        )

    def turned_red(self, frame: pd.DataFrame, sight: VisibleUnits) -> tuple[TurnedRed, ...]:
        """The oldest of what turned red since the day before."""
        ids = self.member_ids(frame[frame["turned_red"] > 0], 0, LISTED)
        listed = listed_by_id(self.bureau, self.connection, ids, sight, self.today)
        found = (
            TurnedRed(
                obligation_id=one.id,
                campaign=one.campaign_name,
                year=one.year,
                milestone=one.milestone,
                label=one.label,
                unit=one.unit,
                subject=one.subject,
                due_on=one.due_on,
                word=one.standing.word,
                why=one.standing.why,
            )
            for one in listed
        )
        return tuple(sorted(found, key=lambda one: (one.due_on, one.year, one.campaign, one.obligation_id)))

    def _counted(self, rows: pd.DataFrame) -> pd.DataFrame:
        counts = pd.DataFrame(self._counts, columns=COUNTS, dtype="int64")
        look, number = rows["look"].astype("int64"), rows["n"].astype("int64")
        rows[COUNTS] = counts.take(look.to_numpy()).to_numpy() * number.to_numpy()[:, None]
        return rows

    def _look(self, group: FactGroup, quota: Quota | None) -> int:
        pace = quota and Pace(target=quota.target, reported=quota.reported, starts_on=quota.starts_on)
        # Edition, unit and ladder change no light, the day of signing off only the trend.
        key = (group.state, *group[4:9], pace)
        if key not in self._looks:
            counts, fault = self._judge(group, pace)
            self._looks[key] = len(self._counts)
            self._counts.append(counts)
            self._faults.append(fault)
        return self._looks[key]

    def _judge(self, group: FactGroup, pace: Pace | None) -> tuple[list[int], str | None]:
        """What one obligation with these facts adds to COUNTS."""
        facts = Facts(
            state=State(group.state),
            due_on=group.due_on,
            # Whether it came in time is all that a light asks of the day.
            submitted_on=group.due_on + timedelta(days=1) if group.beyond else None,
            pace=pace,
        )
        light, fault = self._light(facts, self.today)
        red = light is Light.RED
        turned_red = red and (
            group.is_new or self._light(facts, self.today - timedelta(days=1))[0] is not light
        )
        tally = rate_tally(facts, self.today, late=bool(group.was_late), returned=bool(group.was_returned))
        counts = [
            *(int(one is light) for one in Light),
            *(getattr(tally, name) for name in _TALLIES),
            int(turned_red),
        ]
        return counts, fault

    def _light(self, facts: Facts, on: date) -> tuple[Light, str | None]:
        try:
            return standing_of(facts, on, self.bureau.workdays, self._limits).light, None
        except YearUnknown as error:
            # What cannot be decided is shown as grey, with the reason beside the campaign.
            return Light.GREY, str(error)

    def _is_provisional(self, group: FactGroup, look: int) -> bool:
        if not self._counts[look][_OWED]:
            return False
        key, workdays = (group.edition_id, group.due_on), self.bureau.workdays
        if key not in self._provisional:
            # A date that an extension gave belongs to no point: what it rests on is asked of the calendar.
            try:
                last = workdays.on_or_before(group.due_on)
                self._provisional[key] = workdays.is_provisional(last, group.due_on)
            except YearUnknown:
                self._provisional[key] = True
        return self._provisional[key]


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
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = board_editions(connection, year=year, campaign=campaign)
        lit = LitGroups(bureau, connection, today, _seen_units(sight, unit_ids))
        frame = lit.read(tuple(editions))
        turned_red = lit.turned_red(frame, sight)
        every = lit.by_unit(frame, "edition_id", "unit_id").reset_index() if cells else frame[:0]
        shown = _page_of_worst(every, cells, page)
        names = unit_names(connection, shown["unit_id"].unique().tolist())
    units = _worst_lights(every)
    apart: dict[int, list[Cell]] = {}
    for edition_id, unit_id, *counts in shown[["edition_id", "unit_id", *COUNTS]].itertuples(index=False):
        cell = Cell(unit_id=unit_id, unit=names[unit_id], **_sum(counts))
        apart.setdefault(edition_id, []).append(cell)
    lines = [
        BoardLine(
            **line,
            cells=tuple(apart.get(key, ())),
            units=units.get(key, dict.fromkeys(Light, 0)),
        )
        for key, line in _lines(editions, frame)
    ]
    return Board(
        as_of_on=today,
        provisional=any(line.provisional for line in lines),
        campaigns=tuple(sorted(lines, key=lambda one: (*one.worst_first, -one.year, one.campaign))),
        turned_red=turned_red,
        turned_red_total=int(frame["turned_red"].sum()),
        **_sum(frame[COUNTS].sum()),
    )


def read_overview(
    bureau: Bureau, *, by: Actor, today: date, year: int | None = None, page: int = 1
) -> Overview:
    """How a year stands on a day, from the ledger as it is now: the newest published year up to the day's, unless
    another is asked for. `page` is of the units, from 1.
    """
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = board_editions(connection)
        years, chosen = _years(editions, today, year)
        here = {key: one for key, one in editions.items() if one.year == chosen}
        before = {key: one for key, one in editions.items() if one.year < chosen}
        lit = LitGroups(bureau, connection, today, _seen_units(sight, ()))
        frame, left = lit.read(tuple(here)), lit.read(tuple(before), states=LEFT_STATES)
        span = _span(tuple(here), frame, today)
        unit_total, names = _units_of_page(lit, frame, span, sight, page)
        own = _of_units(lit, frame, span, list(names))
        turned_red = lit.turned_red(pd.concat([frame, left]), sight)
    whole = frame[COUNTS].sum()
    by_cell = own.groupby(["edition_id", "unit_id"])[COUNTS].sum()
    by_unit = own.groupby("unit_id")[COUNTS].sum().reindex(list(names), fill_value=0)
    by_edition = own.groupby("edition_id")[COUNTS].sum()
    rest = frame.groupby("edition_id")[COUNTS].sum().sub(by_edition, fill_value=0)
    cells = {
        key: LightSum(**_sum(counts)) for key, counts in zip(by_cell.index, by_cell.to_numpy(), strict=True)
    }
    rows = [
        OverviewRow(
            **line,
            cells=tuple(cells.get((key, unit_id)) for unit_id in names),
            rest=_rest(rest.loc[key]) if key in rest.index else None,
        )
        for key, line in _lines(here, frame)
    ]
    return Overview(
        as_of_on=today,
        year=chosen,
        years=years,
        provisional=bool(frame["provisional"].any()),
        rows=tuple(sorted(rows, key=lambda one: (*one.worst_first, one.campaign))),
        units=tuple(
            Cell(unit_id=unit_id, unit=name, **_sum(counts))
            for (unit_id, name), counts in zip(names.items(), by_unit.to_numpy(), strict=True)
        ),
        rest=_rest(whole - by_unit.sum()),
        unit_total=unit_total,
        page=page,
        turned_red=turned_red,
        turned_red_total=int(whole["turned_red"] + left["turned_red"].sum()),
        left=_left(before, left),
        trend=weekly_trend(frame, first=date(chosen, 1, 1), last=_last_day(chosen, today)),
        **_sum(whole),
    )


def read_ranking(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    year: int | None = None,
    edition_id: int | None = None,
    kind: str | None = None,
    measure: str = COMPARED[0],
    subjects: bool = False,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Ranking:
    """Units compared with units of their kind, over a whole year or within one campaign, by outcomes alone: what share
    of what was due was done in time. How often anyone signs in counts nowhere.
    """
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = board_editions(connection)
        years, chosen = _years(editions, today, year)
        here = {key: one for key, one in editions.items() if one.year == chosen}
        if edition_id is not None and edition_id not in here:
            raise NotFound("这一年没有这项行动，请重新选择。")
        ids = tuple(here) if edition_id is None else (edition_id,)
        by_subject = bool(editions_by_subject(connection, ids))
        lit = LitGroups(
            bureau,
            connection,
            today,
            _seen_units(sight, ()),
            subjects=subjects if by_subject else None,
        )
        frame = lit.read(ids, paced=False)
        span = _span(ids, frame, today)
        kinds = tuple(
            Kind(key=key, name=UNIT_KINDS.get(key, "其他单位"), units=number)
            for key, number in owing_kinds(connection, span, sight).items()
        )
        compared = next((one for one in kinds if one.key == (kind or FIRST_KIND)), None)
        if compared is None and kind is not None:
            raise NotFound("没有这一类单位，请重新选择。")
        compared = compared or next(iter(kinds), None)
        units = lit.by_unit(frame[frame["due"] > 0], "unit_id", kind=compared.key if compared else None)
        if lit.unit_ids and compared:
            units = units[units.index.isin(owing_unit_ids(connection, span, sight, kind=compared.key))]
        shares = _share(units, measure)
        places = dict(zip(shares.index.tolist(), places_of(shares.tolist()), strict=True))
        in_order = shares.sort_values(ascending=False, kind="stable").index.tolist()
        shown = in_order[(page - 1) * page_size : page * page_size]
        owing = owing_unit_ids(connection, span, sight, kind=compared.key) if compared else []
        unranked = [key for key in owing if key not in places]
        names = unit_names(connection, [*shown, *unranked[:NAMED]])
    return Ranking(
        as_of_on=today,
        year=chosen,
        years=years,
        campaign=here[edition_id].name if edition_id else None,
        edition_id=edition_id,
        editions=tuple(here.values()),
        kind=compared,
        kinds=kinds,
        measure=measure,
        ranked=tuple(
            Ranked(
                place=places[unit_id],
                unit_id=unit_id,
                unit=names[unit_id],
                rates=tuple(one for one in LightSum(**_sum(units.loc[unit_id])).rates if one.key in COMPARED),
            )
            for unit_id in shown
        ),
        unranked=tuple(names[key] for key in unranked[:NAMED]),
        unranked_total=len(unranked),
        alike=bool(places) and not any(places.values()),
        by_subject=by_subject,
        subjects=by_subject and subjects,
        page=page,
        pages=max(-(-len(units) // page_size), 1),
    )


def drill_down(
    bureau: Bureau,
    cell: CellFilter,
    *,
    by: Actor,
    today: date,
    light: Light | None = None,
    figure: str | None = None,
    page: int = 1,
) -> CellPage:
    """The obligations under one light, or behind one figure of duban.figures.measures.COUNTED, the earliest date first."""
    sight, offset = visible_units(by), (page - 1) * PAGE_SIZE
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        campaign, unit = cell_names(connection, cell)
        if (cell.edition_id and campaign is None) or (
            cell.unit_id and (unit is None or not sight.sees(cell.unit_id))
        ):
            raise NotFound("没有这项行动或这个单位，请从总览里打开。")
        editions = board_editions(connection, year=cell.year)
        ids = tuple(key for key in editions if cell.edition_id in (None, key))
        unit_ids = _seen_units(sight, () if cell.unit_id is None else (cell.unit_id,))
        lit = LitGroups(bureau, connection, today, unit_ids, subjects=cell.subjects)
        frame = lit.read(ids)
        if figure is not None:
            frame = frame[COUNTED[figure].of(frame) > 0]
        elif light is not None:
            frame = frame[frame[light.value] > 0]
        found = lit.member_ids(frame, offset, PAGE_SIZE + 1)
        rows = listed_by_id(bureau, connection, found[:PAGE_SIZE], sight, today)
    return CellPage(
        campaign=campaign,
        unit=unit,
        obligations=rows,
        page=page,
        more=len(found) > PAGE_SIZE,
    )


def weekly_trend(frame: pd.DataFrame, *, first: date, last: date) -> tuple[TrendPoint, ...]:
    """A point for each Sunday from the first day on, and one for the last day.

    What counts is due by then and signed off by then. What was signed off after `last` counts at `last`: facts are
    as they stand now, so that the line ends at the rate that is printed beside it.
    """
    due = frame[(frame["due"] > 0) & (frame["due_on"] <= last)]
    due_on, until = pd.to_datetime(due["due_on"]), pd.Timestamp(last)
    done_on = (
        pd.to_datetime(due["finished_on"])
        .fillna(due_on)
        .where(lambda day: day < until, until)
        .clip(lower=due_on)
    )
    news = pd.concat([due[["due"]].set_index(due_on), due[["done_due", "done_in_time"]].set_index(done_on)])
    ends = pd.date_range(first, until - timedelta(days=1), freq="W-SUN").append(pd.DatetimeIndex([until]))
    sums = news.groupby(level=0).sum().cumsum().reindex(ends, method="ffill").fillna(0).astype(int)
    return tuple(
        TrendPoint(on=on.date(), due=due, done=done, in_time=in_time)
        for on, due, done, in_time in sums.itertuples(name=None)
    )


def _seen_units(sight: VisibleUnits, unit_ids: Sequence[int]) -> tuple[int, ...] | None:
    """The units to look at; None is all. Whoever may see none of them gets unit 0, which nobody is."""
    if sight.everything:
        return tuple(unit_ids) or None
    return tuple(sorted(sight.unit_ids.intersection(unit_ids) if unit_ids else sight.unit_ids)) or (0,)


def _years(
    editions: Mapping[int, BoardEdition], today: date, asked: int | None
) -> tuple[tuple[int, ...], int]:
    """The years that have editions, the newest first, and which of them is shown."""
    years = tuple(sorted({one.year for one in editions.values()}, reverse=True))
    return years, asked or next((one for one in years if one <= today.year), today.year)


def _span(edition_ids: tuple[int, ...], frame: pd.DataFrame, today: date) -> DueSpan:
    """The dates between which the year's obligations lie; extensions may have moved some past its points."""
    days = frame["due_on"].tolist() or [today]
    return DueSpan(edition_ids=edition_ids, first=min(days), last=max(days))


def _last_day(year: int, today: date) -> date:
    """Of a year that is over its last day; of one to come its first."""
    return min(max(today, date(year, 1, 1)), date(year, 12, 31))


def _groups(frame: pd.DataFrame) -> Iterator[FactGroup]:
    return (FactGroup(*facts) for facts in frame[_FACTS].itertuples(index=False, name=None))


def _sum(counts: Iterable[int]) -> dict[str, Any]:
    """A row of COUNTS as the fields of a LightSum."""
    named = dict(zip(COUNTS, map(int, counts), strict=True))
    return {
        "lights": {light: named[light.value] for light in Light},
        "tally": RateTally(**{name: named[name] for name in _TALLIES}),
    }


def _rest(counts: Any) -> LightSum | None:
    left = LightSum(**_sum(counts))
    return left if left.obligations else None


def _lines(editions: Mapping[int, BoardEdition], frame: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """By edition, the fields of a CampaignLine."""
    counts = frame.groupby("edition_id")[COUNTS].sum().reindex(list(editions), fill_value=0)
    provisional = set(frame["edition_id"][frame["provisional"].astype(bool)])
    faulty = frame[frame["fault"].notna()]
    faults = dict(zip(faulty["edition_id"], faulty["fault"], strict=True))
    for (key, one), numbers in zip(editions.items(), counts.to_numpy(), strict=True):
        named = {name: getattr(one, name) for name in ("campaign", "name", "year", "kind")}
        marks = {"provisional": key in provisional, "fault": faults.get(key)}
        yield key, {"edition_id": key, **named, **marks, **_sum(numbers)}


def _left(editions: Mapping[int, BoardEdition], left: pd.DataFrame) -> tuple[CampaignLine, ...]:
    found = [CampaignLine(**line) for _, line in _lines(editions, left)]
    return tuple(
        sorted(
            (one for one in found if one.obligations),
            key=lambda one: (one.worst_first[0], -one.year, one.edition_id),
        )
    )


def _page_of_worst(every: pd.DataFrame, size: int, page: int) -> pd.DataFrame:
    """Of each edition the units of the page, the worst first."""
    keys = ["edition_id", Light.RED.value, Light.YELLOW.value, Light.GREEN.value, "unit_id"]
    ranked = every.sort_values(keys, ascending=[True, False, False, False, True])
    place = ranked.groupby("edition_id").cumcount()
    return ranked[(place >= (page - 1) * size) & (place < page * size)]


def _worst_lights(every: pd.DataFrame) -> dict[int, dict[Light, int]]:
    """By edition, of how many units each light is the worst."""
    worst_of = every[[light.value for light in WORST_FIRST]].gt(0).idxmax(axis="columns")
    numbers = every.groupby(["edition_id", worst_of]).size()
    found: dict[int, dict[Light, int]] = {}
    for edition_id, light, number in numbers.reset_index().itertuples(index=False, name=None):
        found.setdefault(edition_id, dict.fromkeys(Light, 0))[Light(light)] = int(number)
    return found


def _units_of_page(
    lit: LitGroups, frame: pd.DataFrame, span: DueSpan, sight: VisibleUnits, page: int
) -> tuple[int, dict[int, str]]:
    """How many units owe anything, and the names of the page's: district bureaus in the order they were entered, then
    whoever has the most red, then the others.
    """
    total = sum(owing_kinds(lit.connection, span, sight).values())
    ranked = owing_unit_ids(lit.connection, span, sight, kind=FIRST_KIND, limit=UNIT_PAGE)
    reds = lit.by_unit(frame[frame["red"] > 0], "unit_id")["red"].sort_values(ascending=False, kind="stable")
    ranked = list(dict.fromkeys([*ranked, *reds.index.tolist()]))
    start = (page - 1) * UNIT_PAGE
    if len(ranked) < min(start + UNIT_PAGE, total):
        ranked = list(dict.fromkeys([*ranked, *owing_unit_ids(lit.connection, span, sight)]))
    wanted = ranked[start : start + UNIT_PAGE]
    names = unit_names(lit.connection, wanted)
    return total, {key: names[key] for key in wanted}


def _of_units(lit: LitGroups, frame: pd.DataFrame, span: DueSpan, unit_ids: list[int]) -> pd.DataFrame:
    """The table of a few units, each apart."""
    if lit.unit_ids is not None or not unit_ids:
        return frame[frame["unit_id"].isin(unit_ids)]
    return lit.of_units(unit_ids).read(span.edition_ids, span=span)


def _share(units: pd.DataFrame, measure: str) -> pd.Series[float]:
    asked = MEASURES[measure]
    return COUNTED[asked.part].of(units) / COUNTED[asked.whole].of(units)


def write_board(path: Path, board: Overview) -> int:
    """Returns the number of campaigns."""
    columns = [
        ("专项行动", 28),
        ("年度", 8),
        ("灯", 8),
        *((LIGHT_WORDS[light], 8) for light in WORST_FIRST),
        *((rate.name, 14) for rate in board.rates),
        *((unit.unit, 16) for unit in board.units),
        *([(f"其他{board.rest_total}个单位", 16)] if board.rest else []),
        ("说明", 40),
    ]

    def row(
        name: str, year: int, whole: LightSum, cells: Sequence[LightSum | None], remark: str
    ) -> list[object]:
        lights = [whole.lights[light] for light in WORST_FIRST]
        rates = [rate.exact for rate in whole.rates]
        return [name, year, LIGHT_WORDS[whole.light], *lights, *rates, *map(_lights_words, cells), remark]

    rest = [board.rest] if board.rest else []
    lines = [
        row(one.name, one.year, one, [*one.cells, *([one.rest] if rest else [])], _remark(one))
        for one in board.rows
    ]
    lines.append(row("合计", board.year, board, [*board.units, *rest], ""))
    notes = [
        f"截至{board.as_of_on:%Y-%m-%d}，{board.year}年度；灯按现有事实和日历算出。",
        *(f"{rate.name}＝{rate.definition}。" for rate in board.rates),
        "分母为零写“—”。",
        f"不计入的：{left_out_words(board.tally) or '无'}。",
        *(f"往年未办结：{one.name}{one.year}，{_lights_words(one)}。" for one in board.left),
    ]
    return write_sheet(path, f"灯表{board.as_of_on:%Y-%m-%d}", columns, lines, notes=notes)


def _remark(one: CampaignLine) -> str:
    provisional = "所涉年份放假安排未公布，日期为暂定" if one.provisional else ""
    return "；".join(text for text in (provisional, one.fault or "") if text)


def _lights_words(one: LightSum | None) -> str:
    """红灯2、黄灯1; what has no obligation stays empty."""
    lights = one.lights if one else {}
    return "、".join(f"{LIGHT_WORDS[light]}{lights[light]}" for light in WORST_FIRST if lights.get(light))


def write_ranking(path: Path, ranking: Ranking) -> int:
    """Returns the number of units."""
    rates = ranking.ranked[0].rates if ranking.ranked else ()
    columns = [("名次", 8), ("单位", 30)]
    for rate in rates:
        columns += [(rate.name, 12), (f"{rate.name}：分子", 16), (f"{rate.name}：分母", 16)]
    rows = (
        [
            one.place or "—",
            one.unit,
            *(value for rate in one.rates for value in (rate.shown, rate.part, rate.whole)),
        ]
        for one in ranking.ranked
    )
    of = ranking.campaign or "全部专项行动"
    kind = ranking.kind.name if ranking.kind else "无"
    notes = [
        f"截至{ranking.as_of_on:%Y-%m-%d}，{ranking.year}年度，{of}，{kind}{'，名册对象' if ranking.subjects else ''}。",
        "同类单位相互比较，只比结果；并列的名次相同，其后名次顺延。没有到期任务的单位不参加比较。",
        *ranking.words,
        *(f"{rate.name}＝{rate.definition}。" for rate in rates),
    ]
    return write_sheet(path, f"比较{ranking.as_of_on:%Y-%m-%d}", columns, rows, notes=notes)
