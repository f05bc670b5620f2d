"""The milestones and points of an edition: written to the store, staged for the fan-out, and compared with before.

Works inside the caller's transaction; knows no obligation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from office import clock
from office.store import editions as store
from office.store.editions import StoredEdition, StoredMilestone, StoredPoint
from office.store.staging import StagedPoint, StagedTarget
from office.store.units import UnitNames
from rules.bodies import plain
from rules.campaign import Edition, Milestone, Point
from rules.edition_changes import MilestoneChange, PointChange
from rules.fan_out import Bound, Responsible, opened_on
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who changes what when, and why: goes into every line of history."""

    by: Actor
    now: datetime
    cause: str
    publish: bool
    # A notice tells every unit whose open dates moved; a changed file only those that were already reminded.
    tell_all: bool = False

    @property
    def today(self) -> date:
        return clock.civil(self.now)


@dataclass(slots=True)
class Staging:
    """The edition as it is being written: what goes to the staging tables, and what changed."""

    points: list[StagedPoint] = field(default_factory=list)
    targets: list[StagedTarget] = field(default_factory=list)
    sets: dict[tuple[int, ...], int] = field(default_factory=dict)
    changes: list[tuple[int, MilestoneChange]] = field(default_factory=list)
    kept_points: set[int] = field(default_factory=set)

    def set_no(self, leads: tuple[int, ...]) -> int:
        return self.sets.setdefault(leads, len(self.sets))


def write_parts(
    connection: Any,
    edition_id: int,
    value: Edition,
    stored: StoredEdition | None,
    bound: Bound,
    names: UnitNames,
    act: Act,
) -> Staging:
    staging = Staging()
    known = store.milestones_of(connection, edition_id) if stored else {}
    points = store.points_of(connection, edition_id) if stored else {}
    before = {one.key: one for one in stored.value.milestones} if stored else {}
    for position, (milestone, who) in enumerate(zip(value.milestones, bound.milestones, strict=True)):
        known_one = known.get(milestone.key)
        milestone_id = _write_milestone(connection, edition_id, position, milestone, who, known_one)
        earlier = _earlier_leads(before.get(milestone.key), known_one, names)
        own = {label: point for (owner, label), point in points.items() if owner == milestone_id}
        dates = _write_points(
            connection, (edition_id, milestone_id), milestone, own, staging, (who, earlier), act
        )
        _stage_targets(staging, milestone_id, who)
        _note_change(staging, milestone_id, milestone, known_one, dates)
    _withdraw_gone(connection, value, known, points, staging)
    return staging


def _write_milestone(
    connection: Any,
    edition_id: int,
    position: int,
    milestone: Milestone,
    who: Responsible,
    known: StoredMilestone | None,
) -> int:
    milestone_id = store.write_milestone(
        connection, edition_id, position, milestone, known.id if known else None
    )
    if known is not None or who.supporting:
        store.write_supporting(connection, milestone_id, who.supporting)
    return milestone_id


def _earlier_leads(
    before: Milestone | None, known: StoredMilestone | None, names: UnitNames
) -> frozenset[int | None]:
    """The units that led this milestone until now; none if it was not there or withdrawn."""
    if before is None or known is None or known.withdrawn:
        return frozenset()
    return frozenset(names.find(name) for name in before.leads)


def _write_points(
    connection: Any,
    ids: tuple[int, int],
    milestone: Milestone,
    known: dict[str, StoredPoint],
    staging: Staging,
    leads: tuple[Responsible, frozenset[int | None]],
    act: Act,
) -> tuple[PointChange, ...]:
    """Write and stage the points of one milestone; returns the dates that changed."""
    who, earlier = leads
    set_no = staging.set_no(who.leads)
    changed: list[PointChange] = []
    for point in milestone.points:
        stands = known.get(point.label)
        point_id = store.write_point(connection, *ids, point, stands.id if stands else None)
        staging.kept_points.add(point_id)
        returned = stands is None or stands.withdrawn
        added = who.leads if returned else tuple(one for one in who.leads if one not in earlier)
        staging.points.append(
            _staged(
                point_id,
                ids[1],
                set_no,
                staging.set_no(added) if added else None,
                milestone,
                point,
                stands,
                act,
            )
        )
        if returned or stands is None or stands.due_on != point.due_on:
            before = None if returned or stands is None else stands.due_on
            changed.append(PointChange(label=point.label, before=before, after=point.due_on))
    labels = {point.label for point in milestone.points}
    gone = (one for label, one in known.items() if label not in labels and not one.withdrawn)
    return (*changed, *(PointChange(label=one.label, before=one.due_on, after=None) for one in gone))


def _staged(
    point_id: int,
    milestone_id: int,
    set_no: int,
    added_set_no: int | None,
    milestone: Milestone,
    point: Point,
    stands: StoredPoint | None,
    act: Act,
) -> StagedPoint:
    old = None if stands is None or stands.withdrawn else stands
    moved = old is not None and (old.due_on, old.hard_due_on) != (point.due_on, point.hard_due_on)
    shifted = old is not None and (old.due_on, old.last_workday) != (point.due_on, point.last_workday)
    return StagedPoint(
        point_id=point_id,
        milestone_id=milestone_id,
        set_no=set_no,
        added_set_no=added_set_no,
        per_subject=milestone.per_subject,
        opened_on=opened_on(point, act.today),
        due_on=point.due_on,
        hard_due_on=point.hard_due_on,
        moved=moved,
        shifted=shifted,
        previous_due_on=old.due_on if old else None,
        previous_last_workday=old.last_workday if old else None,
        previous_provisional=old.provisional if old else None,
    )


def _stage_targets(staging: Staging, milestone_id: int, who: Responsible) -> None:
    staging.targets.extend(
        StagedTarget(milestone_id=milestone_id, unit_id=unit_id, state=state.value, value=value)
        for unit_id, state, value in who.targets
    )


def _note_change(
    staging: Staging,
    milestone_id: int,
    milestone: Milestone,
    known: StoredMilestone | None,
    dates: tuple[PointChange, ...],
) -> None:
    body = plain(milestone)
    if known is not None and not known.withdrawn and known.body == body:
        return
    kind = "new" if known is None else "returned" if known.withdrawn else "changed"
    differing = () if kind != "changed" or known is None else _differing(known.body, body)
    change = MilestoneChange(
        key=milestone.key, title=milestone.title, change=kind, points=dates, fields=differing
    )
    staging.changes.append((milestone_id, change))


def _differing(before: Any, after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in after.items() if name != "points" and before.get(name) != value)


def _withdraw_gone(
    connection: Any,
    value: Edition,
    known: dict[str, StoredMilestone],
    points: dict[tuple[int, str], StoredPoint],
    staging: Staging,
) -> None:
    keys = {milestone.key for milestone in value.milestones}
    gone = [one for one in known.values() if one.key not in keys and not one.withdrawn]
    gone_points = [one for one in points.values() if one.id not in staging.kept_points and not one.withdrawn]
    store.withdraw(
        connection, milestone_ids=[one.id for one in gone], point_ids=[one.id for one in gone_points]
    )
    for one in gone:
        dates = tuple(
            PointChange(label=point.label, before=point.due_on, after=None)
            for point in gone_points
            if point.milestone_id == one.id
        )
        change = MilestoneChange(
            key=one.key, title=str(one.body.get("title", one.key)), change="withdrawn", points=dates
        )
        staging.changes.append((one.id, change))
