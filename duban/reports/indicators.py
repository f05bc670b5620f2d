"""Compute an edition's indicators from what is known: rosters, submitted figures, progress, and reported figures.

A figure reported under its name counts before one that was derived; what nobody knows stays unknown. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from calendars.formulas import ComputedFigure, decimal_places
from calendars.model import Edition
from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.errors import NotFound
from duban.editions.queries import StoredEdition, edition_or_refuse, find_roster_id, stored_edition_by_id
from duban.figures.indicators import IndicatorValue, figure_titles, indicator_value, known_names
from duban.figures.queries import (
    QuotaProgress,
    ReportedFigure,
    measured,
    newest_figures,
    problem_counts,
    quota_progress,
    submitted_figures,
)
from duban.figures.rules import problem_balance, sum_findings, units_against_city
from duban.obligations.ledger_pulls import EditionRow, pulled_editions
from duban.rosters.queries import subject_counts_by_unit
from duban.rosters.rules import counts_as_figures, total_counts
from duban.units.queries import units_by_id

Names = dict[str, Decimal | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """The city's indicators, and each unit's with its place (ties share one).

    Who may see some units only gets these, without the city's and without places.
    """

    name: str
    year: int
    city: tuple[IndicatorValue, ...]
    units: tuple[IndicatorValue, ...]


def compute_indicators(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> Indicators:
    """Every indicator of the edition's file, as the figures stand now."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        by_unit, city = figures_known(connection, stored, sight)
        names = units_by_id(connection, by_unit)
    edition = stored.value
    rows: list[IndicatorValue] = []
    for indicator in edition.indicators:
        found = [indicator_value(indicator, values, names[one]) for one, values in sorted(by_unit.items())]
        ranks = decimal_places([_exact(figure) if sight.everything else None for _, figure in found])
        rows += [replace(value, place=rank) for (value, _), rank in zip(found, ranks, strict=True)]
    return Indicators(
        name=edition.name,
        year=year,
        city=tuple(indicator_value(one, city, None)[0] for one in edition.indicators if sight.everything),
        units=tuple(rows),
    )


def _exact(figure: ComputedFigure | None) -> Any:
    return None if figure is None else figure.value


def list_figures(
    bureau: Bureau, campaign: str, year: int, *, by: Actor
) -> tuple[tuple[str, ReportedFigure], ...]:
    """The newest reported figures with the unit's name (全市 for the city's own)."""
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        newest = newest_figures(connection, stored.id, visible_units(by))
        names = units_by_id(connection, [unit for unit, _ in newest if unit is not None])
    return tuple(
        (names[unit] if unit is not None else "全市", one)
        for (unit, _), one in sorted(newest.items(), key=lambda item: (item[0][1], item[0][0] or 0))
    )


