"""What another system pulls. Each route asks one service in the name of the token's person."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from duban.editions.event_queries import EventFilter
from duban.editions.events import list_event_duties
from duban.editions.unscheduled import missing_in_january
from duban.evidence.service import save_evidence_copy
from duban.evidence.support import list_supports
from duban.history.service import pull_history
from duban.obligations.file import show_obligation
from duban.obligations.pull_queries import (
    LedgerFilter,
    PointRow,
    pull_edition,
    pull_editions,
    pull_ledger,
    pull_points,
)
from duban.obligations.states import State
from duban.obligations.support_queries import SupportFilter
from duban.obligations.support_rules import SupportState
from duban.portal.api.door import UNCHANGED, Visit, answer, reads
from duban.portal.api.models import (
    LARGEST,
    BoardOut,
    CaseOut,
    EditionsOut,
    EventsOut,
    HistoriesOut,
    MilestoneOut,
    MilestonesOut,
    ObligationsOut,
    RosterOut,
    SubjectsOut,
    SupportsOut,
)
from duban.reports.board import read_board
from duban.rosters.queries import SubjectFilter
from duban.rosters.service import list_subjects, read_roster_counts

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=LARGEST)]
Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="文件的 SHA-256")]
Reads = Annotated[Visit, reads()]


class _Asked(BaseModel):
    """Query parameters: what is not described is refused, so that a slip of the pen is not taken for everything."""

    model_config = ConfigDict(extra="forbid")


class YearAsked(_Asked):
    year: int | None = Field(None, ge=1, le=9999, description="只取这一年")


class LedgerAsked(_Asked):
    edition_id: int | None = Field(None, ge=1, le=LARGEST)
    unit_id: int | None = Field(None, ge=1, le=LARGEST)
    state: list[State] = Field(default_factory=list, max_length=20, description="可重复写多个")
    due_from: date | None = Field(None, description="时限不早于")
    due_until: date | None = Field(None, description="时限不晚于")
    changed_since: int | None = Field(None, ge=0, le=LARGEST, description="上次取数的 history_id")
    cursor: int = Field(0, ge=0, le=LARGEST, description="上一页的 next_cursor")
    limit: int = Field(100, ge=1, le=500)


class SubjectsAsked(_Asked):
    unit_id: int | None = Field(None, ge=1, le=LARGEST)
    taken_part: bool | None = Field(None, description="false：只取未参检的")
    outcome: Literal["passed", "basically_passed", "failed", "none"] | None = Field(
        None, description="none：尚无结论"
    )
    page: int = Field(1, ge=1, le=100_000)
    limit: int = Field(100, ge=1, le=500)


class SupportsAsked(_Asked):
    edition_id: int | None = Field(None, ge=1, le=LARGEST)
    unit_id: int | None = Field(None, ge=1, le=LARGEST, description="配合单位")
    state: list[SupportState] = Field(default_factory=list, max_length=4, description="可重复写多个")
    page: int = Field(1, ge=1, le=100_000)
    limit: int = Field(100, ge=1, le=500)


class HistoryAsked(_Asked):
    since: int = Field(0, ge=0, le=LARGEST, description="取这一条之后的")
    limit: int = Field(500, ge=1, le=1000)


@router.get("/editions", summary="专项行动清单", response_model=EditionsOut, responses=UNCHANGED)
def editions(visit: Reads, asked: Annotated[YearAsked, Query()]) -> Response:
    """发布过的各年专项行动。"""
    return answer(visit, EditionsOut, editions=pull_editions(visit.bureau, by=visit.by, year=asked.year))


@router.get(
    "/editions/{edition_id}/milestones",
    summary="节点和日期",
    response_model=MilestonesOut,
    responses=UNCHANGED,
)
def milestones(visit: Reads, edition_id: Number) -> Response:
    """一个专项行动的节点，出处、原文的时限和读成的日期。"""
    edition = pull_edition(visit.bureau, edition_id, by=visit.by)
    rows = pull_points(visit.bureau, edition_id, by=visit.by)
    # Rows of points come in the order of their milestones.
    found = [_milestone(list(points)) for _, points in groupby(rows, key=attrgetter("milestone_id"))]
    return answer(visit, MilestonesOut, edition=edition, milestones=found)


def _milestone(rows: list[PointRow]) -> dict[str, Any]:
    own = {name: getattr(rows[0], name) for name in MilestoneOut.model_fields if name != "points"}
    return {**own, "points": [row for row in rows if row.due_on is not None]}


@router.get("/obligations", summary="任务", response_model=ObligationsOut, responses=UNCHANGED)
def obligations(visit: Reads, asked: Annotated[LedgerAsked, Query()]) -> Response:
    """按编号取任务，可按专项行动、单位、状态、时限筛选，或只取某条留痕之后有变化的。"""
    wanted = LedgerFilter(
        states=frozenset(asked.state), **asked.model_dump(exclude={"state", "cursor", "limit"})
    )
    pulled = pull_ledger(
        visit.bureau, wanted, after=asked.cursor, limit=asked.limit, by=visit.by, today=visit.today
    )
    return answer(visit, ObligationsOut, pulled, next_cursor=pulled.next_after)


@router.get(
    "/obligations/{obligation_id}",
    summary="一项任务",
    response_model=CaseOut,
    responses=UNCHANGED,
)
def obligation(visit: Reads, obligation_id: Number) -> Response:
    """一项任务和它的报送：佐证材料只给指纹、大小和类型，原件另取。"""
    found = show_obligation(visit.bureau, obligation_id, by=visit.by, today=visit.today)
    return answer(visit, CaseOut, found, obligation=found, supporting=found.supporting)


@router.get("/supports", summary="配合事项", response_model=SupportsOut, responses=UNCHANGED)
def supports(visit: Reads, asked: Annotated[SupportsAsked, Query()]) -> Response:
    """谁配合什么、答复了没有；以经办人名义的令牌只给本单位的。"""
    wanted = SupportFilter(
        unit_id=asked.unit_id,
        edition_id=asked.edition_id,
        states=frozenset(asked.state) or frozenset(SupportState),
    )
    found = list_supports(visit.bureau, wanted, by=visit.by, page=asked.page, page_size=asked.limit)
    return answer(visit, SupportsOut, found, pages=max(1, -(-found.total // found.page_size)))


@router.get("/board", summary="总体情况", response_model=BoardOut, responses=UNCHANGED)
def board(visit: Reads, asked: Annotated[YearAsked, Query()]) -> Response:
    """各专项行动的灯和比率，按当天计。"""
    found = read_board(visit.bureau, by=visit.by, today=visit.today, year=asked.year)
    missing = [one.sentence for one in missing_in_january(visit.bureau, visit.today, by=visit.by)]
    own = {"rates": found.rates, "left_out": found.left_out}
    return answer(visit, BoardOut, found, unscheduled=missing, **own)


@router.get(
    "/editions/{edition_id}/roster",
    summary="名册各数",
    response_model=RosterOut,
    responses=UNCHANGED,
)
def roster(visit: Reads, edition_id: Number) -> Response:
    """应参检、已参检、完成年检、合格，合计和各单位。"""
    edition = pull_edition(visit.bureau, edition_id, by=visit.by)
    # Refuses an edition that goes by no roster.
    list_subjects(visit.bureau, edition_id, SubjectFilter(), by=visit.by, page_size=1)
    found = read_roster_counts(visit.bureau, edition.campaign, edition.year, by=visit.by)
    return answer(visit, RosterOut, found, edition_id=edition_id)


@router.get(
    "/editions/{edition_id}/roster/subjects",
    summary="名册里的对象",
    response_model=SubjectsOut,
    responses=UNCHANGED,
)
def subjects(visit: Reads, edition_id: Number, asked: Annotated[SubjectsAsked, Query()]) -> Response:
    """应参检的对象；带 taken_part=false 就是未参检的准确名单。"""
    pull_edition(visit.bureau, edition_id, by=visit.by)
    wanted = SubjectFilter(unit_id=asked.unit_id, taken_part=asked.taken_part, outcome=asked.outcome)
    found = list_subjects(
        visit.bureau, edition_id, wanted, by=visit.by, page=asked.page, page_size=asked.limit
    )
    return answer(visit, SubjectsOut, found, pages=max(1, -(-found.total // found.page_size)))


@router.get(
    "/editions/{edition_id}/events",
    summary="待定时限",
    response_model=EventsOut,
    responses=UNCHANGED,
)
def events(visit: Reads, edition_id: Number) -> Response:
    """从某一天起算的任务：那一天填了没有，时限是哪一天。"""
    found = list_event_duties(visit.bureau, EventFilter(edition_id=edition_id), by=visit.by)
    return answer(visit, EventsOut, edition_id=edition_id, duties=found)


@router.get("/history", summary="留痕", response_model=HistoriesOut, responses=UNCHANGED)
def history(visit: Reads, asked: Annotated[HistoryAsked, Query()]) -> Response:
    """逐条留痕和链上的指纹，可在本地核验；只给审计和统筹科室的令牌。"""
    entries = pull_history(visit.bureau, after=asked.since, limit=asked.limit, by=visit.by)
    return answer(visit, HistoriesOut, entries=entries, next_since=entries[-1].id if entries else asked.since)


@router.get(
    "/obligations/{obligation_id}/evidence/{sha256}",
    summary="取一份佐证材料的原件",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "原件的字节"}},
)
def evidence(visit: Reads, obligation_id: Number, sha256: Hash) -> Response:
    """原件；每次取用都记入留痕。"""
    folder = FilePath(tempfile.mkdtemp(prefix="duban-"))
    try:
        opened = save_evidence_copy(
            visit.bureau, obligation_id, sha256, to=folder / "copy", by=visit.by, now=visit.now
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        opened.path,
        media_type="application/octet-stream",
        filename=opened.item.filename or "evidence",
        headers={"etag": f'"{sha256}"'},
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )
