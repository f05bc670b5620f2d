"""延期申请: what was asked for beside both clocks; granted with a definite date or refused, always with a reply."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.acting import Acted
from office.actions.decide_extension import decide_extension
from office.actions.read_extensions import read_extensions
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.listing import whole
from portal.numbers import Number
from portal.trying import acted_by, tried
from rules.people import Role

router = APIRouter()
Decides = Annotated[Desk, allow(Role.COORDINATOR, Role.LEADER)]
VERDICTS = {"grant": "同意", "refuse": "不同意"}


@router.get("/extensions")
def extensions(desk: Decides) -> Response:
    """What nobody has answered, the oldest request first."""
    return _page(desk)


@router.post("/extensions/{obligation_id}")
def decide(desk: Decides, obligation_id: Number, filled: FilledForm) -> Response:
    """Grant or refuse one request."""

    def act() -> Acted:
        verdict = filled.choice("verdict", "批复结论", VERDICTS)
        granted_on: date | None = filled.day("granted_on", "延至", required=verdict == "grant")
        reply = filled.text("reply", "批复意见", required=True)
        filled.refuse_faults()
        return decide_extension(
            desk.office,
            obligation_id,
            granted_on=granted_on if verdict == "grant" else None,
            reply=reply,
            **acted_by(desk, filled),
        )

    done, status, reasons = tried(act)
    if done is None:
        return _page(desk, filled, reasons, status=status, about=obligation_id)
    moved = f"，时限改为{done.due_on}" if done.due_on != done.previous_due_on else "，时限不变"
    return desk.see_other("/extensions", said=f"已批复：{done.unit} {done.title}{moved}；已通知责任单位。")


def _page(
    desk: Desk,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
    about: int = 0,
) -> Response:
    after = whole(desk.request.query_params.get("after"))
    found = read_extensions(desk.office, by=desk.by, today=desk.today, after=after)
    return desk.render(
        "queues/extensions.html",
        title="延期申请",
        status=status,
        found=found,
        refused=refused,
        about=about,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        VERDICTS=VERDICTS,
    )
