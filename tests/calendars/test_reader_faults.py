"""Every fault of a campaign file is told with its line and a next step, and all of them at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.lunar import almanac_for
from calendars.reader import CALENDARS, ladders_of, load_ladders, read_year
from calendars.reader.faults import CalendarFaults
from calendars.reader.units import load_units
from calendars.workdays.files import load_workdays
from tests.calendars.campaign_files import SOUND, changed, faults_of, write_campaign

QUOTA = """    quota:
      indicator: 路牌
      unit: 块
      targets:
        {unit}: 3
    gate: true"""
TWO_STAGES = """  - key: patrol
    title: 巡检
    source: A1-10-01
    due: {due}
    after: {after}
"""


def line_of(text: str, words: str) -> int:
    lines = text.lstrip("\n").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


CASES = [
    ("unknown_key", ("kind: filing", "kind: filing\nladders: standard"), "ladders:", "不认识的键“ladders”"),
    ("missing_key", ("    title: 计划报备案\n", ""), "- key: plan", "缺少“title”"),
    ("wrong_type", ("year: 2025", "year: 二〇二五"), "year:", "应是整数"),
    ("a_number_for_words", ("title: 计划报备案", "title: 520"), "title: 520", "加引号"),
    ("unknown_unit", ("leads: 各辖市区", "leads: [溧阳市, 月球区]"), "leads:", "月球区"),
    ("duplicate_key", ("kind: filing", "kind: filing\nname: 又一个"), "name: 又一个", "写了两次"),
    ("unknown_kind", ("kind: filing", "kind: party"), "kind:", "party"),
    ("unknown_ladder", ("kind: filing", "kind: filing\nladder: steep"), "ladder:", "steep"),
    (
        "unknown_ladder_of_a_milestone",
        ("    gate: true", "    ladder: steep\n    gate: true"),
        "    ladder: steep",
        "催办梯次“steep”没有定义，请改成：brief、event",
    ),
    ("phrase_not_understood", ("3月底前", "等通知再说"), "due:", "没有读懂"),
    ("no_such_day", ("3月底前", "2月30日前"), "due:", "2月30日"),
    ("source_not_registered", ("source: A1-10-01", "source: B7-01"), "source:", "B7-01"),
    ("source_missing", ("    source: A1-10-01\n", ""), "- key: plan", "缺少“source”"),
    ("nobody_responsible", ("  leads: 各辖市区", "  review_levels: 2"), "- key: plan", "没有写责任单位"),
    ("two_leads", ("leads: 各辖市区", "lead: [溧阳市, 金坛区]"), "lead:", "只能有一个牵头单位"),
    ("a_group_as_one_lead", ("leads: 各辖市区", "lead: 各辖市区"), "lead:", "只能有一个牵头单位"),
    ("one_unit_named_twice", ("leads: 各辖市区", "leads: [溧阳市, 溧阳市民政局]"), "leads:", "已用过"),
    ("lead_and_leads", ("leads: 各辖市区", "leads: 金坛区\n  lead: 溧阳市"), "leads:", "只能写一个"),
    (
        "leading_and_supporting",
        ("    gate: true", "    supporting: 溧阳市\n    gate: true"),
        "supporting:",
        "既牵头又配合",
    ),
    (
        "target_without_duty",
        ("    gate: true", QUOTA.format(unit="市公安局")),
        "市公安局: 3",
        "不是本项的责任单位",
    ),
    ("target_of_nobody", ("    gate: true", QUOTA.format(unit="月球区")), "月球区: 3", "没有登记"),
    ("negative_target", ("    gate: true", QUOTA.format(unit="溧阳市").replace("3", "-3")), "溧阳市", "负数"),
    ("photo_without_reason", ("title: 巡检计划", "title: 巡检照片"), "- {key: plan", "理由"),
    (
        "attachment_without_reason",
        ("title: 巡检计划", "title: 附件, type: attachment"),
        "- {key: plan",
        "理由",
    ),
    ("figure_without_unit", ("title: 巡检计划", "title: 块数, type: figure"), "- {key: plan", "计量单位"),
    (
        "least_above_most",
        ("title: 巡检计划", "title: 块数, type: figure, unit: 块, min: 9, max: 3"),
        "- {key: plan",
        "大于上限",
    ),
    (
        "evidence_twice",
        ("- {key: plan, title: 巡检计划}", "- {key: plan, title: 一}\n      - {key: plan, title: 二}"),
        "title: 二",
        "已用过",
    ),
    ("unknown_evidence", ("title: 巡检计划", "title: 计划, type: poem"), "- {key: plan", "poem"),
    ("no_roster", ("    gate: true", "    per_subject: true\n    gate: true"), "- key: plan", "roster"),
    ("review_levels", ("    gate: true", "    review_levels: 4\n    gate: true"), "review_levels:", "1到3"),
    ("wall_before_due", ("    gate: true", "    hard_due: 2月底前\n    gate: true"), "hard_due:", "早于"),
    ("roll_without_reason", ("kind: filing", "kind: filing\nroll: next"), "roll:", "roll_reason"),
    ("wrong_name", ("campaign: signs", "campaign: sings"), "campaign:", "signs.yaml"),
    ("impossible_year", ("year: 2025", "year: 99999"), "year:", "改正年份"),
    ("wrong_year", ("year: 2025", "year: 2026"), "year:", "2025年的文件夹"),
    ("unknown_recurrence", ("kind: filing", "kind: filing\nrecurrence: never"), "recurrence:", "never"),
    ("no_milestones", (SOUND[SOUND.index("milestones:") :], "milestones: []\n"), "milestones:", "一项也没有"),
]


@pytest.mark.parametrize(("swap", "where", "words"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_fault_is_told_with_its_line_and_words(tmp_path, swap, where, words):
    text = changed(swap)

    faults = faults_of(write_campaign(tmp_path, text))

    assert [fault.line for fault in faults] == [line_of(text, where)], faults
    assert words in faults[0].message
    assert faults[0].file == "2025/signs.yaml"
    assert "请" in faults[0].message or "应" in faults[0].message


@pytest.mark.parametrize(
    ("due", "after", "words"),
    [("年内", "plam", "没有这个节点"), ("3月底前", "plan", "时间排不开"), ("年内", "patrol", "没有排在前面")],
)
def test_a_stage_that_cannot_follow_is_told(tmp_path, due, after, words):
    text = SOUND + TWO_STAGES.format(due=due, after=after)

    faults = faults_of(write_campaign(tmp_path, text))

    assert [fault.line for fault in faults] == [line_of(text, "- key: patrol")]
    assert words in faults[0].message


@pytest.mark.parametrize(
    ("indicator", "words"),
    [
        ("formula: 100 * (fixed / found", "读不懂"),
        ("formula: fixed // found", "读不懂"),
        ("target: 80", "没写 op"),
        ("op: '>=', target: 多多益善", "应是数字"),
        ("op: '>', target: 80", "比较符"),
    ],
)
def test_an_indicator_that_cannot_be_computed_or_judged_is_told(tmp_path, indicator, words):
    text = SOUND + f"indicators:\n  - {{key: rate, name: 完成率, {indicator}}}\n"

    faults = faults_of(write_campaign(tmp_path, text))

    assert [fault.line for fault in faults] == [line_of(text, "key: rate")]
    assert words in faults[0].message


def test_a_stage_cannot_wait_for_one_without_a_gate(tmp_path):
    text = changed(("    gate: true\n", "")) + TWO_STAGES.format(due="年内", after="plan")

    faults = faults_of(write_campaign(tmp_path, text))

    assert "gate: true" in faults[0].message


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path):
    text = changed(
        ("kind: filing", "kind: party"),
        ("leads: 各辖市区", "leads: 月球区"),
        ("source: A1-10-01", "source: B7-01"),
        ("3月底前", "等通知再说"),
        ("title: 巡检计划", "title: 巡检照片"),
    )

    faults = faults_of(write_campaign(tmp_path, text))

    assert len(faults) == 5
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


@pytest.mark.parametrize(
    "text",
    [
        "campaign: [",
        "a: b: c",
        "\t- x",
        "campaign: 'x",
        "milestones:\n  - key: a\n key: b",
        "x: \x00",
        "a: 1\n---\nb: 2",
        "[" * 9000,
    ],
)
def test_malformed_yaml_is_one_fault_and_no_crash(tmp_path, text):
    faults = faults_of(write_campaign(tmp_path, text))

    assert len(faults) == 1
    assert faults[0].line >= 1


@pytest.mark.parametrize("content", [b"", b"# only a comment\n", b"- a\n- b\n", "名称".encode("gbk")])
def test_an_empty_listed_or_foreign_file_is_one_fault(tmp_path, content):
    path = write_campaign(tmp_path)
    path.write_bytes(content)

    assert len(faults_of(path)) == 1


def test_a_vanished_file_is_a_fault(tmp_path):
    path = write_campaign(tmp_path)
    path.unlink()

    assert "读不出来" in faults_of(path)[0].message


def test_a_year_without_workdays_is_refused(tmp_path):
    path = write_campaign(tmp_path, changed(("year: 2025", "year: 2040")), year=2040)

    faults = faults_of(path)

    assert "工作日表没有2040年" in faults[0].message


def test_sums_that_do_not_agree_are_no_fault(tmp_path):
    text = changed(
        ("    gate: true", QUOTA.format(unit="溧阳市").replace("unit: 块", "unit: 块\n      city_total: 99"))
    )

    assert faults_of(write_campaign(tmp_path, text)) == ()


def test_a_faulty_file_does_not_hide_the_others_of_its_year(tmp_path):
    write_campaign(tmp_path)
    write_campaign(
        tmp_path, changed(("campaign: signs", "campaign: broken"), ("3月底前", "等通知")), name="broken"
    )

    read = read_year(2025, tmp_path, almanac=almanac_for(), workdays=load_workdays())

    assert [edition.campaign for edition in read.editions] == ["signs"]
    assert [fault.file for fault in read.faults] == ["2025/broken.yaml"]


def test_a_year_without_files_is_told_with_the_command_that_makes_them(tmp_path):
    read = read_year(2031, tmp_path, almanac=almanac_for(), workdays=load_workdays())

    assert read.editions == ()
    assert "duban calendar roll 2031" in read.faults[0].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("units:\n  - {code: a, name: 甲局, kind: castle}\n", "castle"),
        ("units:\n  - {code: a, name: 甲局, kind: department, parent: b}\n", "没有这个单位"),
        (
            "units:\n  - {code: a, name: 甲局, kind: department}\n"
            "  - {code: b, name: 乙局, kind: department, aliases: [甲局]}\n",
            "已经是甲局的名称",
        ),
        ("units:\n  - {code: a, name: 甲局, kind: department}\ngroups:\n  全体: [甲局, 丙局]\n", "丙局"),
    ],
)
def test_faults_of_a_unit_book_are_told(tmp_path, text, words):
    path = tmp_path / "units.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CalendarFaults, match=words):
        load_units(path)


@pytest.mark.parametrize(
    ("rungs", "words"),
    [
        ("[{key: t0, kind: shout, workdays: 0}]", "shout"),
        ("[{key: t0, kind: due}]", "workdays"),
        ("[{key: t0, kind: due, workdays: 0}, {key: t-1, kind: advance, workdays: -1}]", "先后"),
        ("[{key: t0, kind: due, workdays: 0, repeat: 5}]", "第4行.*不能重复"),
        ("[{key: t+6, kind: escalate, workdays: 6}]", "没有催办.*chase"),
        ("[{key: t+6, kind: bulletin, workdays: 6}]", "没催过不能通报"),
        ("[{key: t-1, kind: chase, workdays: -1}]", "到期以后"),
        ("[{key: t+1, kind: chase, workdays: 1, repeat: -5}]", "隔几个工作日"),
        (
            "[{key: t+1, kind: chase, workdays: 1, repeat: 5}, {key: t+2, kind: chase, workdays: 2}]",
            "最后一档",
        ),
        ("[{key: one/two, kind: chase, workdays: 1}]", "代号"),
    ],
)
def test_faults_of_a_ladder_are_told(tmp_path, rungs, words):
    path = tmp_path / "ladders.yaml"
    path.write_text(f"ladders:\n  odd:\n    name: 怪\n    rungs: {rungs}\n", encoding="utf-8")

    with pytest.raises(CalendarFaults, match=words):
        load_ladders(path)


def test_the_last_chase_comes_again_every_week_unless_the_file_says_otherwise(tmp_path):
    path = tmp_path / "ladders.yaml"
    chases = "{key: t+1, kind: chase, workdays: 1}, {key: t+3, kind: chase, workdays: 3"
    text = f"ladders:\n  a: {{name: 甲, rungs: [{chases}}}]}}\n  b: {{name: 乙, rungs: [{chases}, repeat: 0}}]}}\n"
    path.write_text(text, encoding="utf-8")

    found = load_ladders(path)

    assert [rung.repeat for rung in found["a"].rungs] == [None, 5]
    assert [rung.repeat for rung in found["b"].rungs] == [None, None]


def test_a_bureau_keeps_ladders_of_its_own_beside_its_campaigns(tmp_path):
    own = tmp_path / "ladders.yaml"
    own.write_text(
        "ladders:\n  swift: {name: 快, rungs: [{key: t0, kind: due, workdays: 0}]}\n", encoding="utf-8"
    )

    assert list(ladders_of(tmp_path)) == ["swift"]
    assert ladders_of(tmp_path, repeats=3)["swift"].repeats == 3
    assert "standard" in ladders_of(tmp_path / "elsewhere")


SHIPPED = sorted((CALENDARS / "2025").glob("*.yaml"))
LINES = st.sampled_from(
    (
        "",
        "  - x",
        "  key: 1",
        "due: [",
        "\t",
        "? [a, b]: c",
        "quota: {targets: 3}",
        "<<: {a: b}",
        "0x1F: 0o17",
    )
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(SHIPPED), where=st.floats(0, 0.999), line=LINES, cut=st.integers(0, 3))
def test_a_damaged_file_gives_faults_with_lines_and_never_a_crash(tmp_path_factory, path, where, line, cut):
    lines = path.read_text(encoding="utf-8").splitlines()
    at = int(where * len(lines))
    lines[at : at + cut] = [line]
    damaged = write_campaign(tmp_path_factory.mktemp("damaged"), "\n".join(lines), name=path.stem)

    for fault in faults_of(damaged):
        assert 1 <= fault.line <= len(lines) + 1
        assert fault.message.endswith("。")
