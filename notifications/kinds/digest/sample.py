"""每日汇总: everything an address is owed on one day, in one letter. Not a Kind: its sections are."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from notifications.messages import Desk, Item, Kind
from notifications.sample_parts import DESK, ITEM
from rules.standing import Light


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The items of one kind. `items` may be only the first to fall due; `total` then says how many there are.

    An escalation hands over all its items, because the letter counts the units from them.
    """

    kind: Kind
    items: tuple[Item, ...]
    total: int | None = None

    def __post_init__(self) -> None:
        assert not self.kind.urgent, f"{self.kind} leaves by itself, not in a digest"


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestMessage:
    """Sections in any order; the letter shows them in the order of Kind. `list_link` shows everything owed."""

    folder: ClassVar[str] = "digest"

    to_name: str
    unit: str
    as_of_on: date
    sections: tuple[Section, ...]
    desk: Desk
    list_link: str | None = None


SAMPLE = DigestMessage(
    to_name="王科长",
    unit="钟楼区民政局",
    as_of_on=date(2026, 12, 31),
    sections=(
        Section(
            kind=Kind.ADVANCE,
            items=(
                replace(
                    ITEM,
                    obligation_id=410,
                    campaign="寒冬送温暖",
                    milestone="春节前走访困难群众",
                    due_on=date(2027, 1, 10),
                    last_workday=date(2027, 1, 8),
                    hard_due_on=None,
                    days_left=5,
                    expected_evidence=("走访记录", "慰问金发放表"),
                    document="市民政局年度总结 第3项",
                    provisional=True,
                    link="https://duban.example/o/410",
                ),
            ),
        ),
        Section(
            kind=Kind.CHASE,
            items=(
                replace(
                    ITEM,
                    obligation_id=377,
                    campaign="社会组织年检",
                    milestone="报送整改台账",
                    due_on=date(2026, 12, 20),
                    last_workday=date(2026, 12, 18),
                    hard_due_on=None,
                    days_left=-9,
                    expected_evidence=("整改台账",),
                    document="市民政局年检通知 第4项",
                    light=Light.RED,
                    link="https://duban.example/o/377",
                ),
            ),
        ),
        Section(
            kind=Kind.DUE,
            items=(
                replace(
                    ITEM,
                    obligation_id=402,
                    campaign="家庭养老床位",
                    milestone="完成年度指标",
                    due_on=date(2026, 12, 31),
                    last_workday=date(2026, 12, 31),
                    hard_due_on=None,
                    days_left=0,
                    expected_evidence=("完成数", "验收表"),
                    document="市民政局2025年工作要点 附件1第3项",
                    link="https://duban.example/o/402",
                ),
            ),
            total=1,
        ),
    ),
    desk=DESK,
)
