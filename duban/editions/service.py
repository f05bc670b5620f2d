"""Pause, resume and withdraw an edition. Each is one line in history; nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone, Point
from calendars.phrases import NoDates, PlanYear, dated, with_hard_deadline
from calendars.workdays import WorkdayTable, YearUnknown
from calendars.writing import CannotEdit, with_phrase
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import advisory_lock, rollback_dry_run
from duban.core.errors import Changed, NotFound, Refused
from duban.editions.apply import Applied, Applying, apply_inside
from duban.editions.assign import cancel_edition
from duban.editions.drafts import current_text, edition_of_text, read_text, refuse_unkept, unit_book
from duban.editions.find import edition_or_refuse
from duban.editions.forecast import Impact, forecast_impact
from duban.editions.queries import (
    StoredEdition,
    find_edition,
    insert_draft,
    milestones_of,
    points_of,
    set_edition_state,
    update_draft,
    withdraw_milestones,
)
from duban.history.queries import append_entry
from duban.units.rules import keeping_refusals

STATE_NAMES = {"draft": "草稿", "published": "已发布", "paused": "已暂停", "withdrawn": "已撤回"}
# From which states each verb leads where.
_MOVES = {
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


def pause_edition(
    bureau: Bureau, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """Rounds pass it over until it is resumed; its dates stay."""
    return _move(bureau, "pause", (campaign, year), reason, by, now, dry_run=dry_run)


def resume_edition(
    bureau: Bureau, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """A paused edition is published again; a withdrawn one becomes a draft, and applying its year publishes it."""
    return _move(bureau, "resume", (campaign, year), reason, by, now, dry_run=dry_run)


def withdraw_edition(
    bureau: Bureau, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """Taken back: everything unfinished is cancelled, what is finished stays for history."""
    return _move(bureau, "withdraw", (campaign, year), reason, by, now, dry_run=dry_run)


def _move(
    bureau: Bureau,
    verb: str,
    named: tuple[str, int],
    reason: str,
    by: Actor,
    now: datetime,
    *,
    dry_run: bool,
) -> EditionMoved:
    with bureau.store.writing() as connection:
        moved = move_inside(connection, bureau, verb, named, reason, by, now)
        if dry_run:
            rollback_dry_run(connection)
    return moved


def move_inside(
    connection: Any, bureau: Bureau, verb: str, named: tuple[str, int], reason: str, by: Actor, now: datetime
) -> EditionMoved:
    """The same inside the caller's transaction. `verb` is pause, resume or withdraw."""
    allowed, to, word = _MOVES[verb]
    campaign, year = named
    advisory_lock(connection)
    stored = find_edition(connection, campaign, year)
    if stored is None:
        raise NotFound(f"没有{year}年的“{campaign}”，请先查看该年已载入的专项行动。")
    if reasons := _refusals(stored, allowed, word, reason, by):
        raise Refused(reasons)
    state = "draft" if stored.state == "withdrawn" else to
    set_edition_state(connection, stored.id, state, now=now)
    cancelled = _take_back(connection, stored) if verb == "withdraw" else 0
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


def _take_back(connection: Any, stored: StoredEdition) -> int:
    """Withdraw its milestones too, so that applying it later brings them and what they asked for back."""
    milestones = milestones_of(connection, stored.id).values()
    points = points_of(connection, stored.id).values()
    withdraw_milestones(
        connection, milestone_ids=[one.id for one in milestones], point_ids=[one.id for one in points]
    )
    return cancel_edition(connection, edition_id=stored.id)


def _refusals(
    stored: StoredEdition, allowed: tuple[str, ...], word: str, reason: str, by: Actor
) -> tuple[str, ...]:
    reasons = list(keeping_refusals(by, f"{word}专项行动"))
    if stored.state not in allowed:
        reasons.append(
            f"{stored.value.name}{stored.value.year}年现为“{STATE_NAMES[stored.state]}”，不能{word}，请先核对"
        )
    if not reason.strip():
        reasons.append(f"{word}要写明原因，请补上")
    return tuple(reasons)


def recalculate_dates(edition: Edition, workdays: WorkdayTable) -> Edition:
    """The edition as its file would read now. A milestone whose phrase gives no dates keeps those it has."""
    year = PlanYear(
        number=edition.year,
        almanac=almanac_for(range(edition.year - 1, edition.year + 3)),
        workdays=workdays,
        roll=edition.roll,
        roll_reason=edition.roll_reason,
    )
    return replace(edition, milestones=tuple(_redated(one, year) for one in edition.milestones))


def _redated(milestone: Milestone, year: PlanYear) -> Milestone:
    if not milestone.points:
        return milestone
    try:
        found = dated(milestone.due_phrase, year)
        if milestone.hard_due_phrase is not None:
            found = with_hard_deadline(found, dated(milestone.hard_due_phrase, year))
    except NoDates:
        found = None
    if found is not None and [one.label for one in found.points] == [one.label for one in milestone.points]:
        return replace(milestone, points=found.points)
    points = tuple(_recounted(point, year.workdays) for point in milestone.points)
    return replace(milestone, points=points)


