"""Reads what sets no date by itself: time counted from an event, lengths, cut-off days of figures, standing duties."""

from __future__ import annotations

import re
from collections.abc import Callable

from calendars.deadlines.lexicon import NAMES, ONLY_WITH_RELATION, SEASONS, follows, words
from calendars.deadlines.parts import Counted, Day, Due, How, Undated
from calendars.deadlines.points import one

# Words that are a rule of their kind by themselves: standing(长期).
_KINDS = {
    "standing": words(
        "常态化 常态化推进 常态化开展 常态化实施 常态长效 常抓不懈 长期 长期坚持 长期推进 长期有效 长期开展 持续 持续推进 持续开展 持续实施 "
        "持续用力 持续抓好 坚持常态化 常年 常年坚持 常年开展 日常 经常性 经常性开展 动态 动态更新 动态管理 动态调整 日常工作 长效推进 贯穿始终 长期公开 长年 长年实施 长年坚持 长期落实 长期执行 长期保持 长期任务 长效坚持 常年受理 长期受理 贯穿全过程 贯穿工作全过程 常年实施 持续巩固 持续深化 常抓常管 常态化坚持 常态化管理"
    ),
    "event_driven": words(
        "及时 及时办理 及时上报 及时更新 及时报送 随时 随时上报 随时报送 随时更新 实时 实时更新 即时 第一时间 立即 立即整改 立行立改 即知即改 "
        "边查边改 即查即改 立查立改 即收即办 即报即审 有变化及时更新 立即启动 立即办理 立即报告 立即上报 第一时间办理 第一时间上报 第一时间报告 马上办 马上就办 当日办结 当天办结 当日报送 当日上报 当日办理 当场办结 当场办理 即到即办 即来即办 随到随办 随报随审 随到随审 随时受理 随时办理 随时报告 按需 视情 视情况 视情况而定 根据需要 根据实际需要 根据工作需要"
    ),
    "unscheduled": words(
        "适时 适时开展 适时召开 适时启动 适时组织 择机 择机开展 尽快 尽快完成 尽早 尽早完成 早日 限期 限期整改 限期完成 定期 定期核对 "
        "定期开展 定期更新 定期报送 定期上报 定期调度 定期通报 定期检查 不定期 不定期开展 不定期抽查 不定期检查 分阶段 分阶段推进 分批 分批实施 "
        "分期分批 待定 时间待定 另行通知 具体时间另行通知 时间另行通知 拟制定 陆续 陆续开展 逐步 逐步推进 稳步推进 有序推进 近期"
    ),
    "same_as": words(
        "按计划 按计划推进 按计划组织实施 按计划实施 按计划完成 按要求 按要求完成 按要求报送 按时 按时完成 按时报送 按期 按期完成 如期 如期完成 "
        "按规定时限 按规定时间 按规定 在规定时限内 在规定时间内 规定时间内 规定时限内 按上级要求 按照上级要求 按上级部署 按照上级部署 按照要求 "
        "按照计划 按通知要求 按照通知要求 与通知要求一致 详见附件 见附件 见通知 详见通知 见方案 详见方案 根据年度计划 按年度计划 按照年度计划 同上 与上同 同前 按时限要求 按时限要求完成 按要求时限 按要求时限完成 按规定时限完成 按规定时间完成 按规定时限报送 按省厅要求 按部里要求 按市局要求 按省厅要求时间完成 按上级要求时间完成 按省厅部署 按照省厅要求 按照省厅部署 按统一部署 按照统一部署 根据上级部署 根据上级要求 同步 同步推进 同步开展 同步实施"
    ),
}
_PRO_RATA = words(
    "按照序时进度 按序时进度 序时进度 按序时进度推进 按照序时进度推进 按时序进度 按照时序进度 按时间节点 按时间节点推进"
)
_LISTED = {
    "目前": "as_of(report_date)", "截至目前": "as_of(report_date)", "截止目前": "as_of(report_date)",
    "截至日前": "as_of(report_date)", "截止到目前": "as_of(report_date)", "到目前为止": "as_of(report_date)",
    "今年以来": "year_to_date", "年初以来": "year_to_date", "同比": "against_last_year", "环比": "against_last_period",
    "月均走访": "monthly(average)", "即日起": "from(issue_date)", "自即日起": "from(issue_date)",
    "自印发之日起": "from(issue_date)", "自发布之日起": "from(issue_date)", "自公布之日起": "from(issue_date)",
    "上年度": "subject_year(-1)", "上1年度": "subject_year(-1)", "去年": "subject_year(-1)", "上年": "subject_year(-1)",
    "去年同期": "against_last_year", "上年同期": "against_last_year",
}  # fmt: skip
_LISTED |= {text: f"season({season})" for text, season in SEASONS.items()}
_LISTED |= {text: f"{kind}({text})" for kind, listed in _KINDS.items() for text in listed}
_LISTED |= dict.fromkeys(_PRO_RATA, "pro_rata")

