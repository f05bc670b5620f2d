"""董科长's unit owes nothing until the day the notice reached it is known; then it is chased, and the next step follows."""

from __future__ import annotations

from pathlib import Path

from tests.stories.bureau import a_text, letters_to
from tests.stories.conftest import Opened

DONG = "tianning-mz@unit.example"
ANSWER = ("contact_answer", "2026", "answer")


def test_a_duty_waits_for_its_event_is_owed_from_it_and_leads_to_the_next(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("contact_answer")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")

    # Nobody knows the day yet: nothing is owed, nobody is told, and what waits can be seen.
    assert bureau.mornings("2026-01-05", "2026-01-09") == {}
    waiting = bureau.ask("event", "list", "--waiting")
    assert [(one["unit"], one["event"]) for one in waiting if one["source"] == "entered"] == [
        ("武进区民政局", "收到通知"),
        ("天宁区民政局", "收到通知"),
    ]
    assert "待填收到通知日期" in bureau.done("event", "list", "--unit", "天宁区民政局")

    # She enters it on the tenth; the date is the fifth workday after.
    said = bureau.refused("event", "set", *ANSWER, "--day", "2026-02-10", "--as", "董科长", on="2026-01-12")
    assert "还没有到" in said
    bureau.done("event", "set", *ANSWER, "--day", "2026-01-12", "--as", "董科长", on="2026-01-12")
    [handed_out] = letters_to(DONG, bureau.morning("2026-01-12"))
    assert "1月19日" in handed_out.subject
    number = bureau.number("天宁区民政局", "反馈联系人", on="2026-01-12")
    assert bureau.show(number, on="2026-01-12")["due_on"] == "2026-01-19"

    # The receipt says the thirteenth: the coordinator moves it, and she is told.
    moved = ("--day", "2026-01-13", "--unit", "天宁区民政局", "--reason", "签收单是13日")
    bureau.refused("event", "set", *ANSWER, *moved[:4], "--as", "周处长", on="2026-01-14")
    assert "告知1个单位" in bureau.done("event", "set", *ANSWER, *moved, "--as", "周处长", on="2026-01-14")
    assert bureau.show(number, on="2026-01-14")["due_on"] == "2026-01-20"
    assert any("2026年1月20日" in letter.text for letter in letters_to(DONG, bureau.morning("2026-01-14")))

    # Signed off, the next step has its date by itself.
    names = a_text(tmp_path / "names.txt", "联系人名单")
    bureau.done("obligation", "submit", number, "--file", f"name={names}", "--as", "董科长", on="2026-01-15")
    late = ("--day", "2026-01-14", "--unit", "天宁区民政局", "--reason", "再改")
    assert "待审核" in bureau.refused("event", "set", *ANSWER, *late, "--as", "周处长", on="2026-01-15")
    bureau.done("obligation", "review", number, "--pass", "--as", "陈科长", on="2026-01-16")
    bureau.done("obligation", "sign-off", number, "--as", "吴处长", on="2026-01-19")
    publish = bureau.number("天宁区民政局", "公开联系方式", on="2026-01-19")
    assert bureau.show(publish, on="2026-01-19")["due_on"] == "2026-01-26"
    assert any("公开联系方式" in letter.text for letter in letters_to(DONG, bureau.morning("2026-01-20")))

    # 武进区 still waits; the other's denominators do not know it.
    board = bureau.ask("board", "--on", "2026-01-20", "--campaign", "contact_answer")
    assert [cell["unit"] for cell in board["campaigns"][0]["cells"]] == ["天宁区民政局"]
    assert "指纹链完整" in bureau.done("history", "verify")
