"""待办 and 待我决定: every queue with how much waits in it, what calendars and ledgers still need a person for, and
待定时限 with the form for the day that a date is counted from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.editions.event_queries import EventFilter
from duban.editions.events import EventDay, enter_event, list_event_duties
from duban.editions.pages import list_unresolved_items
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, Line, comes_back
from duban.portal.params import AskedNumber, Number
from duban.reports.queues import LISTED, read_decisions, read_queues

router = APIRouter()
_C, _R, _L = Role.COORDINATOR, Role.REVIEWER, Role.LEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How a queue is called, where it is worked off, by whom, and what "since" means there."""

    name: str
    path: str
    roles: frozenset[Role]
    what: str
    since: str = "最早等待自"
    measure: str = "件"


SHELVES = {
    "reviews": Shelf(
        name="待审核", path="/reviews", roles=frozenset({_C, _R, _L}), what="单位已报送，等审核人通过或退回"
    ),
    "sign_offs": Shelf(
        name="待销号", path="/reviews?tab=accepted", roles=frozenset({_C, _L}), what="审核已全部通过，等销号"
    ),
    "extensions": Shelf(
        name="延期申请",
        path="/extensions",
        roles=frozenset({_C, _L}),
        what="单位申请延期，等批复",
        measure="份",
    ),
    "forwards": Shelf(
        name="改派申请", path="/forwards", roles=frozenset({_C}), what="单位申请改派，等批复", measure="份"
    ),
    "escalations": Shelf(
        name="待批督办",
        path="/escalations",
        roles=frozenset({_C, _L}),
        what="催办后仍未办结，批准后报分管领导",
        since="最早的时限",
        measure="条",
    ),
    "bulletin": Shelf(
        name="通报草稿",
        path="/bulletin",
        roles=frozenset({_C}),
        what="催办后仍不办结，由您决定是否通报；系统不自动印发",
        since="最早的时限",
        measure="项",
    ),
    "receipts": Shelf(
        name="未签收",
        path="/receipts",
        roles=frozenset({_C}),
        what="交办满规定的工作日还没有签收",
        since="最早交办于",
        measure="项",
    ),
    "supports": Shelf(
        name="配合未答复",
        path="/support?state=pending&unanswered=1",
        roles=frozenset({_C, _L}),
        what="交办满3个工作日，配合单位还没有知悉或报告",
        since="最早的时限",
        measure="项",
    ),
    "dispatches": Shelf(
        name="未能发出",
        path="/dispatches",
        roles=frozenset({_C}),
        what="近30天没有发出或不能确定的消息",
        since="最早的一封",
        measure="封",
    ),
    "waiting": Shelf(
        name="待补充",
        path="/waiting",
        roles=frozenset({_C}),
        what="没有排定的年度、没有日期的节点、待填的起算日、空着的目标、没导入的名册和清单、草稿、放假通知",
        measure="处",
    ),
}


@router.get("/queues")
def queues(desk: Annotated[PageContext, allow(_C, _R, _L)]) -> Response:
    """What waits; empty queues stand at the end."""
    found = read_queues(desk.bureau, by=desk.by, now=desk.now)
    mine = [(SHELVES[one.key], one) for one in found if desk.by.roles & SHELVES[one.key].roles]
    return desk.render(
        "queues/all.html",
        title="待办",
        waiting=[pair for pair in mine if pair[1].count],
        empty=[shelf for shelf, one in mine if not one.count],
        may_chase=desk.has(_C, _L),
    )


@router.get("/decisions")
def show_decisions(desk: Annotated[PageContext, allow(Role.LEADER)]) -> Response:
    found = read_decisions(desk.bureau, by=desk.by, today=desk.today)
    return desk.render("leader/decisions.html", title="待我决定", decisions=found, LISTED=LISTED)


@router.get("/waiting")
def waiting(desk: Annotated[PageContext, allow(Role.COORDINATOR)]) -> Response:
    """Each with where it is supplied."""
    return desk.render(
        "queues/waiting.html",
        title="待补充",
        found=list_unresolved_items(desk.bureau, by=desk.by, today=desk.today),
    )


Entering = Annotated[PageContext, allow(Role.COORDINATOR, Role.HANDLER)]


class EventForm(Form):
    """`duty` is one duty's number, or nothing for all that wait; `back` takes the day back."""

    duty: Line = Field("", title="单位")
    event_on: Day | None = Field(None, title="日期")
    note: Line = Field("", title="依据")
    back: str = ""


@router.get("/events")
def show_events(desk: Entering, edition: AskedNumber = None) -> Response:
    """By milestone, those that wait first of all."""
    wanted = EventFilter(edition_id=edition)
    found = list_event_duties(desk.bureau, wanted, by=desk.by)
    cards = [
        (some[0], some, sum(one.event_on is None for one in some))
        for _, group in groupby(found, key=lambda one: (one.edition_id, one.milestone_key))
        if (some := list(group))
    ]
    return desk.render(
        "planning/events.html",
        title="待定时限",
        cards=sorted(cards, key=lambda card: not card[2]),
        edition=edition,
        keeps=desk.has(Role.COORDINATOR),
    )


@router.post("/events/{edition_id}/{key}")
@comes_back(show_events)
def enter(desk: Entering, edition_id: Number, key: str, form: EventForm) -> Response:
    wanted = EventFilter(edition_id=edition_id, milestone=key)
    duties = list_event_duties(desk.bureau, wanted, by=desk.by)
    chosen = [one for one in duties if str(one.id) == form.duty] if form.duty else list(duties[:1])
    if not chosen:
        raise NotFound("没有这一项待定时限，或它不属于您的单位，请从待定时限页重新选择。")
    if form.event_on is None and not form.back:
        raise Refused("请填写那一天的日期；要撤回已填的，请勾选撤回。")
    one = chosen[0]
    entry = EventDay(
        campaign=one.campaign,
        year=one.year,
        milestone=key,
        event_on=None if form.back else form.event_on,
        unit=one.unit if form.duty else "",
        subject=(one.subject_code or "") if form.duty else "",
        note=form.note,
    )
    done = enter_event(desk.bureau, entry, by=desk.by, now=desk.now)
    return desk.see_other("/events", said=done.sentence)
