"""Rolling keeps what people wrote, changes what the year changes, and says what it did."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.lunar import almanac_for
from calendars.model import TargetState
from calendars.reader import CALENDARS, read_year
from calendars.reader.units import load_units
from calendars.roll import RollPlan, RollRefused, describe, rewrite, roll_year, write
from calendars.workdays.files import load_workdays
from tests.calendars.campaign_files import SOUND, changed, read_campaign, write_campaign

ALMANAC = almanac_for()
WORKDAYS = load_workdays()
SECOND = """  - key: patrol
    title: 巡检
    source: A1-10-01
    due: 年内
    after: [plan]
    evidence:
      - {key: records, title: 记录}
"""


def rolled(folder: Path, text: str = SOUND, to_year: int = 2026) -> RollPlan:
    write_campaign(folder, text)
    return roll_year(2025, to_year, almanac=ALMANAC, workdays=WORKDAYS, root=folder)


def test_a_rolled_file_differs_only_where_the_year_does(tmp_path):
    plan = rolled(tmp_path)

    assert plan.files[0].text.splitlines() == [
        line
        for written in SOUND.strip().splitlines()
        for line in (["year: 2026", "rolled_from: 2025"] if written == "year: 2025" else [written])
    ]


def test_planning_writes_nothing(tmp_path):
    rolled(tmp_path)

    assert not (tmp_path / "2026").exists()


def test_what_is_written_reads_as_the_plan_said(tmp_path):
    plan = rolled(tmp_path)

    paths = write(plan, tmp_path)

    read = read_year(2026, tmp_path, almanac=ALMANAC, workdays=WORKDAYS)
    assert [path.name for path in paths] == ["signs.yaml"]
    assert read.editions == plan.editions
    assert list((tmp_path / "2026").iterdir()) == list(paths)


def test_a_year_already_there_is_not_overwritten_unless_asked(tmp_path):
    plan = rolled(tmp_path)
    write(plan, tmp_path)
    kept = tmp_path / "2026" / "signs.yaml"
    kept.write_text("confirmed by hand", encoding="utf-8")

    with pytest.raises(RollRefused, match="没有写入"):
        write(plan, tmp_path)

    assert kept.read_text(encoding="utf-8") == "confirmed by hand"
    write(plan, tmp_path, replace=True)
    assert kept.read_text(encoding="utf-8") == plan.files[0].text


def test_a_campaign_that_happens_once_ends_with_its_reason(tmp_path):
    text = changed(("kind: filing", "kind: filing\nrecurrence: once\nrecurrence_note: 只办这一年。"))

    plan = rolled(tmp_path, text)

    assert plan.files == ()
    assert [(gone.campaign, gone.milestone, gone.reason) for gone in plan.dropped] == [
        ("signs", None, "只办这一年。")
    ]


def test_a_stage_no_longer_waits_for_one_that_is_not_carried_over(tmp_path):
    text = changed(("    gate: true", "    recurrence: once\n    gate: true")) + SECOND

    plan = rolled(tmp_path, text)

    (edition,) = plan.editions
    assert [(one.key, one.after) for one in edition.milestones] == [("patrol", ())]
    assert [gone.milestone for gone in plan.dropped] == ["plan"]


def test_a_campaign_of_once_only_milestones_ends(tmp_path):
    plan = rolled(tmp_path, changed(("    gate: true", "    recurrence: once\n    gate: true")))

    assert plan.files == ()
    assert len(plan.dropped) == 1


def test_a_year_written_in_the_deadline_moves_with_the_edition(tmp_path):
    text = changed(("due: 3月底前", "due: 2025年3月底前\n    hard_due: 2025年4月10日前"))

    (edition,) = rolled(tmp_path, text).editions

    one = edition.milestones[0]
    assert (one.due_phrase, one.hard_due_phrase) == ("2026年3月底前", "2026年4月10日前")
    assert (one.points[0].due_on, one.points[0].hard_due_on) == (date(2026, 3, 31), date(2026, 4, 10))


def test_a_deadline_in_the_next_year_stays_in_the_next_year(tmp_path):
    (edition,) = rolled(tmp_path, changed(("3月底前", "次年1月15日前"))).editions

    assert edition.milestones[0].points[0].due_on == date(2027, 1, 15)


QUOTA = """    quota:
      indicator: 路牌
      unit: 块
      city_total: 8
      targets:
        溧阳市: 5.50
        金坛区: 空
        武进区: --
        新北区: 另行下达
      note: 合计对不上。
    gate: true
