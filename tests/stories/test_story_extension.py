"""肖科长 of 武进区民政局 asks for more time before the date, too much of it, and too late."""

from __future__ import annotations

from tests.stories.bureau import letters_to
from tests.stories.conftest import Opened

XIAO = "wujin-mz@unit.example"
GROUNDS = ("--reason", "汛期抢险", "--progress", "已完成八成")


def test_an_extension_inside_the_wall_moves_the_reminders_and_nothing_else_is_granted(opened: Opened) -> None:
    bureau = opened("sign_survey")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    bureau.morning("2026-01-05")
    number = bureau.number("武进区民政局", "普查方案报备案", on="2026-01-05")

    def asked(until: str) -> tuple[str, ...]:
        return ("obligation", "extend", number, "--ask", until, *GROUNDS, "--as", "肖科长")

    def granted(until: str) -> tuple[str, ...]:
        reply = ("--reply", "同意，不再延", "--as", "李局长")
        return ("obligation", "extend", number, "--grant", until, *reply)

    # On 30 March, after the morning's letters, she asks and is granted. Asking alone moves
    # nothing, and nobody grants past the superior's date.
    assert len(letters_to(XIAO, bureau.morning("2026-03-30"))) == 1
    bureau.done(*asked("2026-04-10"), on="2026-03-30")
    assert bureau.show(number, on="2026-03-30")["due_on"] == "2026-03-31"
    assert "超过上级时限2026年4月20日" in bureau.refused(*granted("2026-04-21"), on="2026-03-30")
    assert "由2026-03-31改为2026-04-10" in bureau.done(*granted("2026-04-10"), on="2026-03-30")

    [letter] = letters_to(XIAO, bureau.morning("2026-03-30"))
    assert letter.subject.startswith("【延期批复】")
    for said in ("时限延至2026年4月10日", "批复意见：同意，不再延", "批复人：李局长"):
        assert said in letter.text

    # The old date passes without a word; the ladder starts again before the new one.
    left = bureau.mornings("2026-03-31", "2026-04-10")
    told = [
        (day, letter.subject.partition("】")[0], "2026年4月10日" in letter.text)
        for day, letters in left.items()
        for letter in letters_to(XIAO, letters)
    ]
    assert told == [
        ("2026-03-31", "【提前提醒", True),
        ("2026-04-07", "【提前提醒", True),
        ("2026-04-09", "【提前提醒", True),
        ("2026-04-10", "【到期", True),
    ]
    [summary] = letters_to("cz-mz-leader@unit.example", left["2026-04-01"])
    assert "武进区民政局" not in summary.text
    assert "1项延期事项到新时限再核" in summary.text

    # A second request past the wall and one after the date are refused, each with a sentence.
    assert "超过上级时限2026年4月20日，上级时限不能突破" in bureau.refused(
        *asked("2026-04-21"), on="2026-04-10"
    )
    assert "已于2026年4月10日到期，到期后不能申请延期" in bureau.refused(
        *asked("2026-04-15"), on="2026-04-11"
    )

    [chased] = letters_to(XIAO, bureau.morning("2026-04-13"))
    assert chased.subject.startswith("【催办】地名标志普查·普查方案报备案")
    assert "已逾期1个工作日" in chased.text
