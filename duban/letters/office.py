"""The morning digest of the bureau's own people: what waits for coordinators and reviewers, each with its link.

Every queue is read as the page it leads to reads it, so that its number opens to exactly what it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import SYSTEM, Role, VisibleUnits
from duban.core.db import Connection
from duban.editions.queries import open_targets
from duban.editions.unscheduled import unscheduled_years
from duban.letters.queries import HELD, ON_DRAFT, count_kept, unread_units
from duban.obligations.queue_queries import (
    AskedExtension,
    AskedForward,
    SubmittedObligation,
    asked_extensions,
    asked_forwards,
    count_extensions,
    count_forwards,
    count_submitted,
    submitted_obligations,
)
from duban.obligations.review_queues import waited
from duban.obligations.states import State
from duban.obligations.support_queries import SupportFilter, count_supports
from duban.obligations.support_rules import SupportState
from duban.outbox.queries import failed_reasons, write_office_digests
from duban.outbox.service import failed_since
from duban.units.queries import Officer, officers
from notifications.messages import Waiting, WaitingLine
from notifications.wording import short_date

_ALL = VisibleUnits(everything=True)
_C, _R = Role.COORDINATOR, Role.REVIEWER
TOLD = frozenset({_C, _R})
# As many of one queue are named; the page behind the link has them all.
NAMED = 8
FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeQueue:
    """One queue as it stands on a morning, and whose business it is. Its links are paths of the portal.

    What is `lasting` stays for weeks: it stands in every letter, but is reason enough for one only once a week.
    """

    roles: frozenset[Role]
    waiting: Waiting
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What a queue is read with."""

    bureau: Bureau
    connection: Connection
    today: date


