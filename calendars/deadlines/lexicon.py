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

_SEASON_NAMES = {
    "暑假": "暑托班 暑假 暑期 暑假期间 暑期期间",
    "寒假": "寒假 寒假期间",
    "寒暑假": "寒暑假 寒暑假期间",
    "秋季入学": "秋季入学 秋季开学",
    "春季开学": "春季开学",
    "冬季": "寒冬送温暖 冬季 寒冬 冬季期间",
    "今冬明春": "今冬明春 今冬明春期间",
    "岁末年初": "岁末年初",
    "夏季": "夏季 高温季节",
    "汛期": "汛期 汛期期间 主汛期",
}
SEASONS = {name: season for season, names in _SEASON_NAMES.items() for name in words(names)}
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


# The closed list of words that may stand around a date without changing it: what is done (完成, 报送), to whom,
# how many; a word that is not here sends the phrase to a person.

_VERBS = words(
    "完成 报送 上报 报备 备案 提交 递交 上交 交 报 送 印发 下发 发布 公布 公开 办结 办理 到位 建成 投用 投入使用 投入运营 "
    "运营 试运营 试运行 运行 启动 启用 开工 竣工 验收 开展 组织 召开 实施 组织实施 施行 执行 落实 推进 整改 整治 自查 自评 检查 "
    "督查 督导 抽查 核查 核对 排查 摸排 走访 巡查 巡检 巡访 更新 维护 调度 通报 反馈 汇总 总结 小结 评估 考核 评定 评审 "
    "审核 审查 初审 复核 上线 审议 出台 制定 编制 修订 签订 拨付 发放 兑现 清零 销号 归档 结案 结项 结题 结束 申报 申请 "
    "报名 填报 录入 年检 培训 宣传 举办 举行 实现 达到 达标 形成 建立 健全 完善 组建 更换 安装 改造 消除 见效 "
    "收尾 完工 交付 投产 挂牌 揭牌 全覆盖 覆盖 配齐 配备 补齐 公告 告知 缴纳 报告 汇报 复查 入户 慰问 送达 转报 寄送 发送 "
    "回复 答复 签收 传达 部署 动员 研究 梳理 统计 发文 定稿 提出 处理 办毕 整改到位 落实到位 报结 参加 新建 新增 取得成效 取得明显成效 取得实效 取得阶段性成效 取得初步成效 初见成效 见到成效 开工建设 开工兴建 交付使用 封顶 主体封顶 投入试运行 序时推进 上门 探访 探视 关爱 回访 联系 "
    "公示 立项 预审 初评 复评 终审 评选 网上填报 网上申报 网上报送 线上填报 资金拨付 取得实质性进展 取得突破性进展 取得阶段性进展 取得初步成果 "
    "前期工作 受理 通过系统提交 通过系统报送 通过系统填报 通过邮箱报送 通过网上提交 在系统中填报 在线填报 登录系统填报 采购 督办 攻坚"
)
# A bare 一季度 followed by one of these is the name of a paper (一季度报告), not a time and an act.
_PAPERS = words("报告 总结 小结 通报 汇报 统计 公告 报 自查 自评 年检 培训 宣传 考核 评估 检查")
_ADVERBS = words(
    "全面 全部 基本 初步 集中 统一 分别 各 均 并 及时 同步 陆续 逐步 有序 率先 按要求 按时 按期 一并 书面 正式 予以 进行 将 把 "
    "累计 共 首次 组织 定期 应 须 需 要 至少 再 做到 力求 必须 务必 确保 力争 争取 立即 第一时间"
)
_PAPER_KINDS = words("情况 进展 进展情况 数据 报表 总结 台账 信息 报告 材料 小结 汇总表 统计表")
_OBJECTS = words(
    "工作 任务 方案 工作方案 实施方案 计划 工作计划 报告 总结 工作总结 年度总结 半年总结 年终总结 材料 资料 相关材料 书面材料 "
    "申报材料 报名材料 电子版 纸质版 台账 清单 名单 名册 情况 进展 进展情况 工作进展 工作情况 完成情况 落实情况 整改情况 报表 "
    "表格 统计表 汇总表 数据 信息 意见 建议 问题 问题整改 整改任务 项目 目标 目标任务 年度任务 全年任务 建设 主体工程 建设任务 "
    "会议 活动 制度 机制 手续 程序 回执 表 经验做法 典型案例 简报 专报 工作报告 年度工作报告 年度报告 自查报告 整改报告 "
    "总结报告 整改 验收 年检材料 年度工作 相关工作 所有工作 各项工作 各项任务 工作任务 摸底 排查摸底 整治任务 招标 招投标 长效机制 阶段性任务 阶段性成效 主要任务 重点任务 例会 工作例会 座谈会 推进会 调度会 联席会议 专题会议 半年、全年工作总结 半年、全年总结 半年和全年工作总结 半年和全年总结 半年、年度工作总结 半年、年度总结 半年总结和年度总结 材料报送 长期坚持 持续推进 持续巩固 现场检查 督导检查 实地走访 集中走访 安全检查 全面检查 专项检查 培训班 党课 全部任务 全部整改任务 整改工作"
)
_OFFICE = (
    r"(?:至|到|给|向)?(?:我|本|市|区|县|省|镇|各|所在地|属地|相关|有关)*(?:民政局|民政厅|民政部门|民政部|民政办|办公室|局办公室|"
    r"业务主管单位|登记管理机关|主管部门|业务主管部门|慈善总会|养老服务科|(?:市局|区局|县局|我局|省厅)?(?:社会组织|社会救助|社会事务|区划地名|儿童福利|慈善|养老服务|基层政权|规划财务)(?:管理)?(?:科|处|股)|市局|区局|县局|省厅|社会组织科|社会组织管理局|专班办公室|工作专班|专班|部门|单位|街道|"
    r"局|厅|部|办|处|科|邮箱)"
)
_PERIOD_PAPER = (
    r"(?:上1?个?月|当月|本月|上1?个?季度|本季度|当季|上半年|下半年|全年|上年度|上1年度|本年度|年度|半年|季度|月度)?"
    r"(?:工作)?(?:" + "|".join(sorted(_PAPER_KINDS, key=len, reverse=True)) + r")(?:表)?"
)
_AMOUNT = r"(?:不少于|不低于|至少|约|近|超过?|的)?[0-9]+(?:\.[0-9]+)?(?:万|千|百)?(?:%|元|个|家|场|人次|万人次|人|户|张|件|条|篇|处|所|座|间|项|份|名)(?:以上|左右)?"
_LATE = (
    r"\(?(?:逾期不予受理|逾期不再受理|逾期不候|逾期视为放弃|逾期视为自动放弃|过期不候|逾期不报视为无意见)\)?"
)


