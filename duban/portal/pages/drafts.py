"""Drafts of editions: the text with its faults, the comparison, what applying will do, and applying."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, field_validator

from duban.core.access import Role
from duban.core.errors import Refused
from duban.editions.drafts import (
    apply_draft,
    drop_draft,
    forecast_draft,
    rebase_draft,
    save_draft,
    show_draft,
)
from duban.editions.service import STATE_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Line, VersionedForm, comes_back, fault
from duban.portal.params import Number

router = APIRouter()
Keeping = Annotated[PageContext, allow(Role.COORDINATOR)]


class SavedText(VersionedForm):
    text: str = ""

    @field_validator("text")
    @classmethod
    def _written(cls, text: str) -> str:
        if not text.strip():
            raise fault("草稿是空的，请写上内容；不要这份草稿的，请点作废。")
        return text


class Compared(VersionedForm):
    seen: Line = Field("", title="现行版本")


class Applying(VersionedForm):
    reason: Line = Field(title="原因")
    publish: str = ""


@router.get("/editions/drafts/{draft_id}")
def one_draft(desk: Keeping, draft_id: Number) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    title = f"草稿：{shown.draft.name}{shown.draft.year}年"
    return desk.render("planning/draft.html", title=title, shown=shown, typed=desk.typed.get("text"))


@router.post("/editions/drafts/{draft_id}")
@comes_back(one_draft)
def save(desk: Keeping, draft_id: Number, form: SavedText) -> Response:
    save_draft(desk.bureau, draft_id, form.text, **form.acted_by(desk))
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已保存。")


@router.post("/editions/drafts/{draft_id}/drop")
@comes_back(one_draft)
def drop(desk: Keeping, draft_id: Number, form: VersionedForm) -> Response:
    drop_draft(desk.bureau, draft_id, **form.acted_by(desk))
    return desk.see_other("/editions", said="草稿已作废。")


@router.post("/editions/drafts/{draft_id}/checked")
@comes_back(one_draft)
def checked(desk: Keeping, draft_id: Number, form: Compared) -> Response:
    """The draft was compared with the edition as it is now."""
    rebase_draft(desk.bureau, draft_id, seen=form.seen, **form.acted_by(desk))
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已记为核对过，可以应用。")


@router.get("/editions/drafts/{draft_id}/preview")
def preview(desk: Keeping, draft_id: Number) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    foreseen, refused = None, desk.attempt.refused
    try:
        foreseen = forecast_draft(
            desk.bureau, draft_id, version=shown.draft.version, by=desk.by, now=desk.now
        )
    except Refused as impossible:
        refused = refused or impossible.reasons
    return desk.render(
        "planning/preview.html",
        title=f"应用草稿：{shown.draft.name}{shown.draft.year}年",
        shown=shown,
        foreseen=foreseen,
        refused=refused,
    )


@router.post("/editions/drafts/{draft_id}/apply")
@comes_back(preview)
def apply(desk: Keeping, draft_id: Number, form: Applying) -> Response:
    done = apply_draft(
        desk.bureau, draft_id, publish=bool(form.publish), reason=form.reason, **form.acted_by(desk)
    )
    told = f"，告知{len(done.told)}个单位" if done.told else ""
    said = (
        f"{done.name}{done.year}年（{STATE_NAMES[done.state]}）：任务新增{done.obligations_new}项、"
        f"改期{done.obligations_moved}项、撤销{done.obligations_cancelled}项{told}。"
    )
    return desk.see_other(f"/editions/{done.campaign}/{done.year}", said=said)
