"""Put a proposed notice in force: a second person confirms, open dates are worked out again, each unit is told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendars.notices import NoticeDraft, preview
from calendars.workdays import load_workdays
from office import clock
from office.actions.apply_edition import tell_units
from office.actions.change_edition import EditionChange, change_edition, journal
from office.actions.edition_parts import Act
from office.actions.office import Office
from office.actions.propose_notice import fingerprint_of, refuse_unfit
from office.actions.redate import redate
from office.errors import Refused
from office.store import editions as store
from office.store import history, notices, units
from office.store.dry_run import take_back
from office.store.notices import StoredNotice
from office.store.turns import take_turn
from rules.edition_changes import MilestoneChange
from rules.keeping import confirming_refusals
from rules.people import Actor
from rules.workdays import WorkdayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRedated:
    """One edition whose dates, last workdays or provisional marks changed."""

    campaign: str
    year: int
    name: str
    milestones: tuple[MilestoneChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeConfirmed:
    """What a notice changed. `already` when it was in force before."""

    year: int
    document: str
    editions: tuple[EditionRedated, ...] = ()
    obligations_moved: int = 0
    told: tuple[str, ...] = ()
    already: bool = False


def confirm_notice(
    office: Office, draft: NoticeDraft, *, by: Actor, now: datetime, dry_run: bool = False
) -> NoticeConfirmed:
    """Confirm the notice that somebody else proposed, handed in once more so that it is read twice.

    One transaction: either the notice is in force and every open date stands under it, or nothing has changed.
    """
    shown = preview(draft, office.workdays, received_on=clock.civil(now))
    refuse_unfit(shown, by)
    with office.store.writing() as connection:
        take_turn(connection)
        known = notices.notice_by_hash(connection, fingerprint_of(office, draft))
        if known is None:
            raise Refused(
                "这份通知还没有人导入，请先由一人导入（不加 --confirm），再由另一人用同一份通知确认。"
            )
        if known.state == "confirmed":
            return NoticeConfirmed(year=known.table.year, document=known.table.source, already=True)
        if reasons := confirming_refusals(by, known.imported_by):
            raise Refused(reasons)
        notices.confirm(connection, known.id, by=by.person_id, at=now)
        workdays = load_workdays(notices.confirmed_tables(connection), office.workdays.local)
        done = _recompute(connection, office, known, workdays, by, now)
        if dry_run:
            take_back(connection)
    return done


def _recompute(
    connection: Any, office: Office, known: StoredNotice, workdays: WorkdayTable, by: Actor, now: datetime
) -> NoticeConfirmed:
    cause = f"{known.table.year}年放假安排已确认（{known.table.source}）"
    act = Act(by=by, now=now, cause=cause, publish=False, tell_all=True)
    changed = _redate_editions(connection, office, known.table.year, workdays, act)
    moved = tuple(item for _, one in changed for item in one.moved)
    told = tell_units(connection, office, moved, cause=cause, ref=f"notice-{known.id}", now=now)
    for _, one in changed:
        journal(connection, office, one, act)
    history.append(
        connection,
        at=now,
        by=by,
        verb="confirm",
        noun="notice",
        noun_id=known.id,
        detail={
            "year": known.table.year,
            "document": known.table.source,
            "editions": len(changed),
            "obligations_moved": sum(one.obligations_moved for _, one in changed),
            "units_told": len(told),
        },
        flow_run_id=office.flow_run_id,
    )
    return NoticeConfirmed(
        year=known.table.year,
        document=known.table.source,
        editions=tuple(edition for edition, _ in changed),
        obligations_moved=sum(one.obligations_moved for _, one in changed),
        told=told,
    )


def _redate_editions(
    connection: Any, office: Office, year: int, workdays: WorkdayTable, act: Act
) -> list[tuple[EditionRedated, EditionChange]]:
    """A notice moves days of its own year and of the weeks around it, so the years beside it are looked at too."""
    names = units.unit_names(connection)
    changed: list[tuple[EditionRedated, EditionChange]] = []
    for stored in store.editions(connection):
        value = stored.value
        if stored.state == "withdrawn" or not year - 1 <= value.year <= year + 1:
            continue
        after = redate(value, workdays)
        if after == value:
            continue
        one = change_edition(connection, office, after, stored, names, act)
        redated = EditionRedated(
            campaign=value.campaign, year=value.year, name=value.name, milestones=one.milestones
        )
        changed.append((redated, one))
    return changed
