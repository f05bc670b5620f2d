"""配合事项 read and changed: what a supporting unit has to do, and how its leads stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, select

from calendars.workdays import WorkdayTable, YearUnknown
from duban.core.access import VisibleUnits
from duban.core.errors import Changed
from duban.editions.tables import edition, milestone, point
from duban.obligations.states import DONE, OPEN, STATE_NAMES, WAITING, State
from duban.obligations.support_rules import UNANSWERED, SupportState
from duban.obligations.tables import obligation, support_duty, support_file, support_report
from duban.units.queries import visible
from duban.units.tables import person, unit

IN_FORCE = ("published", "paused")
# A milestone may have a hundred thousand leads: this many are shown with their states, and fewer named in a sentence.
SHOWN_LEADS, NAMED_LEADS = 7, 3
CHANGED = "这件配合事项刚刚被别人答复或改动，您的操作没有生效，请查看最新情况后再办。"
_PAGE = 500
_GONE = sorted({State.CANCELLED.value, State.WAIVED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Who leads at one point: how many, how many still owe, wait for review or are done, and the first of them.

    `due_on` is the earliest date that one of them still owes; None when none does. `first` are (unit, state).
    """

    total: int
    owing: int
    waiting: int
    done: int
    due_on: date | None
    first: tuple[tuple[str, State], ...]

    @property
    def names(self) -> str:
        named = "、".join(name for name, _ in self.first[:NAMED_LEADS])
        return f"{named}等{self.total}家" if self.total > NAMED_LEADS else named


def leads_in_words(leads: Leads) -> str:
    """How the leads stand, for people: the one's state, or how many stand where."""
    if leads.total == 1:
        return STATE_NAMES[leads.first[0][1]]
    stopped = leads.total - leads.owing - leads.waiting - leads.done
    counts = (
        ("未办结", leads.owing),
        ("待审核", leads.waiting),
        ("暂停", stopped),
        ("已办结", leads.done),
    )
    return "，".join(f"{number}家{word}" for word, number in counts if number) or "暂无牵头任务"


