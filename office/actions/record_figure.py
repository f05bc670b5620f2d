"""Record a figure of a unit or of the city, under a name that the campaign's formulas use. Append-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from office import clock
from office.actions.acting import cleaned
from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.errors import Refused
from office.store import figures, history, units
from office.store.dry_run import take_back
from office.store.figures import ReportedFigure
from office.store.units import UnitEntry
from rules.campaign import Edition
from rules.checks import expected_figure, fall_refusals, measure_refusals, range_refusals
from rules.indicators import known_names
from rules.keeping import person_refusals, reporting_refusals
from rules.people import Actor
from rules.sight import Sight


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
    office: Office,
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
    with office.store.writing() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        unit = _unit(connection, new.unit)
        kept = known_names(stored.value).get(new.name)
        previous = figures.newest_figures(connection, stored.id, Sight(everything=True)).get(
            (unit.id if unit else None, kept or "")
        )
        reasons = (*_who(by, unit), *_reasons(stored.value, new, kept, previous, (on, today)))
        if reasons:
            raise Refused(reasons)
        assert kept is not None
        values = {
            "edition_id": stored.id,
            "unit_id": unit.id if unit else None,
            "name": kept,
            "value": new.value,
            "unit_of_measure": new.unit_of_measure,
            "as_of_on": on,
            "reason": cleaned(new.reason) if new.reason else None,
        }
        _write(connection, office, values, by, now)
        if dry_run:
            take_back(connection)
    return FigureRecorded(
        name=kept,
        unit=unit.name if unit else None,
        value=new.value,
        previous=previous.value if previous else None,
        unit_of_measure=new.unit_of_measure,
        as_of_on=on,
    )


def _write(connection: Any, office: Office, values: dict[str, Any], by: Actor, now: datetime) -> None:
    figures.insert_figure(connection, {**values, "reported_by": by.person_id, "reported_at": now})
    history.append(
        connection,
        at=now,
        by=by,
        verb="report",
        noun="figure",
        edition_id=values["edition_id"],
        unit_id=values["unit_id"],
        detail={key: value for key, value in values.items() if not key.endswith("_id")},
        flow_run_id=office.flow_run_id,
    )


def _unit(connection: Any, name: str | None) -> UnitEntry | None:
    if name is None:
        return None
    found = units.find_unit(connection, name)
    if found is None:
        raise Refused(f"没有叫“{name}”的单位，请核对单位名称。")
    return found


def _who(by: Actor, unit: UnitEntry | None) -> Iterator[str]:
    yield from person_refusals(by, "数据")
    yield from reporting_refusals(by, unit.id if unit else None, unit.name if unit else "全市")


def _reasons(
    edition: Edition,
    new: NewFigure,
    kept: str | None,
    previous: ReportedFigure | None,
    days: tuple[date, date],
) -> Iterator[str]:
    on, today = days
    if kept is None:
        names = "、".join(known_names(edition))
        yield f"{edition.name}没有叫“{new.name}”的数据，请改成下列之一：{names}"
        return
    expected = expected_figure(edition, kept)
    earlier = previous.unit_of_measure if previous else None
    yield from measure_refusals(
        new.name, new.unit_of_measure, expected.unit_of_measure if expected else earlier
    )
    yield from range_refusals(
        new.name,
        new.value,
        expected.minimum if expected else None,
        expected.maximum if expected else None,
    )
    if on > today:
        yield f"{new.name}的截止日期{on}还没有到，请核对"
    if previous is not None:
        if on < previous.as_of_on:
            yield f"{new.name}已有{previous.as_of_on}的数据，不能再补报{on}的，请按最新日期填报"
        yield from fall_refusals(new.name, previous.value, new.value, new.reason)
