"""A sound campaign file becomes the values it describes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from calendars.ladders import RungKind
from calendars.model import CampaignKind, EvidenceType, TargetState
from calendars.reader import load_ladders
from calendars.reader.units import load_units
from tests.calendars.campaign_files import changed, read_campaign, write_campaign

SEVEN = (
    "溧阳市民政局",
    "金坛区民政局",
    "武进区民政局",
    "新北区民政局",
    "天宁区民政局",
    "钟楼区民政局",
    "经开区社会保障和卫生健康局",
)


def test_a_sound_file_is_read_whole(tmp_path):
    edition = read_campaign(write_campaign(tmp_path))

    assert (edition.campaign, edition.name, edition.kind) == ("signs", "路牌巡检", CampaignKind.FILING)
    assert edition.ladder == "standard"
    assert edition.roll == "none"
    assert edition.coordinator == "市民政局"
    plan = edition.milestones[0]
    assert (plan.source.document, plan.source.item) == ("工作要点", "A1-10-01")
    assert (plan.due_phrase, plan.rule) == ("3月底前", "month_end(3)")
    assert plan.points[0].due_on == date(2025, 3, 31)
    assert plan.gate
    assert edition.sources == (plan.source,)


def test_all_districts_are_spelled_out_as_the_offices_that_answer_for_them(tmp_path):
    edition = read_campaign(write_campaign(tmp_path))

    assert edition.milestones[0].leads == SEVEN


def test_a_due_date_on_a_day_off_stays_and_shows_the_last_workday(tmp_path):
    path = write_campaign(tmp_path, changed(("3月底前", "5月31日前")))

    point = read_campaign(path).milestones[0].points[0]

    assert point.due_on == date(2025, 5, 31)
    assert point.last_workday == date(2025, 5, 30)


@pytest.mark.parametrize(("roll", "due_on"), [("previous", date(2025, 5, 30)), ("next", date(2025, 6, 3))])
def test_the_campaigns_setting_moves_a_due_date_off_a_holiday_and_says_why(tmp_path, roll, due_on):
    text = changed(
        ("3月底前", "5月31日前"), ("documents:", f"roll: {roll}\nroll_reason: 局务会定\ndocuments:")
    )

    point = read_campaign(write_campaign(tmp_path, text)).milestones[0].points[0]

    assert point.due_on == due_on
    assert point.last_workday == due_on
    assert "局务会定" in point.assumptions[-1]


def test_a_workday_is_never_moved(tmp_path):
    text = changed(("documents:", "roll: next\nroll_reason: 局务会定\ndocuments:"))

    point = read_campaign(write_campaign(tmp_path, text)).milestones[0].points[0]

    assert point.due_on == date(2025, 3, 31)
    assert not any("局务会定" in assumption for assumption in point.assumptions)


def test_a_recurrence_becomes_one_point_for_each_of_its_periods(tmp_path):
    path = write_campaign(tmp_path, changed(("3月底前", "每季度一次")))

    points = read_campaign(path).milestones[0].points

    assert [point.due_on.month for point in points] == [3, 6, 9, 12]
    assert len({point.label for point in points}) == 4


def test_a_phrase_that_sets_no_date_leaves_the_milestone_to_a_person(tmp_path):
    path = write_campaign(tmp_path, changed(("3月底前", "随时")))

    milestone = read_campaign(path).milestones[0]

    assert milestone.points == ()
    assert milestone.undated


def test_what_stands_beside_a_milestone_wins_over_the_defaults(tmp_path):
    text = changed(
        ("    gate: true", "    lead: 市民政局\n    supporting: [市公安局, 各辖市区]\n    gate: true")
    )

    milestone = read_campaign(write_campaign(tmp_path, text)).milestones[0]

    assert milestone.leads == ("市民政局",)
    assert milestone.supporting == ("市公安局", *SEVEN)


def test_the_superiors_wall_stands_beside_our_own_date(tmp_path):
    path = write_campaign(tmp_path, changed(("    gate: true", "    hard_due: 4月底前\n    gate: true")))

    point = read_campaign(path).milestones[0].points[0]

    assert (point.due_on, point.hard_due_on) == (date(2025, 3, 31), date(2025, 4, 30))


def test_evidence_carries_its_unit_of_measure_and_range(tmp_path):
    text = changed(
        (
            "- {key: plan, title: 巡检计划}",
            "- {key: rate, title: 满意度, type: figure, unit: '%', min: 0, max: 99.5, required: false}",
        )
    )

    evidence = read_campaign(write_campaign(tmp_path, text)).milestones[0].evidence[0]

    assert evidence.type is EvidenceType.FIGURE
    assert (evidence.minimum, evidence.maximum) == (Decimal(0), Decimal("99.5"))
    assert (evidence.unit_of_measure, evidence.required) == ("%", False)


QUOTA = """    quota:
      indicator: 路牌
      unit: 块
      op: ">="
      city_total: 11.5
      targets:
        溧阳市: 1.10
        金坛区: 0
        武进区: 空
        新北区:
        天宁区: --
        钟楼区: 另行下达
        经开区: 待定（上年 7）
    gate: true
