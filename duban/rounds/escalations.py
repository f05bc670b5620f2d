"""批准督办: an escalation that was held goes to the superior with the next digest, or is declined with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import ROLE_NAMES, Actor, Role, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.outbox.queries import RoundRow, round_on, write_digests
from duban.rounds.escalation_queries import (
    HeldEscalation,
    HeldSelection,
    any_held_escalations,
    approve_reminders,
    count_held_escalations,
    decline_reminders,
    held_escalations_page,
    release_held_reminders,
    settle_held_reminders,
)
from duban.rounds.queries import close_round, lock_round


def release_escalations(connection: Connection, current: RoundRow) -> int:
    """Of a round that is locked, before its digests are written; returns how many reminders it gained."""
    if not any_held_escalations(connection):
        return 0
    settle_held_reminders(connection)
    return release_held_reminders(connection, round_id=current.id, day=current.held_on)


APPROVERS = frozenset({Role.COORDINATOR, Role.LEADER})
PAGE_SIZE = 50
# The reminder keeps the beginning of the reason, the history all of it.
_CAUSE = 64
_NAMED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """What waits for a decision. `superiors` is how many units would be told of all of it; `required` the setting."""

    escalations: tuple[HeldEscalation, ...]
    total: int
    superiors: int
    required: bool
    next_after: tuple[date, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationsDecided:
    """`decided` were approved or declined; of the approved ones `released` go out today, the others with the next round."""

    approved: bool
    decided: int
    released: int = 0

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if not self.approved:
            return f"{self.decided}条督办不予批准，不再发出。"
        later = self.decided - self.released
        parts = [f"{self.released}条列入今天的汇总"] if self.released else []
        parts += [f"{later}条随下一轮汇总发出"] if later else []
        return f"已批准{self.decided}条督办，{'，'.join(parts)}。"


def held_escalations(
    bureau: Bureau,
    chosen: HeldSelection | None = None,
    *,
    by: Actor,
    after: tuple[date, int] | None = None,
    limit: int = PAGE_SIZE,
) -> HeldPage:
    """What waits for approval, the longest overdue first."""
    wanted, sight = chosen or HeldSelection(), visible_units(by)
    with bureau.store.reading() as connection:
        found = held_escalations_page(connection, sight, wanted, after=after, limit=limit)
        total, superiors, _ = count_held_escalations(connection, sight, wanted)
    last = found[-1] if len(found) == limit else None
    return HeldPage(
        escalations=found,
        total=total,
        superiors=superiors,
        required=bureau.settings.escalation_approval,
        next_after=(last.due_on, last.obligation_id) if last else None,
    )


def approve_escalations(
    bureau: Bureau, chosen: HeldSelection, *, by: Actor, now: datetime, dry_run: bool = False
) -> EscalationsDecided:
    """Approve these; what can still join today's digests does, the rest waits for the next round."""
    refuse(*_approving_refusals(by))
    with bureau.store.writing() as connection:
        decided = approve_reminders(connection, chosen)
        refuse(*_nothing(decided))
        released = _send_today(bureau, connection, now)
        _record(bureau, connection, "approve_escalations", chosen, by, now, {"escalations": decided})
        if dry_run:
            rollback_dry_run(connection)
    return EscalationsDecided(approved=True, decided=decided, released=min(released, decided))


def decline_escalations(
    bureau: Bureau, chosen: HeldSelection, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EscalationsDecided:
    """Decline these, with the reason: they are never sent."""
    reason = cleaned(reason)
    refuse(*_approving_refusals(by), *(() if reason.strip() else ("不批准督办要写明理由，请补写。",)))
    with bureau.store.writing() as connection:
        cause = f"未获批准：{reason}"
        decided = decline_reminders(connection, chosen, cause=cause[:_CAUSE])
        refuse(*_nothing(decided))
        detail = {"reason": reason, "escalations": decided}
        _record(bureau, connection, "decline_escalations", chosen, by, now, detail)
        if dry_run:
            rollback_dry_run(connection)
    return EscalationsDecided(approved=False, decided=decided)


def _approving_refusals(by: Actor) -> tuple[str, ...]:
    """Every reason against approving or declining by this person."""
    if by.person_id is None:
        return ("批准督办要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & APPROVERS:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in APPROVERS)
    return (f"{by.name}不能批准或不批准督办，请由{may}办理。",)


def _nothing(decided: int) -> tuple[str, ...]:
    """Also what two coordinators meet who decide at once: the second finds nothing left."""
    if decided:
        return ()
    return ("所选督办已由他人批复，或相应任务已办结、调整，请刷新后再看。",)


def _send_today(bureau: Bureau, connection: Connection, now: datetime) -> int:
    """Into today's digests, where the day's round is over; before it, the round itself takes them."""
    found = round_on(connection, clock.civil(now))
    if found is None or found.finished_at is None:
        return 0
    current = lock_round(connection, found.id)
    released = release_escalations(connection, current)
    if released:
        rows = write_digests(
            connection, round_id=current.id, day=current.held_on, not_before=office_hours_from(bureau, now)
        )
        close_round(
            connection, current.id, status=current.status, dispatches=rows - current.dispatches, now=now
        )
    return released


def _record(
    bureau: Bureau,
    connection: Connection,
    verb: str,
    chosen: HeldSelection,
    by: Actor,
    now: datetime,
    detail: dict[str, object],
) -> None:
    """One matter is recorded in its own file; several in one line that names them."""
    ids = chosen.obligation_ids
    one = ids[0] if ids is not None and len(ids) == 1 else None
    named = {"obligations": list(ids[:_NAMED])} if ids is not None and one is None else {}
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="obligation" if one else "edition",
        noun_id=one or chosen.edition_id,
        edition_id=chosen.edition_id,
        detail=detail | named,
        flow_run_id=bureau.flow_run_id,
    )
