"""Record a figure of a unit or of the city, under a name that the campaign's formulas use. Append-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from calendars.formulas import figure_shown, one_decimal, rate_of
from calendars.model import Edition, Quota
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, VisibleUnits, person_id
from duban.core.db import Connection
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.editions.queries import edition_or_refuse
from duban.figures.doubts import progress_in_doubt, recorded_in_doubt
from duban.figures.plausibility import doubt_refusals
from duban.figures.queries import (
    ReportedFigure,
    insert_figure,
    insert_progress,
    ledger_of,
    newest_figures,
    newest_progress,
    quota_of,
    target_of,
)
from duban.figures.rules import (
    day_refusals,
    expected_figure,
    fall_refusals,
    known_names,
    measure_refusals,
    range_refusals,
)
from duban.history.service import acting
from duban.obligations.lights import Pace, points_behind
from duban.obligations.states import Transition, transition_refusals
from duban.obligations.transitions import TransitionContext
from duban.obligations.transitions import acting as acting_on
from duban.problems.rules import LEDGER_FIGURES, ledger_figure_refusals
from duban.units.queries import answering_unit
from duban.units.rules import person_refusals, reporting_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFigure:
    """A figure as somebody reports it. `value` None says that it is not known; `unit` None is the city's own."""

    name: str
    value: Decimal | None
    unit_of_measure: str
    unit: str | None = None
    as_of_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRecorded:
    """What was recorded, under the name it is kept by."""

    name: str
    unit: str | None
    value: Decimal | None
    previous: Decimal | None
    unit_of_measure: str
    as_of_on: date


