"""Reads a whole phrase: understood to its last character, or given to a person with a reason.

The words that soften or introduce a date come off first and are kept as modifiers; then ordered full-match rules read
what is left of the normalised text. Resolves no dates and knows no plan year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from calendars.deadlines.lexicon import ONCE, follows, normalise, words
from calendars.deadlines.notes import notes, why
from calendars.deadlines.parts import (
    PLAN,
    Daily,
    Due,
    Festival,
    How,
    Inside,
    NotUnderstood,
    One,
    Parts,
    Reading,
    Repeat,
    Several,
    Undated,
    Weekly,
    WholeYear,
)
from calendars.deadlines.points import Impossible, one
from calendars.deadlines.repeats import ascending, either, repeat
from calendars.deadlines.rolling import Roll, clause_of
from calendars.deadlines.undated import undated

_LONGEST = 80
"""A deadline is a phrase; longer texts are paragraphs, and a bound keeps reading fast."""


def read(phrase: str) -> Reading | NotUnderstood:
    """What a phrase in Simplified Chinese says about time; never raises, never reads a part of it."""
    if len(phrase) > 2 * _LONGEST:
        return _refused(phrase, "这段文字太长，不像一个时限，请只摘出时限那几个字。")
    key = normalise(phrase)
    if key is None:
        return _refused(phrase, f"“{phrase.strip()}”里有上标或带圈的数字，可能是注释号，请去掉后重试。")
    if len(key) > _LONGEST:
        return _refused(phrase, "这段文字太长，不像一个时限，请只摘出时限那几个字。")
    try:
        found = _phrase(key)
    except Impossible as impossible:
        return _refused(phrase, str(impossible))
    if found is None:
        reason, proposal = why(key, phrase.strip())
        return NotUnderstood(text=phrase, reason=reason, proposal=proposal)
    parts, modifiers, roll = found
    return Reading(
        text=phrase,
        rule=_rule(parts, modifiers),
        parts=parts,
        modifiers=modifiers,
        roll=roll,
        assumptions=notes(parts, key),
        sets_date=_sets_date(parts),
    )


def _refused(phrase: str, reason: str) -> NotUnderstood:
    return NotUnderstood(text=phrase, reason=reason)


def _rule(parts: Parts, modifiers: tuple[str, ...]) -> str:
    extra = [
        each for each in modifiers if each.startswith(("relative_year", "soft", "cumulative", "holiday_roll"))
    ]
    return ",".join([parts.rule, *extra])


def _sets_date(parts: Parts) -> bool:
    if isinstance(parts, Undated):
        return False
    return not (isinstance(parts, Due) and parts.how in (How.AROUND, How.FROM))


def _phrase(key: str) -> tuple[Parts, tuple[str, ...], Roll | None] | None:
    exact = undated(key)
    if exact is not None:
        return exact, ("soft",) if key == "拟制定" else (), None
    wording = unwrapped(key)
    for core, act in splits(wording.core):
        parts = _core(core, firm=wording.firm, whole=not act)
        if parts is not None and may_follow(parts, core, act):
            return parts, _modifiers(parts, wording.modifiers, act), wording.roll
    found = clauses(wording.core)
    if found is None:
        return None
    parts, beside = found
    return parts, _modifiers(parts, (*wording.modifiers, *beside), key), wording.roll


def _core(core: str, *, firm: bool, whole: bool) -> Parts | None:
    if firm:
        return one(core, firm=True)
    found: Parts | None = repeat(core)
    if found is None:
        found = either(core)
    return undated(core) if found is None and whole else found


def _modifiers(parts: Parts, modifiers: tuple[str, ...], act: str) -> tuple[str, ...]:
    found = list(modifiers)
    if ("力争" in act or "争取" in act) and "soft" not in found:
        found.append("soft")
    if "累计" in act:
        found.append("cumulative")
    offset = _offset(parts)
    if offset:
        found.append(f"relative_year({offset:+d})")
    return tuple(found)


def _offset(parts: Parts) -> int:
    match parts:
        case Due() | Inside():
            return parts.year.offset
        case Several(items=items) | Repeat(items=items):
            return items[0].year.offset
        case Undated() | Weekly() | Daily():
            return 0
        case _:
            return parts.last.year.offset


_SOFT = words(
    "力争在 力争于 力争 争取在 争取于 争取 预计在 预计于 预计 拟于 拟在 拟 计划于 计划在 计划 原则上应于 原则上应在 原则上于 原则上在 原则上 一般于 一般在 一般应于 一般应在 一般 尽量在 尽量于 尽量 尽可能在 尽可能于 尽可能 有望于 有望在 有望 初步定于 初步计划 暂定于 暂定"
)
_LEAST = re.compile(r"(?:至少|不少于|最少|不低于)(?=每)")
_FIRM = words(
    "最迟不晚于 最迟不得晚于 最迟不迟于 最迟不超过 最迟不得超过 最迟应于 最迟应在 最迟于 最迟在 最迟至 最迟 最晚不超过 最晚不迟于 最晚于 最晚在 最晚至 最晚 至迟于 至迟 不晚于 不迟于 不得晚于 不得迟于 应不晚于 应不迟于 不应晚于 不应迟于"
)
_POLITE = words(
    "请务必于 请务必在 请务必 请各单位于 请各单位在 请各地于 请各地在 请各区于 请于 请在 务必于 务必在 务必 务于 必须于 必须在 必须 应于 应在 应当于 应当在 须于 须在 需于 需在 要于 要在 确保于 确保在 确保 各单位于 各单位应于 各单位要在 各单位在 各地于 各地应于 各地要在 各地在 各区于 各县区于 分别于 分别在 于 在"
)
_WHAT = (
    r"(?:网上|线上|现场|材料|作品|项目|集中|方案|总结|信息|意见|名单|数据|任务|工作|工程)?"
    r"(?:报名|申报|报送|提交|征集|申请|投稿|受理|反馈|上报|投标|推荐|填报|整改|完成|办理|办结|活动|实施|工作|公示|评选|参评|年检|年报|推进|开展|计划完成|预计完成|完成任务|举办|召开|征求意见|建设|行动|登记|缴费|投票|培训|计划|自查)?"
)
_LABEL = re.compile(
    rf"{_WHAT}(?:时间|日期|时限|期限|节点|时间节点|时间安排|时限要求|时间要求|要求|期)(?:(?:为|是|:|定于|定为|在)+:?|(?=自))"
)
_LIMIT_LABEL = re.compile(
    r"(?:整改|办理|办结|完成|报送|反馈|上报|填报|销号)(?:时限|期限)(?:为|是|:)+(?=[0-9年]{0,5}[0-9]{1,2}月[0-9]{1,2}日$)"
)
_CLOSING_LABEL = re.compile(
    rf"{_WHAT}(?:的)?(?:截止|最后|最晚|最迟)(?:时间|日期|时限|期限)(?:为|是|:|至|到|定于|定为)*"
)
_CLOSES = re.compile(
    r"(?:网上|线上|现场|材料|作品)?(?:报名|申报|报送|提交|征集|申请|投稿|受理|反馈|上报|投标|推荐|填报)(?:截止|止)(?:到|至|于|为|:)?"
)
_STAGE_WORDS = words(
    "动员 部署 宣传 发动 启动 准备 筹备 摸底 排查 自查 自纠 互查 抽查 检查 督查 集中 全面 专项 整治 整改 治理 攻坚 推进 实施 提升 巩固 "
    "总结 验收 评估 考核 申报 评审 公示 建设 试点 推广 深化 长效 收尾 联合 重点 组织 落实 督导 回头看 核查 清理 规范 完善 提高 报名 评选 "
    "表彰 展示 征集 初评 复评 初审 终审 谋划 调研 学习 评议"
)
_UNITS = re.compile(
    r"请?(?:各|市|区|县)(?:省|市|县|区|镇|乡|街道|地|级|辖市|\(市、区\)|\(市\)|\(区\)|、|单位|部门|民政局|民政部门|民政办|社会组织|业务主管单位)*"
    r"(?:要|应|应当|须|需|务必)?(?:于|在)(?=.*[0-9年月底])"
)
_OWN_NAME = re.compile(r"^本(?:办法|通知|方案|意见|规定|细则|公告|制度|规则|规程|标准|通告|决定)(?=自)")
_BESIDE = re.compile(
    r"\(以(?:邮戳|寄出邮戳|系统提交|提交|收到|邮件发送)(?:日期|时间)?为准\)|(?<=[日底]),(?:共|共计|计)[0-9]{1,2}(?:天|日|个工作日|个自然日)"
    r"|(?<=[日底])\((?:共|共计|计)?[0-9]{1,2}(?:天|个工作日|个自然日)\)"
    r"|(?:(?<=施行)|(?<=执行)|(?<=实施)),有效期(?:为)?[0-9]{1,2}年"
)
_NAMED_STAGE = re.compile(
    rf"(?:第[1-9]阶段:)?(?:{'|'.join(_STAGE_WORDS)}|[和与、]){{1,6}}+(?:阶段)?\((?P<within>[^()]*[0-9]月[^()]*)\)"
)
_STAGE = re.compile(
    rf"(?:第[1-9]阶段|(?:{'|'.join(_STAGE_WORDS)}|[和与、]){{1,6}}+阶段)(?:\((?P<within>[^()]+)\)|:(?P<after>.+))"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What is left of a phrase, the modifiers taken off it, and whether they said 'at the latest'."""

    core: str
    modifiers: tuple[str, ...]
    firm: bool
    roll: Roll | None = None


