"""Bring in a holiday notice: shown with all it would change, and kept until a second person confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone, Point
from calendars.notices import NoticePreview, preview_notice_change, to_year_table
from calendars.notices.draft import NoticeDraft, NoticeRefused
from calendars.notices.records import decoded, read_json, read_sheet
from calendars.notices.text import read_text
from calendars.phrases import NoDates, PlanYear, dated, plan_year, with_hard_deadline
from calendars.workdays import WorkdayTable, YearUnknown
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import Connection, advisory_lock, rollback_dry_run
from duban.core.errors import Refused
from duban.editions.queries import (
    NoticeLine,
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
from duban.editions.service import ChangeContext, EditionChange, change_edition, journal, tell_units
from duban.editions.staging_queries import MovedItem
from duban.history.queries import append_entry
from duban.units.queries import unit_names
from duban.units.rules import confirming_refusals, keeping_refusals, person_refusals

SHEETS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeProposed:
    """`state` is previewed, proposed (waits for a second person) or confirmed (was in force already)."""

    state: str
    preview: NoticePreview
    notice_id: int | None = None


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


def read_notice(content: bytes, filename: str = "", year: int | None = None) -> NoticeDraft:
    """Text, JSON or a sheet, told apart by name and first character. Raises Refused with the next step."""
    if not content.strip():
        raise Refused("请粘贴通知全文，或选择通知文件。")
    if len(content) > MOST_BYTES:
        raise Refused("文件超过1MB，请确认是不是放假通知。")
    suffix = PurePath(filename).suffix.lower()
    try:
        if suffix in SHEETS:
            # The reader opens sheets by their path; the name that somebody gave the file never becomes one.
            with TemporaryDirectory(prefix="duban-notice-") as folder:
                path = Path(folder) / f"notice{suffix}"
                path.write_bytes(content)
                return read_sheet(path, year)
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
        return all_notices(connection, seen_by=by.person_id)


def with_notices(bureau: Bureau) -> Bureau:
    """The bureau with the workdays as they are after what was confirmed meanwhile."""
    with bureau.store.reading() as connection:
        tables = confirmed_tables(connection)
    return replace(bureau, workdays=load_workdays(tables, bureau.workdays.local))


def preview_notice(bureau: Bureau, draft: NoticeDraft, *, now: datetime) -> NoticeProposed:
    """What the notice says and would change. Writes nothing."""
    shown = preview_notice_change(draft, bureau.workdays, received_on=clock.civil(now))
    return NoticeProposed(state="previewed", preview=shown)


def _fit(bureau: Bureau, draft: NoticeDraft, by: Actor, now: datetime) -> tuple[NoticePreview, str]:
    """The notice and its hash, the same for everyone who hands in the same notice on whatever day.

    Refused with every reason of the notice and of the person at once.
    """
    shown = preview_notice_change(draft, bureau.workdays, received_on=clock.civil(now))
    reasons = (*keeping_refusals(by, "导入放假通知"), *person_refusals(by, "放假通知"), *shown.problems)
    if reasons:
        raise Refused(reasons)
    return shown, notice_hash(to_year_table(draft, bureau.workdays))


def propose_notice(bureau: Bureau, draft: NoticeDraft, *, by: Actor, now: datetime) -> NoticeProposed:
    """Keep the notice as proposed; the same notice again changes nothing."""
    shown, fingerprint = _fit(bureau, draft, by, now)
    assert shown.table is not None, "a notice without problems has a table"
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


def confirm_notice(
    bureau: Bureau, draft: NoticeDraft, *, by: Actor, now: datetime, dry_run: bool = False
) -> NoticeConfirmed:
    """Confirm the notice that somebody else proposed, handed in once more so that it is read twice.

    One transaction: either the notice is in force and every open date stands under it, or nothing has changed.
    """
    _, fingerprint = _fit(bureau, draft, by, now)
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        known = notice_by_hash(connection, fingerprint)
        if known is None:
            raise Refused(
                "这份通知还没有人导入，请先由一人导入（不加 --confirm），再由另一人用同一份通知确认。"
            )
        year, document = known.table.year, known.table.source
        if known.state == "confirmed":
            return NoticeConfirmed(year=year, document=document, already=True)
        if reasons := confirming_refusals(by, known.imported_by):
            raise Refused(reasons)
        confirm_notice_row(connection, known.id, by=by.person_id, at=now)
        workdays = load_workdays(confirmed_tables(connection), bureau.workdays.local)
        cause = f"{year}年放假安排已确认（{document}）"
        context = ChangeContext(by=by, now=now, cause=cause, publish=False, tell_all=True)
        done = _redate_editions(connection, bureau, known, workdays, context)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="confirm",
            noun="notice",
            noun_id=known.id,
            detail={
                "year": year,
                "document": document,
                "editions": len(done.editions),
                "obligations_moved": done.obligations_moved,
                "units_told": len(done.told),
            },
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return done


def _redate_editions(
    connection: Connection,
    bureau: Bureau,
    notice: StoredNotice,
    workdays: WorkdayTable,
    context: ChangeContext,
) -> NoticeConfirmed:
    """A notice moves days of its own year and of the weeks around it, so the years beside it are looked at too."""
    year, names = notice.table.year, unit_names(connection)
    changes: list[EditionChange] = []
    items: list[MovedItem] = []
    for stored in stored_editions(connection):
        if stored.state == "withdrawn" or not year - 1 <= stored.value.year <= year + 1:
            continue
        after = recalculate_dates(stored.value, workdays)
        hangs_on_events = any(one.event for one in after.milestones)
        if after != stored.value or hangs_on_events:
            new_days = replace(bureau, workdays=workdays)
            change, moved = change_edition(connection, new_days, after, stored, names, context)
            changes.append(change)
            items += moved
    ref = f"notice-{notice.id}"
    told = tell_units(connection, bureau, items, cause=context.cause, ref=ref, now=context.now)
    for change in changes:
        journal(connection, bureau, change, context)
    return NoticeConfirmed(
        year=year,
        document=notice.table.source,
        editions=tuple(
            EditionRedated(campaign=one.campaign, year=one.year, name=one.name, milestones=one.milestones)
            for one in changes
        ),
        obligations_moved=sum(one.obligations_moved for one in changes),
        told=told,
    )


def recalculate_dates(edition: Edition, workdays: WorkdayTable) -> Edition:
    """The edition as its file would read now. A milestone whose phrase gives no dates keeps those it has."""
    almanac = almanac_for(range(edition.year - 1, edition.year + 3))
    year = plan_year(edition, almanac=almanac, workdays=workdays)
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
    same = found is not None and [one.label for one in found.points] == [
        one.label for one in milestone.points
    ]
    # Where days off move dates, another notice may bring two occurrences onto one day, or apart again.
    if found is not None and (same or (found.points and (year.roll or "holiday_roll" in milestone.rule))):
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
