"""The acts of duban obligation. Each takes its options from the table of transitions; a few are told apart by a flag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic_core import PydanticUndefined

from duban.bureau import Bureau
from duban.cli.command import As, DryRun, Json, On, day_option, moment
from duban.cli.output import print_json, say
from duban.core.clock import ZONE
from duban.editions.queries import edition_named
from duban.evidence.rules import parse_figure
from duban.evidence.service import FigureItem, FileItem, LinkItem, submit
from duban.letters.chases import chase_now
from duban.letters.queries import ChaseScope
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES, Transition
from duban.obligations.transitions import (
    TRANSITIONS,
    BulkDone,
    ExtensionDecision,
    ExtensionRequest,
    SendBack,
    TransitionDone,
    TransitionInput,
    asked_of,
    reassign_handler,
    selection_named,
    transition,
    transition_many,
)
from duban.units.service import person_named, unit_named
from duban.wiring import actor, open_bureau

Number = Annotated[int, typer.Argument(help="任务编号（duban obligation list 可查）。")]
_VERSION = Annotated[int | None, typer.Option("--version", help="查看时的版本号；其间若有人改动，就不办理。")]
_ONE_OR_MANY = {
    "obligation": Annotated[int | None, typer.Argument(help="任务编号；成批办理时不写。")],
    "edition": Annotated[
        str | None, typer.Option("--edition", help="成批：整个专项行动，如 place_name_signs/2026。")
    ],
    "unit": Annotated[str | None, typer.Option("--unit", help="成批：整个单位，可与 --edition 同用。")],
}
# Which verb an answer to the options means, and what of the options is its input.
Choice = Callable[[dict[str, Any]], tuple[Transition, dict[str, Any]]]


def _option(model: type[TransitionInput], name: str, *, optional: bool = False) -> Parameter:
    """An input's field as an option; `optional` where a flag decides whether its verb is meant at all."""
    field, asked = model.model_fields[name], asked_of(model, name)
    kind: Any = field.annotation
    if asked.person:
        kind = str | None
    elif optional:
        kind = kind | None
    dated = date in (field.annotation, *get_args(field.annotation))
    option = day_option(asked.option, asked.help) if dated else typer.Option(asked.option, help=asked.help)
    default = None if optional else field.default
    return _parameter(
        name, Annotated[kind, option], Parameter.empty if default is PydanticUndefined else default
    )


def _parameter(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _flag(name: str, flag: str, help_: str) -> Parameter:
    return _parameter(name, Annotated[bool, typer.Option(flag, help=help_)], False)


def _command(
    help_: str, parameters: list[Parameter], choose: Choice, *, many: bool = False, versioned: bool = False
) -> Callable[..., None]:
    """A command out of its parameters, with those that every act has around them."""

    def run(by: str | None, on: date | None, dry_run: bool, as_json: bool, **given: Any) -> None:
        number, version = given.pop("obligation"), given.pop("version", None)
        edition, unit = given.pop("edition", None), given.pop("unit", None)
        if many and (number is None) == (edition is None and unit is None):
            raise typer.BadParameter("请写一个任务编号，或用 --edition、--unit 指明成批的范围。")
        verb, values = choose(given)
        with open_bureau() as bureau:
            input_ = _input(bureau, verb, values)
            common: dict[str, Any] = {"by": actor(bureau, by), "now": moment(on), "dry_run": dry_run}
            if number is None:
                selection = selection_named(bureau, edition=edition, unit=unit)
                some = transition_many(bureau, selection, verb, input_, **common)
            else:
                done = transition(bureau, number, verb, input_, version=version, **common)
        if number is None:
            _told_many(some, dry_run=dry_run, as_json=as_json)
        else:
            told(done, dry_run=dry_run, as_json=as_json)

    about = [_parameter(name, kind) for name, kind in _ONE_OR_MANY.items()]
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            *(about if many else [_parameter("obligation", Number, Parameter.empty)]),
            *parameters,
            *([_parameter("version", _VERSION)] if versioned else []),
            _parameter("by", As),
            _parameter("on", On),
            _parameter("dry_run", DryRun, False),
            _parameter("as_json", Json, False),
        ]
    )
    run.__annotations__ = {}
    run.__doc__ = help_
    return run


def _input(bureau: Bureau, verb: Transition, values: Mapping[str, Any]) -> TransitionInput:
    model = TRANSITIONS[verb].takes
    people = {
        name: person_named(bureau, value).person_id
        for name, value in values.items()
        if value is not None and asked_of(model, name).person
    }
    return model(**{**values, **people})


def _of(verb: Transition, *, many: bool = False, versioned: bool = False) -> Callable[..., None]:
    """A command that does one verb, with an option for each field of its input."""
    spec = TRANSITIONS[verb]
    options = [_option(spec.takes, name) for name in spec.takes.model_fields]
    return _command(spec.help, options, lambda given: (verb, given), many=many, versioned=versioned)


