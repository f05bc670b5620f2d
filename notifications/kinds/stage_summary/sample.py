"""阶段小结: what a gate found on its day, to the leader. Figures exact, missing units by name, one next step."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from notifications.messages import Desk
from notifications.sample_parts import DESK


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A measure as a fraction. `of` is None when the denominator is not known; then a dash is printed."""

    title: str
    done: int
    of: int | None
    target_percent: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A unit that has not finished; `days_overdue` in workdays."""

    unit: str
    days_overdue: int
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSummaryMessage:
    """`total` counts what was due: waived and suspended obligations are out of it and stand in `left_out_of_rate`.

    `missing` is every unit that has not finished; `missing_total` says how many when only the first are handed over.
    """

    folder: ClassVar[str] = "stage_summary"

    to_name: str
    unit: str
    as_of_on: date
    campaign: str
    stage: str
    due_on: date
    provisional: bool
    document: str
    total: int
    done_on_time: int
    done_late: int
    left_out_of_rate: int
    missing: tuple[Missing, ...]
    next_step: str
    desk: Desk
    missing_total: int | None = None
    rates: tuple[Rate, ...] = ()
    list_link: str | None = None


SAMPLE = StageSummaryMessage(
    to_name="李局长",
    unit="市民政局",
    as_of_on=date(2026, 4, 1),
    campaign="地名标志巡检",
    stage="制定巡检计划并备案",
    due_on=date(2026, 3, 31),
    provisional=False,
    document="市民政局2025年工作要点 附件1第7项",
    total=6,
    done_on_time=4,
    done_late=0,
    left_out_of_rate=1,
    missing=(
        Missing(unit="天宁区民政局", days_overdue=1, reason="备案材料退回补正中"),
        Missing(unit="金坛区民政局", days_overdue=1),
    ),
    next_step="今日起催办2家未完成单位；逾期满5个工作日仍未办结的，报请您督办。",
    desk=DESK,
    rates=(
        Rate(title="地名标志完好率", done=425, of=600, target_percent=80),
        Rate(title="年检参检率", done=106, of=None),
    ),
    list_link="https://duban.example/board",
)
