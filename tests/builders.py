"""Builders with sensible defaults, so that a test states only what matters. They write rows, past the doors.

Units and people: a door wants somebody who may enter them, so the first would have nobody to be entered by.
Editions and points: a door wants a whole campaign file, and dates that follow from its words.
Obligations: a door refuses to begin in the middle (closed, overdue, waiting for review), where most tests begin.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import sqlalchemy as sa

from calendars.model import CampaignKind, Edition
from calendars.serialization import to_plain
from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.editions.tables import edition, milestone, point
from duban.obligations.tables import obligation, support_duty
from duban.units.tables import contact, person, person_role, unit

_numbers = count(1)
SET_UP_AT = datetime(2026, 1, 4, 1, 0, tzinfo=UTC)


def a_unit(
    bureau: Bureau,
    name: str = "天宁区民政局",
    *,
    kind: str = "district_bureau",
    parent: int | None = None,
    address: str | None = "",
    leader_address: str | None = None,
) -> int:
    """A unit with one handler contact (pass address=None for a unit that nobody can be told)."""
    number = next(_numbers)
    with bureau.store.writing() as connection:
        unit_id = _insert(
            connection, unit, code=f"U{number}", name=name, kind=kind, parent_id=parent, active=True
        )
        if address is not None:
            mail = address or f"u{number}@unit.example"
            _contact(connection, unit_id, "王科长", "handler", mail)
        if leader_address is not None:
            _contact(connection, unit_id, "李局长", "deputy_leader", leader_address)
    return unit_id


def a_person(bureau: Bureau, name: str, unit_id: int, *roles: Role) -> Actor:
    with bureau.store.writing() as connection:
        person_id = _insert(connection, person, name=name, unit_id=unit_id, active=True)
        for role in roles:
            connection.execute(sa.insert(person_role).values(person_id=person_id, role=role.value))
    return Actor(name=name, person_id=person_id, unit_id=unit_id, roles=frozenset(roles))


def an_edition(
    bureau: Bureau,
    campaign: str = "place_name_signs",
    *,
    year: int = 2026,
    name: str = "地名标志巡检",
    kind: str = "filing",
    coordinator_unit_id: int | None = None,
    ladder: str = "standard",
    state: str = "published",
    published_on: date = date(2026, 1, 5),
) -> int:
    coordinator = coordinator_unit_id or a_unit(bureau, "市民政局", kind="bureau")
    with bureau.store.writing() as connection:
        return _insert(
            connection,
            edition,
            campaign=campaign,
            year=year,
            name=name,
            kind=kind,
            coordinator_unit_id=coordinator,
            ladder=ladder,
            state=state,
            published_on=published_on,
            content_hash=f"{next(_numbers):064d}",
            body=to_plain(
                Edition(campaign=campaign, name=name, kind=CampaignKind(kind), year=year, ladder=ladder)
            ),
            updated_at=SET_UP_AT,
        )


def a_point(
    bureau: Bureau,
    edition_id: int,
    *,
    due_on: date,
    key: str | None = None,
    title: str = "巡检计划报备案",
    starts_on: date | None = None,
    hard_due_on: date | None = None,
    gate: bool = False,
    review_levels: int = 1,
    evidence: tuple[dict[str, object], ...] = (),
    provisional: bool = False,
) -> tuple[int, int]:
    """A milestone with one dated point; returns (milestone id, point id). `evidence` as in the file's items."""
    number = next(_numbers)
    with bureau.store.writing() as connection:
        milestone_id = _insert(
            connection,
            milestone,
            edition_id=edition_id,
            key=key or f"m{number}",
            position=number,
            title=title,
            source_document="2025年工作要点 附件1",
            source_item="A1-10-01",
            due_phrase="3月底前",
            rule="month_end(3)",
            gate=gate,
            review_levels=review_levels,
            body={"evidence": list(evidence)},
        )
        point_id = _insert(
            connection,
            point,
            milestone_id=milestone_id,
            edition_id=edition_id,
            label="",
            starts_on=starts_on,
            due_on=due_on,
            hard_due_on=hard_due_on,
            last_workday=bureau.workdays.on_or_before(due_on),
            provisional=provisional,
            assumptions=[],
        )
    return milestone_id, point_id


def an_obligation(
    bureau: Bureau,
    *,
    due_on: date = date(2026, 3, 31),
    unit_id: int | None = None,
    edition_id: int | None = None,
    point: tuple[int, int] | None = None,
    state: str = "assigned",
    opened_on: date = date(2026, 1, 5),
    hard_due_on: date | None = None,
    ladder: str = "standard",
    target: Decimal | None = None,
    subject_id: int = 0,
    **point_options: object,
) -> int:
    """One obligation, with whatever it needs around it that is not given."""
    # A writer on SQLite would wait for itself, so all else is written before.
    unit = unit_id or a_unit(bureau)
    edition = edition_id or an_edition(bureau)
    milestone_id, point_id = point or a_point(
        bureau,
        edition,
        due_on=due_on,
        hard_due_on=hard_due_on,
        **point_options,  # type: ignore[arg-type]
    )
    with bureau.store.writing() as connection:
        return _insert(
            connection,
            obligation,
            edition_id=edition,
            milestone_id=milestone_id,
            point_id=point_id,
            unit_id=unit,
            subject_id=subject_id,
            ladder=ladder,
            opened_on=opened_on,
            due_on=due_on,
            hard_due_on=hard_due_on,
            state=state,
            target=target,
            target_state="given" if target is not None else None,
        )


def a_support(
    bureau: Bureau,
    edition_id: int,
    point_id: int,
    unit_id: int,
    *,
    state: str = "pending",
    opened_on: date = date(2026, 1, 5),
) -> int:
    """What one unit supports at a point, whoever leads there."""
    with bureau.store.writing() as connection:
        return _insert(
            connection,
            support_duty,
            edition_id=edition_id,
            point_id=point_id,
            unit_id=unit_id,
            opened_on=opened_on,
            state=state,
        )


def _contact(connection: sa.Connection, unit_id: int, name: str, duty: str, address: str) -> None:
    _insert(
        connection,
        contact,
        unit_id=unit_id,
        name=name,
        duty=duty,
        channel="mail",
        address=address,
        rank=1,
        active=True,
    )


def _insert(connection: sa.Connection, table: sa.Table, **values: object) -> int:
    key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
