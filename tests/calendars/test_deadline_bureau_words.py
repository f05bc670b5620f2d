"""Joined holidays, lunar days, parts of the year and the words bureaus put around a date."""

from __future__ import annotations

from itertools import permutations

import pytest

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import CannotResolve, NotUnderstood
from calendars.deadlines.resolve import resolve
from calendars.workdays.files import load_workdays
from tests.calendars.deadline_cases import ALMANAC, a_resolution, assert_reads, cases

# phrase | rule | starts > due (Thh:mm) | count of occurrences: all of up to four, else first, second and last
_MOON = "several(festival(中秋节,during),festival(国庆节,during)) | 2026-09-25>2026-10-07 | 2: 2026-09-27 2026-10-07"
_OCTOBER = "several(festival(国庆节,during),festival(中秋节,during)) | 2026-09-25>2026-10-07 | 2: 2026-09-27 2026-10-07"
_NEW_YEAR = (
    "several(festival(元旦,during),festival(春节,during)) | 2026-01-01>2026-02-23 | 2: 2026-01-03 2026-02-23"
)
_MAY = "several(festival(劳动节,during),festival(端午节,during)) | 2026-05-01>2026-06-21 | 2: 2026-05-05 2026-06-21"
_SPRING = "several(solar_term(清明,during),festival(劳动节,during)) | 2026-04-04>2026-05-05 | 2: 2026-04-06 2026-05-05"


def _same(phrases: str, answer: str) -> str:
    return "\n".join(f"{phrase} | {answer}" for phrase in phrases.split())


HOLIDAYS = cases(
    "\n".join(
        [
            _same(
                "国庆中秋假期 国庆、中秋假期 国庆和中秋假期 国庆节、中秋节假期期间 国庆、中秋双节期间 国庆中秋双节假期",
                _OCTOBER,
            ),
            _same(
                "中秋国庆双节期间 中秋国庆两节期间 “中秋”“国庆”两节期间 中秋节和国庆节假期 中秋、国庆（双节）期间 中秋国庆长假期间",
                _MOON,
            ),
            _same("元旦春节“两节”期间 元旦、春节“两节”期间 元旦春节两节期间 元旦、春节假期", _NEW_YEAR),
            _same("五一、端午假期 五一端午期间 “五一”、端午小长假 劳动节和端午节期间", _MAY),
            _same("清明、五一假期 清明节、劳动节放假期间 清明五一期间", _SPRING),
        ]
    )
)

LUNAR = cases(
    """
农历九月初九 | festival(重阳节,on) | 2026-10-18>2026-10-18
农历九月初九重阳节 | festival(重阳节,on) | 2026-10-18>2026-10-18
重阳节（农历九月初九） | festival(重阳节,on) | 2026-10-18>2026-10-18
九月初九前 | festival(重阳节,before) | >2026-10-17
农历八月十五前 | festival(中秋节,before) | >2026-09-24
农历正月十五前 | festival(元宵节,before) | >2026-03-02
正月十五 | festival(元宵节,on) | 2026-03-03>2026-03-03
农历七月十五 | festival(中元节,on) | 2026-08-27>2026-08-27
农历十月初一前 | festival(寒衣节,before) | >2026-11-08
农历正月初一 | festival(春节,on) | 2026-02-17>2026-02-17
农历五月初五 | festival(端午节,on) | 2026-06-19>2026-06-19
农历除夕 | festival(除夕,on) | 2026-02-16>2026-02-16
清明节（4月5日） | solar_term(清明) | 2026-04-05>2026-04-05
4月5日清明节 | solar_term(清明) | 2026-04-05>2026-04-05
重阳节（10月18日）前 | festival(重阳节,before) | >2026-10-17
5月17日全国助残日 | festival(全国助残日,on) | 2026-05-17>2026-05-17
清明节期间（4月4日至6日） | window(04-04,04-06) | 2026-04-04>2026-04-06
国庆节（10月1日至7日） | window(10-01,10-07) | 2026-10-01>2026-10-07
3月20日至4月10日（清明节期间） | window(03-20,04-10) | 2026-03-20>2026-04-10
10月17日扶贫日 | festival(国家扶贫日,on) | 2026-10-17>2026-10-17
"""
)

