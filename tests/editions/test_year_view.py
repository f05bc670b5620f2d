"""The year, the load of units and phrases as they are typed, each as the person may see it."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import NotFound, Refused
from duban.editions.drafts import NewDate, change_date
from duban.editions.pages import explain_phrase, read_load, read_year, show_calendar, show_edition
from duban.editions.rules import week_of
from duban.units.tables import unit
from tests.builders import a_person, a_unit
from tests.editions.planning_builders import SURVEY, TODAY, StaffedOffice, a_staffed_office, with_survey

NOW = clock.at(TODAY)


@pytest.fixture
def surveyed(bureau: Bureau) -> StaffedOffice:
    return with_survey(a_staffed_office(bureau))


def stranger(surveyed: StaffedOffice) -> Actor:
    return a_person(surveyed.bureau, "张科长", a_unit(surveyed.bureau, "云上局"), Role.HANDLER)


def test_the_year_shows_each_point_in_its_month_with_its_counts(surveyed: StaffedOffice) -> None:
    [one] = read_year(surveyed.bureau, 2026, by=surveyed.zhou).campaigns

    assert (one.name, one.owed, one.done, one.own) == ("地名标志普查", 3, 0, True)
    [plan] = one.months[3]
    assert (plan.title, plan.due_on) == ("普查方案报备案", date(2026, 3, 31))
    assert (plan.units, plan.owed, plan.gate) == (2, 2, True)


def test_what_falls_on_a_day_off_is_listed_with_the_workday_before_it(surveyed: StaffedOffice) -> None:
    [report] = read_year(surveyed.bureau, 2026, by=surveyed.zhou).on_days_off

    assert (report.point.due_on, report.why) == (date(2026, 10, 31), "周六")
    assert report.point.last_workday == date(2026, 10, 30)


def test_a_month_shows_its_days_off_and_its_make_up_days(surveyed: StaffedOffice) -> None:
    view = read_year(surveyed.bureau, 2026, by=surveyed.zhou)

    october = view.months[9]
    assert date(2026, 10, 1) in [day.on for day in october.off]
    assert [day.on for day in october.make_up] == [date(2026, 10, 10)]
    assert not view.provisional


def test_a_year_without_its_notice_says_that_it_is_provisional(surveyed: StaffedOffice) -> None:
    assert read_year(surveyed.bureau, 2027, by=surveyed.zhou).provisional
    unknown = read_year(surveyed.bureau, 2050, by=surveyed.zhou)
    assert (unknown.provisional, unknown.months) == (True, ())


def test_what_is_due_after_the_year_has_a_column_of_its_own(surveyed: StaffedOffice) -> None:
    new = NewDate(campaign="sign_survey", year=2026, key="report", due="2027年1月底前", reason="顺延")
    change_date(surveyed.bureau, new, by=surveyed.zhou, now=NOW)

    view = read_year(surveyed.bureau, 2026, by=surveyed.zhou)

    assert view.outside == {13}
    assert view.campaigns[0].months[13][0].provisional


def test_a_handler_sees_the_points_of_his_own_unit_only(surveyed: StaffedOffice) -> None:
    [mine] = read_year(surveyed.bureau, 2026, by=surveyed.wang).campaigns
    assert (mine.months[3][0].owed, mine.owed) == (1, 2)

    other = stranger(surveyed)
    assert read_year(surveyed.bureau, 2026, by=other).campaigns == ()
    assert read_load(surveyed.bureau, 2026, 1, by=other).units == ()
    assert show_calendar(surveyed.bureau, 2026, by=other) == ()
    with pytest.raises(NotFound):
        show_edition(surveyed.bureau, "sign_survey", 2026, by=other)


def test_an_edition_shown_to_a_handler_has_only_his_own_milestones(surveyed: StaffedOffice) -> None:
    with surveyed.bureau.store.reading() as connection:
        zhonglou = connection.scalar(sa.select(unit.c.id).where(unit.c.name == "钟楼区民政局"))
    zhang = a_person(surveyed.bureau, "张科长", zhonglou, Role.HANDLER)

    page = show_edition(surveyed.bureau, "sign_survey", 2026, by=zhang)

    assert [(one.value.key, one.owed) for one in page.milestones] == [("plan", 1)]
    assert page.history == ()


def test_the_load_of_a_quarter_is_counted_by_unit_and_week(surveyed: StaffedOffice) -> None:
    view = read_load(surveyed.bureau, 2026, 1, by=surveyed.zhou)

    assert [(one.unit, one.owed) for one in view.units] == [("天宁区民政局", 1), ("钟楼区民政局", 1)]
    week = next(one for one in view.totals if one.week == week_of(date(2026, 3, 31)))
    assert (week.owed, week.open, week.peak) == (2, 2, False)


def test_a_week_with_much_at_once_is_a_peak(surveyed: StaffedOffice) -> None:
    for number in range(3):
        text = SURVEY.replace("sign_survey", f"extra_{number}").replace("地名标志普查", f"第{number}项")
        with_survey(surveyed, text.replace("10月底前", f"{5 + number}月底前"))

    [tianning, _] = read_load(surveyed.bureau, 2026, 1, by=surveyed.zhou).units

    assert [one.week for one in tianning.peaks] == [week_of(date(2026, 3, 31))]


def test_a_quarter_that_is_none_is_refused(surveyed: StaffedOffice) -> None:
    with pytest.raises(Refused, match="没有2026年第5季度"):
        read_load(surveyed.bureau, 2026, 5, by=SYSTEM)


@pytest.mark.parametrize(
    ("phrase", "due_on", "off"),
    [("3月底前", date(2026, 3, 31), False), ("10月底前", date(2026, 10, 31), True)],
)
def test_a_phrase_is_read_with_its_rule_and_last_workday(
    bureau: Bureau, phrase: str, due_on: date, off: bool
) -> None:
    found = explain_phrase(bureau, phrase, 2026, by=SYSTEM)

    assert (found.reason, found.rule[:9]) == (None, "month_end")
    [one] = found.days
    assert (one.due_on, one.off) == (due_on, off)


def test_a_phrase_with_two_meanings_says_which_one_was_taken(bureau: Bureau) -> None:
    found = explain_phrase(bureau, "6月份之前", 2026, by=SYSTEM)

    assert found.days[0].due_on == date(2026, 5, 31)
    assert "2026-06-30" in "".join(found.assumptions)


@pytest.mark.parametrize("phrase", ["元旦前", "三月左右", "", "很" * 500])
def test_a_phrase_that_goes_to_a_person_says_why(bureau: Bureau, phrase: str) -> None:
    found = explain_phrase(bureau, phrase, 2026, by=SYSTEM)

    assert found.reason
    assert found.days == ()


def test_a_recurrence_lists_every_date_and_a_vague_word_none(bureau: Bureau) -> None:
    assert len(explain_phrase(bureau, "每季度末", 2026, by=SYSTEM).days) == 4
    vague = explain_phrase(bureau, "适时", 2026, by=SYSTEM)
    assert (vague.reason, vague.days) == (None, ())
