"""Formulas are read whole or refused with the place; results are exact; the sources' figures come out again."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.formulas import (
    ComputedFigure,
    FormulaError,
    compute_formula,
    figure_shown,
    figures_agree,
    meets_target,
    missing_names,
    one_decimal,
    parse_formula,
    places_of,
    rate_of,
)


def result(text: str, **values) -> str:
    return figure_shown(compute_formula(parse_formula(text), values), "%")


@pytest.mark.parametrize(
    ("formula", "values", "printed"),
    [
        ("100 * completed / due", {"completed": 371, "due": 600}, "61.8 %"),
        ("100 * checked / due", {"checked": 425, "due": 600}, "70.8 %"),
        ("100 * completed / checked", {"completed": 371, "checked": 425}, "87.3 %"),
        ("100 * passed / checked", {"passed": 106, "checked": 110}, "96.4 %"),
        ("100 * fixed / found", {"fixed": 20, "found": 41}, "48.8 %"),
    ],
)
def test_the_rates_of_the_sources_come_out_again(formula: str, values: dict, printed: str) -> None:
    assert result(formula, **values) == printed


def test_a_rate_without_its_denominator_prints_a_dash() -> None:
    formula = parse_formula("100 * checked / due_check")
    values = {"checked": 110, "due_check": None}

    assert figure_shown(compute_formula(formula, values), "%") == "—"
    assert missing_names(formula, values) == ("due_check",)


def test_a_zero_denominator_is_neither_nothing_nor_everything() -> None:
    assert result("100 * checked / due", checked=0, due=0) == "—"


def test_chinese_names_and_full_width_signs_are_read() -> None:
    formula = parse_formula("１００ × （完成年检 ＋ 补检） ÷ 应参检")

    assert formula.names == ("完成年检", "补检", "应参检")
    assert compute_formula(formula, {"完成年检": 370, "补检": 1, "应参检": 600}) == ComputedFigure(
        value=Fraction(371, 6)
    )


def test_products_bind_before_sums_and_from_the_left() -> None:
    assert compute_formula(parse_formula("2 + 3 * 4 - 6 / 3 / 2"), {}) == ComputedFigure(value=Fraction(13))
    assert compute_formula(parse_formula("-(1 - 3) * 2"), {}) == ComputedFigure(value=Fraction(4))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("100 *", 6),
        ("(a + b", 7),
        ("a b", 3),
        ("a + + b", 5),
        ("a ** b", 4),
        ("a.real", 2),
        ("__import__('os')", 12),
        ("a; b", 2),
        ("已参检 应参检", 5),
        ("5 (", 3),
        ("a)", 2),
    ],
)
def test_a_formula_that_does_not_fit_is_refused_at_its_place(text: str, position: int) -> None:
    with pytest.raises(FormulaError) as refused:
        parse_formula(text)

    assert refused.value.position == position


def test_a_formula_cannot_be_made_too_deep_or_too_long() -> None:
    with pytest.raises(FormulaError):
        parse_formula("(" * 200 + "1" + ")" * 200)
    with pytest.raises(FormulaError):
        parse_formula("-" * 200 + "1")
    with pytest.raises(FormulaError):
        parse_formula("1+" * 300 + "1")


def test_a_rate_is_compared_exactly_with_its_target() -> None:
    checked = rate_of(425, 600)

    assert meets_target(checked, ">=", Decimal(80)) is False
    assert meets_target(rate_of(480, 600), ">=", Decimal(80)) is True
    assert meets_target(None, ">=", Decimal(80)) is None


def test_a_published_rate_may_be_cut_or_rounded() -> None:
    found = rate_of(1925, 2035)

    assert figures_agree(found, Decimal("94.5"))
    assert figures_agree(found, Decimal("94.6"))
    assert not figures_agree(found, Decimal("94.4"))
    assert figures_agree(rate_of(371, 600), Decimal("61.8"))


def test_ties_share_a_place_and_the_next_is_skipped() -> None:
    assert places_of([Fraction(90), Fraction(95), None, Fraction(90), Fraction(80)]) == (
        2,
        1,
        None,
        2,
        4,
    )
    assert places_of([Fraction(90), Fraction(95)], smallest_first=True) == (1, 2)


def test_where_all_stand_alike_nobody_has_a_place() -> None:
    assert places_of([Fraction(0)] * 7) == (None,) * 7
    assert places_of([Fraction(3)]) == (None,)
    assert places_of([None, None]) == (None, None)


def test_halves_are_rounded_as_people_do() -> None:
    assert str(one_decimal(Fraction(625, 10000) * 100)) == "6.3"
    assert str(one_decimal(Fraction(-5, 100))) == "-0.1"
    assert figure_shown(ComputedFigure(value=Fraction(20)), "%") == "20.0 %"
    assert figure_shown(ComputedFigure(value=Fraction(4, 3)), "场") == "1.3 场"
    assert figure_shown(ComputedFigure(value=Fraction(3)), "场") == "3 场"


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_printed_rate_lies_within_a_twentieth_of_the_exact_one(part: int, whole: int) -> None:
    figure = rate_of(part, whole)

    assert figure is not None
    assert abs(Fraction(figure_shown(figure, "%").removesuffix(" %")) - figure.value) <= Fraction(1, 20)


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        max_leaves=12,
    )
)
def test_the_parser_agrees_with_arithmetic(text: str) -> None:
    assert compute_formula(parse_formula(text), {}) == ComputedFigure(value=Fraction(eval(text)))


@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    try:
        parse_formula(text)
    except FormulaError as refused:
        assert 1 <= refused.position <= len(text) + 1