def unwrapped(text: str) -> Wording:
    """The phrase without introducing words and without a rolling clause."""
    if text == "今年计划":
        return Wording(core="今年", modifiers=("soft",), firm=False)
    modifiers: list[str] = []
    stage = _NAMED_STAGE.fullmatch(text) or _STAGE.fullmatch(text)
    if stage:
        text = stage["within"] or stage["after"]
        modifiers.append("stage")
    text = _OWN_NAME.sub("", text)
    beside = re.search(rf"(?:{_BESIDE.pattern})$", text)
    # A number of days tells the length of a window; beside a single day it would be a second date.
    if beside and (re.search("为准|有效期", beside[0]) or re.search("[至到-]", text)):
        text = text[: beside.start()]
    roll = None
    if clause := clause_of(text):
        text, roll = clause
        modifiers.append(roll.modifier)
    firm = False
    for _ in range(4):
        taken = _taken(text)
        if taken is None:
            break
        text, kind = taken
        firm = firm or kind in ("firm", "closing", "limit")
        if kind in ("soft", "firm", "minimum"):
            modifiers.append(kind)
    return Wording(text, tuple(dict.fromkeys(modifiers)), firm, roll)


def _taken(text: str) -> tuple[str, str] | None:
    units = _UNITS.match(text)
    if units:
        return text[units.end() :], "polite"
    least = _LEAST.match(text)
    if least:
        return text[least.end() :], "minimum"
    for pattern, kind in (
        (_LIMIT_LABEL, "limit"),
        (_CLOSING_LABEL, "closing"),
        (_CLOSES, "closing"),
        (_LABEL, "label"),
    ):
        match = pattern.match(text)
        if match and match.end() < len(text):
            return text[match.end() :], kind
    for listed, kind in ((_SOFT, "soft"), (_FIRM, "firm"), (_POLITE, "polite")):
        for word in listed:
            if text.startswith(word) and len(text) > len(word):
                return text[len(word) :], kind
    return None


