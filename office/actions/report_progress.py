"""Report how far a unit has come towards its target. The newest report counts; a lower one needs its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from office import clock
from office.actions.acting import Act, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import figures
from rules.campaign import Quota
from rules.checks import fall_refusals, measure_refusals, range_refusals
from rules.figures import one_decimal, rate, shown
from rules.moves import Verb, refusals
from rules.people import Actor
from rules.standing import Pace, points_behind


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
    office: Office,
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
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        quota = figures.quota_of(act.connection, obligation_id)
        newest = figures.newest_progress(act.connection, obligation_id)
        refuse(
            *refusals(act.matter, Verb.REPORT, by),
            *_figure_refusals(act, quota, value, unit_of_measure, said, newest, (on, today)),
        )
        move(act, Verb.REPORT)
        figures.insert_progress(
            act.connection,
            obligation_id=obligation_id,
            value=value,
            as_of_on=on,
            reason=said,
            by=person_id(by),
            at=now,
        )
        record(act, Verb.REPORT, by, now, {"value": value, "as_of_on": on, "reason": said})
        return _reported(act, value, unit_of_measure, newest, on)


def _figure_refusals(
    act: Act,
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
    yield from _day_refusals(name, days, newest)
    if newest is not None:
        yield from fall_refusals(name, newest[0], value, reason)


def _day_refusals(name: str, days: tuple[date, date], newest: tuple[Decimal, date] | None) -> Iterator[str]:
    on, today = days
    if on > today:
        yield f"{name}的截止日期{on}还没有到，请核对"
    if newest is not None and on < newest[1]:
        yield f"{name}已有{newest[1]}的数据，不能再补报{on}的，请按最新日期填报"


def _reported(
    act: Act, value: Decimal, unit_of_measure: str, newest: tuple[Decimal, date] | None, on: date
) -> ProgressReported:
    target, starts_on = figures.target_of(act.connection, act.one.id)
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
        rate=shown(rate(value, target), "%"),
        points_behind=behind,
    )
