"""到期: what falls due today, or has no workday left."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM


@dataclass(frozen=True, kw_only=True, slots=True)
class DueMessage:
    """`items` may be only the first to fall due; `total` then says how many there are. `list_link` shows them all."""

    folder: ClassVar[str] = "due"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    total: int | None = None
    list_link: str | None = None


SAMPLE = DueMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 31),
    items=(replace(ITEM, days_left=0),),
    desk=DESK,
)
