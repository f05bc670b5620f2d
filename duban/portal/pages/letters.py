"""Letters by hand: 即时催办 with a look at every letter first, 发送记录 with sending again in bulk, and 未签收."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.letters.chases import COMPOSED, chase_now, read_unread
from duban.letters.queries import ChaseScope
from duban.obligations.review_queues import PAGE_SIZE
from duban.outbox.queries import DispatchFilter
from duban.outbox.rules import DISPATCH_STATUS_NAMES
from duban.outbox.service import failed_alike, list_dispatches, read_failed, retry_dispatch
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, FormRefused, Line, Text, Whole, Wholes, comes_back
from duban.portal.params import PageLinks, PageNumber, asked, asked_day, whole
from duban.units.importing import CHANNELS, DUTIES
from duban.units.service import list_units
from notifications.messages import Kind

router = APIRouter()
Chases = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
Keeps = Annotated[PageContext, allow(Role.COORDINATOR, Role.OPERATOR)]
KINDS = {kind.value: kind.chinese_name for kind in Kind if kind.urgent or kind is Kind.CALENDAR_CHANGE} | {
    "digest": "每日汇总"
}
DISPATCHES_A_PAGE = 50


class Chase(Form):
    edition: Whole | None = Field(None, title="专项行动")
    unit: Wholes
    obligation: Wholes
    due_until: Day | None = Field(None, title="到期日")
    unread: Day | None = Field(None, title="交办日")
    words: Text = Field("", title="催办说明")
    step: Line = Field("", title="步骤")


class Retry(Form):
    dispatch: Wholes
    alike: Line = Field("", title="状态")
    reason: Text = Field("", title="原因")
    even_unsure: str = ""


@router.get("/chase")
def choose(desk: Chases) -> Response:
    """Which campaign or unit, and what of it."""
    return desk.render(
        "queues/chase.html",
        title="即时催办",
        scope=ChaseScope(
            unit_ids=tuple(desk.attempt.ticked("unit")),
            obligation_ids=tuple(desk.attempt.ticked("obligation")),
            unread_since=asked_day(desk.typed.get("unread")),
        ),
        editions=name_editions(desk.bureau, by=desk.by),
        units=[one for one in list_units(desk.bureau, by=desk.by) if one.active],
    )


@router.post("/chase")
@comes_back(choose)
def chase(desk: Chases, form: Chase) -> Response:
    """Show who would get what; sent only from that page."""
    scope = ChaseScope(
        edition_id=form.edition,
        unit_ids=tuple(form.unit),
        obligation_ids=tuple(form.obligation),
        due_until=form.due_until,
        unread_since=form.unread,
    )
    sends = form.step == "send"
    done = chase_now(desk.bureau, scope, words=form.words, by=desk.by, now=desk.now, dry_run=not sends)
    if sends:
        return desk.see_other("/chase", said=done.sentence)
    return desk.render(
        "queues/chase_preview.html",
        title="催办预览",
        done=done,
        scope=scope,
        words_given=form.words,
        composed=COMPOSED,
        CHANNELS=CHANNELS,
    )


@router.get("/dispatches")
def dispatches(desk: Keeps) -> Response:
    """What failed, gathered by reason, and the messages that the filter finds."""
    given = desk.request.query_params
    filters = asked(given, ("status", "unit", "day", "kind", "reason"))
    wanted = DispatchFilter(
        statuses=(filters["status"],) if filters.get("status") in DISPATCH_STATUS_NAMES else (),
        unit_id=whole(filters.get("unit")),
        day=asked_day(filters.get("day")),
        kinds=(filters["kind"],) if filters.get("kind") in KINDS else (),
        reason=filters.get("reason"),
    )
    found = list_dispatches(
        desk.bureau, wanted, by=desk.by, limit=DISPATCHES_A_PAGE, before=whole(given.get("before"))
    )
    return desk.render(
        "queues/dispatches.html",
        title="发送记录",
        found=found,
        reasons=read_failed(desk.bureau, by=desk.by, today=desk.today),
        asked=filters,
        units=list_units(desk.bureau, by=desk.by),
        ticked=desk.attempt.ticked("dispatch"),
        STATUSES=DISPATCH_STATUS_NAMES,
        KINDS=KINDS,
        next_before=found.dispatches[-1].id if len(found.dispatches) == DISPATCHES_A_PAGE else None,
    )


@router.post("/dispatches/retry")
@comes_back(dispatches)
def retry(desk: Keeps, form: Retry) -> Response:
    """Send again the ticked ones, or all that failed for one reason."""
    ids = form.dispatch
    if form.alike:
        reason = form.reason or None
        ids = list(failed_alike(desk.bureau, status=form.alike, reason=reason, by=desk.by, today=desk.today))
    if not ids:
        raise FormRefused({"dispatch": "请先勾选要重发的消息；如果已由他人重发，请刷新后再看。"})
    done = retry_dispatch(desk.bureau, ids, by=desk.by, now=desk.now, even_unsure=bool(form.even_unsure))
    return desk.see_other("/dispatches", said=done.sentence)


@router.get("/receipts")
def receipts(
    desk: Annotated[PageContext, allow(Role.COORDINATOR)],
    page: PageNumber = 1,
    workdays: Annotated[int | None, Query(ge=0, le=250)] = None,
) -> Response:
    """Who has not acknowledged for so many workdays, the longest silent first."""
    filters = asked(desk.request.query_params, ("edition", "workdays"))
    workdays = desk.bureau.settings.silent_workdays if workdays is None else workdays
    found = read_unread(
        desk.bureau,
        by=desk.by,
        today=desk.today,
        workdays=workdays,
        edition_id=whole(filters.get("edition")),
        page=page,
    )
    listing = PageLinks(path="/receipts", asked=filters, page=page, page_size=PAGE_SIZE, total=found.total)
    return desk.render(
        "queues/receipts.html",
        title="未签收",
        found=found,
        listing=listing,
        workdays=workdays,
        asked=filters,
        editions=name_editions(desk.bureau, by=desk.by),
        DUTIES=DUTIES,
    )