_MOST = 6


def splits(text: str) -> list[tuple[str, str]]:
    """The text whole, then every cut into a head and listed words, the shortest head first."""
    cuts = [(text[:cut].rstrip(","), text[cut:]) for cut in range(1, len(text))]
    return [(text, ""), *((head, act) for head, act in cuts if head and follows(act, dated=True))]


def may_follow(parts: Parts, core: str, act: str) -> bool:
    """A bare span may be followed only by what is done in it; 前 or 底 already made a date of it."""
    if not act:
        return True
    if isinstance(parts, Undated):
        return False
    if isinstance(parts, Due) and isinstance(parts.at, Festival) and parts.how in (How.WITHIN, How.AROUND):
        # 春节慰问 is done about that time, not on the day.
        return parts.at.holiday or parts.how is How.AROUND
    if isinstance(parts, Several) and re.fullmatch(r"(?:各|分别)[0-9]次", act):
        return True
    if isinstance(parts, Weekly) and re.search("每个?周一$", core) and ONCE.fullmatch("一" + act):
        # 每周一调度: on Mondays, or once a week?
        return False
    marked = re.search(r"(?:前|底|末|日|止|起|:[0-9]{2}|时|次)$", core) is not None
    return follows(act, dated=marked or isinstance(parts, Weekly | Daily))


