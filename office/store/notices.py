"""Holiday notices that this bureau imported: proposed by one person, in force once a second has confirmed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from office.store.tables import person, workday_notice
from rules.workdays import NamedDay, YearState, YearTable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """One imported notice. `state` is proposed or confirmed."""

    id: int
    state: str
    table: YearTable
    content_hash: str
    imported_by: int | None
    imported_at: datetime


def confirmed_tables(connection: Connection) -> tuple[YearTable, ...]:
    """The tables in force, in the order they were confirmed."""
    rows = connection.execute(
        select(workday_notice)
        .where(workday_notice.c.state == "confirmed")
        .order_by(workday_notice.c.confirmed_at, workday_notice.c.id)
    )
    return tuple(_table(row.body) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEntry:
    """One imported notice with who brought it in and who put it in force."""

    id: int
    year: int
    document: str
    state: str
    imported_by: int | None
    imported_by_name: str | None
    imported_at: datetime
    confirmed_by_name: str | None
    confirmed_at: datetime | None


def all_notices(connection: Connection) -> tuple[NoticeEntry, ...]:
    """Every notice that was ever brought in, the newest first."""
    first, second = person.alias(), person.alias()
    rows = connection.execute(
        select(
            workday_notice.c.id,
            workday_notice.c.year,
            workday_notice.c.document,
            workday_notice.c.state,
            workday_notice.c.imported_by,
            first.c.name.label("imported_by_name"),
            workday_notice.c.imported_at,
            second.c.name.label("confirmed_by_name"),
            workday_notice.c.confirmed_at,
        )
        .outerjoin(first, first.c.id == workday_notice.c.imported_by)
        .outerjoin(second, second.c.id == workday_notice.c.confirmed_by)
        .order_by(workday_notice.c.imported_at.desc(), workday_notice.c.id.desc())
    )
    return tuple(NoticeEntry(**row._mapping) for row in rows)


def notice_by_hash(connection: Connection, content_hash: str) -> StoredNotice | None:
    """The notice that says exactly this, if it was ever imported."""
    row = connection.execute(
        select(workday_notice).where(workday_notice.c.content_hash == content_hash)
    ).first()
    return _notice(row) if row else None


def insert_notice(
    connection: Connection, table: YearTable, *, content_hash: str, by: int | None, at: datetime
) -> int:
    """Write the proposed table; returns its id. The hash is the notice's own, without the day it was received."""
    key = connection.execute(
        workday_notice.insert().values(
            year=table.year,
            document=table.source[:200],
            state="proposed",
            content_hash=content_hash,
            body=_body(table),
            imported_by=by,
            imported_at=at,
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def confirm(connection: Connection, notice_id: int, *, by: int | None, at: datetime) -> bool:
    """Put a proposed notice in force; False when somebody else already has."""
    done = connection.execute(
        workday_notice.update()
        .where(workday_notice.c.id == notice_id, workday_notice.c.state == "proposed")
        .values(state="confirmed", confirmed_by=by, confirmed_at=at)
    )
    return bool(done.rowcount)


def content_hash(table: YearTable) -> str:
    """SHA-256 of what the table says: the same notice from text, JSON or sheet is one notice if its days are."""
    text = json.dumps(_body(table), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _body(table: YearTable) -> dict[str, Any]:
    return {
        "year": table.year,
        "state": table.state.value,
        "document_no": table.document_no,
        "title": table.title,
        "issued_on": table.issued_on.isoformat() if table.issued_on else None,
        "off": _written(table.off),
        "make_up": _written(table.make_up),
        "amends": table.amends,
    }


def _written(days: Iterable[NamedDay]) -> list[dict[str, Any]]:
    return [{"on": day.on.isoformat(), "names": list(day.names)} for day in days]


def _table(body: Mapping[str, Any]) -> YearTable:
    return YearTable(
        year=body["year"],
        state=YearState(body["state"]),
        document_no=body["document_no"],
        title=body["title"],
        issued_on=date.fromisoformat(body["issued_on"]) if body["issued_on"] else None,
        off=_read(body["off"]),
        make_up=_read(body["make_up"]),
        amends=body["amends"],
    )


def _read(days: Iterable[Mapping[str, Any]]) -> tuple[NamedDay, ...]:
    return tuple(NamedDay(on=date.fromisoformat(day["on"]), names=tuple(day["names"])) for day in days)


def _notice(row: Row[Any]) -> StoredNotice:
    return StoredNotice(
        id=row.id,
        state=row.state,
        table=_table(row.body),
        content_hash=row.content_hash,
        imported_by=row.imported_by,
        imported_at=row.imported_at,
    )
