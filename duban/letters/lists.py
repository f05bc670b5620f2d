"""What was sent, to whom, and what the other side answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calendars.workdays import YearUnknown
from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import Refused
from duban.history.queries import append_entry
from duban.letters.list_queries import (
    DispatchFilter,
    FailedReason,
    ListedDispatch,
    UnreadUnit,
    dispatch_counts,
    failed_reasons,
    list_dispatch_rows,
    stuck_dispatches,
    unread_units,
)
from duban.letters.queries import dispatch_statuses, failed_dispatch_ids, put_back_dispatches
from duban.letters.rules import retrying_refusals
from duban.obligations.review_queues import PAGE_SIZE
from duban.units.queries import ContactEntry, active_contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatches:
    """The newest messages that the filter finds, and how many of each status there are in all."""

    dispatches: tuple[ListedDispatch, ...]
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def list_dispatches(
    bureau: Bureau, wanted: DispatchFilter, *, by: Actor, limit: int, before: int | None = None
) -> Dispatches:
    """At most `limit` rows, the newest first; `before` is the number of the last one of the page before."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        return Dispatches(
            dispatches=list_dispatch_rows(connection, wanted, sight, limit=limit, before=before),
            counts=dispatch_counts(connection, wanted, sight),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The dispatches that wait again; `nobody` are those whose unit still has no contact."""

    dispatches: tuple[int, ...]
    nobody: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if not self.dispatches and not self.nobody:
            return "没有需要重发的消息。"
        text = f"{len(self.dispatches)}封转为待发，下一次发送时送出"
        if self.nobody:
            numbers = "、".join(str(number) for number in self.nobody)
            text += f"；{len(self.nobody)}封仍无联系人（{numbers}），请先补录该单位的联系人"
        return text + "。"


def retry_dispatch(
    bureau: Bureau,
    dispatch_ids: Sequence[int] | None,
    *,
    by: Actor,
    now: datetime,
    even_unsure: bool = False,
    dry_run: bool = False,
) -> Retried:
    """Let these dispatches wait again, or with None all that have failed. One that is refused refuses all."""
    with bureau.store.writing() as connection:
        wanted = (
            failed_dispatch_ids(connection) if dispatch_ids is None else tuple(dict.fromkeys(dispatch_ids))
        )
        statuses = dispatch_statuses(connection, wanted)
        if reasons := retrying_refusals(by, wanted, statuses, even_unsure=even_unsure):
            raise Refused(reasons)
        nobody = put_back_dispatches(connection, wanted, now)
        done = Retried(
            dispatches=tuple(number for number in wanted if number not in nobody),
            nobody=tuple(sorted(nobody)),
        )
        if done.dispatches:
            append_entry(
                connection,
                at=now,
                by=by,
                verb="retry",
                noun="dispatch",
                noun_id=wanted[0] if len(wanted) == 1 else None,
                detail={"dispatches": list(done.dispatches), "previous": sorted(set(statuses.values()))},
                flow_run_id=bureau.flow_run_id,
            )
        if dry_run:
            rollback_dry_run(connection)
    return done


# Older failures have been overtaken by later letters to the same unit.
_DAYS = 30


def read_failed(bureau: Bureau, *, by: Actor, today: date) -> tuple[FailedReason, ...]:
    """The most frequent reason first."""
    with bureau.store.reading() as connection:
        return failed_reasons(connection, visible_units(by), since=failed_since(today))


def failed_alike(
    bureau: Bureau, *, status: str, reason: str | None, by: Actor, today: date
) -> tuple[int, ...]:
    """The numbers of all messages that failed for this reason."""
    with bureau.store.reading() as connection:
        since = failed_since(today)
        return stuck_dispatches(connection, visible_units(by), since=since, status=status, reason=reason)


def failed_since(today: date) -> date:
    """The first day whose failures still ask for somebody."""
    return today - timedelta(days=_DAYS)


# How many workdays a unit has to acknowledge before it is listed.
UNREAD_WORKDAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPage:
    """Units, the longest silent first. `obligations` and `total` (units) count all pages."""

    units: tuple[UnreadUnit, ...]
    contacts: Mapping[int, tuple[ContactEntry, ...]]
    opened_until: date
    obligations: int
    total: int
    page: int
    page_size: int


def read_unread(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    workdays: int = UNREAD_WORKDAYS,
    edition_id: int | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> UnreadPage:
    """What was handed out longer than so many workdays ago and is still only assigned."""
    sight, until = visible_units(by), opened_until(bureau, today, workdays)
    with bureau.store.reading() as connection:
        found = unread_units(
            connection,
            sight,
            opened_until=until,
            edition_id=edition_id,
            offset=(page - 1) * page_size,
            limit=page_size,
        )
        contacts = active_contacts(connection, [one.unit_id for one in found.units])
    return UnreadPage(
        units=found.units,
        contacts=contacts,
        opened_until=until,
        obligations=found.obligations,
        total=found.total,
        page=page,
        page_size=page_size,
    )


def opened_until(bureau: Bureau, today: date, workdays: int) -> date:
    """What was opened on this day or before has had its workdays."""
    try:
        return bureau.workdays.shift(today, -workdays)
    except YearUnknown:
        return today - timedelta(days=workdays)
