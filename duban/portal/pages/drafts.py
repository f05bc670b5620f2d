"""Drafts of editions: the text with its faults, the comparison, what applying will do, and applying."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Changed, NotFound, Refused
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
from duban.portal.forms import FilledForm
from duban.portal.params import Number

router = APIRouter()
Keeping = Annotated[PageContext, allow(Role.COORDINATOR)]
LONGEST = 200_000


@router.get("/editions/drafts/{draft_id}")
def one_draft(desk: Keeping, draft_id: Number) -> Response:
    return _page(desk, draft_id)


@router.post("/editions/drafts/{draft_id}")
def save(desk: Keeping, filled: FilledForm, draft_id: Number) -> Response:
    text = filled.values.get("text", "").replace("\r\n", "\n")
    version = filled.whole("version", "版本", required=True)
    if not text.strip():
        filled.faults["text"] = "草稿是空的，请写上内容；不要这份草稿的，请点作废。"
    try:
        filled.refuse_faults()
        assert version is not None, "refused above"
        save_draft(desk.bureau, draft_id, text, version=version, by=desk.by, now=desk.now)
    except NotFound:
        raise
    except Refused as refused:
        return _page(desk, draft_id, refused, text)
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已保存。")


@router.post("/editions/drafts/{draft_id}/drop")
def drop(desk: Keeping, filled: FilledForm, draft_id: Number) -> Response:
    version = filled.whole("version", "版本", required=True)
    try:
        filled.refuse_faults()
        assert version is not None, "refused above"
        drop_draft(desk.bureau, draft_id, version=version, by=desk.by, now=desk.now)
    except NotFound:
        raise
    except Refused as refused:
        return _page(desk, draft_id, refused)
    return desk.see_other("/editions", said="草稿已作废。")


@router.post("/editions/drafts/{draft_id}/checked")
def checked(desk: Keeping, filled: FilledForm, draft_id: Number) -> Response:
    """The draft was compared with the edition as it is now."""
    version, seen = filled.whole("version", "版本", required=True), filled.line("seen", "现行版本")
    try:
        filled.refuse_faults()
        assert version is not None, "refused above"
        rebase_draft(desk.bureau, draft_id, version=version, seen=seen, by=desk.by, now=desk.now)
    except NotFound:
        raise
    except Refused as refused:
        return _page(desk, draft_id, refused)
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已记为核对过，可以应用。")


@router.get("/editions/drafts/{draft_id}/preview")
def preview(desk: Keeping, draft_id: Number) -> Response:
    return _preview(desk, draft_id, {})


@router.post("/editions/drafts/{draft_id}/apply")
def apply(desk: Keeping, filled: FilledForm, draft_id: Number) -> Response:
    version = filled.whole("version", "版本", required=True)
    reason = filled.line("reason", "原因", required=True)
    try:
        filled.refuse_faults()
        assert version is not None, "refused above"
        done = apply_draft(
            desk.bureau,
            draft_id,
            version=version,
            publish=filled.ticked("publish"),
            reason=reason,
            by=desk.by,
            now=desk.now,
        )
    except NotFound:
        raise
    except Refused as refused:
        return _preview(desk, draft_id, filled.values, refused)
    told = f"，告知{len(done.told)}个单位" if done.told else ""
    said = (
        f"{done.name}{done.year}年（{STATE_NAMES[done.state]}）：任务新增{done.obligations_new}项、"
        f"改期{done.obligations_moved}项、撤销{done.obligations_cancelled}项{told}。"
    )
    return desk.see_other(f"/editions/{done.campaign}/{done.year}", said=said)


def _page(
    desk: PageContext, draft_id: int, refused: Refused | None = None, typed: str | None = None
) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    return desk.render(
        "planning/draft.html",
        title=f"草稿：{shown.draft.name}{shown.draft.year}年",
        status=_status(refused),
        shown=shown,
        typed=typed,
        refused=refused.reasons if refused else (),
    )


def _preview(
    desk: PageContext, draft_id: int, typed: dict[str, str], refused: Refused | None = None
) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    foreseen, reasons = None, refused.reasons if refused else ()
    try:
        foreseen = forecast_draft(
            desk.bureau, draft_id, version=shown.draft.version, by=desk.by, now=desk.now
        )
    except Refused as impossible:
        reasons = reasons or impossible.reasons
    return desk.render(
        "planning/preview.html",
        title=f"应用草稿：{shown.draft.name}{shown.draft.year}年",
        status=_status(refused),
        shown=shown,
        foreseen=foreseen,
        refused=reasons,
        typed=typed,
    )


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    return 409 if isinstance(refused, Changed) else 422
