"""What dates mean. duban deadline: a phrase from a notice; duban workdays: a year's notices; duban import-notice: a new
one, which one person brings in and a second confirms.

`deadline` and `workdays` write nothing; they know the notices this bureau confirmed.
"""

from __future__ import annotations

import dataclasses
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from calendars.almanac import AlmanacError
from calendars.deadlines.parts import CannotResolve, NotUnderstood
from calendars.deadlines.resolve import resolve
from calendars.lunar import almanac_for
from calendars.notices import NoticePreview
from calendars.notices.draft import NoticeDraft, NoticeRefused
from calendars.notices.records import decoded, read_json, read_sheet
from calendars.notices.text import read_text
from calendars.phrases import read_phrase
from calendars.workdays import NamedDay, WorkdayTable, YearState, YearUnknown
from calendars.workdays.files import load_workdays
from duban.cli.command import ACT, Answer, Call, Complaint, Table, Words, command, day_option, print_json
from duban.core import clock
from duban.core.errors import Refused
from duban.core.settings import Settings
from duban.editions.notices import (
    NoticeConfirmed,
    NoticeProposed,
    confirm_notice,
    preview_notice,
    propose_notice,
)
from duban.wiring import open_bureau

REFUSED = 1
STATES = {
    YearState.PUBLISHED: "已公布",
    YearState.PROVISIONAL: "暂定（通知尚未导入，凡依据这一年的日期都是暂定）",
}
WEEKDAYS = "一二三四五六日"
SHEETS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")


def known_workdays(settings: Settings) -> WorkdayTable:
    """The shipped notices with those this bureau confirmed; before `duban setup` there are only the shipped ones."""
    if not _has_ledger(settings):
        return load_workdays()
    with open_bureau(settings) as bureau:
        return bureau.workdays


def _has_ledger(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.home / "duban.db").is_file()


@command(None, "deadline")
def deadline(
    call: Call,
    phrase: Annotated[str, typer.Argument(help="时限的原话，例如 3月底前；写 - 则从标准输入逐行读取。")],
    year: Annotated[
        int | None, typer.Option("--year", min=2000, max=2056, help="计划年份（默认今年）。")
    ] = None,
    issued: Annotated[
        date | None, day_option("--issued", "文件的印发日：此前的日期不排，按次年理解。")
    ] = None,
    event: Annotated[date | None, day_option("--event", "事件（收到通知、登记……）的日期，从它起算。")] = None,
) -> Answer:
    """读一个时限：是哪一天、含哪些假定；读不懂的交给人（退出码 1）。

    输出不是终端时也给 JSON。从标准输入读取时，每行一句，每句答一行 JSON，退出码为 0。
    """
    on = event or issued or (call.today if _has_ledger(call.settings) else clock.civil(clock.now()))
    of_year = on.year if year is None else year
    read = partial(
        read_deadline,
        year=of_year,
        workdays=known_workdays(call.settings),
        issued_on=issued,
        event_on=event,
    )
    if phrase == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            # A line in another encoding goes to a person; it must not end the stream.
            sys.stdin.reconfigure(errors="replace")
        for line in sys.stdin:
            print_json(read(line.rstrip("\r\n")))
        return Answer(None)
    call.as_json = call.as_json or not sys.stdout.isatty()
    found = read(phrase)
    return Answer(found, _deadline(found), status=0 if found["understood"] else REFUSED)


def read_deadline(
    phrase: str,
    *,
    year: int,
    workdays: WorkdayTable,
    issued_on: date | None = None,
    event_on: date | None = None,
) -> dict[str, Any]:
    """The answer to one phrase as the JSON contract has it."""
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        proposal = {"proposal": reading.proposal} if reading.proposal else {}
        return {"understood": False, "reason": reading.reason, **proposal}
    try:
        found = resolve(
            reading,
            year=year,
            almanac=almanac_for(),
            workdays=workdays,
            issued_on=issued_on,
            event_on=event_on,
        )
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        return {"understood": False, "reason": str(refusal)}
    return {
        "understood": True,
        "rule": reading.rule,
        "sets_date": reading.sets_date,
        "modifiers": reading.modifiers,
        **{field.name: getattr(found, field.name) for field in dataclasses.fields(found)},
    }


def _deadline(found: dict[str, Any]) -> Iterator[str]:
    if not found["understood"]:
        yield f"交人工：{found['reason']}"
        if "proposal" in found:
            yield f"  可能是：{found['proposal']}"
        return
    yield f"规则　　{found['rule']}"
    if found["starts_on"]:
        yield f"开始　　{found['starts_on']}"
    moment = f" {found['due_at']}" if found["due_at"] else ""
    yield f"期限　　{found['due_on'] or '不定日期'}{moment}"
    if found["last_workday"] and found["last_workday"] != found["due_on"]:
        yield f"最后工作日　{found['last_workday']}"
    for each in found["occurrences"]:
        start = f"{each.starts_on} 至 " if each.starts_on and each.starts_on != each.due_on else ""
        because = f"　{''.join(each.because)}" if each.because else ""
        yield f"  {start}{each.due_on}　{each.label}{because}"
    if found["provisional"]:
        yield "暂定：所依据年份的放假安排尚未公布。"
    for sentence in found["assumptions"]:
        yield f"假定：{sentence}"


