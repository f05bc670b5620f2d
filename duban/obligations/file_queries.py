"""One obligation with everything that ever happened to it (案卷), read for people and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from duban.editions.tables import edition, milestone, point
from duban.evidence.tables import evidence_item, review, submission, submission_fate, zero_report
from duban.figures.tables import progress
from duban.obligations.tables import (
    early_pass,
    extension,
    forward_request,
    forwarding,
    obligation,
    sign_off,
    spot_check,
    stated_date,
    suspension,
    waiver,
)
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder, round_
from duban.units.tables import person, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceShown:
    key: str
    type: str
    title: str
    filename: str | None
    media_type: str | None
    size_bytes: int | None
    sha256: str | None
    value: Decimal | None
    unit_of_measure: str | None
    link: str | None
    doubt: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewShown:
    level: int
    reviewed_by: str
    reviewed_at: datetime
    verdict: str
    reason: str


FATE_NAMES = {"opened": "打开审核", "taken_back": "已撤回"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedShown:
    """A date stated beside the moment of receipt; `verdict` is accepted, refused, or None while nobody has decided."""

    stated_on: date
    reason: str
    stated_by: str
    stated_at: datetime
    verdict: str | None
    decided_by: str | None

    @property
    def words(self) -> str:
        word = {
            "accepted": f"{self.decided_by}认可，按补录日期算是否逾期",
            "refused": f"{self.decided_by}不认可，按收到的日期算",
        }
        told = word.get(self.verdict or "", "审核人认可以前，按收到的日期算")
        day = f"{self.stated_on.year}年{self.stated_on.month}月{self.stated_on.day}日"
        return f"补录日期：{day}（{self.stated_by}：{self.reason}；{told}）"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionShown:
    """`fate` is opened or taken_back, with who did it and when; `zero_report` says that the unit found no problem."""

    nth: int
    submitted_by: str
    submitted_at: datetime
    note: str
    items: tuple[EvidenceShown, ...]
    reviews: tuple[ReviewShown, ...]
    zero_report: bool = False
    fate: str | None = None
    fate_by: str | None = None
    fate_at: datetime | None = None
    stated: StatedShown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderShown:
    """One reminder and what became of it: `dispatched` is the best status among its unit's letters of the round."""

    held_on: date
    rung: str
    kind: str
    due_on: date
    to_unit: str
    status: str
    cause: str | None
    dispatched: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActShown:
    """An extension, suspension, waiver, sign-off, spot check or forwarding, with its own columns by name."""

    kind: str
    columns: dict[str, object]


def origin_of(connection: Connection, obligation_id: int) -> dict[str, Any]:
    """What an obligation that exists asks, how its date was read and who stands in for its handler."""
    found = connection.execute(
        select(
            milestone.c.rule,
            milestone.c.body["content"].as_string().label("content"),
            milestone.c.body["note"].as_string().label("remark"),
            edition.c.body["goals"].label("goals"),
            point.c.assumptions,
            person.c.name.label("backup"),
        )
        .select_from(
            obligation.join(milestone, milestone.c.id == obligation.c.milestone_id)
            .join(edition, edition.c.id == obligation.c.edition_id)
            .join(point, point.c.id == obligation.c.point_id)
            .outerjoin(person, person.c.id == obligation.c.backup_id)
        )
        .where(obligation.c.id == obligation_id)
    ).one()
    return {
        "rule": found.rule,
        "content": found.content,
        "remark": found.remark,
        "goals": tuple(found.goals or ()),
        "assumptions": tuple(found.assumptions),
        "backup": found.backup,
    }


def submissions_of(connection: Connection, obligation_id: int) -> tuple[SubmissionShown, ...]:
    """Everything handed in, in order, each with its items and reviews."""
    items, reviews = _items(connection, obligation_id), _reviews(connection, obligation_id)
    stated = _stated(connection, obligation_id)
    settled_by = person.alias()
    rows = connection.execute(
        select(
            submission,
            person.c.name.label("person"),
            zero_report.c.submission_id.is_not(None).label("zero_report"),
            submission_fate.c.what,
            submission_fate.c.at,
            settled_by.c.name.label("settled_by"),
        )
        .join(person, person.c.id == submission.c.submitted_by)
        .outerjoin(zero_report, zero_report.c.submission_id == submission.c.id)
        .outerjoin(submission_fate, submission_fate.c.submission_id == submission.c.id)
        .outerjoin(settled_by, settled_by.c.id == submission_fate.c.by)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(submission.c.nth)
    )
    return tuple(
        SubmissionShown(
            nth=row.nth,
            submitted_by=row.person,
            submitted_at=row.submitted_at,
            note=row.note,
            items=tuple(items.get(row.id, ())),
            reviews=tuple(reviews.get(row.id, ())),
            zero_report=row.zero_report,
            fate=row.what,
            fate_by=row.settled_by,
            fate_at=row.at,
            stated=stated.get(row.id),
        )
        for row in rows
    )


def progress_reports_of(connection: Connection, obligation_id: int) -> tuple[dict[str, object], ...]:
    """Progress figures in the order they came."""
    rows = connection.execute(
        select(progress, person.c.name.label("person"))
        .join(person, person.c.id == progress.c.reported_by)
        .where(progress.c.obligation_id == obligation_id)
        .order_by(progress.c.id)
    )
    return tuple(
        {"value": row.value, "as_of_on": row.as_of_on, "reason": row.reason, "reported_by": row.person}
        for row in rows
    )


