"""Reads windows: two ends joined by 至, 到 or a dash, where the shorter end borrows from the longer one."""

import re

from rules.deadline import lexicon
from rules.deadline.naming import year_of
from rules.deadline.parts import (
    PLAN,
    Day,
    End,
    Festival,
    Half,
    Month,
    Quarter,
    Shifted,
    Span,
    TenDays,
    WholeYear,
    Window,
    Year,
)
from rules.deadline.points import point
from rules.deadline.spans import months_of, moved_to

_ENDS = (Day, Month, TenDays, Quarter, Half, WholeYear, End, Festival)
_ISSUE = re.compile(
    r"(?:自|从)?(?P<since>即日|现在|目前|今日|印发之日|发文之日|下发之日|发布之日|公布之日|公告之日|公告发布之日|通知印发之日|"
    r"通知下发之日|通知发布之日|文件下发之日|文件发布之日|方案印发之日|本通知印发之日|本通知下发之日|本通知发布之日|本公告发布之日|文件印发之日)(?:起|开始|起算)?,?"
    r"(?:至|到|-|截至|截止)(?P<last>.+?)(?P<tail>之?前|止|为止|期间)?"
)
_CLOSE = re.compile(r"(?:止|为止|期间|之间|结束|截止|期限内|内)$")
_WINTER_FIRST = 9
_WINTER_LAST = 6
"""11月至3月 crosses the year end; 5月至4月 is more likely a slip of the pen and goes to a person."""


def window(text: str) -> Window | None:
    """The window that the whole text names, or None; Raises Impossible for a day no calendar has."""
    issued = _ISSUE.fullmatch(text)
    if issued:
        return _since_issue(issued)
    core = _CLOSE.sub("", re.sub(r"^(?:自|从|在|由)", "", text))
    if core.endswith("前") and len(core) > 1:
        core = re.sub(r"(?<=[日底末])(?:之|以)?前$", "", core)
    found = {
        made
        for joint in re.finditer(r"至|到|-", core)
        if (made := _joined(core[: joint.start()], core[joint.end() :])) is not None
    }
    return found.pop() if len(found) == 1 else None


def _since_issue(match: re.Match[str]) -> Window | None:
    at = point(match["last"])
    before = (match["tail"] or "").endswith("前")
    if isinstance(at, Festival) and before and _has_eve(at):
        return Window(first=None, last=Shifted(festival=at, n=1), since="issue_date")
    if at is None or not isinstance(at, _ENDS) or isinstance(at, Festival):
        return None
    bare = isinstance(at, Day | End)
    if before and not bare:
        return None
    if isinstance(at, Day) and at.clock == "00:00":
        return None
    return Window(first=None, last=at, since="issue_date")


def _has_eve(at: Festival) -> bool:
    """A feast of one day whose year is plain: 元旦前 may be this plan year's or the next one's."""
    place = lexicon.PLACES[at.name]
    one_day = not at.holiday and not isinstance(place, lexicon.WholeMonth | lexicon.Local)
    return one_day and not (at.name == "元旦" and at.year == PLAN)


def _joined(left: str, right: str) -> Window | None:
    left = re.sub(r"(?<=[0-9日月底末旬度年])(?:起|开始)$", "", left)
    if not left or not right:
        return None
    last = _right(left, right)
    first = _left(left, right)
    if not isinstance(first, _ENDS) or not isinstance(last, _ENDS):
        return None
    # A festival's statutory days have two ends of their own, a year's subject none.
    if any(isinstance(end, Festival) and (end.holiday or end.said) for end in (first, last)):
        return None
    if isinstance(last, Day) and last.clock == "00:00":
        return None
    return _ordered(first, last)


def _right(left: str, right: str) -> Span | None:
    own = point(right)
    if own is not None:
        return own
    # A bracket opens another text: in 国庆节(10月1日至7日) the festival is not on the 7th.
    month = re.match(r"[^(]*?[0-9]{1,2}月", left)
    if month and re.match(r"[0-9]{1,2}日|[上中下]旬|月?[底末]", right):
        return point(month[0] + right)
    if re.fullmatch(r"下半年", right) and left.endswith("上半年"):
        return point(left[:-3] + right)
    return None


def _left(left: str, right: str) -> Span | None:
    own = point(left)
    if own is not None or not re.search(r"[0-9]$", left):
        return own
    unit = re.match(r"第?[0-9]+(年度?|月|日|季度)", right)
    whole_year = re.fullmatch(r"[0-9]{4}年度?", right) is not None
    if re.fullmatch(r"[0-9]{4}", left) and right.endswith("年度"):
        # 2026-2027年度 may be two years or one season across the year end.
        return None
    if re.fullmatch(r"[0-9]{4}", left):
        return point(left + "年") if whole_year else None
    units = (
        ["日"]
        if re.search(r"[0-9]月[0-9]{1,2}$", left)
        else [unit[1]]
        if unit and unit[1] in ("月", "季度")
        else []
    )
    return next((at for each in units if (at := point(left + each)) is not None), None)


def _ordered(first: Span, last: Span) -> Window | None:
    """Gives both ends their years; None where the text runs backwards."""
    one, other = year_of(first), year_of(last)
    if one != PLAN and other == PLAN:
        last, other = moved_to(last, one), one
    elif one.absolute and other.offset:
        last = moved_to(last, Year(absolute=one.absolute + other.offset))
        other = year_of(last)
    keys = months_of(first), months_of(last)
    backwards = keys[0] is not None and keys[1] is not None and keys[0][0] > keys[1][1]
    if one == PLAN and other.absolute:
        if keys[0] is None:
            return None
        one = Year(absolute=other.absolute - 1 if backwards else other.absolute)
        first = moved_to(first, one)
        return Window(first=first, last=last)
    if one.absolute and other.absolute and one.absolute > other.absolute:
        return None
    if one != other:
        return Window(first=first, last=last) if (one.offset or 0) <= (other.offset or 0) else None
    if not backwards:
        return Window(first=first, last=last)
    return _crossing(first, last, one, keys)


def _crossing(
    first: Span, last: Span, year: Year, keys: tuple[tuple[int, int] | None, tuple[int, int] | None]
) -> Window | None:
    assert keys[0] is not None and keys[1] is not None
    if keys[0][0] // 100 < _WINTER_FIRST or keys[1][1] // 100 > _WINTER_LAST:
        return None
    after = Year(absolute=year.absolute + 1) if year.absolute else Year(offset=year.offset + 1)
    return Window(first=first, last=moved_to(last, after))