PARTS_OF_THE_YEAR = cases(
    """
每两个月 | every_two_months | > | 6: 2026-02-28 2026-04-30 2026-12-31
每2个月至少一次 | every_two_months(1) | > | 6: 2026-02-28 2026-04-30 2026-12-31
每两月开展一次 | every_two_months(1) | > | 6: 2026-02-28 2026-04-30 2026-12-31
每半月 | half_monthly | > | 24: 2026-01-15 2026-01-31 2026-12-31
每半个月一次 | half_monthly(1) | > | 24: 2026-01-15 2026-01-31 2026-12-31
每旬 | every_ten_days | > | 36: 2026-01-10 2026-01-20 2026-12-31
每旬报送一次 | every_ten_days(1) | > | 36: 2026-01-10 2026-01-20 2026-12-31
4-10月每月25日前 | monthly_by_day(25),months(4-10) | > | 7: 2026-04-25 2026-05-25 2026-10-25
4月至11月，每月一次 | monthly(1),months(4-11) | > | 8: 2026-04-30 2026-05-31 2026-11-30
3月起每月5日前 | monthly_by_day(5),months(3-12) | > | 10: 2026-03-05 2026-04-05 2026-12-05
从2026年4月起每月10日前 | monthly_by_day(10),from(2026-4) | > | 9: 2026-04-10 2026-05-10 2026-12-10
自4月起，每月5日前 | monthly_by_day(5),months(4-12) | > | 9: 2026-04-05 2026-05-05 2026-12-05
6月至9月期间，每月底前 | monthly_by_end,months(6-9) | > | 4: 2026-06-30 2026-07-31 2026-08-31 2026-09-30
下半年每月5日前 | monthly_by_day(5),months(7-12) | > | 6: 2026-07-05 2026-08-05 2026-12-05
2026年二季度每月底前 | monthly_by_end,months(4-6) | > | 3: 2026-04-30 2026-05-31 2026-06-30
每月10、20、30日前 | monthly_by_day(10,20,30) | > | 36: 2026-01-10 2026-01-20 2026-12-30
每月15日、月底前 | monthly(15日、月底前) | > | 24: 2026-01-15 2026-01-31 2026-12-31
每月一调度 | monthly(1) | > | 12: 2026-01-31 2026-02-28 2026-12-31
每季度一通报 | every_quarter(1) | > | 4: 2026-03-31 2026-06-30 2026-09-30 2026-12-31
半年一总结 | half_yearly(1) | > | 2: 2026-06-30 2026-12-31
上下半年各1次 | several(half_year(1),half_year(2)) | 2026-01-01>2026-12-31 | 2: 2026-06-30 2026-12-31
每季度末最后一个工作日 | quarterly_by_workday(-1) | > | 4: 2026-03-31 2026-06-30 2026-09-30 2026-12-31
工作日每天 | every_workday | > | 248: 2026-01-04 2026-01-05 2026-12-31
每日17:00报送 | daily_by(17:00) | >T17:00 | 365: 2026-01-01 2026-01-02 2026-12-31
全年持续推进 | whole_year | 2026-01-01>2026-12-31
贯穿全年 | whole_year | 2026-01-01>2026-12-31
全年常态化开展 | whole_year | 2026-01-01>2026-12-31
2026.3-2026.5 | window_months(2026-3,2026-5) | 2026-03-01>2026-05-31
"""
)

