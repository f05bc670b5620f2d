"""Writes what a reading took for granted, as sentences for people; years come later, in resolve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from calendars.deadlines.lexicon import PLACES, SEASON_NOTES, Local, WholeMonth
from calendars.deadlines.parts import (
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


_DIVIDED = {
    "every_two_months": "没有写明从哪个月起，按 1—2 月、3—4 月……每两个月一期计算。",
    "half_monthly": "“半月”按每月 1—15 日和 16 日至月底计算。",
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
        case Repeat(items=items, rule=rule):
            found = [note for start, note in _DIVIDED.items() if rule.startswith(start)]
            found += [note for item in items for note in _of(item)]
            late = ["按所属年度列出各期，最后一期的截止日可能落在次年。"] if "after_end" in rule else []
            return [*found, *late]
        case Undated(rule=name):
            return _undated(name)
        case _:
            return []


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
    found = [*_clock(at), *_festival(at)]
    if due.how is How.BY and isinstance(at, Day) and at.clock is None:
        found.append("“前”含当日。")
    if isinstance(at, NthWorkday):
        found.append("工作日按国务院放假通知计算，含调休上班日。")
    return found


def _clock(at: object) -> list[str]:
    if isinstance(at, Day) and at.half_day:
        return [f"“{at.half_day}”的钟点以本单位作息时间为准。"]
    return []


def _festival(at: object) -> list[str]:
    if not isinstance(at, Festival):
        return []
    place = PLACES[at.name]
    if at.holiday:
        return ["“期间”按当年放假通知的放假日计算。"]
    if isinstance(place, WholeMonth):
        return [f"“{at.name}”按 {place.month} 月整月计算。"]
    if isinstance(place, Local):
        return [f"“{at.name}”的起止由主办单位确定，本句不定日期。"]
    return []


def _window(window: Window) -> list[str]:
    found: list[str] = []
    if window.since:
        found.append("起始日为发文之日，以文件日期为准。")
    first, last = window.first, window.last
    if first is not None and not isinstance(first, WholeYear):
        one, other = first.year, last.year
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
        and parts.rule.startswith(("monthly", "quarterly", "even", "odd"))
    ):
        found.append("没有这一天的月份按月末最后一天计算。")
    if re.search(r"当年", key):
        found.append("“当年”按计划年份理解。")
    return found


_NEXT = "请改写成“2026年3月31日前”这样的时限，或由统筹科室直接填写日期。"

_HINTS: tuple[tuple[str, str], ...] = (
    (r"^-*$|^\(?无\)?$", "这里没有写时限，请由统筹科室填写日期，或注明不设时限。"),
    (r"^[12]、[0-9]{1,2}月", "“{0}”开头的数字可能是序号，也可能是月份，请去掉序号或写全月份。"),
    (r"^[0-9]{1,2}、[0-9]{1,2}月", "“{0}”开头的数字可能是序号，也可能是月份，请去掉序号或写全月份。"),
    (r"^[0-9]{1,2}\.[0-9]", "“{0}”里的点号可能是序号，也可能是月日之间的分隔，请写成“3月15日”的样子。"),
    (r"^截止", "“{0}”可能是数据统计的截止日，也可能是办理时限，请写明，例如“5月31日前”或“截至5月31日的数据”。"),
    (r"前[0-9]{1,2}(?:天|日|周|个)|前[1-9]周|前1个月", "“{0}”可能指节前这段时间，也可能指提前这些天截止，请写明起止日期或截止日期。"),
    (r"上旬(?:之|以)?前|1月(?:之|以)?前", "“{0}”是否含在内没有写明，请写成“4月10日前”的样子。"),
    (r"[两双]节", "“{0}”可能指元旦和春节，也可能指中秋和国庆，请写明是哪两个节日。"),
    (r"前后", "“{0}”没有说明起止，请写明起止日期。"),
    (r"^[0-9]{2}年$", "“{0}”可能是两位年份，也可能是时长，请写全四位年份，或写成“为期几年”的样子。"),
    (r"^[0-9]{2}年", "“{0}”的年份只写了两位，请写全四位年份。"),
    (r"节假日|休息日|双休日|公休日", "“{0}”没有写明是哪一个节假日、哪一天，请写明日期。"),
    (r"^(?:每周)?工作日", "“{0}”没有写明从哪一天到哪一天，请写明日期，或写成“每个工作日”的样子。"),
    (r"(?:节|[元五六七八]一|清明|冬至|日)期间$", "“{0}”里有不放假的节日，起止没有写明，请写明起止日期。"),
    (r"[0-9]·[0-9]{1,2}(?:之|以)?前|^52[01](?:之|以)?前", "“{0}”没有写明是否含当天，请写成“5月11日前”的样子。"),
    (r"末[0-9]{1,2}日(?:之|以)?前", "“{0}”没有写明是不是季度的末月，请写成“每季度末月20日前”的样子。"),
    (r"每个?周一(?![至到、和及-])", "“{0}”可能指每星期一，也可能指每周一次，请写成“每星期一”或“每周一次”。"),
    (r"每(?:两|2|双|隔)个?(?:周|星期)|每隔", "“{0}”没有写明从哪一周、哪一期算起，请写明首次的日期。"),
    (r"(?:第[0-9一二三四五]|最后[1一])个?(?:周|星期)(?![一二三四五六日天])|第[0-9]{1,2}周|周末", "“{0}”没有写明从哪一天到哪一天，请写明起止日期。"),
    (r"(?:元旦|春节|清明|五一|劳动节|端午|中秋|国庆|重阳).*[、和及与,].*(?:前|前夕)(?:各|分别|完成|开展|$)", "“{0}”没有写明是在第一个节日之前，还是每个节日之前都要，请分别写明。"),
    (r"(?:节|元旦|清明|五一|端午|中秋|国庆|重阳|冬至|假期).*后", "“{0}”没有写明从节日当天算起，还是从假期结束算起，请写明日期。"),
    (r"两会", "“{0}”的起止每年由会议公告确定，请查明后写明起止日期。"),
    (r"^(?:当[日天]|次日|第2[天日]|近日|日前|即将)", "“{0}”要看写作或发生的那一天，没有写明是哪一天，请写明日期。"),
    (r"腊月|腊八|小年", "“{0}”是农历年末的日子，可能落在计划年份的年初，也可能落在次年年初，请换算成公历日期后填写。"),
    (r"节前|节后|节日", "“{0}”没有写明是哪个节日，或从哪一天算起，请写明日期。"),
    (r"年度(?:终了|结束)", "“{0}”可能指上一年度，也可能指本年度，请写明日期。"),
    (r"本月|当月|下月|次月|上月|(?<!个)月内", "“{0}”要看写作的月份，请写明是几月。"),
    (r"本周|下周|上周|(?<![0-9一])周内", "“{0}”要看写作的那一周，请写明日期。"),
    (r"本季|当季|下季|次季|上季", "“{0}”要看写作的季度，请写明是第几季度。"),
    (r"左右|大约|上下|约", "“{0}”只是大约的时间，请定下确切日期。"),
    (r"元旦", "“{0}”可能指计划年初的元旦，也可能指年末之后的元旦，请写明年份，例如“2027年元旦前”。"),
    (r"^截至.*[时点:]", "“{0}”可能是数据统计的截止时点，也可能是办理时限，请写明。"),
    (r"(?:春节|中秋|国庆|元旦|端午|清明|五一)节?[、和及与].*前", "“{0}”没有写明是在第一个节日之前，还是每个节日之前都要，请分别写明。"),
    (r"[1-4]季度(?:之|以)?前", "“{0}”可能指该季度开始之前，也可能指该季度末之前，请写成“一季度末前”或具体日期。"),
    (r"半年(?:之|以)?前", "“{0}”可能指开始之前，也可能指结束之前，请写成“上半年末前”或具体日期。"),
    (r"[0-9]年(?:之|以)?前$", "“{0}”可能指该年开始之前，也可能指该年年底之前，请写成“2026年底前”的样子。"),
    (r"(?:月|年|季)初(?![一二三四五六七八九十])", "“{0}”没有确切的日子，请写明日期，例如“4月10日前”。"),
    (r"年中|月中", "“{0}”没有确切的日子，请写明日期，例如“6月30日前”。"),
    (r"^[0-9]{1,2}[日号](?:之|以)?前", "“{0}”没有写月份，请补上月份；如果是每月，请写“每月”。"),
    (r"^(?:月[底末]|季度?[末底]|周[一二三四五六日])", "“{0}”没有写明是哪个月、哪个季度或哪一周，请补上；如果每次都要，请写“每”。"),
    (r"暑|寒假|开学|汛|夏|冬|春季|秋季|学期", "“{0}”的日期由学校或当地每年确定，请查明后填写日期。"),
    (r"农历|正月|初[一二三四五六七八九十]|阴历", "“{0}”是农历日期，请换算成公历日期后填写。"),
    (r"次年|明年|翌年", "“{0}”的年份没有读懂，请写明是哪一年。"),
    (r"至|到|-", "“{0}”的起止没有读懂，请写成“3月1日至5月31日”的样子。"),
)  # fmt: skip


def why(key: str, shown: str) -> tuple[str, str | None]:
    """(reason, proposal) for a phrase that no rule consumed."""
    corrupt = proposal_for_lost_characters(key)
    if corrupt:
        return (
            f"“{shown}”像是转换时丢了年、月、日，或是表格里的日期序号，不能自动采用，请对照原文核对后填写日期。",
            corrupt,
        )
    for pattern, reason in _HINTS:
        if re.search(pattern, key):
            return reason.format(shown), _proposal(key)
    return f"没有读懂“{shown}”，{_NEXT}", _proposal(key)


def _proposal(key: str) -> str | None:
    match = re.search(r"([1-4])季度(?:之|以)?前", key)
    if match:
        return f"{match[1]}季度末前"
    match = re.search(r"([0-9]{4}年|[上下]半)(?:年)?(?:之|以)?前$", key)
    if match:
        return f"{match[1]}底前" if match[1].endswith("年") else f"{match[1]}年末前"
    match = re.fullmatch(r"截止(?:到|至)?(.+[日底末])", key)
    return f"{match[1]}前" if match else None


def proposal_for_lost_characters(key: str) -> str | None:
    """A date that a run of digits may once have been; '' is never returned, None where it does not look like one."""
    if re.fullmatch(r"[0-9]{5}", key) and 36526 <= int(key) <= 73050:
        # A spreadsheet counts days from 1899-12-30.
        return (date(1899, 12, 30) + timedelta(days=int(key))).isoformat()
    match = re.fullmatch(r"(20[0-9]{2})([0-9]{2,4})(?:(-)([0-9]{1,2})([0-9])日?|日)?(?:之?前)?", key)
    if match is None:
        return None
    days = list(_days(int(match[1]), match[2]))
    if not days:
        return None
    shown = " 或 ".join(f"{match[1]}年{month}月{day}日" for month, day in days)
    if match[3]:
        ends = list(_days(int(match[1]), match[4] + match[5]))
        shown += "至" + " 或 ".join(f"{month}月{day}日" for month, day in ends) if ends else ""
    return shown


def _days(year: int, digits: str) -> Iterator[tuple[int, int]]:
    for cut in (1, 2):
        month, day = digits[:cut], digits[cut:]
        if not month or not day or len(day) > 2 or day == "0" or month in ("0", "00"):
            continue
        try:
            date(year, int(month), int(day))
        except ValueError:
            continue
        yield int(month), int(day)
