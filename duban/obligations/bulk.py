"""暂停、恢复、免办 for a whole edition or unit at once: set statements, one line of history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, person_id
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.editions.queries import edition_named
from duban.history.queries import append_entry
from duban.obligations.queries import (
    BulkSelection,
    count_selected_by_state,
    end_selected_suspensions,
    resume_group,
    suspend_selected,
    suspended_groups,
    waive_selected,
)
from duban.obligations.rules import Clocks, resumed_due_on
from duban.obligations.states import (
    TRANSITION_NAMES,
    State,
    Transition,
    allowed_states,
    grounds_refusals,
    role_refusals,
)
from duban.obligations.transitions import unknown_day
from duban.units.service import unit_named


def scope_named(bureau: Bureau, *, edition: str | None, unit: str | None) -> BulkSelection:
    """A whole edition, a whole unit, or one within the other."""
    return BulkSelection(
        edition_id=edition_named(bureau, edition) if edition else None,
        unit_id=unit_named(bureau, unit).id if unit else None,
    )


# The history names no more chosen matters than this one by one.
_NAMED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyActed:
    """How many obligations the act changed, and how many of the scope it left alone, by their state."""

    verb: Transition
    changed: int
    left: Mapping[State, int]


def waive_many(
    bureau: Bureau,
    scope: BulkSelection,
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
        *_refusals(Transition.WAIVE, scope, by),
        *grounds_refusals(Transition.WAIVE, reason=reason, authority=authority),
    )
    grounds = {"reason": reason, "authority": authority}
    with bureau.store.writing() as connection:
        left = _left(connection, scope, Transition.WAIVE)
        changed = waive_selected(
            connection,
            scope,
            allowed_states(Transition.WAIVE),
            by=person_id(by),
            at=now,
            on=clock.civil(now),
            **grounds,
        )
        _record(bureau, connection, Transition.WAIVE, scope, by, now, changed, grounds)
        if dry_run:
            rollback_dry_run(connection)
    return ManyActed(verb=Transition.WAIVE, changed=changed, left=left)


def suspend_many(
    bureau: Bureau,
    scope: BulkSelection,
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
        *_refusals(Transition.SUSPEND, scope, by),
        *grounds_refusals(Transition.SUSPEND, reason=reason, authority=authority),
    )
    grounds = {"reason": reason, "authority": authority}
    with bureau.store.writing() as connection:
        left = _left(connection, scope, Transition.SUSPEND)
        changed = suspend_selected(
            connection,
            scope,
            allowed_states(Transition.SUSPEND),
            by=person_id(by),
            on=clock.civil(now),
            **grounds,
        )
        _record(bureau, connection, Transition.SUSPEND, scope, by, now, changed, grounds)
        if dry_run:
            rollback_dry_run(connection)
    return ManyActed(verb=Transition.SUSPEND, changed=changed, left=left)


def resume_many(
    bureau: Bureau, scope: BulkSelection, *, by: Actor, now: datetime, dry_run: bool = False
) -> ManyActed:
    """Let every clock of the scope run again; the days are given back group by group, inside each wall."""
    refuse(*_refusals(Transition.RESUME, scope, by))
    today = clock.civil(now)
    with bureau.store.writing() as connection:
        left = _left(connection, scope, Transition.RESUME)
        changed = 0
        for group in suspended_groups(connection, scope):
            dates = Clocks(due_on=group.due_on, hard_due_on=group.hard_due_on, today=today)
            due_on = resumed_due_on(dates, group.suspended_on)
            refuse(*unknown_day(bureau, due_on))
            changed += resume_group(connection, scope, group, due_on=due_on)
        end_selected_suspensions(connection, scope, by=person_id(by), on=today)
        _record(bureau, connection, Transition.RESUME, scope, by, now, changed, {})
        if dry_run:
            rollback_dry_run(connection)
    return ManyActed(verb=Transition.RESUME, changed=changed, left=left)


def _refusals(verb: Transition, scope: BulkSelection, by: Actor) -> tuple[str, ...]:
    own = list(role_refusals(verb, by))
    if not scope.bounded:
        own.append(
            f"成批{TRANSITION_NAMES[verb]}要指明专项行动、单位或任务，请用 --edition 或 --unit 写明范围。"
        )
    return tuple(own)


def _left(connection: Connection, scope: BulkSelection, verb: Transition) -> dict[State, int]:
    counts = count_selected_by_state(connection, scope)
    if not sum(counts.get(state, 0) for state in allowed_states(verb)):
        refuse(f"所指范围内没有可以{TRANSITION_NAMES[verb]}的任务，请在任务台账里核对。")
    return {state: count for state, count in counts.items() if state not in allowed_states(verb)}


def _record(
    bureau: Bureau,
    connection: Connection,
    verb: Transition,
    scope: BulkSelection,
    by: Actor,
    now: datetime,
    changed: int,
    grounds: Mapping[str, object],
) -> None:
    noun, number = _noun(scope)
    chosen = {"chosen": list(scope.obligation_ids[:_NAMED])} if scope.obligation_ids else {}
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb.value,
        noun=noun,
        noun_id=number,
        edition_id=scope.edition_id,
        unit_id=scope.unit_id,
        detail={**grounds, **chosen, "obligations": changed},
        flow_run_id=bureau.flow_run_id,
    )


def _noun(scope: BulkSelection) -> tuple[str, int | None]:
    """What the line in the history is about; chosen matters of several units are about none of them alone."""
    if scope.obligation_ids and len(scope.obligation_ids) == 1:
        return "obligation", scope.obligation_ids[0]
    if scope.edition_id is not None:
        return "edition", scope.edition_id
    return ("unit", scope.unit_id) if scope.unit_id is not None else ("obligation", None)
