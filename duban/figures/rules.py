"""Cross-checks of figures: sums, found = fixed + open, falling figures, range, unit of measure; and what indicators are
computed from them.

Nothing is mended: a check says what does not agree, in one Chinese sentence with the next step. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

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
from calendars.model import Edition, EvidenceType, ExpectedEvidence, Indicator, Quota, TargetState
from duban.core.days import happened_faults


class SumVerdict(StrEnum):
    """How the units' targets stand to the city's own figure."""

    AGREES = "agrees"  # 一致
    DIFFERS = "differs"  # 不一致
    NO_CITY_FIGURE = "no_city_figure"  # 没有全市数
    NO_UNIT_FIGURES = "no_unit_figures"  # 没有分解数
    UNCONFIRMED = "unconfirmed"  # 尚待确认


@dataclass(frozen=True, slots=True, kw_only=True)
class SumFinding:
    """The sum of a quota beside the city's figure. `blanks` are cells left empty, not zero."""

    milestone: str
    item: str
    indicator: str
    unit_of_measure: str
    op: str
    units_sum: Decimal
    city_total: Decimal | None
    blanks: int
    verdict: SumVerdict

    @property
    def sentence(self) -> str:
        parts, unit = number_words(self.units_sum), self.unit_of_measure
        head = f"{self.item}“{self.indicator}”：各单位合计{parts}{unit}"
        if self.city_total is None:
            return f"{head}，没有全市数可核对。"
        city = f"全市{'不少于' if self.op == '>=' else ''}{number_words(self.city_total)}{unit}"
        if self.verdict is SumVerdict.AGREES:
            return f"{head}，与{city}一致。"
        gap = number_words(abs(self.city_total - self.units_sum))
        return f"{head}，{city}，相差{gap}{unit}，请与原文核对；系统不作改动。"


def sum_findings(edition: Edition) -> tuple[SumFinding, ...]:
    """Every quota of an edition, in the order of the file."""
    return tuple(
        _finding(one.quota, one.key, one.source.item) for one in edition.milestones if one.quota is not None
    )


def _finding(quota: Quota, milestone: str, item: str) -> SumFinding:
    given = [one.value for one in quota.targets if one.value is not None]
    total = sum(given, Decimal(0))
    return SumFinding(
        milestone=milestone,
        item=item,
        indicator=quota.indicator,
        unit_of_measure=quota.unit_of_measure,
        op=quota.op,
        units_sum=total,
        city_total=quota.city_total,
        blanks=sum(one.state is TargetState.BLANK for one in quota.targets),
        verdict=_sum_verdict(quota, given, total),
    )


def _sum_verdict(quota: Quota, given: Sequence[Decimal], total: Decimal) -> SumVerdict:
    if any(one.state is TargetState.UNCONFIRMED for one in quota.targets) or (
        quota.city_total is None and quota.city_total_last_year is not None
    ):
        return SumVerdict.UNCONFIRMED
    if not given:
        return SumVerdict.NO_UNIT_FIGURES
    if quota.city_total is None:
        return SumVerdict.NO_CITY_FIGURE
    # "At least" leaves room above: units that promise more than the city asks do not contradict it.
    agrees = total >= quota.city_total if quota.op == ">=" else total == quota.city_total
    return SumVerdict.AGREES if agrees else SumVerdict.DIFFERS


def units_against_city(name: str, units: Sequence[Decimal], city: Decimal | None) -> str | None:
    """A reported city figure beside the sum of the units' own; None when they agree or cannot be compared."""
    if city is None or not units or sum(units) == city:
        return None
    total = sum(units, Decimal(0))
    return f"{name}：各单位合计{number_words(total)}，全市填报{number_words(city)}，相差{number_words(abs(total - city))}，请核对哪一个有误。"


def problem_balance(found: Decimal | int, fixed: Decimal | int, still_open: Decimal | int) -> str | None:
    """Found problems are either fixed or still open; None when that adds up."""
    if found == fixed + still_open:
        return None
    return f"发现问题{number_words(found)}个，已整改{number_words(fixed)}个加未整改{number_words(still_open)}个是{number_words(fixed + still_open)}个，对不上，请核对台账。"