def check_figures(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> tuple[str, ...]:
    """Everything that does not agree, one sentence each: quota sums, units against the city, problems found and fixed.

    All of it compares units with the city, so whoever may see some units only is told nothing.
    """
    sight = visible_units(by)
    if not sight.everything:
        return ()
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        newest = newest_figures(connection, stored.id, sight)
        _, city = figures_known(connection, stored, sight)
    names = figure_titles(stored.value)
    sums = [one.sentence for one in sum_findings(stored.value) if one.verdict == "differs"]
    sentences = [
        units_against_city(
            names.get(name, name),
            [
                one.value
                for (unit, other), one in newest.items()
                if other == name and unit and one.value is not None
            ],
            one_city.value,
        )
        for (unit_id, name), one_city in newest.items()
        if unit_id is None
    ]
    found, fixed, still_open = city.get("found"), city.get("fixed"), city.get("open")
    if found is not None and fixed is not None and still_open is not None:
        sentences.append(problem_balance(found, fixed, still_open))
    return (*sums, *(sentence for sentence in sentences if sentence))


def figures_known(
    connection: Any, stored: StoredEdition, sight: VisibleUnits
) -> tuple[dict[int, Names], Names]:
    """What is known by name: of each unit the person may see, and of them together, which is the city where he sees all."""
    by_unit: dict[int, Names] = {}
    city: Names = {}
    submitted = submitted_figures(connection, stored.id, sight)
    _from_submissions(submitted, by_unit, city)
    _from_progress(stored.value, quota_progress(connection, stored.id, sight), by_unit, city)
    _from_roster(connection, stored, sight, by_unit, city)
    _from_problems(problem_counts(connection, stored.id, sight), by_unit, city)
    _from_reports(newest_figures(connection, stored.id, sight), by_unit, city)
    aliases = {word: key for word, key in known_names(stored.value).items() if word != key}
    for values in (*by_unit.values(), city):
        values |= {word: values[key] for word, key in aliases.items() if key in values}
    return by_unit, city


def _from_submissions(
    submitted: Mapping[tuple[int, str], Decimal], by_unit: dict[int, Names], city: Names
) -> None:
    for (unit_id, key), value in submitted.items():
        by_unit.setdefault(unit_id, {})[key] = value
    city |= _sums(by_unit.values())


def _from_progress(
    edition: Edition, known: Iterable[QuotaProgress], by_unit: dict[int, Names], city: Names
) -> None:
    """`done` and `target` mean the edition's one quota; with several of them they mean nothing."""
    quotas = [one for one in edition.milestones if one.quota is not None]
    if len(quotas) != 1 or quotas[0].quota is None:
        return
    rows = [one for one in known if one.milestone == quotas[0].key]
    for one in rows:
        values = by_unit.setdefault(one.unit_id, {})
        values |= {"target": one.target, "done": one.done}
    reported = [one.done for one in rows if one.done is not None]
    targets = [one.target for one in rows if one.target is not None]
    asked = quotas[0].quota.city_total
    city["done"] = sum(reported, Decimal(0)) if reported else None
    city["target"] = asked if asked is not None else (sum(targets, Decimal(0)) if targets else None)


def _from_roster(
    connection: Any, stored: StoredEdition, sight: VisibleUnits, by_unit: dict[int, Names], city: Names
) -> None:
    key = stored.value.roster
    roster_id = find_roster_id(connection, stored.id, key[:64]) if key else None
    if roster_id is None:
        return
    counts = subject_counts_by_unit(connection, roster_id, sight)
    for unit_id, one in counts.items():
        by_unit.setdefault(unit_id, {}).update(counts_as_figures(one))
    city |= counts_as_figures(total_counts(counts.values()))


def _from_problems(counts: Mapping[int, Mapping[str, int]], by_unit: dict[int, Names], city: Names) -> None:
    for unit_id, one in counts.items():
        by_unit.setdefault(unit_id, {}).update(one)
    city |= _sums(dict(one) for one in counts.values())


def _from_reports(
    newest: Mapping[tuple[int | None, str], ReportedFigure], by_unit: dict[int, Names], city: Names
) -> None:
    reported: dict[int, Names] = {}
    for (unit_id, name), one in newest.items():
        if unit_id is not None:
            reported.setdefault(unit_id, {})[name] = one.value
    for unit_id, values in reported.items():
        by_unit.setdefault(unit_id, {}).update(values)
    city |= _sums(reported.values())
    city |= {name: one.value for (unit_id, name), one in newest.items() if unit_id is None}


def _sums(units_values: Iterable[Names]) -> Names:
    """The city's figure where only units reported; one unit that does not know makes the sum unknown."""
    found: Names = {}
    for values in units_values:
        for name, value in values.items():
            known = found.get(name, Decimal(0))
            found[name] = None if value is None or known is None else known + value
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePage:
    """One edition's figures. `titles` are the names that may be reported, by the name they are kept under; `warnings`
    are sentences, each with the next step.
    """

    edition: EditionRow
    indicators: Indicators
    reported: tuple[tuple[str, ReportedFigure], ...]
    titles: Mapping[str, str]
    warnings: tuple[str, ...]


def list_measured(bureau: Bureau, *, by: Actor) -> tuple[EditionRow, ...]:
    """The editions that have indicators or figures, as far as they concern the person."""
    with bureau.store.reading() as connection:
        wanted = measured(connection)
        found = pulled_editions(connection, visible_units(by))
    return tuple(one for one in found if one.id in wanted)


def read_figures(bureau: Bureau, edition_id: int, *, by: Actor) -> FigurePage:
    """Everything about one edition's figures. Raises NotFound."""
    edition = next((one for one in list_measured(bureau, by=by) if one.id == edition_id), None)
    if edition is None:
        raise NotFound("这个专项行动没有指标，或与您的单位无关，请从数据的清单里选择。")
    key = (edition.campaign, edition.year)
    with bureau.store.reading() as connection:
        stored = stored_edition_by_id(connection, edition_id)
    assert stored is not None, "just listed"
    return FigurePage(
        edition=edition,
        indicators=compute_indicators(bureau, *key, by=by),
        reported=list_figures(bureau, *key, by=by),
        titles=figure_titles(stored.value),
        warnings=check_figures(bureau, *key, by=by),
    )