"""


def test_targets_wait_to_be_confirmed_with_last_years_figure_beside_them(tmp_path):
    plan = rolled(tmp_path, changed(("    gate: true\n", QUOTA)))

    quota = plan.editions[0].milestones[0].quota
    assert quota is not None
    assert [(target.state, target.last_year) for target in quota.targets] == [
        (TargetState.UNCONFIRMED, Decimal("5.50")),
        (TargetState.UNCONFIRMED, None),
        (TargetState.NONE, None),
        (TargetState.TEXT, None),
    ]
    assert (quota.city_total, quota.city_total_last_year) == (None, Decimal(8))
    assert quota.note == "上年：合计对不上。"
    assert [(one.unit, one.last_year) for one in plan.targets] == [
        (None, Decimal(8)),
        ("溧阳市民政局", Decimal("5.50")),
        ("金坛区民政局", None),
    ]


def test_targets_nobody_confirmed_keep_the_last_figure_known(tmp_path):
    write(rolled(tmp_path, changed(("    gate: true\n", QUOTA))), tmp_path)

    again = roll_year(2026, 2027, almanac=ALMANAC, workdays=WORKDAYS, root=tmp_path)

    quota = again.editions[0].milestones[0].quota
    assert quota is not None
    assert quota.targets[0].last_year == Decimal("5.50")
    assert quota.city_total_last_year == Decimal(8)
    assert quota.note == "上年：合计对不上。"
    assert again.editions[0].rolled_from == 2026


def test_an_aim_of_a_rate_is_opened_too(tmp_path):
    aim = "indicators:\n  - {key: rate, name: 完成率, op: '>=', target: 80}\n"

    plan = rolled(tmp_path, SOUND + aim)

    (indicator,) = plan.editions[0].indicators
    assert (indicator.target_value, indicator.target_last_year) == (None, Decimal(80))


def test_the_same_words_are_told_as_unmoved_and_a_lunar_day_with_its_cause(tmp_path):
    plan = rolled(tmp_path, SOUND + SECOND.replace("年内", "七夕"))

    plain, lunar = plan.dates
    assert not plain.moved
    assert "2025-03-31→2026-03-31" in plain.text and "照旧" in plain.text
    assert lunar.moved
    assert "2025-08-29→2026-08-19" in lunar.text and "农历" in lunar.text


def test_a_day_that_only_loses_its_workday_says_so(tmp_path):
    plan = rolled(tmp_path, changed(("3月底前", "5月31日前")))

    (line,) = plan.moved
    assert "最后工作日2025-05-30→2026-05-29" in line.text


def test_a_faulty_file_does_not_stop_the_others(tmp_path):
    write_campaign(
        tmp_path, changed(("campaign: signs", "campaign: broken"), ("3月底前", "等通知")), name="broken"
    )

    plan = rolled(tmp_path)

    assert [file.campaign for file in plan.files] == ["signs"]
    assert [fault.file for fault in plan.faults] == ["2025/broken.yaml"]


def test_a_provisional_year_says_so_in_the_plan_and_beside_its_dates(tmp_path):
    plan = rolled(tmp_path, to_year=2027)

    text = "\n".join(describe(plan))
    assert plan.provisional
    assert "放假安排未公布" in text


@pytest.mark.parametrize(
    ("from_year", "to_year", "words"), [(2025, 2025, "以后的年份"), (2025, 2040, "2040年")]
)
def test_a_year_that_cannot_be_rolled_is_refused_in_one_sentence(tmp_path, from_year, to_year, words):
    write_campaign(tmp_path)

    with pytest.raises(RollRefused, match=words):
        roll_year(from_year, to_year, almanac=ALMANAC, workdays=WORKDAYS, root=tmp_path)


def test_a_year_without_files_is_refused(tmp_path):
    with pytest.raises(RollRefused, match="没有2025年"):
        roll_year(2025, 2026, almanac=ALMANAC, workdays=WORKDAYS, root=tmp_path)


@pytest.mark.parametrize("path", sorted((CALENDARS / "2025").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_keeps_its_comments_when_rolled(path):
    edition = read_campaign(path)
    text = path.read_text(encoding="utf-8")

    made = rewrite(text, edition, 2026, load_units())

    if made.text is not None and not made.dropped:
        assert comments(made.text) == comments(text)
        # The line rolled_from comes, the line issued goes.
        assert len(made.text.splitlines()) == len(text.splitlines()) + (edition.issued_on is None)


def comments(text: str) -> list[str]:
    return re.findall(r"(?m)^\s*#.*$", text)


phrases = st.sampled_from(
    ("1月10日前", "2月底前", "3月底前", "5月31日前", "七夕", "清明", "冬至", "每月", "每季度", "每半年")
)


@settings(max_examples=40, deadline=None)
@given(phrase=phrases, title=st.text(alphabet="计划巡检（）“”0123456789 -:#'", min_size=1, max_size=12))
def test_any_sound_file_rolls_to_a_sound_file(tmp_path_factory, phrase, title):
    quoted = "'" + title.replace("'", "''") + "x'"
    folder = tmp_path_factory.mktemp("calendars")

    plan = rolled(folder, changed(("3月底前", phrase), ("title: 计划报备案", f"title: {quoted}")))

    (edition,) = plan.editions
    (before,) = read_year(2025, folder, almanac=ALMANAC, workdays=WORKDAYS).editions
    assert edition.year == 2026
    assert edition.milestones[0].title == before.milestones[0].title
    assert len(edition.milestones[0].points) == len(before.milestones[0].points)
    assert all(point.due_on.year == 2026 for point in edition.milestones[0].points)
