"""钟楼区民政局 does nothing, hears it from its leader and its district, and hands in too late."""

from __future__ import annotations

from pathlib import Path

from tests.stories.bureau import Bureau, Letter, a_text, letters_to
from tests.stories.conftest import Opened

PLAN = "年度巡检计划报备案"
DONE = {"溧阳市民政局": "彭科长", "天宁区民政局": "董科长"}


def test_who_does_nothing_is_chased_then_reported_then_named_and_stays_late(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    bureau.morning("2026-01-05")
    for unit, handler in DONE.items():
        _is_done(bureau, unit, tmp_path, handler, "2026-03-02")
    # 田科长 handed in, but nobody has looked at it yet.
    _hands_in(bureau, "新北区民政局", tmp_path, "田科长", "2026-03-30")

    left = bureau.mornings("2026-03-31", "2026-04-12")

    # 4 to 6 April are days off for 清明: the sixth workday after the date is the ninth.
    assert _about(left, "zhonglou") == [
        ("2026-03-31", "zhonglou-mz@unit.example", "【到期】"),
        ("2026-04-01", "zhonglou-mz-leader@unit.example", "【催办】"),
        ("2026-04-01", "zhonglou-mz@unit.example", "【催办】"),
        # Again on the first workday of every week, for as long as nothing is done.
        ("2026-04-07", "zhonglou-mz-leader@unit.example", "【催办】"),
        ("2026-04-07", "zhonglou-mz@unit.example", "【催办】"),
        ("2026-04-09", "zhonglou-leader@unit.example", "【督办】"),
    ]
    [reported] = letters_to("zhonglou-leader@unit.example", left["2026-04-09"])
    assert "钟楼区民政局：1项，最长逾期6个工作日" in reported.text
    assert _about(left, "tianning") == []
    _is_named_to_the_leader(left["2026-04-01"])

    number = _is_done(bureau, "钟楼区民政局", tmp_path, "袁科长", "2026-04-14")

    shown = bureau.show(number, on="2026-04-15")
    assert (shown["state_name"], shown["light"]) == ("已销号", "green")
    assert (shown["word"], shown["late"]) == ("逾期办结", True)
    board = bureau.ask("board", "--on", "2026-04-15", "--unit", "钟楼区民政局")
    assert board["rates"]["done"]["shown"] == "100.0 %"
    assert board["rates"]["in_time"]["shown"] == "0.0 %"


def _is_named_to_the_leader(letters: list[Letter]) -> None:
    """李局长 reads the exact list of those who are not through, and who of them is chased."""
    [summary] = letters_to("cz-mz-leader@unit.example", letters)
    assert summary.text.startswith("市民政局 李局长：")
    assert "应办7家，按时办结2家，逾期办结0家，未完成5家。" in summary.text
    named = summary.text.partition("二、未完成单位\n")[2].partition("\n\n三、")[0]
    assert named.splitlines() == [
        "1. 金坛区民政局：逾期1个工作日，逾期",
        "2. 武进区民政局：逾期1个工作日，逾期",
        "3. 新北区民政局：未完成，待审核",
        "4. 钟楼区民政局：逾期1个工作日，逾期",
        "5. 经开区社会保障和卫生健康局：逾期1个工作日，逾期",
    ]
    chased = summary.text.partition("今日起催办未完成单位（")[2].partition("）")[0]
    assert chased == "金坛区民政局、武进区民政局、钟楼区民政局、经开区社会保障和卫生健康局"
    assert "抓紧审核、销号已报送的1项。" in summary.text


def _is_done(bureau: Bureau, unit: str, folder: Path, handler: str, on: str) -> str:
    number = _hands_in(bureau, unit, folder, handler, on)
    bureau.done("obligation", "review", number, "--pass", "--as", "陈科长", on=on)
    bureau.done("obligation", "sign-off", number, "--as", "吴处长", on=on)
    return number


def _hands_in(bureau: Bureau, unit: str, folder: Path, handler: str, on: str) -> str:
    number = bureau.number(unit, PLAN, on=on)
    plan = a_text(folder / f"{number}.txt", f"{unit}巡检计划")
    bureau.done("obligation", "submit", number, "--file", f"plan={plan}", "--as", handler, on=on)
    return number


def _about(left: dict[str, list[Letter]], who: str) -> list[tuple[str, str, str]]:
    """Day, address and kind of what reached a district's bureau, its leader and the district."""
    return sorted(
        (day, letter.to, letter.subject.partition("】")[0] + "】")
        for day, letters in left.items()
        for letter in letters
        if letter.to.startswith(who)
    )
