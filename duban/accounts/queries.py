"""Who can come in: accounts, sessions, one-time sign-ins, tokens of other systems, and what was typed meanwhile.

Who has no row in `account` cannot sign in with a password.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, cast, delete, func, or_, select, update

from duban.accounts.rules import EndedWhy
from duban.accounts.tables import account, api_answer, client_token, kept_form, one_time, person_unit, session
from duban.core.access import Actor, Role
from duban.core.db import insert_row
from duban.units.queries import Person, all_people
from duban.units.tables import contact, person, person_role, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in."""

    person_id: int
    password_hash: str | None = None
    password_set_at: datetime | None = None
    failed: int = 0
    locked_until: datetime | None = None
    oidc_subject: str | None = None


def account_of_person(connection: Connection, person_id: int) -> Account | None:
    return _account(connection, account.c.person_id == person_id)


def account_of_subject(connection: Connection, subject: str) -> Account | None:
    """The account that the bureau's identity provider knows by this subject."""
    return _account(connection, account.c.oidc_subject == subject)


def _account(connection: Connection, which: ColumnElement[bool]) -> Account | None:
    row = connection.execute(select(account).where(which)).first()
    return Account(**row._mapping) if row else None


def open_account(connection: Connection, person_id: int) -> None:
    """Make the person's account if there is none."""
    if account_of_person(connection, person_id) is None:
        connection.execute(account.insert().values(person_id=person_id))


def change_account(connection: Connection, person_id: int, **values: object) -> None:
    connection.execute(update(account).where(account.c.person_id == person_id).values(**values))


def count_sign_in_try(connection: Connection, person_id: int, now: datetime) -> int | None:
    """Count one more try before its password is looked at; None while the account is locked.

    Counted first, tries that come at the same moment cannot outrun the limit.
    """
    unlocked = or_(account.c.locked_until.is_(None), account.c.locked_until <= now)
    counted = update(account).where(account.c.person_id == person_id, unlocked)
    return connection.execute(
        counted.values(failed=account.c.failed + 1, locked_until=None).returning(account.c.failed)
    ).scalar()


def anybody_signs_in(connection: Connection) -> bool:
    """Whether anybody at all has a password or is known to an identity provider."""
    able = or_(account.c.password_hash.is_not(None), account.c.oidc_subject.is_not(None))
    return connection.execute(select(account.c.person_id).where(able).limit(1)).first() is not None


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
    named = (column.contains(text, autoescape=True) for column in (person.c.name, unit.c.name))
    wanted = _PEOPLE.where(or_(*named)) if text else _PEOPLE
    if locked:
        wanted = wanted.where(account.c.locked_until > now)
    number = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    rows = connection.execute(wanted.order_by(unit.c.id, person.c.id).limit(limit).offset(offset)).all()
    return _accounts(connection, rows, now), number


def account_of(connection: Connection, person_id: int, *, now: datetime) -> AccountRow | None:
    """One active person's account."""
    rows = connection.execute(_PEOPLE.where(person.c.id == person_id)).all()
    return next(iter(_accounts(connection, rows, now)), None)


_PEOPLE: Select[Any] = (
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


def _accounts(connection: Connection, rows: Sequence[Any], now: datetime) -> tuple[AccountRow, ...]:
    ids = [row.id for row in rows]
    open_sessions = (
        select(session.c.person_id, func.count(), func.max(session.c.seen_at))
        .where(session.c.person_id.in_(ids), session.c.ended_at.is_(None), session.c.expires_at > now)
        .group_by(session.c.person_id)
    )
    opened = {row[0]: (row[1], row[2]) for row in connection.execute(open_sessions)}
    people = {one.id: one for one in all_people(connection, ids=ids)}
    found = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "id"}
        number, seen_at = opened.get(row.id, (0, None))
        found.append(AccountRow(person=people[row.id], sessions=number, seen_at=seen_at, **values))
    return tuple(found)


