"""Why a date of one year is another one in the next: one Chinese sentence for a milestone's rule and its two days."""

from __future__ import annotations

from datetime import date

from rules.almanac import LUNAR_FESTIVALS
from rules.campaign import Point


def has_moved(old: Point, new: Point, years: int) -> bool:
    """Whether more than the year has changed; `years` is how far the two editions lie apart."""
    return any(
        _shifted(before, years) != after
        for before, after in (
            (old.due_on, new.due_on),
            (old.starts_on, new.starts_on),
            (old.hard_due_on, new.hard_due_on),
            (old.last_workday, new.last_workday),
        )
    )


def why_moved(rule: str, old: Point, new: Point, years: int) -> str:
    """The cause, as far as the rule tells it."""
    if _shifted(old.due_on, years) == new.due_on and _shifted(old.starts_on, years) == new.starts_on:
        return "日子不变，最后工作日随周末和放假安排变动"
    for words, why in _CAUSES:
        if words in rule:
            return why
    if any(name in rule for name in LUNAR_FESTIVALS):
        return "农历节日，公历日期每年不同"
    if new.due_on.month == old.due_on.month == 2:
        return "二月末，闰年平年不同"
    return "按当年日历重新推算"


_CAUSES = (
    ("workday", "按工作日推算，随放假安排变动"),
    ("weekday", "按星期推算，日期每年不同"),
    ("weekly", "按星期推算，日期每年不同"),
    ("solar_term", "节气和放假日期每年略有不同"),
    ("during_holiday", "按当年放假安排"),
)


def _shifted(day: date | None, years: int) -> date | None:
    """The same day so many years on; the last day of February stays the last where 29 February is missing."""
    if day is None or not years:
        return day
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
