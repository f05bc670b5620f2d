"""A token for another system: shown once, with somebody's rights and no more, until a day or until revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.actions.secret_tokens import new_token, token_hash
from office.errors import NotFound
from office.store import client_tokens, history, people
from office.store.client_tokens import ClientToken
from office.store.dry_run import take_back
from rules.accounts import MOST_TOKEN_DAYS, Scope, security_refusals, token_refusals
from rules.people import Actor

_PREFIX = "duban_"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token. `token` is shown once and stored nowhere."""

    id: int
    name: str
    token: str
    expires_at: datetime


def make_client_token(
    office: Office,
    *,
    name: str,
    person_id: int,
    scopes: Iterable[Scope],
    days: int = MOST_TOKEN_DAYS,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> MadeToken:
    """Give another system a token with a person's rights."""
    name, wanted, token = cleaned(name), frozenset(scopes), _PREFIX + new_token()
    until = now + timedelta(days=days)
    with office.store.writing() as connection:
        person = people.person_by_id(connection, person_id)
        refuse(
            *token_refusals(by, name=name, scopes=wanted, days=days, person=person.actor if person else None)
        )
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请先登记接口所代表的人员。")
        assert by.person_id is not None, "refused above"
        token_id = client_tokens.insert(
            connection,
            name=name,
            token_hash=token_hash(token),
            scopes=" ".join(sorted(wanted)),
            person_id=person_id,
            made_by=by.person_id,
            made_at=now,
            expires_at=until,
        )
        said = {"name": name, "person": person.name, "scopes": sorted(wanted), "until": until}
        history.append(
            connection,
            at=now,
            by=by,
            verb="make_token",
            noun="token",
            noun_id=token_id,
            detail=said,
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return MadeToken(id=token_id, name=name, token=token, expires_at=until)


def list_client_tokens(office: Office, *, by: Actor) -> tuple[ClientToken, ...]:
    """Every token that was ever made, without what would let anybody use it."""
    refuse(*security_refusals(by, "查看接口令牌"))
    with office.store.reading() as connection:
        return client_tokens.every(connection)
