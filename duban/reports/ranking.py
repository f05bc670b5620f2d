"""Units compared with units of their kind, by outcomes alone: what share of what was due was done in time.

What is not yet due, waived, suspended or extended is in no denominator; how often anyone signs in counts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.figures.measures import COUNTED, DEFINITIONS, PART_AND_WHOLE, MeasureRate
from duban.imports.sheets import write_sheet
from duban.reports.board_queries import (
    BoardEdition,
    finished_groups,
    overview_editions,
    points_by_date,
    unfinished_groups,
)
from duban.reports.overview import FIRST_KIND, ClassifiedRow, OverviewClassifier, due_span_of
from duban.reports.overview_queries import owing_kinds, unit_heads, units_by
from duban.reports.rules import rank_places, share_of
from duban.rounds.gate_queries import gate_snapshot
from duban.units.importing import UNIT_KINDS

PAGE_SIZE = 50
# By what units are compared; the first is asked when nothing is said.
MEASURES = ("in_time", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One unit of which something is due."""

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
    """A page of one kind, the best first; units of which nothing is due are not compared."""

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
    page: int
    pages: int


def read_ranking(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    year: int | None = None,
    edition_id: int | None = None,
    kind: str | None = None,
    measure: str = MEASURES[0],
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Ranking:
    """One kind of units, over a whole year or within one campaign."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        editions = overview_editions(connection)
        years = tuple(sorted({one.year for one in editions.values()}, reverse=True))
        chosen = year or next((one for one in years if one <= today.year), today.year)
        here = {key: one for key, one in editions.items() if one.year == chosen}
        ids = _ids(here, edition_id)
        judged = _judged(bureau, connection, ids, today)
        span = due_span_of(ids, judged, today)
        kinds = tuple(
            Kind(key=key, name=UNIT_KINDS.get(key, "其他单位"), units=number)
            for key, number in owing_kinds(connection, span, sight).items()
        )
        one_kind = _kind(kinds, kind)
        only = None if sight.everything else sorted(sight.unit_ids)
        counts = _counts(connection, judged, only, one_kind.key if one_kind else None)
        total, shown = _page(counts, measure, page, page_size)
        names = unit_heads(connection, [unit_id for _, unit_id in shown])
    ranked = tuple(
        Ranked(place=place, unit_id=key, unit=names[key].name, rates=_rates(counts, key))
        for place, key in shown
    )
    return Ranking(
        as_of_on=today,
        year=chosen,
        years=years,
        campaign=here[edition_id].name if edition_id else None,
        edition_id=edition_id,
        editions=tuple(here.values()),
        kind=one_kind,
        kinds=kinds,
        measure=measure,
        ranked=ranked,
        page=page,
        pages=max(-(-total // page_size), 1),
    )


_Counts = Mapping[str, Mapping[int, int]]


def _ids(here: Mapping[int, BoardEdition], edition_id: int | None) -> tuple[int, ...]:
    if edition_id is None:
        return tuple(here)
    if edition_id not in here:
        raise NotFound("这一年没有这项行动，请重新选择。")
    return (edition_id,)


def _judged(bureau: Bureau, connection: Connection, ids: tuple[int, ...], today: date) -> list[ClassifiedRow]:
    yesterday = today - timedelta(days=1)
    facts = [
        *unfinished_groups(connection, ids, yesterday=yesterday),
        *finished_groups(connection, ids),
    ]
    judge = OverviewClassifier(bureau, {}, points_by_date(connection, ids), today)
    return [judge.judge(fact) for fact in facts]


def _kind(kinds: tuple[Kind, ...], asked: str | None) -> Kind | None:
    wanted = asked or FIRST_KIND
    found = next((one for one in kinds if one.key == wanted), None)
    if found is None and asked is not None:
        raise NotFound("没有这一类单位，请重新选择。")
    return found or next(iter(kinds), None)


def _counts(
    connection: Connection, judged: list[ClassifiedRow], only: list[int] | None, kind: str | None
) -> dict[str, dict[int, int]]:
    """Of every figure that a measure needs, how many each unit has."""
    wanted = {name for key in MEASURES for name in PART_AND_WHOLE[key]}
    counts = {}
    for name in sorted(wanted):
        facts = [one.fact for one in judged if COUNTED[name].holds(one.seen.tally)]
        counts[name] = units_by(connection, facts, quotas=False, only=only, kind=kind)
    return counts


def _page(
    counts: _Counts, measure: str, page: int, page_size: int
) -> tuple[int, list[tuple[int | None, int]]]:
    """The units of a page with their places."""
    part, whole = (counts[name] for name in PART_AND_WHOLE[measure])
    keys = sorted(whole)
    shares = [share_of(part.get(key, 0), whole[key]) for key in keys]
    ranked = sorted(
        zip(rank_places(shares), keys, strict=True), key=lambda one: (one[0] or len(keys) + 1, one[1])
    )
    start = (page - 1) * page_size
    return len(keys), ranked[start : start + page_size]


def _rates(counts: _Counts, unit_id: int) -> tuple[MeasureRate, ...]:
    named = {key: (name, definition) for key, name, definition in DEFINITIONS}
    rates = []
    for key in MEASURES:
        part, whole = (counts[name].get(unit_id, 0) for name in PART_AND_WHOLE[key])
        name, definition = named[key]
        rates.append(MeasureRate(key=key, name=name, part=part, whole=whole, definition=definition))
    return tuple(rates)


def write_ranking(path: Path, ranking: Ranking) -> int:
    """Returns the number of units."""
    rates = ranking.ranked[0].rates if ranking.ranked else ()
    columns = [("名次", 8), ("单位", 30)]
    for rate in rates:
        columns += [(rate.name, 12), (f"{rate.name}：分子", 16), (f"{rate.name}：分母", 16)]
    rows = (
        [one.place, one.unit, *(value for rate in one.rates for value in (rate.shown, rate.part, rate.whole))]
        for one in ranking.ranked
    )
    of = ranking.campaign or "全部专项行动"
    kind = ranking.kind.name if ranking.kind else "无"
    notes = [
        f"截至{ranking.as_of_on:%Y-%m-%d}，{ranking.year}年度，{of}，{kind}。",
        "同类单位相互比较，只比结果；并列的名次相同，其后名次顺延。没有到期任务的单位不参加比较。",
        *(f"{rate.name}＝{rate.definition}。" for rate in rates),
    ]
    return write_sheet(path, f"比较{ranking.as_of_on:%Y-%m-%d}", columns, rows, notes=notes)
