"""Argon2 behind three questions. Hashing takes its time on purpose, so it is never done inside a transaction."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

# Each hash takes 64 MiB, so only a few are worked on at once.
PARAMETERS = RFC_9106_LOW_MEMORY
hasher = PasswordHasher.from_parameters(PARAMETERS)
_few = threading.BoundedSemaphore(4)


def hashed(password: str) -> str:
    with _few:
        return hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. Where there is no hash it takes as long, so that nobody learns who has none."""
    with _few:
        try:
            return hasher.verify(password_hash or _nobodys(hasher), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


@cache
def _nobodys(by: PasswordHasher) -> str:
    return by.hash(secrets.token_urlsafe(32))
