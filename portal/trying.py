"""Doing what a form asks, and what to answer when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from office.errors import Changed, NotFound, Refused
from portal.desk import Desk
from portal.forms import Filled

Done = TypeVar("Done")


def tried(act: Callable[[], Done]) -> tuple[Done | None, int, tuple[str, ...]]:
    """What came of it, or the status and the reasons of the refusal; what does not exist has a page of its own."""
    try:
        return act(), 200, ()
    except NotFound:
        raise
    except Refused as refused:
        return None, 409 if isinstance(refused, Changed) else 422, refused.reasons


def acted_by(desk: Desk, filled: Filled) -> dict[str, Any]:
    """Who acts, when, and on which version; a form without a version was not made by our page."""
    version = filled.whole("version", "页面版本")
    return {"by": desk.by, "now": desk.now, "version": version if version is not None else 0}
