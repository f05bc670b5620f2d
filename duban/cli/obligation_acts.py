"""The acts of duban obligation that move a matter along: taking on, handing in, reviewing, signing off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from duban.cli.options import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, say
from duban.evidence.reviews import pass_review, send_back, sign_off, spot_check
from duban.evidence.rules import parse_figure
from duban.evidence.service import FigureItem, FileItem, LinkItem, submit
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES
from duban.obligations.transitions import (
    TransitionDone,
    acknowledge,
    archive,
    forward,
    reassign_handler,
    reopen,
)
from duban.units.service import person_named
from duban.wiring import actor, open_bureau

Number = Annotated[int, typer.Argument(help="任务编号（duban obligation list 可查）。")]
Version = Annotated[int | None, typer.Option("--version", help="查看时的版本号；其间若有人改动，就不办理。")]
ResubmitBy = Annotated[date | None, day_option("--resubmit-by", "补正时限，不超过上级时限。")]


def told(done: TransitionDone, *, dry_run: bool, as_json: bool) -> None:
    """Say what came of one act."""
    if as_json:
        print_json({"dry_run": dry_run, **_answer(done)})
        return
    moved = f"，时限由{done.previous_due_on}改为{done.due_on}" if done.previous_due_on != done.due_on else ""
    letters = f"，已备消息{done.messages}条" if done.messages else ""
    late = "，记逾期" if done.late else ""
    head = "试运行，未写入：" if dry_run else "已办理："
    say(
        f"{head}{TRANSITION_NAMES[done.verb]} #{done.obligation_id} {done.title}（{done.unit}），"
        f"现为“{STATE_NAMES[done.state]}”{moved}{late}{letters}。"
    )


def _answer(done: TransitionDone) -> dict[str, object]:
    return {name: getattr(done, name) for name in done.__slots__}


def _acknowledge(
    obligation: Number,
    handler: Annotated[str | None, typer.Option("--handler", help="经办人姓名，默认操作人自己。")] = None,
    backup: Annotated[str | None, typer.Option("--backup", help="备岗（B角）姓名。")] = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """签收：明确经办人和备岗。"""
    with open_bureau() as bureau:
        done = acknowledge(
            bureau,
            obligation,
            handler_id=person_named(bureau, handler).person_id if handler else None,
            backup_id=person_named(bureau, backup).person_id if backup else None,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _submit(
    obligation: Number,
    file: Annotated[
        list[str] | None, typer.Option("--file", metavar="材料=路径", help="附一个文件，可写多次。")
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", metavar="材料=数值单位", help="填一个数据，如 count=93人，可写多次。"),
    ] = None,
    link: Annotated[
        list[str] | None, typer.Option("--link", metavar="材料=网址", help="填一个公开链接，可写多次。")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="文件所在文件夹；写了就只收其中的文件。")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="说明。")] = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """报结：报送佐证材料，等待审核。"""
    items: list[FileItem | FigureItem | LinkItem] = []
    for key, value in _pairs("--file", file):
        items.append(FileItem(key=key, path=Path(value), folder=folder))
    items += [_figure(key, value) for key, value in _pairs("--figure", figure)]
    items += [LinkItem(key=key, link=value) for key, value in _pairs("--link", link)]
    with open_bureau() as bureau:
        done = submit(
            bureau, obligation, items=items, note=note, by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _pairs(flag: str, given: list[str] | None) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given or ()]
    for key, sign, value in pairs:
        if not (key and sign and value):
            raise typer.BadParameter(f"{flag} 要写成 材料=内容 的样子，写的是“{key}{sign}{value}”。")
    return [(key.strip(), value) for key, _, value in pairs]


def _figure(key: str, text: str) -> FigureItem:
    found = parse_figure(text)
    if found is None:
        raise typer.BadParameter(f"“{text}”不是数据，请写成 {key}=93人 的样子。")
    return FigureItem(key=key, value=found[0], unit_of_measure=found[1])


def _review(
    obligation: Number,
    passes: Annotated[bool, typer.Option("--pass", help="本级审核通过。")] = False,
    sends_back: Annotated[bool, typer.Option("--send-back", help="退回补正。")] = False,
    reason: Annotated[str, typer.Option("--reason", help="退回原因，或通过时的意见。")] = "",
    resubmit_by: ResubmitBy = None,
    version: Version = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """审核：通过本级，或写明原因退回。"""
    if passes == sends_back:
        raise typer.BadParameter("请在 --pass 和 --send-back 中选一个。")
    with open_bureau() as bureau:
        common: dict[str, Any] = {"by": actor(bureau, by), "now": moment(on), "dry_run": dry_run}
        common["version"] = version
        if passes:
            done = pass_review(bureau, obligation, remark=reason, **common)
        else:
            done = send_back(bureau, obligation, reason=reason, resubmit_by_on=resubmit_by, **common)
    told(done, dry_run=dry_run, as_json=as_json)


def _sign_off(
    obligation: Number,
    note: Annotated[str, typer.Option("--note", help="备注。")] = "",
    version: Version = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """销号：审核全部通过后，由报送人和审核人以外的同志办理。"""
    with open_bureau() as bureau:
        done = sign_off(
            bureau,
            obligation,
            note=note,
            by=actor(bureau, by),
            now=moment(on),
            version=version,
            dry_run=dry_run,
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _archive(
    obligation: Number, by: As = None, on: On = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """归档已销号的任务。"""
    with open_bureau() as bureau:
        done = archive(bureau, obligation, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    told(done, dry_run=dry_run, as_json=as_json)


def _reopen(
    obligation: Number,
    reason: Annotated[str, typer.Option("--reason", help="原因：抽查不合格或新的情况。")],
    resubmit_by: ResubmitBy = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """重新打开已销号、已归档或免办的任务；逾期记录不消除。"""
    with open_bureau() as bureau:
        done = reopen(
            bureau,
            obligation,
            reason=reason,
            resubmit_by_on=resubmit_by,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _spot_check(
    obligation: Number,
    passed: Annotated[bool, typer.Option("--passed/--failed", help="抽查结论。")],
    finding: Annotated[str, typer.Option("--finding", help="核实情况。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """抽查：由未经手的同志核实并记录。"""
    with open_bureau() as bureau:
        done = spot_check(
            bureau,
            obligation,
            passed=passed,
            finding=finding,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _forward(
    obligation: Number,
    to: Annotated[str, typer.Option("--to", help="应承办单位的编码、名称或别名。")],
    reason: Annotated[str, typer.Option("--reason", help="改派原因。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """改派：交错单位的任务转给应承办的单位。"""
    with open_bureau() as bureau:
        done = forward(
            bureau,
            obligation,
            to_unit=to,
            reason=reason,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    told(done, dry_run=dry_run, as_json=as_json)


def _handover(
    from_: Annotated[str, typer.Option("--from", help="移交人姓名。")],
    to: Annotated[str, typer.Option("--to", help="接手人姓名。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """移交：把一位经办人名下未办结的任务全部转给同单位的另一位。"""
    with open_bureau() as bureau:
        done = reassign_handler(
            bureau,
            from_person=person_named(bureau, from_),
            to_person=person_named(bureau, to),
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json(done)
        return
    head = "试运行，未写入：" if dry_run else "已办理："
    say(f"{head}{done.from_person}名下{done.obligations}项未办结任务移交{done.to_person}。")


COMMANDS: dict[str, Callable[..., None]] = {
    "acknowledge": _acknowledge,
    "submit": _submit,
    "review": _review,
    "sign-off": _sign_off,
    "archive": _archive,
    "reopen": _reopen,
    "spot-check": _spot_check,
    "forward": _forward,
    "handover": _handover,
}
