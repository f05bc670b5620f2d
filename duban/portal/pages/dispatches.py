"""发送记录: what did not go out by its reason, every message by day, unit and status, and sending again in bulk."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.letters.list_queries import DispatchFilter
from duban.letters.lists import Retried, failed_alike, list_dispatches, read_failed, retry_dispatch
from duban.letters.rules import DISPATCH_STATUS_NAMES
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.pagination import asked, whole
from duban.units.service import list_units
from notifications.messages import Kind

router = APIRouter()
Keeps = Annotated[PageContext, allow(Role.COORDINATOR, Role.OPERATOR)]
FILTERS = ("status", "unit", "day", "kind", "reason")
KINDS = {kind.value: kind.chinese_name for kind in Kind if kind.urgent or kind is Kind.CALENDAR_CHANGE} | {
    "digest": "每日汇总"
}
PAGE_SIZE = 50


@router.get("/dispatches")
def dispatches(desk: Keeps) -> Response:
    """What failed, gathered by reason, and the messages that the filter finds."""
    return _page(desk)


@router.post("/dispatches/retry")
def retry(desk: Keeps, filled: FilledForm) -> Response:
    """Send again the ticked ones, or all that failed for one reason."""

    def act() -> Retried:
        ids = filled.wholes("dispatch")
        status = filled.line("alike", "状态")
        if status:
            reason = filled.text("reason", "原因") or None
            found = failed_alike(desk.bureau, status=status, reason=reason, by=desk.by, today=desk.today)
            ids = list(found)
        if not ids:
            filled.faults["dispatch"] = "请先勾选要重发的消息；如果已由他人重发，请刷新后再看。"
        filled.refuse_faults()
        sure = filled.ticked("even_unsure")
        return retry_dispatch(desk.bureau, ids, by=desk.by, now=desk.now, even_unsure=sure)

    done, code, reasons = run(act)
    if done is None:
        return _page(desk, filled, reasons, status=code)
    return desk.see_other("/dispatches", said=done.sentence)


def _page(
    desk: PageContext, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
) -> Response:
    given = desk.request.query_params
    filters = asked(given, FILTERS)
    wanted = DispatchFilter(
        statuses=(filters["status"],) if filters.get("status") in DISPATCH_STATUS_NAMES else (),
        unit_id=whole(filters.get("unit")),
        day=_day(filters.get("day", "")),
        kinds=(filters["kind"],) if filters.get("kind") in KINDS else (),
        reason=filters.get("reason"),
    )
    before = whole(given.get("before"))
    found = list_dispatches(desk.bureau, wanted, by=desk.by, limit=PAGE_SIZE, before=before)
    return desk.render(
        "queues/dispatches.html",
        title="发送记录",
        status=status,
        found=found,
        reasons=read_failed(desk.bureau, by=desk.by, today=desk.today),
        refused=refused,
        asked=filters,
        units=list_units(desk.bureau, by=desk.by),
        ticked=frozenset(filled.wholes("dispatch")) if filled else frozenset(),
        STATUSES=DISPATCH_STATUS_NAMES,
        KINDS=KINDS,
        next_before=found.dispatches[-1].id if len(found.dispatches) == PAGE_SIZE else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
