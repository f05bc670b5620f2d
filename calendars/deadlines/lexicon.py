"""The named days, months and plan periods that notices use, and what is known of their dates.

A name is here only if its date is the same wherever the notice was written; what the bureau or the
school calendar decides each year is among the undated names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass


def words(text: str) -> tuple[str, ...]:
    """A word list written with spaces."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Fixed:
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Looked up in the almanac under this name."""

    name: str
    term: bool = False


@dataclass(frozen=True, slots=True)
class Nth:
    month: int
    nth: int
    weekday: int


@dataclass(frozen=True, slots=True)
class WholeMonth:
    month: int


@dataclass(frozen=True, slots=True)
class Local:
    """A name whose days the organiser sets."""


Place = Fixed | Looked | Nth | WholeMonth | Local

_MON, _TUE, _SUN = 0, 1, 6

# Canonical name, its other names, its place in the year.
_ENTRIES: tuple[tuple[str, str, Place], ...] = (
    ("元旦", "元旦节", Fixed(1, 1)),
    ("春节", "农历春节 大年初一", Looked("春节")),
    ("除夕", "年三十 大年三十", Looked("除夕")),
    ("元宵节", "元宵", Looked("元宵节")),
    ("端午节", "端午", Looked("端午节")),
    ("七夕", "七夕节", Looked("七夕")),
    ("中元节", "中元", Looked("中元节")),
    ("中秋节", "中秋", Looked("中秋节")),
    ("重阳节", "重阳 老年节 重阳敬老节 九九重阳 九九重阳节", Looked("重阳节")),
    ("寒衣节", "", Looked("寒衣节")),
    ("清明", "清明节 清明节气", Looked("清明", term=True)),
    ("冬至", "冬至节", Looked("冬至", term=True)),
    ("中国农民丰收节", "农民丰收节", Looked("秋分", term=True)),
    (
        "妇女节",
        "三八 三八节 三八妇女节 国际妇女节 三八国际妇女节 国际劳动妇女节 三八国际劳动妇女节",
        Fixed(3, 8),
    ),
    ("全国爱耳日", "爱耳日", Fixed(3, 3)),
    ("学雷锋纪念日", "学雷锋日 雷锋日 学雷锋志愿服务日 中国青年志愿者服务日", Fixed(3, 5)),
    ("植树节", "全民义务植树日", Fixed(3, 12)),
    ("国际消费者权益日", "消费者权益日", Fixed(3, 15)),
    ("国际社工日", "世界社工日 国际社会工作日 世界社会工作日", Nth(3, 3, _TUE)),
    ("世界水日", "", Fixed(3, 22)),
    ("全国中小学生安全教育日", "", Nth(3, -1, _MON)),
    ("世界孤独症日", "世界自闭症日 世界孤独症关注日 世界自闭症关注日 国际孤独症日", Fixed(4, 2)),
    ("全民国家安全教育日", "国家安全教育日", Fixed(4, 15)),
    ("世界读书日", "", Fixed(4, 23)),
    ("世界地球日", "", Fixed(4, 22)),
    ("劳动节", "五一 五一节 五一劳动节 国际劳动节 五一国际劳动节", Fixed(5, 1)),
    ("青年节", "五四 五四青年节", Fixed(5, 4)),
    ("世界红十字日", "", Fixed(5, 8)),
    ("母亲节", "", Nth(5, 2, _SUN)),
    ("国际护士节", "护士节", Fixed(5, 12)),
    ("全国防灾减灾日", "防灾减灾日 国家防灾减灾日", Fixed(5, 12)),
    ("国际家庭日", "世界家庭日", Fixed(5, 15)),
    ("全国助残日", "助残日", Nth(5, 3, _SUN)),
    ("中国旅游日", "", Fixed(5, 19)),
    ("全国科技工作者日", "科技工作者日", Fixed(5, 30)),
    ("世界无烟日", "", Fixed(5, 31)),
    ("儿童节", "六一 六一节 六一儿童节 国际儿童节 六一国际儿童节", Fixed(6, 1)),
    ("世界环境日", "六五环境日", Fixed(6, 5)),
    ("全国爱眼日", "", Fixed(6, 6)),
    ("父亲节", "", Nth(6, 3, _SUN)),
    ("国际禁毒日", "禁毒日", Fixed(6, 26)),
    ("建党节", "七一 七一建党节 党的生日", Fixed(7, 1)),
    ("建军节", "八一 八一节 八一建军节", Fixed(8, 1)),
    ("全民健身日", "", Fixed(8, 8)),
    ("中国医师节", "", Fixed(8, 19)),
    ("残疾预防日", "全国残疾预防日", Fixed(8, 25)),
    ("抗战胜利纪念日", "中国人民抗日战争胜利纪念日", Fixed(9, 3)),
    ("中华慈善日", "", Fixed(9, 5)),
    ("教师节", "", Fixed(9, 10)),
    ("世界阿尔茨海默病日", "", Fixed(9, 21)),
    ("烈士纪念日", "", Fixed(9, 30)),
    ("国庆节", "国庆 十一国庆 十一国庆节", Fixed(10, 1)),
    ("国际老年人日", "国际老人节 国际老年节 国际老人日", Fixed(10, 1)),
    ("世界精神卫生日", "", Fixed(10, 10)),
    ("国家扶贫日", "全国扶贫日 扶贫日", Fixed(10, 17)),
    ("记者节", "中国记者节", Fixed(11, 8)),
    ("全国消防日", "消防日 全国消防宣传日 消防宣传日 119消防日 119全国消防日 119消防宣传日", Fixed(11, 9)),
    ("世界儿童日", "", Fixed(11, 20)),
    ("世界艾滋病日", "", Fixed(12, 1)),
    ("全国交通安全日", "", Fixed(12, 2)),
    ("国际残疾人日", "世界残疾人日 国际残疾日", Fixed(12, 3)),
    ("国家宪法日", "宪法日 全国法制宣传日", Fixed(12, 4)),
    ("国际志愿者日", "国际志愿人员日", Fixed(12, 5)),
    ("国家公祭日", "南京大屠杀死难者国家公祭日", Fixed(12, 13)),
    ("敬老月", "全国敬老月", WholeMonth(10)),
    ("安全生产月", "全国安全生产月 安全生产管理月", WholeMonth(6)),
    ("学雷锋月", "学雷锋活动月 学雷锋志愿服务月", WholeMonth(3)),
    ("爱国卫生月", "全国爱国卫生月", WholeMonth(4)),
    ("民法典宣传月", "", WholeMonth(5)),
    ("质量月", "全国质量月", WholeMonth(9)),
    ("消防宣传月", "全国消防宣传月 119消防宣传月", WholeMonth(11)),
    ("常州慈善月", "", Local()),
)

_TERMS = "小寒 大寒 立春 雨水 惊蛰 春分 谷雨 立夏 小满 芒种 夏至 小暑 大暑 立秋 处暑 白露 秋分 寒露 霜降 立冬 小雪 大雪"

PLACES: dict[str, Place] = {name: place for name, _, place in _ENTRIES} | {
    term: Looked(term, term=True) for term in words(_TERMS)
}
NAMES: dict[str, str] = {other: name for name, others, _ in _ENTRIES for other in (name, *words(others))} | {
    term: term for term in words(_TERMS)
}

# Lunar days as normalise() spells them. Those of the twelfth month are not here: in a plan year they may
# fall at its beginning or after its end.
_LUNAR = {
    "春节": "正月初一",
    "元宵节": "正月十五",
    "端午节": "5月初五",
    "七夕": "7月初七",
    "中元节": "7月十五",
    "中秋节": "8月十五",
    "重阳节": "9月初九",
    "寒衣节": "10月初一",
}


def _lunar_names() -> dict[str, str]:
    """农历8月十五, and without 农历 only what no other calendar has: 正月十五, 9月初九."""
    found = {"农历除夕": "除夕"}
    for name, day in _LUNAR.items():
        spelt = [f"农历{day}", day] if "初" in day or "正" in day else [f"农历{day}"]
        others = [other for other, canonical in NAMES.items() if canonical == name]
        found |= {one + after: name for one in spelt for after in ("", *others)}
    return found


NAMES |= _lunar_names()

# 五月初一 aside, these two characters are a holiday only where the text says so (十一前, 十一期间).
ONLY_WITH_RELATION = {"十一": "国庆节"}

# Holidays with statutory days off, under the names of the State Council's notices.
STATUTORY = {
    "元旦": "元旦",
    "春节": "春节",
    "清明": "清明",
    "劳动节": "劳动节",
    "端午节": "端午",
    "中秋节": "中秋",
    "国庆节": "国庆",
}

# “520” and the like: days named by their number, usually in quotation marks.
NUMBERED = {"520": (5, 20), "521": (5, 21)}

PLAN_PERIODS = {"十三五": (2016, 2020), "十四五": (2021, 2025), "十五五": (2026, 2030)}

SEASONS: dict[str, str] = {
    "暑托班": "暑假",
    "暑假": "暑假",
    "暑期": "暑假",
    "暑假期间": "暑假",
    "暑期期间": "暑假",
    "寒假": "寒假",
    "寒假期间": "寒假",
    "寒暑假": "寒暑假",
    "寒暑假期间": "寒暑假",
    "秋季入学": "秋季入学",
    "秋季开学": "秋季入学",
    "春季开学": "春季开学",
    "寒冬送温暖": "冬季",
    "冬季": "冬季",
    "寒冬": "冬季",
    "冬季期间": "冬季",
    "今冬明春": "今冬明春",
    "今冬明春期间": "今冬明春",
    "岁末年初": "岁末年初",
    "夏季": "夏季",
    "高温季节": "夏季",
    "汛期": "汛期",
    "汛期期间": "汛期",
    "主汛期": "汛期",
}
SEASON_NOTES: dict[str, str] = {
    "暑假": "暑假起止以当地教育部门校历为准，本句不定日期。",
    "寒假": "寒假起止以当地教育部门校历为准，本句不定日期。",
    "寒暑假": "寒暑假起止以当地教育部门校历为准，本句不定日期。",
    "秋季入学": "秋季开学通常在 9 月 1 日，以当地教育部门校历为准，本句不定日期。",
    "春季开学": "春季开学以当地教育部门校历为准，本句不定日期。",
    "冬季": "冬季没有统一起止日期，且跨越年末，本句不定日期。",
    "今冬明春": "“今冬明春”跨越年末，没有统一起止日期，本句不定日期。",
    "岁末年初": "“岁末年初”跨越年末，没有统一起止日期，本句不定日期。",
    "夏季": "夏季没有统一起止日期，本句不定日期。",
    "汛期": "汛期起止以当地防汛部门公布为准，本句不定日期。",
}


NUMERALS = "〇○零一二两三四五六七八九十廿卅"
_DIGIT = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
    "两": "2",
}
_UNITS = r"(?:年|月|日|号|季度|个|天|周|星期|礼拜|时|点|小时|次|场|轮|旬)"
_JOINT = r"[-至到、和及与]"
_NUMERAL = re.compile(
    rf"(?<![0-9{NUMERALS}])(?:(?<=第)[{NUMERALS}]+"
    rf"|[{NUMERALS}]+(?=(?:{_JOINT}第?[{NUMERALS}0-9]+)*{_UNITS})"
    rf"|(?<=[时点])[{NUMERALS}]+(?=分))"
)
_WEEKDAY_BEFORE = re.compile(r"(?:周|星期|礼拜)$")
_MARKS = re.compile(
    r"^\s*(?:[0-9]{1,2}\s*[.、]\s+|[0-9]{1,2}\s+[.、]\s*|\([0-9一二三四五六七八九十]{1,3}\)\s*|[0-9]{1,2}\)\s*)"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_DASHES = re.compile(r"[-—–―‐‑‒−─~〜∼⁓]+")
_FIGURES = f"0-9{NUMERALS}"
_QUOTE = "[“”\"‘’'「」『』]"
_QUOTES = re.compile(rf"{_QUOTE}(?![{_FIGURES}])|(?<![{_FIGURES}]){_QUOTE}|^{_QUOTE}|{_QUOTE}$")
_NEXT_QUOTE = re.compile(r"[”」』]\s*[、,]?\s*[“「『]")


def normalise(text: str) -> str | None:
    """The one spelling of a phrase, or None where a character could be read in two ways.

    Footnote and circled digits are such: read as plain digits they would turn 3²月 into 32月.
    """
    text = _INVISIBLE.sub("", text).strip()
    text = re.sub(r"^[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]\s*", "", text)
    if any(unicodedata.category(character) == "No" for character in text):
        return None
    key = unicodedata.normalize("NFKC", text)
    key = re.sub("[\u00b7•・‧∙⋅]", "·", key)
    key = _MARKS.sub("", key, count=1)
    # A quotation mark between two figures stays, and makes the phrase unreadable rather than join them.
    key = _QUOTES.sub("", _NEXT_QUOTE.sub("、", key))
    key = _DASHES.sub("-", key)
    key = re.sub(r"^(20[0-9]{2})[./]([0-9]{1,2})-(20[0-9]{2})[./]([0-9]{1,2})$", r"\1年\2月-\3年\4月", key)
    key = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "\0", key)
    key = re.sub(r"\s+", "", key).replace("\0", " ")
    key = re.sub(r"(?<![0-9一二三四五六七八九十])元月", "1月", key)
    key = re.sub(r"首个(?=工作日|星期|周|礼拜|月)", "第一个", key)
    key = re.sub(r"每逢(?=周|星期|双月|单月)", "每", key)
    key = _NUMERAL.sub(_arabic, key)
    key = re.sub(r"(?<=[0-9])号(?!楼|令|文|线|院)", "日", key)
    key = re.sub(r"^[(\[【]([^()\[\]【】]+)[)\]】]$", r"\1", key)
    # One closing mark only: a phrase that ends in dots or in a dash has been cut off.
    return re.sub(r"(?<![.。-])[。;,!:.]$", "", key)


def number(run: str) -> str | None:
    """Digits of a well-formed numeral of 1 to 99, or of a year spelt digit by digit; else None.

    七一 and 十四五 are names, not numerals, and stay as they are.
    """
    if len(run) == 4 and all(character in _DIGIT for character in run) and run[0] in "一二":
        return "".join(_DIGIT[character] for character in run)
    run = run.replace("廿", "二十").replace("卅", "三十")
    match = re.fullmatch(r"(?:([二三四五六七八九一])?(十))?([一二两三四五六七八九])?", run)
    if not run or match is None:
        return None
    tens, ten, ones = match.groups()
    if ten and ones == "两":
        return None
    return str((int(_DIGIT[tens]) if tens else 1 if ten else 0) * 10 + (int(_DIGIT[ones]) if ones else 0))


def _arabic(match: re.Match[str]) -> str:
    run, before, after = match[0], match.string[: match.start()], match.string[match.end() :]
    if _WEEKDAY_BEFORE.search(before) and not re.match(r"[次场轮]|个(?!工)", after):
        # 每周三十点 is Wednesday at ten: the first character names the day.
        return run[0] + (number(run[1:]) or run[1:] if len(run) > 1 else "")
    found = number(run)
    if found is None or (len(run) == 4 and not after.startswith(("年", "-", "至", "到", "、"))):
        return run
    return found


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