def _any(listed: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, listed), key=len, reverse=True))


_VERB = re.compile(_any(_VERBS))
# Atomic and possessive: a word is taken once, so that a long tail that fails does so in linear time.
_WORD = rf"(?>{_any(_VERBS + _ADVERBS + _OBJECTS)}|{_OFFICE}|{_PERIOD_PAPER}|{_AMOUNT}|{_LATE}|各[0-9]次|1次|了|和|、|,|等工作)"
_ACTS = re.compile(rf"{_WORD}*+")
_COUNT = re.compile(
    rf"(?P<before>{_WORD}*?)(?:(?:至少|不少于|不低于|最少|不得少于)(?P<between>{_WORD}*?))?"
    rf"(?P<n>[0-9]{{1,2}})(?:[-至](?P<to>[0-9]{{1,2}}))?(?:次|场|轮|回)(?:以上)?(?P<after>{_WORD}*+)"
)
ONCE = re.compile(
    "一(?P<act>调度|报|通报|督查|研判|小结|总结|检查|巡查|巡检|督导|会商|汇总|排查|走访|抽查|反馈|统计|评估|考核|培训|更新|自查|督办|简报|评|研究)"
)
"""每月一调度 is once a month; 每周一调度 may be once a week or on Mondays."""
_LIMIT = 60
"""Longer tails are sentences, not deadlines; the bound also keeps matching fast."""


def harmless(text: str) -> bool:
    """Whether the whole text consists of listed words."""
    return len(text) <= _LIMIT and _ACTS.fullmatch(text) is not None


def follows(text: str, *, dated: bool) -> bool:
    """Whether the text may follow a date; after a bare span (dated False) it must say what is done then."""
    if not text or not harmless(text):
        return False
    if re.fullmatch(r"(?:各|分别)[0-9]次", text):
        return True
    start = re.sub(rf"^(?:{_any(_ADVERBS)})+", "", text)
    if dated:
        return True
    verb = _VERB.match(start)
    return verb is not None and not any(start.startswith(paper) for paper in _PAPERS)


def count_of(text: str) -> str | None:
    """'' where a recurrence's tail has no count, '2' or '2-3' where it has one, None where it is not understood."""
    if len(text) > _LIMIT:
        return None
    if ONCE.fullmatch(text):
        return "1"
    match = _COUNT.fullmatch(text)
    if match:
        return match["n"] + (f"-{match['to']}" if match["to"] else "")
    return "" if harmless(text) else None
