"""即时催办: a coordinator asks a unit, today and by name, to get on with what it owes."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class ChaseNowMessage:
    """`items` may be only the first to fall due; `total` then says how many there are.

    `words` is what the coordinator adds, `chased_by` who it is. `list_link` shows all items.
    """

    folder: ClassVar[str] = "chase_now"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    chased_by: str
    words: str | None = None
    total: int | None = None
    list_link: str | None = None


SAMPLE = ChaseNowMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 27),
    items=(replace(ITEM, days_left=2, light=Light.YELLOW),),
    desk=DESK,
    chased_by="周处长",
    words="月底前市局汇总上报，请今天下班前报送。",
)
