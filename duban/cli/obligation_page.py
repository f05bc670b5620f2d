"""How one obligation and its file are shown: as an answer for scripts, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from calendars.ladders import RUNG_NAMES, RungKind
from calendars.model import EvidenceType
from duban.cli.command import Table, Words, plain
from duban.core.clock import ZONE
from duban.core.lights import LIGHT_WORDS
from duban.obligations.file import ObligationFile
from duban.obligations.file_queries import FATE_NAMES, ReminderShown
from duban.obligations.list_queries import ListedObligation
from duban.obligations.lists import ObligationPage
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES, Transition
from duban.obligations.support_rules import SUPPORT_STATE_NAMES
from duban.outbox.rules import DISPATCH_STATUS_NAMES
from duban.problems.rules import ledger_words

_NOT_IN_ROWS = ("starts_on", "ladder", "opened_on", "paused", "milestone_id", "standing")
_IN_FILES = (
    "source_document",
    "source_item",
    "due_phrase",
    "rule",
    "content",
    "remark",
    "goals",
    "assumptions",
    "supporting",
    "supports",
    "review_levels",
    "backup",
    "version",
    "submissions",
    "reports",
    "reminders",
    "history",
)
_ONLY_OWN = ("expected", "reminder", "sent_back", "extension_wanted_on", "forward_asked_to")
_STORED = [
    column.name
    for column in fields(ListedObligation)
    if column.name not in (*_NOT_IN_ROWS, *_IN_FILES, *_ONLY_OWN)
]
_ACTS = {
    "extension": "延期",
    "suspension": "暂停计时",
    "waiver": "免办",
    "sign_off": "销号",
    "spot_check": "抽查",
    "forward_request": "申请改派",
    "forwarding": "改派",
    "early_pass": "准予越序",
    "stated_date": "补录日期",
}
_FATES = {
    "planned": "已排",
    "superseded": "并入较新的一档",
    "held": "待批准",
    "draft": "列入通报草稿",
    "issued": "已通报",
    "approved": "已批准，随下一轮发出",
}
_TYPES = {
    EvidenceType.DOCUMENT: "文件",
    EvidenceType.FIGURE: "数据",
    EvidenceType.ATTACHMENT: "附件",
    EvidenceType.LINK: "链接",
    EvidenceType.ROSTER: "名册",
}


def as_answer(found: ObligationPage) -> dict[str, object]:
    """A page for scripts."""
    return {
        "page": found.page,
        "page_size": found.page_size,
        "total": found.total,
        "obligations": [as_row(one) for one in found.obligations],
    }


def as_row(one: ListedObligation) -> dict[str, object]:
    """One row for scripts: what is stored and what follows from the calendar, side by side."""
    return {
        **{name: getattr(one, name) for name in _STORED},
        "state_name": STATE_NAMES[one.state],
        "light": one.standing.light,
        "word": one.standing.word,
        "why": one.standing.why,
        "days_left": one.standing.days_left,
        "late": one.late or one.standing.late,
    }


def as_file(one: ObligationFile) -> dict[str, object]:
    """The whole file for scripts."""
    return {
        **as_row(one),
        **{name: getattr(one, name) for name in _IN_FILES},
        "expected_evidence": one.expected,
        "acts": [{"kind": act.kind, **act.columns} for act in one.acts],
    }


def row_in_words(one: ListedObligation) -> tuple[object, ...]:
    return (
        one.id,
        f"{one.campaign_name} {one.year}",
        one.title,
        one.unit,
        STATE_NAMES[one.state] + ("、延期审批中" if one.extension_pending else ""),
        f"{LIGHT_WORDS[one.standing.light]} {one.standing.word}",
        one.due_on,
        f"{one.last_workday}{'（暂定）' if one.provisional else ''}",
        one.handler,
    )


def file_in_words(shown: ObligationFile) -> Iterator[Words]:
    yield from _head(shown)
    yield from _submissions(shown)
    for support in shown.supports:
        for said in support.reports:
            at = f"{said.reported_at.astimezone(ZONE):%Y-%m-%d %H:%M}"
            files = "".join(f"；附{each.filename}" for each in said.files)
            yield f"{support.unit}报告配合情况：{said.reported_by}，{at}，{said.words}{files}"
    for act in shown.acts:
        facts = "，".join(
            f"{name}={plain(value)}" for name, value in act.columns.items() if value is not None
        )
        yield f"{_ACTS[act.kind]}：{facts}"
    if shown.reminders:
        reminders = (
            (one.held_on, _rung(one), one.to_unit, _FATES[one.status], _sent(one.dispatched), one.cause)
            for one in shown.reminders
        )
        yield Table("提醒", ("日期", "档", "对象", "情况", "发送", "原因"), reminders)
    entries = (
        (one.id, f"{one.at.astimezone(ZONE):%Y-%m-%d %H:%M}", one.actor, _verb(one.verb), one.detail)
        for one in shown.history
    )
    yield Table("留痕", ("序号", "时间", "经手人", "动作", "内容"), entries)


def _head(one: ObligationFile) -> Iterator[Words]:
    provisional = "（暂定，放假安排尚未公布）" if one.provisional else ""
    yield f"#{one.id} {one.campaign_name} {one.year} · {one.title}"
    if one.content:
        yield f"任务内容：{one.content}"
    for goal in one.goals:
        yield f"年度目标：{goal}"
    yield f"责任单位：{one.unit}" + (f"；对象：{one.subject}" if one.subject else "")
    if one.supports:
        answers = (f"{each.unit}（{SUPPORT_STATE_NAMES[each.state]}）" for each in one.supports)
        yield f"配合单位：{'、'.join(answers)}"
    yield f"状态：{STATE_NAMES[one.state]}；{LIGHT_WORDS[one.standing.light]}，{one.standing.why}"
    yield f"时限：{one.due_on}（原文“{one.due_phrase}”），最后工作日 {one.last_workday}{provisional}"
    yield f"上级时限：{one.hard_due_on or '—'}；来源：{one.source_document} {one.source_item}"
    yield f"经办人：{one.handler or '—'}；备岗：{one.backup or '—'}；审核级数：{one.review_levels}"
    marks = f"退回{one.returned_times}次，延期{one.extended_times}次"
    yield marks + ("，有延期申请待批" if one.extension_pending else "") + ("，逾期" if one.late else "")
    if one.ledger is not None:
        yield f"问题台账：{ledger_words(one.ledger)}"
    if one.expected:
        expected = (
            (
                item.key,
                item.title,
                _TYPES[item.type],
                "必报" if item.required else "选报",
                item.unit_of_measure,
            )
            for item in one.expected
        )
        yield Table("应报材料", ("材料", "名称", "类型", "要求", "单位"), expected)


def _submissions(shown: ObligationFile) -> Iterator[Words]:
    for one in shown.submissions:
        at = f"{one.submitted_at.astimezone(ZONE):%Y-%m-%d %H:%M}"
        yield f"第{one.nth}次报送：{one.submitted_by}，{at}收到，{one.note or '无说明'}{'，零报告' if one.zero_report else ''}"
        if one.stated:
            yield one.stated.words
        if one.items:
            rows = [
                (
                    item.key,
                    item.title,
                    item.filename or item.link or f"{plain(item.value)}{item.unit_of_measure}",
                    item.sha256,
                )
                for item in one.items
            ]
            yield Table("", ("材料", "名称", "内容", "SHA-256"), rows)
            yield from (
                f"数据存疑：{item.doubt}；单位说明：{item.reason}" for item in one.items if item.doubt
            )
        if one.fate:
            at = f"{one.fate_at.astimezone(ZONE):%Y-%m-%d %H:%M}" if one.fate_at else ""
            yield f"{FATE_NAMES[one.fate]}：{one.fate_by}，{at}"
        for review in one.reviews:
            verdict = "通过" if review.verdict == "passed" else "退回"
            yield f"第{review.level}级{verdict}：{review.reviewed_by}，{review.reason or '无意见'}"


def _rung(one: ReminderShown) -> str:
    name = RUNG_NAMES[RungKind(one.kind)]
    return name if one.rung == one.kind else f"{name} {one.rung}"


def _sent(status: str | None) -> str | None:
    return DISPATCH_STATUS_NAMES[status] if status else None


def _verb(verb: str) -> str:
    return TRANSITION_NAMES[Transition(verb)] if verb in set(Transition) else verb