_contact_unit = unit.alias("contact_unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session with what decides whether it still holds."""

    id: int
    person_id: int
    name: str
    person_active: bool
    home_unit_id: int
    way: str
    unit_id: int | None
    contact_id: int | None
    contact_active: bool | None
    duty: str | None
    device: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    password_set_at: datetime | None
    roles: str | None  # joined by commas, as are the ids of the further units
    also: str | None

    @property
    def actor(self) -> Actor:
        """Who the person is when he acts."""
        return Actor(
            name=self.name,
            person_id=self.person_id,
            unit_id=self.home_unit_id,
            roles=frozenset(Role(role) for role in (self.roles or "").split(",") if role),
            also=frozenset(int(number) for number in (self.also or "").split(",") if number),
        )


def session_by_token(connection: Connection, token_hash: str) -> SessionRow | None:
    """The session of this token, over or not."""
    row = connection.execute(_SESSIONS.where(session.c.token_hash == token_hash)).first()
    return SessionRow(**row._mapping) if row else None


def session_by_id(connection: Connection, session_id: int) -> SessionRow | None:
    row = connection.execute(_SESSIONS.where(session.c.id == session_id)).first()
    return SessionRow(**row._mapping) if row else None


def open_sessions(
    connection: Connection, *, now: datetime, person_id: int | None = None, limit: int = 500
) -> tuple[SessionRow, ...]:
    """Sessions that nobody has ended and whose last hour has not come, the newest first. Idle ones are among them."""
    found = _SESSIONS.where(session.c.ended_at.is_(None), session.c.expires_at > now)
    if person_id is not None:
        found = found.where(session.c.person_id == person_id)
    rows = connection.execute(found.order_by(session.c.seen_at.desc(), session.c.id.desc()).limit(limit))
    return tuple(SessionRow(**row._mapping) for row in rows)


def insert_session(connection: Connection, **values: object) -> int:
    return insert_row(connection, session, **values)


def touch_session(connection: Connection, session_id: int, now: datetime) -> None:
    """Note the moment of a page; never back in time."""
    connection.execute(
        update(session).where(session.c.id == session_id, session.c.seen_at < now).values(seen_at=now)
    )


def end_session_rows(
    connection: Connection,
    *,
    now: datetime,
    why: EndedWhy,
    ids: Iterable[int] | None = None,
    person_id: int | None = None,
    link_unit_id: int | None = None,
    except_id: int | None = None,
) -> int:
    """End the sessions that every given filter names; returns how many there were. At least one filter is given."""
    assert (ids, person_id, link_unit_id) != (None, None, None), "nobody ends every session at once"
    wanted = update(session).where(session.c.ended_at.is_(None), session.c.expires_at > now)
    if ids is not None:
        wanted = wanted.where(session.c.id.in_(sorted(ids)))
    if person_id is not None:
        wanted = wanted.where(session.c.person_id == person_id)
    if link_unit_id is not None:
        wanted = wanted.where(session.c.unit_id == link_unit_id, session.c.way == "link")
    if except_id is not None:
        wanted = wanted.where(session.c.id != except_id)
    return int(connection.execute(wanted.values(ended_at=now, ended_why=why.value)).rowcount)


def forget_sessions(connection: Connection, person_id: int, *, before: datetime) -> None:
    """Remove a person's sessions that ended long ago; the history keeps that they were."""
    connection.execute(delete(session).where(session.c.person_id == person_id, session.c.expires_at < before))


def carry_sign_ins(connection: Connection, further: timedelta) -> None:
    """Let what holds now hold as long after a trial clock has jumped: nobody waited meanwhile."""
    for table, over in ((session, session.c.ended_at), (one_time, one_time.c.used_at)):
        moments = [table.c[name] for name in ("seen_at", "expires_at") if name in table.c]
        held = connection.execute(select(table.c.id, *moments).where(over.is_(None))).all()
        for row in held:
            moved = {one.name: row._mapping[one.name] + further for one in moments}
            connection.execute(update(table).where(table.c.id == row.id).values(**moved))


# Asked with every page: who asks, in one statement.
_SESSIONS: Select[Any] = (
    select(
        *(column for column in session.c if column.name != "token_hash"),
        person.c.name,
        person.c.active.label("person_active"),
        person.c.unit_id.label("home_unit_id"),
        (contact.c.active & _contact_unit.c.active).label("contact_active"),
        contact.c.duty,
        account.c.password_set_at,
        select(func.aggregate_strings(person_role.c.role, ","))
        .where(person_role.c.person_id == session.c.person_id)
        .scalar_subquery()
        .label("roles"),
        select(func.aggregate_strings(cast(person_unit.c.unit_id, String), ","))
        .where(person_unit.c.person_id == session.c.person_id)
        .scalar_subquery()
        .label("also"),
    )
    .join_from(session, person, person.c.id == session.c.person_id)
    .outerjoin(account, account.c.person_id == session.c.person_id)
    .outerjoin(contact, contact.c.id == session.c.contact_id)
    .outerjoin(_contact_unit, _contact_unit.c.id == session.c.unit_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeRow:
    """One one-time sign-in."""

    id: int
    person_id: int
    expires_at: datetime
    used_at: datetime | None


def insert_one_time(
    connection: Connection, *, token_hash: str, person_id: int, made_at: datetime, expires_at: datetime
) -> None:
    """A new one-time sign-in; those of the person that were not used give way to it."""
    drop_one_times(connection, person_id)
    connection.execute(
        one_time.insert().values(
            token_hash=token_hash, person_id=person_id, made_at=made_at, expires_at=expires_at
        )
    )


def drop_one_times(connection: Connection, person_id: int) -> None:
    connection.execute(
        delete(one_time).where(one_time.c.person_id == person_id, one_time.c.used_at.is_(None))
    )


def one_time_by_token(connection: Connection, token_hash: str) -> OneTimeRow | None:
    columns = [one_time.c[one.name] for one in fields(OneTimeRow)]
    row = connection.execute(select(*columns).where(one_time.c.token_hash == token_hash)).first()
    return OneTimeRow(**row._mapping) if row else None


def use_one_time(connection: Connection, one_time_id: int, now: datetime) -> bool:
    """Mark it used; False when somebody else was quicker."""
    used = update(one_time).where(one_time.c.id == one_time_id, one_time.c.used_at.is_(None))
    return connection.execute(used.values(used_at=now)).rowcount == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """One token as the list shows it; whose rights it has is `person`."""

    id: int
    name: str
    scopes: str
    person_id: int
    person: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def insert_client_token(connection: Connection, **values: object) -> int:
    return insert_row(connection, client_token, **values)


def client_tokens(
    connection: Connection, *, token_id: int | None = None, token_hash: str | None = None
) -> tuple[ClientToken, ...]:
    """All of them, the newest first; or the one of that id or hash."""
    found = _TOKENS.order_by(client_token.c.id.desc())
    if token_id is not None:
        found = found.where(client_token.c.id == token_id)
    if token_hash is not None:
        found = found.where(client_token.c.token_hash == token_hash)
    return tuple(ClientToken(**row._mapping) for row in connection.execute(found))


def touch_client_token(connection: Connection, token_id: int, now: datetime) -> None:
    connection.execute(update(client_token).where(client_token.c.id == token_id).values(used_at=now))


def revoke_client_token_row(connection: Connection, token_id: int, now: datetime) -> bool:
    """Revoke it; False when it was revoked before."""
    open_ = update(client_token).where(client_token.c.id == token_id, client_token.c.revoked_at.is_(None))
    return connection.execute(open_.values(revoked_at=now)).rowcount == 1


_TOKENS = select(
    *(
        person.c.name.label("person") if one.name == "person" else client_token.c[one.name]
        for one in fields(ClientToken)
    )
).join_from(client_token, person, person.c.id == client_token.c.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The answer to an earlier request; without a status it is under way, or was cut off."""

    fingerprint: str
    status: int | None
    body: str | None


def find_kept_answer(connection: Connection, token_id: int, key: str) -> KeptAnswer | None:
    kept = select(api_answer.c.fingerprint, api_answer.c.status, api_answer.c.body)
    row = connection.execute(kept.where(api_answer.c.token_id == token_id, api_answer.c.key == key)).first()
    return KeptAnswer(**row._mapping) if row else None


def insert_kept_answer(
    connection: Connection, token_id: int, key: str, fingerprint: str, at: datetime
) -> None:
    connection.execute(
        api_answer.insert().values(token_id=token_id, key=key, fingerprint=fingerprint, made_at=at)
    )


def finish_kept_answer(connection: Connection, token_id: int, key: str, status: int, body: str) -> None:
    connection.execute(
        api_answer.update()
        .where(api_answer.c.token_id == token_id, api_answer.c.key == key)
        .values(status=status, body=body)
    )


def delete_kept_answer(connection: Connection, token_id: int, key: str) -> None:
    """The request changed nothing, so it may be made again."""
    connection.execute(api_answer.delete().where(api_answer.c.token_id == token_id, api_answer.c.key == key))


def sweep_kept_answers(connection: Connection, before: datetime) -> None:
    """Drop what nobody will ask again."""
    connection.execute(api_answer.delete().where(api_answer.c.made_at < before))


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDraft:
    """A form as it was sent: where to, and every field in its order."""

    path: str
    fields: tuple[tuple[str, str], ...]
    made_at: datetime


def insert_form_draft(connection: Connection, *, fields: Sequence[tuple[str, str]], **values: object) -> None:
    """`values` are the other columns; what has expired goes."""
    made_at = values["made_at"]
    connection.execute(delete(kept_form).where(kept_form.c.expires_at <= made_at))
    connection.execute(kept_form.insert().values(fields=json.dumps(fields, ensure_ascii=False), **values))


def find_form_draft(
    connection: Connection, kept_id: str, *, person_id: int, now: datetime
) -> FormDraft | None:
    row = connection.execute(
        select(kept_form).where(
            kept_form.c.id == kept_id, kept_form.c.person_id == person_id, kept_form.c.expires_at > now
        )
    ).first()
    if row is None:
        return None
    typed = tuple((name, value) for name, value in json.loads(row.fields))
    return FormDraft(path=row.path, fields=typed, made_at=row.made_at)


def delete_form_draft(connection: Connection, kept_id: str, *, person_id: int) -> None:
    connection.execute(delete(kept_form).where(kept_form.c.id == kept_id, kept_form.c.person_id == person_id))
