"""待批督办: what would be told to superiors; approved it goes with the next digest, declined it never goes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.params import asked, whole
from duban.rounds.queries import HeldSelection
from duban.rounds.service import (
    EscalationsDecided,
    approve_escalations,
    decline_escalations,
    held_escalations,
)

router = APIRouter()
Decides = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
ACTS = {"approve": "批准", "decline": "不批准"}


@router.get("/escalations")
def escalations(desk: Decides) -> Response:
    """What waits, the longest overdue first."""
    return _page(desk)


@router.post("/escalations/decide")
def decide(desk: Decides, filled: FilledForm) -> Response:
    """Approve or decline the ticked ones, or all that the filter finds."""

    def act() -> EscalationsDecided:
        chosen, verb = _chosen(filled), filled.choice("act", "批复结论", ACTS)
        reason = filled.text("reason", "理由", required=verb == "decline")
        filled.refuse_faults()
        if verb == "approve":
            return approve_escalations(desk.bureau, chosen, by=desk.by, now=desk.now)
        return decline_escalations(desk.bureau, chosen, reason=reason, by=desk.by, now=desk.now)

    done, status, reasons = run(act)
    if done is None:
        return _page(desk, filled, reasons, status=status)
    return desk.see_other("/escalations", said=done.sentence)


def _chosen(filled: Filled) -> HeldSelection:
    if filled.ticked("everything"):
        return HeldSelection(edition_id=whole(filled.values.get("edition")))
    ids = tuple(filled.wholes("obligation"))
    if not ids:
        filled.faults["obligation"] = "请先勾选要批复的督办。"
    return HeldSelection(obligation_ids=ids)


def _page(
    desk: PageContext, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
) -> Response:
    given = desk.request.query_params
    filters = asked(filled.values if filled else given, ("edition",))
    edition_id = whole(filters.get("edition"))
    found = held_escalations(
        desk.bureau, HeldSelection(edition_id=edition_id), by=desk.by, after=_after(given.get("after", ""))
    )
    return desk.render(
        "queues/escalations.html",
        title="待批督办",
        status=status,
        found=found,
        refused=refused,
        asked=filters,
        typed=filled.values if filled else {},
        ticked=frozenset(filled.wholes("obligation")) if filled else frozenset(),
        editions=name_editions(desk.bureau, by=desk.by),
    )


def _after(text: str) -> tuple[date, int] | None:
    day, _, last = text.partition(",")
    number = whole(last)
    try:
        return None if number is None else (date.fromisoformat(day), number)
    except ValueError:
        return None
