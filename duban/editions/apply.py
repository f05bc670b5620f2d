"""The milestones and points of an edition: written to the store, staged for the fan-out, and compared with before.

Works inside the caller's transaction; knows no obligation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from calendars.model import Edition, Milestone, Point
from calendars.serialization import content_hash, to_plain
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import advisory_lock, rollback_dry_run
from duban.core.errors import Changed, Refused
from duban.editions.assign import (
    MovedItem,
    StagedPoint,
    StagedTarget,
    cancel_gone,
    insert_for_subjects,
    insert_for_units,
    move_dates,
    moved_items,
    retarget,
    revive_returned,
    stage,
)
from duban.editions.queries import (
    StoredEdition,
    StoredMilestone,
    StoredPoint,
    find_edition,
    find_roster_id,
    milestones_of,
    points_of,
    set_edition_state,
    set_own_changes,
    withdraw_milestones,
    write_edition,
    write_milestone,
    write_point,
    write_supporting,
)
from duban.editions.rules import (
    AssignedUnits,
    MilestoneChange,
    PointChange,
    ResponsibleUnit,
    assign_units,
    opened_on,
)
from duban.history.queries import append_entry
from duban.outbox.queries import enqueue_urgent
from duban.units.queries import UnitNames, unit_names, units_by_id
from duban.units.rules import keeping_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContext:
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
    bound: AssignedUnits,
    names: UnitNames,
    act: ChangeContext,
) -> Staging:
    staging = Staging()
    known = milestones_of(connection, edition_id) if stored else {}
    points = points_of(connection, edition_id) if stored else {}
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
    who: ResponsibleUnit,
    known: StoredMilestone | None,
) -> int:
    milestone_id = write_milestone(connection, edition_id, position, milestone, known.id if known else None)
    if known is not None or who.supporting:
        write_supporting(connection, milestone_id, who.supporting)
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
    leads: tuple[ResponsibleUnit, frozenset[int | None]],
    act: ChangeContext,
) -> tuple[PointChange, ...]:
    """Write and stage the points of one milestone; returns the dates that changed."""
    who, earlier = leads
    set_no = staging.set_no(who.leads)
    changed: list[PointChange] = []
    for point in milestone.points:
        stands = known.get(point.label)
        point_id = write_point(connection, *ids, point, stands.id if stands else None)
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
    act: ChangeContext,
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


def _stage_targets(staging: Staging, milestone_id: int, who: ResponsibleUnit) -> None:
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
    body = to_plain(milestone)
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
    withdraw_milestones(
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
    bureau: Bureau,
    value: Edition,
    stored: StoredEdition | None,
    names: UnitNames,
    act: ChangeContext,
) -> EditionChange:
    """Write the value and all it changes. Raises Refused with every unit that is unknown or named twice."""
    bound = assign_units(value, names.find)
    if bound.reasons:
        raise Refused(f"{value.name}{value.year}年：{reason}" for reason in bound.reasons)
    assert bound.coordinator is not None
    edition_id = write_edition(
        connection,
        value,
        edition_id=stored.id if stored else None,
        coordinator_id=bound.coordinator,
        now=act.now,
        flow_run_id=bureau.flow_run_id,
    )
    staging = write_parts(connection, edition_id, value, stored, bound, names, act)
    published = act.publish or (stored is not None and stored.state in ("published", "paused"))
    noted = tuple(staging.changes)
    done = EditionChange(edition_id=edition_id, milestones=tuple(change for _, change in noted), noted=noted)
    if published:
        done = _fan_out(connection, bureau, done, value, staging, act, again=stored is not None)
    return done


def _fan_out(
    connection: Any,
    bureau: Bureau,
    done: EditionChange,
    value: Edition,
    staging: Staging,
    act: ChangeContext,
    *,
    again: bool,
) -> EditionChange:
    """Everything in sets. The order matters: dates move before anything is cancelled, told or added."""
    shared: dict[str, Any] = {"ladder": value.ladder, "flow_run_id": bureau.flow_run_id}
    edition_id = done.edition_id
    roster_id = find_roster_id(connection, edition_id, value.roster) if value.roster else None
    moved = cancelled = returned = retargeted = 0
    items: tuple[MovedItem, ...] = ()
    with stage(connection, staging.points, list(staging.sets), staging.targets):
        if again:
            moved = move_dates(connection)
            cancelled = cancel_gone(connection, edition_id=edition_id)
            returned = revive_returned(connection, today=act.today)
            retargeted = retarget(connection)
            items = tuple(moved_items(connection, opened_by=act.today if act.tell_all else None))
        new = insert_for_units(connection, edition_id=edition_id, **shared)
        if roster_id is not None:
            new += insert_for_subjects(connection, edition_id=edition_id, roster_id=roster_id, **shared)
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


def journal(connection: Any, bureau: Bureau, done: EditionChange, act: ChangeContext) -> None:
    """One line for each milestone that was changed, withdrawn or brought back; a new one is part of its edition's line.

    Called last of all writes, because from the first line on every other writer waits.
    """
    for milestone_id, change in done.noted:
        if change.change == "new":
            continue
        append_entry(
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
            flow_run_id=bureau.flow_run_id,
        )


def group_by_unit(items: Sequence[MovedItem]) -> dict[int, list[MovedItem]]:
    """What each unit has to be told, in the order of dates."""
    groups: dict[int, list[MovedItem]] = {}
    for item in items:
        groups.setdefault(item.unit_id, []).append(item)
    return groups


SHOWN_ITEMS = 20
CALENDAR_CHANGE = "calendar_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying an edition did, or would do. `outcome` is new, changed or unchanged; `told` are unit names."""

    campaign: str
    year: int
    name: str
    edition_id: int
    outcome: str
    state: str
    milestones: tuple[MilestoneChange, ...] = ()
    obligations_new: int = 0
    obligations_moved: int = 0
    obligations_cancelled: int = 0
    obligations_returned: int = 0
    obligations_retargeted: int = 0
    undated: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def apply_edition(
    bureau: Bureau,
    edition: Edition,
    *,
    by: Actor,
    now: datetime,
    publish: bool = True,
    own: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Bring the store to this edition in one transaction. Raises Refused with every reason at once.

    `own` says that it comes from the portal; without it the year's file has the last word again.
    """
    with bureau.store.writing() as connection:
        applied = apply_inside(
            connection, bureau, edition, Applying(by=by, now=now, publish=publish, own=own)
        )
        if dry_run:
            rollback_dry_run(connection)
    return applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """Who applies an edition when and how. `seen` is the content hash of the edition he looked at ("" for none);
    `reason` is told to the units whose dates move.
    """

    by: Actor
    now: datetime
    publish: bool = True
    own: bool = False
    seen: str | None = None
    reason: str = ""


def apply_inside(connection: Any, bureau: Bureau, edition: Edition, how: Applying) -> Applied:
    """The same inside the caller's transaction, for whoever has more to do in it."""
    if reasons := keeping_refusals(how.by, "发布专项行动"):
        raise Refused(reasons)
    advisory_lock(connection)
    stored = find_edition(connection, edition.campaign, edition.year)
    _refuse_withdrawn(stored)
    if how.seen is not None and how.seen != (stored.content_hash if stored else ""):
        raise Changed(
            f"{edition.name}{edition.year}年在您查看之后已被别人改动，您的改动没有生效，请重新核对后再办。"
        )
    publishes = how.publish and (stored is None or stored.state == "draft")
    if stored and stored.content_hash == content_hash(edition) and not publishes:
        return _unchanged(connection, edition, stored, how)
    because = f"（{how.reason}）" if how.reason else ""
    cause = f"{edition.name}{edition.year}年的安排有调整{because}"
    act = ChangeContext(by=how.by, now=how.now, cause=cause, publish=publishes)
    done = change_edition(connection, bureau, edition, stored, unit_names(connection), act)
    set_own_changes(connection, done.edition_id, own=how.own)
    told = _tell(connection, bureau, done, act, f"edition-{done.edition_id}-{content_hash(edition)[:12]}")
    state = _settle(connection, bureau, edition, stored, done, act, how)
    return _applied(edition, stored, done, state, told)


def tell_units(
    connection: Any, bureau: Bureau, items: tuple[MovedItem, ...], *, cause: str, ref: str, now: datetime
) -> tuple[str, ...]:
    """One message to each unit whose dates moved, however many did; returns the units' names."""
    groups = group_by_unit(items)
    for unit_id, moved in groups.items():
        payload = {
            "cause": cause,
            "total": len(moved),
            "items": [
                {
                    "obligation_id": one.obligation_id,
                    "previous_due_on": one.previous_due_on.isoformat(),
                    "previous_last_workday": one.previous_last_workday.isoformat(),
                    "previous_provisional": one.previous_provisional,
                }
                for one in moved[:SHOWN_ITEMS]
            ],
        }
        enqueue_urgent(
            connection,
            kind=CALENDAR_CHANGE,
            unit_id=unit_id,
            ref=ref,
            payload=payload,
            now=now,
            settings=bureau.settings,
        )
    found = units_by_id(connection, groups)
    return tuple(found[unit_id] for unit_id in groups)


def _tell(
    connection: Any, bureau: Bureau, done: EditionChange, act: ChangeContext, ref: str
) -> tuple[str, ...]:
    return tell_units(connection, bureau, done.moved, cause=act.cause, ref=ref, now=act.now)


def _refuse_withdrawn(stored: StoredEdition | None) -> None:
    if stored and stored.state == "withdrawn":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年已撤回，不能再发布；确需恢复的，请先恢复为草稿。"
        )


