"""Edition 2025 holds what the sources hold: every count here was taken from the documents by hand."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from calendars.formulas import parse_formula
from calendars.lunar import almanac_for
from calendars.model import CampaignKind, Edition, Milestone, Quota, Target, TargetState
from calendars.reader import load_ladders, read_year
from calendars.reader.units import load_units
from calendars.workdays.files import load_workdays

DISTRICTS = ("溧阳市", "金坛区", "武进区", "新北区", "天宁区", "钟楼区", "经开区")
SUB_ROWS = (1, 3, 9, 4, 2, 2, 3, 3, 1, 3, 1, 3, 3, 1, 1, 4)  # one number for each of the 16 work areas
LAST_DAYS = {
    "A1-08-01": ["3-31", "5-31", "6-30", "9-30", "10-31"],
    "A1-08-02": ["6-30", "9-30", "12-31"],
    "A1-16-02": ["5-31", "8-31", "10-31", "11-30", "12-31"],
    "A1-16-03": ["4-30", "6-30", "8-31", "10-31"],
    "A1-10-01": ["3-31"],
    "A1-10-02": ["4-30"],
    "A1-06-02": ["5-31", "8-31"],
    "A1-16-04": ["3-31"],
}


@pytest.fixture(scope="module")
def editions() -> dict[str, Edition]:
    read = read_year(2025, almanac=almanac_for(), workdays=load_workdays())
    assert read.faults == ()
    return {edition.campaign: edition for edition in read.editions}


def the(edition: Edition, key: str) -> Milestone:
    return next(one for one in edition.milestones if one.key == key)


def milestones(editions: dict[str, Edition], pattern: str) -> list[Milestone]:
    """All milestones whose source item matches the pattern, in the order of the items."""
    every = (one for edition in editions.values() for one in edition.milestones)
    return sorted(
        (one for one in every if re.fullmatch(pattern, one.source.item)), key=lambda one: one.source.item
    )


def quotas(editions: dict[str, Edition], pattern: str) -> dict[str, Quota]:
    return {one.source.item: one.quota for one in milestones(editions, pattern) if one.quota}


def given(quota: Quota) -> list[Target]:
    return [target for target in quota.targets if target.state is TargetState.GIVEN]


def total(quota: Quota) -> Decimal:
    return sum((target.value for target in given(quota) if target.value is not None), Decimal(0))


def test_annex_1_has_its_16_areas_and_44_sub_rows(editions):
    items = {one.source.item for one in milestones(editions, r"A1-\d\d-\d\d")}

    rows = Counter(item[3:5] for item in items)

    assert tuple(rows[f"{area:02d}"] for area in range(1, 17)) == SUB_ROWS
    assert len(items) == 44


def test_annex_1_has_its_22_dated_milestones_on_their_days(editions):
    staged = [one for one in milestones(editions, r"A1-.*") if one.stage and not one.implied]
    single = [one for one in staged if len(one.points) == 1 and "慈善" not in one.due_phrase]

    days = {
        item: [
            f"{p.due_on.month}-{p.due_on.day}"
            for one in single
            if one.source.item == item
            for p in one.points
        ]
        for item in LAST_DAYS
    }

    assert len(single) == 22
    assert {item: sorted(found, key=days_in_order) for item, found in days.items()} == LAST_DAYS


def days_in_order(day: str) -> tuple[int, ...]:
    return tuple(int(part) for part in day.split("-"))


def test_the_experience_papers_come_twice_a_year_and_the_charity_days_are_named(editions):
    (papers,) = [one for one in milestones(editions, "A1-10-02") if "每半年" in one.due_phrase]
    day, month = (one for one in editions["charity_day"].milestones if "慈善" in one.due_phrase)

    assert [point.due_on for point in papers.points] == [date(2025, 6, 30), date(2025, 12, 31)]
    assert day.points[0].due_on == date(2025, 9, 5)
    assert month.points == () and month.undated is not None


def test_rows_without_a_date_say_that_the_limit_is_implied(editions):
    whole_year = [one for one in milestones(editions, r"A1-.*") if one.due_phrase == "年内"]

    assert whole_year
    assert all(one.implied for one in whole_year)
    assert {point.due_on for one in whole_year for point in one.points} == {date(2025, 12, 31)}


def test_annex_1_has_87_district_targets_with_blank_and_dash_apart(editions):
    tables = quotas(editions, r"A1-(?!14).*")

    states = Counter(target.state for quota in tables.values() for target in quota.targets)

    assert states == {TargetState.GIVEN: 87, TargetState.BLANK: 2, TargetState.NONE: 2}
    assert len([quota for quota in tables.values() if quota.targets]) == 13


def test_the_blank_cells_are_the_first_and_the_last_and_the_dashes_the_two_city_districts(editions):
    facilities = quotas(editions, "A1-08-03")["A1-08-03"]
    centres = quotas(editions, "A1-03-09")["A1-03-09"]

    assert [target.unit for target in facilities.targets if target.state is TargetState.BLANK] == [
        "溧阳市民政局",
        "经开区社会保障和卫生健康局",
    ]
    assert [target.value for target in facilities.targets[1:6]] == [1, 2, 2, 1, 1]
    assert [target.unit for target in centres.targets if target.state is TargetState.NONE] == [
        "天宁区民政局",
        "钟楼区民政局",
    ]


EQUAL = {
    "A1-03-01": (1300, [353, 367, 149, 192, 99, 77, 63]),
    "A1-03-02": (3100, [840, 874, 355, 458, 238, 185, 150]),
    "A1-03-03": (53, [4, 6, 24, 5, 3, 2, 9]),
    "A1-03-04": (27, [2, 10, 10, 1, 1, 2, 1]),
    "A1-03-05": (5500, [820, 760, 880, 760, 820, 800, 660]),
    "A1-03-08": (99, [15, 19, 15, 13, 16, 17, 4]),
    "A1-03-09": (21, [5, 5, 5, 4, 2]),
    "A1-06-01": (26, [4, 4, 5, 4, 3, 3, 3]),
    "A1-08-03": (7, [1, 2, 2, 1, 1]),
}


@pytest.mark.parametrize("item", EQUAL)
def test_district_targets_add_up_to_the_city_figure(editions, item):
    quota = quotas(editions, item)[item]
    city, cells = EQUAL[item]

    assert [target.value for target in given(quota)] == cells
    assert total(quota) == quota.city_total == city


def test_the_lottery_amounts_add_up_with_the_city_level(editions):
    quota = quotas(editions, "A1-14-01")["A1-14-01"]

    amounts = {target.unit: target.value for target in quota.targets}

    assert amounts == {
        "市民政局": Decimal("5.78"),
        "溧阳市民政局": Decimal("1.58"),
        "金坛区民政局": Decimal("1.23"),
        "武进区民政局": Decimal("2.91"),
    }
    assert total(quota) == quota.city_total == Decimal("11.5")
    assert quota.unit_of_measure == "亿元"


@pytest.mark.parametrize(
    ("item", "districts", "city", "op"), [("A1-02-01", 37000, 40000, "="), ("A1-12-02", 115, 200, ">=")]
)
def test_two_sums_do_not_agree_and_are_kept_as_the_source_has_them(editions, item, districts, city, op):
    quota = quotas(editions, item)[item]

    assert (total(quota), quota.city_total, quota.op) == (districts, city, op)
    assert quota.note is not None


@pytest.mark.parametrize(("item", "districts"), [("A1-04-02", 3226), ("A1-04-03", 14092)])
def test_two_quotas_have_no_city_figure_to_check_against(editions, item, districts):
    quota = quotas(editions, item)[item]

    assert quota.city_total is None
    assert total(quota) == districts


def test_fourteen_quotas_of_annex_1_have_a_city_figure(editions):
    with_city = [item for item, quota in quotas(editions, "A1-.*").items() if quota.city_total is not None]

    assert len(with_city) == 14


def test_rates_of_the_table_are_indicators_with_their_targets(editions):
    rates = {
        (campaign, one.key): (one.target_op, one.target_value)
        for campaign, edition in editions.items()
        for one in edition.indicators
        if one.target_value is not None
    }

    assert rates["eldercare_grading", "graded_rate"] == (">=", 92)
    assert rates["rural_centres_grading", "second_level_rate"] == (">=", 90)
    assert rates["social_org_annual_check", "taken_part"] == (">=", 80)
    assert rates["social_org_grading", "coverage_rate"] == (">=", 55)
    assert rates["famous_villages", "sign_rate"] == ("=", 100)


STEPS_BY_QUARTER = (36, 42, 40, 35)


def test_annex_2_has_its_15_items_60_quarter_cells_and_153_steps(editions):
    steps = {one.source.item for one in milestones(editions, r"A2-\d\d-Q\d-\d")}

    assert len({step[:5] for step in steps}) == 15
    assert len({step[:8] for step in steps}) == 60
    assert len(steps) == 153
    assert tuple(Counter(step[7] for step in steps)[q] for q in "1234") == STEPS_BY_QUARTER


def test_every_reform_item_is_a_campaign_of_one_district(editions):
    owners: Counter[str] = Counter()
    for edition in editions.values():
        if edition.campaign.startswith("reform_"):
            assert edition.kind is CampaignKind.REFORM
            (lead,) = {lead for one in edition.milestones for lead in one.leads}
            assert len({one.source.item[:5] for one in edition.milestones}) == 1
            owners[lead] += 1

    units = load_units()
    expected = {units.responsible(name).name: 2 for name in DISTRICTS}
    assert owners == {**expected, "经开区社会保障和卫生健康局": 3}


def test_a_steps_own_words_win_over_its_quarter(editions):
    own = {
        one.source.item: (one.stage, one.due_phrase, one.points[-1].due_on)
        for one in milestones(editions, r"A2-\d\d-Q.*")
        if "季度" not in one.due_phrase
    }

    assert own == {
        "A2-02-Q2-1": (2, "清明节期间", date(2025, 4, 6)),
        "A2-12-Q3-1": (3, "七夕", date(2025, 8, 29)),
        "A2-13-Q1-3": (1, "3月份", date(2025, 3, 31)),
        "A2-15-Q1-3": (1, "清明节期间", date(2025, 4, 6)),
        "A2-15-Q2-1": (2, "安全生产月", date(2025, 6, 30)),
    }


def test_every_reform_item_says_its_goals_and_every_step_says_in_full_what_to_do(editions):
    for edition in editions.values():
        if edition.campaign.startswith("reform_"):
            assert edition.goals, edition.campaign
            assert all(one.content for one in edition.milestones), edition.campaign


# What a step or goal of the sources counts, by campaign, milestone and indicator.
COUNTED = {
    ("reform_wujin_social_orgs", "q3_1"): ("公益合伙人", ">=", 1),
    ("reform_wujin_silver_economy", "q4_1"): ("助餐点", "=", 24),
    ("reform_wujin_silver_economy", "q4_1_points"): ("睦邻点", "=", 10),
    ("reform_wujin_silver_economy", "q4_1_stations"): ("居家养老服务站点", "=", 5),
    ("reform_xinbei_eldercare", "new_home"): ("新建养老机构", "=", 1),
    ("reform_xinbei_eldercare", "q4_3_point"): ("示范性睦邻点", "=", 1),
}


@pytest.mark.parametrize(("campaign", "key"), COUNTED)
def test_each_figure_of_a_step_is_a_target_of_its_own(editions, campaign, key):
    quota = the(editions[campaign], key).quota

    assert (quota.indicator, quota.op, int(quota.targets[0].value)) == COUNTED[campaign, key]


def test_what_the_sources_ask_for_is_asked_for(editions):
    def asked(campaign: str, key: str) -> str:
        return "、".join(item.title for item in the(editions[campaign], key).evidence)

    assert "政策和标准规范" in asked("funeral_rectification", "clean_up")
    assert "惠民举措" in asked("funeral_rectification", "summary")
    assert "儿童督导员" in asked("child_director_contest", "city_round")
    assert "重点镇" in asked("famous_villages", "town_chosen")
    assert "注销家数、撤销家数" in asked("social_org_standards", "clean_up")
    assert "“僵尸型”社会组织名册" in asked("social_org_standards", "clean_up")


def test_visitors_are_reported_on_each_day_of_the_festival(editions):
    days = [point.due_on for point in the(editions["qingming"], "daily").points]

    assert days == [date(2025, 4, 4), date(2025, 4, 5), date(2025, 4, 6)]


def test_the_grid_visits_come_every_quarter(editions):
    (visits,) = [one for one in milestones(editions, "A2-03-Q1-1") if one.due_phrase == "每季度一次"]

    assert len(visits.points) == 4


def test_all_other_steps_end_with_the_quarter_of_their_cell(editions):
    ends = {1: date(2025, 3, 31), 2: date(2025, 6, 30), 3: date(2025, 9, 30), 4: date(2025, 12, 31)}

    for one in milestones(editions, r"A2-\d\d-Q.*"):
        assert one.stage == int(one.source.item[7])
        if re.fullmatch("[一二三四]季度", one.due_phrase):
            assert [point.due_on for point in one.points] == [ends[one.stage]]


def test_all_seven_kinds_are_used(editions):
    assert {edition.kind for edition in editions.values()} == set(CampaignKind)


RECURRING = {
    "social_org_annual_check": (CampaignKind.ANNUAL_CHECK, "S0-16"),
    "double_random": (CampaignKind.ANNUAL_CHECK, "S0-18"),
    "social_org_grading": (CampaignKind.ANNUAL_CHECK, "S0-20"),
    "venture_philanthropy": (CampaignKind.ANNUAL_CHECK, "S0-17"),
    "inspection_rectification": (CampaignKind.RECTIFICATION, "S2-21"),
    "qingming": (CampaignKind.EVENT, "S0-09"),
    "wedding_520": (CampaignKind.EVENT, "S2-20"),
    "wedding_customs_days": (CampaignKind.EVENT, "S4-29"),
    "respect_elders_month": (CampaignKind.EVENT, "S2-10"),
    "winter_warmth": (CampaignKind.EVENT, "S3-07"),
    "monthly_visits": (CampaignKind.STANDING, "S4-03"),
    "alert_handling": (CampaignKind.STANDING, "S0-07"),
    "venture_self_check": (CampaignKind.STANDING, "S4-15"),
    "place_name_sign_care": (CampaignKind.RECTIFICATION, "S0-24"),
    "work_summaries": (CampaignKind.STANDING, "S4-00"),
}


@pytest.mark.parametrize("campaign", RECURRING)
def test_the_recurring_campaigns_of_the_summaries_are_there(editions, campaign):
    kind, item = RECURRING[campaign]

    edition = editions[campaign]

    assert edition.kind is kind
    assert item in {source.item for source in edition.sources}


def test_the_annual_check_of_2025_looks_at_2024_and_keeps_both_legal_days(editions):
    check = editions["social_org_annual_check"]
    by_key = {one.key: one for one in check.milestones}

    assert (check.year, check.subject_year) == (2025, 2024)
    assert check.roster
    assert by_key["to_supervisor"].points[0].due_on == date(2025, 3, 31)
    registrar = by_key["to_registrar"].points[0]
    assert (registrar.due_on, registrar.hard_due_on) == (date(2025, 5, 31), date(2025, 5, 31))
    assert registrar.last_workday == date(2025, 5, 30)
    assert by_key["to_registrar"].per_subject
    assert by_key["corrections"].problem_ledger


def test_winter_aid_crosses_the_year_end(editions):
    (patrol,) = [one for one in editions["winter_warmth"].milestones if one.key == "patrol"]

    assert (patrol.points[0].starts_on, patrol.points[0].due_on) == (date(2025, 11, 1), date(2026, 2, 28))


def test_festivals_fall_on_their_days(editions):
    days = {one.key: one.points[0] for one in editions["wedding_customs_days"].milestones}
    qingming = {one.key: one.points[0] for one in editions["qingming"].milestones}

    assert days["qixi"].due_on == date(2025, 8, 29)
    assert (days["party_day"].due_on, days["army_day"].due_on) == (date(2025, 7, 1), date(2025, 8, 1))
    assert (qingming["on_duty"].starts_on, qingming["on_duty"].due_on) == (date(2025, 4, 4), date(2025, 4, 6))


def test_each_staged_campaign_opens_a_stage_only_after_the_one_before(editions):
    for campaign in ("funeral_rectification", "funeral_platform_96444", "fire_refuge", "mixed_use_buildings"):
        stages = editions[campaign].milestones
        assert [one.stage for one in stages] == list(range(1, len(stages) + 1))
        assert [one.after for one in stages[1:]] == [(one.key,) for one in stages[:-1]]
        assert all(one.gate for one in stages)


def test_the_last_stage_belongs_to_the_city_and_the_first_to_the_districts(editions):
    for campaign in ("fire_refuge", "mixed_use_buildings"):
        stages = editions[campaign].milestones
        assert stages[-1].leads == ("市民政局",)
        assert all(len(one.leads) == 7 for one in stages[:-1])


def test_the_boundary_line_has_one_lead_and_one_helper(editions):
    lines = {one.key: one for one in editions["boundary_check"].milestones}

    assert (lines["zhongwu_line"].leads, lines["zhongwu_line"].supporting) == (
        ("钟楼区民政局",),
        ("武进区民政局",),
    )
    assert lines["changtai_line"].leads == ("新北区民政局",)
    assert len(lines["safe_boundary"].leads) == 7


def test_ladders_of_the_edition_exist_and_no_campaign_rolls_in_silence(editions):
    ladders = load_ladders()

    for edition in editions.values():
        assert edition.ladder in ladders
        assert edition.roll == "none" or edition.roll_reason


def test_every_milestone_can_be_shown_to_be_done(editions):
    for edition in editions.values():
        for one in edition.milestones:
            assert one.evidence or one.undated, (edition.campaign, one.key)


def test_every_figure_of_a_formula_is_asked_for_in_its_file(editions):
    for edition in editions.values():
        asked = {item.key for one in edition.milestones for item in one.evidence if item.type == "figure"}
        asked |= {"target" for one in edition.milestones if one.quota}
        for indicator in edition.indicators:
            assert set(parse_formula(indicator.formula).names) <= asked, edition.campaign


def test_photos_are_the_exception_and_carry_their_reason(editions):
    photos = [
        item
        for edition in editions.values()
        for one in edition.milestones
        for item in one.evidence
        if item.type == "attachment" or "照片" in item.title
    ]

    assert len(photos) <= 3
    assert all(item.reason for item in photos)


# Done before 2025, told as a figure only, or no longer the bureau's; docs/calendars.md says which is which.
ONLY_TOLD = {"S2-01", "S2-04", "S3-01", "S3-02", "S3-15", "S4-02"}


def test_every_item_of_the_summaries_is_used_or_named_as_only_told(editions):
    used = {source.item for edition in editions.values() for source in edition.sources}
    every = {
        *(f"S0-{n:02d}" for n in range(1, 25)),
        *(f"S2-{n:02d}" for n in range(1, 37)),
        *(f"S3-{n:02d}" for n in range(24)),
        *(f"S4-{n:02d}" for n in range(30)),
    }

    assert len(every) == 114
    assert every - used == ONLY_TOLD
