"""duban calendar: the year's campaign files, checked, applied, shown, compared and rolled into the next year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from calendars.ladders import RUNG_NAMES
from calendars.lunar import almanac_for
from calendars.model import KIND_NAMES, CampaignKind
from calendars.reader import read_year
from calendars.reader.diff import diff_years
from calendars.roll import RollRefused, describe, roll_year, write
from duban.cli.command import ACT, Answer, Call, Complaint, Table, Words, command
from duban.cli.dates import known_workdays
from duban.core.access import SYSTEM
from duban.core.errors import Fault, NotFound, Refused
from duban.editions.files import (
    CalendarsChecked,
    YearApplied,
    apply_file,
    apply_year,
    check_file,
    check_year,
    read_file,
)
from duban.editions.forecast import ChangeRehearsed, rehearse_change
from duban.editions.pages import EditionShown, show_calendar
from duban.editions.rules import ForecastMatter
from duban.editions.service import STATE_NAMES, EditionChange, EditionMoved, move_edition, supports_in_words
from duban.wiring import calendars_folder

app = typer.Typer(no_args_is_help=True, help="专项行动文件：检查、载入、查看、比较、滚动到下一年。")

Year = Annotated[int, typer.Argument(help="年份，例如 2026。")]
Campaign = Annotated[str, typer.Argument(help="专项行动的代号（文件名）。")]
Reason = Annotated[str, typer.Option("--reason", help="原因，记入留痕。")]
CHANGE_NAMES = {"new": "新增", "changed": "修改", "withdrawn": "撤下", "returned": "恢复"}
MOST = 100


@command(app, "check")
def check(
    call: Call,
    what: Annotated[
        str | None, typer.Argument(metavar="[YEAR|PATH]", help="年份或文件；不写则查全部年份。")
    ] = None,
) -> Answer:
    """检查文件：全部错误连同行号一次列出（有错退出码 1），另列合计对不上和待定日期之处。"""
    found = _check(call, what)
    return Answer(
        found,
        (Complaint(str(fault)) for fault in found.faults),
        (f"合计对不上：{finding.sentence}" for finding in found.sums),
        (f"日期待定：{text}" for text in found.undated),
        [f"有{found.provisional}个日期依据尚未公布的放假安排，为暂定。"] if found.provisional else [],
        f"读通{found.editions}个专项行动，错误{len(found.faults)}处，合计对不上{len(found.sums)}处。",
        status=0 if found.good else 1,
    )


def _check(call: Call, what: str | None) -> CalendarsChecked:
    root, workdays = calendars_folder(call.settings), known_workdays(call.settings)
    if what and not what.isdecimal():
        return check_file(Path(what), root, workdays)
    years = (
        [int(what)]
        if what
        else sorted(int(one.name) for one in root.iterdir() if one.is_dir() and one.name.isdecimal())
    )
    each = [check_year(year, root, workdays) for year in years]
    return CalendarsChecked(
        editions=sum(one.editions for one in each),
        faults=tuple(fault for one in each for fault in one.faults),
        sums=tuple(finding for one in each for finding in one.sums),
        undated=tuple(text for one in each for text in one.undated),
        provisional=sum(one.provisional for one in each),
    )


@command(app, "apply", *ACT)
def apply(
    call: Call,
    what: Annotated[str, typer.Argument(metavar="YEAR|FILE", help="年份，或一个专项行动文件。")],
    draft: Annotated[bool, typer.Option("--draft", help="只载入为草稿，先不发布。")] = False,
) -> Answer:
    """载入并发布一年的专项行动；有错的文件跳过并列出，其余照常。再次载入同样内容，什么也不改。

    在门户里改过的专项行动按年载入时不动；写明文件路径的，改回以文件为准。
    """
    if not what.isdecimal():
        one = apply_file(call.bureau, Path(what), publish=not draft, **call.act)
        return Answer(one, _applied(one, dry_run=call.dry_run))
    folder = calendars_folder(call.bureau.settings)
    with call.progress("载入专项行动") as advance:
        done = apply_year(call.bureau, int(what), folder, publish=not draft, progress=advance, **call.act)
    return Answer(done, _year_applied(done, dry_run=call.dry_run), status=0 if done.whole else 1)


def _applied(one: EditionChange, *, dry_run: bool) -> Iterator[str]:
    if one.outcome == "unchanged":
        yield f"{one.name}{one.year}年与文件一致，日期和任务没有改动；今后以文件为准。"
        return
    yield from _change_lines(one)
    yield f"{one.name}{one.year}年{'将' if dry_run else '已'}按文件载入，今后以文件为准。"


def _year_applied(done: YearApplied, *, dry_run: bool) -> Iterator[Words]:
    yield from (Complaint(str(fault)) for fault in done.faults)
    yield from (Complaint(reason) for reason in done.refused)
    for name in done.unlisted:
        yield f"文件里已没有{name}，台账里仍在；不再开展的，请用 duban calendar withdraw 撤回。"
    for name in done.left:
        yield (
            f"{name}在门户里改过，以门户为准，没有按文件载入；"
            "要改回文件的，请用 duban calendar apply 文件路径。"
        )
    changed = [one for one in done.editions if one.outcome != "unchanged"]
    for one in changed:
        yield from _change_lines(one)
    new, moved = sum(one.obligations_new for one in changed), sum(one.obligations_moved for one in changed)
    told = len({name for one in changed for name in one.told})
    yield (
        f"{done.year}年{len(done.editions)}个专项行动，{'将' if dry_run else '已'}变更{len(changed)}个："
        f"任务新增{new}项、改期{moved}项、撤销{sum(one.obligations_cancelled for one in changed)}项，"
        f"告知{told}个单位。"
    )


def _change_lines(one: EditionChange) -> Iterator[str]:
    yield (
        f"{one.name}（{STATE_NAMES[one.state]}）：任务新增{one.obligations_new}项、"
        f"改期{one.obligations_moved}项{supports_in_words(one)}。"
    )
    if one.outcome == "new":
        return
    for change in one.milestones:
        dates = "；".join(
            f"{point.label}{point.before or '无'} → {point.after or '无'}" for point in change.points
        )
        yield f"  {CHANGE_NAMES[change.change]}“{change.title}”{dates}"
    if one.told:
        yield f"  告知：{'、'.join(one.told)}"


@command(app, "show")
def show(
    call: Call,
    year: Year,
    campaign: Annotated[str | None, typer.Argument(help="专项行动的代号或名称；不写则列出全部。")] = None,
) -> Answer:
    """看已载入的专项行动：状态、节点、日期和任务数。"""
    found = show_calendar(call.bureau, year, campaign, by=SYSTEM)
    if not found:
        named = f"“{campaign}”" if campaign else "专项行动"
        raise NotFound(f"{year}年还没有载入{named}，请先运行 duban calendar apply {year}。")
    return Answer(found, _edition(found[0]) if campaign else _editions(found))


def _editions(found: Sequence[EditionShown]) -> Table:
    rows = (
        (
            one.campaign,
            one.name,
            KIND_NAMES[CampaignKind(one.kind)],
            STATE_NAMES[one.state],
            len(one.milestones),
            sum(milestone.obligations for milestone in one.milestones),
            sum(milestone.finished for milestone in one.milestones),
        )
        for one in found
    )
    columns = ("代号", "名称", "类别", "状态", "节点", "任务", "办结")
    return Table(f"{found[0].year}年专项行动（{len(found)}个）", columns, rows)


def _edition(one: EditionShown) -> Iterator[Words]:
    kind = KIND_NAMES[CampaignKind(one.kind)]
    yield f"{one.name} {one.year}（{kind}，{STATE_NAMES[one.state]}，梯次 {one.ladder}）"
    rows = (
        (
            milestone.title,
            milestone.due_phrase,
            "、".join(_date(point) for point in milestone.points) or (milestone.undated or "—"),
            _leads(milestone.leads),
            f"{milestone.finished}/{milestone.obligations}",
            milestone.source,
        )
        for milestone in one.milestones
    )
    yield Table("节点", ("节点", "原文时限", "到期日", "牵头单位", "办结/任务", "出处"), rows)
    for milestone in one.milestones:
        if milestone.not_concerned:
            yield f"不承担（原表“--”）：{milestone.title}，{'、'.join(milestone.not_concerned)}"
        if milestone.undecided:
            yield f"原表留空，待明确：{milestone.title}，{'、'.join(milestone.undecided)}"


def _leads(names: tuple[str, ...]) -> str:
    return "、".join(names) if len(names) <= 2 else f"{names[0]}等{len(names)}个单位"


def _date(point: tuple[str, object, object, bool]) -> str:
    label, due_on, last_workday, provisional = point
    text = f"{label} {due_on}".strip()
    if last_workday != due_on:
        text += f"（最后工作日{last_workday}）"
    return text + ("（暂定）" if provisional else "")


@command(app, "diff")
def diff(
    call: Call,
    first: Annotated[int, typer.Argument(metavar="Y1", help="前一个年份。")],
    second: Annotated[int, typer.Argument(metavar="Y2", help="后一个年份。")],
) -> Answer:
    """比较两年的文件：节点增减、措辞、日期、单位和目标的变化。"""
    root, workdays = calendars_folder(call.settings), known_workdays(call.settings)
    both = [read_year(year, root, almanac=almanac_for(), workdays=workdays) for year in (first, second)]
    if faults := [fault for read in both for fault in read.faults]:
        # Half a year compared with a whole one would only list what is missing.
        raise Refused([f"{fault.file} 第{fault.line}行：{fault.message}" for fault in faults])
    changes = diff_years(both[0].editions, both[1].editions)
    title = f"{first}年到{second}年的变化（{len(changes)}处）"
    rows = ((one.campaign, one.text) for one in changes)
    return Answer(changes, Table(title, ("专项行动", "变化"), rows))


@command(app, "roll", "dry-run")
def roll(
    call: Call,
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
) -> Answer:
    """从上一年的文件生成新一年：日期按原文重排，列出变动及缘由，目标一律待确认。"""
    settings = call.settings
    root, workdays = calendars_folder(settings), known_workdays(settings)
    folder = to or settings.calendars or settings.home / "proposals"
    try:
        plan = roll_year(from_year or year - 1, year, almanac=almanac_for(), workdays=workdays, root=root)
        written = () if call.dry_run else write(plan, folder, replace=replace)
    except RollRefused as refusal:
        raise Refused(str(refusal)) from refusal
    except OSError as error:
        raise Fault(f"新一年的文件没有写成（{error.strerror}），请检查磁盘与权限。") from error
    return Answer(
        {"plan": plan, "written": written},
        describe(plan),
        f"{'将写入' if call.dry_run else '已写入'}{(folder / str(year)).resolve()}",
        status=1 if plan.faults else 0,
    )


@command(app, "rehearse-change", "as", "on")
def rehearse_change_of(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="改过的专项行动文件。")],
    days: Annotated[int, typer.Option("--days", help="看今后多少天。")] = 90,
) -> Answer:
    """演练一处改动：按这个文件载入以后，今后 90 天的消息逐日逐单位多了哪些、少了哪些；不写入台账。"""
    by = call.by
    edition = read_file(call.bureau, file)
    found = rehearse_change(call.bureau, edition, by=by, now=call.now, days=days)
    return Answer(found, _rehearsed(found))


def _rehearsed(found: ChangeRehearsed) -> Iterator[Words]:
    yield from _change_lines(found.applied) if found.applied else ()
    rows = ((one.unit, one.count.before, one.count.after) for one in found.units if one.count.differs)
    yield Table("消息数有变化的单位", ("单位", "改前", "改后"), rows)
    lines = (
        (one.on, "、".join(one.units), _matters(one.gone), _matters(one.come))
        for one in found.differences[:MOST]
    )
    yield Table("逐日的变化", ("日期", "单位", "不再提醒", "改为提醒"), lines)
    more = f"，另有{len(found.differences) - MOST}处没有列出" if len(found.differences) > MOST else ""
    yield (
        f"{found.window.first}至{found.window.last}，假定其间无人报送："
        f"消息由{found.total.before}封变为{found.total.after}封，变化{len(found.differences)}处{more}。"
        "没有写入台账。"
    )
    if found.cost:
        yield found.cost.sentence


def _matters(some: tuple[ForecastMatter, ...]) -> str:
    """What a message would speak of, in one line."""
    return "；".join(f"{RUNG_NAMES[one.kind]}：{one.campaign}·{one.title}{one.label}" for one in some) or "—"


@command(app, "pause", *ACT)
def pause(call: Call, campaign: Campaign, year: Year, reason: Reason) -> Answer:
    """暂停一个专项行动：不再提醒，日期不变。"""
    return _moved(call, move_edition(call.bureau, "pause", campaign, year, reason=reason, **call.act))


@command(app, "resume", *ACT)
def resume(call: Call, campaign: Campaign, year: Year, reason: Reason) -> Answer:
    """恢复暂停的专项行动；已撤回的恢复为草稿，再次 apply 后发布。"""
    return _moved(call, move_edition(call.bureau, "resume", campaign, year, reason=reason, **call.act))


@command(app, "withdraw", *ACT)
def withdraw(call: Call, campaign: Campaign, year: Year, reason: Reason) -> Answer:
    """撤回一个专项行动：未办结的任务全部撤销，已办结的留痕保存。"""
    return _moved(call, move_edition(call.bureau, "withdraw", campaign, year, reason=reason, **call.act))


def _moved(call: Call, done: EditionMoved) -> Answer:
    cancelled = f"，撤销未办结任务{done.cancelled}项" if done.cancelled else ""
    stands = f"{'将为' if call.dry_run else '现为'}“{STATE_NAMES[done.state]}”"
    return Answer(done, f"{done.name}{done.year}年{stands}{cancelled}。")
