"""A one-time sign-in is made: how a person without a password, or who has forgotten it, comes in."""

from __future__ import annotations

from datetime import datetime, timedelta

from office.actions.acting import refuse
from office.actions.office import Office
from office.actions.secret_tokens import new_token, token_hash
from office.errors import NotFound
from office.store import accounts, history, people, sessions
from office.store.dry_run import take_back
from rules.accounts import one_time_refusals
from rules.people import Actor, Role


def make_one_time(office: Office, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> str:
    """The token of a one-time sign-in, shown once. Earlier ones of the person that were not used end."""
    token = new_token()
    until = now + timedelta(hours=office.settings.one_time_hours)
    with office.store.writing() as connection:
        person = people.person_by_id(connection, person_id)
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请在人员名录里核对。")
        there = people.how_many_with(connection, Role.SECURITY) > 0
        refuse(*one_time_refusals(person.actor, by, security_there=there))
        accounts.open_account(connection, person_id)
        sessions.insert_one_time(
            connection, token_hash=token_hash(token), person_id=person_id, made_at=now, expires_at=until
        )
        history.append(
            connection,
            at=now,
            by=by,
            verb="make_one_time",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name, "until": until},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return token
