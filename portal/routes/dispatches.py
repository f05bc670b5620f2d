"""发送记录: what did not go out by its reason, every message by day, unit and status, and sending again in bulk."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from notifications.messages import Kind
from office.actions.list_dispatches import DispatchFilter, list_dispatches
from office.actions.read_failed import failed_alike, read_failed
from office.actions.retry_dispatch import Retried, retry_dispatch
from office.actions.show_units import list_units
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.listing import asked, whole
from portal.trying import tried
from rules.people import Role
from rules.retries import DISPATCH_STATUS_NAMES

router = APIRouter()
Keeps = Annotated[Desk, allow(Role.COORDINATOR, Role.OPERATOR)]
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
            found = failed_alike(desk.office, status=status, reason=reason, by=desk.by, today=desk.today)
            ids = list(found)
        if not ids:
            filled.faults["dispatch"] = "请先勾选要重发的消息；如果已由他人重发，请刷新后再看。"
        filled.refuse_faults()
        sure = filled.ticked("even_unsure")
        return retry_dispatch(desk.office, ids, by=desk.by, now=desk.now, even_unsure=sure)

    done, code, reasons = tried(act)
    if done is None:
        return _page(desk, filled, reasons, status=code)
    return desk.see_other("/dispatches", said=done.sentence)


def _page(
    desk: Desk, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
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
    found = list_dispatches(desk.office, wanted, by=desk.by, limit=PAGE_SIZE, before=before)
    return desk.render(
        "queues/dispatches.html",
        title="发送记录",
        status=status,
        found=found,
        reasons=read_failed(desk.office, by=desk.by, today=desk.today),
        refused=refused,
        asked=filters,
        units=list_units(desk.office, by=desk.by),
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