@command(None, "workdays")
def workdays(call: Call, year: Annotated[int, typer.Argument(help="年份，例如 2026。")]) -> Answer:
    """某一年的放假、调休上班、依据和状态；没有这一年就拒绝（退出码 1）。"""
    found = read_workdays(known_workdays(call.settings), year)
    rows = [(day["date"], day["name"], "放假") for day in found["days_off"]]
    rows += [(day["date"], day["name"], "上班") for day in found["make_up_workdays"]]
    rows += [
        (day["date"], day["reason"], "本地上班" if day["works"] else "本地放假")
        for day in found["local_days"]
    ]
    named = ((f"{on}（周{WEEKDAYS[on.weekday()]}）", name, kind) for on, name, kind in sorted(rows))
    return Answer(
        found,
        f"{found['year']}年：{STATES[found['state']]}",
        f"依据：{found['source']}",
        f"工作日共{found['workdays']}天",
        Table(f"{found['year']}年放假与调休", ("日期", "节日", "安排"), named),
    )


def read_workdays(table: WorkdayTable, year: int) -> dict[str, Any]:
    """The year as the JSON contract has it. Raises Refused for a year nobody knows."""
    try:
        state = table.state(year)
    except YearUnknown as unknown:
        raise Refused(str(unknown)) from None
    return {
        "year": year,
        "state": state,
        "provisional": state is YearState.PROVISIONAL,
        "source": table.source(year),
        "workdays": table.between(date(year, 1, 1), date(year, 12, 31)),
        "days_off": _listed(table.days_off(year)),
        "make_up_workdays": _listed(table.make_up_days(year)),
        "local_days": [
            {"date": day.on, "works": day.works, "reason": day.reason}
            for day in table.local
            if day.on.year == year
        ],
    }


def _listed(days: Sequence[NamedDay]) -> list[dict[str, Any]]:
    return [{"date": day.on, "name": day.name} for day in days]


@command(None, "import-notice", *ACT)
def import_notice(
    call: Call,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="通知文件（txt、json、csv、xlsx）；- 从标准输入读粘贴的文字。"),
    ],
    year: Annotated[int | None, typer.Option("--year", help="通知里没写年份时指明。")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="由另一人核对同一份通知并确认生效。")] = False,
) -> Answer:
    """导入放假安排通知：先看它改了哪些天，一人导入、另一人确认后生效，未办结的任务随之重排并告知单位。"""
    draft = read_notice(file, year)
    if confirm:
        confirmed = confirm_notice(call.bureau, draft, **call.act)
        return Answer(confirmed, _confirmed(confirmed, dry_run=call.dry_run))
    if call.dry_run:
        done = preview_notice(call.bureau, draft, now=call.now)
    else:
        done = propose_notice(call.bureau, draft, by=call.by, now=call.now)
    words = (_preview(done.preview), _next_step(done))
    return Answer(done, *words, status=0 if done.preview.acceptable else 1)


def read_notice(file: str, year: int | None) -> NoticeDraft:
    """The notice in a text, JSON or sheet; `-` is the standard input. Raises Refused for what cannot be read."""
    path = Path(file)
    try:
        if file != "-" and path.suffix.lower() in SHEETS:
            return read_sheet(path, year)
        if file != "-" and not path.is_file():
            raise Refused(f"找不到文件{path.name}，请检查路径。")
        content = sys.stdin.buffer.read() if file == "-" else path.read_bytes()
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return read_json(content)
        return read_text(decoded(content), year)
    except NoticeRefused as refusal:
        raise Refused(str(refusal)) from refusal


def _next_step(done: NoticeProposed) -> str:
    if not done.preview.acceptable:
        return "这份通知还不能导入，请按上面的提示处理后重试。"
    if done.state == "confirmed":
        return "这份通知早已确认生效，没有改动。"
    if done.state == "proposed":
        return "已导入，尚未生效；请另一人核对后，用同一份通知加 --confirm 确认。"
    return "以上为预览，没有写入。"


def _preview(shown: NoticePreview) -> Iterator[Words]:
    draft = shown.draft
    yield f"{draft.document_no}《{draft.title}》 {draft.issued_on or ''}"
    rows = (
        (change.on, "、".join(change.names), "上班" if change.is_workday else "放假")
        for change in shown.changes
    )
    title = f"{draft.year}年与现有安排不同的日子（{len(shown.changes)}天）"
    yield Table(title, ("日期", "节日", "改为"), rows)
    yield shown.verdict
    yield from (f"提醒：{text}" for text in shown.warnings)
    yield from (f"没有读懂：{piece}" for piece in draft.unread)
    yield from (Complaint(text) for text in shown.problems)


def _confirmed(done: NoticeConfirmed, *, dry_run: bool) -> Iterator[str]:
    if done.already:
        yield f"{done.document}早已确认生效，没有改动。"
        return
    for edition in done.editions:
        for change in edition.milestones:
            dates = "；".join(f"{point.label}{point.before} → {point.after}" for point in change.points)
            yield f"{edition.name}{edition.year}“{change.title}”{dates or '最后工作日或暂定标记更新'}"
    yield (
        f"{'将' if dry_run else '已'}使{done.document}生效：涉及{len(done.editions)}个专项行动，"
        f"任务改期{done.obligations_moved}项，告知{len(done.told)}个单位。"
    )
