"""What the interface gives: fields of the services' answers, each with its meaning. No decisions.

A model is filled from a read model by the names of its fields; where they differ, the field says from where.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from calendars.model import CampaignKind, EvidenceType
from duban.core.lights import Light
from duban.obligations.list_queries import ListedObligation
from duban.obligations.states import State
from duban.obligations.support_queries import SupportDuty
from duban.obligations.support_rules import SupportState
from duban.rosters.rules import RATE_WORDS


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


# As text, so that no reader makes a binary fraction of it.
Amount = Annotated[Decimal, PlainSerializer(_plain, return_type=str)]
LARGEST = 9_007_199_254_740_991


class Out(BaseModel):
    """What is given never has more or fewer fields than are described."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class EditionOut(Out):
    id: int
    campaign: str = Field(description="专项行动的代号，各年相同")
    name: str
    year: int
    kind: CampaignKind
    state: str = Field(description="published 已发布、paused 暂停、withdrawn 撤销")
    subject_year: int | None = Field(description="年检等所查的年度")
    published_on: date | None


class EditionsOut(Out):
    as_of: datetime
    editions: list[EditionOut]


class PointOut(Out):
    label: str = Field(description="一年多次时是哪一次，如 3月、第二季度；只有一次的为空")
    starts_on: date | None
    due_on: date = Field(description="内部时限")
    hard_due_on: date | None = Field(description="上级时限")
    last_workday: date = Field(description="时限当日或之前最后一个工作日")
    provisional: bool = Field(description="暂定：所在年度放假安排尚未公布")


class MilestoneOut(Out):
    key: str
    title: str
    stage: int | None
    source_document: str = Field(description="出自哪份文件")
    source_item: str
    due_phrase: str = Field(description="原文的时限")
    gate: bool = Field(description="阶段关口")
    per_subject: bool = Field(description="名册里每个对象各办一次")
    points: list[PointOut] = Field(description="没有日期、待人确认的为空")


class MilestonesOut(Out):
    as_of: datetime
    edition: EditionOut
    milestones: list[MilestoneOut]


class ObligationOut(Out):
    id: int
    edition_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str
    subject: str | None = Field(description="名册里的对象")
    state: State
    light: Light = Field(description="灯：red、yellow、green、grey")
    standing: str = Field(description="灯的含义")
    due_on: date
    last_workday: date
    provisional: bool
    hard_due_on: date | None
    submitted_on: date | None
    closed_on: date | None
    late: bool = Field(description="曾逾期报结，办结后仍保留")
    returned_times: int
    extended_times: int
    extension_pending: bool
    target: Amount | None = Field(description="目标数")
    reported: Amount | None = Field(description="最近填报的累计数")

    @model_validator(mode="before")
    @classmethod
    def _row(cls, one: ListedObligation) -> dict[str, Any]:
        """A row of the ledger with what follows from the calendar."""
        own = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return own | {"light": one.standing.light, "standing": one.standing.word}


class ObligationsOut(Out):
    as_of: datetime
    as_of_on: date = Field(description="灯按哪一天算")
    history_id: int = Field(description="取数时留痕的最后一条；下次作 changed_since")
    next_cursor: int | None = Field(description="还有下一页时，下次的 cursor")
    obligations: list[ObligationOut]


class EvidenceOut(Out):
    key: str
    type: EvidenceType
    title: str
    filename: str | None
    media_type: str | None
    size_bytes: int | None
    sha256: str | None = Field(description="文件的 SHA-256，取原件时用")
    value: Amount | None
    unit_of_measure: str | None
    link: str | None
    doubt: str | None = Field(description="数据为什么存疑")
    reason: str | None = Field(description="单位对存疑数据的说明")


class ReviewOut(Out):
    level: int
    reviewed_by: str
    reviewed_at: datetime
    verdict: str = Field(description="passed 通过、sent_back 退回")
    reason: str


class StatedOut(Out):
    stated_on: date = Field(description="补录日期：纸质材料收到的日期")
    reason: str
    stated_by: str
    stated_at: datetime
    verdict: str | None = Field(
        description="accepted 认可、refused 不认可；null 是审核人还没有定，按收到的时间算"
    )
    decided_by: str | None


class SubmissionOut(Out):
    nth: int
    submitted_by: str
    submitted_at: datetime = Field(description="收到的时刻，谁也不能另报")
    stated: StatedOut | None
    note: str
    items: list[EvidenceOut]
    reviews: list[ReviewOut]


class SupportFileOut(Out):
    filename: str
    sha256: str
    size_bytes: int
    media_type: str


class SupportReportOut(Out):
    nth: int
    reported_by: str
    reported_at: datetime
    words: str = Field(description="配合做了什么")
    files: list[SupportFileOut]


class SupportAnswerOut(Out):
    id: int
    unit_id: int
    unit: str = Field(description="配合单位")
    state: SupportState = Field(
        description="pending 未答复、acknowledged 已知悉、reported 已报告、withdrawn 已撤回"
    )
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    reports: list[SupportReportOut]


