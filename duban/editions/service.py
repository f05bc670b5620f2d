"""Apply, publish, pause, resume and withdraw an edition: one transaction each, with its line in history.

Everything that follows for obligations is written in sets; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from calendars.model import Edition
from calendars.serialization import content_hash, to_plain
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import Connection, advisory_lock, rollback_dry_run
from duban.core.errors import NotFound, Refused
from duban.editions.event_points import count_from_events
from duban.editions.event_queries import move_with_events
from duban.editions.queries import (
    StoredEdition,
    edition_or_refuse,
    find_edition,
    find_roster_id,
    milestones_of,
    points_of,
    set_edition_state,
    set_own_changes,
    withdraw_milestones,
    write_edition,
    write_milestone,
    write_order,
    write_point,
    write_supporting,
)
from duban.editions.rules import (
    MilestoneChange,
    PointChange,
    ResponsibleUnits,
    assign_units,
    earlier_milestones,
    ladder_of,
    opened_on,
)
from duban.editions.staging_queries import (
    MovedItem,
    StagedPoint,
    cancel_edition,
    cancel_gone,
    cancel_unowed,
    change_ladders,
    insert_for_subjects,
    insert_for_units,
    move_dates,
    moved_items,
    open_decided,
    retarget,
    revive_returned,
    stage,
    withdraw_duties,
    write_duties,
)
from duban.history.queries import append_entry
from duban.outbox.queries import enqueue_urgent
from duban.units.queries import UnitNames, unit_names, units_by_id
from duban.units.rules import keeping_refusals

SHOWN_ITEMS = 20
CALENDAR_CHANGE = "calendar_change"
STATE_NAMES = {"draft": "草稿", "published": "已发布", "paused": "已暂停", "withdrawn": "已撤回"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContext:
    """Who changes an edition when, how and why: goes into every line of history and every letter.

    `own` says that it comes from the portal; without it the year's file has the last word again.
    """

    by: Actor
    now: datetime
    publish: bool = True
    own: bool = False
    reason: str = ""
    cause: str = ""
    # Units whose event was entered just now: what was cancelled when its day was taken back is owed again.
    entered: frozenset[int] = frozenset()
    # A notice tells every unit whose open dates moved; a changed file only those that were already reminded.
    tell_all: bool = False

    @property
    def today(self) -> date:
        return clock.civil(self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """What was done to an edition, or would be. `outcome` is new, changed or unchanged; `told` are unit names."""

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
    supports_new: int = 0
    supports_withdrawn: int = 0
    undated: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def supports_in_words(change: EditionChange) -> str:
    """What supporting units have to do more or less, to go on a sentence; nothing where that stays as it is."""
    counts = (("新增", change.supports_new), ("撤回", change.supports_withdrawn))
    said = "、".join(f"{word}{number}件" for word, number in counts if number)
    return f"，配合事项{said}" if said else ""


def apply_edition(
    bureau: Bureau,
    edition: Edition,
    *,
    by: Actor,
    now: datetime,
    publish: bool = True,
    own: bool = False,
    dry_run: bool = False,
) -> EditionChange:
    """Bring the store to this edition in one transaction. Raises Refused with every reason at once."""
    context = ChangeContext(by=by, now=now, publish=publish, own=own)
    with bureau.store.writing() as connection:
        change = apply_inside(connection, bureau, edition, context)
        if dry_run:
            rollback_dry_run(connection)
    return change


def apply_inside(
    connection: Connection, bureau: Bureau, edition: Edition, context: ChangeContext
) -> EditionChange:
    """The same inside the caller's transaction, for whoever has more to do in it."""
    if reasons := keeping_refusals(context.by, "发布专项行动"):
        raise Refused(reasons)
    advisory_lock(connection)
    stored = find_edition(connection, edition.campaign, edition.year)
    if stored and stored.state == "withdrawn":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年已撤回，不能再发布；确需恢复的，请先恢复为草稿。"
        )
    publishes = context.publish and (stored is None or stored.state == "draft")
    fingerprint = content_hash(edition)
    if stored and stored.content_hash == fingerprint and not publishes:
        if stored.own != context.own:
            set_own_changes(connection, stored.id, own=context.own)
        return _change(edition, stored, stored.id, "unchanged", stored.state)
    because = f"（{context.reason}）" if context.reason else ""
    cause = f"{edition.name}{edition.year}年的安排有调整{because}"
    context = replace(context, publish=publishes, cause=cause)
    change, moved = change_edition(connection, bureau, edition, stored, unit_names(connection), context)
    set_own_changes(connection, change.edition_id, own=context.own)
    ref = f"edition-{change.edition_id}-{fingerprint[:12]}"
    told = tell_units(connection, bureau, moved, cause=cause, ref=ref, now=context.now)
    journal(connection, bureau, change, context)
    append_entry(
        connection,
        at=context.now,
        by=context.by,
        verb="publish" if publishes else "apply",
        noun="edition",
        noun_id=change.edition_id,
        edition_id=change.edition_id,
        detail={
            "content_hash": fingerprint,
            "milestones": len(edition.milestones),
            "obligations_new": change.obligations_new,
            "obligations_moved": change.obligations_moved,
            "obligations_cancelled": change.obligations_cancelled,
            "supports_new": change.supports_new,
            "supports_withdrawn": change.supports_withdrawn,
            "own": context.own,
            **({"reason": context.reason} if context.reason else {}),
        },
        flow_run_id=bureau.flow_run_id,
    )
    return replace(change, told=told)


