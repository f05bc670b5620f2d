"""交办: new obligations handed to the unit that has to meet them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignMessage:
    """`items` may be only the first to fall due; `total` then says how many there are. `list_link` shows them all."""

    folder: ClassVar[str] = "assign"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    total: int | None = None
    list_link: str | None = None


SAMPLE = AssignMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 1, 5),
    items=(
        replace(ITEM, days_left=57, light=Light.GREEN),
        replace(
            ITEM,
            obligation_id=318,
            campaign="殡葬领域专项行动",
            milestone="自查自纠",
            due_on=date(2026, 5, 31),
            last_workday=date(2026, 5, 29),
            hard_due_on=date(2026, 6, 15),
            days_left=97,
            expected_evidence=("自查报告", "问题台账"),
            document="市民政局2025年工作要点 附件1第5项",
            light=Light.GREEN,
            link="https://duban.example/o/318",
        ),
    ),
    desk=DESK,
)
