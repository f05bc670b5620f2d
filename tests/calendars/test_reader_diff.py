"""What changed between two sets of editions is told in lines a person can act on."""

import pytest

from calendars.reader.diff import ChangeKind, diff_years
from tests.calendars.campaign_files import SOUND, changed, read_campaign, write_campaign

QUOTA = "    quota: {{indicator: 路牌, unit: 块, city_total: {total}, targets: {{溧阳市: {cell}}}}}\n    gate: true"


@pytest.fixture
def told(tmp_path):
    """The lines of what a change of the sound file does."""

    def diff(text: str, before: str = SOUND) -> list[tuple[ChangeKind, str]]:
        a = read_campaign(write_campaign(tmp_path / "a", before))
        b = read_campaign(write_campaign(tmp_path / "b", text))
        return [(change.kind, change.text) for change in diff_years((a,), (b,))]

    return diff


def test_the_same_edition_has_no_difference(told):
    assert told(SOUND) == []


def test_another_phrase_is_told_with_both_days(told):
    assert told(changed(("3月底前", "4月底前"))) == [
        (ChangeKind.PHRASE, "路牌巡检·计划报备案：时限由“3月底前”改为“4月底前”，2025-03-31→2025-04-30。")
    ]


def test_a_date_moved_by_a_setting_is_told(told):
    rolled = changed(
        ("3月底前", "5月31日前"), ("kind: filing", "kind: filing\nroll: next\nroll_reason: 局务会定")
    )

    found = told(rolled, before=changed(("3月底前", "5月31日前")))

    assert {kind for kind, _ in found} == {ChangeKind.SETTING, ChangeKind.DATE}
    assert any("2025-05-31→2025-06-03" in text for _, text in found)


def test_units_that_come_and_go_are_named(told):
    found = told(changed(("leads: 各辖市区", "leads: [溧阳市, 市公安局]")))

    assert [kind for kind, _ in found] == [ChangeKind.UNITS, ChangeKind.UNITS]
    assert "增加市公安局" in found[0][1]
    assert "去掉金坛区民政局" in found[1][1]


def test_targets_are_told_by_unit(told):
    before = changed(("    gate: true", QUOTA.format(total=9, cell=3)))

    found = told(changed(("    gate: true", QUOTA.format(total=8, cell="--"))), before=before)

    assert [text for _, text in found] == [
        "路牌巡检·计划报备案：全市目标9块→8块。",
        "路牌巡检·计划报备案：溧阳市民政局目标3块→--。",
    ]


def test_evidence_asked_for_or_changed_is_told(told):
    found = told(
        changed(("title: 巡检计划}", "title: 巡检计划, required: false}\n      - {key: map, title: 地图}"))
    )

    assert [text for _, text in found] == [
        "路牌巡检·计划报备案：佐证增加地图。",
        "路牌巡检·计划报备案：佐证“巡检计划”的要求有改动。",
    ]


def test_milestones_and_campaigns_that_come_and_go_are_told(tmp_path):
    first = read_campaign(write_campaign(tmp_path))
    other = read_campaign(
        write_campaign(
            tmp_path,
            changed(("campaign: signs", "campaign: other"), ("key: plan", "key: report")),
            name="other",
        )
    )
    renamed = read_campaign(write_campaign(tmp_path / "b", changed(("key: plan", "key: report"))))

    assert [change.kind for change in diff_years((first,), (other,))] == [
        ChangeKind.ADDED,
        ChangeKind.REMOVED,
    ]
    assert [change.kind for change in diff_years((first,), (renamed,))] == [
        ChangeKind.ADDED,
        ChangeKind.REMOVED,
    ]
    assert [change.milestone for change in diff_years((first,), (renamed,))] == ["report", "plan"]


def test_a_new_aim_of_a_rate_is_told(told):
    rate = "indicators:\n  - {{key: rate, name: 完成率, op: '>=', target: {}, unit: '%'}}\n"

    found = told(SOUND + rate.format(85), before=SOUND + rate.format(80))

    assert [text for _, text in found] == ["路牌巡检·指标“完成率”的目标>=80%→>=85%。"]
