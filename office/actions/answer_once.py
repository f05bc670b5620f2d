"""A request with an idempotency key acts once: its answer is kept for a week and given again to whoever repeats it.

The row is written before the act and completed after it. Only a crash between the two leaves it open; then nobody
knows, and the sentence says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from office.actions.find_client import Client
from office.actions.office import Office
from office.errors import Refused
from office.store import api_answers
from office.store.api_answers import KeptAnswer

KEPT = timedelta(days=7)


class KeyTaken(Refused):
    """The key belongs to another request, or to one whose end nobody knows."""


def begin_answer(
    office: Office, client: Client, key: str, fingerprint: str, *, now: datetime
) -> KeptAnswer | None:
    """The answer to give again, or None: go on and act. Raises KeyTaken."""
    with office.store.writing() as connection:
        api_answers.sweep(connection, now - KEPT)
        known = api_answers.find(connection, client.token_id, key)
        if known is None:
            api_answers.begin(connection, client.token_id, key, fingerprint, now)
            return None
    if known.fingerprint != fingerprint:
        raise KeyTaken("这个幂等键已用于另一个请求，没有办理；请换一个键。")
    if known.status is None:
        raise KeyTaken(
            "带这个幂等键的请求正在办理，或上次中断、不知是否办成；请先查询结果，确未办成再换一个键。"
        )
    return known


def finish_answer(office: Office, client: Client, key: str, *, status: int, body: str) -> None:
    """Keep what the request was answered."""
    with office.store.writing() as connection:
        api_answers.finish(connection, client.token_id, key, status, body)


def forget_answer(office: Office, client: Client, key: str) -> None:
    """The request was refused and changed nothing: the key may be used again."""
    with office.store.writing() as connection:
        api_answers.forget(connection, client.token_id, key)
