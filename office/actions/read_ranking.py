"""Units compared with units of their kind, by outcomes alone: what share of what was due was done in time.

What is not yet due, waived, suspended or extended is in no denominator; how often anyone signs in counts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.office import Office
from office.actions.overview_sums import Judge, Judged
from office.actions.overview_units import FIRST_KIND, span_of
from office.actions.unit_rows import UNIT_KINDS
from office.errors import NotFound
from office.store import gates, overview
from office.store import overview_units as units
from office.store.board import BoardEdition
from office.store.engine import Connection
from rules.measures import COUNTED, DEFINITIONS, PART_AND_WHOLE, Rate
from rules.people import Actor
from rules.ranking import places, share
from rules.sight import sight_of

PAGE_SIZE = 50
# By what units are compared; the first is asked when nothing is said.
MEASURES = ("in_time", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One unit of which something is due."""

    place: int | None
    unit_id: int
    unit: str
    rates: tuple[Rate, ...]


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
    office: Office,
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
    sight = sight_of(by)
    with office.store.reading() as connection:
        gates.snapshot(connection)
        editions = overview.editions(connection)
        years = tuple(sorted({one.year for one in editions.values()}, reverse=True))
        chosen = year or next((one for one in years if one <= today.year), today.year)
        here = {key: one for key, one in editions.items() if one.year == chosen}
        ids = _ids(here, edition_id)
        judged = _judged(office, connection, ids, today)
        span = span_of(ids, judged, today)
        kinds = tuple(
            Kind(key=key, name=UNIT_KINDS.get(key, "其他单位"), units=number)
            for key, number in units.owing_kinds(connection, span, sight).items()
        )
        one_kind = _kind(kinds, kind)
        only = None if sight.everything else sorted(sight.unit_ids)
        counts = _counts(connection, judged, only, one_kind.key if one_kind else None)
        total, shown = _page(counts, measure, page, page_size)
        names = units.heads(connection, [unit_id for _, unit_id in shown])
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


def _judged(office: Office, connection: Connection, ids: tuple[int, ...], today: date) -> list[Judged]:
    yesterday = today - timedelta(days=1)
    facts = [
        *overview.unfinished(connection, ids, yesterday=yesterday),
        *overview.finished(connection, ids),
    ]
    judge = Judge(office, {}, overview.points_by_date(connection, ids), today)
    return [judge.judge(fact) for fact in facts]


def _kind(kinds: tuple[Kind, ...], asked: str | None) -> Kind | None:
    wanted = asked or FIRST_KIND
    found = next((one for one in kinds if one.key == wanted), None)
    if found is None and asked is not None:
        raise NotFound("没有这一类单位，请重新选择。")
    return found or next(iter(kinds), None)


def _counts(
    connection: Connection, judged: list[Judged], only: list[int] | None, kind: str | None
) -> dict[str, dict[int, int]]:
    """Of every figure that a measure needs, how many each unit has."""
    wanted = {name for key in MEASURES for name in PART_AND_WHOLE[key]}
    counts = {}
    for name in sorted(wanted):
        facts = [one.fact for one in judged if COUNTED[name].holds(one.seen.tally)]
        counts[name] = units.units_by(connection, facts, quotas=False, only=only, kind=kind)
    return counts


def _page(
    counts: _Counts, measure: str, page: int, page_size: int
) -> tuple[int, list[tuple[int | None, int]]]:
    """The units of a page with their places."""
    part, whole = (counts[name] for name in PART_AND_WHOLE[measure])
    keys = sorted(whole)
    shares = [share(part.get(key, 0), whole[key]) for key in keys]
    ranked = sorted(zip(places(shares), keys, strict=True), key=lambda one: (one[0] or len(keys) + 1, one[1]))
    start = (page - 1) * page_size
    return len(keys), ranked[start : start + page_size]


def _rates(counts: _Counts, unit_id: int) -> tuple[Rate, ...]:
    named = {key: (name, definition) for key, name, definition in DEFINITIONS}
    rates = []
    for key in MEASURES:
        part, whole = (counts[name].get(unit_id, 0) for name in PART_AND_WHOLE[key])
        name, definition = named[key]
        rates.append(Rate(key=key, name=name, part=part, whole=whole, definition=definition))
    return tuple(rates)
