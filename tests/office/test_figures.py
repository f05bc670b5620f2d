"""The sources' numbers go in by the doors and the published rates come out; what is unknown stays unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from calendars.almanac import almanac_for
from calendars.reader import load_units, read_year
from office.actions.apply_edition import apply_edition
from office.actions.compute_indicators import check_figures, compute_indicators, list_figures
from office.actions.import_units import import_unit_book
from office.actions.office import Office
from office.actions.record_figure import NewFigure, record_figure
from office.actions.report_progress import report_progress
from office.errors import Refused
from office.store import tables, units
from rules.campaign import Edition
from rules.checks import SumVerdict, sum_findings
from rules.people import SYSTEM, Actor, Role
from tests.builders import a_person

NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def editions() -> dict[str, Edition]:
    from calendars.workdays import load_workdays

    read = read_year(2025, almanac=almanac_for(), workdays=load_workdays())
    return {one.campaign: one for one in read.editions}


@pytest.fixture
def zhou(office: Office) -> Actor:
    import_unit_book(office, load_units(), by=SYSTEM, now=NOW)
    return a_person(office, "周处长", unit_id(office, "市民政局"), Role.COORDINATOR)


def unit_id(office: Office, name: str) -> int:
    with office.store.reading() as connection:
        found = units.find_unit(connection, name)
    assert found is not None
    return found.id


def tell(office: Office, by: Actor, campaign: str, name: str, value: int | None, **more):
    measure = more.pop("unit_of_measure", "家")
    new = NewFigure(
        name=name, value=None if value is None else Decimal(value), unit_of_measure=measure, **more
    )
    return record_figure(office, campaign, 2025, new, by=by, now=NOW)


def indicator(office: Office, campaign: str, key: str):
    return next(one for one in compute_indicators(office, campaign, 2025, by=SYSTEM).city if one.key == key)


def an_obligation_of(office: Office, unit: str) -> int:
    table = tables.obligation
    with office.store.reading() as connection:
        return connection.execute(
            sa.select(table.c.id).where(table.c.unit_id == unit_id(office, unit))
        ).scalar_one()


def test_the_yearly_check_of_one_district_comes_out_as_published(
    office: Office, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(office, editions[check], by=SYSTEM, now=NOW)
    for name, value in (("应参检", 600), ("已参检", 425), ("完成年检", 371)):
        tell(office, zhou, check, name, value)

    assert indicator(office, check, "completed_rate").shown == "61.8 %"
    participation = indicator(office, check, "taken_part")
    assert (participation.shown, participation.target, participation.reached) == (
        "70.8 %",
        "不低于80 %",
        False,
    )


def test_106_of_110_passed_and_without_those_due_the_participation_is_a_dash(
    office: Office, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(office, editions[check], by=SYSTEM, now=NOW)
    tell(office, zhou, check, "checked", 110)
    tell(office, zhou, check, "passed", 106)
    tell(office, zhou, check, "应参检", None)

    participation = indicator(office, check, "taken_part")
    assert (participation.shown, participation.reached, participation.missing) == ("—", None, ("due_check",))
    assert indicator(office, check, "passed_rate").shown == "96.4 %"


def test_20_of_41_problems_fixed(office: Office, zhou: Actor, editions) -> None:
    ledger = "inspection_rectification"
    apply_edition(office, editions[ledger], by=SYSTEM, now=NOW)
    tell(office, zhou, ledger, "found", 7 + 34, unit_of_measure="项")
    tell(office, zhou, ledger, "fixed", 20, unit_of_measure="项")
    tell(office, zhou, ledger, "open", 20, unit_of_measure="项")

    assert indicator(office, ledger, "fixed_rate").shown == "48.8 %"
    [sentence] = check_figures(office, ledger, 2025, by=SYSTEM)
    assert "发现问题41个" in sentence
    assert "对不上" in sentence


def test_the_quota_sums_of_the_table_match_but_for_two(editions) -> None:
    found = {one.item: one for edition in editions.values() for one in sum_findings(edition)}
    agreeing = {item for item, one in found.items() if one.verdict is SumVerdict.AGREES}
    differing = {item: one for item, one in found.items() if one.verdict is SumVerdict.DIFFERS}

    assert {
        "A1-03-01",
        "A1-03-02",
        "A1-03-03",
        "A1-03-04",
        "A1-03-05",
        "A1-03-08",
        "A1-03-09",
        "A1-06-01",
        "A1-08-03",
        "A1-14-01",
    } <= agreeing
    assert set(differing) == {"A1-02-01", "A1-12-02"}
    assert (differing["A1-02-01"].units_sum, differing["A1-02-01"].city_total) == (37000, 40000)
    assert (differing["A1-12-02"].units_sum, differing["A1-12-02"].city_total) == (115, 200)
    assert found["A1-04-02"].units_sum == 3226
    assert found["A1-04-03"].units_sum == 14092
    assert found["A1-04-02"].verdict is SumVerdict.NO_CITY_FIGURE


def test_a_unit_reports_towards_its_target_and_the_city_adds_up(
    office: Office, zhou: Actor, editions
) -> None:
    apply_edition(office, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    home = unit_id(office, "天宁区民政局")
    wang = a_person(office, "王科长", home, Role.HANDLER)
    obligation = an_obligation_of(office, "天宁区民政局")

    done = report_progress(office, obligation, Decimal(5), unit_of_measure="个", by=wang, now=NOW)

    assert done.target is not None
    assert done.rate.endswith("%")
    city = indicator(office, "public_benefit_projects", "rate")
    assert city.shown == "2.5 %"
    [own] = [
        one
        for one in compute_indicators(office, "public_benefit_projects", 2025, by=SYSTEM).units
        if one.unit == "天宁区民政局"
    ]
    assert own.shown == done.rate
    assert own.place == 1


def test_a_report_that_falls_needs_a_reason(office: Office, zhou: Actor, editions) -> None:
    apply_edition(office, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    wang = a_person(office, "王科长", unit_id(office, "天宁区民政局"), Role.HANDLER)
    obligation = an_obligation_of(office, "天宁区民政局")
    named = {"unit_of_measure": "个", "by": wang, "now": NOW}
    report_progress(office, obligation, Decimal(5), **named)

    with pytest.raises(Refused, match="比上次的5少"):
        report_progress(office, obligation, Decimal(4), **named)

    assert report_progress(office, obligation, Decimal(4), reason="一个项目终止", **named).previous == 5


def test_everything_wrong_with_a_report_is_told_at_once(office: Office, zhou: Actor, editions) -> None:
    apply_edition(office, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    zhao = a_person(office, "赵某", unit_id(office, "天宁区民政局"), Role.REVIEWER)
    obligation = an_obligation_of(office, "天宁区民政局")

    with pytest.raises(Refused) as refused:
        report_progress(
            office,
            obligation,
            Decimal(-1),
            unit_of_measure="",
            as_of_on=date(2025, 12, 1),
            by=zhao,
            now=NOW,
        )

    text = str(refused.value)
    for part in ("没有反馈进展的权限", "没有写计量单位", "低于下限0", "还没有到"):
        assert part in text


def test_a_figure_without_unit_out_of_range_or_unknown_by_name_is_refused(
    office: Office, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(office, editions[check], by=SYSTEM, now=NOW)

    for name, value, measure, sentence in (
        ("应参检", 600, "", "没有写计量单位（应为“家”）"),
        ("应参检", 600, "万家", "应为“家”"),
        ("应参检", -1, "家", "低于下限0"),
        ("出勤", 1, "家", "没有叫“出勤”的数据"),
    ):
        with pytest.raises(Refused, match=sentence):
            tell(office, zhou, check, name, value, unit_of_measure=measure)
    assert list_figures(office, check, 2025, by=SYSTEM) == ()


def test_a_units_figures_are_its_own_and_their_sum_is_held_against_the_citys(
    office: Office, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(office, editions[check], by=SYSTEM, now=NOW)
    wang = a_person(office, "王科长", unit_id(office, "天宁区民政局"), Role.HANDLER)
    tell(office, wang, check, "已参检", 200, unit="天宁区民政局")
    with pytest.raises(Refused, match="王科长不是钟楼区民政局的经办人"):
        tell(office, wang, check, "已参检", 225, unit="钟楼区民政局")
    tell(office, zhou, check, "已参检", 225, unit="钟楼区民政局")
    tell(office, zhou, check, "应参检", 600)

    assert indicator(office, check, "taken_part").shown == "70.8 %"
    tell(office, zhou, check, "已参检", 430)
    [sentence] = check_figures(office, check, 2025, by=SYSTEM)
    assert "各单位合计425，全市填报430，相差5" in sentence


def test_every_formula_of_the_shipped_files_can_be_computed(editions) -> None:
    from rules.figures import parse_formula

    formulas = [one.formula for edition in editions.values() for one in edition.indicators if one.formula]

    assert len(formulas) > 30
    for formula in formulas:
        parse_formula(formula)
