"""Holiday notices: pasted or uploaded, looked at with all they change, brought in by one and confirmed by another."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Response

from calendars.notices.draft import NoticeDraft
from calendars.workdays import YearState
from duban.core.access import Role
from duban.core.errors import Refused
from duban.editions.notices import (
    MOST_BYTES,
    confirm_notice,
    list_notices,
    preview_notice,
    propose_notice,
    read_notice,
    with_notices,
)
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm

router = APIRouter()
Keeping = Annotated[PageContext, allow(Role.COORDINATOR)]


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """What was pasted or uploaded, as it came: it is read anew at every step."""

    content: bytes
    filename: str
    year: int | None

    @property
    def packed(self) -> str:
        return base64.b64encode(self.content).decode()

    def draft(self) -> NoticeDraft:
        return read_notice(self.content, self.filename, self.year)


@router.get("/notices")
def notices(desk: Keeping) -> Response:
    return _page(desk, {})


@router.post("/notices/preview")
def look(desk: Keeping, filled: FilledForm) -> Response:
    """What the notice says and changes; nothing is kept."""
    try:
        handed = _handed_in(filled)
        shown = preview_notice(desk.bureau, handed.draft(), now=desk.now)
    except Refused as refused:
        return _page(desk, filled.values, refused)
    effects = None
    reasons: tuple[str, ...] = ()
    if filled.values.get("confirm"):
        try:
            effects = confirm_notice(desk.bureau, handed.draft(), by=desk.by, now=desk.now, dry_run=True)
        except Refused as refused:
            reasons = refused.reasons
    return desk.render(
        "planning/notice.html",
        title=f"{shown.preview.draft.year}年放假安排：核对",
        handed=handed,
        shown=shown.preview,
        confirming=bool(filled.values.get("confirm")),
        effects=effects,
        refused=reasons,
    )


@router.post("/notices")
def propose(desk: Keeping, filled: FilledForm) -> Response:
    """Bring the notice in; it waits for a second person."""
    try:
        done = propose_notice(desk.bureau, _packed(filled).draft(), by=desk.by, now=desk.now)
    except Refused as refused:
        return _page(desk, filled.values, refused)
    said = (
        "已导入，尚未生效，请另一人核对确认。" if done.state == "proposed" else "这份通知早已生效，没有改动。"
    )
    return desk.see_other("/notices", said=said)


@router.post("/notices/confirm")
def confirm(desk: Keeping, filled: FilledForm) -> Response:
    """Put it in force: open dates are worked out again and each unit is told once."""
    try:
        done = confirm_notice(desk.bureau, _packed(filled).draft(), by=desk.by, now=desk.now)
    except Refused as refused:
        return _page(desk, filled.values, refused)
    house = desk.request.app.state.house
    # Every later page counts by the notice that was just confirmed.
    desk.request.app.state.house = replace(house, bureau=with_notices(house.bureau))
    if done.already:
        return desk.see_other("/notices", said="这份通知早已生效，没有改动。")
    said = (
        f"{done.year}年放假安排已生效：涉及{len(done.editions)}个专项行动，任务改期{done.obligations_moved}项，"
        f"告知{len(done.told)}个单位。"
    )
    return desk.see_other("/notices", said=said)


def _page(desk: PageContext, typed: dict[str, str], refused: Refused | None = None) -> Response:
    years = desk.bureau.workdays.years
    recent = [year for year in years if desk.today.year - 1 <= year <= desk.today.year + 1]
    states = [
        (year, desk.bureau.workdays.state(year) is YearState.PROVISIONAL, desk.bureau.workdays.source(year))
        for year in recent
    ]
    return desk.render(
        "planning/notices.html",
        title="工作日与放假通知",
        status=200 if refused is None else 422,
        notices=list_notices(desk.bureau, by=desk.by),
        states=states,
        typed=typed,
        refused=refused.reasons if refused else (),
    )


def _handed_in(filled: Filled) -> _HandedIn:
    """A file when one was chosen, else the pasted text."""
    year = filled.whole("year", "年份")
    filled.refuse_faults()
    chosen = filled.files("file")
    if chosen:
        content = chosen[0].file.read(MOST_BYTES + 1)
        return _HandedIn(content, chosen[0].filename or "", year)
    return _HandedIn(filled.values.get("text", "").encode("utf-8", "replace"), "", year)


def _packed(filled: Filled) -> _HandedIn:
    year = filled.whole("year", "年份")
    filled.refuse_faults()
    try:
        content = base64.b64decode(filled.values.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("通知内容不完整，请重新粘贴或上传。") from None
    return _HandedIn(content, filled.values.get("filename", ""), year)
