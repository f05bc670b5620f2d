"""Holiday notices: pasted or uploaded, looked at with all they change, brought in by one and confirmed by another."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

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
from duban.portal.forms import Files, Form, Whole, comes_back

router = APIRouter()
Keeping = Annotated[PageContext, allow(Role.COORDINATOR)]


class HandedIn(Form):
    """What was pasted or uploaded, as it came: it is read anew at every step, and packed goes from page to page."""

    year: Whole | None = Field(None, title="年份")
    text: str = ""
    file: Files = Field(default=[], title="通知文件")
    content: str = ""
    filename: str = ""
    confirm: str = ""

    def packed(self) -> tuple[bytes, str]:
        """The content and the name of its file."""
        try:
            return base64.b64decode(self.content, validate=True), self.filename
        except (binascii.Error, ValueError):
            raise Refused("通知内容不完整，请重新粘贴或上传。") from None


@router.get("/notices")
def notices(desk: Keeping) -> Response:
    workdays, today = desk.bureau.workdays, desk.today
    states = [
        (year, workdays.state(year) is YearState.PROVISIONAL, workdays.source(year))
        for year in workdays.years
        if today.year - 1 <= year <= today.year + 1
    ]
    found = list_notices(desk.bureau, by=desk.by)
    return desk.render("planning/notices.html", title="工作日与放假通知", notices=found, states=states)


@router.post("/notices/preview")
@comes_back(notices)
def look(desk: Keeping, form: HandedIn) -> Response:
    """What the notice says and changes; nothing is kept."""
    content, filename = f"{form.text}\n".encode("utf-8", "replace"), ""
    if form.file:
        content, filename = form.file[0].file.read(MOST_BYTES + 1), form.file[0].filename or ""
    draft = read_notice(content, filename, form.year)
    shown = preview_notice(desk.bureau, draft, now=desk.now).preview
    effects, refused = None, desk.attempt.refused
    if form.confirm:
        try:
            effects = confirm_notice(desk.bureau, draft, by=desk.by, now=desk.now, dry_run=True)
        except Refused as impossible:
            refused = impossible.reasons
    return desk.render(
        "planning/notice.html",
        title=f"{shown.draft.year}年放假安排：核对",
        handed={"packed": base64.b64encode(content).decode(), "filename": filename, "year": form.year},
        shown=shown,
        confirming=bool(form.confirm),
        effects=effects,
        refused=refused,
    )


@router.post("/notices")
@comes_back(notices)
def propose(desk: Keeping, form: HandedIn) -> Response:
    """Bring the notice in; it waits for a second person."""
    done = propose_notice(desk.bureau, read_notice(*form.packed(), form.year), by=desk.by, now=desk.now)
    said = (
        "已导入，尚未生效，请另一人核对确认。" if done.state == "proposed" else "这份通知早已生效，没有改动。"
    )
    return desk.see_other("/notices", said=said)


@router.post("/notices/confirm")
@comes_back(notices)
def confirm(desk: Keeping, form: HandedIn) -> Response:
    """Put it in force: open dates are worked out again and each unit is told once."""
    done = confirm_notice(desk.bureau, read_notice(*form.packed(), form.year), by=desk.by, now=desk.now)
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
