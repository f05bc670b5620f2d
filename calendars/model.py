"""What a campaign is: the frozen values that a calendar file is read into and the store is filled from.

Knows no file format, no database and no clock. A campaign lasts; an edition is one year of it; a milestone is
a dated point of an edition; each milestone's phrase resolves to one or more points (occurrences).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class CampaignKind(StrEnum):
    """The seven kinds; each has its own rule for what "done" means."""

    FILING = "filing"  # 备案
    RECTIFICATION = "rectification"  # 分阶段整治
    ANNUAL_CHECK = "annual_check"  # 年检
    QUOTA = "quota"  # 任务指标
    STANDING = "standing"  # 常态化
    EVENT = "event"  # 节点保障
    REFORM = "reform"  # 改革攻坚


KIND_NAMES: dict[CampaignKind, str] = {
    CampaignKind.FILING: "备案",
    CampaignKind.RECTIFICATION: "分阶段整治",
    CampaignKind.ANNUAL_CHECK: "年检",
    CampaignKind.QUOTA: "任务指标",
    CampaignKind.STANDING: "常态化",
    CampaignKind.EVENT: "节点保障",
    CampaignKind.REFORM: "改革攻坚",
}


class EvidenceType(StrEnum):
    DOCUMENT = "document"  # 文件材料
    FIGURE = "figure"  # 数据
    ATTACHMENT = "attachment"  # 照片、截图等附件
    LINK = "link"  # 公开链接
    ROSTER = "roster"  # 名册、台账


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an item comes from: a document and the item in it (e.g. 2025年城市工作要点 附件1, A1-10-01)."""

    document: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEvidence:
    """One thing a unit is to hand in. `reason` is required for photos and tracks (burden limits)."""

    key: str
    title: str
    type: EvidenceType = EvidenceType.DOCUMENT
    required: bool = True
    unit_of_measure: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    within: Decimal | None = None  # more than that is doubtful and asks for a reason; `maximum` is refused
    at_most: str | None = None  # the key of a figure that this one cannot exceed without a reason
    reason: str | None = None


class TargetState(StrEnum):
    """A cell of the source's table: a number, left blank, 「--」 (no target), words, or still to be confirmed."""

    GIVEN = "given"
    BLANK = "blank"
    NONE = "none"
    TEXT = "text"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one unit is to reach. `value` is None unless the state is GIVEN, `text` the source's words where it wrote
    more than a number; `last_year` helps a confirmer.
    """

    unit: str
    state: TargetState
    value: Decimal | None = None
    op: str = "="  # "=" or ">="
    unit_of_measure: str = ""
    text: str | None = None
    last_year: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Targets per unit beside the city's own figure; their sum is checked, a mismatch is shown, never mended."""

    indicator: str
    unit_of_measure: str
    op: str = "="
    city_total: Decimal | None = None
    city_total_last_year: Decimal | None = None  # set while the new year's total is still to be confirmed
    targets: tuple[Target, ...] = ()
    note: str | None = None

    def units_with(self, state: TargetState) -> tuple[str, ...]:
        """The units whose cell is so: NONE owe nothing, BLANK wait for a person."""
        return tuple(one.unit for one in self.targets if one.state == state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A measure with its formula in the grammar of calendars.formulas, e.g. `100 * checked / due`."""

    key: str
    name: str
    formula: str | None = None
    unit_of_measure: str = ""
    target_op: str | None = None
    target_value: Decimal | None = None
    target_last_year: Decimal | None = None  # set while the new year's aim is still to be confirmed
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One occurrence of a milestone in its year. All dates civil, Asia/Shanghai; both ends included."""

    label: str  # "" for a single date, else e.g. "2025-06" or "上半年"
    due_on: date
    last_workday: date
    starts_on: date | None = None
    hard_due_on: date | None = None
    provisional: bool = False
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A dated point with its own list of expected evidence, owed by each of `leads` (one lead per obligation).

    `leads` holds unit names as the file gives them (`各辖市区` expanded by the reader), `points` is empty
    exactly when the phrase sets no date by itself; `undated` then says why, and a person decides.
    `after` names milestones whose gate must be closed before this one opens.
    """

    key: str
    title: str
    source: Source
    due_phrase: str
    leads: tuple[str, ...]
    supporting: tuple[str, ...] = ()
    stage: int | None = None
    implied: bool = False  # the source gives no date; the plan year is the only limit
    soft: bool = False  # 力争, 预计
    rule: str = ""
    hard_due_phrase: str | None = None
    points: tuple[Point, ...] = ()
    undated: str | None = None
    # What the date is counted from (收到通知): entered for each unit or subject, or read from the roster's column, or
    # it is the day on which another milestone is signed off.
    event: str | None = None
    event_column: str | None = None
    counts_from: str | None = None
    evidence: tuple[ExpectedEvidence, ...] = ()
    quota: Quota | None = None
    after: tuple[str, ...] = ()
    gate: bool = False  # closing this point sums up the stage and names who is missing
    per_subject: bool = False  # one obligation for each subject of the edition's roster
    problem_ledger: bool = False
    review_levels: int = 1
    content: str | None = None  # what is to be done, in full: the title is only its name
    recurrence: str = "yearly"  # or once: left out of the next year's file
    ladder: str | None = None  # its own, where it differs from the edition's
    note: str | None = None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What holds for every date of it; a date's own sentences stand beside it."""
        every = [point.assumptions for point in self.points]
        return tuple(said for said in every[0] if all(said in some for some in every)) if every else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One year of a campaign, read from one calendar file."""

    campaign: str
    name: str
    kind: CampaignKind
    year: int
    subject_year: int | None = None  # the year a check looks at, when it differs from the work year
    coordinator: str = "市民政局"
    sources: tuple[Source, ...] = ()
    ladder: str = "standard"
    support_escalation: bool = False  # supporting units are chased and escalated too
    issued_on: date | None = None  # the document's day: nothing is due before it; None: not known
    roll: str = "none"  # none | previous | next | second: what happens to a due date on a day off
    roll_days: str = "all"  # all | holidays | weekends: which days off move it
    roll_reason: str | None = None
    roster: str | None = None
    goals: tuple[str, ...] = ()  # what the year is to reach, as the source's goals say
    milestones: tuple[Milestone, ...] = field(default_factory=tuple)
    indicators: tuple[Indicator, ...] = ()
    rolled_from: int | None = None  # the year this file was rolled from, until someone has confirmed it
    recurrence: str = "yearly"  # or once: there is no next year
    recurrence_note: str | None = None
    note: str | None = None

    @property
    def recurs(self) -> bool:
        """Whether the next year has to have an edition too."""
        return self.recurrence == "yearly" and any(one.recurrence == "yearly" for one in self.milestones)
