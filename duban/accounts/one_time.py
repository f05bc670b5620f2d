"""A one-time sign-in, used: the link that a person without a password was given lets in once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duban.accounts.queries import (
    anybody_signs_in,
    insert_one_time,
    one_time_by_token,
    open_account,
    use_one_time,
)
from duban.accounts.rules import SignInWay, one_time_refusals
from duban.accounts.sessions import open_session
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, Refused, refuse
from duban.core.secrets import new_token, token_hash
from duban.history.queries import append_entry
from duban.obligations.queries import busiest_unit
from duban.units.queries import Person, all_people, count_with_role, person_by_id

_NEW_ONE = "请向安全管理员（或发给您链接的统筹科室）索取新的一次性登录链接。"


def enter_once(bureau: Bureau, token: str, *, device: str, now: datetime) -> str:
    """The token of a new session, in which a password is to be chosen first."""
    with bureau.store.writing() as connection:
        one = one_time_by_token(connection, token_hash(token))
        if one is None:
            raise Refused(f"一次性登录链接无效，可能不完整或已被更新的链接取代，{_NEW_ONE}")
        if one.used_at is not None or not use_one_time(connection, one.id, now):
            raise Refused(f"这个一次性登录链接已经用过，如不是您本人使用，请立即告知安全管理员；{_NEW_ONE}")
        if now >= one.expires_at:
            raise Refused(f"这个一次性登录链接已过期，{_NEW_ONE}")
        person = person_by_id(connection, one.person_id)
        assert person is not None, "a one-time sign-in has a person"
        if not person.active:
            raise Refused(f"{person.name}已停用，不能登录；如有误，请联系统筹科室。")
        return open_session(
            bureau, connection, by=person.actor, way=SignInWay.ONE_TIME, device=device, now=now
        )


def make_one_time(bureau: Bureau, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> str:
    """The token of a one-time sign-in, shown once. Earlier ones of the person that were not used end."""
    token = new_token()
    until = now + timedelta(hours=bureau.settings.one_time_hours)
    with bureau.store.writing() as connection:
        person = person_by_id(connection, person_id)
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请在人员名录里核对。")
        there = count_with_role(connection, Role.SECURITY) > 0
        refuse(*one_time_refusals(person.actor, by, security_there=there))
        open_account(connection, person_id)
        insert_one_time(
            connection, token_hash=token_hash(token), person_id=person_id, made_at=now, expires_at=until
        )
        append_entry(
            connection,
            at=now,
            by=by,
            verb="make_one_time",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name, "until": until},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return token


_ORDER = (
    Role.OPERATOR,
    Role.SECURITY,
    Role.COORDINATOR,
    Role.REVIEWER,
    Role.LEADER,
    Role.AUDITOR,
    Role.HANDLER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSignIn:
    """Somebody of this role may come in once with this token."""

    role: Role
    name: str
    unit: str
    token: str


def first_sign_ins(bureau: Bureau, *, now: datetime) -> tuple[FirstSignIn, ...]:
    """One for each role that anybody has; none as soon as anybody has a password or signs in another way."""
    with bureau.store.reading() as connection:
        if anybody_signs_in(connection):
            return ()
        busiest = busiest_unit(connection)
        # Whoever tries the handler's page should find something on it.
        register = sorted(all_people(connection), key=lambda one: one.unit_id != busiest)
        chosen = _one_per_role(register)
    return tuple(
        FirstSignIn(
            role=role,
            name=person.name,
            unit=person.unit,
            token=make_one_time(bureau, person_id=person.id, by=SYSTEM, now=now),
        )
        for role, person in chosen
    )


def _one_per_role(register: Sequence[Person]) -> list[tuple[Role, Person]]:
    """Nobody twice: a second one-time sign-in would end the first."""
    chosen: dict[int, tuple[Role, Person]] = {}
    for role in _ORDER:
        bearers = (one for one in register if one.active and role in one.roles and one.id not in chosen)
        if person := next(bearers, None):
            chosen[person.id] = (role, person)
    return list(chosen.values())
