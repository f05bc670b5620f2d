"""Figures that do not agree are shown, never mended."""

from __future__ import annotations

from decimal import Decimal

from calendars.model import CampaignKind, Edition, Milestone, Quota, Source, Target, TargetState
from duban.figures.rules import (
    SumVerdict,
    fall_refusals,
    measure_refusals,
    problem_balance,
    range_refusals,
    sum_findings,
    units_against_city,
)


def a_quota(*cells: int | None, city: int | None, op: str = "=", **more) -> Edition:
    targets = tuple(
        Target(
            unit=f"第{n}区",
            state=TargetState.BLANK if cell is None else TargetState.GIVEN,
            value=None if cell is None else Decimal(cell),
        )
        for n, cell in enumerate(cells)
    )
    quota = Quota(
        indicator="助餐点",
        unit_of_measure="个",
        op=op,
        city_total=None if city is None else Decimal(city),
        targets=targets,
        **more,
    )
    source = Source(document="2025年工作要点 附件1", item="A1-12-02")
    milestone = Milestone(key="m", title="助餐点", source=source, due_phrase="年内", leads=(), quota=quota)
    return Edition(
        campaign="meal_points", name="助餐点", kind=CampaignKind.QUOTA, year=2025, milestones=(milestone,)
    )


def test_units_that_promise_less_than_at_least_the_citys_figure_differ() -> None:
    [found] = sum_findings(a_quota(20, 20, 20, 20, 15, 10, 10, city=200, op=">="))

    assert (found.units_sum, found.verdict) == (Decimal(115), SumVerdict.DIFFERS)
    assert "合计115个，全市不少于200个，相差85个" in found.sentence


def test_units_that_promise_more_than_at_least_agree() -> None:
    [found] = sum_findings(a_quota(150, 60, city=200, op=">="))

    assert found.verdict is SumVerdict.AGREES


def test_a_sum_is_equal_or_it_differs() -> None:
    assert sum_findings(a_quota(30, 10, city=40))[0].verdict is SumVerdict.AGREES
    assert sum_findings(a_quota(30, 7, city=40))[0].verdict is SumVerdict.DIFFERS
    assert sum_findings(a_quota(30, 11, city=40))[0].verdict is SumVerdict.DIFFERS


def test_a_blank_cell_is_counted_not_taken_for_zero() -> None:
    [found] = sum_findings(a_quota(30, None, 10, city=40))

    assert (found.blanks, found.verdict) == (1, SumVerdict.AGREES)


def test_without_a_city_figure_nothing_is_claimed() -> None:
    [found] = sum_findings(a_quota(30, 10, city=None))

    assert found.verdict is SumVerdict.NO_CITY_FIGURE
    assert "没有全市数可核对" in found.sentence


def test_a_year_still_to_be_confirmed_is_not_judged() -> None:
    [found] = sum_findings(a_quota(30, 10, city=None, city_total_last_year=Decimal(40)))

    assert found.verdict is SumVerdict.UNCONFIRMED


def test_a_figure_that_falls_needs_a_reason() -> None:
    assert list(fall_refusals("助餐点", Decimal(12), Decimal(10), None))
    assert list(fall_refusals("助餐点", Decimal(12), Decimal(10), "  "))
    assert not list(fall_refusals("助餐点", Decimal(12), Decimal(10), "两处停办"))
    assert not list(fall_refusals("助餐点", None, Decimal(10), None))


def test_a_figure_out_of_range_or_without_unit_is_refused() -> None:
    assert list(range_refusals("助餐点", Decimal(-1)))
    assert list(range_refusals("参检率", Decimal(101), Decimal(0), Decimal(100)))
    assert list(range_refusals("助餐点", Decimal("NaN")))
    assert list(range_refusals("助餐点", Decimal("0.00001")))
    assert list(range_refusals("助餐点", Decimal(10) ** 20))
    assert not list(range_refusals("助餐点", Decimal("12.5")))
    assert list(measure_refusals("助餐点", "", "个"))
    assert list(measure_refusals("助餐点", "万个", "个"))
    assert not list(measure_refusals("助餐点", "个", "个"))


def test_found_problems_are_fixed_or_open() -> None:
    assert problem_balance(41, 20, 21) is None
    assert "对不上" in str(problem_balance(41, 20, 20))


def test_units_and_city_are_compared_only_when_both_are_known() -> None:
    assert units_against_city("已参检", [Decimal(200), Decimal(225)], Decimal(425)) is None
    assert units_against_city("已参检", [Decimal(200)], None) is None
    assert "相差25" in str(units_against_city("已参检", [Decimal(200), Decimal(200)], Decimal(425)))