def _change(
    edition: Edition, stored: StoredEdition | None, edition_id: int, outcome: str, state: str
) -> EditionChange:
    return EditionChange(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        edition_id=edition_id,
        outcome=outcome,
        state=state,
        undated=tuple(f"{one.title}：{one.undated}" for one in edition.milestones if one.undated),
    )


def change_edition(
    connection: Connection,
    bureau: Bureau,
    value: Edition,
    stored: StoredEdition | None,
    names: UnitNames,
    context: ChangeContext,
) -> tuple[EditionChange, tuple[MovedItem, ...]]:
    """Write the edition and all it changes; returns also what its units have to be told, for `tell_units`.

    Raises Refused with every unit that is unknown or named twice. `journal` still has to write its lines.
    """
    coordinator_id, assigned = assign_units(value, names.find)
    edition_id = write_edition(
        connection,
        value,
        edition_id=stored.id if stored else None,
        coordinator_id=coordinator_id,
        now=context.now,
        flow_run_id=bureau.flow_run_id,
    )
    staged, leads, targets, changes = _write_milestones(
        connection, bureau, edition_id, value, stored, assigned, names, context
    )
    state = stored.state if stored else "draft"
    if context.publish:
        state = "published"
        set_edition_state(connection, edition_id, state, now=context.now, published_on=context.today)
    change = replace(
        _change(value, stored, edition_id, "changed" if stored else "new", state), milestones=tuple(changes)
    )
    if state not in ("published", "paused"):
        return change, ()
    roster_id = find_roster_id(connection, edition_id, value.roster) if value.roster else None
    counts: dict[str, Any] = {}
    moved: tuple[MovedItem, ...] = ()
    with stage(connection, staged, list(leads), targets):
        # The order matters: dates move before anything is cancelled, told or added.
        if stored:
            with_events = move_with_events(connection, edition_id)
            counts = {
                "obligations_moved": move_dates(connection) + len(with_events),
                "obligations_cancelled": cancel_gone(connection, edition_id=edition_id)
                + cancel_unowed(connection),
                "obligations_returned": revive_returned(connection, today=context.today),
                "obligations_retargeted": retarget(connection),
            }
            change_ladders(connection)
            counts["obligations_new"] = open_decided(connection, today=context.today)
            moved = moved_items(connection, opened_by=context.today if context.tell_all else None)
            moved += with_events
        same: dict[str, Any] = {"edition_id": edition_id, "flow_run_id": bureau.flow_run_id}
        counts["obligations_new"] = counts.get("obligations_new", 0) + insert_for_units(connection, **same)
        if roster_id is not None:
            counts["obligations_new"] += insert_for_subjects(connection, roster_id=roster_id, **same)
        counts["supports_new"], counts["supports_withdrawn"] = write_duties(
            connection, edition_id=edition_id, flow_run_id=bureau.flow_run_id
        )
    return replace(change, **counts), moved


