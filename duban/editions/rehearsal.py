"""The next ninety days of messages, before and after a change of an edition. Nothing of it stays in the ledger.

Counted on groups of obligations by the same rules as the rounds, on the assumption that nobody hands in meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from calendars.model import Edition
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import rollback_dry_run
from duban.core.errors import Refused
from duban.editions.apply import Applied, Applying, apply_inside
from duban.editions.drafts import draft_or_refuse, edition_of_text, read_text, unit_book
from duban.editions.forecast import DAYS, forecast_impact, window_from
from duban.editions.forecast_rules import (
    ForecastMatter,
    ForecastWindow,
    MessageCount,
    MessageDifferenceOnDay,
    RungShift,
    UpcomingReminder,
    count_messages,
    message_days,
    message_differences,
    per_day,
    per_unit,
)
from duban.editions.planning_queries import told_so_far
from duban.editions.queries import find_edition
from duban.units.queries import units_by_id
from duban.units.rules import keeping_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMessages:
    """How many units get a message on a day; on a day off it leaves with the next workday."""

    on: date
    workday: bool
    count: MessageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMessages:
    """How many messages a unit gets in the window."""

    unit: str
    count: MessageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDifference:
    """What these units are no longer told on a day, and what they are told instead."""

    on: date
    units: tuple[str, ...]
    gone: tuple[ForecastMatter, ...]
    come: tuple[ForecastMatter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRehearsed:
    """`applied` is what the change would do; None when only what is planned anyway was asked for."""

    window: ForecastWindow
    total: MessageCount
    days: tuple[DayMessages, ...]
    units: tuple[UnitMessages, ...]
    shifts: tuple[RungShift, ...] = ()
    differences: tuple[MessageDifference, ...] = ()
    applied: Applied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The reminders of the edition that changes, before and after, and the days and units of all others."""

    window: ForecastWindow
    before: tuple[UpcomingReminder, ...]
    after: tuple[UpcomingReminder, ...]
    others: frozenset[tuple[date, int]]
    shifts: tuple[RungShift, ...] = ()
    applied: Applied | None = None


def rehearse_change(
    bureau: Bureau, edition: Edition | None, *, by: Actor, now: datetime, days: int = DAYS
) -> ChangeRehearsed:
    """The change applied, looked at and taken back; without an edition only what stands."""
    if reasons := keeping_refusals(by, "演练专项行动改动"):
        raise Refused(reasons)
    if not 1 <= days <= 400:
        raise Refused(f"演练的天数要在1到400之间，{days}天不行，请改。")
    if edition is None:
        with bureau.store.reading() as connection:
            sides = _standing(connection, bureau, now, days)
            names = _names(connection, sides)
    else:
        with bureau.store.writing() as connection:
            sides = _changed(connection, bureau, edition, by, now, days)
            names = _names(connection, sides)
            rollback_dry_run(connection)
    return _compared(bureau, sides, names)


def rehearse_draft(bureau: Bureau, draft_id: int, *, by: Actor, now: datetime) -> ChangeRehearsed:
    """The same for a draft as it was saved last. Refused with its faults."""
    with bureau.store.reading() as connection:
        draft = draft_or_refuse(connection, draft_id, by)
        book = unit_book(connection, bureau)
    edition = edition_of_text(read_text(bureau, book, draft.text, draft.campaign, draft.year))
    return rehearse_change(bureau, edition, by=by, now=now)


def _standing(connection: Any, bureau: Bureau, now: datetime, days: int) -> _Sides:
    window = window_from(connection, clock.civil(now), days)
    return _Sides(window=window, before=(), after=(), others=_others(connection, bureau, window))


def _changed(
    connection: Any, bureau: Bureau, edition: Edition, by: Actor, now: datetime, days: int
) -> _Sides:
    how = Applying(by=by, now=now)
    found = forecast_impact(
        connection,
        bureau,
        (edition.campaign, edition.year),
        lambda: apply_inside(connection, bureau, edition, how),
        now=now,
        days=days,
    )
    stored = find_edition(connection, edition.campaign, edition.year)
    assert stored is not None, "it was just applied"
    return _Sides(
        window=found.window,
        before=found.before,
        after=found.after,
        others=_others(connection, bureau, found.window, except_id=stored.id),
        shifts=found.shifts,
        applied=found.done,
    )


def _others(
    connection: Any, bureau: Bureau, window: ForecastWindow, *, except_id: int | None = None
) -> frozenset[tuple[date, int]]:
    return message_days(
        told_so_far(connection, except_id=except_id),
        ladders=bureau.ladders,
        workdays=bureau.workdays,
        window=window,
    )


def _names(connection: Any, sides: _Sides) -> dict[int, str]:
    told = {one.target_id for some in (sides.before, sides.after) for one in some}
    return units_by_id(connection, told | {unit_id for _, unit_id in sides.others})


def _compared(bureau: Bureau, sides: _Sides, names: dict[int, str]) -> ChangeRehearsed:
    before, after = count_messages(sides.before) | sides.others, count_messages(sides.after) | sides.others
    return ChangeRehearsed(
        window=sides.window,
        total=MessageCount(before=len(before), after=len(after)),
        days=tuple(
            DayMessages(on=on, workday=bureau.workdays.is_workday(on), count=count)
            for on, count in per_day(before, after).items()
        ),
        units=tuple(
            UnitMessages(unit=names[unit_id], count=count)
            for unit_id, count in per_unit(before, after).items()
        ),
        shifts=sides.shifts,
        differences=tuple(_together(message_differences(sides.before, sides.after), names)),
        applied=sides.applied,
    )


def _together(found: Iterable[MessageDifferenceOnDay], names: dict[int, str]) -> Iterator[MessageDifference]:
    """Units for which a day changes in the same way stand in one line."""
    units_of: dict[tuple[date, tuple[ForecastMatter, ...], tuple[ForecastMatter, ...]], list[str]] = {}
    for one in found:
        units_of.setdefault((one.on, one.gone, one.come), []).append(names[one.target_id])
    for (on, gone, come), some in units_of.items():
        yield MessageDifference(on=on, units=tuple(some), gone=gone, come=come)
