"""Says why a phrase goes to a person, and proposes a reading where one offers itself; it accepts nothing."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

_NEXT = "请改写成“2026年3月31日前”这样的时限，或由统筹科室直接填写日期。"

_HINTS: tuple[tuple[str, str], ...] = (
    (r"^-*$|^\(?无\)?$", "这里没有写时限，请由统筹科室填写日期，或注明不设时限。"),
    (r"^[12]、[0-9]{1,2}月", "“{0}”开头的数字可能是序号，也可能是月份，请去掉序号或写全月份。"),
    (r"^[0-9]{1,2}、[0-9]{1,2}月", "“{0}”开头的数字可能是序号，也可能是月份，请去掉序号或写全月份。"),
    (r"^[0-9]{1,2}\.[0-9]", "“{0}”里的点号可能是序号，也可能是月日之间的分隔，请写成“3月15日”的样子。"),
    (r"^截止", "“{0}”可能是数据统计的截止日，也可能是办理时限，请写明，例如“5月31日前”或“截至5月31日的数据”。"),
    (r"前[0-9]{1,2}(?:天|日|周|个)|前[1-9]周|前1个月", "“{0}”可能指节前这段时间，也可能指提前这些天截止，请写明起止日期或截止日期。"),
    (r"上旬(?:之|以)?前|1月(?:之|以)?前", "“{0}”是否含在内没有写明，请写成“4月10日前”的样子。"),
    (r"节前|节后|节日", "“{0}”没有写明是哪个节日，或从哪一天算起，请写明日期。"),
    (r"年度(?:终了|结束)", "“{0}”可能指上一年度，也可能指本年度，请写明日期。"),
    (r"本月|当月|下月|次月|上月|月内", "“{0}”要看写作的月份，请写明是几月。"),
    (r"本周|下周|上周|周内", "“{0}”要看写作的那一周，请写明日期。"),
    (r"本季|当季|下季|次季|上季", "“{0}”要看写作的季度，请写明是第几季度。"),
    (r"左右|大约|上下|约", "“{0}”只是大约的时间，请定下确切日期。"),
    (r"前后", "“{0}”没有说明起止，请写明起止日期。"),
    (r"两节", "“两节”可能指元旦和春节，也可能指中秋和国庆，请写明是哪两个节日。"),
    (r"元旦", "“{0}”可能指计划年初的元旦，也可能指年末之后的元旦，请写明年份，例如“2027年元旦前”。"),
    (r"^截至.*[时点:]", "“{0}”可能是数据统计的截止时点，也可能是办理时限，请写明。"),
    (r"(?:春节|中秋|国庆|元旦|端午|清明|五一)节?[、和及与].*前", "“{0}”没有写明是在第一个节日之前，还是每个节日之前都要，请分别写明。"),
    (r"[1-4]季度(?:之|以)?前", "“{0}”可能指该季度开始之前，也可能指该季度末之前，请写成“一季度末前”或具体日期。"),
    (r"半年(?:之|以)?前", "“{0}”可能指开始之前，也可能指结束之前，请写成“上半年末前”或具体日期。"),
    (r"[0-9]年(?:之|以)?前$", "“{0}”可能指该年开始之前，也可能指该年年底之前，请写成“2026年底前”的样子。"),
    (r"(?:月|年|季)初", "“{0}”没有确切的日子，请写明日期，例如“4月10日前”。"),
    (r"年中|月中", "“{0}”没有确切的日子，请写明日期，例如“6月30日前”。"),
    (r"^[0-9]{1,2}[日号](?:之|以)?前", "“{0}”没有写月份，请补上月份；如果是每月，请写“每月”。"),
    (r"^(?:月[底末]|季度?[末底]|周[一二三四五六日])", "“{0}”没有写明是哪个月、哪个季度或哪一周，请补上；如果每次都要，请写“每”。"),
    (r"暑|寒假|开学|汛|夏|冬|春季|秋季|学期", "“{0}”的日期由学校或当地每年确定，请查明后填写日期。"),
    (r"农历|腊月|正月|小年|腊八|初[一二三四五六七八九十]|阴历", "“{0}”是农历日期，请换算成公历日期后填写。"),
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
