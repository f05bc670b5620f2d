"""duban account: who can come in, and who no longer. duban person: who may do what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from duban.accounts.passwords import set_password
from duban.accounts.passwords import unlock as unlock_account
from duban.accounts.people import (
    add_person,
    add_person_unit,
    list_people,
    remove_person_unit,
    retire_person,
    take_role,
)
from duban.accounts.rules import MOST_TOKEN_DAYS, SCOPE_NAMES, TokenScope
from duban.accounts.sessions import bind_subject, end_sessions, list_sessions, make_one_time, revoke_links
from duban.accounts.tokens import list_client_tokens, make_client_token, revoke_client_token
from duban.cli.command import ACT, Answer, Call, Table, command
from duban.core.access import ROLE_NAMES, SYSTEM, Actor, Role
from duban.core.clock import ZONE
from duban.units.queries import Person
from duban.units.service import person_named, unit_named

app = typer.Typer(no_args_is_help=True, help="账号、登录、链接与接口令牌。")
people = typer.Typer(no_args_is_help=True, help="人员与角色。")

Name = Annotated[str, typer.Argument(metavar="姓名", help="姓名，或 姓名@单位。")]
PersonName = Annotated[str, typer.Argument(help="姓名，或 姓名@单位。")]


@command(app, "one-time", *ACT)
def one_time(call: Call, name: Name) -> Answer:
    """生成一次性登录链接：没有密码或忘记密码的人凭它登录一次，然后设置密码。"""
    person = person_named(call.bureau, name)
    settings = call.settings
    path = f"/once/{make_one_time(call.bureau, person_id=_id(person), **call.act)}"
    found = {"name": person.name, "path": None if call.dry_run else path, "written": not call.dry_run}
    if call.dry_run:
        return Answer(found, f"{call.head()}将为{person.name}生成一次性登录链接。")
    return Answer(
        found,
        f"{person.name}的一次性登录链接（{settings.one_time_hours} 小时内用一次有效，先前没用过的已作废）：",
        (settings.link_start or "") + path,
    )


@command(app, "sessions", "on")
def sessions(
    call: Call, name: Annotated[str | None, typer.Argument(metavar="姓名", help="只看一个人。")] = None
) -> Answer:
    """列出还在登录着的会话。"""
    person_id = _id(person_named(call.bureau, name)) if name else None
    found = list_sessions(call.bureau, person_id=person_id, by=SYSTEM, now=call.now)
    rows = (
        (one.id, one.name, one.way_name, one.device, _when(one.made_at), _when(one.seen_at)) for one in found
    )
    columns = ("编号", "姓名", "方式", "设备", "登录时间", "最近操作")
    return Answer(found, Table(f"登录着 {len(found)} 处", columns, rows))


@command(app, "end-sessions", *ACT)
def end(
    call: Call,
    name: Name,
    session: Annotated[int | None, typer.Option("--session", help="只撤销这一编号的登录。")] = None,
) -> Answer:
    """撤销一个人的登录，立即生效。"""
    person = person_named(call.bureau, name)
    ended = end_sessions(call.bureau, person_id=_id(person), session_id=session, **call.act)
    return Answer(
        {"name": person.name, "ended": ended}, f"{call.head()}已撤销{person.name}的登录 {ended} 处。"
    )


@command(app, "unlock", *ACT)
def unlock(call: Call, name: Name) -> Answer:
    """解锁因连续输错密码而锁定的账号。"""
    person = person_named(call.bureau, name)
    unlock_account(call.bureau, person_id=_id(person), **call.act)
    return Answer({"name": person.name, "unlocked": True}, f"{call.head()}已解锁{person.name}的账号。")


@command(app, "password", *ACT)
def password(call: Call) -> Answer:
    """设置操作人自己的密码；密码只在提示处输入，不写在命令里。"""
    person = call.by
    current = typer.prompt("现在的密码（没有则直接回车）", default="", hide_input=True, show_default=False)
    new = typer.prompt("新密码", hide_input=True, confirmation_prompt="再写一次新密码")
    ended = set_password(call.bureau, password=new, current=current, **call.act)
    return Answer(
        {"name": person.name, "sessions_ended": ended},
        f"{call.head()}{person.name}的密码已设置，其他 {ended} 处登录已退出。",
    )


@command(app, "subject", *ACT)
def subject(
    call: Call,
    name: Name,
    wanted: Annotated[str, typer.Argument(metavar="编号", help="统一身份认证给这个人的编号；写空串解除。")],
) -> Answer:
    """把人员与统一身份认证（OpenID Connect）的编号关联。"""
    person = person_named(call.bureau, name)
    bind_subject(call.bureau, person_id=_id(person), subject=wanted, **call.act)
    return Answer(
        {"name": person.name, "subject": wanted or None},
        f"{call.head()}{person.name}{'已关联' if wanted else '已解除关联'}。",
    )


@command(app, "revoke-links", *ACT)
def revoke(
    call: Call, unit: Annotated[str, typer.Argument(metavar="单位", help="单位的编码、名称或别名。")]
) -> Answer:
    """把一个单位此前所有消息里的链接作废，凭链接的登录立即退出。"""
    done = revoke_links(call.bureau, unit_named(call.bureau, unit), **call.act)
    return Answer(
        done,
        f"{call.head()}{done.unit}此前的链接已作废，{done.sessions} 处登录已退出；下一封消息带新链接。",
    )


@command(app, "make-token", *ACT)
def make(
    call: Call,
    system: Annotated[str, typer.Argument(metavar="系统", help="哪个系统使用，如 省平台。")],
    person: Annotated[str, typer.Option("--person", help="接口代表的人员，权限不超过此人。")],
    scope: Annotated[
        list[TokenScope],
        typer.Option(
            "--scope", help="权限，可写多次：" + "、".join(f"{s.value} {SCOPE_NAMES[s]}" for s in TokenScope)
        ),
    ],
    days: Annotated[int, typer.Option("--days", help="有效天数。", min=1, max=MOST_TOKEN_DAYS)] = 180,
) -> Answer:
    """生成接口令牌；令牌只显示这一次。"""
    person_id = _id(person_named(call.bureau, person))
    made = make_client_token(
        call.bureau, name=system, person_id=person_id, scopes=scope, days=days, **call.act
    )
    token = None if call.dry_run else made.token
    return Answer(
        {"id": made.id, "name": made.name, "token": token, "expires_at": made.expires_at},
        f"{call.head()}“{made.name}”的令牌，有效至 {_when(made.expires_at)}。",
        [token] if token else [],
    )


@command(app, "tokens", "as")
def tokens(call: Call) -> Answer:
    """列出接口令牌（不含令牌本身）。"""
    found = list_client_tokens(call.bureau, by=call.by)
    rows = (
        (
            one.id,
            one.name,
            one.person,
            "、".join(SCOPE_NAMES[TokenScope(word)] for word in one.scopes.split()),
            _when(one.expires_at),
            "已撤销" if one.revoked_at else "有效",
        )
        for one in found
    )
    columns = ("编号", "系统", "代表人员", "权限", "到期", "状态")
    return Answer(found, Table(f"接口令牌（{len(found)} 个）", columns, rows))


@command(app, "revoke-token", *ACT)
def revoke_token(
    call: Call, token_id: Annotated[int, typer.Argument(metavar="编号", help="令牌清单里的编号。")]
) -> Answer:
    """撤销接口令牌，立即生效。"""
    found = revoke_client_token(call.bureau, token_id, **call.act)
    return Answer(found, f"{call.head()}“{found.name}”的令牌已撤销。")


@command(people, "add", *ACT)
def add(
    call: Call,
    name: Annotated[str, typer.Argument(help="姓名。")],
    unit: Annotated[str, typer.Option("--unit", help="所在单位的编码、名称或别名。")],
    role: Annotated[
        list[Role],
        typer.Option(
            "--role", help="角色，可写多次：" + "、".join(f"{r.value} {ROLE_NAMES[r]}" for r in Role)
        ),
    ],
) -> Answer:
    """登记人员，或给已登记的人增加角色；名录为空时先登记一位运维。"""
    # Somebody has to be the first.
    first = not call.names_actor and not list_people(call.bureau, by=SYSTEM)
    by = SYSTEM if first else call.by
    person = add_person(
        call.bureau, name=name, unit=unit, roles=role, by=by, now=call.now, dry_run=call.dry_run
    )
    return Answer(person, f"{call.head('已登记：')}{person.name}（{person.unit}），{_roles(person)}。")


@command(people, "list")
def list_(
    call: Call, unit: Annotated[str | None, typer.Option("--unit", help="只看一个单位。")] = None
) -> Answer:
    """列出人员与角色。"""
    unit_id = unit_named(call.bureau, unit).id if unit else None
    found = list_people(call.bureau, by=SYSTEM, unit_id=unit_id)
    rows = ((one.unit, one.name, _roles(one), "在岗" if one.active else "停用") for one in found)
    return Answer(found, Table(f"人员名录（{len(found)}人）", ("单位", "姓名", "角色", "状态"), rows))


@command(people, "take-role", *ACT)
def take(
    call: Call,
    name: PersonName,
    role: Annotated[Role, typer.Option("--role", help="收回哪个角色。")],
    reason: Annotated[str, typer.Option("--reason", help="原因：轮岗、调整分工等。")],
) -> Answer:
    """收回一个角色；此人登录着的会话随之退出。"""
    person_id = _id(person_named(call.bureau, name))
    person = take_role(call.bureau, person_id=person_id, role=role, reason=reason, **call.act)
    return Answer(person, f"{call.head()}已收回{person.name}（{person.unit}）的{ROLE_NAMES[role]}角色。")


@command(people, "further-unit", *ACT)
def further_unit(
    call: Call,
    name: PersonName,
    unit: Annotated[str, typer.Option("--unit", help="兼办单位的编码、名称或别名。")],
    remove: Annotated[bool, typer.Option("--remove", help="取消兼办。")] = False,
) -> Answer:
    """让一个人兼办另一个单位的任务，或取消兼办。"""
    change = remove_person_unit if remove else add_person_unit
    person_id = _id(person_named(call.bureau, name))
    person = change(call.bureau, person_id=person_id, unit=unit_named(call.bureau, unit), **call.act)
    units = "、".join(person.also_units) or "无"
    return Answer(person, f"{call.head()}{person.name}（{person.unit}）兼办：{units}。")


@command(people, "retire", *ACT)
def retire(
    call: Call,
    name: PersonName,
    reason: Annotated[str, typer.Option("--reason", help="原因：调离、退休等。")],
) -> Answer:
    """停用离岗人员；名下的任务要先移交。"""
    person = retire_person(call.bureau, person_named(call.bureau, name), reason=reason, **call.act)
    return Answer(person, f"{call.head('已停用：')}{person.name}（{person.unit}）。")


def _roles(person: Person) -> str:
    return "、".join(ROLE_NAMES[role] for role in person.roles)


def _id(person: Actor) -> int:
    assert person.person_id is not None, "found in the register"
    return person.person_id


def _when(one: datetime) -> str:
    return f"{one.astimezone(ZONE):%Y-%m-%d %H:%M}"
