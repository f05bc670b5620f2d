"""审核: what waits for a reviewer or a closer; the evidence beside what was expected; pass, send back, sign off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.evidence.reviews import pass_review, send_back, sign_off
from duban.obligations.file import read_case
from duban.obligations.queue_queries import QueuePosition
from duban.obligations.review_queues import read_reviews
from duban.obligations.states import State, Transition
from duban.obligations.transitions import TransitionDone
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, audit_fields, run
from duban.portal.params import Number, asked, whole

router = APIRouter()
Reviews = Annotated[PageContext, allow(Role.REVIEWER, Role.COORDINATOR, Role.LEADER)]
Closes = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
TABS = {"submitted": State.SUBMITTED, "accepted": State.ACCEPTED}
FILTERS = ("tab", "edition")


@router.get("/reviews")
def reviews(desk: Reviews) -> Response:
    """One queue, what waits longest first."""
    given = desk.request.query_params
    filters = asked(given, FILTERS)
    state = TABS.get(filters.get("tab", ""), State.SUBMITTED)
    found = read_reviews(
        desk.bureau,
        by=desk.by,
        today=desk.today,
        state=state,
        edition_id=whole(filters.get("edition")),
        after=_after(given.get("after", "")),
    )
    return desk.render(
        "queues/reviews.html",
        title="待审核" if state is State.SUBMITTED else "待销号",
        found=found,
        tab=state.value,
        asked=filters,
        editions=name_editions(desk.bureau, by=desk.by),
    )


@router.get("/reviews/{obligation_id}")
def review(desk: Reviews, obligation_id: Number) -> Response:
    """One submission beside what was expected."""
    return _page(desk, obligation_id)


@router.post("/reviews/{obligation_id}/pass")
def let_pass(desk: Reviews, obligation_id: Number, filled: FilledForm) -> Response:
    """审核通过."""

    def act() -> TransitionDone:
        remark = filled.text("remark", "意见")
        filled.refuse_faults()
        return pass_review(desk.bureau, obligation_id, remark=remark, **audit_fields(desk, filled))

    return _act(desk, obligation_id, filled, act, "已通过")


@router.post("/reviews/{obligation_id}/send-back")
def give_back(desk: Reviews, obligation_id: Number, filled: FilledForm) -> Response:
    """退回, with the reason and, if wanted, the day by which it shall come again."""

    def act() -> TransitionDone:
        reason = filled.text("reason", "退回原因", required=True)
        until: date | None = filled.day("resubmit_by_on", "补正时限")
        filled.refuse_faults()
        return send_back(
            desk.bureau, obligation_id, reason=reason, resubmit_by_on=until, **audit_fields(desk, filled)
        )

    return _act(desk, obligation_id, filled, act, "已退回，并通知责任单位")


@router.post("/reviews/{obligation_id}/sign-off")
def strike_off(desk: Closes, obligation_id: Number, filled: FilledForm) -> Response:
    """销号."""

    def act() -> TransitionDone:
        note = filled.text("note", "备注")
        filled.refuse_faults()
        return sign_off(desk.bureau, obligation_id, note=note, **audit_fields(desk, filled))

    return _act(desk, obligation_id, filled, act, "已销号", tab="accepted")


def _after(text: str) -> QueuePosition | None:
    """Where the page begins, as `2026-03-20,17`; anything else begins at the front."""
    day, _, last = text.partition(",")
    number = whole(last)
    try:
        return None if number is None else QueuePosition(date.fromisoformat(day), number)
    except ValueError:
        return None


def _act(
    desk: PageContext,
    obligation_id: int,
    filled: Filled,
    act: Callable[[], TransitionDone],
    said: str,
    tab: str = "",
) -> Response:
    done, status, reasons = run(act)
    if done is None:
        return _page(desk, obligation_id, filled, reasons, status=status)
    return desk.see_other(
        "/reviews" + (f"?tab={tab}" if tab else ""), said=f"{said}：{done.unit} {done.title}。"
    )


def _page(
    desk: PageContext,
    obligation_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    case = read_case(desk.bureau, obligation_id, by=desk.by, today=desk.today)
    return desk.render(
        "queues/review.html",
        title=case.title,
        status=status,
        case=case,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        Verb=Transition,
    )
