"""Secrets that are shown once and stored as their hash, and what is derived from the portal's key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from duban.core.errors import Fault
from duban.core.settings import Settings

_BYTES = 32
_KEY_NAME, _KEY_BYTES = "duban_portal_key", 48


def portal_key(settings: Settings) -> str:
    """The key that signs links and forms. Settings read it from the environment or from home/secrets/."""
    if settings.portal_key is None or not settings.portal_key.get_secret_value():
        raise Fault("门户密钥还没有设置，请先运行 duban setup（写在 home/secrets/duban_portal_key）。")
    return settings.portal_key.get_secret_value()


def write_portal_key(settings: Settings) -> bool:
    """Write home/secrets/duban_portal_key where no key is set anywhere; returns whether it was written.

    Nobody chooses it, nobody sees it, only the bureau's own account may read its file.
    """
    if settings.portal_key is not None:
        return False
    folder = settings.home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Made by exactly one of two that start at once, and never readable by others, not even for a moment.
        handle = os.open(folder / _KEY_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_KEY_BYTES))
    return True


def new_token() -> str:
    """A token nobody guesses: 256 bits."""
    return secrets.token_urlsafe(_BYTES)


def token_hash(token: str) -> str:
    """What is stored of a token. It is random and long, so that a plain hash suffices where a password's would not."""
    return hashlib.sha256(token.encode()).hexdigest()


def derived(settings: Settings, purpose: str, text: str) -> str:
    """A value that only the holder of the key can make, different for every purpose."""
    key = portal_key(settings).encode()
    return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
