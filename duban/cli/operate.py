"""What the operator does: setup, up, run, doctor, backup, restore; and a year's rehearsal beside it all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, time
from pathlib import Path
from typing import Annotated

import typer

from duban.cli.command import Advance, Answer, Call, Table, command, complain, day_option, progress, say
from duban.core.errors import Fault, Refused
from duban.core.settings import Settings, load
from duban.editions.files import YearApplied
from duban.ops import doctor as examination
from duban.ops.doctor import Level
from duban.ops.setup import intended, prepare
from duban.rehearse.play import CALM_DAYS, Line, Rehearsal
from duban.rehearse.play import rehearse as play
from duban.rehearse.queries import PlayedReminder
from duban.upkeep import service as upkeep

MARKS = {Level.OK: "正常", Level.WARNING: "注意", Level.FAULT: "故障"}
UNSENT = {"held": "待批准", "draft": "列入通报草稿", "planned": "所列任务在发送前已办结、调整或撤销"}
LINE_NAMES = {"message": "消息", "gate": "关口", "light": "灯"}
StopAfter = Annotated[
    float | None,
    typer.Option("--stop-after", metavar="秒", help="运行这么多秒后自行停止（供测试与试用）。", min=1),
]


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是时刻，请写成 09:30 的样子。") from None


@command(None, "setup", "dry-run")
def setup(
    call: Call,
    trial: Annotated[
        bool, typer.Option("--trial", help="新建的是试用环境：有自己的时钟，可逐日往前走；正式环境没有。")
    ] = False,
    begin: Annotated[
        date | None, day_option("--begin", "试用时钟从这一天早上走起（默认现在），与 --trial 同用。")
    ] = None,
) -> Answer:
    """建库或升级，登记单位和示例人员，载入设置里的年度；重复运行不改变已有内容。"""
    if begin and not trial:
        raise Refused("正式环境以本机时钟为准；要从某一天走起试用，请写 --trial --begin 日期。")
    if call.dry_run:
        return Answer(None, "将" + "；".join(intended(call.settings)) + "。")
    done = set_up(call.settings, trial=trial, begin=begin, quiet=call.as_json)
    years = [
        {
            "year": one.year,
            "editions": len(one.editions),
            "changed": sum(edition.outcome != "unchanged" for edition in one.editions),
            "obligations_new": sum(edition.obligations_new for edition in one.editions),
            "faults": one.faults,
            "refused": one.refused,
        }
        for one in done
    ]
    return Answer(years, status=0 if all(one.whole for one in done) else 1)


def set_up(
    settings: Settings,
    *,
    trial: bool = False,
    begin: date | None = None,
    keep: bool = False,
    quiet: bool = False,
) -> tuple[YearApplied, ...]:
    def bar(title: str) -> AbstractContextManager[Advance]:
        return progress(title, quiet=quiet)

    tell = (lambda _: None) if quiet else say
    return prepare(settings, trial=trial, begin=begin, keep=keep, tell=tell, complain=complain, progress=bar)


def up(stop_after: StopAfter = None) -> None:
    """启动 Prefect 服务与运行器，按时间表运行，直到 Ctrl-C；再次启动从原处继续。"""
    _hand_over(stop_after)


def run(
    trial: Annotated[
        bool, typer.Option("--trial", help="还没有建库时，建成有自己时钟的试用环境；已建的不变。")
    ] = False,
    stop_after: StopAfter = None,
) -> None:
    """一步到位：建库、载入年度、启动 Prefect，并为今天办一轮晨间提醒；之后一直运行。"""
    set_up(load(), trial=trial, keep=True)
    _hand_over(stop_after, "--first-round")


def _hand_over(stop_after: float | None, *options: str) -> None:
    """Become `python -m duban.ops.up`: the same process, so that signals and the exit status are its own."""
    bound = () if stop_after is None else ("--stop-after", str(stop_after))
    sys.stdout.flush()
    environment = {**os.environ, "DUBAN_HOME": str(load().home.resolve()), "PYTHONSAFEPATH": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "duban.ops.up", *bound, *options], environment)


@command(None, "doctor", "on")
def doctor(
    call: Call,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="只查今日轮次；没有办就告警并以状态 1 结束（供系统定时任务使用）。"),
    ] = False,
    after: Annotated[
        time | None,
        typer.Option("--after", parser=_time, metavar="时刻", help="这个北京时间以后才算缺（默认 09:00）。"),
    ] = None,
    mail_to: Annotated[
        str | None,
        typer.Option(
            "--mail-to", metavar="地址", help="告警另发邮件到此地址（不经 Prefect，不经待发队列）。"
        ),
    ] = None,
) -> Answer:
    """逐项检查运行状况，每项有编号、结论和下一步。"""
    findings = (
        [examination.watch(call.looked_at, after)] if watch else list(examination.examine(call.looked_at))
    )
    faults = [one for one in findings if one.level is Level.FAULT]
    status = 1 if faults else 0
    if not watch:
        rows = ((one.code, one.about, MARKS[one.level], one.sentence) for one in findings)
        return Answer(findings, Table("检查结果", ("编号", "项目", "结论", "说明"), rows), status=status)
    if not call.as_json:
        for one in faults:
            complain(f"{one.code} {one.sentence}")
    words = []
    for wrong, sentence in examination.raise_alarm(faults, mail_to):
        if wrong:
            complain(sentence)
        else:
            words.append(sentence)
    return Answer(findings, words, status=status)


@command(None, "backup", "dry-run")
def backup(
    call: Call,
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="文件夹", help="备份写到这个新文件夹（默认 home/backups/时刻）。"),
    ] = None,
) -> Answer:
    """备份台账数据库与佐证材料，附 SHA-256 清单；运行中即可备份。"""
    if call.dry_run:
        return Answer(None, f"将备份到 {folder or upkeep.backups_folder(call.bureau)}。")
    done = upkeep.backup(call.bureau, now=call.now, folder=folder)
    return Answer(
        done,
        f"已备份到 {done.folder}（{done.files} 个文件，{done.size_bytes:,} 字节）。",
        error=Fault("；".join(done.damaged)) if done.damaged else None,
    )


@command(None, "restore", "dry-run")
def restore(
    call: Call, folder: Annotated[Path, typer.Argument(help="备份文件夹（内有 manifest.json）。")]
) -> Answer:
    """把备份恢复到空的数据文件夹（用 --home 指定），恢复后逐条核验。"""
    home = call.settings.home.resolve()
    if call.dry_run:
        if reasons := upkeep.restore_refusals(call.settings, folder):
            raise Refused(reasons)
        return Answer(None, f"可以恢复到 {home}。")
    done = upkeep.restore(call.settings, folder)
    return Answer(done, f"已恢复到 {home}：留痕 {done.entries} 条、佐证 {done.evidence} 件，均通过核验。")


@command(None, "rehearse")
def rehearse(
    call: Call,
    year: Annotated[int, typer.Argument(help="演练哪一年。", min=2000, max=2056)],
    faults: Annotated[
        int | None,
        typer.Option(
            "--faults", metavar="种子", help="加入故障：断电、重复、漏开、渠道失灵；种子相同则过程相同。"
        ),
    ] = None,
    units: Annotated[
        int | None, typer.Option("--units", metavar="N", help="把各辖市区扩到 N 个。", min=1)
    ] = None,
    until: Annotated[date | None, day_option("--until", "只演练到这一天。")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="只看汇总，不逐条列出。")] = False,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="逐条记录另存为这个文件。")] = None,
    campaign: Annotated[
        str | None,
        typer.Option(
            "--campaign", metavar="代号", help="只列这一项行动的每一条提醒：哪天、哪档、告知谁、哪封信。"
        ),
    ] = None,
) -> Answer:
    """用虚拟时钟把一年走一遍，列出每封消息、每个关口、每天的灯，并核对各项不变量。"""
    days = 366 + CALM_DAYS
    with call.progress(f"演练 {year} 年") as advance:
        done = play(
            year,
            settings=call.settings,
            seed=faults,
            units=units,
            until=until,
            campaign=campaign,
            progress=lambda day: advance(day.timetuple().tm_yday, days),
        )
    if to is not None:
        to.write_text("\n".join(map(_line, done.lines)) + "\n", encoding="utf-8")
    if not done.held:
        complain(f"有 {len(done.violations)} 处违反不变量；重放：{done.command}")
    return Answer(done, _rehearsed(done, brief=brief or to is not None), status=0 if done.held else 1)


def _rehearsed(done: Rehearsal, *, brief: bool) -> Iterator[str]:
    yield from () if brief else (*map(_line, done.lines), *map(_reminder, done.reminders))
    yield (
        f"{done.year}年演练完毕：{done.editions}项行动、{done.obligations}项任务、{done.acts}次办理"
        f"（其中{done.refusals}次按规则不予办理）、{done.letters}封信。"
    )
    if done.seed is not None:
        yield (
            f"故障（种子 {done.seed}）：断电{done.deaths}次、漏开{done.skipped}天、去向不明{done.broken_off}封。"
        )
    yield from (f"违反不变量 {violation}" for violation in done.violations)
    if done.held:
        yield "各项不变量全部成立。"


def _reminder(one: PlayedReminder) -> str:
    """A day, a rung, whose matter, who is told, and the letter; or why there is none."""
    matter = f"{one.unit}·{one.milestone}" + (f"（{one.label}）" if one.label else "")
    said = f"{one.on}  {one.rung}  {matter}  时限{one.due_on}  告知{one.told}"
    if one.letter is not None:
        return f"{said}  {one.handed_on}信{one.letter} → {one.address}"
    return f"{said}  {one.cause or UNSENT.get(one.status, '没有发出')}"


def _line(line: Line) -> str:
    return f"{line.on}  {LINE_NAMES[line.what]}  {line.text}"
