"""Lunar festivals and solar terms as one frozen value, handed down to the rules that need them.

It must not know how the days were computed: calendars.lunar does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

FIRST_YEAR = 2000
LAST_YEAR = 2056
"""From 2057 on the published almanacs disagree (重阳 2057), so the years end before it."""

LUNAR_FESTIVALS = ("春节", "元宵节", "端午节", "七夕", "中元节", "中秋节", "重阳节", "寒衣节", "除夕")
SOLAR_TERMS = (
    "小寒",
    "大寒",
    "立春",
    "雨水",
    "惊蛰",
    "春分",
    "清明",
    "谷雨",
    "立夏",
    "小满",
    "芒种",
    "夏至",
    "小暑",
    "大暑",
    "立秋",
    "处暑",
    "白露",
    "秋分",
    "寒露",
    "霜降",
    "立冬",
    "小雪",
    "大雪",
    "冬至",
)


class AlmanacError(LookupError):
    """The almanac has no answer; the message is one Chinese sentence with the next step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Almanac:
    """Civil dates by name and Gregorian year; 除夕 of a year is the eve of that year's 春节."""

    days: Mapping[tuple[str, int], date]

    def day(self, name: str, year: int) -> date:
        """The civil date of a lunar festival or solar term; AlmanacError outside 2000-2056."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise AlmanacError(
                f"{year} 年超出农历和节气表的范围（{FIRST_YEAR}—{LAST_YEAR} 年），请直接填写公历日期。"
            )
        found = self.days.get((name, year))
        if found is None:
            raise AlmanacError(f"农历和节气表里没有 {year} 年的“{name}”，请直接填写公历日期。")
        return found
