"""duban obligation: the ledger, and every act on it.

An act takes its options from the table of transitions; a few verbs share a command, told apart by a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic_core import PydanticUndefined

from duban.bureau import Bureau
from duban.cli.command import ACT, Answer, Call, Table, command, day_option
from duban.cli.obligation_page import as_answer, as_file, file_in_words, row_in_words
from duban.core.access import SYSTEM, Role
from duban.core.clock import ZONE
from duban.core.lights import Light
from duban.editions.queries import edition_named
from duban.evidence.rules import parse_figure
from duban.evidence.service import FigureItem, FileItem, LinkItem, save_evidence_copy, submit
from duban.letters.chases import chase_now
from duban.letters.queries import ChaseScope
from duban.obligations.file import open_obligation, show_obligation
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import OBLIGATIONS_PAGE, list_obligations
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES, State, Transition
from duban.obligations.transitions import (
    TRANSITIONS,
    ExtensionDecision,
    ExtensionRequest,
    ForwardDecision,
    Forwarding,
    ReviewPass,
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

app = typer.Typer(
    no_args_is_help=True, help="任务台账：查看、签收、报送、审核、销号、延期、暂停、免办、重开。"
)

Number = Annotated[int, typer.Argument(help="任务编号（duban obligation list 可查）。")]


@command(app, "list", "as", "on")
def list_(
    call: Call,
    unit: Annotated[str | None, typer.Option("--unit", help="责任单位的编码、名称或别名。")] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", help="专项行动的编码，或名称的一部分。")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="年度。")] = None,
    state: Annotated[
        list[State] | None,
        typer.Option(
            "--state", help="状态，可写多次：" + "、".join(f"{s.value} {STATE_NAMES[s]}" for s in State)
        ),
    ] = None,
    light: Annotated[
        Light | None, typer.Option("--light", help="灯：red 红、yellow 黄、green 绿、grey 灰。")
    ] = None,
    due_from: Annotated[date | None, day_option("--due-from", "时限不早于这一天。")] = None,
    due_until: Annotated[date | None, day_option("--due-until", "时限不晚于这一天。")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="只看 --as 那个人手上的。")] = False,
    page: Annotated[int, typer.Option("--page", min=1, help="第几页。")] = 1,
    page_size: Annotated[
        int, typer.Option("--page-size", min=1, max=1000, help="每页几条。")
    ] = OBLIGATIONS_PAGE,
) -> Answer:
    """按条件列出任务，时限早的在前；灯与提醒所据的完全一致。"""
    wanted = ObligationFilter(
        unit_id=unit_named(call.bureau, unit).id if unit else None,
        campaign=campaign,
        year=year,
        states=frozenset(state or ()),
        due_from=due_from,
        due_until=due_until,
        mine=call.by if mine else None,
    )
    found = list_obligations(
        call.bureau, wanted, today=call.today, by=SYSTEM, light=light, page=page, page_size=page_size
    )
    total = "" if found.total is None else f"，共{found.total}条"
    columns = ("编号", "专项行动", "节点", "责任单位", "状态", "灯", "时限", "最后工作日", "经办人")
    rows = (row_in_words(one) for one in found.obligations)
    return Answer(as_answer(found), Table(f"任务台账（第{found.page}页{total}）", columns, rows))


@command(app, "show", "as", "on")
def show(call: Call, obligation: Annotated[int, typer.Argument(help="任务编号。")]) -> Answer:
    """看一项任务的全部：来源、时限、应报材料、报送、审核、延期、提醒和留痕。"""
    # Looked at in a reviewer's name it is opened, as on his page.
    if call.names_actor:
        open_obligation(call.bureau, obligation, by=call.by, now=call.bureau.now())
    shown = show_obligation(call.bureau, obligation, by=SYSTEM, today=call.today)
    return Answer(as_file(shown), file_in_words(shown))


@command(app, "evidence", *ACT)
def evidence(
    call: Call,
    obligation: Annotated[int, typer.Argument(help="任务编号。")],
    sha256: Annotated[str, typer.Argument(help="材料的 SHA-256，开头几位即可（show 可查）。")],
    to: Annotated[Path, typer.Option("--to", help="另存为哪个新文件。")],
) -> Answer:
    """查阅一份材料：核对指纹后另存一份，并留痕。"""
    opened = save_evidence_copy(call.bureau, obligation, sha256, to=to, **call.act)
    did = "试运行，未另存" if call.dry_run else "已核对并另存"
    return Answer(opened, f"{did}：{opened.item.filename} → {opened.path}")


@command(app, "chase", *ACT)
def chase(
    call: Call,
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
) -> Answer:
    """即时催办：正在办理的任务，一个单位一天最多一次；--dry-run 显示每一封的内容。"""
    scope = ChaseScope(
        edition_id=edition_named(call.bureau, edition) if edition else None,
        unit_ids=tuple(unit_named(call.bureau, name).id for name in unit or ()),
        obligation_ids=tuple(obligation or ()),
        due_until=due_until,
    )
    done = chase_now(call.bureau, scope, words=words, **call.act)
    letters = [
        (
            f"—— {one.unit} {one.to_name} <{one.address}>：{one.subject or ''}",
            one.text or "（内容同上，只是所列任务不同）",
        )
        for one in (done.letters if call.dry_run else ())
    ]
    leaves = f"最早{done.leaves_at.astimezone(ZONE):%m-%d %H:%M}发出。" if done.letters else ""
    return Answer({"dry_run": call.dry_run, "chased": done}, letters, call.head() + done.sentence + leaves)


# Which verb an answer to the options means, and what of the options is its input.
Choice = Callable[[Call, dict[str, Any]], tuple[Transition, dict[str, Any]]]
_VERSION = Annotated[int | None, typer.Option("--version", help="查看时的版本号；其间若有人改动，就不办理。")]
_ONE_OR_MANY = {
    "obligation": Annotated[int | None, typer.Argument(help="任务编号；成批办理时不写。")],
    "edition": Annotated[
        str | None, typer.Option("--edition", help="成批：整个专项行动，如 place_name_signs/2026。")
    ],
    "unit": Annotated[str | None, typer.Option("--unit", help="成批：整个单位，可与 --edition 同用。")],
}


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


def _act(
    name: str,
    verb: Transition,
    options: list[Parameter] | None = None,
    choose: Choice | None = None,
    *,
    many: bool = False,
    versioned: bool = False,
) -> None:
    """A verb's command, with an option for each field of its input; or with `options` of which `choose` makes one."""
    takes = TRANSITIONS[verb].takes

    def run(call: Call, **given: Any) -> Answer:
        number, version = given.pop("obligation"), given.pop("version", None)
        edition, unit = given.pop("edition", None), given.pop("unit", None)
        if many and (number is None) == (edition is None and unit is None):
            raise typer.BadParameter("请写一个任务编号，或用 --edition、--unit 指明成批的范围。")
        meant, values = choose(call, given) if choose else (verb, given)
        input_ = _input(call.bureau, meant, values)
        if number is not None:
            return _done(call, transition(call.bureau, number, meant, input_, version=version, **call.act))
        selection = selection_named(call.bureau, edition=edition, unit=unit)
        done = transition_many(call.bureau, selection, meant, input_, **call.act)
        left = "、".join(f"{STATE_NAMES[state]}{count}项" for state, count in done.left.items())
        return Answer(
            {"dry_run": call.dry_run, "verb": done.verb, "changed": done.changed, "left": done.left},
            f"{call.head('已办理：')}{TRANSITION_NAMES[done.verb]}{done.changed}项。"
            + (f"未动：{left}。" if left else ""),
        )

    about = {name: _parameter(name, kind) for name, kind in _ONE_OR_MANY.items()}
    parameters = [
        *(about.values() if many else [_parameter("obligation", Number, Parameter.empty)]),
        *(options or [_option(takes, field) for field in takes.model_fields]),
        *([_parameter("version", _VERSION)] if versioned else []),
    ]
    run.__doc__ = TRANSITIONS[verb].help
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = Signature(  # type: ignore[attr-defined]  # typer reads it
        [Parameter("call", Parameter.POSITIONAL_OR_KEYWORD), *parameters]
    )
    command(app, name, *ACT)(run)


