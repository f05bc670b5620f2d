"""周处长 coordinates and 陈科长 reviews: each finds in the morning what waits for them, and nothing when nothing does."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stories.bureau import Bureau, a_text, letters_to
from tests.stories.conftest import Opened

ZHOU, CHEN = "cz-mz-coordinator2@unit.example", "cz-mz-reviewer4@unit.example"
LEADER, BUREAU = "cz-mz-leader@unit.example", "cz-mz@unit.example"
DONG = "tianning-mz@unit.example"
PLAN = "年度巡检计划报备案"


def test_coordinators_and_reviewers_find_their_queues_in_the_morning_and_the_leader_does_not(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    first = bureau.morning("2026-01-05")
    assert letters_to(CHEN, first) == [], "nothing waits, nothing is said"

    _hands_in(bureau, tmp_path, "天宁区民政局", "董科长", "2026-01-12")
    number = bureau.number("新北区民政局", PLAN, on="2026-01-12")
    asked = ("--ask", "2026-04-20", "--reason", "普查人手不足", "--progress", "已完成一半")
    bureau.done("obligation", "extend", number, *asked, "--as", "田科长", on="2026-01-12")
    left = bureau.morning("2026-01-13")

    [review] = letters_to(CHEN, left)
    assert review.subject == "【督办晨报】1月13日：待审核1件"
    assert "天宁区民政局：地名标志巡检·年度巡检计划报备案，1月12日报送，已等1个工作日" in review.text
    assert "http://127.0.0.1:8600/reviews" in review.text and "/obligations/" in review.text
    assert "延期申请" not in review.text
    [day] = letters_to(ZHOU, left)
    assert "【待审核】1件" in day.text and "【延期申请】1份" in day.text
    assert "新北区民政局：地名标志巡检·年度巡检计划报备案，申请由3月31日延至4月20日：普查人手不足" in day.text
    assert "【交办满3个工作日未签收】" in day.text and "http://127.0.0.1:8600/receipts" in day.text
    assert letters_to(LEADER, left) == [] == letters_to(BUREAU, left)
    # Held twice a day it is sent once; on a day off nothing is written, nor on the next morning twice.
    assert bureau.morning("2026-01-13") == []
    assert letters_to(CHEN, bureau.morning("2026-01-17")) == []
    assert len(letters_to(CHEN, bureau.morning("2026-01-19"))) == 1


def test_whoever_handles_and_coordinates_gets_one_letter_and_the_doctor_says_who_has_no_address(
    opened: Opened,
) -> None:
    """董科长 handles at 天宁区 and is made coordinator there: what the unit owes and what waits stand in one letter."""
    bureau = opened("weekly_and_beds", "place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    bureau.done(
        "person", "add", "董科长", "--unit", "天宁区民政局", "--role", "coordinator", "--as", "安全员"
    )
    bureau.done("person", "add", "程处长", "--unit", "市民政局", "--role", "coordinator", "--as", "安全员")
    bureau.morning("2026-01-05")

    left = bureau.morning("2026-01-30")

    [letter] = letters_to(DONG, left)
    assert (
        "；待办" in letter.subject
        and "【到期】" in letter.text
        and "【交办满3个工作日未签收】" in letter.text
    )
    assert "；待办" not in letters_to("wujin-mz@unit.example", left)[0].subject
    findings = {one["code"]: one for one in json.loads(bureau.run("doctor", "--json").out)}
    assert findings["D19"]["level"] == "warning" and "程处长" in findings["D19"]["sentence"]
    assert "周处长" not in findings["D19"]["sentence"]


def _hands_in(bureau: Bureau, folder: Path, unit: str, handler: str, on: str) -> None:
    number = bureau.number(unit, PLAN, on=on)
    plan = a_text(folder / f"{number}.txt", f"{unit}巡检计划")
    bureau.done("obligation", "submit", number, "--file", f"plan={plan}", "--as", handler, on=on)
