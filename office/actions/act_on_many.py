"""暂停、恢复、免办 for a whole edition or unit at once: set statements, one line of history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from office import clock
from office.actions.acting import cleaned, person_id, refuse, unknown_day
from office.actions.office import Office
from office.store import bulk, history
from office.store.bulk import Scope
from office.store.dry_run import take_back
from office.store.engine import Connection
from rules.extensions import Clocks, resumed_due_on
from rules.moves import VERB_NAMES, State, Verb, allowed, grounds_refusals, role_refusals
from rules.people import Actor

# The history names no more chosen matters than this one by one.
_NAMED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyActed:
    """How many obligations the act changed, and how many of the scope it left alone, by their state."""

    verb: Verb
    changed: int
    left: Mapping[State, int]


def waive_many(
    office: Office,
    scope: Scope,
    *,
    reason: str,
    authority: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ManyActed:
    """Waive everything of the scope that is not done."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    refuse(
        *_refusals(Verb.WAIVE, scope, by), *grounds_refusals(Verb.WAIVE, reason=reason, authority=authority)
    )
    grounds = {"reason": reason, "authority": authority}
    with office.store.writing() as connection:
        left = _left(connection, scope, Verb.WAIVE)
        changed = bulk.waive(
            connection,
            scope,
            allowed(Verb.WAIVE),
            by=person_id(by),
            at=now,
            on=clock.civil(now),
            **grounds,
        )
        _record(office, connection, Verb.WAIVE, scope, by, now, changed, grounds)
        if dry_run:
            take_back(connection)
    return ManyActed(verb=Verb.WAIVE, changed=changed, left=left)


def suspend_many(
    office: Office,
    scope: Scope,
    *,
    reason: str,
    authority: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ManyActed:
    """Stop the clock of everything of the scope that is owed."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    refuse(
        *_refusals(Verb.SUSPEND, scope, by),
        *grounds_refusals(Verb.SUSPEND, reason=reason, authority=authority),
    )
    grounds = {"reason": reason, "authority": authority}
    with office.store.writing() as connection:
        left = _left(connection, scope, Verb.SUSPEND)
        changed = bulk.suspend(
            connection, scope, allowed(Verb.SUSPEND), by=person_id(by), on=clock.civil(now), **grounds
        )
        _record(office, connection, Verb.SUSPEND, scope, by, now, changed, grounds)
        if dry_run:
            take_back(connection)
    return ManyActed(verb=Verb.SUSPEND, changed=changed, left=left)


def resume_many(
    office: Office, scope: Scope, *, by: Actor, now: datetime, dry_run: bool = False
) -> ManyActed:
    """Let every clock of the scope run again; the days are given back group by group, inside each wall."""
    refuse(*_refusals(Verb.RESUME, scope, by))
    today = clock.civil(now)
    with office.store.writing() as connection:
        left = _left(connection, scope, Verb.RESUME)
        changed = 0
        for group in bulk.stopped_groups(connection, scope):
            dates = Clocks(due_on=group.due_on, hard_due_on=group.hard_due_on, today=today)
            due_on = resumed_due_on(dates, group.suspended_on)
            refuse(*unknown_day(office, due_on))
            changed += bulk.resume(connection, scope, group, due_on=due_on)
        bulk.end_suspensions(connection, scope, by=person_id(by), on=today)
        _record(office, connection, Verb.RESUME, scope, by, now, changed, {})
        if dry_run:
            take_back(connection)
    return ManyActed(verb=Verb.RESUME, changed=changed, left=left)


def _refusals(verb: Verb, scope: Scope, by: Actor) -> tuple[str, ...]:
    own = list(role_refusals(verb, by))
    if not scope.bounded:
        own.append(f"成批{VERB_NAMES[verb]}要指明专项行动、单位或任务，请用 --edition 或 --unit 写明范围。")
    return tuple(own)


def _left(connection: Connection, scope: Scope, verb: Verb) -> dict[State, int]:
    counts = bulk.count_by_state(connection, scope)
    if not sum(counts.get(state, 0) for state in allowed(verb)):
        refuse(f"所指范围内没有可以{VERB_NAMES[verb]}的任务，请在任务台账里核对。")
    return {state: count for state, count in counts.items() if state not in allowed(verb)}


def _record(
    office: Office,
    connection: Connection,
    verb: Verb,
    scope: Scope,
    by: Actor,
    now: datetime,
    changed: int,
    grounds: Mapping[str, object],
) -> None:
    noun, number = _noun(scope)
    chosen = {"chosen": list(scope.obligation_ids[:_NAMED])} if scope.obligation_ids else {}
    history.append(
        connection,
        at=now,
        by=by,
        verb=verb.value,
        noun=noun,
        noun_id=number,
        edition_id=scope.edition_id,
        unit_id=scope.unit_id,
        detail={**grounds, **chosen, "obligations": changed},
        flow_run_id=office.flow_run_id,
    )


def _noun(scope: Scope) -> tuple[str, int | None]:
    """What the line in the history is about; chosen matters of several units are about none of them alone."""
    if scope.obligation_ids and len(scope.obligation_ids) == 1:
        return "obligation", scope.obligation_ids[0]
    if scope.edition_id is not None:
        return "edition", scope.edition_id
    return ("unit", scope.unit_id) if scope.unit_id is not None else ("obligation", None)