NO_LEADS = Leads(total=0, owing=0, waiting=0, done=0, due_on=None, first=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFile:
    """A file that came with a report."""

    filename: str
    sha256: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportReport:
    """What a supporting unit said it did."""

    nth: int
    reported_by: str
    reported_at: datetime
    words: str
    files: tuple[SupportFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportDuty:
    """One supporting unit's part in one dated point, with its leads. `due_on` is theirs, or the point's own."""

    id: int
    version: int
    state: SupportState
    opened_on: date
    edition_id: int
    campaign: str
    campaign_name: str
    year: int
    edition_state: str
    milestone: str
    label: str
    content: str | None
    remark: str | None
    document: str
    due_phrase: str
    point_id: int
    due_on: date
    last_workday: date
    provisional: bool
    unit_id: int
    unit: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    reported_at: datetime | None
    leads: Leads
    reports: tuple[SupportReport, ...] = ()  # read for one duty only

    @property
    def title(self) -> str:
        return self.milestone + (f"（{self.label}）" if self.label else "")

    @property
    def asked(self) -> bool:
        """Still to be answered: reminders apply while the edition is published."""
        return self.state in UNANSWERED and self.edition_state in IN_FORCE and self.leads.due_on is not None


def leads_of(connection: Connection, point_ids: Iterable[int]) -> dict[int, Leads]:
    """By point; what is waived or cancelled leads nothing."""
    wanted, found = sorted(set(point_ids)), {}
    for start in range(0, len(wanted), _PAGE):
        some = obligation.c.point_id.in_(wanted[start : start + _PAGE])
        named = _first_leads(connection, some)
        for row in connection.execute(_COUNTED.where(some)):
            values = dict(row._mapping)
            number = values.pop("point_id")
            found[number] = Leads(**values, first=tuple(named[number]))
    return found


def _first_leads(connection: Connection, some: ColumnElement[bool]) -> dict[int, list[tuple[str, State]]]:
    ranked = (
        select(
            obligation.c.point_id,
            obligation.c.state,
            unit.c.name,
            func.row_number()
            .over(partition_by=obligation.c.point_id, order_by=(obligation.c.unit_id, obligation.c.id))
            .label("place"),
        )
        .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
        .where(some, obligation.c.state.not_in(_GONE))
        .subquery()
    )
    rows = connection.execute(
        select(ranked).where(ranked.c.place <= SHOWN_LEADS).order_by(ranked.c.point_id, ranked.c.place)
    )
    named: dict[int, list[tuple[str, State]]] = {}
    for row in rows:
        named.setdefault(row.point_id, []).append((row.name, State(row.state)))
    return named


def _among(states: Iterable[State]) -> ColumnElement[int]:
    return func.count().filter(obligation.c.state.in_(sorted(state.value for state in states)))


_COUNTED: Select[Any] = (
    select(
        obligation.c.point_id,
        func.count().label("total"),
        _among(OPEN).label("owing"),
        _among(WAITING).label("waiting"),
        _among(DONE).label("done"),
        func.min(case((obligation.c.state.in_(sorted(OPEN)), obligation.c.due_on))).label("due_on"),
    )
    .where(obligation.c.state.not_in(_GONE))
    .group_by(obligation.c.point_id)
)
_SHOWN: Select[Any] = (
    select(
        support_duty.c.id,
        support_duty.c.version,
        support_duty.c.state,
        support_duty.c.opened_on,
        support_duty.c.edition_id,
        edition.c.campaign,
        edition.c.name.label("campaign_name"),
        edition.c.year,
        edition.c.state.label("edition_state"),
        milestone.c.title.label("milestone"),
        point.c.label,
        milestone.c.body["content"].as_string().label("content"),
        milestone.c.body["note"].as_string().label("remark"),
        (milestone.c.source_document + " " + milestone.c.source_item).label("document"),
        milestone.c.due_phrase,
        support_duty.c.point_id,
        point.c.due_on,
        point.c.last_workday,
        point.c.provisional,
        support_duty.c.unit_id,
        unit.c.name.label("unit"),
        person.c.name.label("acknowledged_by"),
        support_duty.c.acknowledged_at,
        support_duty.c.reported_at,
    )
    .join_from(support_duty, point, point.c.id == support_duty.c.point_id)
    .join(edition, edition.c.id == support_duty.c.edition_id)
    .join(milestone, milestone.c.id == point.c.milestone_id)
    .join(unit, unit.c.id == support_duty.c.unit_id)
    .outerjoin(person, person.c.id == support_duty.c.acknowledged_by)
)


def support_duties(
    connection: Connection,
    workdays: WorkdayTable,
    *where: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
    reports: bool = False,
) -> tuple[SupportDuty, ...]:
    """Those that the conditions find, the earliest point first; with all that was reported if asked."""
    found = _SHOWN.where(*where).order_by(point.c.due_on, support_duty.c.id).offset(offset)
    rows = connection.execute(found.limit(limit) if limit is not None else found).all()
    leads = leads_of(connection, (row.point_id for row in rows))
    said = _reports_of(connection, [row.id for row in rows]) if reports else {}
    return tuple(
        _duty(row, leads.get(row.point_id, NO_LEADS), said.get(row.id, ()), workdays) for row in rows
    )


def _duty(row: Any, leads: Leads, reports: Iterable[SupportReport], workdays: WorkdayTable) -> SupportDuty:
    """With the last workday of its date: the point's, or counted anew where the leads have another date."""
    values = dict(row._mapping) | {"state": SupportState(row.state), "document": row.document.strip()}
    if leads.due_on and leads.due_on != row.due_on:
        values["due_on"] = values["last_workday"] = leads.due_on
        try:
            values["last_workday"] = workdays.on_or_before(leads.due_on)
            values["provisional"] = workdays.is_provisional(values["last_workday"], leads.due_on)
        except YearUnknown:
            values["provisional"] = True
    return SupportDuty(
        **values | {"provisional": bool(values["provisional"])}, leads=leads, reports=tuple(reports)
    )


def _reports_of(connection: Connection, duty_ids: Sequence[int]) -> dict[int, list[SupportReport]]:
    of_these = support_report.c.duty_id.in_(duty_ids)
    files: dict[int, list[SupportFile]] = {}
    rows = connection.execute(
        select(support_file).join(support_report).where(of_these).order_by(support_file.c.id)
    )
    for row in rows:
        one = SupportFile(**{name: row._mapping[name] for name in SupportFile.__slots__})
        files.setdefault(row.report_id, []).append(one)
    found: dict[int, list[SupportReport]] = {}
    rows = connection.execute(
        select(support_report, person.c.name)
        .join(person, person.c.id == support_report.c.reported_by)
        .where(of_these)
        .order_by(support_report.c.nth)
    )
    for row in rows:
        one_report = SupportReport(
            nth=row.nth,
            reported_by=row.name,
            reported_at=row.reported_at,
            words=row.words,
            files=tuple(files.get(row.id, ())),
        )
        found.setdefault(row.duty_id, []).append(one_report)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportAnswer:
    """What a lead sees of one supporting unit: nothing of the other leads."""

    id: int
    unit_id: int
    unit: str
    state: SupportState
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    reports: tuple[SupportReport, ...]


def supports_of(connection: Connection, point_id: int) -> tuple[SupportAnswer, ...]:
    """Who supports at one point, with what each has reported; what was withdrawn is left out."""
    here = (support_duty.c.point_id == point_id, support_duty.c.state != SupportState.WITHDRAWN.value)
    rows = connection.execute(_SHOWN.where(*here).order_by(support_duty.c.id)).all()
    said = _reports_of(connection, [row.id for row in rows])
    own = [name for name in SupportAnswer.__slots__ if name != "reports"]
    return tuple(
        SupportAnswer(
            **{name: row._mapping[name] for name in own} | {"state": SupportState(row.state)},
            reports=tuple(said.get(row.id, ())),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFilter:
    """What is looked for; None asks nothing. `led` leaves out what no lead is still working on."""

    unit_id: int | None = None
    edition_id: int | None = None
    states: frozenset[SupportState] = frozenset(SupportState)
    led: bool = False
    opened_until: date | None = None


def sought(wanted: SupportFilter, sight: VisibleUnits) -> list[ColumnElement[bool]]:
    """The conditions of a filter, for `support_duties` and `count_supports`. Of editions in force only."""
    conditions: list[ColumnElement[bool]] = [
        visible(sight, support_duty.c.unit_id),
        support_duty.c.state.in_(sorted(wanted.states)),
        support_duty.c.edition_id.in_(select(edition.c.id).where(edition.c.state.in_(IN_FORCE))),
    ]
    same = ((support_duty.c.unit_id, wanted.unit_id), (support_duty.c.edition_id, wanted.edition_id))
    conditions += [column == value for column, value in same if value is not None]
    if wanted.opened_until is not None:
        conditions.append(support_duty.c.opened_on <= wanted.opened_until)
    if wanted.led:
        working = obligation.c.state.in_(sorted(OPEN | WAITING))
        conditions.append(exists().where(obligation.c.point_id == support_duty.c.point_id, working))
    return conditions


def count_supports(
    connection: Connection, wanted: SupportFilter, sight: VisibleUnits
) -> tuple[int, int, date | None]:
    """How many there are, of how many units, and the earliest date of their points."""
    row = connection.execute(
        select(func.count(), func.count(func.distinct(support_duty.c.unit_id)), func.min(point.c.due_on))
        .join_from(support_duty, point, point.c.id == support_duty.c.point_id)
        .where(*sought(wanted, sight))
    ).one()
    return row[0], row[1], row[2]


def leads_at(connection: Connection, point_id: int, unit_ids: Iterable[int]) -> bool:
    """Whether one of these units leads at the point."""
    found = select(obligation.c.id).where(
        obligation.c.point_id == point_id, obligation.c.unit_id.in_(sorted(unit_ids))
    )
    return connection.scalar(found.limit(1)) is not None


def change_duty(connection: Connection, one: SupportDuty, **values: object) -> None:
    """Write the new values if nobody else changed the row since it was loaded, and refuse otherwise."""
    done = connection.execute(
        support_duty.update()
        .where(support_duty.c.id == one.id, support_duty.c.version == one.version)
        .values(**values, version=support_duty.c.version + 1)
    )
    if done.rowcount != 1:
        raise Changed(CHANGED)


def acknowledge_series(connection: Connection, one: SupportDuty, **values: object) -> int:
    """Mark the other occurrences of the same milestone as seen by the unit too; returns how many were not yet."""
    point_of_it = select(point.c.milestone_id).where(point.c.id == one.point_id).scalar_subquery()
    done = connection.execute(
        support_duty.update()
        .where(
            support_duty.c.unit_id == one.unit_id,
            support_duty.c.id != one.id,
            support_duty.c.state == SupportState.PENDING.value,
            support_duty.c.point_id.in_(select(point.c.id).where(point.c.milestone_id == point_of_it)),
        )
        .values(**values, version=support_duty.c.version + 1)
    )
    return int(done.rowcount)


def insert_support_report(
    connection: Connection, duty_id: int, *, by: int, at: datetime, words: str, files: Sequence[SupportFile]
) -> int:
    """The next report of the duty with its files; returns which one it is, from 1."""
    newest = select(func.max(support_report.c.nth)).where(support_report.c.duty_id == duty_id)
    nth = 1 + (connection.scalar(newest) or 0)
    key: Any = connection.execute(
        support_report.insert().values(duty_id=duty_id, nth=nth, reported_by=by, reported_at=at, words=words)
    ).inserted_primary_key
    rows = [
        {"report_id": key[0]} | {name: getattr(one, name) for name in SupportFile.__slots__} for one in files
    ]
    if rows:
        connection.execute(support_file.insert(), rows)
    return nth
