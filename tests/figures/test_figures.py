"""The sources' numbers go in by the doors and the published rates come out; what is unknown stays unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import read_year
from calendars.reader.units import load_units
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.editions.service import apply_edition
from duban.figures.rules import SumVerdict, sum_findings
from duban.figures.service import NewFigure, record_figure, report_progress
from duban.figures.tables import figure
from duban.obligations.tables import obligation
from duban.reports.indicators import edition_figures
from duban.units.importing import import_unit_book
from duban.units.queries import find_unit
from tests.builders import a_person
from tests.stories.bureau import Bureau as Home

NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def editions() -> dict[str, Edition]:
    from calendars.workdays.files import load_workdays

    read = read_year(2025, almanac=almanac_for(), workdays=load_workdays())
    return {one.campaign: one for one in read.editions}


@pytest.fixture
def zhou(bureau: Bureau) -> Actor:
    import_unit_book(bureau, load_units(), by=SYSTEM, now=NOW)
    return a_person(bureau, "周处长", unit_id(bureau, "市民政局"), Role.COORDINATOR)


def unit_id(bureau: Bureau, name: str) -> int:
    with bureau.store.reading() as connection:
        found = find_unit(connection, name)
    assert found is not None
    return found.id


def tell(bureau: Bureau, by: Actor, campaign: str, name: str, value: int | None, **more):
    measure = more.pop("unit_of_measure", "家")
    new = NewFigure(
        name=name, value=None if value is None else Decimal(value), unit_of_measure=measure, **more
    )
    return record_figure(bureau, campaign, 2025, new, by=by, now=NOW)


def indicator(bureau: Bureau, campaign: str, key: str):
    return next(
        one for one in edition_figures(bureau, campaign, 2025, by=SYSTEM).indicators.city if one.key == key
    )


def an_obligation_of(bureau: Bureau, unit: str) -> int:
    table = obligation
    with bureau.store.reading() as connection:
        return connection.execute(
            sa.select(table.c.id).where(table.c.unit_id == unit_id(bureau, unit))
        ).scalar_one()


def test_the_yearly_check_of_one_district_comes_out_as_published(
    bureau: Bureau, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)
    for name, value in (("应参检", 600), ("已参检", 425), ("完成年检", 371)):
        tell(bureau, zhou, check, name, value)

    assert indicator(bureau, check, "completed_rate").shown == "61.8 %"
    participation = indicator(bureau, check, "taken_part")
    assert (participation.shown, participation.target, participation.reached) == (
        "70.8 %",
        "不低于80 %",
        False,
    )


def test_106_of_110_passed_and_without_those_due_the_participation_is_a_dash(
    bureau: Bureau, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)
    tell(bureau, zhou, check, "checked", 110)
    tell(bureau, zhou, check, "passed", 106)
    tell(bureau, zhou, check, "应参检", None)

    participation = indicator(bureau, check, "taken_part")
    assert (participation.shown, participation.reached, participation.missing) == ("—", None, ("due_check",))
    assert indicator(bureau, check, "passed_rate").shown == "96.4 %"


def test_20_of_41_problems_fixed(bureau: Bureau, zhou: Actor, editions) -> None:
    ledger = "inspection_rectification"
    apply_edition(bureau, editions[ledger], by=SYSTEM, now=NOW)
    # Today's figures are the ledger's; those of an earlier day stand beside each other.
    with pytest.raises(Refused, match="found填报41，问题台账是0"):
        tell(bureau, zhou, ledger, "found", 7 + 34, unit_of_measure="项")
    of_june = {"unit_of_measure": "项", "as_of_on": date(2025, 6, 30)}
    tell(bureau, zhou, ledger, "found", 7 + 34, **of_june)
    tell(bureau, zhou, ledger, "fixed", 20, **of_june)
    tell(bureau, zhou, ledger, "open", 20, **of_june)

    assert indicator(bureau, ledger, "fixed_rate").shown == "48.8 %"
    [sentence] = edition_figures(bureau, ledger, 2025, by=SYSTEM).warnings
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
    bureau: Bureau, zhou: Actor, editions
) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    home = unit_id(bureau, "天宁区民政局")
    wang = a_person(bureau, "王科长", home, Role.HANDLER)
    obligation = an_obligation_of(bureau, "天宁区民政局")

    done = report_progress(bureau, obligation, Decimal(5), unit_of_measure="个", by=wang, now=NOW)

    assert done.target is not None
    assert done.rate.endswith("%")
    city = indicator(bureau, "public_benefit_projects", "rate")
    assert city.shown == "2.5 %"
    [own] = [
        one
        for one in edition_figures(bureau, "public_benefit_projects", 2025, by=SYSTEM).indicators.units
        if one.unit == "天宁区民政局"
    ]
    assert own.shown == done.rate
    # The only unit that reported: nobody it could be compared with.
    assert own.place is None


def test_a_report_that_falls_needs_a_reason(bureau: Bureau, zhou: Actor, editions) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    wang = a_person(bureau, "王科长", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    obligation = an_obligation_of(bureau, "天宁区民政局")
    named = {"unit_of_measure": "个", "by": wang, "now": NOW}
    report_progress(bureau, obligation, Decimal(5), **named)

    with pytest.raises(Refused, match="比上次的5少"):
        report_progress(bureau, obligation, Decimal(4), **named)

    assert report_progress(bureau, obligation, Decimal(4), reason="一个项目终止", **named).previous == 5


def test_everything_wrong_with_a_report_is_told_at_once(bureau: Bureau, zhou: Actor, editions) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    zhao = a_person(bureau, "赵某", unit_id(bureau, "天宁区民政局"), Role.REVIEWER)
    obligation = an_obligation_of(bureau, "天宁区民政局")

    with pytest.raises(Refused) as refused:
        report_progress(
            bureau,
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


@pytest.mark.parametrize("on", [date(2062, 1, 1), date(1899, 12, 31), date(2023, 12, 31)])
def test_a_figure_of_a_day_that_cannot_be_is_refused(bureau: Bureau, zhou: Actor, editions, on: date) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    wang = a_person(bureau, "王某", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    obligation = an_obligation_of(bureau, "天宁区民政局")
    given = {"unit_of_measure": "张", "by": wang, "now": NOW}

    with pytest.raises(Refused, match="的截止日期"):
        report_progress(bureau, obligation, Decimal(10), as_of_on=on, **given)


def test_a_figure_without_unit_out_of_range_or_unknown_by_name_is_refused(
    bureau: Bureau, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)

    for name, value, measure, sentence in (
        ("应参检", 600, "", "没有写计量单位（应为“家”）"),
        ("应参检", 600, "万家", "应为“家”"),
        ("应参检", -1, "家", "低于下限0"),
        ("出勤", 1, "家", "没有叫“出勤”的数据"),
    ):
        with pytest.raises(Refused, match=sentence):
            tell(bureau, zhou, check, name, value, unit_of_measure=measure)
    assert edition_figures(bureau, check, 2025, by=SYSTEM).reported == ()


def test_a_units_figures_are_its_own_and_their_sum_is_held_against_the_citys(
    bureau: Bureau, zhou: Actor, editions
) -> None:
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)
    wang = a_person(bureau, "王科长", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    tell(bureau, wang, check, "已参检", 200, unit="天宁区民政局")
    with pytest.raises(Refused, match="王科长不是钟楼区民政局的经办人"):
        tell(bureau, wang, check, "已参检", 225, unit="钟楼区民政局")
    tell(bureau, zhou, check, "已参检", 225, unit="钟楼区民政局")
    tell(bureau, zhou, check, "应参检", 600)

    assert indicator(bureau, check, "taken_part").shown == "70.8 %"
    tell(bureau, zhou, check, "已参检", 430)
    [sentence] = edition_figures(bureau, check, 2025, by=SYSTEM).warnings
    assert "各单位合计425，全市填报430，相差5" in sentence


def test_every_formula_of_the_shipped_files_can_be_computed(editions) -> None:
    from calendars.formulas import parse_formula

    formulas = [one.formula for edition in editions.values() for one in edition.indicators if one.formula]

    assert len(formulas) > 30
    for formula in formulas:
        parse_formula(formula)


def test_one_district_of_seven_is_not_shown_as_the_city(bureau: Bureau, zhou: Actor, editions) -> None:
    alerts = "alert_handling"
    apply_edition(bureau, editions[alerts], by=SYSTEM, now=NOW)
    assert indicator(bureau, alerts, "handled_rate").coverage == "7个单位都还没有报"

    tell(bureau, zhou, alerts, "raised", 46, unit="天宁区", unit_of_measure="条")
    tell(bureau, zhou, alerts, "handled", 39, unit="天宁区", unit_of_measure="条")
    # Half of a rate is no report: 100 warnings without what was done of them stand in no denominator.
    tell(bureau, zhou, alerts, "raised", 100, unit="武进区", unit_of_measure="条")

    city = indicator(bureau, alerts, "handled_rate")
    assert (city.shown, city.coverage) == ("84.8 %", "7个单位中1个已报")
    assert city.figures == {"handled": 39, "raised": 46}

    tell(bureau, zhou, alerts, "raised", 200, unit_of_measure="条")
    tell(bureau, zhou, alerts, "handled", 100, unit_of_measure="条")
    assert indicator(bureau, alerts, "handled_rate").coverage == ""


def test_the_command_and_its_answer_for_scripts_say_how_many_reported(
    bureau: Bureau, zhou: Actor, editions, capsys, monkeypatch
) -> None:
    alerts = "alert_handling"
    apply_edition(bureau, editions[alerts], by=SYSTEM, now=NOW)
    tell(bureau, zhou, alerts, "raised", 46, unit="天宁区", unit_of_measure="条")
    tell(bureau, zhou, alerts, "handled", 39, unit="天宁区", unit_of_measure="条")
    home = Home(home=bureau.settings.home)

    assert "7个单位中1个已报" in home.done("figure", "indicators", alerts, "2025").replace("\n", "")
    [city] = home.ask("figure", "indicators", alerts, "2025")["city"]
    assert (city["shown"], city["asked"], city["reported"]) == ("84.8 %", 7, 1)
    assert city["figures"] == {"handled": 39, "raised": 46}


def test_the_check_finds_what_sources_say_differently_and_units_that_stand_twice(
    bureau: Bureau, zhou: Actor, editions
) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    wang = a_person(bureau, "王科长", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    report_progress(
        bureau,
        an_obligation_of(bureau, "天宁区民政局"),
        Decimal(5),
        unit_of_measure="个",
        by=wang,
        now=NOW,
    )
    tell(bureau, zhou, "public_benefit_projects", "done", 7, unit="天宁区", unit_of_measure="个")
    # As it was kept before a district was its office.
    with bureau.store.writing() as connection:
        row = connection.execute(sa.select(figure)).first()
        old = {**row._mapping, "id": row.id + 1, "unit_id": unit_id(bureau, "天宁区")}
        connection.execute(sa.insert(figure).values(**old))
    home = Home(home=bureau.settings.home)

    found = home.run("figure", "check")

    assert found.status == 1
    assert "天宁区民政局累计扶持项目：进度填报是5，数据登记是7，对不上，请核对。" in found.out
    assert len(edition_figures(bureau, "public_benefit_projects", 2025, by=SYSTEM).reported) == 1
    assert "天宁区名下另记有数据，已与天宁区民政局的合为一个单位" in found.out
