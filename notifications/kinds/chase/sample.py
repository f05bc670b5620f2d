"""催办: what is overdue, to the unit that owes it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class ChaseMessage:
    """`items` may be only the first to fall due; `total` then says how many there are. `list_link` shows them all."""

    folder: ClassVar[str] = "chase"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    total: int | None = None
    list_link: str | None = None


SAMPLE = ChaseMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 4, 3),
    items=(replace(ITEM, days_left=-3, light=Light.RED, note="4月1日已催办一次"),),
    desk=DESK,
)
