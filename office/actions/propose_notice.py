"""Bring in a holiday notice: shown with all it would change, and kept until a second person confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from calendars.notices import NoticeDraft, NoticePreview, preview, to_year_table
from office import clock
from office.actions.office import Office
from office.errors import Refused
from office.store import history, notices
from office.store.turns import take_turn
from rules.keeping import keeping_refusals, person_refusals
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeProposed:
    """`state` is previewed, proposed (waits for a second person) or confirmed (was in force already)."""

    state: str
    preview: NoticePreview
    notice_id: int | None = None


def preview_notice(office: Office, draft: NoticeDraft, *, now: datetime) -> NoticeProposed:
    """What the notice says and would change. Writes nothing."""
    shown = preview(draft, office.workdays, received_on=clock.civil(now))
    return NoticeProposed(state="previewed", preview=shown)


def propose_notice(office: Office, draft: NoticeDraft, *, by: Actor, now: datetime) -> NoticeProposed:
    """Keep the notice as proposed. Refused with every problem of it; the same notice again changes nothing."""
    shown = preview(draft, office.workdays, received_on=clock.civil(now))
    refuse_unfit(shown, by)
    assert shown.table is not None, "a notice without problems has a table"
    fingerprint = fingerprint_of(office, draft)
    with office.store.writing() as connection:
        take_turn(connection)
        known = notices.notice_by_hash(connection, fingerprint)
        if known is not None:
            return NoticeProposed(state=known.state, preview=shown, notice_id=known.id)
        notice_id = notices.insert_notice(
            connection, shown.table, content_hash=fingerprint, by=by.person_id, at=now
        )
        history.append(
            connection,
            at=now,
            by=by,
            verb="propose",
            noun="notice",
            noun_id=notice_id,
            detail={"year": draft.year, "document": shown.table.source, "content_hash": fingerprint},
            flow_run_id=office.flow_run_id,
        )
    return NoticeProposed(state="proposed", preview=shown, notice_id=notice_id)


def refuse_unfit(shown: NoticePreview, by: Actor) -> None:
    """Every reason of the notice and of the person at once."""
    reasons = (*keeping_refusals(by, "导入放假通知"), *person_refusals(by, "放假通知"), *shown.problems)
    if reasons:
        raise Refused(reasons)


def fingerprint_of(office: Office, draft: NoticeDraft) -> str:
    """The same for everyone who hands in the same notice, on whatever day."""
    return notices.content_hash(to_year_table(draft, office.workdays))
