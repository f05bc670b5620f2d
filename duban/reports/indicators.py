"""Compute an edition's indicators from what is known: rosters, submitted figures, progress, and reported figures.

A figure reported under its name counts before one that was derived; what nobody knows stays unknown. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from calendars.formulas import places_of
from calendars.model import Edition, TargetState
from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound
from duban.editions.queries import StoredEdition, edition_by_id, edition_or_refuse, find_roster_id
from duban.figures.plausibility import unit_findings
from duban.figures.queries import (
    QuotaProgress,
    ReportedFigure,
    measured,
    newest_figures,
    owing_units,
    quota_progress,
    submitted_figures,
)
from duban.figures.rules import (
    IndicatorValue,
    city_indicator,
    figure_titles,
    indicator_value,
    known_names,
    problem_balance,
    sum_findings,
    units_against_city,
    units_to_report,
)
from duban.obligations.pull_queries import EditionRow, pulled_editions
from duban.problems.queries import ProblemTally, unit_tallies
from duban.rosters.queries import subject_counts_by_unit
from duban.rosters.rules import counts_as_figures, total_counts
from duban.units.queries import offices_of_districts, units_by_id

Names = dict[str, Decimal | int | None]
# Where figures of a unit come from; of two that differ the later one counts.
SOURCES = ("报送材料", "进度填报", "名册", "问题台账", "数据登记")
Newest = Mapping[tuple[int | None, str], ReportedFigure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """The city's indicators, and each unit's with its place (ties share one).

    Who may see some units only gets these, without the city's and without places.
    """

    name: str
    year: int
    city: tuple[IndicatorValue, ...]
    units: tuple[IndicatorValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFigures:
    """One edition's figures. `reported` are the newest with the unit's name (全市 for the city's own); `titles` the names
    that may be reported, by the name they are kept under; `warnings` everything that does not agree, a sentence each.
    """

    edition_id: int
    campaign: str
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


def edition_figures(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> EditionFigures:
    """Every indicator of the edition's file and what it is made of, as the figures stand now."""
    with bureau.store.reading() as connection:
        return _figures(connection, edition_or_refuse(connection, campaign, year), visible_units(by))


def check_figures(bureau: Bureau, *, by: Actor) -> tuple[tuple[EditionRow, tuple[str, ...]], ...]:
    """Every edition that has figures, with what does not agree in it."""
    found = list_measured(bureau, by=by)
    with bureau.store.reading() as connection:
        return tuple(
            (one, _figures(connection, edition_by_id(connection, one.id), visible_units(by)).warnings)
            for one in found
        )


def read_figures(bureau: Bureau, edition_id: int, *, by: Actor) -> EditionFigures:
    """The same of an edition that concerns the person. Raises NotFound."""
    if edition_id not in {one.id for one in list_measured(bureau, by=by)}:
        raise NotFound("这个专项行动没有指标，或与您的单位无关，请从数据的清单里选择。")
    with bureau.store.reading() as connection:
        return _figures(connection, edition_by_id(connection, edition_id), visible_units(by))


def _figures(connection: Connection, stored: StoredEdition, sight: VisibleUnits) -> EditionFigures:
    newest = newest_figures(connection, stored.id, sight)
    offices = offices_of_districts(connection)
    twice = {unit: offices[unit] for unit, _ in newest if unit in offices}
    newest = _of_offices(newest, offices)
    sources, known_of_city = _sources(connection, stored, sight, newest)
    by_unit, city = figures_known(stored.value, sources, known_of_city)
    owing = units_to_report(stored.value, owing_units(connection, stored.id))
    known = {*by_unit, *(unit for unit, _ in newest if unit is not None)}
    names = units_by_id(connection, {*known, *twice, *twice.values()})
    in_order = sorted(newest.items(), key=lambda item: (item[0][1], item[0][0] or 0))
    units: list[IndicatorValue] = []
    for indicator in stored.value.indicators:
        found = [indicator_value(indicator, values, names[one]) for one, values in sorted(by_unit.items())]
        # Places are told to those who see every unit.
        exact = [figure.value if figure and sight.everything else None for _, figure in found]
        units += [
            replace(one, place=place)
            for (one, _), place in zip(
                found, places_of(exact, smallest_first=indicator.target_op == "<="), strict=True
            )
        ]
    whole = [city_indicator(one, city, by_unit, owing) for one in stored.value.indicators if sight.everything]
    return EditionFigures(
        edition_id=stored.id,
        campaign=stored.value.campaign,
        indicators=Indicators(
            name=stored.value.name, year=stored.value.year, city=tuple(whole), units=tuple(units)
        ),
        reported=tuple((names[unit] if unit is not None else "全市", one) for (unit, _), one in in_order),
        titles=figure_titles(stored.value),
        # Whoever sees some units only is told of these; what compares units with the city is for those who see all.
        warnings=(
            *(_disagreements(stored.value, newest, city) if sight.everything else ()),
            *(
                f"{names[unit]}名下另记有数据，已与{names[office]}的合为一个单位，取截止日期最新的，请核对。"
                for unit, office in twice.items()
            ),
            *unit_findings(stored.value, sources, names),
        ),
    )


def _disagreements(edition: Edition, newest: Newest, city: Names) -> Iterator[str]:
    """Quota sums, units against the city, problems found and fixed."""
    yield from (one.sentence for one in sum_findings(edition) if one.verdict == "differs")
    for one in edition.milestones:
        for target in one.quota.targets if one.quota else ():
            if target.state is TargetState.TEXT:
                yield f"{one.source.item}“{one.title}”：{target.unit}的目标写的是“{target.text}”，不是数字，请明确后改正。"
    titles = figure_titles(edition)
    sentences = []
    for (unit_id, name), whole in newest.items():
        if unit_id is None:
            parts = [one.value for (unit, other), one in newest.items() if unit and other == name]
            known = [value for value in parts if value is not None]
            sentences.append(units_against_city(titles.get(name, name), known, whole.value))
    found, fixed, still_open = city.get("found"), city.get("fixed"), city.get("open")
    if found is not None and fixed is not None and still_open is not None:
        sentences.append(problem_balance(found, fixed, still_open))
    yield from (sentence for sentence in sentences if sentence)


def _of_offices(newest: Newest, offices: Mapping[int, int]) -> dict[tuple[int | None, str], ReportedFigure]:
    """A district's figures, kept apart once, are those of the office that answers for it: the newest counts."""
    found: dict[tuple[int | None, str], ReportedFigure] = {}
    for (unit, name), one in newest.items():
        key = (unit if unit is None else offices.get(unit, unit), name)
        if key not in found or found[key].as_of_on <= one.as_of_on:
            found[key] = one
    return found


Sources = Mapping[str, Mapping[int, Names]]


def _sources(
    connection: Connection, stored: StoredEdition, sight: VisibleUnits, newest: Newest
) -> tuple[Sources, Names]:
    """What each source knows of each unit, the one that counts before the others last; and what is known of the city by
    itself: reported for it, of a ledger or a roster. What units report each for themselves is summed where it is asked for.
    """
    sources: dict[str, dict[int, Names]] = {word: {} for word in SOURCES}
    city: Names = {}
    for (unit, key), value in submitted_figures(connection, stored.id, sight).items():
        sources["报送材料"].setdefault(unit, {})[key] = value
    _from_progress(stored.value, quota_progress(connection, stored.id, sight), sources["进度填报"], city)
    _from_roster(connection, stored, sight, sources["名册"], city)
    _from_problems(unit_tallies(connection, stored.id, sight), sources["问题台账"], city)
    for (unit_id, name), one in newest.items():
        (city if unit_id is None else sources["数据登记"].setdefault(unit_id, {}))[name] = one.value
    return sources, city


def figures_known(edition: Edition, sources: Sources, city: Names) -> tuple[dict[int, Names], Names]:
    """The one value that counts by name, of each unit and of the city, under every name that people use."""
    by_unit: dict[int, Names] = {}
    for source in sources.values():
        for unit, values in source.items():
            by_unit.setdefault(unit, {}).update(values)
    aliases = {word: key for word, key in known_names(edition).items() if word != key}
    for values in (*by_unit.values(), city):
        values |= {word: values[key] for word, key in aliases.items() if key in values}
    return by_unit, city


def _from_progress(
    edition: Edition, known: Iterable[QuotaProgress], by_unit: dict[int, Names], city: Names
) -> None:
    """`done` and `target` mean the edition's one quota; with several of them they mean nothing."""
    quotas = [one for one in edition.milestones if one.quota is not None]
    if len(quotas) != 1 or quotas[0].quota is None:
        return
    rows = [one for one in known if one.milestone == quotas[0].key]
    for one in rows:
        # Without a report there is no figure: nothing done and nothing known are two things.
        own = by_unit.setdefault(one.unit_id, {})
        own["target"] = one.target
        if one.done is not None:
            own["done"] = one.done
    targets = [one.target for one in rows if one.target is not None]
    asked = quotas[0].quota.city_total
    if asked is not None or targets:
        city["target"] = asked if asked is not None else sum(targets, Decimal(0))


def _from_roster(
    connection: Connection, stored: StoredEdition, sight: VisibleUnits, by_unit: dict[int, Names], city: Names
) -> None:
    key = stored.value.roster
    roster_id = find_roster_id(connection, stored.id, key[:64]) if key else None
    if roster_id is None:
        return
    counts = subject_counts_by_unit(connection, roster_id, sight)
    for unit_id, one in counts.items():
        by_unit.setdefault(unit_id, {}).update(counts_as_figures(one))
    city |= counts_as_figures(total_counts(counts.values()))


def _from_problems(counts: Mapping[int, ProblemTally], by_unit: dict[int, Names], city: Names) -> None:
    for unit_id, one in counts.items():
        by_unit.setdefault(unit_id, {}).update(found=one.found, fixed=one.fixed, open=one.open)
    if counts:
        for name in ("found", "fixed", "open"):
            city[name] = sum(getattr(one, name) for one in counts.values())
