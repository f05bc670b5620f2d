"""duban calendar: the year's campaign files, checked, applied, shown, compared and rolled into the next year."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from calendars.almanac import almanac_for
from calendars.reader import diff_years, read_year
from calendars.roll import RollRefused, describe, roll_year, write
from office.actions.apply_file import apply_file
from office.actions.apply_year import YearApplied, apply_year
from office.actions.check_calendars import CalendarsChecked, check_file, check_year
from office.actions.edition_states import (
    STATE_NAMES,
    EditionMoved,
    pause_edition,
    resume_edition,
    withdraw_edition,
)
from office.actions.show_calendar import show_calendar
from office.cli.calendar_pages import (
    print_applied,
    print_applied_one,
    print_checked,
    print_edition,
    print_editions,
)
from office.cli.options import As, DryRun, Json, On, moment
from office.cli.output import print_json, print_table, say
from office.cli.progress import progress
from office.cli.rehearse_change import rehearse_change_of
from office.cli.workdays import known_workdays
from office.errors import Fault, NotFound, Refused
from office.settings import load
from office.wiring import actor, calendars_folder, open_office
from rules.people import SYSTEM

app = typer.Typer(no_args_is_help=True, help="专项行动文件：检查、载入、查看、比较、滚动到下一年。")

Year = Annotated[int, typer.Argument(help="年份，例如 2026。")]
Campaign = Annotated[str, typer.Argument(help="专项行动的代号（文件名）。")]
Reason = Annotated[str, typer.Option("--reason", help="原因，记入留痕。")]


@app.command("check")
def check(
    what: Annotated[
        str | None, typer.Argument(metavar="[YEAR|PATH]", help="年份或文件；不写则查全部年份。")
    ] = None,
    as_json: Json = False,
) -> None:
    """检查文件：全部错误连同行号一次列出（有错退出码 1），另列合计对不上和待定日期之处。"""
    found = _check(what)
    if as_json:
        print_json(found)
    else:
        print_checked(found)
    if not found.good:
        raise typer.Exit(1)


def _check(what: str | None) -> CalendarsChecked:
    settings = load()
    root, workdays = calendars_folder(settings), known_workdays(settings)
    if what and not what.isdecimal():
        return check_file(Path(what), root, workdays)
    years = [int(what)] if what else _years(root)
    each = [check_year(year, root, workdays) for year in years]
    return CalendarsChecked(
        editions=sum(one.editions for one in each),
        faults=tuple(fault for one in each for fault in one.faults),
        sums=tuple(finding for one in each for finding in one.sums),
        undated=tuple(text for one in each for text in one.undated),
        provisional=sum(one.provisional for one in each),
    )


def _years(root: Path) -> list[int]:
    return sorted(
        int(folder.name) for folder in root.iterdir() if folder.is_dir() and folder.name.isdecimal()
    )


@app.command("apply")
def apply(
    what: Annotated[str, typer.Argument(metavar="YEAR|FILE", help="年份，或一个专项行动文件。")],
    draft: Annotated[bool, typer.Option("--draft", help="只载入为草稿，先不发布。")] = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """载入并发布一年的专项行动；有错的文件跳过并列出，其余照常。再次载入同样内容，什么也不改。

    在门户里改过的专项行动按年载入时不动；写明文件路径的，改回以文件为准。
    """
    if not what.isdecimal():
        _apply_file(Path(what), by, on, publish=not draft, dry_run=dry_run, as_json=as_json)
        return
    with open_office() as office, progress("载入专项行动", as_json) as advance:
        done = apply_year(
            office,
            int(what),
            calendars_folder(office.settings),
            by=actor(office, by),
            now=moment(on),
            publish=not draft,
            dry_run=dry_run,
            progress=advance,
        )
    _answer(done, dry_run, as_json)
    if not done.whole:
        raise typer.Exit(1)


def _apply_file(
    path: Path, by: str | None, on: date | None, *, publish: bool, dry_run: bool, as_json: bool
) -> None:
    with open_office() as office:
        person = actor(office, by)
        done = apply_file(office, path, by=person, now=moment(on), publish=publish, dry_run=dry_run)
    if as_json:
        print_json(done)
    else:
        print_applied_one(done, dry_run=dry_run)


def _answer(done: YearApplied, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print_applied(done, dry_run=dry_run)


@app.command("show")
def show(
    year: Year,
    campaign: Annotated[str | None, typer.Argument(help="专项行动的代号或名称；不写则列出全部。")] = None,
    as_json: Json = False,
) -> None:
    """看已载入的专项行动：状态、节点、日期和任务数。"""
    with open_office() as office:
        found = show_calendar(office, year, campaign, by=SYSTEM)
    if not found:
        named = f"“{campaign}”" if campaign else "专项行动"
        raise NotFound(f"{year}年还没有载入{named}，请先运行 duban calendar apply {year}。")
    if as_json:
        print_json(found)
    elif campaign:
        print_edition(found[0])
    else:
        print_editions(found)


@app.command("diff")
def diff(
    first: Annotated[int, typer.Argument(metavar="Y1", help="前一个年份。")],
    second: Annotated[int, typer.Argument(metavar="Y2", help="后一个年份。")],
    as_json: Json = False,
) -> None:
    """比较两年的文件：节点增减、措辞、日期、单位和目标的变化。"""
    settings = load()
    root, workdays = calendars_folder(settings), known_workdays(settings)
    both = [read_year(year, root, almanac=almanac_for(), workdays=workdays) for year in (first, second)]
    if faults := [fault for read in both for fault in read.faults]:
        # Half a year compared with a whole one would only list what is missing.
        raise Refused([f"{fault.file} 第{fault.line}行：{fault.message}" for fault in faults])
    changes = diff_years(both[0].editions, both[1].editions)
    if as_json:
        print_json(changes)
        return
    print_table(
        f"{first}年到{second}年的变化（{len(changes)}处）",
        ("专项行动", "变化"),
        ((one.campaign, one.text) for one in changes),
    )


@app.command("roll")
def roll(
    year: Annotated[int, typer.Argument(help="要生成的年份，例如 2027。")],
    from_year: Annotated[
        int | None, typer.Option("--from", metavar="YEAR", help="从哪一年结转（默认上一年）。")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="写到哪个文件夹（默认专项行动文件夹；用随程序安装的则写到 home/proposals）。",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="覆盖已有的同名文件。")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """从上一年的文件生成新一年：日期按原文重排，列出变动及缘由，目标一律待确认。"""
    settings = load()
    workdays = known_workdays(settings)
    try:
        plan = roll_year(
            from_year or year - 1,
            year,
            almanac=almanac_for(),
            workdays=workdays,
            root=calendars_folder(settings),
        )
        folder = to or settings.calendars or settings.home / "proposals"
        written = () if dry_run else write(plan, folder, replace=replace)
    except RollRefused as refusal:
        raise Refused(str(refusal)) from refusal
    except OSError as error:
        raise Fault(f"新一年的文件没有写成（{error.strerror}），请检查磁盘与权限。") from error
    if as_json:
        print_json({"plan": plan, "written": written})
    else:
        for line in (*describe(plan), f"{'将写入' if dry_run else '已写入'}{(folder / str(year)).resolve()}"):
            say(line)
    if plan.faults:
        raise typer.Exit(1)


app.command("rehearse-change")(rehearse_change_of)


@app.command("pause")
def pause(
    campaign: Campaign,
    year: Year,
    reason: Reason,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """暂停一个专项行动：不再提醒，日期不变。"""
    with open_office() as office:
        person = actor(office, by)
        done = pause_edition(
            office, campaign, year, reason=reason, by=person, now=moment(on), dry_run=dry_run
        )
    _answer_moved(done, dry_run, as_json)


@app.command("resume")
def resume(
    campaign: Campaign,
    year: Year,
    reason: Reason,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """恢复暂停的专项行动；已撤回的恢复为草稿，再次 apply 后发布。"""
    with open_office() as office:
        person = actor(office, by)
        done = resume_edition(
            office, campaign, year, reason=reason, by=person, now=moment(on), dry_run=dry_run
        )
    _answer_moved(done, dry_run, as_json)


@app.command("withdraw")
def withdraw(
    campaign: Campaign,
    year: Year,
    reason: Reason,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """撤回一个专项行动：未办结的任务全部撤销，已办结的留痕保存。"""
    with open_office() as office:
        person = actor(office, by)
        done = withdraw_edition(
            office, campaign, year, reason=reason, by=person, now=moment(on), dry_run=dry_run
        )
    _answer_moved(done, dry_run, as_json)


def _answer_moved(done: EditionMoved, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    cancelled = f"，撤销未办结任务{done.cancelled}项" if done.cancelled else ""
    say(f"{done.name}{done.year}年{'将为' if dry_run else '现为'}“{STATE_NAMES[done.state]}”{cancelled}。")
