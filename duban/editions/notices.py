"""Bring in a holiday notice: shown with all it would change, and kept until a second person confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from calendars.notices import NoticePreview, preview_notice_change, to_year_table
from calendars.notices.draft import NoticeDraft, NoticeRefused
from calendars.notices.records import decoded, read_json, read_sheet
from calendars.notices.text import read_text
from calendars.workdays import WorkdayTable
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import advisory_lock, rollback_dry_run
from duban.core.errors import Refused
from duban.editions.apply import ChangeContext, EditionChange, change_edition, journal, tell_units
from duban.editions.queries import (
    StoredNotice,
    all_notices,
    confirm_notice_row,
    confirmed_tables,
    insert_notice,
    notice_by_hash,
    notice_hash,
    stored_editions,
)
from duban.editions.rules import MilestoneChange
from duban.editions.service import recalculate_dates
from duban.history.queries import append_entry
from duban.units.queries import unit_names
from duban.units.rules import confirming_refusals, keeping_refusals, person_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeProposed:
    """`state` is previewed, proposed (waits for a second person) or confirmed (was in force already)."""

    state: str
    preview: NoticePreview
    notice_id: int | None = None


def preview_notice(bureau: Bureau, draft: NoticeDraft, *, now: datetime) -> NoticeProposed:
    """What the notice says and would change. Writes nothing."""
    shown = preview_notice_change(draft, bureau.workdays, received_on=clock.civil(now))
    return NoticeProposed(state="previewed", preview=shown)


def propose_notice(bureau: Bureau, draft: NoticeDraft, *, by: Actor, now: datetime) -> NoticeProposed:
    """Keep the notice as proposed. Refused with every problem of it; the same notice again changes nothing."""
    shown = preview_notice_change(draft, bureau.workdays, received_on=clock.civil(now))
    refuse_unfit(shown, by)
    assert shown.table is not None, "a notice without problems has a table"
    fingerprint = fingerprint_of(bureau, draft)
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        known = notice_by_hash(connection, fingerprint)
        if known is not None:
            return NoticeProposed(state=known.state, preview=shown, notice_id=known.id)
        notice_id = insert_notice(connection, shown.table, content_hash=fingerprint, by=by.person_id, at=now)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="propose",
            noun="notice",
            noun_id=notice_id,
            detail={"year": draft.year, "document": shown.table.source, "content_hash": fingerprint},
            flow_run_id=bureau.flow_run_id,
        )
    return NoticeProposed(state="proposed", preview=shown, notice_id=notice_id)


def refuse_unfit(shown: NoticePreview, by: Actor) -> None:
    """Every reason of the notice and of the person at once."""
    reasons = (*keeping_refusals(by, "导入放假通知"), *person_refusals(by, "放假通知"), *shown.problems)
    if reasons:
        raise Refused(reasons)


def fingerprint_of(bureau: Bureau, draft: NoticeDraft) -> str:
    """The same for everyone who hands in the same notice, on whatever day."""
    return notice_hash(to_year_table(draft, bureau.workdays))


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
    bureau: Bureau, draft: NoticeDraft, *, by: Actor, now: datetime, dry_run: bool = False
) -> NoticeConfirmed:
    """Confirm the notice that somebody else proposed, handed in once more so that it is read twice.

    One transaction: either the notice is in force and every open date stands under it, or nothing has changed.
    """
    shown = preview_notice_change(draft, bureau.workdays, received_on=clock.civil(now))
    refuse_unfit(shown, by)
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        known = notice_by_hash(connection, fingerprint_of(bureau, draft))
        if known is None:
            raise Refused(
                "这份通知还没有人导入，请先由一人导入（不加 --confirm），再由另一人用同一份通知确认。"
            )
        if known.state == "confirmed":
            return NoticeConfirmed(year=known.table.year, document=known.table.source, already=True)
        if reasons := confirming_refusals(by, known.imported_by):
            raise Refused(reasons)
        confirm_notice_row(connection, known.id, by=by.person_id, at=now)
        workdays = load_workdays(confirmed_tables(connection), bureau.workdays.local)
        done = _recompute(connection, bureau, known, workdays, by, now)
        if dry_run:
            rollback_dry_run(connection)
    return done


def _recompute(
    connection: Any, bureau: Bureau, known: StoredNotice, workdays: WorkdayTable, by: Actor, now: datetime
) -> NoticeConfirmed:
    cause = f"{known.table.year}年放假安排已确认（{known.table.source}）"
    act = ChangeContext(by=by, now=now, cause=cause, publish=False, tell_all=True)
    changed = _redate_editions(connection, bureau, known.table.year, workdays, act)
    moved = tuple(item for _, one in changed for item in one.moved)
    told = tell_units(connection, bureau, moved, cause=cause, ref=f"notice-{known.id}", now=now)
    for _, one in changed:
        journal(connection, bureau, one, act)
    append_entry(
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
        flow_run_id=bureau.flow_run_id,
    )
    return NoticeConfirmed(
        year=known.table.year,
        document=known.table.source,
        editions=tuple(edition for edition, _ in changed),
        obligations_moved=sum(one.obligations_moved for _, one in changed),
        told=told,
    )


def _redate_editions(
    connection: Any, bureau: Bureau, year: int, workdays: WorkdayTable, act: ChangeContext
) -> list[tuple[EditionRedated, EditionChange]]:
    """A notice moves days of its own year and of the weeks around it, so the years beside it are looked at too."""
    names = unit_names(connection)
    changed: list[tuple[EditionRedated, EditionChange]] = []
    for stored in stored_editions(connection):
        value = stored.value
        if stored.state == "withdrawn" or not year - 1 <= value.year <= year + 1:
            continue
        after = recalculate_dates(value, workdays)
        if after == value:
            continue
        one = change_edition(connection, bureau, after, stored, names, act)
        redated = EditionRedated(
            campaign=value.campaign, year=value.year, name=value.name, milestones=one.milestones
        )
        changed.append((redated, one))
    return changed


SHEETS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One notice that was brought in. `confirmed_by` is None while it waits for a second person."""

    id: int
    year: int
    document: str
    state: str
    imported_by: str | None
    imported_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    own: bool  # brought in by the person who looks: somebody else must confirm it