"""


def test_a_number_a_blank_a_dash_words_and_an_open_target_are_kept_apart(tmp_path):
    path = write_campaign(tmp_path, changed(("    gate: true\n", QUOTA)))

    quota = read_campaign(path).milestones[0].quota

    assert quota is not None
    assert quota.city_total == Decimal("11.5")
    assert [target.unit for target in quota.targets] == list(SEVEN)
    assert [(target.state, target.value) for target in quota.targets] == [
        (TargetState.GIVEN, Decimal("1.10")),
        (TargetState.GIVEN, Decimal(0)),
        (TargetState.BLANK, None),
        (TargetState.BLANK, None),
        (TargetState.NONE, None),
        (TargetState.TEXT, None),
        (TargetState.UNCONFIRMED, None),
    ]
    assert quota.targets[5].text == "另行下达"
    assert quota.targets[6].last_year == Decimal(7)
    assert {target.op for target in quota.targets} == {">="}


def test_a_total_still_to_be_confirmed_keeps_last_years(tmp_path):
    text = changed(("    gate: true\n", QUOTA.replace("11.5", "待定（上年 1300）")))

    quota = read_campaign(write_campaign(tmp_path, text)).milestones[0].quota

    assert quota is not None
    assert (quota.city_total, quota.city_total_last_year) == (None, Decimal(1300))


def test_units_are_found_by_alias_width_script_and_spacing():
    units = load_units()

    assert units.find("溧陽市民政局") is units.find("溧阳市民政部门")
    assert units.find(" 市消防救援 支队 ") is units.find("市消防救援支队")
    assert units.group("各辖市、区") == units.group("各辖市区")
    assert units.find("某某局") is None


def test_a_district_answers_through_its_civil_affairs_office():
    units = load_units()

    district, bureau = units.find("经开区"), units.responsible("经开区")

    assert district is not None and bureau is not None
    assert (district.kind, bureau.name) == ("district", "经开区社会保障和卫生健康局")
    assert bureau.parent == district.code


def test_the_standard_ladder_reminds_before_on_and_after_the_due_date():
    ladder = load_ladders()["standard"]

    kinds = [rung.kind for rung in ladder.rungs]

    assert kinds[0] is RungKind.ASSIGN
    assert kinds[-3:] == [RungKind.CHASE, RungKind.ESCALATE, RungKind.BULLETIN]
    assert [rung.workdays for rung in ladder.rungs if rung.kind is RungKind.ADVANCE] == [-30, -7, -3, -1]


def test_the_same_file_is_read_the_same_twice(tmp_path):
    path = write_campaign(tmp_path)

    assert replace(read_campaign(path)) == read_campaign(path)
