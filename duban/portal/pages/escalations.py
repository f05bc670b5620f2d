"""待批督办: what would be told to superiors; approved it goes with the next digest, declined it never goes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, ValidationInfo, field_validator

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Form, Text, Whole, Wholes, comes_back, fault, one_of
from duban.portal.params import asked, whole
from duban.rounds.queries import HeldSelection
from duban.rounds.service import (
    approve_escalations,
    decline_escalations,
    held_escalations,
)

router = APIRouter()
Decides = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
ACTS = {"approve": "批准", "decline": "不批准"}


class Decision(Form):
    everything: str = ""
    edition: Whole | None = Field(None, title="专项行动")
    obligation: Wholes
    act: Annotated[str, one_of(ACTS)] = Field(title="批复结论")
    reason: Text = Field("", title="理由")

    @field_validator("obligation")
    @classmethod
    def _ticked(cls, ids: list[int], info: ValidationInfo) -> list[int]:
        if not ids and not info.data.get("everything"):
            raise fault("请先勾选要批复的督办。")
        return ids

    @field_validator("reason")
    @classmethod
    def _given(cls, reason: str, info: ValidationInfo) -> str:
        if not reason and info.data.get("act") == "decline":
            raise fault("missing")
        return reason


@router.get("/escalations")
def escalations(desk: Decides) -> Response:
    """What waits, the longest overdue first."""
    given = desk.request.query_params
    filters = asked(desk.typed or given, ("edition",))
    chosen = HeldSelection(edition_id=whole(filters.get("edition")))
    found = held_escalations(desk.bureau, chosen, by=desk.by, after=_after(given.get("after", "")))
    return desk.render(
        "queues/escalations.html",
        title="待批督办",
        found=found,
        asked=filters,
        ticked=desk.attempt.ticked("obligation"),
        editions=name_editions(desk.bureau, by=desk.by),
    )


@router.post("/escalations/decide")
@comes_back(escalations)
def decide(desk: Decides, form: Decision) -> Response:
    """Approve or decline the ticked ones, or all that the filter finds."""
    chosen = HeldSelection(obligation_ids=tuple(form.obligation))
    if form.everything:
        chosen = HeldSelection(edition_id=form.edition)
    if form.act == "approve":
        done = approve_escalations(desk.bureau, chosen, by=desk.by, now=desk.now)
    else:
        done = decline_escalations(desk.bureau, chosen, reason=form.reason, by=desk.by, now=desk.now)
    return desk.see_other("/escalations", said=done.sentence)


def _after(text: str) -> tuple[date, int] | None:
    day, _, last = text.partition(",")
    number = whole(last)
    try:
        return None if number is None else (date.fromisoformat(day), number)
    except ValueError:
        return None
