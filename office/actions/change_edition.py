"""Bring a stored edition to a value, inside the caller's transaction: shared by applying, publishing and notices.

Writes milestones, points and obligations, journals every changed milestone, and says whose dates moved; telling
them is left to the caller, who may have several editions to put into one message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from office.actions.edition_parts import Act, Staging, write_parts
from office.actions.office import Office
from office.errors import Refused
from office.store import editions as store
from office.store import fan_out, history, rosters
from office.store import obligation_changes as changes
from office.store.editions import StoredEdition
from office.store.obligation_changes import MovedItem
from office.store.staging import staged
from office.store.units import UnitNames
from rules.campaign import Edition
from rules.edition_changes import MilestoneChange
from rules.fan_out import bind


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """What was done to one edition."""

    edition_id: int
    milestones: tuple[MilestoneChange, ...]
    obligations_new: int = 0
    obligations_moved: int = 0
    obligations_cancelled: int = 0
    obligations_returned: int = 0
    obligations_retargeted: int = 0
    moved: tuple[MovedItem, ...] = ()
    # What `journal` still has to write, by milestone id.
    noted: tuple[tuple[int, MilestoneChange], ...] = ()


def change_edition(
    connection: Any,
    office: Office,
    value: Edition,
    stored: StoredEdition | None,
    names: UnitNames,
    act: Act,
) -> EditionChange:
    """Write the value and all it changes. Raises Refused with every unit that is unknown or named twice."""
    bound = bind(value, names.find)
    if bound.reasons:
        raise Refused(f"{value.name}{value.year}年：{reason}" for reason in bound.reasons)
    assert bound.coordinator is not None
    edition_id = store.write_edition(
        connection,
        value,
        edition_id=stored.id if stored else None,
        coordinator_id=bound.coordinator,
        now=act.now,
        flow_run_id=office.flow_run_id,
    )
    staging = write_parts(connection, edition_id, value, stored, bound, names, act)
    published = act.publish or (stored is not None and stored.state in ("published", "paused"))
    noted = tuple(staging.changes)
    done = EditionChange(edition_id=edition_id, milestones=tuple(change for _, change in noted), noted=noted)
    if published:
        done = _fan_out(connection, office, done, value, staging, act, again=stored is not None)
    return done


def _fan_out(
    connection: Any,
    office: Office,
    done: EditionChange,
    value: Edition,
    staging: Staging,
    act: Act,
    *,
    again: bool,
) -> EditionChange:
    """Everything in sets. The order matters: dates move before anything is cancelled, told or added."""
    shared: dict[str, Any] = {"ladder": value.ladder, "flow_run_id": office.flow_run_id}
    edition_id = done.edition_id
    roster_id = rosters.roster_id(connection, edition_id, value.roster) if value.roster else None
    moved = cancelled = returned = retargeted = 0
    items: tuple[MovedItem, ...] = ()
    with staged(connection, staging.points, list(staging.sets), staging.targets):
        if again:
            moved = changes.move_dates(connection)
            cancelled = changes.cancel_gone(connection, edition_id=edition_id)
            returned = changes.revive_returned(connection, today=act.today)
            retargeted = changes.retarget(connection)
            items = tuple(changes.moved_items(connection, opened_by=act.today if act.tell_all else None))
        new = fan_out.insert_for_units(connection, edition_id=edition_id, **shared)
        if roster_id is not None:
            new += fan_out.insert_for_subjects(
                connection, edition_id=edition_id, roster_id=roster_id, **shared
            )
    return EditionChange(
        edition_id=edition_id,
        milestones=done.milestones,
        obligations_new=new,
        obligations_moved=moved,
        obligations_cancelled=cancelled,
        obligations_returned=returned,
        obligations_retargeted=retargeted,
        moved=items,
        noted=done.noted,
    )


def journal(connection: Any, office: Office, done: EditionChange, act: Act) -> None:
    """One line for each milestone that was changed, withdrawn or brought back; a new one is part of its edition's line.

    Called last of all writes, because from the first line on every other writer waits.
    """
    for milestone_id, change in done.noted:
        if change.change == "new":
            continue
        history.append(
            connection,
            at=act.now,
            by=act.by,
            verb={"changed": "change", "withdrawn": "withdraw", "returned": "return"}[change.change],
            noun="milestone",
            noun_id=milestone_id,
            edition_id=done.edition_id,
            detail={
                "key": change.key,
                "cause": act.cause,
                "dates": [
                    {"label": one.label, "before": one.before, "after": one.after} for one in change.points
                ],
                "fields": list(change.fields),
            },
            flow_run_id=office.flow_run_id,
        )


def group_by_unit(items: Sequence[MovedItem]) -> dict[int, list[MovedItem]]:
    """What each unit has to be told, in the order of dates."""
    groups: dict[int, list[MovedItem]] = {}
    for item in items:
        groups.setdefault(item.unit_id, []).append(item)
    return groups
