"""Single forms of a pasted notice, and everything that must be refused or shown instead of guessed."""

from __future__ import annotations

from datetime import date

import pytest

from calendars.notices.draft import Extension, NoticeRefused
from calendars.notices.text import read_text


def read(body: str, year: int = 2026, **given):
    return read_text(f"关于{year}年放假的通知\n{body}", **given)


def off(body: str, year: int = 2026) -> list[str]:
    draft = read(body, year)
    assert draft.problems == ()
    return [f"{day.on:%m-%d}" for day in draft.off]


def work(body: str, year: int = 2026) -> list[str]:
    return [f"{day.on:%m-%d}" for day in read(body, year).make_up]


@pytest.mark.parametrize(
    ("body", "days"),
    [
        ("元旦：1月1日放假1天，不调休。", ["01-01"]),
        ("1. 元旦：1月1日（周四）至3日（周六）放假公休，共3天。", ["01-01", "01-02", "01-03"]),
        ("清明节4月4日至6日放假，共三天。", ["04-04", "04-05", "04-06"]),
        ("——清明节：4月4日-6日放假。", ["04-04", "04-05", "04-06"]),
        ("（一）清明节：4月4-6日放假休息。", ["04-04", "04-05", "04-06"]),
        ("五一国际劳动节：5月1号、2号放假", ["05-01", "05-02"]),
        ("“十一”：10月1日到3日放假。", ["10-01", "10-02", "10-03"]),
        ("端午节：６月１９日放假，与周末连休。", ["06-19", "06-20", "06-21"]),
        ("清明节：4月6日放假，可与周末连休。", ["04-04", "04-05", "04-06"]),
        ("清明節：4月4日放假，4月6日（星期一）補休。", ["04-04", "04-06"]),
        (
            "春节：2月15日（农历腊月二十八、周日）至17日（农历正月初一，周二）放假调休。",
            ["02-15", "02-16", "02-17"],
        ),
    ],
)
def test_a_regular_form_is_read(body: str, days: list[str]) -> None:
    assert off(body) == days


@pytest.mark.parametrize(
    ("body", "days"),
    [
        ("春节：2月16日至20日放假。2月14日（周六）、28日（周六）上班。", ["02-14", "02-28"]),
        ("国庆节：10月1日至7日放假。9月20日、10月10日均正常上班。", ["09-20", "10-10"]),
        ("春节：2月16日放假，2月28日补班。", ["02-28"]),
        ("春节：2月16日放假，2月28日（周六）为调休上班日。", ["02-28"]),
        ("春节：2月16日至20日放假，2月23日（星期一）起正常上班。", []),
    ],
)
def test_make_up_days_are_read(body: str, days: list[str]) -> None:
    assert work(body) == days
    assert read(body).problems == ()


def test_new_year_begins_in_the_december_before_with_or_without_the_year() -> None:
    for body in ("元旦：2022年12月31日至2023年1月2日放假调休，共3天。", "元旦：12月31日至1月2日放假。"):
        days = [day.on for day in read(body, 2023).off]

        assert days == [date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 2)]


def test_a_block_before_new_year_carries_its_year_to_the_day_after_it() -> None:
    body = "元旦：2018年12月30日至2019年1月1日放假调休。2018年12月29日（星期六）上班。"

    assert [day.on for day in read(body, 2019).make_up] == [date(2018, 12, 29)]


def test_two_holidays_in_one_clause_share_its_days() -> None:
    assert {day.names for day in read("国庆节、中秋节：10月1日至8日放假，共8天。", 2025).off} == {
        ("国庆", "中秋")
    }


def test_the_older_explanation_of_exchanged_rest_days_adds_nothing() -> None:
    body = (
        "元旦：1月1日至3日放假，共3天。其中，1月1日（星期四、新年）为法定节假日，1月3日（星期六）为公休日，"
        "1月4日（星期日）公休日调至1月2日（星期五）。1月4日（星期日）上班。"
    )

    assert off(body, 2009) == ["01-01", "01-02", "01-03"]
    assert work(body, 2009) == ["01-04"]


def test_lines_broken_by_copying_are_joined_again() -> None:
    assert off("清明节：4月4日（周\n六）至6日（周一）放\n假，共3天。") == ["04-04", "04-05", "04-06"]


def test_several_holidays_on_one_line_are_told_apart() -> None:
    draft = read("元旦：1月1日放假。清明节：4月5日放假；端午节：6月19日放假。")

    assert [(day.name, day.on.month) for day in draft.off] == [("元旦", 1), ("清明", 4), ("端午", 6)]


def test_an_amendment_is_recognised_by_naming_one_holiday_in_its_title() -> None:
    draft = read_text(
        "某办公厅关于调整2019年劳动节假期安排的通知\n某办发〔2019〕3号\n现将2019年劳动节假期调整如下：\n"
        "2019年5月1日至4日放假调休，共4天。4月28日（星期日）、5月5日（星期日）上班。\n某办公厅 2019年3月22日"
    )

    assert draft.problems == ()
    assert draft.amends
    assert {day.names for day in (*draft.off, *draft.make_up)} == {("劳动节",)}
    assert (len(draft.off), len(draft.make_up), draft.issued_on) == (4, 2, date(2019, 3, 22))


