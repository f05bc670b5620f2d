"""审核: what waits for a reviewer or a closer; the evidence beside what was expected; pass, send back, sign off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.acting import Acted
from office.actions.name_editions import name_editions
from office.actions.pass_review import pass_review
from office.actions.read_case import read_case
from office.actions.read_reviews import After, read_reviews
from office.actions.send_back import send_back
from office.actions.sign_off import sign_off
from portal.access import allow
from portal.desk import Desk
from portal.forms import Filled, FilledForm
from portal.listing import asked, whole
from portal.numbers import Number
from portal.trying import acted_by, tried
from rules.moves import State, Verb
from rules.people import Role

router = APIRouter()
Reviews = Annotated[Desk, allow(Role.REVIEWER, Role.COORDINATOR, Role.LEADER)]
Closes = Annotated[Desk, allow(Role.COORDINATOR, Role.LEADER)]
TABS = {"submitted": State.SUBMITTED, "accepted": State.ACCEPTED}
FILTERS = ("tab", "edition")


@router.get("/reviews")
def reviews(desk: Reviews) -> Response:
    """One queue, what waits longest first."""
    given = desk.request.query_params
    filters = asked(given, FILTERS)
    state = TABS.get(filters.get("tab", ""), State.SUBMITTED)
    found = read_reviews(
        desk.office,
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
        editions=name_editions(desk.office, by=desk.by),
    )


@router.get("/reviews/{obligation_id}")
def review(desk: Reviews, obligation_id: Number) -> Response:
    """One submission beside what was expected."""
    return _page(desk, obligation_id)


@router.post("/reviews/{obligation_id}/pass")
def let_pass(desk: Reviews, obligation_id: Number, filled: FilledForm) -> Response:
    """审核通过."""

    def act() -> Acted:
        remark = filled.text("remark", "意见")
        filled.refuse_faults()
        return pass_review(desk.office, obligation_id, remark=remark, **acted_by(desk, filled))

    return _act(desk, obligation_id, filled, act, "已通过")


@router.post("/reviews/{obligation_id}/send-back")
def give_back(desk: Reviews, obligation_id: Number, filled: FilledForm) -> Response:
    """退回, with the reason and, if wanted, the day by which it shall come again."""

    def act() -> Acted:
        reason = filled.text("reason", "退回原因", required=True)
        until: date | None = filled.day("resubmit_by_on", "补正时限")
        filled.refuse_faults()
        return send_back(
            desk.office, obligation_id, reason=reason, resubmit_by_on=until, **acted_by(desk, filled)
        )

    return _act(desk, obligation_id, filled, act, "已退回，并通知责任单位")


@router.post("/reviews/{obligation_id}/sign-off")
def strike_off(desk: Closes, obligation_id: Number, filled: FilledForm) -> Response:
    """销号."""

    def act() -> Acted:
        note = filled.text("note", "备注")
        filled.refuse_faults()
        return sign_off(desk.office, obligation_id, note=note, **acted_by(desk, filled))

    return _act(desk, obligation_id, filled, act, "已销号", tab="accepted")


def _after(text: str) -> After | None:
    """Where the page begins, as `2026-03-20,17`; anything else begins at the front."""
    day, _, last = text.partition(",")
    number = whole(last)
    try:
        return None if number is None else After(date.fromisoformat(day), number)
    except ValueError:
        return None


def _act(
    desk: Desk, obligation_id: int, filled: Filled, act: Callable[[], Acted], said: str, tab: str = ""
) -> Response:
    done, status, reasons = tried(act)
    if done is None:
        return _page(desk, obligation_id, filled, reasons, status=status)
    return desk.see_other(
        "/reviews" + (f"?tab={tab}" if tab else ""), said=f"{said}：{done.unit} {done.title}。"
    )


def _page(
    desk: Desk,
    obligation_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    case = read_case(desk.office, obligation_id, by=desk.by, today=desk.today)
    return desk.render(
        "queues/review.html",
        title=case.title,
        status=status,
        case=case,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        Verb=Verb,
    )
