"""退回: a submission that was sent back, with the reason and the new short limit."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class SendBackMessage:
    """`times` counts how often this obligation was sent back. `resubmit_by_on` is the limit for putting it right.

    `resubmit_provisional` says that this limit rests on a year whose day-off notice is not out yet.
    """

    folder: ClassVar[str] = "send_back"

    to_name: str
    unit: str
    as_of_on: date
    item: Item
    reason: str
    reviewer: str
    times: int
    desk: Desk
    resubmit_by_on: date | None = None
    resubmit_provisional: bool = False


SAMPLE = SendBackMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 3, 26),
    item=replace(ITEM, light=Light.YELLOW),
    reason="巡检计划未列各街道的完成月份，备案文号与附件不一致。",
    reviewer="区划地名处 陈科长",
    times=1,
    desk=DESK,
    resubmit_by_on=date(2026, 3, 30),
)
