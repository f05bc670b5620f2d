"""Who only supports: in the shipped year each hears of it, marks it seen, reports, and the lead reads the report."""

from __future__ import annotations

from pathlib import Path

from calendars.reader import CALENDARS
from tests.stories.bureau import Bureau, Letter, a_pdf, letters_to
from tests.stories.conftest import Opened

# Named in the notices of 2025 as responsible, by the columns of the tables, and leading nothing.
ONLY_SUPPORTING = (
    *("市教育局", "市公安局", "市财政局", "市人社局", "市住建局", "市城管局", "市交通运输局", "市卫健委"),
    *("市数据局", "市市场监管局", "市消防救援支队", "市残联", "市慈善总会", "市殡葬协会", "市消费者协会"),
    "各慈善总会",
)
POLICE, FIRE = "cz-ga@unit.example", "cz-xf@unit.example"
WUJIN, ZHONGLOU = "wujin-mz@unit.example", "zhonglou-mz@unit.example"


def supporting_campaigns(year: str) -> list[str]:
    files = sorted((CALENDARS / year).glob("*.yaml"))
    return [path.stem for path in files if "supporting:" in path.read_text(encoding="utf-8")]


def duty(bureau: Bureau, unit: str, milestone: str) -> str:
    found = bureau.ask("support", "list", "--unit", unit)["supports"]
    [one] = [one for one in found if one["milestone"] == milestone]
    return str(one["id"])


def of(address: str, letters: list[Letter]) -> str:
    [letter] = letters_to(address, letters)
    return letter.text


def test_in_2025_each_of_the_sixteen_units_that_only_support_gets_a_letter(opened: Opened) -> None:
    bureau = opened(*supporting_campaigns("2025"), year="2025")
    bureau.done("calendar", "apply", "2025", "--as", "周处长", on="2025-03-18")

    left = bureau.morning("2025-03-18")

    told = {name for name in ONLY_SUPPORTING if any(one.text.startswith(f"{name} ") for one in left)}
    assert told == set(ONLY_SUPPORTING)
    for name in ONLY_SUPPORTING:
        [letter] = [one for one in left if one.text.startswith(f"{name} ")]
        assert letter.subject.startswith("【配合】"), letter
        assert "牵头单位：" in letter.text
    # One letter a day, also for who leads one thing and supports another.
    assert len({letter.to for letter in left}) == len(left)


def test_police_and_fire_brigade_are_reminded_report_and_are_left_in_peace(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("place_name_signs", "fire_refuge", year="2025")
    bureau.done("calendar", "apply", "2025", "--as", "周处长", on="2025-03-18")
    handed_out = bureau.morning("2025-03-18")
    plan = duty(bureau, "市公安局", "年度巡检计划报备案")
    survey = duty(bureau, "市消防救援支队", "情况摸底")

    # 杨科长 of the police marks it seen, is reminded before the date, and reports what was done.
    bureau.done("support", "acknowledge", plan, "--as", "杨科长", on="2025-03-19")
    before = bureau.mornings("2025-03-20", "2025-03-28")
    paper = a_pdf(tmp_path / "signs.pdf", "road signs")
    report = ("support", "report", plan, "--words", "已提供全市道路标志清单", "--file", str(paper))
    assert "不归您的单位" in bureau.refused(*report, "--as", "何科长", on="2025-03-28")
    assert "周处长不是市公安局的经办人" in bureau.refused(*report, "--as", "周处长")
    bureau.done(*report, "--as", "杨科长", on="2025-03-28")
    after = bureau.mornings("2025-03-31", "2025-04-09")

    assert "地名标志巡检：年度巡检计划报备案" in of(POLICE, handed_out)
    assert [day for day, letters in before.items() if letters_to(POLICE, letters)] == [
        "2025-03-20",
        "2025-03-26",
        "2025-03-28",
    ]
    assert not [day for day, letters in after.items() if letters_to(POLICE, letters)]

    # 何科长 of the fire brigade says nothing: he is reminded up to 30 May and chased by nobody.
    silent = bureau.mornings("2025-05-26", "2025-06-10")
    told = [day for day, letters in silent.items() if letters_to(FIRE, letters)]
    assert told[-1] == "2025-05-30"
    assert not [
        one
        for letters in silent.values()
        for one in letters
        if "市消防救援支队" in one.text and "督办" in one.subject
    ]
    assert "未答复" in bureau.done("support", "list", "--unanswered", "--unit", "市消防救援支队")
    assert bureau.ask("support", "show", survey)["duty"]["leads"]["owing"] == 7

    # Every lead reads who reported; the rates know nothing of it.
    lead = bureau.number("天宁区民政局", "年度巡检计划报备案", on="2025-06-20")
    shown = bureau.done("obligation", "show", lead)
    assert "市公安局（已报告）、市住建局（未答复）" in shown
    assert "市公安局报告配合情况：杨科长" in shown and "已提供全市道路标志清单；附signs.pdf" in shown
    assert not [
        one for one in bureau.ask("board")["campaigns"] for cell in one["cells"] if cell["unit"] == "市公安局"
    ]
    assert "指纹链完整" in bureau.done("history", "verify")


def test_of_one_boundary_line_one_district_leads_and_its_neighbour_supports(opened: Opened) -> None:
    bureau = opened("boundary_check", year="2025")
    bureau.done("calendar", "apply", "2025", "--as", "周处长", on="2025-03-18")

    left = bureau.morning("2025-03-18")
    line = duty(bureau, "武进区民政局", "钟武线联检")
    bureau.done("support", "report", line, "--words", "已会同踏勘界桩", "--as", "肖科长", on="2025-09-01")

    assert "钟武线联检" in of(WUJIN, left) and "牵头单位：钟楼区民政局" in of(WUJIN, left)
    assert "【配合】" not in of(ZHONGLOU, left)
    lead = bureau.number("钟楼区民政局", "钟武线联检", on="2025-09-01")
    assert "武进区民政局（已报告）" in bureau.done("obligation", "show", lead)
