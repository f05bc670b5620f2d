"""The words in which the history is read: what was done, to what, and the facts beside it."""

from __future__ import annotations

import json
import re
from datetime import datetime

from duban.accounts.rules import SCOPE_NAMES, WAY_NAMES, device_words
from duban.core.access import ROLE_NAMES
from duban.core.clock import ZONE
from duban.history.queries import OutOfOrder
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES

# Acts on an obligation have their names in duban.obligations.states; these are all the others.
_OTHERS: dict[str, str] = {
    "sign_in": "登录",
    "sign_in_failed": "登录失败",
    "sign_in_refused": "锁定期间尝试登录",
    "sign_out": "退出登录",
    "lock": "锁定账号",
    "unlock": "解锁账号",
    "set_password": "设置密码",
    "set_password_failed": "修改密码失败",
    "make_one_time": "生成一次性登录",
    "bind_subject": "关联统一身份",
    "end_sessions": "撤销登录",
    "revoke_links": "撤销单位链接",
    "make_token": "生成接口令牌",
    "revoke_token": "撤销接口令牌",
    "add_person": "登记人员或角色",
    "take_role": "收回角色",
    "retire_person": "停用人员",
    "add_person_unit": "登记兼办单位",
    "remove_person_unit": "取消兼办单位",
    "add_contact": "登记联系人",
    "change_contact": "修改联系人",
    "retire_contact": "停用联系人",
    "change_unit": "修改单位",
    "retire_unit": "停用单位",
    "set_clock": "拨动试用时钟",
    "import": "导入",
    "record": "登记",
    "record_many": "成批登记",
    "add_problems": "登记问题",
    "draft": "起草",
    "save": "保存草稿",
    "drop": "作废草稿",
    "rebase": "核对草稿",
    "propose": "提出草案",
    "confirm": "确认",
    "publish": "发布",
    "change": "变更",
    "enter_event": "填写起算日",
    "take_back_event": "撤回起算日",
    "follow_closing": "按销号排出时限",
    "apply": "载入",
    "pause": "暂停",
    "unpause": "恢复",
    "withdraw": "撤回",
    "hold": "办理一轮",
    "step": "办理本项行动",
    "deliver": "发送",
    "chase": "催办",
    "close_gate": "节点收口",
    "recover": "补办",
    "retry": "重新发送",
    "open_evidence": "查阅材料",
    "open_submission": "打开审核",
    "approve_escalations": "批准督办",
    "decline_escalations": "不同意督办",
    "settle_bulletin": "办理通报草稿",
    "fix": "报告整改完成",
    "finish_measure": "完成措施",
    "return_problem": "退回整改",
    "strike_off": "问题销号",
    "carry_problem": "结转问题",
    "restore": "恢复备份",
    "settle": "按名册办结",
    "acknowledge_support": "知悉配合事项",
    "report_support": "报告配合情况",
}
_NAMES = {verb.value: name for verb, name in TRANSITION_NAMES.items()}
HISTORY_VERBS: dict[str, str] = _OTHERS | _NAMES

HISTORY_NOUNS: dict[str, str] = {
    "account": "账号",
    "session": "会话",
    "token": "接口令牌",
    "person": "人员",
    "unit": "单位",
    "contact": "联系人",
    "obligation": "任务",
    "support": "配合事项",
    "edition": "专项行动",
    "edition_draft": "专项行动草稿",
    "milestone": "节点",
    "point": "时点",
    "problem": "问题",
    "roster": "名册",
    "subject": "对象",
    "figure": "数据",
    "notice": "放假安排",
    "round": "轮次",
    "clock": "试用时钟",
    "dispatch": "消息",
}

HISTORY_FACTS: dict[str, str] = {
    "name": "姓名",
    "unit": "单位",
    "further": "兼办单位",
    "given": "给予角色",
    "taken": "收回角色",
    "reason": "原因",
    "way": "方式",
    "device": "设备",
    "until": "至",
    "locked_until": "锁定至",
    "sessions": "结束的登录",
    "sessions_ended": "结束的登录",
    "generation": "链接批次",
    "subject": "统一身份编号",
    "person": "代表人员",
    "person_id": "人员编号",
    "scopes": "权限",
    "state": "状态",
    "version": "版本",
    "due_on": "时限",
    "previous_due_on": "原时限",
    "note": "说明",
    "stated_on": "补录日期",
    "received_on": "收到日期",
    "accepted": "认可补录",
    "words": "催办说明",
    "obligations": "任务",
    "messages": "消息",
    "escalations": "督办",
    "title": "标题",
    "filename": "文件名",
    "sha256": "指纹",
    "handler_id": "经办人编号",
    "backup_id": "备份经办人编号",
    "value": "数值",
    "as_of_on": "截至",
    "authority": "依据",
    "finding": "抽查结论",
    "passed": "是否通过",
    "late": "是否逾期",
    "items": "条目",
    "nth": "次序",
    "from_unit": "原单位",
    "to_unit": "改派单位",
    "reply": "批复意见",
    "granted": "是否同意",
    "stages": "未办结的前一阶段",
    "target": "目标",
    "zero_report": "零报告",
}


def verb_words(verb: str) -> str:
    """The act in Chinese; one that is not named here is still shown as an act."""
    return HISTORY_VERBS.get(verb, "其他操作")


def order_words(one: OutOfOrder) -> str:
    """Why an entry's moment cannot be."""
    what = f"第 {one.id} 条（{one.actor}，{verb_words(one.verb)}）记的是 {_minute(one.at)}"
    if one.than is None:
        return f"{what}，还没有到（现在是 {_minute(one.than_at)}）"
    return f"{what}，早于在它之前的第 {one.than} 条 {_minute(one.than_at)}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"


def noun_words(noun: str) -> str:
    return HISTORY_NOUNS.get(noun, "其他")


def facts_words(detail: str) -> tuple[tuple[str, str], ...]:
    """The facts of an entry that have a name, in words; the entry's own text stands beside them, to the letter."""
    said = json.loads(detail)
    found = ((HISTORY_FACTS[key], _value(key, said[key])) for key in said if key in HISTORY_FACTS)
    return tuple((name, words) for name, words in found if words)


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_VALUES: dict[str, str] = {
    str(key.value): name
    for names in (ROLE_NAMES, STATE_NAMES, WAY_NAMES, SCOPE_NAMES)
    for key, name in names.items()
}


def _value(key: str, value: object) -> str:
    if key == "device":
        return device_words(str(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        if any(isinstance(one, dict) for one in value):
            return f"{len(value)} 项"
        return "、".join(_value(key, one) for one in value)
    text = "" if value is None else str(value)
    if _DAY.fullmatch(text):
        year, month, day = text.split("-")
        return f"{int(year)}年{int(month)}月{int(day)}日"
    return _VALUES.get(text, text)
