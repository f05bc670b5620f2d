"""日历变更: dates that moved, with the day each stood on before."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarChangeMessage:
    """`items` may be only the first to fall due; `total` then says how many there are.

    `cause` says what moved the dates, as the beginning of a sentence. `list_link` shows them all.
    """

    folder: ClassVar[str] = "calendar_change"

    to_name: str
    unit: str
    as_of_on: date
    items: tuple[Item, ...]
    desk: Desk
    cause: str
    total: int | None = None
    list_link: str | None = None


SAMPLE = CalendarChangeMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 11, 9),
    items=(
        replace(
            ITEM,
            obligation_id=901,
            campaign="寒冬送温暖",
            milestone="报送走访小结",
            due_on=date(2027, 2, 26),
            last_workday=date(2027, 2, 26),
            previous_due_on=date(2027, 2, 28),
            previous_provisional=True,
            hard_due_on=None,
            days_left=73,
            expected_evidence=("走访小结",),
            document="市民政局年度总结 第3项",
            light=Light.GREEN,
            link="https://duban.example/o/901",
        ),
    ),
    desk=DESK,
    cause="国务院办公厅已公布2027年放假安排",
)