# 与年检同步: the time is another matter's; a date or a festival in it would be read elsewhere.
_AS_ELSEWHERE = re.compile(
    r"(?:与|和|随)[^0-9年月日节期前后]{1,12}(?<!不)同步(?:开展|推进|实施|进行|完成|办理|启动|报送)?"
    r"|(?:与|和|随)(?:年检|年报)(?:工作)?同步(?:开展|推进|实施|进行|完成|办理|启动|报送)?"
    r"|(?:按照?|根据|依照|依据)[^0-9年月日周季旬底末前后节期间每]{1,12}(?:部署|要求|安排|计划|规定|方案|通知)(?:的)?(?:时间|时限|期限|节点|时间节点)?"
    r"(?:推进|完成|执行|落实|报送|办理|开展|实施)?"
)
_N = r"([0-9]{1,3})(?:-([0-9]{1,3})|至([0-9]{1,3}))?"
_UNITS = {
    "个工作日": "workday", "工作日": "workday", "个自然日": "day", "自然日": "day", "日": "day", "天": "day", "个小时": "hour",
    "小时": "hour", "分钟": "minute", "个月": "month", "年": "year", "周": "week", "个星期": "week", "周年": "year",
}  # fmt: skip
_U = "(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")"
_IN = r"(?:以内|之内|内)"
_LINK = r"(?:之日后|之日起|当日起|次日起|之时起|之日|之后起|以后|之后|后|起)(?:的)?"
_EVENT_WORDS = re.compile(
    "收到|接到|接|通知|公布|发布|印发|登记|批准|审批|核准|审核|受理|通过|结束|完成|届满|期满|到期|发现|发生|事发|会后|会议|签订|签署|成立|作出|送达|"
    "办结|换届|变更|验收|备案|整改|公示|立案|检查|评估|活动|启动|实施|下达|交办|反馈|举办|召开|开始|开展|施工|项目|申请|提交|生效|申报|报名|拨付|获批|"
    "审查|同意|审议|许可|取得|领取|知道|知悉|确认|认定|核定|核实|签字|支付|竣工|投用|移交|接收|派单|转办|报送|报告|公告|宣布|变动|约谈|督办|变化|出现|产生|得知|获知|获悉|接报|迁入|任命|选举|当选|发文|培训|任务|调查|走访|出台|决定|批复|批示|注销|处罚|施行|到位|入住|入院|死亡|接案|案件|事件|投诉|举报|预警|比赛|演练|有效期|任期|合同|期限|形成|到账|无异议|下发|签收"
)
# What happens at a moment; 工作前 or 项目后 would be none.
_ENDED = re.compile(
    "(?:收到|接到|通知|公布|发布|印发|登记|批准|审批|核准|审核|受理|通过|结束|完成|届满|期满|到期|发现|发生|签订|成立|作出|送达|办结|换届|变更|注销|下发|签收|"
    "验收|合格|备案|立案|启动|实施|下达|交办|举办|召开|开始|生效|批复|施行|到位|入住|取得|竣工|投用|同意|许可|到账|无异议|形成|接报|事发|报告)$"
)
# 年检 and the like are papers; any other 年, 月, 季 in an event is a date this module must not swallow.
_NAMED_YEARS = re.compile(
    "年检|年报|年审|年度检查|年度报告|年度工作报告|月报|季报|月度检查|季度检查|每次|每批|每期|每场"
)
_TIME_WORDS = re.compile("[年月季旬日周底末每前]|假|节|期间|明后|学期|夏|冬|春|秋")


