"""Reading a notice from what the command line was given, and showing its preview. Confirms and stores nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from calendars.notices import (
    DayChange,
    NoticeDraft,
    NoticePreview,
    NoticeRefused,
    decoded,
    read_json,
    read_sheet,
    read_text,
)
from calendars.notices.draft import spoken
from office.cli.output import print_table, say
from office.errors import Refused

SHEETS = {".csv", ".xlsx", ".xls", ".ods"}


def read_notice(source: str, year: int | None = None) -> NoticeDraft:
    """The draft from a file (by its ending: json, a sheet, else text) or, for "-", from standard input."""
    try:
        if source == "-":
            return read_text(sys.stdin.read(), year)
        path = Path(source)
        if path.suffix.lower() in SHEETS:
            return read_sheet(path, year)
        content = _content(path)
        return read_json(content) if path.suffix.lower() == ".json" else read_text(decoded(content), year)
    except NoticeRefused as refusal:
        raise Refused(str(refusal)) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Refused(f"打不开文件{path.name}，请检查路径和权限。") from None


def preview_answer(shown: NoticePreview) -> dict[str, Any]:
    """The preview as the JSON contract has it."""
    draft = shown.draft
    return {
        "acceptable": shown.acceptable,
        "year": draft.year,
        "document_no": draft.document_no,
        "title": draft.title,
        "issued_on": draft.issued_on,
        "amends": draft.amends,
        "state_before": shown.state_before,
        "state_after": shown.state_after,
        "checksum": shown.checksum,
        "expected": shown.expected,
        "verdict": shown.verdict,
        "changes": [
            {"date": day.on, "name": "、".join(day.names), "works": day.is_workday} for day in shown.changes
        ],
        "make_up_workdays": [{"date": day.on, "name": day.name} for day in shown.working_weekends],
        "problems": shown.problems,
        "warnings": shown.warnings,
        "unread": draft.unread,
    }


def show_preview(shown: NoticePreview) -> None:
    """The preview for people: what changes first, what stands in the way last."""
    draft = shown.draft
    kind = "修改通知" if draft.amends else "全年通知"
    say(f"{draft.year}年{kind}：{draft.document_no or '（无文号）'} {draft.title}")
    say(shown.verdict)
    if shown.changes:
        rows = ((spoken(day.on), "、".join(day.names), _said(day)) for day in shown.changes)
        print_table(f"将改变的日子（{len(shown.changes)}天）", ("日期", "节日", "改为"), rows)
    say("要上班的周末：" + ("、".join(spoken(day.on) for day in shown.working_weekends) or "无"))
    for heading, lines in (("没有读懂", draft.unread), ("注意", shown.warnings), ("问题", shown.problems)):
        for line in lines:
            say(f"{heading}：{line}")
    if not shown.acceptable:
        say("有问题，不能导入；请改正后再试。")


def _said(day: DayChange) -> str:
    return "上班" if day.is_workday else "放假"
