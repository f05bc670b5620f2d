"""延期申请, 改派申请 and 待批督办: what is granted, approved or refused, always with a reply."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, ValidationInfo, field_validator

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.obligations.review_queues import read_extensions, read_forwards
from duban.obligations.states import Transition
from duban.obligations.transitions import ExtensionDecision, ForwardDecision, transition
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, Text, VersionedForm, Whole, Wholes, comes_back, fault, one_of
from duban.portal.params import Number, asked, whole
from duban.reports.bulletin_drafts import read_bulletin_draft, settle_bulletin_draft
from duban.rounds.queries import HeldSelection
from duban.rounds.service import (
    approve_escalations,
    decline_escalations,
    held_escalations,
)

router = APIRouter()
Decides = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
Coordinates = Annotated[PageContext, allow(Role.COORDINATOR)]
Forwards = Annotated[PageContext, allow(Role.COORDINATOR, Role.HANDLER)]
VERDICTS = {"grant": "同意", "refuse": "不同意"}


class Reply(VersionedForm):
    verdict: Annotated[str, one_of(VERDICTS)] = Field(title="批复结论")
    granted_on: Day | None = Field(None, title="延至")
    reply: Text = Field(title="批复意见")

    @field_validator("granted_on")
    @classmethod
    def _granted(cls, day: date | None, info: ValidationInfo) -> date | None:
        """A date is asked for where it is granted, and counts for nothing where it is not."""
        if info.data.get("verdict") != "grant":
            return None
        if day is None:
            raise fault("missing")
        return day


def _extensions(desk: PageContext, obligation_id: int = 0) -> Response:
    """`obligation_id`: whose form comes back."""
    after = whole(desk.request.query_params.get("after"))
    return desk.render(
        "queues/extensions.html",
        title="延期申请",
        found=read_extensions(desk.bureau, by=desk.by, today=desk.today, after=after),
        about=obligation_id,
        VERDICTS=VERDICTS,
    )


@router.get("/extensions")
def extensions(desk: Decides) -> Response:
    """What nobody has answered, the oldest request first."""
    return _extensions(desk)


@router.post("/extensions/{obligation_id}")
@comes_back(_extensions)
def decide(desk: Decides, obligation_id: Number, form: Reply) -> Response:
    """Grant or refuse one request."""
    given = ExtensionDecision(granted_on=form.granted_on, reply=form.reply)
    done = transition(desk.bureau, obligation_id, Transition.DECIDE_EXTENSION, given, **form.acted_by(desk))
    moved = f"，时限改为{done.due_on}" if done.due_on != done.previous_due_on else "，时限不变"
    return desk.see_other("/extensions", said=f"已批复：{done.unit} {done.title}{moved}；已通知责任单位。")


class ForwardReply(VersionedForm):
    verdict: Annotated[str, one_of(VERDICTS)] = Field(title="批复结论")
    reply: Text = Field(title="批复意见")


def _forwards(desk: PageContext, obligation_id: int = 0) -> Response:
    """`obligation_id`: whose form comes back."""
    after = whole(desk.request.query_params.get("after"))
    return desk.render(
        "queues/forwards.html",
        title="改派申请",
        found=read_forwards(desk.bureau, by=desk.by, today=desk.today, after=after),
        about=obligation_id,
        VERDICTS=VERDICTS,
    )


@router.get("/forwards")
def forwards(desk: Forwards) -> Response:
    """What nobody has answered, the oldest request first; of a handler those of and to his units."""
    return _forwards(desk)


@router.post("/forwards/{obligation_id}")
@comes_back(_forwards)
def decide_forward(desk: Forwards, obligation_id: Number, form: ForwardReply) -> Response:
    """Grant or refuse one request."""
    given = ForwardDecision(granted=form.verdict == "grant", reply=form.reply)
    done = transition(desk.bureau, obligation_id, Transition.DECIDE_FORWARD, given, **form.acted_by(desk))
    moved = f"改由{done.unit}承办" if given.granted else f"仍由{done.unit}承办"
    return desk.see_other("/forwards", said=f"已批复：{done.title}{moved}。")


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
def decide_held(desk: Decides, form: Decision) -> Response:
    """Approve or decline the ticked ones, or all that the filter finds."""
    chosen = HeldSelection(obligation_ids=tuple(form.obligation))
    if form.everything:
        chosen = HeldSelection(edition_id=form.edition)
    if form.act == "approve":
        done = approve_escalations(desk.bureau, chosen, by=desk.by, now=desk.now)
    else:
        done = decline_escalations(desk.bureau, chosen, reason=form.reason, by=desk.by, now=desk.now)
    return desk.see_other("/escalations", said=done.sentence)


class BulletinDone(Form):
    edition: Whole | None = Field(None, title="专项行动")
    act: Annotated[str, one_of({"issue", "drop"})] = Field(title="办理")
    note: Text = Field(title="文号或理由")


@router.get("/bulletin")
def bulletin(desk: Coordinates) -> Response:
    """The draft as it would be copied into the paper."""
    filters = asked(desk.typed or desk.request.query_params, ("edition",))
    edition_id = whole(filters.get("edition"))
    return desk.render(
        "queues/bulletin.html",
        title="通报草稿",
        found=read_bulletin_draft(desk.bureau, by=desk.by, today=desk.today, edition_id=edition_id),
        asked=filters,
        editions=name_editions(desk.bureau, by=desk.by),
    )


@router.post("/bulletin/settle")
@comes_back(bulletin)
def settle_bulletin(desk: Coordinates, form: BulletinDone) -> Response:
    """Record that it was issued, or strike its matters off."""
    done = settle_bulletin_draft(
        desk.bureau,
        issued=form.act == "issue",
        note=form.note,
        edition_id=form.edition,
        by=desk.by,
        now=desk.now,
    )
    return desk.see_other("/bulletin", said=done.sentence)


def _after(text: str) -> tuple[date, int] | None:
    day, _, last = text.partition(",")
    number = whole(last)
    try:
        return None if number is None else (date.fromisoformat(day), number)
    except ValueError:
        return None
