"""Reads times of day and names of weekdays; a time that could be morning or afternoon is not read."""

import re

WEEKDAYS = "一二三四五六日天"
CLOCK = (
    r"(?:当[日天])?(?:(?P<part>凌晨|清晨|早上|早晨|早|上午|中午|正午|下午|傍晚|晚上|晚间|晚|夜间)?"
    r"(?:(?P<h>[0-9]{1,2})(?:(?P<sep>[时点])(?:整|(?P<half>半)|(?P<min>[0-9]{2}|[0-9](?=分))分?)?|:(?P<min2>[0-9]{2})(?:时|分|点)?))?)"
    r"(?P<off>下班)?"
)
_CLOCK = re.compile(CLOCK)


def weekday(character: str) -> int:
    """0 for 一 (Monday) to 6 for 日 and 天."""
    return min(WEEKDAYS.index(character), 6)


def read_clock(text: str) -> tuple[str | None, str | None] | None:
    """('HH:MM', None) or (None, '下班') of a time of day, (None, None) of no text; None if not one.

    An hour from 1 to 6 is not read without 上午, 下午 or a leading zero: 5:30 may be half past five in the afternoon.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    part, off = match["part"], match["off"]
    if match["h"] is None:
        named = (part or "") + (off or "")
        return (
            (None, named or None)
            if named in ("", "上午", "下午", "中午", "下班", "上午下班", "下午下班")
            else None
        )
    if off:
        return None
    clock = _hours(part, match["h"])
    minutes = 30 if match["half"] else int(match["min"] or match["min2"] or 0)
    if clock is None or minutes > 59 or (clock == 24 and minutes):
        return None
    return f"{clock:02d}:{minutes:02d}", None


def _hours(part: str | None, written: str) -> int | None:
    hour = int(written)
    if part is None:
        return None if hour > 24 or (1 <= hour <= 6 and len(written) == 1) else hour
    if part in ("下午", "傍晚"):
        return hour + 12 if 1 <= hour < 12 else hour if 12 <= hour <= 23 else None
    if part in ("晚上", "晚间", "晚", "夜间"):
        return hour + 12 if 5 <= hour <= 12 else hour if 17 <= hour <= 24 else None
    if part in ("中午", "正午"):
        return hour if 11 <= hour <= 13 else None
    return hour if 0 <= hour <= 12 else None
