"""What another system pushes: progress, figures, outcomes of a check. Only what the actions allow to the token's person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from duban.core.errors import NotFound
from duban.editions.event_queries import EventFilter
from duban.editions.events import EventDay, enter_event, list_event_duties
from duban.evidence.support import report_support
from duban.figures.service import NewFigure, record_figure, report_progress
from duban.obligations.file import show_obligation
from duban.obligations.pull_queries import pull_edition
from duban.portal.api.door import Visit, once, writes
from duban.portal.api.models import Amount, Out, SupportOut
from duban.portal.api.problems import Problem
from duban.portal.api.pulls import Number
from duban.rosters.queries import SubjectChoice
from duban.rosters.service import record_outcomes

router = APIRouter()
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,100}$",
        description="由对方生成的键；同一请求重发时带同一个，七天内只办理一次",
    ),
]
Figure = Annotated[Decimal, Field(ge=0, lt=10**14, max_digits=18, decimal_places=4, allow_inf_nan=False)]
Line = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str | None, Field(max_length=2000)]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Problem,
        "description": "幂等键已用于另一个请求，或上次不知是否办成",
        "content": {"application/problem+json": {}},
    }
}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProgressIn(_In):
    value: Figure = Field(description="累计完成数")
    unit_of_measure: str = Field(min_length=1, max_length=32, description="计量单位")
    as_of_on: date | None = Field(None, description="数据截止日期，默认当天")
    reason: Reason = Field(None, description="比上次减少，或与目标、上次、其他数据明显偏离时必填")


class ProgressOut(Out):
    obligation_id: int
    value: Amount
    previous: Amount | None
    target: Amount | None
    unit_of_measure: str
    rate: str
    points_behind: Amount | None = Field(description="落后序时进度的百分点")


class SupportReportIn(_In):
    words: str = Field(min_length=1, max_length=4000, description="配合做了什么，一两句话")


class FigureIn(_In):
    name: Line = Field(description="数据名，如 应参检")
    value: Figure | None = Field(description="不掌握的写 null")
    unit_of_measure: str = Field(min_length=1, max_length=32)
    unit: str | None = Field(None, min_length=1, max_length=200, description="哪个单位；全市的不写")
    as_of_on: date | None = None
    reason: Reason = Field(None, description="比上次减少，或与上次、其他数据明显偏离时必填")


class FigureOut(Out):
    name: str
    unit: str | None
    value: Amount | None
    previous: Amount | None
    unit_of_measure: str
    as_of_on: date


class OutcomesIn(_In):
    codes: list[Line] = Field(
        min_length=1, max_length=1000, description="统一社会信用代码或编号；有一个办不了就都不办"
    )
    taken_part_on: date | None = Field(None, description="参检日期；已有的不改写")
    outcome: Literal["合格", "基本合格", "不合格"] | None = None


class OutcomesOut(Out):
    recorded: int = Field(description="登记了多少个对象")
    unchanged: int = Field(description="原已如此的")
    submitted: int = Field(description="随之报结的任务")
    closed: int = Field(description="随之销号的任务")
    left: int = Field(description="有结论但前一阶段没有办结或设有问题台账、没有销号的任务")


@router.post(
    "/obligations/{obligation_id}/progress",
    summary="填报进度",
    status_code=201,
    response_model=ProgressOut,
    responses=_CONFLICT,
)
def progress(
    visit: Annotated[Visit, writes()], obligation_id: Number, given: ProgressIn, key: Key = None
) -> Response:
    """填报一项任务的累计完成数。"""

    def act() -> ProgressOut:
        # An obligation of a foreign unit is not there, whatever state it is in.
        show_obligation(visit.bureau, obligation_id, by=visit.by, today=visit.today)
        done = report_progress(
            visit.bureau,
            obligation_id,
            given.value,
            unit_of_measure=given.unit_of_measure,
            by=visit.by,
            now=visit.now,
            as_of_on=given.as_of_on,
            reason=given.reason,
        )
        return ProgressOut(**{name: getattr(done, name) for name in ProgressOut.model_fields})

    return once(visit, key, given, act)


@router.post(
    "/supports/{duty_id}/report",
    summary="报告配合情况",
    status_code=201,
    response_model=SupportOut,
    responses=_CONFLICT,
)
def support(
    visit: Annotated[Visit, writes()], duty_id: Number, given: SupportReportIn, key: Key = None
) -> Response:
    """配合单位报告做了什么；附件在页面上传。"""

    def act() -> SupportOut:
        return SupportOut.model_validate(
            report_support(visit.bureau, duty_id, given.words, by=visit.by, now=visit.now)
        )

    return once(visit, key, given, act)


@router.post(
    "/editions/{edition_id}/figures",
    summary="填报数据",
    status_code=201,
    response_model=FigureOut,
    responses=_CONFLICT,
)
def figures(
    visit: Annotated[Visit, writes()], edition_id: Number, given: FigureIn, key: Key = None
) -> Response:
    """填报一项指标所用的数据。"""

    def act() -> FigureOut:
        edition = pull_edition(visit.bureau, edition_id, by=visit.by)
        new = NewFigure(**given.model_dump())
        done = record_figure(visit.bureau, edition.campaign, edition.year, new, by=visit.by, now=visit.now)
        return FigureOut(**{name: getattr(done, name) for name in FigureOut.model_fields})

    return once(visit, key, given, act)


@router.post(
    "/editions/{edition_id}/roster/outcomes",
    summary="登记参检情况和结论",
    status_code=201,
    response_model=OutcomesOut,
    responses=_CONFLICT,
)
def outcomes(
    visit: Annotated[Visit, writes()], edition_id: Number, given: OutcomesIn, key: Key = None
) -> Response:
    """给名册里的若干对象登记同一个参检日期或结论。"""

    def act() -> OutcomesOut:
        codes = frozenset(given.codes)
        done = record_outcomes(
            visit.bureau,
            edition_id,
            SubjectChoice(codes=codes),
            expected=len(codes),
            taken_part_on=given.taken_part_on,
            outcome=given.outcome,
            by=visit.by,
            now=visit.now,
        )
        return OutcomesOut(**{name: getattr(done, name) for name in OutcomesOut.model_fields})

    return once(visit, key, given, act)


class EventIn(_In):
    milestone: Line = Field(description="节点代号")
    event_on: date | None = Field(description="那一天：收到通知、登记……的日期；撤回已填的写 null")
    unit: str | None = Field(None, min_length=1, max_length=200, description="哪个单位；不写是所有待填的")
    subject: str | None = Field(None, min_length=1, max_length=64, description="名册上的哪一家：代码")
    reason: Reason = Field(None, description="依据；改动或撤回时必填")


class EventOut(Out):
    milestone: str
    event: str = Field(description="从什么起算")
    event_on: date | None
    due_on: date | None = Field(description="由此得出的时限")
    duties: int = Field(description="涉及多少项")
    obligations_new: int
    obligations_moved: int
    obligations_cancelled: int


@router.post(
    "/editions/{edition_id}/events",
    summary="填写起算日",
    status_code=201,
    response_model=EventOut,
    responses=_CONFLICT,
)
def events(
    visit: Annotated[Visit, writes()], edition_id: Number, given: EventIn, key: Key = None
) -> Response:
    """填写、改动或撤回一个节点起算的那一天，时限随之排出、改期或恢复待定。"""

    def act() -> EventOut:
        wanted = EventFilter(edition_id=edition_id, milestone=given.milestone)
        duties = list_event_duties(visit.bureau, wanted, by=visit.by)
        if not duties:
            raise NotFound("这个专项行动没有这个节点的待定时限，或与您的单位无关；请先查询。")
        entry = EventDay(
            campaign=duties[0].campaign,
            year=duties[0].year,
            milestone=given.milestone,
            event_on=given.event_on,
            unit=given.unit or "",
            subject=given.subject or "",
            note=given.reason or "",
        )
        done = enter_event(visit.bureau, entry, by=visit.by, now=visit.now)
        return EventOut(**{name: getattr(done, name) for name in EventOut.model_fields})

    return once(visit, key, given, act)
