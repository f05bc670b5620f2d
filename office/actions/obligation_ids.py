"""The numbers of what a filter finds, for acting on all of it at once."""

from __future__ import annotations

from datetime import date
from itertools import islice

from office.actions.list_obligations import lit
from office.actions.office import Office
from office.errors import Refused
from office.store import obligation_list
from office.store.obligation_list import Filter
from rules.people import Actor
from rules.sight import sight_of
from rules.standing import Light

# More than this is a whole campaign or unit, and is acted on as such.
MOST = 5000


def obligation_ids(
    office: Office, wanted: Filter, *, by: Actor, today: date, light: Light | None = None
) -> tuple[int, ...]:
    """In the order of the list; refused when there are too many to be named one by one."""
    with office.store.reading() as connection:
        found = obligation_list.facts(connection, wanted, sight_of(by))
        numbers = (number for number, _ in found) if light is None else lit(office, found, today, light)
        ids = tuple(islice(numbers, MOST + 1))
    if len(ids) > MOST:
        raise Refused(f"符合条件的超过{MOST}项，请缩小筛选范围，分几次办理。")
    return ids
