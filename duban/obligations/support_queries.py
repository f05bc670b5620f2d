"""配合事项 read and changed: what a supporting unit has to do, and how its leads stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from duban.editions.tables import edition, milestone, point
from duban.obligations.states import DONE, OPEN, STATE_NAMES, WAITING, State
from duban.obligations.support_rules import UNANSWERED, SupportState
from duban.obligations.tables import obligation, support_duty
from duban.units.tables import unit

IN_FORCE = ("published", "paused")
# A milestone may have a hundred thousand leads; this many are named.
NAMED_LEADS = 7
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
        named = "、".join(name for name, _ in self.first)
        return f"{named}等{self.total}家" if self.total > len(self.first) else named


def leads_in_words(leads: Leads) -> str:
    """How the leads stand, for people: the one's state, or how many stand where."""
    if leads.total == 1:
        return STATE_NAMES[leads.first[0][1]]
    counts = (("未办结", leads.owing), ("待审核", leads.waiting), ("已办结", leads.done))
    return "，".join(f"{number}家{word}" for word, number in counts if number) or "暂无牵头任务"


NO_LEADS = Leads(total=0, owing=0, waiting=0, done=0, due_on=None, first=())


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
    document: str
    due_phrase: str
    point_id: int
    due_on: date
    unit_id: int
    unit: str
    acknowledged_at: datetime | None
    reported_at: datetime | None
    leads: Leads

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
        select(ranked).where(ranked.c.place <= NAMED_LEADS).order_by(ranked.c.point_id, ranked.c.place)
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
        (milestone.c.source_document + " " + milestone.c.source_item).label("document"),
        milestone.c.due_phrase,
        support_duty.c.point_id,
        point.c.due_on,
        support_duty.c.unit_id,
        unit.c.name.label("unit"),
        support_duty.c.acknowledged_at,
        support_duty.c.reported_at,
    )
    .join_from(support_duty, point, point.c.id == support_duty.c.point_id)
    .join(edition, edition.c.id == support_duty.c.edition_id)
    .join(milestone, milestone.c.id == point.c.milestone_id)
    .join(unit, unit.c.id == support_duty.c.unit_id)
)


def support_duties(
    connection: Connection, *where: ColumnElement[bool], offset: int = 0, limit: int | None = None
) -> tuple[SupportDuty, ...]:
    """Those that the conditions find, the earliest point first."""
    found = _SHOWN.where(*where).order_by(point.c.due_on, support_duty.c.id).offset(offset)
    rows = connection.execute(found.limit(limit) if limit is not None else found).all()
    leads = leads_of(connection, (row.point_id for row in rows))
    return tuple(_duty(row, leads.get(row.point_id, NO_LEADS)) for row in rows)


def _duty(row: Any, leads: Leads) -> SupportDuty:
    values = dict(row._mapping) | {"state": SupportState(row.state), "document": row.document.strip()}
    return SupportDuty(**values | {"due_on": leads.due_on or row.due_on}, leads=leads)
