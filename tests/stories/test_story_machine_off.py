"""The machine is off from 26 March to 1 April, over the due date; 田科长 gets one letter, not four."""

from __future__ import annotations

from tests.stories.bureau import letters_to
from tests.stories.conftest import Opened

TIAN = "xinbei-mz@unit.example"
PLAN = "年度巡检计划报备案"


def test_after_a_week_without_power_one_round_catches_up_with_one_letter(opened: Opened) -> None:
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    bureau.mornings("2026-03-18", "2026-03-25")
    number = bureau.number("新北区民政局", PLAN, on="2026-03-25")

    missed = bureau.run("round", "missing", "--days", "8", "--on", "2026-04-02")
    [letter] = letters_to(TIAN, bureau.morning("2026-04-02"))

    assert missed.status == 1
    for day in range(26, 32):
        assert f"2026-03-{day}" in missed.out
    assert letter.subject.startswith("【催办】地名标志巡检·年度巡检计划报备案")
    assert "已逾期2个工作日" in letter.text
    shown = bureau.show(number, on="2026-04-02")["reminders"]
    today = {one["rung"]: one for one in shown if one["held_on"] == "2026-04-02"}
    assert {rung: one["status"] for rung, one in today.items()} == {
        "t-3": "superseded",
        "t-1": "superseded",
        "t0": "superseded",
        "t+1": "planned",
    }
    assert today["t0"]["cause"].startswith("3月31日的到期提醒未单独发出")
    assert all(one["cause"] and one["dispatched"] is None for one in today.values() if one["rung"] != "t+1")

    # The same round again, and the next morning, bring nothing more.
    assert bureau.morning("2026-04-02") == []
    assert letters_to(TIAN, bureau.morning("2026-04-03")) == []
    assert bureau.show(number, on="2026-04-03")["reminders"] == shown
