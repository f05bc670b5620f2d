"""督办: units that stay overdue after chasing, to their superior."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalateMessage:
    """`items` are all that is overdue: the letter counts units from them. `unit` is the superior's own."""

    folder: ClassVar[str] = "escalate"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    list_link: str | None = None


SAMPLE = EscalateMessage(
    to_name="李局长",
    unit="市民政局",
    as_of_on=date(2026, 4, 14),
    items=(
        replace(ITEM, days_left=-9, light=Light.RED, link=None),
        replace(
            ITEM,
            obligation_id=202,
            unit="天宁区民政局",
            days_left=-9,
            light=Light.RED,
            link=None,
            note="已退回2次",
        ),
        replace(
            ITEM,
            obligation_id=322,
            unit="天宁区民政局",
            campaign="社会组织年检",
            milestone="报送初审意见",
            due_on=date(2026, 4, 10),
            last_workday=date(2026, 4, 10),
            hard_due_on=None,
            days_left=-2,
            expected_evidence=("初审意见",),
            document="市民政局年检通知",
            light=Light.RED,
            link=None,
        ),
    ),
    desk=DESK,
)
