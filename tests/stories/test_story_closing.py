"""A clean-up in two stages: nothing is closed before what it rests on, and who is not concerned owes nothing."""

from __future__ import annotations

import pytest

from tests.stories.bureau import Bureau, letters_to
from tests.stories.conftest import Opened

DONG, WUJIN, ZHONGLOU = "tianning-mz@unit.example", "wujin-mz@unit.example", "zhonglou-mz@unit.example"
EDITION = "shop_signs/2026"


@pytest.fixture
def bureau(opened: Opened) -> Bureau:
    made = opened("shop_signs")
    made.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    return made


def owed(bureau: Bureau, unit: str, milestone: str) -> str:
    return bureau.number(unit, milestone, on="2026-01-05")


def act(bureau: Bureau, verb: str, number: str, *words: str, by: str, on: str) -> str:
    return bureau.done("obligation", verb, number, *words, "--as", by, on=on)


def refused(bureau: Bureau, verb: str, number: str, *words: str, by: str, on: str) -> str:
    return bureau.refused("obligation", verb, number, *words, "--as", by, on=on)


def problem(bureau: Bureau, code: str, by: str = "董科长") -> None:
    about = ("--title", "标志破损", "--unit", "天宁区民政局", "--found", "2026-04-02", "--due", "2026-05-30")
    bureau.done("problem", "add", EDITION, code, *about, "--as", by, on="2026-04-02")


def test_a_later_stage_is_handed_in_but_not_passed_before_the_earlier_one_is_closed(bureau: Bureau) -> None:
    survey = owed(bureau, "天宁区民政局", "摸底排查")
    fixing = owed(bureau, "天宁区民政局", "集中整改")

    shown = bureau.show(fixing, on="2026-01-06")
    assert "等待前一阶段“摸底排查”办结" in shown["why"]
    [letter] = letters_to(DONG, bureau.morning("2026-01-06"))
    assert "等待前一阶段“摸底排查”办结" in letter.text
    act(bureau, "submit", fixing, "--zero-report", by="董科长", on="2026-03-02")
    said = refused(bureau, "review", fixing, "--pass", by="陈科长", on="2026-03-03")
    assert "等待前一阶段：“摸底排查”还没有办结，本项不能审核通过" in said

    act(bureau, "submit", survey, "--note", "已摸底", by="董科长", on="2026-03-04")
    act(bureau, "review", survey, "--pass", by="陈科长", on="2026-03-05")
    assert "等待前一阶段" in refused(bureau, "review", fixing, "--pass", by="陈科长", on="2026-03-05")
    act(bureau, "sign-off", survey, by="吴处长", on="2026-03-06")
    act(bureau, "review", fixing, "--pass", by="陈科长", on="2026-03-06")
    act(bureau, "sign-off", fixing, by="吴处长", on="2026-03-06")

    # The other district's stages are its own.
    other = owed(bureau, "钟楼区民政局", "集中整改")
    assert "等待前一阶段" in bureau.show(other, on="2026-03-06")["why"]


def test_a_coordinator_lets_a_stage_be_closed_early_with_a_reason(bureau: Bureau) -> None:
    fixing = owed(bureau, "天宁区民政局", "集中整改")
    act(bureau, "submit", fixing, "--zero-report", by="董科长", on="2026-03-02")

    assert "要写明理由" in refused(bureau, "allow-early", fixing, by="周处长", on="2026-03-02")
    assert "没有准予越序的权限" in refused(
        bureau, "allow-early", fixing, "--reason", "先行试点", by="陈科长", on="2026-03-02"
    )
    act(bureau, "allow-early", fixing, "--reason", "先行试点", by="周处长", on="2026-03-02")

    act(bureau, "review", fixing, "--pass", by="陈科长", on="2026-03-03")
    act(bureau, "sign-off", fixing, by="吴处长", on="2026-03-04")
    told = bureau.show(fixing, on="2026-03-04")
    assert [one["reason"] for one in told["acts"] if one["kind"] == "early_pass"] == ["先行试点"]
    assert "allow_early" in [one["verb"] for one in told["history"]]


def test_a_waived_stage_keeps_nobody_back(bureau: Bureau) -> None:
    grounds = ("--reason", "无此类标志", "--authority", "局长办公会")
    act(bureau, "waive", owed(bureau, "天宁区民政局", "摸底排查"), *grounds, by="周处长", on="2026-03-02")

    assert "等待前一阶段" not in bureau.show(owed(bureau, "天宁区民政局", "集中整改"), on="2026-03-03")["why"]


def handed_in_with(bureau: Bureau, *codes: str) -> str:
    """The second stage with these problems on its ledger, passed; the first is let off."""
    grounds = ("--reason", "无此类标志", "--authority", "局长办公会")
    act(bureau, "waive", owed(bureau, "天宁区民政局", "摸底排查"), *grounds, by="周处长", on="2026-03-02")
    for code in codes:
        problem(bureau, code)
    fixing = owed(bureau, "天宁区民政局", "集中整改")
    act(bureau, "submit", fixing, *(() if codes else ("--zero-report",)), by="董科长", on="2026-04-03")
    act(bureau, "review", fixing, "--pass", by="陈科长", on="2026-04-07")
    return fixing