def acts_on(connection: Connection, obligation_id: int) -> tuple[ActShown, ...]:
    """Extensions, suspensions, waivers, sign-offs, spot checks and forwardings, with names instead of ids."""
    names = {row.id: row.name for row in connection.execute(_involved(obligation_id))}
    units = {row.id: row.name for row in connection.execute(_units_involved(obligation_id))}
    shown = []
    for table in _ACTS:
        found = select(table).where(table.c.obligation_id == obligation_id).order_by(table.c.id)
        shown += [_act(table, row, names, units) for row in connection.execute(found)]
    return tuple(shown)


def reminders_of(connection: Connection, obligation_id: int) -> tuple[ReminderShown, ...]:
    """Every reminder that was planned or superseded, with what the letters of its round came to."""
    rows = connection.execute(
        select(reminder, round_.c.held_on, unit.c.name.label("to_unit"))
        .join(round_, round_.c.id == reminder.c.round_id)
        .join(unit, unit.c.id == reminder.c.target_unit_id)
        .where(reminder.c.obligation_id == obligation_id)
        .order_by(round_.c.held_on, reminder.c.rung)
    ).all()
    return tuple(
        ReminderShown(
            held_on=row.held_on,
            rung=row.rung,
            kind=row.kind,
            due_on=row.due_on,
            to_unit=row.to_unit,
            status=row.status,
            cause=row.cause,
            dispatched=_dispatched(connection, row) if row.status == "planned" else None,
        )
        for row in rows
    )


_ACTS = (
    extension,
    suspension,
    waiver,
    sign_off,
    spot_check,
    forward_request,
    forwarding,
    early_pass,
    stated_date,
)
_PEOPLE = (
    "asked_by",
    "decided_by",
    "suspended_by",
    "resumed_by",
    "waived_by",
    "signed_by",
    "checked_by",
    "forwarded_by",
    "allowed_by",
    "stated_by",
)
_UNITS = ("from_unit_id", "to_unit_id")
_BEST_FIRST = ("accepted", "unsure", "sending", "pending", "failed", "withdrawn")


def _stated(connection: Connection, obligation_id: int) -> dict[int, StatedShown]:
    by, decider = person.alias(), person.alias()
    rows = connection.execute(
        select(stated_date, by.c.name.label("by"), decider.c.name.label("decider"))
        .join(by, by.c.id == stated_date.c.stated_by)
        .outerjoin(decider, decider.c.id == stated_date.c.decided_by)
        .where(stated_date.c.obligation_id == obligation_id)
    )
    return {
        row.submission_id: StatedShown(
            stated_on=row.stated_on,
            reason=row.reason,
            stated_by=row.by,
            stated_at=row.stated_at,
            verdict=row.verdict,
            decided_by=row.decider,
        )
        for row in rows
    }


def _items(connection: Connection, obligation_id: int) -> dict[int, list[EvidenceShown]]:
    groups: dict[int, list[EvidenceShown]] = {}
    rows = connection.execute(
        select(evidence_item)
        .join(submission)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(evidence_item.c.id)
    )
    for row in rows:
        item = EvidenceShown(**{name: row._mapping[name] for name in EvidenceShown.__slots__})
        groups.setdefault(row.submission_id, []).append(item)
    return groups


def _reviews(connection: Connection, obligation_id: int) -> dict[int, list[ReviewShown]]:
    groups: dict[int, list[ReviewShown]] = {}
    rows = connection.execute(
        select(review, person.c.name.label("person"))
        .join(submission, submission.c.id == review.c.submission_id)
        .join(person, person.c.id == review.c.reviewed_by)
        .where(submission.c.obligation_id == obligation_id)
        .order_by(review.c.level)
    )
    for row in rows:
        values = {name: row._mapping[name] for name in ReviewShown.__slots__}
        groups.setdefault(row.submission_id, []).append(ReviewShown(**values | {"reviewed_by": row.person}))
    return groups


def _involved(obligation_id: int) -> Select[Any]:
    ids = [
        select(column).where(table.c.obligation_id == obligation_id)
        for table in _ACTS
        for column in table.c
        if column.name in _PEOPLE
    ]
    return select(person.c.id, person.c.name).where(person.c.id.in_(ids[0].union(*ids[1:])))


def _units_involved(obligation_id: int) -> Select[Any]:
    first, *others = (
        select(table.c[name]).where(table.c.obligation_id == obligation_id)
        for table in (forwarding, forward_request)
        for name in _UNITS
    )
    return select(unit.c.id, unit.c.name).where(unit.c.id.in_(first.union(*others)))


def _act(table: Table, row: Row[Any], names: dict[int, str], units: dict[int, str]) -> ActShown:
    columns: dict[str, object] = {}
    for name, value in row._mapping.items():
        if name in ("id", "obligation_id", "point_id", "submission_id", "late_before"):
            continue
        if name in _PEOPLE:
            columns[name] = names.get(value)
        elif name in _UNITS:
            columns[name.removesuffix("_id")] = units.get(value)
        else:
            columns[name] = bool(value) if name == "passed" else value
    return ActShown(kind=table.name, columns=columns)


def _dispatched(connection: Connection, row: Row[Any]) -> str | None:
    """A digest carries its unit's reminders of its round, and of earlier ones whose letters never left."""
    found = connection.execute(
        select(dispatch.c.status).where(
            dispatch.c.unit_id == row.target_unit_id,
            dispatch.c.round_id >= row.round_id,
            dispatch.c.since_round_id <= row.round_id,
        )
    )
    statuses = {one.status for one in found}
    return next((status for status in _BEST_FIRST if status in statuses), None)
