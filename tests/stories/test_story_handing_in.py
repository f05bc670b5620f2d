"""董科长 of 天宁区民政局 is handed a matter in January and has it signed off in April."""

from __future__ import annotations

from pathlib import Path

from tests.stories.bureau import Bureau, a_pdf, a_text, letters_to
from tests.stories.conftest import Opened

DONG = "tianning-mz@unit.example"
SURVEY = "普查方案报备案"


def kinds(left: dict[str, list]) -> list[tuple[str, str]]:
    """Day and kind of the letters that reached 董科长, in order."""
    return [
        (day, letter.subject[1:].partition("】")[0])
        for day, letters in left.items()
        for letter in letters_to(DONG, letters)
    ]


def test_a_plan_is_handed_out_reminded_sent_back_put_right_and_signed_off_in_time(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("sign_survey")

    # 周处长 applies the year on the first Monday; the next round hands it out.
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    [handed_out] = letters_to(DONG, bureau.morning("2026-01-05"))
    assert handed_out.subject.startswith("【交办】地名标志普查·普查方案报备案，3月31日")
    assert handed_out.text.startswith("天宁区民政局 董科长：")
    for said in ("2026年3月31日（周二）", "普查方案、应查标志（块）、会商纪要", "通知 N1-01"):
        assert said in handed_out.text
    number = bureau.number("天宁区民政局", SURVEY, on="2026-01-05")
    bureau.done("obligation", "acknowledge", number, "--as", "董科长", on="2026-01-06")

    # Seven, three and one workday before the date she is told once each.
    assert bureau.mornings("2026-02-11", "2026-02-11")
    before = bureau.mornings("2026-03-19", "2026-03-30")
    assert kinds(before) == [(day, "提前提醒") for day in ("2026-03-20", "2026-03-26", "2026-03-30")]
    assert "还有1个工作日" in letters_to(DONG, before["2026-03-30"])[0].text

    _hands_in_with_faults(bureau, number, tmp_path)
    first = a_pdf(tmp_path / "plan.pdf", "937 signs")
    minutes = a_text(tmp_path / "minutes.txt", "三月二十七日会商纪要")
    good = ("--file", f"plan={first}", "--figure", "signs=937块", "--file", f"minutes={minutes}")
    bureau.done("obligation", "submit", number, *good, "--as", "董科长", on="2026-03-30")

    # What is handed in is not asked for on its date. 陈科长 sends it back with a reason; she hands in what was asked for.
    assert letters_to(DONG, bureau.morning("2026-03-31")) == []
    reason = ("--reason", "方案没有分到街道", "--resubmit-by", "2026-04-03")
    bureau.done("obligation", "review", number, "--send-back", *reason, "--as", "陈科长", on="2026-03-31")
    answered = letters_to(DONG, bureau.morning("2026-03-31"))
    [sent_back] = [letter for letter in answered if "退回" in letter.subject]
    assert sent_back.subject.startswith("【退回】地名标志普查·普查方案报备案")
    assert "4月3日" in sent_back.subject
    assert "退回原因：方案没有分到街道" in sent_back.text
    second = a_pdf(tmp_path / "plan2.pdf", "937 signs, by street")
    again = ("--file", f"plan={second}", "--note", "已分到街道")
    bureau.done("obligation", "submit", number, *again, "--as", "董科长", on="2026-04-02")
    assert "不能审核或销号自己经手的材料" in bureau.refused(
        "obligation", "review", number, "--pass", "--as", "董科长", on="2026-04-02"
    )
    bureau.done("obligation", "review", number, "--pass", "--as", "陈科长", on="2026-04-03")
    waiting = bureau.mornings("2026-04-03", "2026-04-06")
    bureau.done("obligation", "sign-off", number, "--as", "吴处长", on="2026-04-07")

    # Afterwards nobody writes to her about it, and the board shows it green and in time.
    assert kinds(waiting) == kinds(bureau.mornings("2026-04-07", "2026-04-15")) == []
    shown = bureau.show(number, on="2026-04-15")
    assert (shown["state_name"], shown["light"], shown["late"]) == ("已销号", "green", False)
    assert "指纹链完整" in bureau.done("history", "verify")
    board = bureau.ask("board", "--on", "2026-04-15", "--unit", "天宁区民政局")
    [cell] = board["campaigns"][0]["cells"]
    assert (cell["unit"], cell["word"]) == ("天宁区民政局", "绿灯")
    assert cell["rates"]["in_time"] == {"name": "按时办结率", "part": 1, "whole": 1, "shown": "100.0 %"}


def _hands_in_with_faults(bureau: Bureau, number: str, tmp_path: Path) -> None:
    """One refusal names the page that is no document, the figure without a unit and what is missing."""
    page = a_text(tmp_path / "page.pdf", "<!doctype html><html><body>方案</body></html>")
    faulty = ("--file", f"plan={page}", "--figure", "signs=937")

    said = bureau.refused("obligation", "submit", number, *faulty, "--as", "董科长", on="2026-03-30")

    assert said.count("。") - said.count("。\n") == 0, "one sentence, not three run together"
    assert "“page.pdf”的内容不是PDF" in said
    assert "“应查标志”没有写计量单位" in said
    assert "还缺必报材料：会商纪要" in said
    assert bureau.show(number, on="2026-03-30")["submissions"] == []
