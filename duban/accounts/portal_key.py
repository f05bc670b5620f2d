"""The portal's key, made once: nobody chooses it, nobody sees it, only the bureau's own account may read its file."""

from __future__ import annotations

import os
import secrets

from duban.core.settings import Settings

_NAME = "duban_portal_key"
_BYTES = 48


def write_portal_key(settings: Settings) -> bool:
    """Write home/secrets/duban_portal_key where no key is set anywhere; returns whether it was written."""
    if settings.portal_key is not None:
        return False
    folder = settings.home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Made by exactly one of two that start at once, and never readable by others, not even for a moment.
        handle = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_BYTES))
    return True
