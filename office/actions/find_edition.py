"""The edition a command names, or one sentence with the next step."""

from __future__ import annotations

from typing import Any

from office.errors import NotFound
from office.store import editions as store
from office.store.editions import StoredEdition


def edition_or_refuse(connection: Any, campaign: str, year: int) -> StoredEdition:
    """By the campaign's code, or by its name. Raises NotFound."""
    found = store.find_edition(connection, campaign, year) or next(
        (one for one in store.editions(connection, year=year) if one.value.name == campaign), None
    )
    if found is None:
        raise NotFound(
            f"{year}年没有“{campaign}”，请用 duban calendar show {year} 查看，或先用 duban calendar apply {year} 载入。"
        )
    return found


def edition_by_id(connection: Any, edition_id: int) -> StoredEdition:
    """By its number, as addresses of pages carry it. Raises NotFound."""
    found = store.edition_by_id(connection, edition_id)
    if found is None:
        raise NotFound("没有这个专项行动，可能已被删除，请从清单里重新选择。")
    return found
