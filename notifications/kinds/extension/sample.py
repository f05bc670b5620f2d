"""延期批复: the answer to a unit that asked for more time. It always names a definite date."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionMessage:
    """`item` already carries the date that holds now: the new one if `granted`, else the old one.

    `asked_for_on` is the day the unit asked for; `asked_provisional` says that it lies in a provisional year.
    """

    folder: ClassVar[str] = "extension"

    to_name: str
    unit: str
    as_of_on: date
    item: Item
    granted: bool
    asked_for_on: date
    decided_by: str
    reason: str
    desk: Desk
    asked_provisional: bool = False


SAMPLE = ExtensionMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    item=replace(
        ITEM,
        due_on=date(2026, 4, 10),
        last_workday=date(2026, 4, 10),
        previous_due_on=date(2026, 3, 31),
        days_left=10,
        light=Light.GREEN,
        extended=True,
    ),
    granted=True,
    asked_for_on=date(2026, 4, 15),
    decided_by="李局长",
    reason="街道巡检分工尚需会商，同意顺延至4月10日，不再二次延期。",
    desk=DESK,
)
