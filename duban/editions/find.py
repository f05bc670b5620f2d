"""The edition a command names, or one sentence with the next step."""

from __future__ import annotations

from typing import Any

from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.editions.queries import (
    EditionName,
    StoredEdition,
    edition_names,
    find_edition,
    listed_edition_id,
    stored_edition_by_id,
    stored_editions,
)


def edition_named(bureau: Bureau, name: str) -> int:
    """The id of an edition given as 专项行动/年度, e.g. place_name_signs/2026."""
    campaign, _, year = name.partition("/")
    with bureau.store.reading() as connection:
        found = listed_edition_id(connection, campaign, int(year)) if year.isdecimal() else None
    if found is None:
        raise NotFound(
            f"没有专项行动“{name}”，请写成 专项行动/年度 的样子，用 duban calendar show 查看名称。"
        )
    return found


def edition_or_refuse(connection: Any, campaign: str, year: int) -> StoredEdition:
    """By the campaign's code, or by its name. Raises NotFound."""
    found = find_edition(connection, campaign, year) or next(
        (one for one in stored_editions(connection, year=year) if one.value.name == campaign), None
    )
    if found is None:
        raise NotFound(
            f"{year}年没有“{campaign}”，请用 duban calendar show {year} 查看，或先用 duban calendar apply {year} 载入。"
        )
    return found


def edition_by_id(connection: Any, edition_id: int) -> StoredEdition:
    """By its number, as addresses of pages carry it. Raises NotFound."""
    found = stored_edition_by_id(connection, edition_id)
    if found is None:
        raise NotFound("没有这个专项行动，可能已被删除，请从清单里重新选择。")
    return found


def name_editions(bureau: Bureau, *, by: Actor) -> tuple[EditionName, ...]:
    """Every edition that was ever handed out, the newest year first; of a unit those it has a part in."""
    with bureau.store.reading() as connection:
        return edition_names(connection, visible_units(by))
