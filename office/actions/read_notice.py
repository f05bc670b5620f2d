"""A holiday notice as somebody pasted or uploaded it, and the notices this bureau has. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from calendars.notices import NoticeDraft, NoticeRefused, decoded, read_json, read_sheet, read_text
from calendars.workdays import load_workdays
from office.actions.office import Office
from office.errors import Refused
from office.store import notices
from rules.keeping import keeping_refusals
from rules.people import Actor

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


def list_notices(office: Office, *, by: Actor) -> tuple[NoticeLine, ...]:
    """Every notice that was brought in, the newest first."""
    if reasons := keeping_refusals(by, "查看放假通知"):
        raise Refused(reasons)
    with office.store.reading() as connection:
        found = notices.all_notices(connection)
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


def with_notices(office: Office) -> Office:
    """The office with the workdays as they are after what was confirmed meanwhile."""
    with office.store.reading() as connection:
        tables = notices.confirmed_tables(connection)
    return replace(office, workdays=load_workdays(tables, office.workdays.local))


def _sheet(content: bytes, suffix: str, year: int | None) -> NoticeDraft:
    # The reader opens sheets by their path; the name that somebody gave the file never becomes one.
    with TemporaryDirectory(prefix="duban-notice-") as folder:
        path = Path(folder) / f"notice{suffix}"
        path.write_bytes(content)
        return read_sheet(path, year)
