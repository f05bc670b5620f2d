from datetime import date

import pytest

from calendars.formulas import share_shown
from notifications.wording import short_date, time_left, units_overdue
from tests.notifications.mail_builders import an_item


@pytest.mark.parametrize(
    ("done", "of", "words"),
    [
        (371, 600, "61.8 %（371/600）"),
        (425, 600, "70.8 %（425/600）"),
        (106, 110, "96.4 %（106/110）"),
        (20, 41, "48.8 %（20/41）"),
        (0, 7, "0.0 %（0/7）"),
        (0, 0, "—（0/0）"),
        (106, None, "—（106/未知）"),
    ],
)
def test_a_rate_shows_its_fraction_and_an_empty_denominator_a_dash(done, of, words):
    assert share_shown(done, of) == words


@pytest.mark.parametrize(
    ("due_on", "last_workday", "days_left", "today", "words"),
    [
        ((2026, 3, 31), (2026, 3, 31), 3, (2026, 3, 26), "还有3个工作日"),
        ((2026, 3, 31), (2026, 3, 31), 0, (2026, 3, 31), "今日到期"),
        ((2026, 5, 31), (2026, 5, 29), 0, (2026, 5, 29), "今日是最后工作日"),
        ((2026, 5, 31), (2026, 5, 29), 0, (2026, 5, 30), "时限前已无工作日"),
        ((2026, 5, 31), (2026, 5, 29), 0, (2026, 5, 31), "今日到期"),
        ((2026, 4, 3), (2026, 4, 3), 0, (2026, 4, 4), "已逾期（不足1个工作日）"),
        ((2026, 3, 31), (2026, 3, 31), -3, (2026, 4, 3), "已逾期3个工作日"),
    ],
)
def test_the_time_left_is_said_in_workdays(due_on, last_workday, days_left, today, words):
    item = an_item(due_on=date(*due_on), last_workday=date(*last_workday), days_left=days_left)

    assert time_left(item, date(*today)) == words


def test_a_day_of_another_year_carries_its_year():
    assert short_date(date(2027, 1, 10), date(2026, 12, 31), True) == "2027年1月10日（暂定）"
    assert short_date(date(2026, 1, 10), date(2026, 12, 31)) == "1月10日"


def test_units_are_listed_by_their_longest_delay():
    items = [
        an_item(unit="甲", days_left=-1),
        an_item(unit="乙", days_left=-9),
        an_item(unit="甲", days_left=-3),
    ]

    assert units_overdue(items) == [("乙", 1, 9), ("甲", 2, 3)]
