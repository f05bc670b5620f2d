"""Who reads a rung, in SQL, and how what is owed to one audience is written for each of its readers.

What is owed stands as `o` in every statement, whether it is a lead's obligation or a supporting unit's duty, and its
unit as `u`. Others than the unit read of it only where a chase to the unit itself has left long enough ago.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Date, String, TextClause, bindparam, text

from calendars.ladders import RungKind
from duban.core import clock
from duban.core.db import Moment
from duban.rounds.schedule import DueReminders, ScheduledReminder

HELD, APPROVED = "held", "approved"
DRAFT, ISSUED = "draft", "issued"
NO_LEADER = "没有登记分管领导，改报统筹单位"
_LED = """EXISTS (
    SELECT 1 FROM contact AS k WHERE k.unit_id = {unit} AND k.active AND k.duty IN ('leader', 'deputy_leader')
)"""
_OR_COORDINATOR = f"CASE WHEN {_LED} THEN {{unit}} ELSE :coordinator END"
_SAYS_SO = f"coalesce(:cause, CASE WHEN NOT {_LED} THEN '{{who}}{NO_LEADER}' END)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The unit that is told, why it is not the one it should be, and what must be true besides."""

    target: str
    cause: str = ":cause"
    condition: str = ""
    suffix: str = ""  # one rung that two leaders read is two reminders


UNIT = Reader(target="o.unit_id")
COORDINATOR = Reader(target=":coordinator")
ABOVE = Reader(
    target=_OR_COORDINATOR.format(unit="u.parent_id"),
    cause=_SAYS_SO.format(unit="u.parent_id", who="上级单位"),
)
OWN = Reader(
    target=_OR_COORDINATOR.format(unit="o.unit_id"),
    cause=_SAYS_SO.format(unit="o.unit_id", who="责任单位"),
    suffix=".own",
)
# Nobody is told the same twice.
OWN_BESIDES = Reader(
    target=OWN.target, cause=OWN.cause, suffix=OWN.suffix, condition=f"AND {OWN.target} <> {ABOVE.target}"
)
_LEADERS = {"parent": (ABOVE,), "own": (OWN,), "both": (ABOVE, OWN_BESIDES)}


def readers_of(kind: RungKind, escalate_to: str) -> tuple[Reader, ...]:
    """Who reads a rung of this kind, by the bureau's setting."""
    if kind is RungKind.ESCALATE:
        return _LEADERS[escalate_to]
    return (COORDINATOR,) if kind is RungKind.BULLETIN else (UNIT,)


def chase_of(table: str, key: str) -> str:
    """A chase to the unit itself for the date that stands, in the table of reminders of what is owed."""
    return f"""SELECT 1 FROM {table} AS c {{}} WHERE c.{key} = o.id AND c.due_on = :due_on
        AND c.kind = 'chase' AND c.status = 'planned' AND c.target_unit_id = o.unit_id"""


def chased(chase: str) -> str:
    """That such a chase left in time, in a letter that the unit's own reader has had."""
    return f"""AND EXISTS (
        {chase.format("JOIN dispatch AS d ON d.unit_id = c.target_unit_id")}
        AND d.kind = 'digest' AND d.status = 'accepted' AND d.accepted_at < :chased_before AND (d.parts & 1) = 1
        AND d.round_id >= c.round_id AND coalesce(d.since_round_id, d.round_id) <= c.round_id
    )"""


def waits_for_chase(owed: str, group: str, chase: str, told: str) -> TextClause:
    """Whether anything of a group is not `told` yet, but chased by a letter that has left or still may."""
    failed = """AND NOT EXISTS (
        SELECT 1 FROM dispatch AS d WHERE d.unit_id = c.target_unit_id AND d.round_id = c.round_id
        AND d.kind = 'digest' AND d.status = 'failed'
    )"""
    return typed(
        f"SELECT o.id FROM {owed} AS o WHERE {group} AND NOT EXISTS ({told})"
        f" AND EXISTS ({chase.format('')} {failed}) LIMIT 1"
    )


_TYPES: dict[str, Any] = {
    "due_on": Date(),
    "opened_on": Date(),
    "day": Date(),
    "chased_before": Moment(),
    **{name: String() for name in ("rung", "kind", "status", "cause")},
}


def typed(words: str) -> TextClause:
    """The statement with the types of the values that it names."""
    used: list[BindParameter[Any]] = [
        bindparam(name, type_=kind) for name, kind in _TYPES.items() if f":{name}" in words
    ]
    return text(words).bindparams(*used)


def write_owed(
    connection: Connection,
    owed: DueReminders,
    values: Mapping[str, object],
    *,
    escalate_to: str,
    hold_escalations: bool,
    some_left: bool,
    statement: Callable[..., TextClause],
    waiting: TextClause,
) -> tuple[Counter[str], bool]:
    """One row for each reader of the rung and of those it supersedes: how many are new by their status, and whether
    some wait for their chase. `statement` is what writes for a reader, past those whose letter of the day has left.
    """
    kind, written, waits = owed.current.rung.kind, Counter[str](), False
    status = DRAFT if kind is RungKind.BULLETIN else "planned"
    if hold_escalations and kind is RungKind.ESCALATE:
        status = HELD
    if owed.chased_by is not None:
        before = clock.at(owed.chased_by + timedelta(days=1), time.min)
        values = {**values, "chased_before": before}
    rungs: list[tuple[ScheduledReminder, str, str | None]] = [(owed.current, status, None)]
    rungs += [(one, "superseded", owed.cause_of(one)) for one in owed.superseded]
    for reader in readers_of(kind, escalate_to):
        for one, as_status, cause in rungs:
            own = {"rung": one.rung.key + reader.suffix, "kind": one.rung.kind.value}
            rows = connection.execute(
                # What is only held or drafted sends nothing, so no letter that has left stands in its way.
                statement(reader, some_left=some_left and status == "planned"),
                {**values, **own, "status": as_status, "cause": cause},
                # An INSERT is not counted unless SQLAlchemy is asked to.
                execution_options={"preserve_rowcount": True},
            )
            written[as_status] += int(rows.rowcount)
            if one is owed.current and not rows.rowcount:
                break
        if owed.chased_by is not None and not reader.condition:
            key = {"rung": owed.current.rung.key + reader.suffix}
            waits = waits or connection.scalar(waiting, {**values, **key}) is not None
    return written, waits