def fall_refusals(
    name: str, previous: Decimal | None, value: Decimal | None, reason: str | None
) -> Iterator[str]:
    """A cumulative figure does not fall without a reason in writing."""
    if previous is None or value is None or value >= previous or (reason and reason.strip()):
        return
    yield f"{name}这次是{number_words(value)}，比上次的{number_words(previous)}少，请核对；确实减少的请写明原因"


def day_refusals(name: str, on: date, today: date, newest_on: date | None, year: int) -> Iterator[str]:
    """A figure of a year stands for a day that has come, from the year before on, and not for one before the newest."""
    since = date(year - 1, 1, 1)
    yield from happened_faults(f"{name}的截止日期", on, today, since=since, since_is=f"{year}年数据最早的")
    if newest_on is not None and on < newest_on:
        yield f"{name}已有{newest_on}的数据，不能再补报{on}的，请按最新日期填报"


def range_refusals(
    name: str, value: Decimal | None, minimum: Decimal | None = None, maximum: Decimal | None = None
) -> Iterator[str]:
    """No figure is negative, none lies outside the range its file gives, none is finer than can be kept."""
    if value is None:
        return
    lowest = Decimal(0) if minimum is None else minimum
    if not value.is_finite():
        yield f"{name}不是有效的数字，请重新填报"
        return
    if value < lowest:
        yield f"{name}是{number_words(value)}，低于下限{number_words(lowest)}，请核对"
    if maximum is not None and value > maximum:
        yield f"{name}是{number_words(value)}，高于上限{number_words(maximum)}，请核对"
    if abs(value) >= Decimal(10) ** 14:
        yield f"{name}的数字过大，请核对计量单位"
    elif value != value.quantize(Decimal("0.0001")):
        yield f"{name}的小数超过四位，请保留四位以内"


def measure_refusals(name: str, given: str | None, expected: str | None) -> Iterator[str]:
    """A figure without its unit of measure cannot be added to anything."""
    if not given or not given.strip():
        hint = f"（应为“{expected}”）" if expected else ""
        yield f"{name}没有写计量单位{hint}，请补上"
    elif expected and given.strip() != expected:
        yield f"{name}的计量单位是“{given}”，应为“{expected}”，请换算后再填报"


def expected_figure(edition: Edition, name: str) -> ExpectedEvidence | None:
    """The figure of that key among the evidence the file asks for: it knows the unit of measure and the range."""
    return next(
        (
            one
            for milestone in edition.milestones
            for one in milestone.evidence
            if one.key == name and one.unit_of_measure
        ),
        None,
    )


def number_words(value: Decimal | int) -> str:
    """A figure as people write it."""
    number = Decimal(value)
    return f"{number.normalize():f}" if number.is_finite() else str(number)


# What the formulas call a quota's progress, and so the files' expected evidence.
DONE = "done"


class FigureOrigin(StrEnum):
    """Where a figure was given."""

    SUBMISSION = "submission"
    PROGRESS = "progress"
    FIGURE = "figure"


