"""The token in the address of a unit's calendar: says which unit, ends with the unit's links, opens nothing else."""

from __future__ import annotations

import hashlib

from itsdangerous import BadData, URLSafeSerializer

from office.actions.office import Office
from office.actions.secret_tokens import portal_key
from office.errors import NotFound
from office.store import links, units
from office.store.engine import Connection
from rules.people import Actor

# Another salt than the links': a calendar's address never lets anybody in.
_SALT = b"unit-feed"
_GONE = "这个日历地址已失效（已更换，或不完整），请在“我的任务”的“加到手机日历”里取新地址。"


def make_feed_token(office: Office, connection: Connection, unit_id: int) -> str:
    """The token of the generation in force."""
    generation = links.generations(connection, [unit_id]).get(unit_id, links.FIRST)
    return str(_signer(office).dumps([unit_id, generation]))


def reader_of(office: Office, token: str) -> Actor:
    """Who reads with this token: nobody in particular, who may look at that one unit."""
    try:
        unit_id, generation = _signer(office).loads(token)
    except (BadData, ValueError, TypeError):
        raise NotFound(_GONE) from None
    with office.store.reading() as connection:
        now = links.generations(connection, [unit_id]).get(unit_id, links.FIRST)
        name = units.units_by_id(connection, [unit_id]).get(unit_id)
    if generation != now or name is None:
        raise NotFound(_GONE)
    return Actor(name=f"{name}的日历", person_id=0, reads=frozenset({unit_id}))


def _signer(office: Office) -> URLSafeSerializer:
    key = portal_key(office.settings)
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