class SupportOut(Out):
    id: int
    edition_id: int
    campaign: str
    year: int
    milestone: str
    label: str
    unit_id: int
    unit: str = Field(description="配合单位")
    state: SupportState
    due_on: date = Field(description="牵头单位未办结的里最早的时限")
    last_workday: date
    provisional: bool
    leads: str = Field(description="牵头单位")
    leads_total: int
    leads_owing: int = Field(description="其中未办结的")
    acknowledged_at: datetime | None
    reported_at: datetime | None
    reports: list[SupportReportOut] = Field(description="清单里不给，取一项任务时给")

    @model_validator(mode="before")
    @classmethod
    def _row(cls, one: SupportDuty) -> dict[str, Any]:
        own = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        leads = one.leads
        return own | {"leads": leads.names, "leads_total": leads.total, "leads_owing": leads.owing}


class SupportsOut(Out):
    as_of: datetime
    total: int
    page: int
    pages: int
    supports: list[SupportOut]


class CaseOut(Out):
    as_of: datetime
    as_of_on: date
    obligation: ObligationOut
    source_document: str
    source_item: str
    due_phrase: str
    supporting: list[str] = Field(description="配合单位")
    supports: list[SupportAnswerOut] = Field(description="各配合单位的答复，不计入比率")
    version: int
    submissions: list[SubmissionOut]


class RateOut(Out):
    key: str
    name: str
    part: int = Field(description="分子")
    whole: int = Field(description="分母；为零时比率无意义，显示“—”")
    shown: str
    definition: str


class BoardLineOut(Out):
    edition_id: int
    campaign: str
    name: str
    year: int
    light: Light = Field(description="最差的灯")
    lights: dict[Light, int]
    rates: list[RateOut]
    provisional: bool


class BoardOut(Out):
    as_of: datetime
    as_of_on: date
    lights: dict[Light, int]
    rates: list[RateOut]
    provisional: bool
    left_out: dict[str, int] = Field(description="不计入的：not_due 尚未到期，out 免办、暂停、撤销或未启动")
    turned_red: int = Field(description="比前一天新增的红灯", validation_alias="turned_red_total")
    campaigns: list[BoardLineOut]
    unscheduled: list[str] = Field(description="一月里本年度尚未排定的，各一句")


class EventDutyOut(Out):
    milestone: str = Field(description="节点代号", validation_alias="milestone_key")
    title: str = Field(validation_alias="milestone")
    due_phrase: str
    event: str = Field(description="从什么起算")
    unit_id: int
    unit: str
    subject: str | None = Field(description="名册上的一家：代码", validation_alias="subject_code")
    event_on: date | None = Field(description="那一天；空的是待定")
    due_on: date | None
    obligation_id: int | None


class EventsOut(Out):
    as_of: datetime
    edition_id: int
    duties: list[EventDutyOut]


class RosterLineOut(Out):
    unit_id: int | None = Field(description="合计一行为空")
    unit: str
    due: int | None = Field(description="应参检；没有名册时各数为空，不是零")
    taken_part: int | None = Field(description="已参检")
    missing: int | None = Field(description="未参检")
    completed: int | None = Field(description="完成年检")
    passed: int | None = Field(description="合格")
    basically_passed: int | None = Field(description="基本合格")
    failed: int | None = Field(description="不合格")
    left_out: int | None = Field(description="名册里不在应参检范围的，不计入")
    participation: str = Field(description=RATE_WORDS["participation"])
    completion: str = Field(description=RATE_WORDS["completion"])
    passing: str = Field(description=RATE_WORDS["passing"])


class RosterOut(Out):
    as_of: datetime
    edition_id: int
    name: str
    year: int
    total: RosterLineOut = Field(validation_alias="all")
    units: list[RosterLineOut]


class SubjectOut(Out):
    id: int
    code: str
    name: str
    unit_id: int
    unit: str
    in_scope: bool = Field(description="应参检")
    taken_part_on: date | None
    outcome: str | None = Field(description="passed 合格、basically_passed 基本合格、failed 不合格")
    outcome_on: date | None


class SubjectsOut(Out):
    as_of: datetime
    edition_id: int
    total: int
    page: int
    pages: int
    subjects: list[SubjectOut]


class HistoryOut(Out):
    id: int = Field(description="链上的位置，从 1 起没有空号")
    at: datetime
    actor_id: int | None
    actor: str
    verb: str
    noun: str
    noun_id: int | None
    edition_id: int | None
    unit_id: int | None
    detail: str = Field(description="规范 JSON，逐字参与指纹")
    flow_run_id: str | None
    previous_hash: str
    entry_hash: str


class HistoriesOut(Out):
    as_of: datetime
    next_since: int = Field(description="下次的 since")
    entries: list[HistoryOut]