def _write_milestones(
    connection: Connection,
    bureau: Bureau,
    edition_id: int,
    value: Edition,
    stored: StoredEdition | None,
    assigned: Sequence[ResponsibleUnits],
    names: UnitNames,
    context: ChangeContext,
) -> tuple[list[StagedPoint], dict[tuple[int, ...], int], list[dict[str, Any]], list[MilestoneChange]]:
    """Write milestones and points; returns what is to be staged (points, sets of leads with their numbers, targets)
    and what changed. Milestones that share their leads share one set.
    """
    known = milestones_of(connection, edition_id) if stored else {}
    points = points_of(connection, edition_id) if stored else {}
    before = {one.key: one.leads for one in stored.value.milestones} if stored else {}
    staged: list[StagedPoint] = []
    leads: dict[tuple[int, ...], int] = {}
    targets: list[dict[str, Any]] = []
    changes: list[MilestoneChange] = []
    ids: dict[str, int] = {}
    for position, (milestone, who) in enumerate(zip(value.milestones, assigned, strict=True)):
        old = known.get(milestone.key)
        ladder = ladder_of(value, milestone)
        milestone_id = write_milestone(
            connection, edition_id, position, milestone, old.id if old else None, ladder=ladder
        )
        ids[milestone.key] = milestone_id
        if old or who.supporting:
            write_supporting(connection, milestone_id, who.supporting)
        targets += [
            {"milestone_id": milestone_id, "unit_id": unit_id, "state": state.value, "value": target}
            for unit_id, state, target in who.targets
        ]
        # The units that led this milestone until now; none if it was not there or withdrawn.
        led = {names.find(one) for one in before.get(milestone.key, ())} if old and not old.withdrawn else ()
        added = tuple(one for one in who.leads if one not in led)
        counted = {}
        if milestone.event is not None:
            counted = count_from_events(
                connection, bureau, edition_id, value, milestone, leads=who.leads, ids=ids
            )
        dates = []
        for point in (*milestone.points, *counted):
            day, owing = counted.get(point, (None, who.leads))
            was = points.get((milestone_id, point.label))
            point_id = write_point(connection, edition_id, milestone_id, point, was.id if was else None, day)
            if was and was.withdrawn:
                was = None
            new = owing if was is None else added if day is None else tuple(context.entered & {*owing})
            staged.append(
                StagedPoint(
                    point_id=point_id,
                    milestone_id=milestone_id,
                    set_no=leads.setdefault(owing, len(leads)),
                    event_on=day,
                    added_set_no=leads.setdefault(new, len(leads)) if new else None,
                    per_subject=milestone.per_subject,
                    ladder=ladder,
                    opened_on=opened_on(point, context.today),
                    due_on=point.due_on,
                    hard_due_on=point.hard_due_on,
                    moved=was is not None
                    and (was.due_on, was.hard_due_on) != (point.due_on, point.hard_due_on),
                    shifted=was is not None
                    and (was.due_on, was.last_workday) != (point.due_on, point.last_workday),
                    previous_due_on=was.due_on if was else None,
                    previous_last_workday=was.last_workday if was else None,
                    previous_provisional=was.provisional if was else None,
                )
            )
            if was is None or was.due_on != point.due_on:
                earlier = was.due_on if was else None
                dates.append(PointChange(label=point.label, before=earlier, after=point.due_on))
        labels = {point.label for point in (*milestone.points, *counted)}
        dates += [
            PointChange(label=label, before=one.due_on, after=None)
            for (owner, label), one in points.items()
            if owner == milestone_id and label not in labels and not one.withdrawn
        ]
        body = to_plain(milestone)
        if old is None or old.withdrawn:
            kind, fields = ("returned" if old else "new"), ()
        elif old.body != body:
            kind = "changed"
            fields = tuple(name for name in body if name != "points" and old.body.get(name) != body[name])
        else:
            continue
        changes.append(
            MilestoneChange(
                key=milestone.key, title=milestone.title, change=kind, points=tuple(dates), fields=fields
            )
        )
    write_order(connection, ids, earlier_milestones(value))
    kept = {one.point_id for one in staged}
    gone_points = [one for one in points.values() if one.id not in kept and not one.withdrawn]
    asked = {milestone.key for milestone in value.milestones}
    gone = [one for one in known.values() if one.key not in asked and not one.withdrawn]
    withdraw_milestones(
        connection, milestone_ids=[one.id for one in gone], point_ids=[one.id for one in gone_points]
    )
    for one in gone:
        lost = (point for point in gone_points if point.milestone_id == one.id)
        changes.append(
            MilestoneChange(
                key=one.key,
                title=str(one.body.get("title", one.key)),
                change="withdrawn",
                points=tuple(PointChange(label=p.label, before=p.due_on, after=None) for p in lost),
            )
        )
    return staged, leads, targets, changes


def tell_units(
    connection: Connection,
    bureau: Bureau,
    items: Sequence[MovedItem],
    *,
    cause: str,
    ref: str,
    now: datetime,
) -> tuple[str, ...]:
    """One message to each unit whose dates moved, however many did; returns the units' names."""
    groups: dict[int, list[MovedItem]] = {}
    for item in items:
        groups.setdefault(item.unit_id, []).append(item)
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