ORIGIN_WORDS: dict[FigureOrigin, str] = {
    FigureOrigin.SUBMISSION: "上次报送",
    FigureOrigin.PROGRESS: "进度填报",
    FigureOrigin.FIGURE: "数据登记",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFigure:
    """One figure of this unit that is known already; `key` is what expected evidence is called."""

    key: str
    value: Decimal
    unit_of_measure: str
    origin: FigureOrigin
    on: date  # the day it stands for, or was handed in
    at: datetime  # when it was given: the newest counts
    by: str

    @property
    def words(self) -> str:
        """Where it comes from, for the form."""
        return f"{self.on.year}年{self.on.month}月{self.on.day}日{self.by}{ORIGIN_WORDS[self.origin]}时填的"


def known_for(
    expected: Sequence[ExpectedEvidence], candidates: Iterable[KnownFigure]
) -> dict[str, KnownFigure]:
    """Of each expected figure the newest one known in the same unit of measure."""
    wanted = {item.key: item.unit_of_measure for item in expected if item.type is EvidenceType.FIGURE}
    fitting = [
        one for one in candidates if one.key in wanted and wanted[one.key] in (None, one.unit_of_measure)
    ]
    return {one.key: one for one in sorted(fitting, key=lambda one: one.at)}


def known_progress(quota: Quota | None, candidates: Iterable[KnownFigure]) -> KnownFigure | None:
    """The newest figure that says how far the unit has come towards its target."""
    if quota is None:
        return None
    fitting = [one for one in candidates if one.key == DONE and one.unit_of_measure == quota.unit_of_measure]
    return max(fitting, key=lambda one: one.at, default=None)


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
    """One indicator of the city (unit None) or of one unit. `shown` is "—" when something it needs is unknown.

    `figures` is what it was computed from. Of the city: `asked` units owe figures it is a sum of, `reported` of them are
    in it.
    """

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
    figures: Mapping[str, Decimal | int | None] = field(default_factory=dict)
    asked: int = 0
    reported: int = 0

    @property
    def coverage(self) -> str:
        """How much of the city a sum over units stands for; "" where the city has a figure of its own."""
        if not self.asked:
            return ""
        if not self.reported:
            return f"{self.asked}个单位都还没有报"
        return f"{self.asked}个单位{'都已报' if self.reported == self.asked else f'中{self.reported}个已报'}"


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
    shown = _shown(indicator, text, unit, figure, missing_names(formula, values), None)
    return replace(shown, figures={name: values.get(name) for name in formula.names}), figure


def city_indicator(
    indicator: Indicator,
    whole: Values,
    by_unit: Mapping[int, Values],
    owing: Mapping[str, frozenset[int]],
) -> IndicatorValue:
    """The indicator of the city: from its own figures (`whole`), and where it has none from the units that gave every
    figure the formula needs, so that no part is divided by other units' whole. `owing` says by name who is to report it.
    """
    try:
        names = parse_formula(indicator.formula or indicator.key).names
    except FormulaError:
        return indicator_value(indicator, whole, None)[0]
    summed = [name for name in names if name not in whole]
    gave = (
        [unit for unit, values in by_unit.items() if all(name in values for name in summed)] if summed else []
    )
    known = {name: _sum(by_unit[unit][name] for unit in gave) for name in summed if gave}
    asked = frozenset[int]().union(gave, *(owing.get(name, frozenset()) for name in summed))
    return replace(
        indicator_value(indicator, {**whole, **known}, None)[0], asked=len(asked), reported=len(gave)
    )


def _sum(values: Iterable[Decimal | int | None]) -> Decimal | None:
    """One unit that does not know makes the sum unknown."""
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total += value
    return total


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


def units_to_report(edition: Edition, owing: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    """By the name of a figure the units that owe a milestone which asks for it; `owing` has them by milestone."""
    found: dict[str, frozenset[int]] = {}
    for one in edition.milestones:
        keys = [item.key for item in one.evidence if item.unit_of_measure] + [DONE] * (one.quota is not None)
        for key in keys:
            found[key] = found.get(key, frozenset()) | owing.get(one.key, frozenset())
    everybody = frozenset[int]().union(*found.values())
    # A figure that no milestone asks for by name may be reported by each of them.
    return {name: found.get(key, everybody) for name, key in known_names(edition).items()}


def figure_titles(edition: Edition) -> dict[str, str]:
    """How people call each name that figures are kept under; a name without a title is its own."""
    found: dict[str, str] = {}
    for word, key in known_names(edition).items():
        if found.get(key, key) == key:
            found[key] = word
    return found


def indicator_words(formula: str, titles: Mapping[str, str], figures: Values | None = None) -> str:
    """A formula with its names as people call them, each with its figure as far as it is known: 已参检 425 ÷ 应参检 600."""

    def told(name: re.Match[str]) -> str:
        value = (figures or {}).get(name[0])
        return titles.get(name[0], name[0]) + ("" if value is None else f" {number_words(value)}")

    return re.sub(r"[^\W\d]\w*", told, formula).replace("*", "×").replace("/", "÷")