def _recounted(point: Point, workdays: WorkdayTable) -> Point:
    """The date stays; the last workday on or before it and the provisional mark are looked up again."""
    try:
        return replace(
            point,
            last_workday=workdays.on_or_before(point.due_on),
            provisional=workdays.is_provisional(point.due_on, point.due_on),
        )
    except YearUnknown:
        return point


def publish_edition(
    bureau: Bureau, campaign: str, year: int, *, reason: str = "", by: Actor, now: datetime
) -> Applied:
    """Everything it asks for is owed from now on."""
    with bureau.store.writing() as connection:
        return _publish(connection, bureau, (campaign, year), reason, by, now)


def forecast_publishing(
    bureau: Bureau, campaign: str, year: int, *, by: Actor, now: datetime
) -> Impact[Applied]:
    """What publishing will do."""
    with bureau.store.writing() as connection:
        named = (campaign, year)
        found = forecast_impact(
            connection, bureau, named, lambda: _publish(connection, bureau, named, "", by, now), now=now
        )
        rollback_dry_run(connection)
    return found


def forecast_move(
    bureau: Bureau, verb: str, campaign: str, year: int, *, by: Actor, now: datetime
) -> Impact[EditionMoved]:
    """What pausing, resuming or withdrawing will do; the reason is asked for when it is done."""
    with bureau.store.writing() as connection:
        named = (campaign, year)
        found = forecast_impact(
            connection,
            bureau,
            named,
            lambda: move_inside(connection, bureau, verb, named, "预览", by, now),
            now=now,
        )
        rollback_dry_run(connection)
    return found


def _publish(
    connection: Any, bureau: Bureau, named: tuple[str, int], reason: str, by: Actor, now: datetime
) -> Applied:
    stored = edition_or_refuse(connection, *named)
    if stored.state != "draft":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年现为“{STATE_NAMES[stored.state]}”，只有草稿需要发布，请先核对。"
        )
    how = Applying(by=by, now=now, publish=True, own=stored.own, reason=reason)
    return apply_inside(connection, bureau, stored.value, how)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDate:
    """The milestone, its new phrase and why. `hard_due` None keeps the superior's limit, an empty one takes it out.

    `seen` is the content hash of the edition that was looked at.
    """

    campaign: str
    year: int
    key: str
    due: str
    hard_due: str | None = None
    reason: str = ""
    seen: str | None = None


def forecast_date(bureau: Bureau, new: NewDate, *, by: Actor, now: datetime) -> Impact[Applied]:
    """What the new date will do: obligations that move, units that are told, reminders on other days."""
    with bureau.store.writing() as connection:
        found = forecast_impact(
            connection,
            bureau,
            (new.campaign, new.year),
            lambda: _change(connection, bureau, new, by, now),
            now=now,
        )
        rollback_dry_run(connection)
    return found


def change_date(bureau: Bureau, new: NewDate, *, by: Actor, now: datetime) -> Applied:
    """The same for good. The edition is the portal's own from then on."""
    if not new.reason.strip():
        raise Refused("改时限要写明原因，单位收到的通知里会写上，请补上。")
    with bureau.store.writing() as connection:
        return _change(connection, bureau, new, by, now)


def _change(connection: Any, bureau: Bureau, new: NewDate, by: Actor, now: datetime) -> Applied:
    refuse_unkept(by, writes=True)
    stored = edition_or_refuse(connection, new.campaign, new.year)
    if new.seen is not None and new.seen != stored.content_hash:
        raise Changed(
            f"{stored.value.name}{new.year}年在您查看之后已被别人改动，日期没有改，请重新核对后再改。"
        )
    text = _text(connection, bureau, stored, new)
    book = unit_book(connection, bureau)
    edition = edition_of_text(read_text(bureau, book, text, stored.value.campaign, new.year), lines=False)
    assert by.person_id is not None, "refused above"
    draft_id = insert_draft(
        connection,
        campaign=stored.value.campaign,
        year=new.year,
        name=edition.name,
        text=text,
        based_on=stored.content_hash,
        by=by.person_id,
        at=now,
    )
    update_draft(connection, draft_id, version=1, by=by.person_id, at=now, applied_at=now)
    how = Applying(by=by, now=now, publish=False, own=True, reason=new.reason)
    return apply_inside(connection, bureau, edition, how)


def _text(connection: Any, bureau: Bureau, stored: StoredEdition, new: NewDate) -> str:
    milestone = next((one for one in stored.value.milestones if one.key == new.key), None)
    if milestone is None:
        raise Refused(f"{stored.value.name}{new.year}年没有节点“{new.key}”，请从专项行动页重新进入。")
    if not new.due.strip():
        raise Refused("请写明新的时限，例如“4月10日前”。")
    same_wall = new.hard_due is None or new.hard_due == (milestone.hard_due_phrase or "")
    if new.due.strip() == milestone.due_phrase and same_wall:
        raise Refused(f"时限仍是“{milestone.due_phrase}”，没有改动。")
    before = current_text(connection, bureau, unit_book(connection, bureau), stored)
    try:
        return with_phrase(before, new.key, new.due.strip(), new.hard_due)
    except CannotEdit as refusal:
        raise Refused(str(refusal)) from refusal