AROUND_A_DATE = cases(
    """
3月5日，15日 | several(on_date(03-05),on_date(03-15)) | 2026-03-05>2026-03-15 | 2: 2026-03-05 2026-03-15
即日起至春节前 | window(issue_date,offset(春节,-1,day)) | >2026-02-16
自即日起至2027年元旦前 | window(issue_date,offset(元旦,-1,day)) | >2026-12-31
自即日起一个月内 | within(1,month,event=即日) | >
省厅文件下发后1个月内 | within(1,month,event=省厅文件下发) | >
签收后1个工作日内 | within(1,workday,event=签收) | >
根据省厅统一部署 | same_as(根据省厅统一部署) | >
按实施方案规定时间 | same_as(按实施方案规定时间) | >
详见附件 | same_as(详见附件) | >
按照序时进度 | pro_rata | >
分别于6月30日、12月31日前 | several(by_date(06-30),by_date(12-31)) | >2026-12-31 | 2: 2026-06-30 2026-12-31
2026年12月底前取得明显成效并长期坚持 | month_end(2026-12) | >2026-12-31
3月20日前（含3月20日） | by_date(03-20) | >2026-03-20
请各县区民政局于4月20日前将自查报告报送市局社会组织科 | by_date(04-20) | >2026-04-20
6月20日、12月20日前分别报送半年、全年工作总结 | several(by_date(06-20),by_date(12-20)) | >2026-12-20 | 2: 2026-06-20 2026-12-20
公示期自2026年3月1日至3月7日止 | window(2026-03-01,2026-03-07) | 2026-03-01>2026-03-07
公示时间：3月1日-7日（5个工作日） | window(03-01,03-07) | 2026-03-01>2026-03-07
2026年3月1日至3月7日（7天） | window(2026-03-01,2026-03-07) | 2026-03-01>2026-03-07
2026年3月20日之前（以邮戳为准） | by_date(2026-03-20) | >2026-03-20
从文件下发之日起到4月底 | window(issue_date,month_end(4)) | >2026-04-30
5月31日前完成网上填报 | by_date(05-31) | >2026-05-31
3月31日前通过系统提交 | by_date(03-31) | >2026-03-31
12月20日前完成资金拨付 | by_date(12-20) | >2026-12-20
6月30日前完成公示 | by_date(06-30) | >2026-06-30
6月30日前取得实质性进展 | by_date(06-30) | >2026-06-30
自查自纠（3月-4月） | window_months(3,4) | 2026-03-01>2026-04-30
第二阶段：集中整治（4月-9月） | window_months(4,9) | 2026-04-01>2026-09-30
整改时限：6月30日 | by_date(06-30) | >2026-06-30
时限要求：立即整改 | event_driven(立即整改) | >
本办法自2026年5月1日起施行 | from(2026-05-01) | 2026-05-01>
半年内 | within(6,month) | >
与年检同步开展 | same_as(与年检同步开展) | >
按省厅要求时间完成 | same_as(按省厅要求时间完成) | >
同上 | same_as(同上) | >
第一时间 | event_driven(第一时间) | >
当日办结 | event_driven(当日办结) | >
随到随办 | event_driven(随到随办) | >
常年受理 | standing(常年受理) | >
长期任务 | standing(长期任务) | >
批准次月起 | since_event(批准次月) | >
资金到账后30日内 | within(30,day,event=资金到账) | >
自信息形成之日起20个工作日内 | within(20,workday,event=信息形成) | >
接到报告后立即 | since_event(接到报告) | >
"""
)


@pytest.mark.parametrize("case", HOLIDAYS, ids=lambda case: case.phrase)
def test_what_is_said_of_joined_holidays_is_said_of_each(case):
    assert_reads(case)


@pytest.mark.parametrize("case", LUNAR, ids=lambda case: case.phrase)
def test_a_lunar_day_is_looked_up(case):
    assert_reads(case)


@pytest.mark.parametrize("case", PARTS_OF_THE_YEAR, ids=lambda case: case.phrase)
def test_a_recurrence_in_a_part_of_the_year_lists_only_that_part(case):
    assert_reads(case)


@pytest.mark.parametrize("case", AROUND_A_DATE, ids=lambda case: case.phrase)
def test_the_words_around_a_date_change_nothing(case):
    assert_reads(case)


