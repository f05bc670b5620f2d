"""Indicators of an edition: which figures there are to compute with, and what comes out. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from calendars.formulas import (
    ComputedFigure,
    FormulaError,
    compute_formula,
    figure_shown,
    meets_target,
    missing_names,
    one_decimal,
    parse_formula,
)
from calendars.model import Edition, Indicator

Values = Mapping[str, Decimal | int | None]
# What every edition may report beside the names its own file gives.
GENERAL_NAMES = ("应参检", "已参检", "完成年检", "合格", "found", "fixed", "open")
# What people read for the names that formulas write in English.
GENERAL_WORDS = (
    ("发现数", "found"),
    ("已整改数", "fixed"),
    ("未整改数", "open"),
    ("目标", "target"),
    ("完成数", "done"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorValue:
    """One indicator of the city (unit None) or of one unit. `shown` is "—" when something it needs is unknown."""

    key: str
    name: str
    unit: str | None
    formula: str
    value: Decimal | None
    shown: str
    target: str
    reached: bool | None
    missing: tuple[str, ...]
    place: int | None = None
    fault: str | None = None


def indicator_value(
    indicator: Indicator, values: Values, unit: str | None
) -> tuple[IndicatorValue, ComputedFigure | None]:
    """The indicator, and its exact figure for ranking."""
    text = indicator.formula or indicator.key
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        return _shown(indicator, text, unit, None, (), str(error)), None
    figure = compute_formula(formula, values)
    return _shown(indicator, text, unit, figure, missing_names(formula, values), None), figure


def _shown(
    indicator: Indicator,
    text: str,
    unit: str | None,
    figure: ComputedFigure | None,
    unknown: tuple[str, ...],
    fault: str | None,
) -> IndicatorValue:
    return IndicatorValue(
        key=indicator.key,
        name=indicator.name,
        unit=unit,
        formula=text,
        value=None if figure is None else one_decimal(figure.value),
        shown=figure_shown(figure, indicator.unit_of_measure),
        target=_target(indicator),
        reached=meets_target(figure, indicator.target_op, indicator.target_value),
        missing=unknown,
        fault=fault,
    )


def _target(indicator: Indicator) -> str:
    if indicator.target_value is None or indicator.target_op is None:
        return ""
    words = {">=": "不低于", "<=": "不高于", "=": ""}
    value = f"{indicator.target_value.normalize():f}"
    return f"{words[indicator.target_op]}{value} {indicator.unit_of_measure}".strip()


def known_names(edition: Edition) -> dict[str, str]:
    """Every name a figure may be reported under, with the name it is kept under: titles lead to their keys."""
    names = {name: name for name in GENERAL_NAMES}
    for milestone in edition.milestones:
        for evidence in milestone.evidence:
            if evidence.unit_of_measure:
                names[evidence.key] = evidence.key
                names.setdefault(evidence.title, evidence.key)
    for indicator in edition.indicators:
        try:
            formula = parse_formula(indicator.formula or indicator.key)
        except FormulaError:
            continue
        names |= {name: name for name in formula.names}
    # The check's own words mean the counts its formulas write in short.
    for word, key in (
        ("应参检", "due_check"),
        ("已参检", "checked"),
        ("完成年检", "completed"),
        ("合格", "passed"),
    ):
        if key in names:
            names[word] = key
    for word, key in GENERAL_WORDS:
        if key in names:
            names.setdefault(word, key)
    return names


def figure_titles(edition: Edition) -> dict[str, str]:
    """How people call each name that figures are kept under; a name without a title is its own."""
    found: dict[str, str] = {}
    for word, key in known_names(edition).items():
        if found.get(key, key) == key:
            found[key] = word
    return found


def indicator_words(formula: str, titles: Mapping[str, str]) -> str:
    """A formula with its names as people call them."""
    return re.sub(r"[^\W\d]\w*", lambda name: titles.get(name[0], name[0]), formula)