@pytest.mark.parametrize(
    "body",
    ["一、延长2020年春节假期至2月2日（星期日），2月3日（星期一）起正常上班。", "春节假期延长至2月2日。"],
)
def test_an_extension_waits_for_the_beginning_of_the_block(body: str) -> None:
    draft = read(body, 2020)

    assert draft.problems == ()
    assert draft.extensions == (Extension(name="春节", until=date(2020, 2, 2)),)
    assert draft.amends


def test_a_single_extra_day_keeps_the_name_from_the_title() -> None:
    draft = read_text(
        "关于抗战胜利纪念日调休放假的通知\n2015年9月3日至5日调休放假，共3天。9月6日（星期日）上班。"
    )

    assert {day.names for day in draft.off} == {("抗战胜利纪念日",)}
    assert [day.on for day in draft.make_up] == [date(2015, 9, 6)]


def test_number_title_and_date_are_taken_from_around_the_text() -> None:
    draft = read_text(
        "来源：某网\n某市人民政府办公室\n关于2026年\n部分节假日安排的通知\n某府办发〔2025〕12号\n各有关单位：\n"
        "元旦：1月1日放假。\n某市人民政府办公室\n二〇二五年十一月二十一日"
    )

    assert (draft.document_no, draft.issued_on) == ("某府办发〔2025〕12号", date(2025, 11, 21))
    assert draft.title.endswith("关于2026年部分节假日安排的通知")


def test_the_date_of_the_signature_is_not_taken_for_the_year() -> None:
    with pytest.raises(NoticeRefused, match="哪一年"):
        read_text("元旦：1月1日放假。\n某办公室\n2025年11月4日")

    assert read_text("元旦：1月1日放假。\n某办公室\n2025年11月4日", year=2026).off[0].on == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["", "  \n\u3000\n", "今天天气很好。", "关于2026年放假的通知\n安排见附件。"])
def test_an_empty_or_foreign_text_is_refused_with_the_next_step(text: str) -> None:
    with pytest.raises(NoticeRefused, match="请"):
        read_text(text)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("元旦：1月1日（周五）放假。", "周五"),
        ("元旦：1月1日至3日放假，共4天。", "共4天"),
        ("清明节：4月7日放假，与周末连休。", "不挨着周末"),
        ("元旦：1月1日放假，不调休。1月4日（周日）上班。", "不调休"),
        ("元旦：1月1日至3日放假。1月3日上班。", "对不上"),
        ("元旦：1月1日放假。1月5日上班。", "本来就是工作日"),
        ("元旦：1月1日放假。1月4日起上班。", "对不上"),
        ("元旦：2月30日放假。1月1日放假。", "没有这一天"),
        ("元旦：1日放假。1月2日放假。", "月份"),
        ("元旦：1月9日至3日放假。1月2日放假。", "首尾颠倒"),
        ("元旦：1月1日至20日放假。1月2日放假。", "过长"),
        ("元旦：1月1日放假。1月3日（周六）调休。", "放假还是上班"),
        ("元旦：1月1日放假。其中，1月2日为法定节假日。", "不在放假日期之内"),
        ("元旦：1月1日至2日放假。1月4日公休日调至1月2日。", "没有写上班"),
        ("元旦：1月1日放假，1月2日视情况安排。", "没有读懂"),
        ("元旦：1月1日放假。节前一天提前下班，1月2日前返岗。", "没有读懂"),
        ("春节：2月16日至20日放假（其中2月20日上班）。", "没有读懂"),
        ("中秋节、国庆节：9月25日至27日、10月1日至7日放假。", "分开写"),
        ("清明节：4月6日放假。3月1日上班。", "太远"),
        ("中秋节：2月25日放假。", "离中秋当天太远"),
        ("春节：2月16日（上班）至20日放假。", "没有读懂"),
        ("元旦：一月一日放假。1月2日放假。", "没有读懂"),
        ("元旦：1月1日放假。除值班人员外补休另定。", "没有读懂"),
        ("元旦：1月1日放假。劳动节：12月1日放假。2027年5月1日放假。", "请核对年份"),
    ],
)
def test_what_does_not_fit_together_is_a_problem_that_says_so(body: str, says: str) -> None:
    assert any(says in problem for problem in read(body).problems)


def test_a_whole_notice_with_a_holiday_missing_is_a_problem_not_an_amendment() -> None:
    draft = read_text("关于2026年部分节假日安排的通知\n元旦：1月1日放假。")

    assert any("春节、清明、劳动节、端午、中秋、国庆" in problem for problem in draft.problems)


def test_a_year_given_against_the_title_is_a_problem() -> None:
    draft = read_text("关于2026年放假的通知\n元旦：1月1日放假。", year=2027)

    assert any("2026年" in problem and "2027年" in problem for problem in draft.problems)


def test_what_says_nothing_about_days_is_shown_and_stands_in_nobodys_way() -> None:
    draft = read("元旦：1月1日放假。各单位要安排好值班和安全保卫工作，确保平安过节。")

    assert draft.unread == ("各单位要安排好值班和安全保卫工作,确保平安过节",)
    assert draft.problems == ()


def test_a_recommendation_to_rest_is_no_day_off() -> None:
    draft = read("春节：2月16日至20日放假。鼓励各单位安排职工在2月13日休息。")

    assert date(2026, 2, 13) not in {day.on for day in draft.off}
    assert any("2月13日" in warning for warning in draft.warnings)
