"""Phrases that must go to a person: ambiguous, relative to an unknown day, damaged, impossible or not consumed."""

from __future__ import annotations

import pytest

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import CannotResolve, NotUnderstood
from calendars.deadlines.resolve import resolve
from calendars.workdays.files import load_workdays
from tests.calendars.deadline_cases import ALMANAC

NO_DAY = """年初 年中 岁末 4月初 5月初 每月初 3月底左右 约6月 6月底前后 当日 近日"""
RELATIVE = """本月底前 当月25日前 次月10日前 下月5日前 本周五前 下周五前 周五前 10日前 月底前 季度末 次日17时前 去年底 本季度末"""
TWO_WAYS = """截止到5月31日 截止2026年3月31日 截至3月31日17时 报名截至5月31日 两节期间 元旦前 二季度前 上半年前 2027年前 4月上旬前
1月前 春节前10天 国庆节前一周 中秋、国庆前 每年春节、中秋前 3月31日5:30前 3月31日6时前 4月30日0时前 1、3月底前 2、5月底前
3、5月底前 一、3月底前 1.3月底前 3.15前 3月内 一月内 三月内 2025年12月底、6月底前 2026-2027年度 5月至4月 3月31日至3月1日
6月、12月15日前 每季度次月10日前 季度末月25日前 3月31日前（不含） 26年3月底前"""
ELSEWHERE = """秋季开学前 汛期前 每年汛期前 重阳节期间 敬老月前 腊八 小年前 三月三 春节后10日内"""
DAMAGED = """2020227 2023315—61日 202139 46112 20260331 亳政办〔20251 3²月底前 3①月底前 3月1日- 3月底前… -- （无） 2026年3月"31前"""
IMPOSSIBLE = """2月30日前 4月31日前 13月底前 0月底前 3月0日前 2027年2月29日前 2100年3月1日前 1026年3月1日前 中华慈善日（9月6日）"""
NOT_CONSUMED = """3月底前吖 春节慰问 一季度报告 半年总结 2025年6月30日前登记成立 3月底前不能完成 有效期至2026年12月31日 月调度 季度通报
周调度、月通报、季推进、年考评 3月底前完成整改后5个工作日内 移动4/5G 3月31日17前 3月底前完成的 清明节活动 每季度25日前 每月第一周 每两周 年终总结 3月底前（市民政局） 节后一周内
年度终了后4个月内 每半年（7月底、12月底前） 7-8月暑假期间 国庆节前3天完成 3月31日零时 2026年3月31 会议后 5月31日前后
3月31目前 3月31日钱 至3月31日起 除3月外每月10日前 3月10日前或4月10日前 3月9月 3月15 6月30日12月31日前 第10周 三十日前 廿五日前
八月十五 春节前后一周 元旦后 立春后 每逢节假日 每月前5日内 每月20日后 每季度15日前 每周末 每双周 每15日 3月31日前（节假日不顺延）
每年3月底前，2026年为4月底前 6月、12月15日前报送 中秋、国庆前完成 3月1日一5月31日 立行立改、6月底前完成 农历8月15日前
截止日期：2026-03-31起 最迟5月31日起 到2027年前 每逢双月前 7、8月份前 “5·20”“七夕”前"""


def _phrases(*tables: str) -> list[str]:
    return [phrase for table in tables for phrase in table.split()]


@pytest.mark.parametrize(
    "phrase", _phrases(NO_DAY, RELATIVE, TWO_WAYS, ELSEWHERE, DAMAGED, IMPOSSIBLE, NOT_CONSUMED)
)
def test_a_phrase_that_cannot_be_read_one_way_goes_to_a_person_with_a_next_step(phrase):
    found = read(phrase)

    assert isinstance(found, NotUnderstood), found
    assert found.text == phrase
    assert "请" in found.reason
    assert found.reason.endswith("。")


@pytest.mark.parametrize(
    ("phrase", "proposal"),
    [
        ("2020227", "2020年2月27日"),
        ("202139", "2021年3月9日"),
        ("2023315—61日", "2023年3月15日至6月1日"),
        ("46112", "2026-03-31"),
        ("截止到5月31日", "5月31日前"),
        ("2027年前", "2027年底前"),
    ],
)
def test_a_damaged_or_ambiguous_phrase_comes_with_a_proposal_that_is_not_taken(phrase, proposal):
    found = read(phrase)

    assert isinstance(found, NotUnderstood)
    assert found.proposal == proposal


@pytest.mark.parametrize(
    "phrase",
    [
        "3月31日（星期三）下班前",
        "2月29日前",
        "每年2月29日前",
        "一季度清明节期间",
        "一季度4月底前",
        "3月1日(星期一)至3月7日(星期六)",
    ],
)
def test_a_phrase_that_the_plan_year_contradicts_is_refused(phrase):
    reading = read(phrase)

    with pytest.raises(CannotResolve, match="请核对原文"):
        resolve(reading, year=2026, almanac=ALMANAC, workdays=load_workdays())


def test_what_rests_on_days_off_is_refused_without_a_workday_table():
    reading = read("清明节期间")

    with pytest.raises(CannotResolve, match="放假"):
        resolve(reading, year=2026, almanac=ALMANAC, workdays=None)