def _input(bureau: Bureau, verb: Transition, values: Mapping[str, Any]) -> TransitionInput:
    model = TRANSITIONS[verb].takes
    people = {
        name: person_named(bureau, value).person_id
        for name, value in values.items()
        if value is not None and asked_of(model, name).person
    }
    return model(**{**values, **people})


def _review(_: Call, given: dict[str, Any]) -> tuple[Transition, dict[str, Any]]:
    passes, sends_back = given.pop("passes"), given.pop("sends_back")
    if passes == sends_back:
        raise typer.BadParameter("请在 --pass 和 --send-back 中选一个。")
    accepts = given.pop("accepts_stated")
    if passes:
        return Transition.PASS, {"remark": given["reason"], "accepts_stated": accepts}
    return Transition.SEND_BACK, given


def _extend(_: Call, given: dict[str, Any]) -> tuple[Transition, dict[str, Any]]:
    asks, grants, refuses = given["wanted_on"] is not None, given["granted_on"] is not None, given["refuse"]
    if sum((asks, grants, refuses)) != 1:
        raise typer.BadParameter("请在 --ask、--grant 和 --refuse 中选一个。")
    verb = Transition.ASK_EXTENSION if asks else Transition.DECIDE_EXTENSION
    return verb, {name: given[name] for name in TRANSITIONS[verb].takes.model_fields}