def clauses(text: str) -> tuple[Parts, tuple[str, ...]] | None:
    """The dates of all clauses and the standing duties beside them, if each clause is understood to its end."""
    pieces = [re.sub(r"^(?:并且|并|且|同时)", "", piece) for piece in re.split(r"[,;。]", text)]
    # Bare dates joined by 、 are a list with rules of its own; here each must say what is due.
    duties_only = len(pieces) == 1
    if duties_only:
        pieces = text.split("、")
    if not 2 <= len(pieces) <= _MOST:
        return None
    beside = [_standing(piece) for piece in pieces]
    dated = [piece for piece, duty in zip(pieces, beside, strict=True) if duty is None]
    duties = tuple(duty for duty in beside if duty is not None)
    if not dated:
        return Undated(rule="+".join(duties)), ()
    if duties and not duties_only and len(dated) == 1:
        found = _recurring(dated[0])
        if found is not None:
            return found, duties
    if duties_only and (duties or not all(_says_what(piece) for piece in dated)):
        return None
    items = _dated(dated)
    if items is None or not ascending(items):
        return None
    return (items[0] if len(items) == 1 else Several(items=tuple(items), labels=tuple(dated))), duties


def _says_what(piece: str) -> bool:
    """Whether the clause has a date of its own and, after it, what is done."""
    return any(act and re.search("[前底末]$", core) and one(core) is not None for core, act in splits(piece))


def _recurring(piece: str) -> Parts | None:
    """常态化推进,每季度调度一次: the recurrence that stands beside a standing duty."""
    for core, act in splits(unwrapped(piece).core):
        found = repeat(core)
        if found is not None and may_follow(found, core, act):
            return found
    return None


def _standing(piece: str) -> str | None:
    found = undated(piece)
    return found.rule if found is not None and found.rule.startswith(("standing(", "event_driven(")) else None


def _dated(pieces: list[str]) -> list[One] | None:
    items: list[One] = []
    year = PLAN
    for piece in pieces:
        clause = _clause(piece)
        if clause is None:
            return None
        year = clause.year if clause.year != PLAN else year
        items.append(clause.in_year(year))
    return items


def _clause(piece: str) -> One | None:
    for core, act in splits(unwrapped(piece).core):
        found = one(core)
        if isinstance(found, Inside) or found is None:
            continue
        if isinstance(found, Due) and found.how not in (How.BY, How.WITHIN, How.BEFORE):
            continue
        if isinstance(found, Due) and found.how is How.WITHIN and isinstance(found.at, WholeYear):
            continue
        if may_follow(found, core, act):
            return found
    return None
