"""A token for another system: shown once, with somebody's rights and no more, until a day or until revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from duban.accounts.queries import (
    ClientToken,
    KeptAnswer,
    client_tokens,
    delete_kept_answer,
    find_kept_answer,
    finish_kept_answer,
    insert_client_token,
    insert_kept_answer,
    revoke_client_token_row,
    sweep_kept_answers,
    touch_client_token,
)
from duban.accounts.rules import MOST_TOKEN_DAYS, TokenScope, security_refusals, token_refusals
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.errors import NotFound, Refused, refuse
from duban.core.secrets import new_token, token_hash
from duban.core.text import cleaned
from duban.history.service import acting
from duban.units.queries import person_by_id

_PREFIX = "duban_"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token. `token` is shown once and stored nowhere."""

    id: int
    name: str
    token: str
    expires_at: datetime


def make_client_token(
    bureau: Bureau,
    *,
    name: str,
    person_id: int,
    scopes: Iterable[TokenScope],
    days: int = MOST_TOKEN_DAYS,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> MadeToken:
    """Give another system a token with a person's rights."""
    name, wanted, token = cleaned(name), frozenset(scopes), _PREFIX + new_token()
    until = now + timedelta(days=days)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = person_by_id(act.connection, person_id)
        bearer = person.actor if person else None
        refuse(*token_refusals(by, name=name, scopes=wanted, days=days, person=bearer))
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请先登记接口所代表的人员。")
        token_id = insert_client_token(
            act.connection,
            name=name,
            token_hash=token_hash(token),
            scopes=" ".join(sorted(wanted)),
            person_id=person_id,
            made_by=by.person_id,
            made_at=now,
            expires_at=until,
        )
        said = {"name": name, "person": person.name, "scopes": sorted(wanted), "until": until}
        act.note("make_token", "token", token_id, detail=said)
    return MadeToken(id=token_id, name=name, token=token, expires_at=until)


def list_client_tokens(bureau: Bureau, *, by: Actor) -> tuple[ClientToken, ...]:
    """Every token that was ever made, without what would let anybody use it."""
    refuse(*security_refusals(by, "查看接口令牌"))
    with bureau.store.reading() as connection:
        return client_tokens(connection)


def revoke_client_token(
    bureau: Bureau, token_id: int, *, by: Actor, now: datetime, dry_run: bool = False
) -> ClientToken:
    """End a token; ending it twice is no fault."""
    refuse(*security_refusals(by, "撤销接口令牌"))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        found = client_tokens(act.connection, token_id=token_id)
        if not found:
            raise NotFound(f"没有编号为 {token_id} 的接口令牌，请在令牌清单里核对。")
        if revoke_client_token_row(act.connection, token_id, now):
            act.note("revoke_token", "token", token_id, detail={"name": found[0].name})
    return found[0]


_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Another system at the API: which token, in whose name, and what it may do."""

    token_id: int
    name: str
    by: Actor
    scopes: frozenset[TokenScope]


def find_client(bureau: Bureau, token: str, *, now: datetime) -> Client | None:
    """The system behind a token; None when there is none, or it has ended."""
    with bureau.store.reading() as connection:
        known = client_tokens(connection, token_hash=token_hash(token))
        if not known or known[0].revoked_at is not None or now >= known[0].expires_at:
            return None
        (found,) = known
        person = person_by_id(connection, found.person_id)
    if person is None or not person.active:
        return None
    if found.used_at is None or now - found.used_at >= _SEEN_EVERY:
        with bureau.store.writing() as connection:
            touch_client_token(connection, found.id, now)
    return Client(
        token_id=found.id,
        name=found.name,
        by=person.actor,
        scopes=frozenset(TokenScope(word) for word in found.scopes.split()),
    )


KEPT = timedelta(days=7)


class KeyTaken(Refused):
    """The key belongs to another request, or to one whose end nobody knows."""


def begin_answer(
    bureau: Bureau, client: Client, key: str, fingerprint: str, *, now: datetime
) -> KeptAnswer | None:
    """The answer to give again, or None: go on and act. Raises KeyTaken."""
    with bureau.store.writing() as connection:
        sweep_kept_answers(connection, now - KEPT)
        known = find_kept_answer(connection, client.token_id, key)
        if known is None:
            insert_kept_answer(connection, client.token_id, key, fingerprint, now)
            return None
    if known.fingerprint != fingerprint:
        raise KeyTaken("这个幂等键已用于另一个请求，没有办理；请换一个键。")
    if known.status is None:
        raise KeyTaken(
            "带这个幂等键的请求正在办理，或上次中断、不知是否办成；请先查询结果，确未办成再换一个键。"
        )
    return known


def finish_answer(bureau: Bureau, client: Client, key: str, *, status: int, body: str) -> None:
    """Keep what the request was answered."""
    with bureau.store.writing() as connection:
        finish_kept_answer(connection, client.token_id, key, status, body)


def forget_answer(bureau: Bureau, client: Client, key: str) -> None:
    """The request was refused and changed nothing: the key may be used again."""
    with bureau.store.writing() as connection:
        delete_kept_answer(connection, client.token_id, key)
