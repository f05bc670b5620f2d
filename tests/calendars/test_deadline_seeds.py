"""The sixty-two phrases of the first five documents, with the year each was written for."""

from __future__ import annotations

import pytest

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import Reading
from calendars.deadlines.resolve import resolve
from calendars.workdays.files import load_workdays
from tests.calendars.deadline_cases import ALMANAC, assert_reads, cases

# Simplified spelling; tests/calendars reads the Traditional originals.
PLAN_2025 = cases(
    """
一季度 | quarter(1) | 2025-01-01>2025-03-31
二季度 | quarter(2) | 2025-04-01>2025-06-30
三季度 | quarter(3) | 2025-07-01>2025-09-30
四季度 | quarter(4) | 2025-10-01>2025-12-31
3月底前 | month_end(3) | >2025-03-31
4月底前 | month_end(4) | >2025-04-30
5月底前 | month_end(5) | >2025-05-31
6月底前 | month_end(6) | >2025-06-30
8月底前 | month_end(8) | >2025-08-31
9月底前 | month_end(9) | >2025-09-30
10月底前 | month_end(10) | >2025-10-31
11月底前 | month_end(11) | >2025-11-30
12月底前 | month_end(12) | >2025-12-31
年底前 | year_end | >2025-12-31
年内 | year_end | >2025-12-31
6月份之前 | by_month(6) | >2025-05-31
7-8月份 | window_months(7,8) | 2025-07-01>2025-08-31
按计划组织实施 | same_as(按计划组织实施) | >
每半年上报一次 | half_yearly(1) | > | 2: 2025-06-30 2025-12-31
“中华慈善日” | festival(中华慈善日,on) | 2025-09-05>2025-09-05
“常州慈善月” | festival(常州慈善月,during) | >
全年 | whole_year | 2025-01-01>2025-12-31
暑托班 | season(暑假) | >
敬老月 | festival(敬老月,during) | 2025-10-01>2025-10-31
“520”“521” | several(on_date(05-20),on_date(05-21)) | 2025-05-20>2025-05-21 | 2: 2025-05-20 2025-05-21
520 | on_date(05-20) | 2025-05-20>2025-05-20
“5·20” | on_date(05-20) | 2025-05-20>2025-05-20
按照序时进度 | pro_rata | >
“安全生产管理月” | festival(安全生产月,during) | 2025-06-01>2025-06-30
定期核对 | unscheduled(定期核对) | >
发布日期:2024-01-11 | published(2024-01-11) | >
“寒冬送温暖” | season(冬季) | >
三年行动 | duration(3,year) | >
发布时间:2025-08-22 | published(2025-08-22) | >
月均走访 | monthly(average) | >
争取年内 | year_end,soft | >2025-12-31
上半年 | half_year(1) | 2025-01-01>2025-06-30
下半年 | half_year(2) | 2025-07-01>2025-12-31
9月底试运营 | month_end(9) | >2025-09-30
截至6月底 | as_of(month_end(6)) | >
今年计划 | whole_year,soft | 2025-01-01>2025-12-31
月度自查 | monthly | > | 12: 2025-01-31 2025-02-28 2025-12-31
年底前累计完成20个 | year_end,cumulative | >2025-12-31
拟制定 | unscheduled(拟制定),soft | >
秋季入学 | season(秋季入学) | >
2025年度 | year(2025) | 2025-01-01>2025-12-31
2024年度 | year(2024) | >
七一 | festival(建党节,on) | 2025-07-01>2025-07-01
八一 | festival(建军节,on) | 2025-08-01>2025-08-01
七夕 | festival(七夕,on) | 2025-08-29>2025-08-29
清明 | solar_term(清明) | 2025-04-04>2025-04-04
清明节期间 | solar_term(清明,during) | 2025-04-04>2025-04-06
每季度一次 | every_quarter(1) | > | 4: 2025-03-31 2025-06-30 2025-09-30 2025-12-31
3月份 | month(3) | 2025-03-01>2025-03-31
改造周期2-3年 | duration(2-3,year) | >
未来10年 | span(10,year) | >
今年以来 | year_to_date | >
目前 | as_of(report_date) | >
常态化 | standing(常态化) | >
及时 | event_driven(及时) | >
同比 | against_last_year | >
"""
)


@pytest.mark.parametrize("case", PLAN_2025, ids=lambda case: case.phrase)
def test_a_phrase_of_the_documents_reads_as_their_facts_say(case):
    assert_reads(case, year=2025)


def test_next_year_in_a_text_of_2024_is_2025():
    reading = read("力争明年上半年")

    assert isinstance(reading, Reading)
    assert reading.rule == "half_year(1),soft,relative_year(+1)"
    found = resolve(reading, year=2024, almanac=ALMANAC, workdays=load_workdays())
    assert (str(found.starts_on), str(found.due_on)) == ("2025-01-01", "2025-06-30")
    assert any("2024 年为写作年份" in sentence for sentence in found.assumptions)


def test_both_readings_of_before_june_are_shown():
    reading = read("6月份之前")

    assert isinstance(reading, Reading)
    found = resolve(reading, year=2025, almanac=ALMANAC, workdays=load_workdays())
    assert any("2025-05-31" in each and "2025-06-30" in each for each in found.assumptions)