def undated(text: str) -> Undated | None:
    """What the whole text says without naming a date, or None."""
    spelt = text.replace("第1时间", "第一时间")
    name = _LISTED.get(spelt) or (f"same_as({spelt})" if _AS_ELSEWHERE.fullmatch(spelt) else None)
    rules = (*_BY_DATE, *(_BY_EVENT if len(text) <= _LONGEST else ()))
    for pattern, build in rules if name is None else ():
        match = pattern.fullmatch(text)
        name = build(match) if match and _known(**match.groupdict()) else None
        if name is not None:
            break
    return Undated(rule=name, counted=_counted(name)) if name else None


_COUNTED = re.compile(
    r"(?:within|after)\((?:[0-9]+-)?(?P<n>[0-9]+),(?P<unit>[a-z]+)(?:,event=(?P<event>.+))?\)"
    r"|offset\((?P<ahead>.+),-(?P<back>[0-9]+)(?:-[0-9]+)?,(?P<unit2>[a-z]+)\)|before_event\((?P<eve>.+)\)"
)


def _counted(rule: str) -> Counted | None:
    """What gives the rule its date once the event is known: one event, not each of many."""
    found = _COUNTED.fullmatch(rule)
    if found is None:
        return None
    event = found["event"] or found["ahead"] or found["eve"] or ""
    if event.startswith("每"):
        return None
    if found["eve"]:
        return Counted(event=event, n=-1, unit="day")
    if found["back"]:
        return Counted(event=event.replace("未写明", ""), n=-int(found["back"]), unit=found["unit2"])
    return Counted(event=event, n=int(found["n"]), unit=found["unit"])


def _known(act: str | None = None, event: str | None = None, **_: str | None) -> bool:
    """Whether what is done and what it is counted from, where a pattern names them, are of the listed words."""
    return (not act or follows(act, dated=True)) and (not event or _event(event))


def _as_of(match: re.Match[str]) -> str | None:
    found = one(match[1])
    if not isinstance(found, Due) or found.how not in (How.WITHIN, How.BY) or match[1].endswith("前"):
        return None
    # 截至3月31日17时 is as often a closing time as a cut-off of figures.
    closing = isinstance(found.at, Day) and found.at.clock
    return None if closing else f"as_of({_day_of(found.rule)})"


def _since(match: re.Match[str]) -> str | None:
    found = one(match[1])
    return f"since({found.rule})" if isinstance(found, Due) and found.how is How.WITHIN else None


def _published(match: re.Match[str]) -> str | None:
    found = one(match[1])
    return f"published({_day_of(found.rule)})" if isinstance(found, Due) and found.how is How.WITHIN else None


def _day_of(rule: str) -> str:
    return rule[8:-1] if rule.startswith("on_date(") else rule


def _ahead(match: re.Match[str]) -> str | None:
    event = match["event"]
    if not event and not match[0].startswith(("提前", "至少提前", "应提前")):
        return None
    n, unit = _amount(match).split(",")
    return f"offset({event or '未写明'},-{n},{unit})"


def _length(match: re.Match[str]) -> str | None:
    text = match[0]
    if re.fullmatch(r"[2-9][0-9]年", text):
        # 26年 is as likely 2026 as a length.
        return None
    # 30日 alone may be the 30th of a month, 20日后 a point in time.
    if re.match(r"[0-9至-]+日", text) or "0" in match.groups():
        return None
    return f"{'span' if re.match('未来|近|今后', text) else 'duration'}({_amount(match)})"


def _from_month(match: re.Match[str]) -> str | None:
    event = match["event"]
    return f"since_event({event}{match['month']})" if _ENDED.search(event) else None