def _review(given: dict[str, Any]) -> tuple[Transition, dict[str, Any]]:
    passes, sends_back = given.pop("passes"), given.pop("sends_back")
    if passes == sends_back:
        raise typer.BadParameter("请在 --pass 和 --send-back 中选一个。")
    return (Transition.PASS, {"remark": given["reason"]}) if passes else (Transition.SEND_BACK, given)


def _extend(given: dict[str, Any]) -> tuple[Transition, dict[str, Any]]:
    asks, grants, refuses = given["wanted_on"] is not None, given["granted_on"] is not None, given["refuse"]
    if sum((asks, grants, refuses)) != 1:
        raise typer.BadParameter("请在 --ask、--grant 和 --refuse 中选一个。")
    verb = Transition.ASK_EXTENSION if asks else Transition.DECIDE_EXTENSION
    return verb, {name: given[name] for name in TRANSITIONS[verb].takes.model_fields}


def told(done: TransitionDone, *, dry_run: bool, as_json: bool) -> None:
    """Say what came of one act."""
    if as_json:
        print_json({"dry_run": dry_run, **{name: getattr(done, name) for name in done.__slots__}})
        return
    moved = f"，时限由{done.previous_due_on}改为{done.due_on}" if done.previous_due_on != done.due_on else ""
    letters = f"，已备消息{done.messages}条" if done.messages else ""
    late = "，记逾期" if done.late else ""
    say(
        f"{_head(dry_run)}{TRANSITION_NAMES[done.verb]} #{done.obligation_id} {done.title}（{done.unit}），"
        f"现为“{STATE_NAMES[done.state]}”{moved}{late}{letters}。"
    )


def _told_many(done: BulkDone, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "verb": done.verb, "changed": done.changed, "left": done.left})
        return
    left = "、".join(f"{STATE_NAMES[state]}{count}项" for state, count in done.left.items())
    say(
        f"{_head(dry_run)}{TRANSITION_NAMES[done.verb]}{done.changed}项。"
        + (f"未动：{left}。" if left else "")
    )


def _head(dry_run: bool) -> str:
    return "试运行，未写入：" if dry_run else "已办理："


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
    say(f"{_head(dry_run)}{done.from_person}名下{done.obligations}项未办结任务移交{done.to_person}。")


def chase(
    obligation: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="要催办的任务编号。")
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="专项行动/年度", help="只催办这项行动的。")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="只催办这个单位的，可写多次：编码、名称或别名。")
    ] = None,
    due_until: Annotated[date | None, day_option("--due-until", "只催办这一天及以前到期的。")] = None,
    words: Annotated[str, typer.Option("--words", help="催办说明，写在消息里。")] = "",
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """即时催办：正在办理的任务，一个单位一天最多一次；--dry-run 显示每一封的内容。"""
    with open_bureau() as bureau:
        scope = ChaseScope(
            edition_id=edition_named(bureau, edition) if edition else None,
            unit_ids=tuple(unit_named(bureau, name).id for name in unit or ()),
            obligation_ids=tuple(obligation or ()),
            due_until=due_until,
        )
        done = chase_now(bureau, scope, words=words, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "chased": done})
        return
    for one in done.letters if dry_run else ():
        say(f"—— {one.unit} {one.to_name} <{one.address}>：{one.subject or ''}")
        say(one.text or "（内容同上，只是所列任务不同）")
    leaves = f"最早{done.leaves_at.astimezone(ZONE):%m-%d %H:%M}发出。" if done.letters else ""
    say(("试运行，未写入：" if dry_run else "") + done.sentence + leaves)


COMMANDS: dict[str, Callable[..., None]] = {
    "chase": chase,
    "acknowledge": _of(Transition.ACKNOWLEDGE),
    "submit": _submit,
    "review": _command(
        TRANSITIONS[Transition.PASS].help,
        [
            _flag("passes", "--pass", "本级审核通过。"),
            _flag("sends_back", "--send-back", "退回补正。"),
            *(_option(SendBack, name) for name in SendBack.model_fields),
        ],
        _review,
        versioned=True,
    ),
    "sign-off": _of(Transition.SIGN_OFF, versioned=True),
    "archive": _of(Transition.ARCHIVE),
    "reopen": _of(Transition.REOPEN),
    "spot-check": _of(Transition.SPOT_CHECK),
    "forward": _of(Transition.FORWARD),
    "handover": _handover,
    "extend": _command(
        TRANSITIONS[Transition.ASK_EXTENSION].help,
        [
            _option(ExtensionRequest, "wanted_on", optional=True),
            _option(ExtensionDecision, "granted_on"),
            _flag("refuse", "--refuse", "批复：不同意延期。"),
            _option(ExtensionRequest, "reason"),
            _option(ExtensionRequest, "progress"),
            _option(ExtensionDecision, "reply"),
        ],
        _extend,
    ),
    "suspend": _of(Transition.SUSPEND, many=True),
    "resume": _of(Transition.RESUME, many=True),
    "waive": _of(Transition.WAIVE, many=True),
}
