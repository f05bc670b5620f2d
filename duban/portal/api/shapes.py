"""From what actions return to what the interface gives: fields put side by side, nothing decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from duban.figures.measures import MeasureRate
from duban.history.queries import ChainedEntry
from duban.obligations.file import ShownObligation
from duban.obligations.ledger_pulls import EditionRow, PointRow
from duban.obligations.lists import ListedObligation
from duban.portal.api.models import (
    BoardLineOut,
    BoardOut,
    CaseOut,
    EditionOut,
    HistoryOut,
    MilestoneOut,
    ObligationOut,
    PointOut,
    RateOut,
    RosterLineOut,
    RosterOut,
    SubjectOut,
    SubjectsOut,
    SubmissionOut,
)
from duban.reports.board import Board, CampaignLine
from duban.rosters.lists import RosterLine, RosterPage, RosterStanding


def edition_out(one: EditionRow) -> EditionOut:
    return EditionOut(**asdict(one))


def milestones_out(rows: Iterable[PointRow]) -> list[MilestoneOut]:
    """Rows of points in the order of their milestones, brought together."""
    return [_milestone(list(points)) for _, points in groupby(rows, key=attrgetter("milestone_id"))]


def _milestone(rows: list[PointRow]) -> MilestoneOut:
    first = rows[0]
    own = {name: getattr(first, name) for name in MilestoneOut.model_fields if name != "points"}
    return MilestoneOut(**own, points=[_point(row) for row in rows if row.due_on is not None])


def _point(row: PointRow) -> PointOut:
    return PointOut(**{name: getattr(row, name) for name in PointOut.model_fields})


def obligation_out(one: ListedObligation) -> ObligationOut:
    """One row of the ledger with its light."""
    listed = one.listed
    own = {
        name: getattr(listed, name)
        for name in ObligationOut.model_fields
        if name not in ("light", "standing", "last_workday", "provisional")
    }
    return ObligationOut(
        **own,
        light=one.standing.light,
        standing=one.standing.word,
        last_workday=one.last_workday,
        provisional=one.provisional,
    )


def case_out(shown: ShownObligation, now: datetime, today: date) -> CaseOut:
    """One obligation with what was handed in for it; no bytes."""
    origin = shown.origin
    return CaseOut(
        as_of=now,
        as_of_on=today,
        obligation=obligation_out(shown.obligation),
        source_document=origin.source_document,
        source_item=origin.source_item,
        due_phrase=origin.due_phrase,
        supporting=list(origin.supporting),
        version=origin.version,
        submissions=[SubmissionOut.model_validate(asdict(one)) for one in shown.submissions],
    )


def board_out(found: Board, now: datetime) -> BoardOut:
    """Totals, and a line for each campaign."""
    return BoardOut(
        as_of=now,
        as_of_on=found.as_of_on,
        lights=dict(found.lights),
        rates=[_rate(one) for one in found.rates],
        provisional=found.provisional,
        turned_red=found.turned_red_total,
        campaigns=[_line(one) for one in found.campaigns],
    )


def _line(one: CampaignLine) -> BoardLineOut:
    return BoardLineOut(
        edition_id=one.edition_id,
        campaign=one.campaign,
        name=one.name,
        year=one.year,
        light=one.light,
        lights=dict(one.lights),
        rates=[_rate(rate) for rate in one.rates],
        provisional=one.provisional,
    )


def _rate(one: MeasureRate) -> RateOut:
    return RateOut(
        key=one.key,
        name=one.name,
        part=one.part,
        whole=one.whole,
        shown=one.shown,
        definition=one.definition,
    )


def roster_out(edition_id: int, found: RosterStanding, now: datetime) -> RosterOut:
    return RosterOut(
        as_of=now,
        edition_id=edition_id,
        name=found.name,
        year=found.year,
        total=_roster_line(found.all),
        units=[_roster_line(one) for one in found.units],
    )


def _roster_line(one: RosterLine) -> RosterLineOut:
    return RosterLineOut(**asdict(one))


def subjects_out(found: RosterPage, now: datetime) -> SubjectsOut:
    return SubjectsOut(
        as_of=now,
        edition_id=found.edition_id,
        total=found.total,
        page=found.page,
        pages=max(1, -(-found.total // found.page_size)),
        subjects=[SubjectOut(**asdict(one)) for one in found.subjects],
    )


def history_out(one: ChainedEntry) -> HistoryOut:
    return HistoryOut(**asdict(one))
