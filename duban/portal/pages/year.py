"""The coordinator's year: campaigns by month, load, what a phrase means, the next ninety days; and its workdays by notices."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from calendars.almanac import FIRST_YEAR, LAST_YEAR
from calendars.workdays import YearState
from duban.core.access import Role
from duban.core.errors import Refused
from duban.editions.drafts import list_drafts, rehearse_draft
from duban.editions.forecast import rehearse_change
from duban.editions.notices import (
    MOST_BYTES,
    confirm_notice,
    list_notices,
    preview_notice,
    propose_notice,
    read_notice,
    with_notices,
)
from duban.editions.pages import AFTER, BEFORE, explain_phrase, read_load, read_year
from duban.editions.service import STATE_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Files, Form, Whole, comes_back
from duban.portal.params import AskedNumber, asked_day

router = APIRouter()
LOOKING = (Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)
Looking = Annotated[PageContext, allow(*LOOKING)]


def year_or_refuse(desk: PageContext, year: int | None) -> int:
    """The year asked for, this one by default."""
    chosen = desk.today.year if year is None else year
    if not FIRST_YEAR <= chosen <= LAST_YEAR:
        raise Refused(f"只能看{FIRST_YEAR}至{LAST_YEAR}年，请改年份。")
    return chosen


@router.get("/year")
def show_year(desk: Looking, year: int | None = None, kind: str = "") -> Response:
    chosen = year_or_refuse(desk, year)
    view = read_year(desk.bureau, chosen, by=desk.by)
    columns = (
        *([BEFORE] if BEFORE in view.outside else ()),
        *range(1, 13),
        *([AFTER] if AFTER in view.outside else ()),
    )
    return desk.render(
        "planning/year.html",
        title=f"{chosen}年全年安排",
        view=view,
        kind=kind,
        columns=columns,
        EDITION_STATES=STATE_NAMES,
        rows=[one for one in view.campaigns if kind in ("", one.kind)],
        on_days_off=[one for one in view.on_days_off if kind in ("", one.point.kind)],
    )


@router.get("/load")
def show_load(desk: Looking, year: int | None = None, quarter: int | None = None) -> Response:
    chosen = year_or_refuse(desk, year)
    part = quarter or (desk.today.month + 2) // 3
    view = read_load(desk.bureau, chosen, part, by=desk.by)
    return desk.render("planning/load.html", title=f"{chosen}年第{part}季度各单位负荷", view=view)


@router.get("/phrases")
def show_phrase(
    desk: Annotated[PageContext, allow(*LOOKING)],
    phrase: str = "",
    year: int | None = None,
    campaign: str = "",
    issued: str = "",
) -> Response:
    of_year, day = desk.today.year if year is None else year, asked_day(issued)
    read = None
    if phrase.strip():
        read = explain_phrase(desk.bureau, phrase, of_year, by=desk.by, campaign=campaign, issued_on=day)
    return desk.render(
        "planning/phrase.html", title="读一个时限", phrase=phrase, year=of_year, issued=day, read=read
    )


SHOWN = 200


@router.get("/rehearsal")
def rehearsal(desk: Annotated[PageContext, allow(Role.COORDINATOR)], draft: AskedNumber = None) -> Response:
    reasons: tuple[str, ...] = ()
    found = None
    try:
        if draft is None:
            found = rehearse_change(desk.bureau, None, by=desk.by, now=desk.now)
        else:
            found = rehearse_draft(desk.bureau, draft, by=desk.by, now=desk.now)
    except Refused as refused:
        reasons = refused.reasons
    return desk.render(
        "planning/rehearsal.html",
        title="演练：今后九十天的消息",
        found=found,
        refused=reasons,
        chosen=draft,
        drafts=list_drafts(desk.bureau, by=desk.by),
        most=SHOWN,
        highest=max((max(one.count.before, one.count.after) for one in found.days), default=1)
        if found
        else 1,
    )


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
