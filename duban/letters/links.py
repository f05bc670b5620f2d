"""Links in messages: a token that says which contact of which unit it was sent to, signed with the portal's key.

Nothing is stored when one is made: whether it still holds follows from the register when it is used.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer

from duban.core.errors import Refused
from duban.letters.rules import ALTERED, FOREIGN, Link

_SALT = b"unit-link"
_MARK = 6


def make_link_token(
    key: str,
    *,
    unit_id: int,
    contact_id: int,
    generation: int,
    expires_on: date,
    obligation_id: int | None = None,
) -> str:
    """The token of a contact's link, short enough for a message."""
    said = [unit_id, contact_id, generation, expires_on.toordinal()]
    return f"{_mark(key)}.{_signer(key).dumps(said if obligation_id is None else [*said, obligation_id])}"


def read_link_token(key: str, token: str) -> Link:
    """What a token says. Refused when it was altered, or signed with another bureau's key."""
    mark, _, signed = token.partition(".")
    if (
        len(mark) == _MARK
        and signed.count(".") == 1
        and not hmac.compare_digest(mark.encode(), _mark(key).encode())
    ):
        raise Refused(FOREIGN)
    try:
        unit_id, contact_id, generation, until, *rest = _signer(key).loads(signed)
    except (BadData, ValueError):
        raise Refused(ALTERED) from None
    return Link(
        unit_id=unit_id,
        contact_id=contact_id,
        generation=generation,
        expires_on=date.fromordinal(until),
        obligation_id=rest[0] if rest else None,
    )


@lru_cache(maxsize=4)
def _mark(key: str) -> str:
    """Which key it is, without giving it away: tells another bureau's link from a damaged one of ours."""
    return hmac.new(key.encode(), b"mark", hashlib.sha256).hexdigest()[:_MARK]


@lru_cache(maxsize=4)
def _signer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
