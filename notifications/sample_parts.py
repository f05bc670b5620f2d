"""Values that the samples of kinds/ start from. People and telephone numbers are invented."""

from datetime import date

from notifications.messages import Desk, Item
from rules.standing import Light

DESK = Desk(name="市民政局办公室", contact="赵科员", phone="0000-1234567")

ITEM = Item(
    obligation_id=201,
    campaign="地名标志巡检",
    milestone="制定巡检计划并备案",
    unit="钟楼区民政局",
    due_on=date(2026, 3, 31),
    last_workday=date(2026, 3, 31),
    hard_due_on=date(2026, 4, 15),
    days_left=3,
    expected_evidence=("巡检计划", "备案文号"),
    document="市民政局2025年工作要点 附件1第7项",
    provisional=False,
    light=Light.YELLOW,
    link="https://duban.example/o/201",
)
