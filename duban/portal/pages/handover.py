"""移交: a handler gives the whole desk to a colleague."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.obligations.transitions import reassign_handler
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.units.people import my_colleagues

router = APIRouter()

SignedIn = Annotated[PageContext, allow(Role.HANDLER)]


@router.get("/my/handover")
def page(desk: SignedIn) -> Response:
    """Who could take it over."""
    return _page(desk)


@router.post("/my/handover")
def give(desk: SignedIn, filled: FilledForm) -> Response:
    """Hand over everything that is not done."""
    found = {str(one.id): one for one in my_colleagues(desk.bureau, by=desk.by).colleagues}
    try:
        chosen = filled.choice("to", "接手人", found)
        filled.refuse_faults()
        done = reassign_handler(
            desk.bureau, from_person=desk.by, to_person=found[chosen or ""].actor, by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _page(desk, refused.reasons, status=422)
    return desk.see_other("/my", said=f"已把{done.obligations}项任务移交给{done.to_person}。")


def _page(desk: PageContext, reasons: tuple[str, ...] = (), *, status: int = 200) -> Response:
    found = my_colleagues(desk.bureau, by=desk.by)
    colleagues = [(one.id, one.name) for one in found.colleagues]
    return desk.render(
        "my/handover.html",
        title="移交给同事",
        status=status,
        found=found,
        colleagues=colleagues,
        reasons=reasons,
    )
