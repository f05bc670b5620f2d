"""The board: how everything stands on a day, by campaign and by unit, in lights and exact rates. Writes nothing.

Lights come from rules.standing, the same function that chose the reminders, asked once per group of obligations that
share their facts; memory grows with campaigns and with the cells shown, not with obligations.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from office.actions.board_sums import Cells, Seer, Sum, worst_of
from office.actions.office import Office
from office.store import board as stored
from office.store import gates
from office.store.board import BoardEdition, Group, Shown
from office.store.engine import Connection
from rules.measures import Rate
from rules.people import Actor
from rules.sight import sight_of
from rules.standing import Light, Standing

# So many of what turned red are listed; all are counted.
LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One unit in one campaign: the worst light of its obligations, how many stand at each, its rates."""

    unit_id: int
    unit: str
    light: Light
    lights: Mapping[Light, int]
    rates: tuple[Rate, ...]


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
    rates: tuple[Rate, ...]
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
    rates: tuple[Rate, ...]
    provisional: bool
    campaigns: tuple[CampaignLine, ...]
    turned_red: tuple[TurnedRed, ...]
    turned_red_total: int


def read_board(
    office: Office,
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
    with office.store.reading() as connection:
        gates.snapshot(connection)
        editions = stored.published(connection, year=year, campaign=campaign)
        seer = Seer(office, stored.points(connection, list(editions)), today)
        sums = {key: Sum() for key in editions}
        unit_sums = {key: Cells(wanted=cells * page) for key in editions}
        turned: list[Group] = []
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
        names = stored.unit_names(connection, sorted({cell[0] for page_ in shown.values() for cell in page_}))
    lines = [_line(editions[key], sums[key], unit_sums[key], shown[key], names) for key in editions]
    return _board(today, sums.values(), sorted(lines, key=_worst_first), listed)


def _seen_units(by: Actor, unit_ids: Sequence[int]) -> tuple[int, ...]:
    """The units to look at; empty is all. Whoever may see none of them gets unit 0, which nobody is."""
    sight = sight_of(by)
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


def _groups(asked: _Asked, *, by_unit: bool) -> Iterator[Group]:
    """All groups, those of one unit in a campaign next to each other where units are shown."""
    wanted = {"yesterday": asked.yesterday, "unit_ids": asked.unit_ids}
    plain = stored.groups(asked.connection, asked.edition_ids, by_unit=by_unit, **wanted)  # type: ignore[arg-type]  # one dictionary for both calls
    paced = stored.paced(asked.connection, asked.edition_ids, **wanted)  # type: ignore[arg-type]  # one dictionary for both calls
    return heapq.merge(plain, paced, key=lambda group: (group.edition_id, group.unit_id if by_unit else 0))


def _remember(turned: list[Group], group: Group) -> None:
    # Every group has at least one member, so more groups than lines are never needed.
    if len(turned) < LISTED:
        turned.append(group)


def _turned_red(asked: _Asked, seer: Seer, turned: Sequence[Group]) -> tuple[TurnedRed, ...]:
    listed: list[TurnedRed] = []
    for group in turned:
        room = LISTED - len(listed)
        if not room:
            break
        seen = seer.stands(seer.facts(group), seer.today)
        assert isinstance(seen, Standing), "only what has a light turns red"
        units = (group.unit_id,) if group.unit_id else asked.unit_ids
        some = stored.members(asked.connection, group, yesterday=asked.yesterday, unit_ids=units, limit=room)
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
    total: Sum,
    cells: Cells,
    shown: Sequence[tuple[int, Sum]],
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


def _cell(unit_id: int, name: str, one: Sum) -> Cell:
    return Cell(
        unit_id=unit_id,
        unit=name,
        light=worst_of(one.lights),
        lights=one.lights,
        rates=one.tally.rates,
    )


def _board(
    today: date, sums: Iterable[Sum], lines: Sequence[CampaignLine], listed: tuple[TurnedRed, ...]
) -> Board:
    whole = Sum()
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
