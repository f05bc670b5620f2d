"""Which units stand as columns on the leader's page: the district bureaus first, then the worst, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from office.actions.board_sums import Sum
from office.actions.overview_sums import Judge, Judged, summed
from office.store import board as stored
from office.store.engine import Connection
from office.store.overview_units import (
    Span,
    UnitHead,
    first_units,
    heads,
    of_units,
    owing,
    owing_ids,
    units_by,
)
from rules.sight import Sight
from rules.standing import Light

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
    connection: Connection, span: Span, sight: Sight, judged: Sequence[Judged], *, page: int
) -> ChosenUnits:
    """District bureaus in the order they were entered, then whoever has the most red, then the others."""
    total = owing(connection, span, sight)
    first = [one.id for one in first_units(connection, span, sight, kind=FIRST_KIND, limit=UNIT_PAGE)]
    reds = red_by_unit(connection, sight, judged)
    ranked = [*first, *_worst_first(reds, without=frozenset(first))]
    start = (page - 1) * UNIT_PAGE
    if len(ranked) < min(start + UNIT_PAGE, total):
        known = frozenset(ranked)
        ranked += [key for key in owing_ids(connection, span, sight) if key not in known]
    wanted = ranked[start : start + UNIT_PAGE]
    named = heads(connection, wanted)
    return ChosenUnits(units=tuple(named[key] for key in wanted), total=total)


def _worst_first(reds: Mapping[int, int], *, without: frozenset[int]) -> list[int]:
    return sorted((key for key in reds if key not in without), key=lambda key: (-reds[key], key))


def red_by_unit(connection: Connection, sight: Sight, judged: Sequence[Judged]) -> dict[int, int]:
    """How many red ones each unit has: counted by the database over the groups that were judged red."""
    red = [one for one in judged if one.seen.light is Light.RED]
    only = None if sight.everything else sorted(sight.unit_ids)
    plain = [one.fact for one in red if one.own is None]
    quotas = any(one.own for one in judged)
    reds = Counter(units_by(connection, plain, quotas=quotas, only=only) if plain else {})
    reds.update(one.own.unit_id for one in red if one.own)
    return dict(reds)


def cells(
    connection: Connection, judge: Judge, span: Span, units: Sequence[UnitHead]
) -> dict[int, dict[int, Sum]]:
    """By unit and edition, how the units of the page stand."""
    ids, yesterday = [one.id for one in units], judge.seer.yesterday
    facts = of_units(connection, span, ids, yesterday=yesterday) if ids else []
    quotas = list(
        stored.paced(connection, span.edition_ids, yesterday=yesterday, unit_ids=ids) if ids else ()
    )
    found: dict[int, dict[int, Sum]] = {}
    for key in ids:
        own = judge.all(
            [fact for at, fact in facts if at == key], [one for one in quotas if one.unit_id == key]
        )
        found[key] = by_edition(own)
    return found


def by_edition(judged: Sequence[Judged]) -> dict[int, Sum]:
    """Sums of each edition."""
    apart: dict[int, list[Judged]] = {}
    for one in judged:
        apart.setdefault(one.fact.edition_id, []).append(one)
    return {key: summed(some) for key, some in apart.items()}


def span_of(edition_ids: Sequence[int], judged: Sequence[Judged], today: date) -> Span:
    """The dates between which the year's obligations lie; extensions may have moved some past its points."""
    days = [one.fact.due_on for one in judged] or [today]
    return Span(edition_ids=tuple(edition_ids), first=min(days), last=max(days))