def read_notice(content: bytes, filename: str = "", year: int | None = None) -> NoticeDraft:
    """Text, JSON or a sheet, told apart by name and first character. Raises Refused with the next step."""
    if not content.strip():
        raise Refused("请粘贴通知全文，或选择通知文件。")
    if len(content) > MOST_BYTES:
        raise Refused("文件超过1MB，请确认是不是放假通知。")
    try:
        suffix = PurePath(filename).suffix.lower()
        if suffix in SHEETS:
            return _sheet(content, suffix, year)
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return read_json(content)
        return read_text(decoded(content), year)
    except NoticeRefused as refusal:
        raise Refused(str(refusal)) from refusal


def list_notices(bureau: Bureau, *, by: Actor) -> tuple[NoticeLine, ...]:
    """Every notice that was brought in, the newest first."""
    if reasons := keeping_refusals(by, "查看放假通知"):
        raise Refused(reasons)
    with bureau.store.reading() as connection:
        found = all_notices(connection)
    return tuple(
        NoticeLine(
            id=one.id,
            year=one.year,
            document=one.document,
            state=one.state,
            imported_by=one.imported_by_name,
            imported_at=one.imported_at,
            confirmed_by=one.confirmed_by_name,
            confirmed_at=one.confirmed_at,
            own=one.imported_by == by.person_id,
        )
        for one in found
    )


def with_notices(bureau: Bureau) -> Bureau:
    """The office with the workdays as they are after what was confirmed meanwhile."""
    with bureau.store.reading() as connection:
        tables = confirmed_tables(connection)
    return replace(bureau, workdays=load_workdays(tables, bureau.workdays.local))


def _sheet(content: bytes, suffix: str, year: int | None) -> NoticeDraft:
    # The reader opens sheets by their path; the name that somebody gave the file never becomes one.
    with TemporaryDirectory(prefix="duban-notice-") as folder:
        path = Path(folder) / f"notice{suffix}"
        path.write_bytes(content)
        return read_sheet(path, year)