def _forward(call: Call, given: dict[str, Any]) -> tuple[Transition, dict[str, Any]]:
    """A coordinator decides at once; a unit asks."""
    grants, refuses = given.pop("grants"), given.pop("refuse")
    if sum((given["to_unit"] is not None, grants, refuses)) != 1:
        raise typer.BadParameter("请在 --to、--grant 和 --refuse 中选一个。")
    if grants or refuses:
        return Transition.DECIDE_FORWARD, {"granted": grants, "reply": given["reply"]}
    verb = Transition.FORWARD if Role.COORDINATOR in call.by.roles else Transition.ASK_FORWARD
    return verb, {"to_unit": given["to_unit"], "reason": given["reason"] or ""}


def _done(call: Call, done: TransitionDone) -> Answer:
    moved = f"，时限由{done.previous_due_on}改为{done.due_on}" if done.previous_due_on != done.due_on else ""
    letters = f"，已备消息{done.messages}条" if done.messages else ""
    late = "，记逾期" if done.late else ""
    return Answer(
        {"dry_run": call.dry_run, **{name: getattr(done, name) for name in done.__slots__}},
        f"{call.head('已办理：')}{TRANSITION_NAMES[done.verb]} #{done.obligation_id} {done.title}（{done.unit}），"
        f"现为“{STATE_NAMES[done.state]}”{moved}{late}{letters}。",
    )


_act("acknowledge", Transition.ACKNOWLEDGE)


@command(app, "submit", *ACT)
def submit_(
    call: Call,
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
    zero_report: Annotated[
        bool, typer.Option("--zero-report", help="零报告：设有问题台账的节点没有查出问题。")
    ] = False,
    figure_reason: Annotated[
        str, typer.Option("--figure-reason", help="数据明显偏离目标、上次或其他数据时的原因。")
    ] = "",
) -> Answer:
    """报结：报送佐证材料，等待审核。"""
    items: list[FileItem | FigureItem | LinkItem] = [
        *(FileItem(key=key, path=Path(value), folder=folder) for key, value in _pairs("--file", file)),
        *(_figure(key, value) for key, value in _pairs("--figure", figure)),
        *(LinkItem(key=key, link=value) for key, value in _pairs("--link", link)),
    ]
    return _done(
        call,
        submit(
            call.bureau,
            obligation,
            items=items,
            note=note,
            zero_report=zero_report,
            figure_reason=figure_reason,
            **call.act,
        ),
    )


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


_act(
    "review",
    Transition.PASS,
    [
        _flag("passes", "--pass", "本级审核通过。"),
        _flag("sends_back", "--send-back", "退回补正。"),
        *(_option(SendBack, name) for name in SendBack.model_fields),
        _option(ReviewPass, "accepts_stated"),
    ],
    _review,
    versioned=True,
)
_act("sign-off", Transition.SIGN_OFF, versioned=True)
_act("archive", Transition.ARCHIVE)
_act("reopen", Transition.REOPEN)
_act("spot-check", Transition.SPOT_CHECK)
_act(
    "forward",
    Transition.FORWARD,
    [
        _option(Forwarding, "to_unit", optional=True),
        _option(Forwarding, "reason", optional=True),
        _flag("grants", "--grant", "批复：同意改派。"),
        _flag("refuse", "--refuse", "批复：不同意改派。"),
        _option(ForwardDecision, "reply"),
    ],
    _forward,
)
_act("take-back", Transition.TAKE_BACK)
_act("state-date", Transition.STATE_DATE)
_act("allow-early", Transition.ALLOW_EARLY)
_act("assign", Transition.ASSIGN)


@command(app, "handover", *ACT)
def handover(
    call: Call,
    from_: Annotated[str, typer.Option("--from", help="移交人姓名。")],
    to: Annotated[str, typer.Option("--to", help="接手人姓名。")],
) -> Answer:
    """移交：把一位经办人名下未办结的任务全部转给同单位的另一位。"""
    people = {"from_person": person_named(call.bureau, from_), "to_person": person_named(call.bureau, to)}
    done = reassign_handler(call.bureau, **people, **call.act)
    return Answer(
        done,
        f"{call.head('已办理：')}{done.from_person}名下{done.obligations}项未办结任务移交{done.to_person}。",
    )


_act(
    "extend",
    Transition.ASK_EXTENSION,
    [
        _option(ExtensionRequest, "wanted_on", optional=True),
        _option(ExtensionDecision, "granted_on"),
        _flag("refuse", "--refuse", "批复：不同意延期。"),
        _option(ExtensionRequest, "reason"),
        _option(ExtensionRequest, "progress"),
        _option(ExtensionDecision, "reply"),
    ],
    _extend,
)
_act("suspend", Transition.SUSPEND, many=True)
_act("resume", Transition.RESUME, many=True)
_act("waive", Transition.WAIVE, many=True)
