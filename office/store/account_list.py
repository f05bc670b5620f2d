"""The accounts of the register as the security administrator sees them, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from office.store.people import Person, people
from office.store.tables import account, person, session, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One person with his way in. `sessions` counts those that nobody has ended."""

    person: Person
    has_password: bool
    password_set_at: datetime | None
    locked_until: datetime | None
    oidc_subject: str | None
    seen_at: datetime | None
    sessions: int


def page_of_accounts(
    connection: Connection, *, now: datetime, text: str = "", locked: bool = False, limit: int, offset: int
) -> tuple[tuple[AccountRow, ...], int]:
    """The accounts of active people, those of the bureau's own units first, and how many there are in all."""
    wanted = _people(now, text, locked=locked)
    number = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    rows = connection.execute(wanted.order_by(unit.c.id, person.c.id).limit(limit).offset(offset)).all()
    opened = _sessions(connection, [row.id for row in rows], now)
    found = [_row(connection, row, opened.get(row.id, (0, None))) for row in rows]
    return tuple(found), number


def account_of(connection: Connection, person_id: int, *, now: datetime) -> AccountRow | None:
    """One active person's account."""
    row = connection.execute(_people(now, "", locked=False).where(person.c.id == person_id)).first()
    if row is None:
        return None
    return _row(connection, row, _sessions(connection, [person_id], now).get(person_id, (0, None)))


def _people(now: datetime, text: str, *, locked: bool) -> Select[Any]:
    wanted = (
        select(
            person.c.id,
            account.c.password_hash.is_not(None).label("has_password"),
            account.c.password_set_at,
            account.c.locked_until,
            account.c.oidc_subject,
        )
        .join_from(person, unit, unit.c.id == person.c.unit_id)
        .outerjoin(account, account.c.person_id == person.c.id)
        .where(person.c.active)
    )
    if text:
        wanted = wanted.where(
            or_(person.c.name.contains(text, autoescape=True), unit.c.name.contains(text, autoescape=True))
        )
    if locked:
        wanted = wanted.where(account.c.locked_until > now)
    return wanted


def _sessions(
    connection: Connection, ids: list[int], now: datetime
) -> dict[int, tuple[int, datetime | None]]:
    rows = connection.execute(
        select(session.c.person_id, func.count(), func.max(session.c.seen_at))
        .where(session.c.person_id.in_(ids), session.c.ended_at.is_(None), session.c.expires_at > now)
        .group_by(session.c.person_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _row(connection: Connection, row: Any, opened: tuple[int, datetime | None]) -> AccountRow:
    (found,) = people(connection, person_id=row.id)
    return AccountRow(
        person=found,
        has_password=row.has_password,
        password_set_at=row.password_set_at,
        locked_until=row.locked_until,
        oidc_subject=row.oidc_subject,
        sessions=opened[0],
        seen_at=opened[1],
    )
