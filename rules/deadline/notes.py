"""Writes what a reading took for granted, as sentences for people; years come later, in resolve."""

import re

from rules.deadline import lexicon
from rules.deadline.lexicon import SEASON_NOTES, WholeMonth
from rules.deadline.naming import year_of
from rules.deadline.parts import (
    PLAN,
    Day,
    Due,
    End,
    Festival,
    How,
    Inside,
    Month,
    NthWorkday,
    Parts,
    Repeat,
    Several,
    Shifted,
    Undated,
    WholeYear,
    Window,
)

_UNDATED = {
    "within(": "从所写事件的次日起算，事件发生之前没有日期。",
    "after(": "从所写事件的次日起算，事件发生之前没有日期。",
    "offset(": "由所写事件倒推，事件日期确定之前没有日期。",
    "before_event(": "以所写事件为准，事件日期确定之前没有日期。",
    "since_event(": "以所写事件为准，事件日期确定之前没有日期。",
    "as_of(": "这是统计数据的截止日，不是办理时限。",
    "since(": "这是统计数据的起点，不是办理时限。",
    "published(": "这是文件的发布日期，不是办理时限。",
    "duration(": "这是时长，不是日期。",
    "span(": "这是时长，不是日期。",
    "standing(": "这是常态化任务，没有单独的期限。",
    "event_driven(": "有事即办，没有单独的期限。",
    "unscheduled(": "没有写明日期，需要统筹科室定下日期。",
    "same_as(": "时限在别的文件或计划里，需要统筹科室查明后填写。",
    "pro_rata": "按序时进度推进，没有单独的期限。",
    "every_n_years(": "没有写明从哪一年起算，需要统筹科室定下首次的年份。",
    "from(issue_date)": "这是起始时间，没有写明截止日期。",
    "subject_year": "这是所属年度，不是办理时限。",
    "monthly(average)": "这是月平均数，不是每月的期限。",
    "year_to_date": "这是统计区间，不是办理时限。",
    "against_": "这是比较口径，不是办理时限。",
}


def notes(parts: Parts, key: str) -> tuple[str, ...]:
    """The assumptions that hold in any year, each once."""
    found = [*_of(parts), *_of_text(parts, key)]
    return tuple(dict.fromkeys(found))


def _of(parts: Parts) -> list[str]:
    match parts:
        case Due():
            return _due(parts)
        case Window():
            return _window(parts)
        case Inside(inner=inner):
            return ["季度或半年里另写了更细的时间，以更细的为准。", *_of(inner)]
        case Several(items=items):
            return [note for item in items for note in _of(item)]
        case Repeat(items=items, name=name):
            found = [*_divided(name), *(note for item in items for note in _of(item))]
            return found if not name.endswith("end") and "after_end" not in name else [*found, *_after(name)]
        case Undated(name=name):
            return _undated(name)
        case _:
            return []


def _divided(name: str) -> list[str]:
    if name.startswith("every_two_months"):
        return ["没有写明从哪个月起，按 1—2 月、3—4 月……每两个月一期计算。"]
    if name.startswith("half_monthly"):
        return ["“半月”按每月 1—15 日和 16 日至月底计算。"]
    return []


def _after(name: str) -> list[str]:
    return ["按所属年度列出各期，最后一期的截止日可能落在次年。"] if "after_end" in name else []


def _due(due: Due) -> list[str]:
    at = due.at
    if due.how is How.AROUND:
        return ["“前后”没有说明起止，本句不定日期，请统筹科室定下起止。"]
    if due.how is How.FROM:
        return ["这是起始时间，没有写明截止日期。"]
    if due.how is How.EVE:
        return ["“前夕”没有写明起点，按节日前一天为最后期限。"]
    if due.how is How.BEFORE:
        return (
            ["“节前”不含节日当天。"]
            if isinstance(at, Festival) and not at.holiday
            else ["“假期前”不含放假各日。"]
        )
    return [*_clock(at), *_festival(at), *_included(due), *_workday(at)]


def _workday(at: object) -> list[str]:
    if isinstance(at, NthWorkday):
        return ["工作日按国务院放假通知计算，含调休上班日。"]
    return []


def _included(due: Due) -> list[str]:
    if due.how is How.BY and isinstance(due.at, Day) and due.at.clock is None:
        return ["“前”含当日。"]
    return []


def _clock(at: object) -> list[str]:
    if isinstance(at, Day) and at.half_day:
        return [f"“{at.half_day}”的钟点以本单位作息时间为准。"]
    return []


def _festival(at: object) -> list[str]:
    if not isinstance(at, Festival):
        return []
    place = lexicon.PLACES[at.name]
    if at.holiday:
        return ["“期间”按当年放假通知的放假日计算。"]
    if isinstance(place, WholeMonth):
        return [f"“{at.name}”按 {place.month} 月整月计算。"]
    if isinstance(place, lexicon.Local):
        return [f"“{at.name}”的起止由主办单位确定，本句不定日期。"]
    return []


def _window(window: Window) -> list[str]:
    found: list[str] = []
    if window.since:
        found.append("起始日为发文之日，以文件日期为准。")
    first, last = window.first, window.last
    if first is not None and not isinstance(first, WholeYear):
        one, other = year_of(first), year_of(last)
        crossing = (
            one.absolute and other.absolute and other.absolute > one.absolute
        ) or other.offset > one.offset
        if (crossing and not isinstance(first, Month)) or (crossing and one == PLAN):
            found.append("起止跨越年末，截止日在次年。")
        elif crossing:
            found.append("起止跨越年末。")
    if isinstance(first, End) and isinstance(first.of, Month):
        found.append("以“月底”为起点的，按当月最后一天计算。")
    if isinstance(last, Shifted) and window.since:
        found.append("“节前”不含节日当天。")
    return [*found, *_clock(last), *_festival(last)]


def _undated(name: str) -> list[str]:
    if "+" in name and name.endswith(")"):
        return [note for each in name.split("+") for note in _undated(each)]
    if name.startswith("season("):
        return [SEASON_NOTES[name[7:-1]]]
    found = [note for start, note in _UNDATED.items() if name.startswith(start)]
    if ("hour" in name or "minute" in name) and "event=" in name:
        found = ["从所写事件发生时起按钟点计算，事件发生之前没有日期。"]
    if name.startswith("within(") and "event=" not in name:
        found = ["没有写明从哪一天起算，需要统筹科室定下起算日。"]
    return found


def _of_text(parts: Parts, key: str) -> list[str]:
    found: list[str] = []
    shared = re.search(r"[0-9]{1,2}(?:月)?[、和及与,](?:.*)?[0-9]{1,2}月份?[底末](?:之|以)?前", key)
    if shared and isinstance(parts, Several | Repeat) and not re.search(r"[底末](?:前)?[、和及与,]", key):
        found.append("“底前”同时管前面各月。")
    if (
        isinstance(parts, Repeat)
        and re.search(r"(?:29|30|31)日", key)
        and parts.name.startswith(("monthly", "quarterly", "even", "odd"))
    ):
        found.append("没有这一天的月份按月末最后一天计算。")
    if re.search(r"当年", key):
        found.append("“当年”按计划年份理解。")
    return found