def journal(connection: Connection, bureau: Bureau, change: EditionChange, context: ChangeContext) -> None:
    """One line for each milestone that was changed, withdrawn or brought back; a new one is part of its edition's line.

    Called last of all writes, because from the first line on every other writer waits.
    """
    verbs = {"changed": "change", "withdrawn": "withdraw", "returned": "return"}
    noted = [one for one in change.milestones if one.change in verbs]
    known = milestones_of(connection, change.edition_id) if noted else {}
    for one in noted:
        append_entry(
            connection,
            at=context.now,
            by=context.by,
            verb=verbs[one.change],
            noun="milestone",
            noun_id=known[one.key].id,
            edition_id=change.edition_id,
            detail={
                "key": one.key,
                "cause": context.cause,
                "dates": [{"label": p.label, "before": p.before, "after": p.after} for p in one.points],
                "fields": list(one.fields),
            },
            flow_run_id=bureau.flow_run_id,
        )


def publish_edition(
    bureau: Bureau, campaign: str, year: int, *, reason: str = "", by: Actor, now: datetime
) -> EditionChange:
    """Everything it asks for is owed from now on."""
    with bureau.store.writing() as connection:
        return publish_inside(connection, bureau, campaign, year, reason=reason, by=by, now=now)


def publish_inside(
    connection: Connection, bureau: Bureau, campaign: str, year: int, *, reason: str, by: Actor, now: datetime
) -> EditionChange:
    """The same inside the caller's transaction."""
    stored = edition_or_refuse(connection, campaign, year)
    if stored.state != "draft":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年现为“{STATE_NAMES[stored.state]}”，只有草稿需要发布，请先核对。"
        )
    context = ChangeContext(by=by, now=now, own=stored.own, reason=reason)
    return apply_inside(connection, bureau, stored.value, context)


# From which states each verb leads where. A withdrawn edition is resumed as a draft: applying its year publishes it.
MOVES = {
    "pause": (("published",), "paused", "暂停"),
    "resume": (("paused", "withdrawn"), "published", "恢复"),
    "withdraw": (("draft", "published", "paused"), "withdrawn", "撤回"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionMoved:
    """The edition's state after the act; `cancelled` counts obligations that are owed no more."""

    campaign: str
    year: int
    name: str
    state: str
    cancelled: int = 0


def move_edition(
    bureau: Bureau,
    verb: str,
    campaign: str,
    year: int,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> EditionMoved:
    """Paused, rounds pass it over and its dates stay; withdrawn, everything unfinished is cancelled and what is finished
    stays for history. `verb` is pause, resume or withdraw.
    """
    with bureau.store.writing() as connection:
        moved = move_inside(connection, bureau, verb, campaign, year, reason=reason, by=by, now=now)
        if dry_run:
            rollback_dry_run(connection)
    return moved


def move_inside(
    connection: Connection,
    bureau: Bureau,
    verb: str,
    campaign: str,
    year: int,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> EditionMoved:
    """The same inside the caller's transaction."""
    allowed, state, word = MOVES[verb]
    advisory_lock(connection)
    stored = find_edition(connection, campaign, year)
    if stored is None:
        raise NotFound(f"没有{year}年的“{campaign}”，请先查看该年已载入的专项行动。")
    reasons = list(keeping_refusals(by, f"{word}专项行动"))
    if stored.state not in allowed:
        reasons.append(f"{stored.value.name}{year}年现为“{STATE_NAMES[stored.state]}”，不能{word}，请先核对")
    if not reason.strip():
        reasons.append(f"{word}要写明原因，请补上")
    if reasons:
        raise Refused(reasons)
    if stored.state == "withdrawn":
        state = "draft"
    set_edition_state(connection, stored.id, state, now=now)
    cancelled = 0
    if verb == "withdraw":
        # Its milestones too, so that applying it later brings them and what they asked for back.
        milestones, points = milestones_of(connection, stored.id), points_of(connection, stored.id)
        withdraw_milestones(
            connection,
            milestone_ids=[one.id for one in milestones.values()],
            point_ids=[one.id for one in points.values()],
        )
        cancelled = cancel_edition(connection, edition_id=stored.id)
        withdraw_duties(connection, stored.id)
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="edition",
        noun_id=stored.id,
        edition_id=stored.id,
        detail={"reason": reason, "before": stored.state, "cancelled": cancelled},
        flow_run_id=bureau.flow_run_id,
    )
    return EditionMoved(
        campaign=campaign, year=year, name=stored.value.name, state=state, cancelled=cancelled
    )
