"""Edition 2026 is the roll of 2025: dates worked out anew, targets open, what happens once left out."""

from datetime import date
from pathlib import Path

import pytest

from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone, TargetState
from calendars.reader import CALENDARS, read_year
from calendars.reader.diff import diff_years
from calendars.roll import roll_year
from calendars.workdays.files import load_workdays

ALMANAC = almanac_for()
WORKDAYS = load_workdays()


def edition_of(year: int) -> dict[str, Edition]:
    read = read_year(year, almanac=ALMANAC, workdays=WORKDAYS)
    assert read.faults == ()
    return {edition.campaign: edition for edition in read.editions}


@pytest.fixture(scope="module")
def before() -> dict[str, Edition]:
    return edition_of(2025)


@pytest.fixture(scope="module")
def after() -> dict[str, Edition]:
    return edition_of(2026)


def the(edition: Edition, key: str) -> Milestone:
    (found,) = (one for one in edition.milestones if one.key == key)
    return found


def test_2026_is_what_rolling_2025_gives(after):
    plan = roll_year(2025, 2026, almanac=ALMANAC, workdays=WORKDAYS)

    written = {path.name: path.read_text(encoding="utf-8") for path in (CALENDARS / "2026").glob("*.yaml")}

    assert written == {file.name: file.text for file in plan.files}
    assert list(plan.editions) == list(after.values())


def test_every_campaign_says_which_year_it_was_rolled_from(after):
    assert {edition.rolled_from for edition in after.values()} == {2025}


def test_the_annual_check_of_2026_looks_at_2025(after):
    check = after["social_org_annual_check"]

    assert (check.year, check.subject_year) == (2026, 2025)
    assert the(check, "to_supervisor").points[0].due_on == date(2026, 3, 31)
    registrar = the(check, "to_registrar").points[0]
    assert (registrar.due_on, registrar.last_workday) == (date(2026, 5, 31), date(2026, 5, 29))


def test_plain_dates_keep_their_day(after):
    assert the(after["place_name_signs"], "plan_filed").points[0].due_on == date(2026, 3, 31)
    assert the(after["famous_villages"], "plan_filed").points[0].due_on == date(2026, 4, 30)


def test_lunar_days_and_solar_terms_fall_where_the_almanac_says(after):
    assert the(after["wedding_customs_days"], "qixi").points[0].due_on == date(2026, 8, 19)
    assert the(after["qingming"], "plan").points[0].due_on == date(2026, 4, 4)
    assert the(after["qingming"], "on_duty").points[0].due_on == date(2026, 4, 6)


def test_what_reaches_into_a_year_without_a_notice_is_provisional(after):
    winter = after["winter_warmth"]

    assert the(winter, "patrol").points[0].due_on == date(2027, 2, 28)
    assert the(winter, "patrol").points[0].provisional
    assert not the(winter, "plan").points[0].provisional


def test_no_figure_of_2025_is_taken_for_one_of_2026(after):
    states = {
        target.state
        for edition in after.values()
        for one in edition.milestones
        if one.quota
        for target in one.quota.targets
    }

    assert states == {TargetState.UNCONFIRMED, TargetState.NONE}
    assert all(
        one.quota.city_total is None for edition in after.values() for one in edition.milestones if one.quota
    )
    assert all(one.target_value is None for edition in after.values() for one in edition.indicators)


def test_last_years_figures_stand_beside_the_open_ones(before, after):
    for campaign in ("home_care_beds", "lottery_sales", "public_benefit_projects"):
        (old,) = (one.quota for one in before[campaign].milestones)
        (new,) = (one.quota for one in after[campaign].milestones)
        assert new.city_total_last_year == old.city_total
        assert [target.last_year for target in new.targets] == [target.value for target in old.targets]
    (aim,) = (one for one in after["social_org_annual_check"].indicators if one.key == "taken_part")
    assert (aim.target_op, aim.target_last_year) == (">=", 80)


def test_special_actions_and_reform_items_are_not_carried_over(before, after):
    gone = set(before) - set(after)

    assert {name for name in before if name.startswith("reform_")} <= gone
    assert {"funeral_rectification", "funeral_platform_96444", "fire_refuge", "mixed_use_buildings"} <= gone
    assert set(after) <= set(before)


def test_a_once_only_milestone_goes_and_the_rest_of_its_campaign_stays(after):
    assert [one.key for one in after["boundary_check"].milestones] == ["safe_boundary"]
    assert [one.key for one in after["disability_allowances"].milestones] == ["accuracy"]


def test_the_difference_of_the_two_years_is_told_in_lines(before, after):
    texts = [change.text for change in diff_years(tuple(before.values()), tuple(after.values()))]

    assert any("2025-08-29→2026-08-19" in text and "农历" in text for text in texts)
    assert any("消防避难设施" in text and "不再列入" in text for text in texts)
    assert any("溧阳市民政局目标353张→待定（上年353）" in text for text in texts)
    assert not any("3月底前" in text for text in texts)


def test_a_rolled_2027_is_provisional_everywhere(tmp_path: Path):
    plan = roll_year(2026, 2027, almanac=ALMANAC, workdays=WORKDAYS)

    points = [point for edition in plan.editions for one in edition.milestones for point in one.points]

    assert plan.provisional
    assert plan.faults == ()
    assert len(plan.files) == 54
    assert points and all(point.provisional for point in points)