def test_a_ledger_is_handed_in_with_its_problems_or_an_explicit_zero_report(bureau: Bureau) -> None:
    fixing = owed(bureau, "天宁区民政局", "集中整改")

    assert "请先登记查出的问题；确实没有查出问题的，请选“零报告”" in refused(
        bureau, "submit", fixing, by="董科长", on="2026-04-01"
    )
    problem(bureau, "T-1")
    assert "台账上已有1个问题，不能零报告" in refused(
        bureau, "submit", fixing, "--zero-report", by="董科长", on="2026-04-02"
    )
    said = refused(
        bureau,
        "submit",
        fixing,
        "--figure",
        "found=5个",
        "--figure",
        "fixed=3个",
        by="董科长",
        on="2026-04-02",
    )
    assert "发现问题数填报5，问题台账是1" in said and "已整改问题数填报3，问题台账是0" in said

    act(bureau, "submit", fixing, by="董科长", on="2026-04-02")
    [handed_in] = bureau.show(fixing, on="2026-04-02")["submissions"]
    assert {one["key"]: one["value"] for one in handed_in["items"]} == {"found": 1, "fixed": 0}


def test_a_zero_report_stands_in_the_history_and_falls_with_the_first_problem(bureau: Bureau) -> None:
    fixing = handed_in_with(bureau)
    [submitted] = [one for one in bureau.show(fixing, on="2026-04-07")["history"] if one["verb"] == "submit"]
    assert '"zero_report":true' in submitted["detail"].replace(" ", "")

    problem(bureau, "T-1")

    assert "报送时是零报告，台账上却有1个问题" in refused(
        bureau, "sign-off", fixing, by="吴处长", on="2026-04-08"
    )


def test_a_stage_is_signed_off_once_every_problem_is_struck_off_or_carried_on(bureau: Bureau) -> None:
    fixing = handed_in_with(bureau, "T-1", "T-2")
    assert "还有2个问题没有销号也没有结转（T-1、T-2）" in refused(
        bureau, "sign-off", fixing, by="吴处长", on="2026-04-08"
    )

    bureau.done("problem", "fix", EDITION, "T-1", "--as", "董科长", on="2026-04-08")
    bureau.done("problem", "strike-off", EDITION, "T-1", "--as", "陈科长", on="2026-04-09")
    said = refused(bureau, "sign-off", fixing, by="吴处长", on="2026-04-09")
    assert "还有1个问题没有销号也没有结转（T-2）" in said

    carry = ("problem", "carry", EDITION, "T-2", "--as", "周处长")
    assert "结转要写明理由" in bureau.refused(*carry, "--to", "2026-09-30", "--reason", "", on="2026-04-09")
    assert "应在今天以后" in bureau.refused(
        *carry, "--to", "2026-04-09", "--reason", "待采购", on="2026-04-09"
    )
    assert "新的整改时限2062-09-30离今天2026-04-09有10年以上" in bureau.refused(
        *carry, "--to", "2062-09-30", "--reason", "待采购", on="2026-04-09"
    )
    # Within its own stage a later day settles nothing.
    bureau.done(*carry, "--to", "2026-06-15", "--reason", "待采购", on="2026-04-09")
    assert "没有结转（T-2）" in refused(bureau, "sign-off", fixing, by="吴处长", on="2026-04-09")
    bureau.done(*carry, "--to", "2026-09-30", "--reason", "待采购", on="2026-04-09")
    assert "结转：待采购" in bureau.done("problem", "list", "--edition", EDITION)

    act(bureau, "sign-off", fixing, by="吴处长", on="2026-04-10")
    assert bureau.show(fixing, on="2026-04-10")["state"] == "closed"


def test_a_unit_lists_its_own_problems_only(bureau: Bureau) -> None:
    about = ("--title", "标志破损", "--unit", "钟楼区民政局", "--found", "2026-04-02", "--due", "2026-05-30")

    said = bureau.refused("problem", "add", EDITION, "Z-1", *about, "--as", "董科长", on="2026-04-02")

    assert "经办人只登记本单位的问题" in said


def test_a_dash_is_no_duty_and_a_blank_cell_waits_for_a_person(bureau: Bureau) -> None:
    def renewals(on: str) -> dict[str, tuple[str, str]]:
        found = bureau.ask("obligation", "list", "--campaign", "shop_signs", "--on", on)["obligations"]
        return {one["unit"]: (one["state"], one["light"]) for one in found if one["milestone"] == "更换标志"}

    assert renewals("2026-12-01") == {
        "天宁区民政局": ("assigned", "red"),
        "武进区民政局": ("registered", "grey"),
    }
    shown = bureau.done("calendar", "show", "2026", "shop_signs")
    assert "不承担（原表“--”）：更换标志，钟楼区民政局" in shown
    assert "原表留空，待明确：更换标志，武进区民政局" in shown

    for day in ("2026-10-28", "2026-11-02"):
        letters = bureau.morning(day)
        assert not letters_to(WUJIN, letters)
        assert all("更换标志" not in one.text for one in letters_to(ZHONGLOU, letters))
    waits = owed(bureau, "武进区民政局", "更换标志")
    assert "要写明依据" in refused(bureau, "assign", waits, by="周处长", on="2026-11-03")
    act(bureau, "assign", waits, "--target", "15", "--reason", "区局来函", by="周处长", on="2026-11-03")

    assert renewals("2026-11-03")["武进区民政局"] == ("assigned", "red")
    [handed_out] = letters_to(WUJIN, bureau.morning("2026-11-03"))
    assert "更换标志" in handed_out.text
    # Loading the file again does not take the decision back.
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-11-04")
    assert str(bureau.show(waits, on="2026-11-04")["target"]) == "15"