@pytest.mark.parametrize("joint", ["", "、", "和", "及", "与", "，"])
@pytest.mark.parametrize("ending", ["期间", "假期", "假期期间", "放假期间", "双节期间", "两节假期", "小长假"])
@pytest.mark.parametrize(
    ("one", "other"), [*permutations(["元旦", "春节", "清明节", "端午", "中秋节", "国庆"], 2)]
)
def test_joined_holidays_are_read_alike_in_every_order_and_wording(one, other, joint, ending):
    found = a_resolution(f"{one}{joint}{other}{ending}")

    separate = [a_resolution(f"{name}期间") for name in (one, other)]
    days = {(each.starts_on, each.due_on) for each in found.occurrences}
    assert days == {(each.starts_on, each.due_on) for each in separate}


def test_holidays_that_share_their_days_off_are_listed_once():
    found = a_resolution("国庆中秋假期", year=2025)

    assert [(str(each.starts_on), str(each.due_on)) for each in found.occurrences] == [
        ("2025-10-01", "2025-10-08")
    ]


@pytest.mark.parametrize("phrase", ["清明节（4月5日）", "4月5日清明节", "重阳节期间（10月16日至19日）"])
def test_a_moving_feast_whose_written_day_is_another_years_is_refused(phrase):
    with pytest.raises(CannotResolve, match="请核对原文"):
        resolve(read(phrase), year=2025, almanac=ALMANAC, workdays=load_workdays())


# phrase: what its refusal must say, so that the sentence is true of it.
REFUSED = {
    "元旦、春节前": "第一个节日",
    "春节、清明、端午、中秋、国庆节前": "第一个节日",
    "春节和中秋节前夕": "第一个节日",
    "冬至期间": "不放假",
    "六一期间": "不放假",
    "春节、元宵节期间": "不放假",
    "“两节”期间": "两",
    "清明节前后一周": "起止",
    "2月15日至23日春节期间": "起止",
    "重要节假日前": "节假日",
    "26年3月底前": "两位",
    "每日8": "没有读懂",
    "正月初五": "农历",
    "3月5日（15天）": "没有读懂",
    "每周一至周五9:00-17:00": "起止",
    "即日起至元旦前": "元旦",
    "5·12前": "当天",
    "春节后一周内": "节日当天",
    "清明节后": "节日当天",
    "每季度末前5个工作日": "提前这些天",
    "每季度末20日前": "末月",
    "9月第一周": "哪一天",
    "每月第一周": "哪一天",
    "每两周": "哪一周",
    "每周一调度": "星期一",
    "26年": "两位",
    "次日9时前": "哪一天",
    "全国两会期间": "起止",
    "小年前": "农历",
    "腊月二十三前": "年初",
}


@pytest.mark.parametrize(("phrase", "said"), REFUSED.items())
def test_a_refusal_says_what_is_true_of_the_phrase(phrase, said):
    found = read(phrase)

    assert isinstance(found, NotUnderstood), found
    assert said in found.reason
    assert "请" in found.reason


@pytest.mark.parametrize("phrase", ["3月底至5月中旬", "2026年4月底—9月底"])
def test_a_month_end_as_a_start_is_stated(phrase):
    assert "以“月底”为起点的，按当月最后一天计算。" in a_resolution(phrase).assumptions


def test_two_undated_halves_both_have_their_sentence():
    assert len(a_resolution("立行立改，长期坚持").assumptions) == 2


@pytest.mark.parametrize("year", [2027, 2031])
def test_a_start_without_an_end_rests_on_no_workdays(year):
    found = a_resolution("自4月1日起", year=year)

    assert not found.provisional
    assert found.assumptions == ("这是起始时间，没有写明截止日期。",)


@pytest.mark.parametrize(("year", "count"), [(2024, 0), (2025, 9), (2026, 12)])
def test_a_recurrence_that_began_in_a_named_year_goes_on(year, count):
    assert len(a_resolution("从2025年4月起每月10日前", year=year).occurrences) == count
