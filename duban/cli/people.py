"""duban person: who may do what."""

from __future__ import annotations

from typing import Annotated

import typer

from duban.accounts.people import (
    add_person,
    add_person_unit,
    list_people,
    remove_person_unit,
    retire_person,
    take_role,
)
from duban.bureau import Bureau
from duban.cli.options import As, DryRun, Json, On, moment
from duban.cli.output import print_json, print_table, say
from duban.core.access import ROLE_NAMES, SYSTEM, Actor, Role
from duban.units.people import person_named
from duban.units.people_queries import Person
from duban.units.service import unit_named
from duban.wiring import actor, open_bureau

app = typer.Typer(no_args_is_help=True, help="人员与角色。")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="姓名。")],
    unit: Annotated[str, typer.Option("--unit", help="所在单位的编码、名称或别名。")],
    role: Annotated[
        list[Role],
        typer.Option(
            "--role", help="角色，可写多次：" + "、".join(f"{r.value} {ROLE_NAMES[r]}" for r in Role)
        ),
    ],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """登记人员，或给已登记的人增加角色；名录为空时先登记一位运维。"""
    with open_bureau() as bureau:
        person = add_person(
            bureau, name=name, unit=unit, roles=role, by=_by(bureau, by), now=moment(on), dry_run=dry_run
        )
    if as_json:
        print_json(person)
        return
    head = "试运行，未写入：" if dry_run else "已登记："
    say(f"{head}{person.name}（{person.unit}），{_roles(person)}。")


@app.command("list")
def list_(
    unit: Annotated[str | None, typer.Option("--unit", help="只看一个单位。")] = None, as_json: Json = False
) -> None:
    """列出人员与角色。"""
    with open_bureau() as bureau:
        people = list_people(bureau, by=SYSTEM, unit_id=unit_named(bureau, unit).id if unit else None)
    if as_json:
        print_json(people)
        return
    rows = ((one.unit, one.name, _roles(one), "在岗" if one.active else "停用") for one in people)
    print_table(f"人员名录（{len(people)}人）", ("单位", "姓名", "角色", "状态"), rows)


@app.command("take-role")
def take(
    name: Annotated[str, typer.Argument(help="姓名，或 姓名@单位。")],
    role: Annotated[Role, typer.Option("--role", help="收回哪个角色。")],
    reason: Annotated[str, typer.Option("--reason", help="原因：轮岗、调整分工等。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """收回一个角色；此人登录着的会话随之退出。"""
    with open_bureau() as bureau:
        person = take_role(
            bureau,
            person_id=_id(person_named(bureau, name)),
            role=role,
            reason=reason,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json(person)
        return
    head = "试运行，未写入：" if dry_run else ""
    say(f"{head}已收回{person.name}（{person.unit}）的{ROLE_NAMES[role]}角色。")


@app.command("further-unit")
def further_unit(
    name: Annotated[str, typer.Argument(help="姓名，或 姓名@单位。")],
    unit: Annotated[str, typer.Option("--unit", help="兼办单位的编码、名称或别名。")],
    remove: Annotated[bool, typer.Option("--remove", help="取消兼办。")] = False,
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """让一个人兼办另一个单位的任务，或取消兼办。"""
    with open_bureau() as bureau:
        act = remove_person_unit if remove else add_person_unit
        person = act(
            bureau,
            person_id=_id(person_named(bureau, name)),
            unit=unit_named(bureau, unit),
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json(person)
        return
    head = "试运行，未写入：" if dry_run else ""
    say(f"{head}{person.name}（{person.unit}）兼办：{'、'.join(person.also_units) or '无'}。")


@app.command("retire")
def retire(
    name: Annotated[str, typer.Argument(help="姓名，或 姓名@单位。")],
    reason: Annotated[str, typer.Option("--reason", help="原因：调离、退休等。")],
    by: As = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """停用离岗人员；名下的任务要先移交。"""
    with open_bureau() as bureau:
        person = retire_person(
            bureau,
            person_named(bureau, name),
            reason=reason,
            by=actor(bureau, by),
            now=moment(on),
            dry_run=dry_run,
        )
    if as_json:
        print_json(person)
        return
    head = "试运行，未写入：" if dry_run else "已停用："
    say(f"{head}{person.name}（{person.unit}）。")


def _by(bureau: Bureau, name: str | None) -> Actor:
    return SYSTEM if name is None and not list_people(bureau, by=SYSTEM) else actor(bureau, name)


def _roles(person: Person) -> str:
    return "、".join(ROLE_NAMES[role] for role in person.roles)


def _id(person: Actor) -> int:
    assert person.person_id is not None, "found in the register"
    return person.person_id
