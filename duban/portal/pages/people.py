"""人员: who belongs to which unit, entering a handler, handing a desk over, retiring who has left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.people import add_person, list_people, retire_person
from duban.core.access import ROLE_NAMES, Role
from duban.obligations.transitions import reassign_handler
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.pagination import asked, whole
from duban.portal.params import Number
from duban.units.people import PersonDesk, person_desk
from duban.units.service import list_units

router = APIRouter()
Keeps = Annotated[PageContext, allow(Role.COORDINATOR, Role.OPERATOR)]
Moves = Annotated[PageContext, allow(Role.COORDINATOR)]


@router.get("/people")
def people(desk: Keeps) -> Response:
    """The register, by unit."""
    return _page(desk)


@router.post("/people")
def enter(desk: Keeps, filled: FilledForm) -> Response:
    """A new person, or further roles for one who is there."""

    def act() -> str:
        name = filled.line("name", "姓名", required=True, longest=64)
        unit = filled.line("unit", "单位", required=True)
        roles = [Role(text) for text in filled.many("role") if text in set(Role)]
        filled.refuse_faults()
        done = add_person(desk.bureau, name=name, unit=unit, roles=roles, by=desk.by, now=desk.now)
        return f"已登记{done.unit}的{done.name}。"

    said, status, reasons = run(act)
    if said is None:
        return _page(desk, filled, reasons, status=status)
    return desk.see_other("/people", said=said)


@router.get("/people/{person_id}")
def person(desk: Keeps, person_id: Number) -> Response:
    """One person and what is on the desk."""
    return _one(desk, person_id)


@router.post("/people/{person_id}/hand-over")
def give_desk(desk: Moves, person_id: Number, filled: FilledForm) -> Response:
    """移交."""

    def act() -> str:
        found = person_desk(desk.bureau, person_id, by=desk.by)
        to = filled.whole("to", "接手人", required=True)
        filled.refuse_faults()
        taker = person_desk(desk.bureau, to or 0, by=desk.by).person
        done = reassign_handler(
            desk.bureau, from_person=found.person.actor, to_person=taker.actor, by=desk.by, now=desk.now
        )
        return f"{done.from_person}名下{done.obligations}项未办结任务已移交{done.to_person}。"

    return _did(desk, person_id, filled, run(act))


@router.post("/people/{person_id}/retire")
def retire(desk: Keeps, person_id: Number, filled: FilledForm) -> Response:
    """停用."""

    def act() -> str:
        found = person_desk(desk.bureau, person_id, by=desk.by)
        reason = filled.text("reason", "原因", required=True)
        filled.refuse_faults()
        done = retire_person(desk.bureau, found.person.actor, reason=reason, by=desk.by, now=desk.now)
        return f"{done.name}已停用；所办事项的记录都保留。"

    return _did(desk, person_id, filled, run(act))


def _did(
    desk: PageContext, person_id: int, filled: Filled, came: tuple[str | None, int, tuple[str, ...]]
) -> Response:
    said, status, reasons = came
    if said is None:
        return _one(desk, person_id, filled, reasons, status=status)
    return desk.see_other(f"/people/{person_id}", said=said)


def _page(
    desk: PageContext, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
) -> Response:
    filters = asked(desk.request.query_params, ("unit",))
    units = [one for one in list_units(desk.bureau, by=desk.by) if one.active]
    found = list_people(desk.bureau, by=desk.by, unit_id=whole(filters.get("unit")))
    return desk.render(
        "people/all.html",
        title="人员",
        status=status,
        people=found,
        units=units,
        asked=filters,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        chosen=frozenset(filled.many("role")) if filled else frozenset({Role.HANDLER.value}),
        roles=[(role.value, ROLE_NAMES[role]) for role in _givable(desk)],
    )


def _givable(desk: PageContext) -> tuple[Role, ...]:
    """What is offered; what may really be given is decided by the rules of roles."""
    return (Role.HANDLER,) if not desk.has(Role.OPERATOR) else tuple(Role)


def _one(
    desk: PageContext,
    person_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    found: PersonDesk = person_desk(desk.bureau, person_id, by=desk.by)
    return desk.render(
        "people/one.html",
        title=found.person.name,
        status=status,
        found=found,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        may_move=desk.has(Role.COORDINATOR),
    )