def office_queues(bureau: Bureau, connection: Connection, today: date) -> tuple[OfficeQueue, ...]:
    """Every queue in which something waits."""
    morning = Morning(bureau=bureau, connection=connection, today=today)
    found = ((roles, read(morning), read in _LASTING) for roles, read in _QUEUES)
    return tuple(
        OfficeQueue(roles=roles, waiting=one, lasting=lasting) for roles, one, lasting in found if one.number
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeMorning:
    """Who is to be told what on a day, read before anything is written; `fault` says why it could not be read."""

    officers: tuple[Officer, ...] = ()
    queues: tuple[OfficeQueue, ...] = ()
    fault: str | None = None


def read_office_morning(bureau: Bureau, *, now: datetime) -> OfficeMorning:
    """Nothing on a day on which no letter leaves: the next morning speaks of the same queues as they stand then.

    A fault here must not stop the units' letters, so it becomes the reason of the officers' own.
    """
    today = clock.civil(now)
    if clock.civil(office_hours_from(bureau, now)) != today:
        return OfficeMorning()
    with bureau.store.reading() as connection:
        reachable = tuple(one for one in officers(connection, TOLD) if one.contact_id is not None)
        if not reachable:
            return OfficeMorning()
        try:
            queues = office_queues(bureau, connection, today)
            if not _begins_week(bureau, today):
                queues = tuple(one for one in queues if not one.lasting)
            return OfficeMorning(officers=reachable, queues=queues)
        except Exception as error:
            fault = f"晨报写不成（{type(error).__name__}：{error}），请交运维人员处理。"
            return OfficeMorning(officers=reachable, fault=fault)


def _begins_week(bureau: Bureau, today: date) -> bool:
    """Whether it is the first workday of its week."""
    return bureau.workdays.between(today - timedelta(days=today.weekday()), today) == 1


def tell_officers(
    connection: Connection, morning: OfficeMorning, *, round_id: int, day: date, not_before: datetime
) -> int:
    """Write the rows of those for whom something waits, in the round's transaction; returns how many are new."""
    told = [
        (one, waiting)
        for one in morning.officers
        if (waiting := len(waiting_for(one.roles, morning.queues))) or morning.fault
    ]
    return write_office_digests(
        connection, told, round_id=round_id, day=day, not_before=not_before, fault=morning.fault
    )


def waiting_for(roles: Iterable[Role], queues: Sequence[OfficeQueue]) -> tuple[Waiting, ...]:
    """Of these queues those that somebody of these roles works off."""
    own = frozenset(roles)
    return tuple(one.waiting for one in queues if one.roles & own)


def unreachable(connection: Connection) -> tuple[Officer, ...]:
    """The coordinators and reviewers who have no address, so that no morning digest reaches them."""
    return tuple(one for one in officers(connection, TOLD) if one.contact_id is None)


def opened_until(bureau: Bureau, today: date, workdays: int) -> date:
    """What was opened on this day or before has had its workdays."""
    try:
        return bureau.workdays.shift(today, -workdays)
    except YearUnknown:
        return today - timedelta(days=workdays)


def _submitted(morning: Morning, state: State, title: str, path: str) -> Waiting:
    total = count_submitted(morning.connection, state, _ALL)
    first = submitted_obligations(morning.connection, state, _ALL, limit=NAMED) if total.count else ()
    return Waiting(
        title=title,
        number=total.count,
        measure="件",
        since=total.since,
        link=path,
        lines=tuple(
            WaitingLine(
                text=f"{_matter(one)}，{short_date(one.submitted_on, morning.today)}报送，"
                f"已等{waited(morning.bureau.workdays, one.submitted_on, morning.today)}个工作日",
                link=f"/obligations/{one.id}",
            )
            for one in first
        ),
    )


def _reviews(morning: Morning) -> Waiting:
    return _submitted(morning, State.SUBMITTED, "待审核", "/reviews")


def _sign_offs(morning: Morning) -> Waiting:
    return _submitted(morning, State.ACCEPTED, "待销号", "/reviews?tab=accepted")


def _extensions(morning: Morning) -> Waiting:
    number, since = count_extensions(morning.connection, _ALL)
    first = asked_extensions(morning.connection, _ALL, limit=NAMED) if number else ()
    return Waiting(
        title="延期申请",
        number=number,
        measure="份",
        since=clock.civil(since) if since else None,
        link="/extensions",
        lines=tuple(
            WaitingLine(
                text=f"{_matter(one)}，申请由{short_date(one.due_on, morning.today)}"
                f"延至{short_date(one.wanted_on, morning.today)}：{one.reason}",
                link=f"/obligations/{one.obligation_id}",
            )
            for one in first
        ),
    )


def _forwards(morning: Morning) -> Waiting:
    number, since = count_forwards(morning.connection, _ALL)
    first = asked_forwards(morning.connection, _ALL, limit=NAMED) if number else ()
    return Waiting(
        title="改派申请",
        number=number,
        measure="份",
        since=clock.civil(since) if since else None,
        link="/forwards",
        lines=tuple(
            WaitingLine(
                text=f"{_matter(one)}，申请改派{one.to_unit}：{one.reason}",
                link=f"/obligations/{one.obligation_id}",
            )
            for one in first
        ),
    )


def _escalations(morning: Morning) -> Waiting:
    number, first_due = count_kept(morning.connection, HELD)
    return Waiting(title="待批督办", number=number, measure="条", since=first_due, link="/escalations")


def _bulletin(morning: Morning) -> Waiting:
    number, first_due = count_kept(morning.connection, ON_DRAFT)
    return Waiting(title="通报草稿", number=number, measure="件", since=first_due, link="/bulletin")


def _supports(morning: Morning) -> Waiting:
    workdays = morning.bureau.settings.silent_workdays
    pending = SupportFilter(
        states=frozenset({SupportState.PENDING}),
        led=True,
        opened_until=opened_until(morning.bureau, morning.today, workdays),
    )
    _, units, _ = count_supports(morning.connection, pending, _ALL)
    return Waiting(
        title=f"交办满{workdays}个工作日配合未答复",
        number=units,
        measure="家",
        link="/support?state=pending&unanswered=1",
    )


def _undelivered(morning: Morning) -> Waiting:
    found = failed_reasons(morning.connection, _ALL, since=failed_since(morning.today))
    return Waiting(
        title="未能送达",
        number=sum(one.messages for one in found),
        measure="封",
        since=min((one.first_on for one in found), default=None),
        link="/dispatches",
        lines=tuple(
            WaitingLine(
                text=f"{one.units}家单位{one.messages}封：{one.reason or '原因不明'}",
                link=f"/dispatches?status={one.status}",
            )
            for one in found[:NAMED]
        ),
        parts=len(found),
    )


def _silent(morning: Morning) -> Waiting:
    workdays = morning.bureau.settings.silent_workdays
    until = opened_until(morning.bureau, morning.today, workdays)
    first, units, _ = unread_units(morning.connection, _ALL, opened_until=until, limit=NAMED)
    return Waiting(
        title=f"交办满{workdays}个工作日未签收",
        number=units,
        measure="家",
        since=first[0].since if first else None,
        link="/receipts",
        lines=tuple(
            WaitingLine(
                text=f"{one.unit}：{one.obligations}项，{short_date(one.since, morning.today)}交办，"
                f"最早{short_date(one.first_due_on, morning.today)}到期",
                link=f"/obligations?unit={one.unit_id}",
            )
            for one in first
        ),
    )


def _targets(morning: Morning) -> Waiting:
    found = open_targets(morning.connection)
    return Waiting(
        title="目标待明确",
        number=sum(one.obligations for one in found),
        measure="个",
        link="/waiting",
        lines=tuple(
            WaitingLine(
                text=f"{one.campaign}{one.year}·{one.milestone}：{'、'.join(one.units)}"
                f"{'等' if one.obligations > len(one.units) else ''}{one.obligations}家",
                link=f"/editions/{one.campaign_key}/{one.year}",
            )
            for one in found[:FEW]
        ),
        parts=len(found),
    )


def _years(morning: Morning) -> Waiting:
    found = unscheduled_years(morning.connection, morning.today, by=SYSTEM)
    return Waiting(
        title="年度尚未排定",
        number=sum(len(one.campaigns) for one in found),
        measure="个专项行动",
        link="/waiting",
        lines=tuple(WaitingLine(text=one.sentence, link="/editions") for one in found),
        parts=len(found),
    )


# In the order in which the letter shows them.
_QUEUES: tuple[tuple[frozenset[Role], Callable[[Morning], Waiting]], ...] = (
    (frozenset({_C, _R}), _reviews),
    (frozenset({_C}), _sign_offs),
    (frozenset({_C}), _extensions),
    (frozenset({_C}), _forwards),
    (frozenset({_C}), _escalations),
    (frozenset({_C}), _bulletin),
    (frozenset({_C}), _undelivered),
    (frozenset({_C}), _silent),
    (frozenset({_C}), _supports),
    (frozenset({_C}), _targets),
    (frozenset({_C}), _years),
)


_LASTING = (_targets, _years)


def _matter(one: SubmittedObligation | AskedExtension | AskedForward) -> str:
    return f"{one.unit}：{one.campaign}·{one.milestone}{f'（{one.label}）' if one.label else ''}"