def record_figure(
    bureau: Bureau,
    campaign: str,
    year: int,
    new: NewFigure,
    *,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> FigureRecorded:
    """Add one figure. Refused with every reason: name, unit of measure, range, falling without reason, in the future."""
    today = clock.civil(now)
    on = new.as_of_on or today
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        stored = edition_or_refuse(tx.connection, campaign, year)
        unit = answering_unit(tx.connection, new.unit) if new.unit is not None else None
        unit_id, unit_name = (unit.id, unit.name) if unit else (None, None)
        kept = known_names(stored.value).get(new.name)
        newest = newest_figures(tx.connection, stored.id, VisibleUnits(everything=True))
        previous = newest.get((unit_id, kept or ""))
        doubts = recorded_in_doubt(
            tx.connection,
            bureau,
            stored.id,
            stored.value,
            unit_id,
            (kept or new.name, new.value, new.unit_of_measure),
            previous.value if previous else None,
        )
        refuse(
            *person_refusals(by, "数据"),
            *reporting_refusals(by, unit_id, unit_name or "全市"),
            *_reasons(stored.value, new, kept, previous, (on, today)),
            *doubt_refusals(doubts, new.reason),
            *(_ledger_faults(tx.connection, stored.id, unit_id, kept, new) if on == today else ()),
        )
        assert kept is not None, "a name that is not known is refused"
        detail = {
            "name": kept,
            "value": new.value,
            "unit_of_measure": new.unit_of_measure,
            "as_of_on": on,
            "reason": cleaned(new.reason) if new.reason else None,
            "doubt": "；".join(doubts) or None,
        }
        where = {"edition_id": stored.id, "unit_id": unit_id}
        insert_figure(tx.connection, {**where, **detail, "reported_by": by.person_id, "reported_at": now})
        tx.note("report", "figure", edition_id=stored.id, unit_id=unit_id, detail=detail)
    return FigureRecorded(
        name=kept,
        unit=unit_name,
        value=new.value,
        previous=previous.value if previous else None,
        unit_of_measure=new.unit_of_measure,
        as_of_on=on,
    )


def _ledger_faults(
    connection: Connection, edition_id: int, unit_id: int | None, kept: str | None, new: NewFigure
) -> Iterator[str]:
    """A figure of today that the problem ledger has differently."""
    ledger = ledger_of(connection, edition_id, unit_id) if kept in LEDGER_FIGURES else None
    if ledger is not None and kept and new.value is not None:
        yield from ledger_figure_refusals(ledger, kept, new.name, new.value)


def _reasons(
    edition: Edition,
    new: NewFigure,
    kept: str | None,
    previous: ReportedFigure | None,
    days: tuple[date, date],
) -> Iterator[str]:
    if kept is None:
        names = "、".join(known_names(edition))
        yield f"{edition.name}没有叫“{new.name}”的数据，请改成下列之一：{names}"
        return
    expected = expected_figure(edition, kept)
    earlier = previous.unit_of_measure if previous else None
    yield from measure_refusals(
        new.name, new.unit_of_measure, expected.unit_of_measure if expected else earlier
    )
    minimum, maximum = (expected.minimum, expected.maximum) if expected else (None, None)
    yield from range_refusals(new.name, new.value, minimum, maximum)
    yield from day_refusals(new.name, *days, previous.as_of_on if previous else None, edition.year)
    yield from fall_refusals(new.name, previous.value if previous else None, new.value, new.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReported:
    """What stands now. `rate` is "—" without a target; `points_behind` counts percentage points behind the calendar."""

    obligation_id: int
    title: str
    unit: str
    value: Decimal
    previous: Decimal | None
    target: Decimal | None
    unit_of_measure: str
    rate: str
    points_behind: Decimal | None


def report_progress(
    bureau: Bureau,
    obligation_id: int,
    value: Decimal,
    *,
    unit_of_measure: str,
    by: Actor,
    now: datetime,
    as_of_on: date | None = None,
    reason: str | None = None,
    version: int | None = None,
    dry_run: bool = False,
) -> ProgressReported:
    """Add one report. Refused with every reason: no target, wrong unit of measure, out of range, lower, in the future."""
    today = clock.civil(now)
    on = as_of_on or today
    said = cleaned(reason) if reason else None
    with acting_on(bureau, obligation_id, by=by, now=now, version=version, dry_run=dry_run) as act:
        quota = quota_of(act.connection, obligation_id)
        newest = newest_progress(act.connection, obligation_id)
        doubts = progress_in_doubt(
            act.connection, bureau, act.one, (value, unit_of_measure), newest[0] if newest else None
        )
        refuse(
            *transition_refusals(act.one, Transition.REPORT, by),
            *_figure_refusals(act, quota, value, unit_of_measure, said, newest, (on, today)),
            *doubt_refusals(doubts, said),
        )
        doubt = "；".join(doubts) or None
        act.move(Transition.REPORT)
        insert_progress(
            act.connection,
            obligation_id=obligation_id,
            value=value,
            as_of_on=on,
            reason=said,
            doubt=doubt,
            by=person_id(by),
            at=now,
        )
        said_so = {"value": value, "as_of_on": on, "reason": said} | ({"doubt": doubt} if doubt else {})
        act.record(Transition.REPORT, said_so)
        return _reported(act, value, unit_of_measure, newest, on)


def _figure_refusals(
    act: TransitionContext,
    quota: Quota | None,
    value: Decimal,
    unit_of_measure: str,
    reason: str | None,
    newest: tuple[Decimal, date] | None,
    days: tuple[date, date],
) -> Iterator[str]:
    if quota is None:
        yield f"{act.one.title}没有数量目标，不用填报进度，请直接报送佐证材料"
        return
    name = quota.indicator
    yield from measure_refusals(name, unit_of_measure, quota.unit_of_measure)
    yield from range_refusals(name, value)
    before, before_on = newest or (None, None)
    yield from day_refusals(name, *days, before_on, act.one.due_on.year)
    yield from fall_refusals(name, before, value, reason)


def _reported(
    act: TransitionContext,
    value: Decimal,
    unit_of_measure: str,
    newest: tuple[Decimal, date] | None,
    on: date,
) -> ProgressReported:
    target, starts_on = target_of(act.connection, act.one.id)
    behind = None
    if target:
        pace = Pace(target=target, reported=value, starts_on=starts_on)
        behind = one_decimal(Fraction(points_behind(pace, act.one.due_on, on)))
    return ProgressReported(
        obligation_id=act.one.id,
        title=act.one.title,
        unit=act.one.unit,
        value=value,
        previous=newest[0] if newest else None,
        target=target,
        unit_of_measure=unit_of_measure,
        rate=figure_shown(rate_of(value, target), "%"),
        points_behind=behind,
    )
