"""Compute an edition's indicators from what is known: rosters, submitted figures, progress, and reported figures.

A figure reported under its name counts before one that was derived; what nobody knows stays unknown. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.store import figures, rosters, subjects, units
from office.store.editions import StoredEdition
from office.store.figures import QuotaProgress, ReportedFigure
from rules.campaign import Edition
from rules.checks import problem_balance, sum_findings, units_against_city
from rules.figures import Figure, places
from rules.indicators import IndicatorValue, indicator_value, known_names, titles
from rules.people import Actor
from rules.rosters import as_figures, total
from rules.sight import Sight, sight_of

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


def compute_indicators(office: Office, campaign: str, year: int, *, by: Actor) -> Indicators:
    """Every indicator of the edition's file, as the figures stand now."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        by_unit, city = figures_known(connection, stored, sight)
        names = units.units_by_id(connection, by_unit)
    edition = stored.value
    rows: list[IndicatorValue] = []
    for indicator in edition.indicators:
        found = [indicator_value(indicator, values, names[one]) for one, values in sorted(by_unit.items())]
        ranks = places([_exact(figure) if sight.everything else None for _, figure in found])
        rows += [replace(value, place=rank) for (value, _), rank in zip(found, ranks, strict=True)]
    return Indicators(
        name=edition.name,
        year=year,
        city=tuple(indicator_value(one, city, None)[0] for one in edition.indicators if sight.everything),
        units=tuple(rows),
    )


def _exact(figure: Figure | None) -> Any:
    return None if figure is None else figure.value


def list_figures(
    office: Office, campaign: str, year: int, *, by: Actor
) -> tuple[tuple[str, ReportedFigure], ...]:
    """The newest reported figures with the unit's name (全市 for the city's own)."""
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        newest = figures.newest_figures(connection, stored.id, sight_of(by))
        names = units.units_by_id(connection, [unit for unit, _ in newest if unit is not None])
    return tuple(
        (names[unit] if unit is not None else "全市", one)
        for (unit, _), one in sorted(newest.items(), key=lambda item: (item[0][1], item[0][0] or 0))
    )


def check_figures(office: Office, campaign: str, year: int, *, by: Actor) -> tuple[str, ...]:
    """Everything that does not agree, one sentence each: quota sums, units against the city, problems found and fixed.

    All of it compares units with the city, so whoever may see some units only is told nothing.
    """
    sight = sight_of(by)
    if not sight.everything:
        return ()
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        newest = figures.newest_figures(connection, stored.id, sight)
        _, city = figures_known(connection, stored, sight)
    names = titles(stored.value)
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


def figures_known(connection: Any, stored: StoredEdition, sight: Sight) -> tuple[dict[int, Names], Names]:
    """What is known by name: of each unit the person may see, and of them together, which is the city where he sees all."""
    by_unit: dict[int, Names] = {}
    city: Names = {}
    submitted = figures.submitted_figures(connection, stored.id, sight)
    _from_submissions(submitted, by_unit, city)
    _from_progress(stored.value, figures.quota_progress(connection, stored.id, sight), by_unit, city)
    _from_roster(connection, stored, sight, by_unit, city)
    _from_problems(figures.problem_counts(connection, stored.id, sight), by_unit, city)
    _from_reports(figures.newest_figures(connection, stored.id, sight), by_unit, city)
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
    connection: Any, stored: StoredEdition, sight: Sight, by_unit: dict[int, Names], city: Names
) -> None:
    key = stored.value.roster
    roster_id = rosters.roster_id(connection, stored.id, key[:64]) if key else None
    if roster_id is None:
        return
    counts = subjects.counts(connection, roster_id, sight)
    for unit_id, one in counts.items():
        by_unit.setdefault(unit_id, {}).update(as_figures(one))
    city |= as_figures(total(counts.values()))


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
