"""Reads what comes round by weekday or every day."""

import re

from rules.deadline.acts import ONCE, count_of
from rules.deadline.clocks import WEEKDAYS, read_clock, weekday
from rules.deadline.parts import Daily, Weekly


def weekly(text: str) -> Weekly | None:
    """每周五17:00前, 每周一、三, 每周不少于2次; None where the text is no such thing."""
    match = re.fullmatch(r"每个?(?:周|星期|礼拜)(.*)", text) or re.fullmatch(r"1周(?=[0-9]次)(.*)", text)
    if match is None:
        return None
    rest = match[1]
    count = None if ONCE.fullmatch(rest) else count_of(rest)
    if count is not None:
        return Weekly(name=f"weekly_min({count})" if count else "weekly", weekdays=())
    day = rf"(?:周|星期|礼拜)?[{WEEKDAYS}]"
    named = re.fullmatch(rf"({day}(?:(?:[、和及至-]){day})*)(.*?)(之前|以前|前)?", rest)
    if named is None:
        return None
    clock = read_clock(named[2])
    if clock is None or clock[0] == "00:00":
        return None
    days = _weekdays(named[1])
    if not days:
        return None
    name = "weekly_" + ("by" if named[3] else "on")
    spot = ",".join(str(each + 1) for each in days) + (f" {clock[0]}" if clock[0] else "")
    return Weekly(name=f"{name}({spot})", weekdays=days, clock=clock[0])


def _weekdays(text: str) -> tuple[int, ...]:
    text = re.sub(r"周|星期|礼拜", "", text)
    days = [weekday(character) for character in text if character in WEEKDAYS]
    if re.search("[至-]", text):
        return tuple(range(days[0], days[1] + 1)) if len(days) == 2 and days[0] < days[1] else ()
    return tuple(sorted(set(days)))


def daily(text: str) -> Daily | None:
    """每日16时前, 每个工作日; None where the text is no such thing."""
    match = re.fullmatch(r"(?:每[日天]|逐日|按日)(.*)", text) or re.fullmatch(
        r"每个?(?P<work>工作日)(.*)", text
    )
    match = match or re.fullmatch(r"1[天日](?=[0-9]次)(.*)", text)
    if text in ("工作日每天", "工作日每日", "每天工作日"):
        return Daily(name="every_workday", workdays_only=True)
    if match is None:
        return None
    work = "工作日" in text
    rest = match[2] if work and match.re.groups > 1 else match[1]
    count = count_of(rest)
    base = "every_workday" if work else "daily"
    if count is not None:
        return Daily(name=f"{base}({count})" if count else base, workdays_only=work)
    timed = re.fullmatch(r"(.+?)(?:之前|以前|前)", rest) or re.fullmatch(
        r"(.*(?:[时点分整半]|:[0-9]{2}))", rest
    )
    clock = read_clock(timed[1]) if timed else None
    if clock is None or clock[0] in (None, "00:00"):
        return None
    return Daily(name=f"{base}_by({clock[0]})", clock=clock[0], workdays_only=work)
