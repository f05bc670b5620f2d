"""What was sent, to whom, and what the other side answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import refuse
from duban.history.service import acting
from duban.outbox.queries import (
    DispatchFilter,
    FailedReason,
    ListedDispatch,
    dispatch_counts,
    dispatch_statuses,
    failed_dispatch_ids,
    failed_reasons,
    list_dispatch_rows,
    put_back_dispatches,
    stuck_dispatches,
)
from duban.outbox.rules import retrying_refusals


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
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        wanted = (
            failed_dispatch_ids(act.connection)
            if dispatch_ids is None
            else tuple(dict.fromkeys(dispatch_ids))
        )
        statuses = dispatch_statuses(act.connection, wanted)
        refuse(*retrying_refusals(by, wanted, statuses, even_unsure=even_unsure))
        nobody = put_back_dispatches(act.connection, wanted, now)
        done = Retried(
            dispatches=tuple(number for number in wanted if number not in nobody),
            nobody=tuple(sorted(nobody)),
        )
        if done.dispatches:
            detail = {"dispatches": list(done.dispatches), "previous": sorted(set(statuses.values()))}
            act.note("retry", "dispatch", wanted[0] if len(wanted) == 1 else None, detail=detail)
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
