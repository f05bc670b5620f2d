"""duban account: who can come in, and who no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from duban.accounts.links import revoke_links
from duban.accounts.one_time import make_one_time
from duban.accounts.passwords import set_password
from duban.accounts.passwords import unlock as unlock_account
from duban.accounts.rules import MOST_TOKEN_DAYS, SCOPE_NAMES, TokenScope
from duban.accounts.sessions import bind_subject, end_sessions, list_sessions
from duban.accounts.tokens import list_client_tokens, make_client_token, revoke_client_token
from duban.bureau import Bureau
from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import SYSTEM, Actor
from duban.core.clock import ZONE
from duban.units.people import person_named
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau

app = typer.Typer(no_args_is_help=True, help="账号、登录、链接与接口令牌。")

Name = Annotated[str, typer.Argument(metavar="姓名", help="姓名，或 姓名@单位。")]
_UNWRITTEN = "试运行，未写入："


@app.command("one-time")
def one_time(
    name: Name, by: As = None, on: On = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """生成一次性登录链接：没有密码或忘记密码的人凭它登录一次，然后设置密码。"""
    with open_bureau() as bureau:
        person = person_named(bureau, name)
        token = make_one_time(
            bureau, person_id=_id(person), by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
        path, hours = f"/once/{token}", bureau.settings.one_time_hours
        address = (bureau.settings.link_base or _own_address(bureau)).rstrip("/") + path
    if as_json:
        print_json({"name": person.name, "path": None if dry_run else path, "written": not dry_run})
        return
    if dry_run:
        say(f"{_UNWRITTEN}将为{person.name}生成一次性登录链接。")
        return
    say(f"{person.name}的一次性登录链接（{hours} 小时内用一次有效，先前没用过的已作废）：")
    say(address)


@app.command("sessions")
def sessions(
    name: Annotated[str | None, typer.Argument(metavar="姓名", help="只看一个人。")] = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """列出还在登录着的会话。"""
    with open_bureau() as bureau:
        person_id = _id(person_named(bureau, name)) if name else None
        found = list_sessions(bureau, person_id=person_id, by=SYSTEM, now=moment(on))
    if as_json:
        print_json(found)
        return
    rows = (
        (one.id, one.name, one.way_name, one.device, _when(one.made_at), _when(one.seen_at)) for one in found
    )
    print_table(f"登录着 {len(found)} 处", ("编号", "姓名", "方式", "设备", "登录时间", "最近操作"), rows)


@app.command("end-sessions")
def end(
    name: Name,
    session: Annotated[int | None, typer.Option("--session", help="只撤销这一编号的登录。")] = None,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """撤销一个人的登录，立即生效。"""
    with open_bureau() as bureau:
        person = person_named(bureau, name)
        ended = end_sessions(
            bureau,
            person_id=_id(person),
            session_id=session,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json({"name": person.name, "ended": ended})
        return
    say(f"{_head(dry_run)}已撤销{person.name}的登录 {ended} 处。")


@app.command("unlock")
def unlock(name: Name, by: As = None, on: On = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """解锁因连续输错密码而锁定的账号。"""
    with open_bureau() as bureau:
        person = person_named(bureau, name)
        unlock_account(bureau, person_id=_id(person), by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    if as_json:
        print_json({"name": person.name, "unlocked": True})
        return
    say(f"{_head(dry_run)}已解锁{person.name}的账号。")


@app.command("password")
def password(by: As = None, on: On = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """设置操作人自己的密码；密码只在提示处输入，不写在命令里。"""
    with open_bureau() as bureau:
        person = actor(bureau, by)
        current = typer.prompt(
            "现在的密码（没有则直接回车）", default="", hide_input=True, show_default=False
        )
        new = typer.prompt("新密码", hide_input=True, confirmation_prompt="再写一次新密码")
        ended = set_password(
            bureau, password=new, current=current, by=person, now=moment(on), dry_run=dry_run
        )
    if as_json:
        print_json({"name": person.name, "sessions_ended": ended})
        return
    say(f"{_head(dry_run)}{person.name}的密码已设置，其他 {ended} 处登录已退出。")


@app.command("subject")
def subject(
    name: Name,
    wanted: Annotated[str, typer.Argument(metavar="编号", help="统一身份认证给这个人的编号；写空串解除。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """把人员与统一身份认证（OpenID Connect）的编号关联。"""
    with open_bureau() as bureau:
        person = person_named(bureau, name)
        bind_subject(
            bureau,
            person_id=_id(person),
            subject=wanted,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json({"name": person.name, "subject": wanted or None})
        return
    say(f"{_head(dry_run)}{person.name}{'已关联' if wanted else '已解除关联'}。")


@app.command("revoke-links")
def revoke(
    unit: Annotated[str, typer.Argument(metavar="单位", help="单位的编码、名称或别名。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """把一个单位此前所有消息里的链接作废，凭链接的登录立即退出。"""
    with open_bureau() as bureau:
        done = revoke_links(
            bureau, unit_named(bureau, unit), by=actor(bureau, by), now=moment(on), dry_run=dry_run
        )
    if as_json:
        print_json(done)
        return
    say(f"{_head(dry_run)}{done.unit}此前的链接已作废，{done.sessions} 处登录已退出；下一封消息带新链接。")


@app.command("make-token")
def make(
    system: Annotated[str, typer.Argument(metavar="系统", help="哪个系统使用，如 省平台。")],
    person: Annotated[str, typer.Option("--person", help="接口代表的人员，权限不超过此人。")],
    scope: Annotated[
        list[TokenScope],
        typer.Option(
            "--scope", help="权限，可写多次：" + "、".join(f"{s.value} {SCOPE_NAMES[s]}" for s in TokenScope)
        ),
    ],
    days: Annotated[int, typer.Option("--days", help="有效天数。", min=1, max=MOST_TOKEN_DAYS)] = 180,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """生成接口令牌；令牌只显示这一次。"""
    with open_bureau() as bureau:
        made = make_client_token(
            bureau,
            name=system,
            person_id=_id(person_named(bureau, person)),
            scopes=scope,
            days=days,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    token = None if dry_run else made.token
    if as_json:
        print_json({"id": made.id, "name": made.name, "token": token, "expires_at": made.expires_at})
        return
    say(f"{_head(dry_run)}“{made.name}”的令牌，有效至 {_when(made.expires_at)}。")
    if token:
        say(token)


@app.command("tokens")
def list_(by: As = None, as_json: Json = False) -> None:
    """列出接口令牌（不含令牌本身）。"""
    with open_bureau() as bureau:
        found = list_client_tokens(bureau, by=actor(bureau, by))
    if as_json:
        print_json(found)
        return
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
    print_table(f"接口令牌（{len(found)} 个）", ("编号", "系统", "代表人员", "权限", "到期", "状态"), rows)


@app.command("revoke-token")
def revoke_token(
    token_id: Annotated[int, typer.Argument(metavar="编号", help="令牌清单里的编号。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """撤销接口令牌，立即生效。"""
    with open_bureau() as bureau:
        found = revoke_client_token(bureau, token_id, by=actor(bureau, by), now=moment(on), dry_run=dry_run)
    if as_json:
        print_json(found)
        return
    say(f"{_head(dry_run)}“{found.name}”的令牌已撤销。")


def _id(person: Actor) -> int:
    assert person.person_id is not None, "found in the register"
    return person.person_id


def _own_address(bureau: Bureau) -> str:
    return f"http://{bureau.settings.portal_host}:{bureau.settings.portal_port}"


def _head(dry_run: bool) -> str:
    return _UNWRITTEN if dry_run else ""


def _when(one: datetime) -> str:
    return f"{one.astimezone(ZONE):%Y-%m-%d %H:%M}"