def _settle(
    connection: Any,
    bureau: Bureau,
    edition: Edition,
    stored: StoredEdition | None,
    done: EditionChange,
    act: ChangeContext,
    how: Applying,
) -> str:
    """The edition's state after the act, and its line in history."""
    if act.publish:
        set_edition_state(connection, done.edition_id, "published", now=act.now, published_on=act.today)
    journal(connection, bureau, done, act)
    append_entry(
        connection,
        at=act.now,
        by=act.by,
        verb="publish" if act.publish else "apply",
        noun="edition",
        noun_id=done.edition_id,
        edition_id=done.edition_id,
        detail={
            "content_hash": content_hash(edition),
            "milestones": len(edition.milestones),
            "obligations_new": done.obligations_new,
            "obligations_moved": done.obligations_moved,
            "obligations_cancelled": done.obligations_cancelled,
            "own": how.own,
            **({"reason": how.reason} if how.reason else {}),
        },
        flow_run_id=bureau.flow_run_id,
    )
    if act.publish:
        return "published"
    return stored.state if stored else "draft"


def _unchanged(connection: Any, edition: Edition, stored: StoredEdition, how: Applying) -> Applied:
    if stored.own != how.own:
        set_own_changes(connection, stored.id, own=how.own)
    return Applied(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        edition_id=stored.id,
        outcome="unchanged",
        state=stored.state,
        undated=_undated(edition),
    )


def _applied(
    edition: Edition, stored: StoredEdition | None, done: EditionChange, state: str, told: tuple[str, ...]
) -> Applied:
    return Applied(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        edition_id=done.edition_id,
        outcome="changed" if stored else "new",
        state=state,
        milestones=done.milestones,
        obligations_new=done.obligations_new,
        obligations_moved=done.obligations_moved,
        obligations_cancelled=done.obligations_cancelled,
        obligations_returned=done.obligations_returned,
        obligations_retargeted=done.obligations_retargeted,
        undated=_undated(edition),
        told=told,
    )


def _undated(edition: Edition) -> tuple[str, ...]:
    """Milestones that wait for a person to set their date."""
    return tuple(f"{one.title}：{one.undated}" for one in edition.milestones if one.undated)
