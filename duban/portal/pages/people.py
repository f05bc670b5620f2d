"""人员: who belongs to which unit; entering, retiring, handing a desk over; a handler's way in and further units."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.accounts.people import (
    add_person,
    add_person_unit,
    list_people,
    remove_person_unit,
    retire_person,
)
from duban.accounts.sessions import make_one_time
from duban.core.access import ROLE_NAMES, Role
from duban.obligations.transitions import reassign_handler
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Form, FormRefused, Line, Text, Whole, comes_back
from duban.portal.params import Number, asked, whole
from duban.units.service import list_units, my_desk, person_desk, unit_named

router = APIRouter()
Keeps = Annotated[PageContext, allow(Role.COORDINATOR, Role.OPERATOR)]
Moves = Annotated[PageContext, allow(Role.COORDINATOR)]
Handler = Annotated[PageContext, allow(Role.HANDLER)]


class NewPerson(Form):
    name: Line = Field(title="姓名", max_length=64)
    unit: Line = Field(title="单位")
    role: list[str]


class Taker(Form):
    to: Whole = Field(title="接手人")


class Reason(Form):
    reason: Text = Field(title="原因")


class FurtherUnit(Form):
    unit: Line = Field(title="兼办单位")
    remove: str = ""


@router.get("/people")
def people(desk: Keeps) -> Response:
    """The register, by unit."""
    filters = asked(desk.request.query_params, ("unit",))
    # What may really be given is decided by the rules of roles.
    offered = tuple(Role) if desk.has(Role.OPERATOR) else (Role.HANDLER,)
    return desk.render(
        "people/all.html",
        title="人员",
        people=list_people(desk.bureau, by=desk.by, unit_id=whole(filters.get("unit"))),
        units=[one for one in list_units(desk.bureau, by=desk.by) if one.active],
        asked=filters,
        chosen=desk.attempt.typed.getlist("role") if desk.attempt.refused else [Role.HANDLER.value],
        roles=[(role.value, ROLE_NAMES[role]) for role in offered],
    )


@router.post("/people")
@comes_back(people)
def enter(desk: Keeps, form: NewPerson) -> Response:
    """A new person, or further roles for one who is there."""
    roles = [Role(text) for text in form.role if text in set(Role)]
    done = add_person(desk.bureau, name=form.name, unit=form.unit, roles=roles, by=desk.by, now=desk.now)
    return desk.see_other("/people", said=f"已登记{done.unit}的{done.name}。")


@router.get("/people/{person_id}")
def person(desk: Keeps, person_id: Number) -> Response:
    """One person and what is on the desk."""
    found = person_desk(desk.bureau, person_id, by=desk.by)
    return desk.render(
        "people/one.html", title=found.person.name, found=found, may_move=desk.has(Role.COORDINATOR)
    )


@router.post("/people/{person_id}/hand-over")
@comes_back(person)
def give_desk(desk: Moves, person_id: Number, form: Taker) -> Response:
    """移交."""
    found = person_desk(desk.bureau, person_id, by=desk.by)
    taker = person_desk(desk.bureau, form.to, by=desk.by).person
    done = reassign_handler(
        desk.bureau, from_person=found.person.actor, to_person=taker.actor, by=desk.by, now=desk.now
    )
    said = f"{done.from_person}名下{done.obligations}项未办结任务已移交{done.to_person}。"
    return desk.see_other(f"/people/{person_id}", said=said)


@router.post("/people/{person_id}/retire")
@comes_back(person)
def retire(desk: Keeps, person_id: Number, form: Reason) -> Response:
    """停用."""
    found = person_desk(desk.bureau, person_id, by=desk.by)
    done = retire_person(desk.bureau, found.person.actor, reason=form.reason, by=desk.by, now=desk.now)
    return desk.see_other(f"/people/{person_id}", said=f"{done.name}已停用；所办事项的记录都保留。")


@router.get("/people/{person_id}/access")
def access(desk: Moves, person_id: Number) -> Response:
    """How the person comes in and for which units."""
    return _access(desk, person_id)


@router.post("/people/{person_id}/one-time")
@comes_back(access)
def one_time(desk: Moves, person_id: Number) -> Response:
    """Make a one-time sign-in and show it once."""
    token = make_one_time(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    return _access(desk, person_id, once=f"{desk.base}/once/{token}")


@router.post("/people/{person_id}/units")
@comes_back(access, missing=True)
def further_unit(desk: Moves, person_id: Number, form: FurtherUnit) -> Response:
    """Let the person act for a further unit, or no longer."""
    act = remove_person_unit if form.remove else add_person_unit
    unit = unit_named(desk.bureau, form.unit)
    done = act(desk.bureau, person_id=person_id, unit=unit, by=desk.by, now=desk.now)
    said = f"{done.name}现在兼办：{'、'.join(done.also_units) or '无'}。"
    return desk.see_other(f"/people/{person_id}/access", said=said)


def _access(desk: PageContext, person_id: int, *, once: str = "") -> Response:
    found = person_desk(desk.bureau, person_id, by=desk.by)
    return desk.render(
        "accounts/handler.html",
        title=f"{found.person.name}的登录与兼办",
        person=found.person,
        once=once,
        once_hours=desk.bureau.settings.one_time_hours,
    )


@router.get("/my/handover")
def my_handover(desk: Handler) -> Response:
    """To whom a handler can give the whole desk."""
    found = my_desk(desk.bureau, by=desk.by)
    colleagues = [(one.id, one.name) for one in found.colleagues] if found else []
    return desk.render("my/handover.html", title="移交给同事", found=found, colleagues=colleagues)


@router.post("/my/handover")
@comes_back(my_handover)
def give_own_desk(desk: Handler, form: Taker) -> Response:
    """Hand over everything that is not done."""
    mine = my_desk(desk.bureau, by=desk.by)
    colleagues = {one.id: one for one in mine.colleagues} if mine else {}
    if form.to not in colleagues:
        raise FormRefused({"to": "接手人请从列出的选项中选择。"})
    done = reassign_handler(
        desk.bureau, from_person=desk.by, to_person=colleagues[form.to].actor, by=desk.by, now=desk.now
    )
    return desk.see_other("/my", said=f"已把{done.obligations}项任务移交给{done.to_person}。")
