"""From what actions return to what the interface gives: fields put side by side, nothing decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from office.actions.list_obligations import ListedObligation
from office.actions.list_subjects import RosterPage
from office.actions.pull_history import ChainedEntry
from office.actions.pull_ledger import EditionRow, PointRow
from office.actions.read_board import Board, CampaignLine
from office.actions.read_roster_counts import RosterLine, RosterStanding
from office.actions.show_obligation import ShownObligation
from portal.api import models
from rules.measures import Rate


def edition(one: EditionRow) -> models.EditionOut:
    return models.EditionOut(**asdict(one))


def milestones(rows: Iterable[PointRow]) -> list[models.MilestoneOut]:
    """Rows of points in the order of their milestones, brought together."""
    return [_milestone(list(points)) for _, points in groupby(rows, key=attrgetter("milestone_id"))]


def _milestone(rows: list[PointRow]) -> models.MilestoneOut:
    first = rows[0]
    own = {name: getattr(first, name) for name in models.MilestoneOut.model_fields if name != "points"}
    return models.MilestoneOut(**own, points=[_point(row) for row in rows if row.due_on is not None])


def _point(row: PointRow) -> models.PointOut:
    return models.PointOut(**{name: getattr(row, name) for name in models.PointOut.model_fields})


def obligation(one: ListedObligation) -> models.ObligationOut:
    """One row of the ledger with its light."""
    listed = one.listed
    own = {
        name: getattr(listed, name)
        for name in models.ObligationOut.model_fields
        if name not in ("light", "standing", "last_workday", "provisional")
    }
    return models.ObligationOut(
        **own,
        light=one.standing.light,
        standing=one.standing.word,
        last_workday=one.last_workday,
        provisional=one.provisional,
    )


def case(shown: ShownObligation, now: datetime, today: date) -> models.CaseOut:
    """One obligation with what was handed in for it; no bytes."""
    origin = shown.origin
    return models.CaseOut(
        as_of=now,
        as_of_on=today,
        obligation=obligation(shown.obligation),
        source_document=origin.source_document,
        source_item=origin.source_item,
        due_phrase=origin.due_phrase,
        supporting=list(origin.supporting),
        version=origin.version,
        submissions=[models.SubmissionOut.model_validate(asdict(one)) for one in shown.submissions],
    )


def board(found: Board, now: datetime) -> models.BoardOut:
    """Totals, and a line for each campaign."""
    return models.BoardOut(
        as_of=now,
        as_of_on=found.as_of_on,
        lights=dict(found.lights),
        rates=[_rate(one) for one in found.rates],
        provisional=found.provisional,
        turned_red=found.turned_red_total,
        campaigns=[_line(one) for one in found.campaigns],
    )


def _line(one: CampaignLine) -> models.BoardLineOut:
    return models.BoardLineOut(
        edition_id=one.edition_id,
        campaign=one.campaign,
        name=one.name,
        year=one.year,
        light=one.light,
        lights=dict(one.lights),
        rates=[_rate(rate) for rate in one.rates],
        provisional=one.provisional,
    )


def _rate(one: Rate) -> models.RateOut:
    return models.RateOut(
        key=one.key,
        name=one.name,
        part=one.part,
        whole=one.whole,
        shown=one.shown,
        definition=one.definition,
    )


def roster(edition_id: int, found: RosterStanding, now: datetime) -> models.RosterOut:
    return models.RosterOut(
        as_of=now,
        edition_id=edition_id,
        name=found.name,
        year=found.year,
        total=_roster_line(found.all),
        units=[_roster_line(one) for one in found.units],
    )


def _roster_line(one: RosterLine) -> models.RosterLineOut:
    return models.RosterLineOut(**asdict(one))


def subjects(found: RosterPage, now: datetime) -> models.SubjectsOut:
    return models.SubjectsOut(
        as_of=now,
        edition_id=found.edition_id,
        total=found.total,
        page=found.page,
        pages=max(1, -(-found.total // found.page_size)),
        subjects=[models.SubjectOut(**asdict(one)) for one in found.subjects],
    )


def history(one: ChainedEntry) -> models.HistoryOut:
    return models.HistoryOut(**asdict(one.entry), previous_hash=one.previous_hash, entry_hash=one.entry_hash)
