"""What a letter says must be enough to decide on, whichever door it left by."""

from __future__ import annotations

import json
import re

import pytest

from tests.stories.bureau import Bureau, letters_to
from tests.stories.conftest import Opened

DONG, DONGS_LEADER = "tianning-mz@unit.example", "tianning-mz-leader@unit.example"
PARENT = "tianning-leader@unit.example"


@pytest.fixture
def bureau(opened: Opened) -> Bureau:
    """A year with a weekly report, a plan and beds to be made, applied on the first Monday."""
    bureau = opened("weekly_and_beds")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    return bureau


def test_a_letter_of_the_command_leads_to_the_portal_and_the_doctor_says_when_only_this_machine_can(
    bureau: Bureau,
) -> None:
    [letter] = letters_to(DONG, bureau.morning("2026-01-05"))

    assert re.search(r"办理：http://127\.0\.0\.1:8600/l/\S+\?to=\d+\n", letter.text)
    findings = {one["code"]: one for one in json.loads(bureau.run("doctor", "--json").out)}
    assert findings["D16"]["level"] == "warning" and "DUBAN_LINK_BASE" in findings["D16"]["sentence"]


def test_a_weekly_report_is_one_line_with_its_count_its_next_date_and_the_hour(bureau: Bureau) -> None:
    [letter] = letters_to(DONG, bureau.morning("2026-01-05"))

    assert letter.text.count("报送安全检查周报") == 1
    [weekly] = [part for part in letter.text.split("\n\n") if "报送安全检查周报" in part]
    assert re.search(r"时限：2026年1月\d+日（周二，12:00前）\n", weekly)
    assert re.search(r"次数：共5[12]次，下一次1月\d+日，末次12月29日\n", weekly)
    assert "需报：检查机构（家）、整改说明（选报）\n" in weekly
    assert "依据：市民政局关于加强养老服务督导的通知 N1-02“每周二中午12时前”\n" in weekly
    assert "报送工作方案" in letter.text and "新建家庭养老床位" in letter.text
    assert "咨询：市民政局 " in letter.text


def test_what_is_overdue_stands_first_in_every_letter_whatever_it_was_written_for(bureau: Bureau) -> None:
    """After a gap of nine weeks the newest rung of the beds is their advance notice; the plan and reports are overdue."""
    bureau.morning("2026-01-05")

    for day in ("2026-03-09", "2026-03-30"):
        [letter] = letters_to(DONG, bureau.morning(day))
        assert letter.text.index("【催办】") < letter.text.index("报送工作方案"), day
        overdue = letter.text.partition("【催办】")[2].partition("【")[0]
        assert "报送工作方案" in overdue and "最早1月6日" in overdue, day


def test_the_light_of_a_target_says_its_figures(bureau: Bureau) -> None:
    every = bureau.ask(
        "obligation", "list", "--unit", "天宁区民政局", "--page-size", "500", "--on", "2026-01-05"
    )
    [number] = [one["id"] for one in every["obligations"] if one["milestone"] == "新建家庭养老床位"]
    told = ("--unit", "张", "--as-of", "2026-05-29", "--as", "董科长")
    bureau.done("figure", "report", str(number), "17.8", *told, on="2026-06-01")

    [letter] = letters_to(DONG, bureau.morning("2026-06-25"))

    [beds] = [part for part in letter.text.split("\n\n") if "新建家庭养老床位" in part]
    assert "进度：17.8／45张（39.6 %），截至5月29日，落后序时进度" in beds
    assert re.search(r"〔红灯 · 落后序时进度\d+\.\d个百分点 · ", beds)


def test_an_escalation_says_when_the_unit_was_chased_and_a_copy_says_to_whom(bureau: Bureau) -> None:
    bureau.morning("2026-01-05")
    left = bureau.mornings("2026-01-30", "2026-02-09")

    [copy] = letters_to(DONGS_LEADER, left["2026-02-02"])
    assert "本件抄送您，主送董科长。" in copy.text
    [chase] = letters_to(DONG, left["2026-02-02"])
    assert "抄送：分管领导\n" in chase.text
    [escalated] = letters_to(PARENT, left["2026-02-09"])
    [plan] = [part for part in escalated.text.split("\n\n") if "报送工作方案" in part]
    assert "已催办：2月2日（董科长）\n" in plan
