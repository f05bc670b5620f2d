"""审核: what waits for a reviewer or a closer; the evidence beside what was expected; pass, send back, sign off."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.obligations.file import open_obligation
from duban.obligations.queue_queries import QueuePosition
from duban.obligations.review_queues import read_reviews
from duban.obligations.states import State, Transition
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.obligation_forms import ACCEPTS, do_transition
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
    return _act(desk, obligation_id, Transition.PASS, filled, "已通过")


@router.post("/reviews/{obligation_id}/send-back")
def give_back(desk: Reviews, obligation_id: Number, filled: FilledForm) -> Response:
    """退回, with the reason and, if wanted, the day by which it shall come again."""
    return _act(desk, obligation_id, Transition.SEND_BACK, filled, "已退回，并通知责任单位")


@router.post("/reviews/{obligation_id}/sign-off")
def strike_off(desk: Closes, obligation_id: Number, filled: FilledForm) -> Response:
    """销号."""
    return _act(desk, obligation_id, Transition.SIGN_OFF, filled, "已销号", tab="accepted")


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
    verb: Transition,
    filled: Filled,
    said: str,
    tab: str = "",
) -> Response:
    done, status, reasons = run(lambda: do_transition(desk, obligation_id, verb, filled))
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
    case = open_obligation(desk.bureau, obligation_id, by=desk.by, now=desk.now)
    return desk.render(
        "queues/review.html",
        title=f"{case.campaign_name}·{case.title}",
        status=status,
        case=case,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        Verb=Transition,
        ACCEPTS=ACCEPTS,
    )
