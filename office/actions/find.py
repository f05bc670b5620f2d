"""What people name, found: units, editions and people by the words a door was given."""

from __future__ import annotations

from office.actions.office import Office
from office.errors import NotFound
from office.store.bulk import Scope
from office.store.obligation_list import edition_id
from office.store.people import find_actor
from office.store.units import UnitEntry, find_unit
from rules.people import Actor


def unit_named(office: Office, name: str) -> UnitEntry:
    """The unit of that code, name or alias."""
    with office.store.reading() as connection:
        found = find_unit(connection, name)
    if found is None:
        raise NotFound(f"没有名为“{name}”的单位，请核对单位名称。")
    return found


def person_named(office: Office, name: str) -> Actor:
    """The active person of that name (姓名 or 姓名@单位)."""
    with office.store.reading() as connection:
        found = find_actor(connection, name)
    if found is None:
        raise NotFound(f"没有名为“{name}”的在岗人员，请核对姓名；有同名人员的写成 姓名@单位。")
    return found


def edition_named(office: Office, name: str) -> int:
    """The id of an edition given as 专项行动/年度, e.g. place_name_signs/2026."""
    campaign, _, year = name.partition("/")
    with office.store.reading() as connection:
        found = edition_id(connection, campaign, int(year)) if year.isdecimal() else None
    if found is None:
        raise NotFound(
            f"没有专项行动“{name}”，请写成 专项行动/年度 的样子，用 duban calendar show 查看名称。"
        )
    return found


def scope_named(office: Office, *, edition: str | None, unit: str | None) -> Scope:
    """A whole edition, a whole unit, or one within the other."""
    return Scope(
        edition_id=edition_named(office, edition) if edition else None,
        unit_id=unit_named(office, unit).id if unit else None,
    )
