"""The next ninety days of messages, before and after a change of an edition. Nothing of it stays in the ledger.

Counted on groups of obligations by the same rules as the rounds, on the assumption that nobody hands in meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from office import clock
from office.actions.apply_edition import Applied, Applying, apply_inside
from office.actions.draft_texts import draft_or_refuse, read_text, sound, unit_book
from office.actions.foresee import DAYS, foresee, window_from
from office.actions.office import Office
from office.errors import Refused
from office.store import planning, units
from office.store.dry_run import take_back
from office.store.editions import find_edition
from rules.campaign import Edition
from rules.keeping import keeping_refusals
from rules.people import Actor
from rules.planned import (
    Ahead,
    Count,
    Difference,
    Matter,
    RungShift,
    Window,
    differences,
    message_days,
    messages,
    per_day,
    per_unit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMessages:
    """How many units get a message on a day; on a day off it leaves with the next workday."""

    on: date
    workday: bool
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMessages:
    """How many messages a unit gets in the window."""

    unit: str
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDifference:
    """What these units are no longer told on a day, and what they are told instead."""

    on: date
    units: tuple[str, ...]
    gone: tuple[Matter, ...]
    come: tuple[Matter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRehearsed:
    """`applied` is what the change would do; None when only what is planned anyway was asked for."""

    window: Window
    total: Count
    days: tuple[DayMessages, ...]
    units: tuple[UnitMessages, ...]
    shifts: tuple[RungShift, ...] = ()
    differences: tuple[MessageDifference, ...] = ()
    applied: Applied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The reminders of the edition that changes, before and after, and the days and units of all others."""

    window: Window
    before: tuple[Ahead, ...]
    after: tuple[Ahead, ...]
    others: frozenset[tuple[date, int]]
    shifts: tuple[RungShift, ...] = ()
    applied: Applied | None = None


def rehearse_change(
    office: Office, edition: Edition | None, *, by: Actor, now: datetime, days: int = DAYS
) -> ChangeRehearsed:
    """The change applied, looked at and taken back; without an edition only what stands."""
    if reasons := keeping_refusals(by, "演练专项行动改动"):
        raise Refused(reasons)
    if not 1 <= days <= 400:
        raise Refused(f"演练的天数要在1到400之间，{days}天不行，请改。")
    if edition is None:
        with office.store.reading() as connection:
            sides = _standing(connection, office, now, days)
            names = _names(connection, sides)
    else:
        with office.store.writing() as connection:
            sides = _changed(connection, office, edition, by, now, days)
            names = _names(connection, sides)
            take_back(connection)
    return _compared(office, sides, names)


def rehearse_draft(office: Office, draft_id: int, *, by: Actor, now: datetime) -> ChangeRehearsed:
    """The same for a draft as it was saved last. Refused with its faults."""
    with office.store.reading() as connection:
        draft = draft_or_refuse(connection, draft_id, by)
        book = unit_book(connection, office)
    edition = sound(read_text(office, book, draft.text, draft.campaign, draft.year))
    return rehearse_change(office, edition, by=by, now=now)


def _standing(connection: Any, office: Office, now: datetime, days: int) -> _Sides:
    window = window_from(connection, clock.civil(now), days)
    return _Sides(window=window, before=(), after=(), others=_others(connection, office, window))


def _changed(
    connection: Any, office: Office, edition: Edition, by: Actor, now: datetime, days: int
) -> _Sides:
    how = Applying(by=by, now=now)
    found = foresee(
        connection,
        office,
        (edition.campaign, edition.year),
        lambda: apply_inside(connection, office, edition, how),
        now=now,
        days=days,
    )
    stored = find_edition(connection, edition.campaign, edition.year)
    assert stored is not None, "it was just applied"
    return _Sides(
        window=found.window,
        before=found.before,
        after=found.after,
        others=_others(connection, office, found.window, except_id=stored.id),
        shifts=found.shifts,
        applied=found.done,
    )


def _others(
    connection: Any, office: Office, window: Window, *, except_id: int | None = None
) -> frozenset[tuple[date, int]]:
    return message_days(
        planning.told(connection, except_id=except_id),
        ladders=office.ladders,
        workdays=office.workdays,
        window=window,
    )


def _names(connection: Any, sides: _Sides) -> dict[int, str]:
    told = {one.target_id for some in (sides.before, sides.after) for one in some}
    return units.units_by_id(connection, told | {unit_id for _, unit_id in sides.others})


def _compared(office: Office, sides: _Sides, names: dict[int, str]) -> ChangeRehearsed:
    before, after = messages(sides.before) | sides.others, messages(sides.after) | sides.others
    return ChangeRehearsed(
        window=sides.window,
        total=Count(before=len(before), after=len(after)),
        days=tuple(
            DayMessages(on=on, workday=office.workdays.is_workday(on), count=count)
            for on, count in per_day(before, after).items()
        ),
        units=tuple(
            UnitMessages(unit=names[unit_id], count=count)
            for unit_id, count in per_unit(before, after).items()
        ),
        shifts=sides.shifts,
        differences=tuple(_together(differences(sides.before, sides.after), names)),
        applied=sides.applied,
    )


def _together(found: Iterable[Difference], names: dict[int, str]) -> Iterator[MessageDifference]:
    """Units for which a day changes in the same way stand in one line."""
    units_of: dict[tuple[date, tuple[Matter, ...], tuple[Matter, ...]], list[str]] = {}
    for one in found:
        units_of.setdefault((one.on, one.gone, one.come), []).append(names[one.target_id])
    for (on, gone, come), some in units_of.items():
        yield MessageDifference(on=on, units=tuple(some), gone=gone, come=come)
