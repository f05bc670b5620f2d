"""What a coordinator does for a unit's handler besides the register: a one-time sign-in, and further units."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.one_time import make_one_time
from duban.accounts.people import add_person_unit, remove_person_unit
from duban.core.access import Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.portal.params import Number
from duban.units.people import person_desk
from duban.units.service import unit_named

router = APIRouter()
Moves = Annotated[PageContext, allow(Role.COORDINATOR)]


@router.get("/people/{person_id}/access")
def access(desk: Moves, person_id: Number) -> Response:
    """How the person comes in and for which units."""
    return _page(desk, person_id)


@router.post("/people/{person_id}/one-time")
def one_time(desk: Moves, person_id: Number) -> Response:
    """Make a one-time sign-in and show it once."""
    try:
        token = make_one_time(desk.bureau, person_id=person_id, by=desk.by, now=desk.now)
    except Refused as refused:
        return _page(desk, person_id, reasons=refused.reasons)
    base = (desk.bureau.settings.link_base or str(desk.request.base_url)).rstrip("/")
    return _page(desk, person_id, once=f"{base}/once/{token}")


@router.post("/people/{person_id}/units")
def further_unit(desk: Moves, person_id: Number, filled: FilledForm) -> Response:
    """Let the person act for a further unit, or no longer."""
    name = filled.line("unit", "兼办单位", required=True)
    act = remove_person_unit if filled.ticked("remove") else add_person_unit
    try:
        filled.refuse_faults()
        done = act(
            desk.bureau, person_id=person_id, unit=unit_named(desk.bureau, name), by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _page(desk, person_id, reasons=refused.reasons, typed=filled.values)
    said = f"{done.name}现在兼办：{'、'.join(done.also_units) or '无'}。"
    return desk.see_other(f"/people/{person_id}/access", said=said)


def _page(
    desk: PageContext,
    person_id: int,
    *,
    reasons: tuple[str, ...] = (),
    typed: dict[str, str] | None = None,
    once: str = "",
) -> Response:
    found = person_desk(desk.bureau, person_id, by=desk.by)
    return desk.render(
        "accounts/handler.html",
        title=f"{found.person.name}的登录与兼办",
        status=422 if reasons else 200,
        person=found.person,
        reasons=reasons,
        typed=typed or {},
        once=once,
        once_hours=desk.bureau.settings.one_time_hours,
    )
