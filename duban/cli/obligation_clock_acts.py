"""The acts of duban obligation that touch its clock: extension, suspension, resumption, waiver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import typer

from duban.cli.obligation_acts import Number, told
from duban.cli.options import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, say
from duban.obligations.bulk import ManyActed, resume_many, scope_named, suspend_many, waive_many
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES
from duban.obligations.transitions import ask_extension, decide_extension, resume, suspend, waive
from duban.wiring import actor, open_bureau

OneOrNone = Annotated[int | None, typer.Argument(help="任务编号；成批办理时不写。")]
Edition = Annotated[
    str | None, typer.Option("--edition", help="成批：整个专项行动，如 place_name_signs/2026。")
]
Unit = Annotated[str | None, typer.Option("--unit", help="成批：整个单位，可与 --edition 同用。")]
Reason = Annotated[str, typer.Option("--reason", help="理由。")]
Authority = Annotated[str, typer.Option("--authority", help="依据：批准人或文号。")]


def _extend(
    obligation: Number,
    ask: Annotated[date | None, day_option("--ask", "申请：希望延至的日期。")] = None,
    grant: Annotated[date | None, day_option("--grant", "批复：同意延至的日期。")] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="批复：不同意延期。")] = False,
    reason: Annotated[str, typer.Option("--reason", help="申请理由。")] = "",
    progress: Annotated[str, typer.Option("--progress", help="目前进展。")] = "",
    reply: Annotated[str, typer.Option("--reply", help="批复意见。")] = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """延期：责任单位到期前申请（--ask），领导或统筹科室批复（--grant 或 --refuse）。"""
    if sum((ask is not None, grant is not None, refuse)) != 1:
        raise typer.BadParameter("请在 --ask、--grant 和 --refuse 中选一个。")
    with open_bureau() as bureau:
        common: dict[str, Any] = {"by": actor(bureau, by), "now": moment(on), "dry_run": dry_run}
        if ask is not None:
            done = ask_extension(
                bureau, obligation, wanted_on=ask, reason=reason, progress=progress, **common
            )
        else:
            done = decide_extension(bureau, obligation, granted_on=grant, reply=reply, **common)
    told(done, dry_run=dry_run, as_json=as_json)


def _suspend(
    obligation: OneOrNone = None,
    edition: Edition = None,
    unit: Unit = None,
    reason: Reason = "",
    authority: Authority = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """暂停计时：一项，或整个专项行动、整个单位。"""
    grounds = {"reason": reason, "authority": authority}
    _one_or_many(suspend, suspend_many, obligation, edition, unit, by, on, dry_run, as_json, grounds)


def _resume(
    obligation: OneOrNone = None,
    edition: Edition = None,
    unit: Unit = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """恢复计时：补回暂停的日历日，但不超过上级时限。"""
    _one_or_many(resume, resume_many, obligation, edition, unit, by, on, dry_run, as_json, {})


def _waive(
    obligation: OneOrNone = None,
    edition: Edition = None,
    unit: Unit = None,
    reason: Reason = "",
    authority: Authority = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """免办：一项，或整个专项行动、整个单位；不计入办结率。"""
    grounds = {"reason": reason, "authority": authority}
    _one_or_many(waive, waive_many, obligation, edition, unit, by, on, dry_run, as_json, grounds)


def _one_or_many(
    one: Callable[..., Any],
    many: Callable[..., ManyActed],
    obligation: int | None,
    edition: str | None,
    unit: str | None,
    by: str | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
    grounds: dict[str, str],
) -> None:
    if (obligation is None) == (edition is None and unit is None):
        raise typer.BadParameter("请写一个任务编号，或用 --edition、--unit 指明成批的范围。")
    with open_bureau() as bureau:
        common: dict[str, Any] = {"by": actor(bureau, by), "now": moment(on), "dry_run": dry_run, **grounds}
        if obligation is not None:
            done = one(bureau, obligation, **common)
        else:
            some = many(bureau, scope_named(bureau, edition=edition, unit=unit), **common)
    if obligation is not None:
        told(done, dry_run=dry_run, as_json=as_json)
    else:
        _told_many(some, dry_run=dry_run, as_json=as_json)


def _told_many(done: ManyActed, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "verb": done.verb, "changed": done.changed, "left": done.left})
        return
    left = "、".join(f"{STATE_NAMES[state]}{count}项" for state, count in done.left.items())
    head = "试运行，未写入：" if dry_run else "已办理："
    say(f"{head}{TRANSITION_NAMES[done.verb]}{done.changed}项。" + (f"未动：{left}。" if left else ""))


COMMANDS: dict[str, Callable[..., None]] = {
    "extend": _extend,
    "suspend": _suspend,
    "resume": _resume,
    "waive": _waive,
}