def _moment(match: re.Match[str]) -> str | None:
    """任期届满前, 验收合格后: tied to an event, with no number at all."""
    event = match["event"]
    return f"{'before' if match['before'] else 'since'}_event({event})" if _ENDED.search(event) else None


def _amount(match: re.Match[str]) -> str:
    numbers = [group for group in match.groups() if group and group.isdecimal()]
    unit = next(group for group in match.groups() if group in _UNITS)
    return f"{'-'.join(numbers[:2])},{_UNITS[unit]}"


def _event(text: str) -> bool:
    """Whether the text can only be an event: known words, and no date or festival inside."""
    if text in ("会", "事", "课", "赛", "即日"):
        return True
    if not 1 <= len(text) <= 24 or not re.fullmatch(r"[\u4e00-\u9fff《》()]+", text):
        return False
    rest = _NAMED_YEARS.sub("", text)
    if _TIME_WORDS.search(rest) or any(
        name in rest for name in (*NAMES, *ONLY_WITH_RELATION) if len(name) > 1
    ):
        return False
    return _EVENT_WORDS.search(text) is not None


_Rules = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...]
_LONGEST = 60
"""Longer texts are not counted from an event; the bound keeps matching fast."""

_BY_DATE: _Rules = (
    (re.compile(r"截至(?:到)?(.+)"), _as_of),
    (re.compile(r"(?:自|从)?(.+?)以来"), _since),
    (re.compile(r"(?:发布日期|发布时间|成文日期|印发日期|发文日期|公开日期|生成日期):(.+)"), _published),
)
_BY_EVENT: _Rules = (
    (re.compile(rf"半年{_IN}"), lambda _: "within(6,month)"),
    (
        re.compile(rf"(?:限|限期|在|须在|应在|应当在)?{_N}{_U}{_IN}(?P<act>.*)"),
        lambda found: f"within({_amount(found)})",
    ),
    (
        re.compile(
            rf"(?:自|从|在|于|应在|应于|须在|应自)?(?P<event>.+?)(?:{_LINK})?(?:,)?第?{_N}{_U}{_IN}(?P<act>.*)"
        ),
        lambda found: f"within({_amount(found)},event={found['event']})",
    ),
    (
        re.compile(
            rf"(?P<event>.*?)(?:前|之前|以前|至少提前|提前|应提前)(?:至少)?{_N}{_U}(?:{_IN}|之?前)?(?P<act>.*)"
        ),
        _ahead,
    ),
    (re.compile(rf"(?P<event>.+?)(?:的)?{_N}{_U}(?:之前|以前|前)(?P<act>.*)"), _ahead),
    (
        re.compile(rf"(?:自|从|在)?(?P<event>.+?){_LINK}(?:的)?第?{_N}{_U}(?P<act>.*)"),
        lambda found: f"after({_amount(found)},event={found['event']})",
    ),
    (
        re.compile(
            r"(?:改造|建设|服务|整改|行动|活动|公示|公开|试点|试行|试运行|试用|有效|办理|任期|合同|项目|征集|公告|执行|实施)?"
            rf"(?:为期|历时|周期|期限|期|时间|时限|任期|工期|有效期|连续|近|未来|今后|满|时长|用|利用|共|不少于|不超过|不得少于|不得超过|不低于|一般不超过)*(?:为|是|:)?{_N}{_U}"
            r"(?:以上|左右|以下|行动|行动计划|计划|期|期限|时间)?"
            r"|(?:登记|成立|设立|注册|运营|任职|登记成立|成立登记)?"
            rf"(?:满|届满|已满|不满|未满|不足|超过)?{_N}{_U}(?:的|以上|后)?"
        ),
        _length,
    ),
    (
        re.compile(r"(?:自|从)?(?P<event>.+?)(?:之日)?的?(?P<month>次月|下月|下个月|当月)起(?P<act>.*)"),
        _from_month,
    ),
    (
        re.compile(
            r"(?:自|从|在|应在|应于)?(?P<event>.+?)(?:(?P<before>前|之前|以前)|之日起|之日|当日起|后|之后|以后|时)(?P<act>.*)"
        ),
        _moment,
    ),
)
