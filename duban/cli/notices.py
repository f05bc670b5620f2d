"""duban import-notice: a holiday notice from text, JSON or a sheet; one person brings it in, a second confirms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from calendars.notices import NoticePreview
from calendars.notices.draft import NoticeDraft, NoticeRefused
from calendars.notices.records import decoded, read_json, read_sheet
from calendars.notices.text import read_text
from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import complain, print_json, print_table, say
from duban.core.errors import Refused
from duban.editions.notices import (
    NoticeConfirmed,
    NoticeProposed,
    confirm_notice,
    preview_notice,
    propose_notice,
)
from duban.wiring import actor, open_bureau

_SHEETS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")


def import_notice(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="通知文件（txt、json、csv、xlsx）；- 从标准输入读粘贴的文字。"),
    ],
    year: Annotated[int | None, typer.Option("--year", help="通知里没写年份时指明。")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="由另一人核对同一份通知并确认生效。")] = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """导入放假安排通知：先看它改了哪些天，一人导入、另一人确认后生效，未办结的任务随之重排并告知单位。"""
    draft = _draft(file, year)
    now = moment(on)
    with open_bureau() as bureau:
        if confirm:
            done = confirm_notice(bureau, draft, by=actor(bureau, by), now=now, dry_run=dry_run)
            _answer_confirmed(done, dry_run, as_json)
            return
        if dry_run:
            shown = preview_notice(bureau, draft, now=now)
        else:
            shown = propose_notice(bureau, draft, by=actor(bureau, by), now=now)
    _answer_proposed(shown, as_json)


def _draft(file: str, year: int | None) -> NoticeDraft:
    try:
        if file == "-":
            return _read(sys.stdin.buffer.read(), year)
        path = Path(file)
        if path.suffix.lower() in _SHEETS:
            return read_sheet(path, year)
        if not path.is_file():
            raise Refused(f"找不到文件{path.name}，请检查路径。")
        return _read(path.read_bytes(), year)
    except NoticeRefused as refusal:
        raise Refused(str(refusal)) from refusal


def _read(content: bytes, year: int | None) -> NoticeDraft:
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return read_json(content)
    return read_text(decoded(content), year)


def _answer_proposed(done: NoticeProposed, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        _print_preview(done.preview)
        say(_next_step(done))
    if not done.preview.acceptable:
        raise typer.Exit(1)


def _next_step(done: NoticeProposed) -> str:
    if not done.preview.acceptable:
        return "这份通知还不能导入，请按上面的提示处理后重试。"
    if done.state == "confirmed":
        return "这份通知早已确认生效，没有改动。"
    if done.state == "proposed":
        return "已导入，尚未生效；请另一人核对后，用同一份通知加 --confirm 确认。"
    return "以上为预览，没有写入。"


def _print_preview(shown: NoticePreview) -> None:
    draft = shown.draft
    say(f"{draft.document_no}《{draft.title}》 {draft.issued_on or ''}")
    rows = (
        (change.on, "、".join(change.names), "上班" if change.is_workday else "放假")
        for change in shown.changes
    )
    print_table(
        f"{draft.year}年与现有安排不同的日子（{len(shown.changes)}天）", ("日期", "节日", "改为"), rows
    )
    say(shown.verdict)
    for text in shown.warnings:
        say(f"提醒：{text}")
    for piece in draft.unread:
        say(f"没有读懂：{piece}")
    for text in shown.problems:
        complain(text)


def _answer_confirmed(done: NoticeConfirmed, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done.already:
        say(f"{done.document}早已确认生效，没有改动。")
        return
    for edition in done.editions:
        for change in edition.milestones:
            dates = "；".join(f"{point.label}{point.before} → {point.after}" for point in change.points)
            say(f"{edition.name}{edition.year}“{change.title}”{dates or '最后工作日或暂定标记更新'}")
    say(
        f"{'将' if dry_run else '已'}使{done.document}生效：涉及{len(done.editions)}个专项行动，"
        f"任务改期{done.obligations_moved}项，告知{len(done.told)}个单位。"
    )
