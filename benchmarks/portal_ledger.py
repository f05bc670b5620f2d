"""A large ledger for measuring pages: 1,000,000 obligations of the year in force, and closed ones of years before.

Written by a few INSERT … SELECT statements; who has done what follows from the numbers of unit and point.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from duban.core import clock
from duban.core.db import Store
from duban.editions.tables import edition, milestone, point
from duban.schema.migrate import migrate
from duban.units.tables import unit

TODAY = date(2026, 9, 15)
NOW = clock.at(TODAY)
EDITIONS, POINTS_EACH, DISTRICTS = 25, 2, 7
YEAR = 2026
_OPENED = date(2026, 1, 5)


def fill(store: Store, *, units: int, past_years: int) -> None:
    """`units` units owe fifty matters each in 2026, and owed and closed five each in every past year."""
    migrate(store)
    with store.writing() as connection:
        _units(connection, units)
        for year in range(YEAR - past_years, YEAR + 1):
            editions = EDITIONS if year == YEAR else 5
            points = _editions(connection, year, editions, POINTS_EACH if year == YEAR else 1)
            for point_id, milestone_id, edition_id, due_on in points:
                _obligations(connection, year, point_id, milestone_id, edition_id, due_on)


def _units(connection: sa.Connection, units: int) -> None:
    for number, name, kind, parent in (
        (1, "市民政局", "bureau", None),
        *((n + 2, f"第{n + 1}区民政局", "district_bureau", 1) for n in range(DISTRICTS)),
    ):
        connection.execute(
            sa.insert(unit).values(
                id=number, code=f"u{number}", name=name, kind=kind, parent_id=parent, active=True
            )
        )
    first = DISTRICTS + 2
    connection.exec_driver_sql(
        "INSERT INTO unit (id, code, name, kind, parent_id, active)"
        f" WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i <= {units})"
        f" SELECT i, 'u' || i, '第' || i || '街道', 'town', i % {DISTRICTS} + 2, true FROM n"
    )


def _editions(
    connection: sa.Connection, year: int, editions: int, points_each: int
) -> list[tuple[int, int, int, date]]:
    made = []
    for n in range(editions):
        edition_id = year * 100 + n
        connection.execute(
            sa.insert(edition).values(
                id=edition_id,
                campaign=f"campaign_{n}",
                year=year,
                name=f"第{n + 1}项专项行动",
                kind="standing",
                coordinator_unit_id=1,
                ladder="standard",
                state="published",
                published_on=date(year, 1, 5),
                content_hash="0" * 64,
                body={},
                updated_at=NOW,
            )
        )
        for p in range(points_each):
            number = edition_id * 10 + p
            due_on = date(year, 2, 10) + timedelta(days=((n * points_each + p) * 6) % 310)
            _a_point(connection, number, edition_id, due_on)
            made.append((number, number, edition_id, due_on))
    return made


def _a_point(connection: sa.Connection, number: int, edition_id: int, due_on: date) -> None:
    source = {"source_document": "要点", "source_item": "1", "due_phrase": "3月底前", "rule": "", "body": {}}
    connection.execute(
        sa.insert(milestone).values(
            id=number, edition_id=edition_id, key=f"m{number}", position=number, title="走访报告", **source
        )
    )
    connection.execute(
        sa.insert(point).values(
            id=number,
            milestone_id=number,
            edition_id=edition_id,
            label="",
            due_on=due_on,
            last_workday=due_on,
            assumptions=[],
        )
    )


def _obligations(
    connection: sa.Connection, year: int, point_id: int, milestone_id: int, edition_id: int, due_on: date
) -> None:
    """Of what is due nine tenths are closed, the rest in every other state; of what is not yet due one tenth."""
    past, due = year < YEAR, due_on <= TODAY
    closed = 1000 if past else 900 if due else 100
    waiting = closed if past else closed + 40
    draw = f"(u.id * 7919 + {point_id} * 104729) % 1000"
    handed_in = f"date('{due_on}', (u.id % 23 - 20) || ' days')"
    signed_off = f"date('{due_on}', (u.id % 23 - 17) || ' days')"
    connection.exec_driver_sql(
        "INSERT INTO obligation (edition_id, milestone_id, point_id, unit_id, ladder, opened_on, due_on, state,"
        " submitted_on, closed_on, returned_times, late)"
        f" SELECT {edition_id}, {milestone_id}, {point_id}, id, 'standard', '{date(year, 1, 5)}', '{due_on}',"
        f" CASE WHEN d < {closed} THEN 'closed' WHEN d < {waiting} THEN 'submitted'"
        f" WHEN d < {waiting} + 10 THEN 'waived' WHEN d % 3 = 0 THEN 'in_progress' ELSE 'assigned' END,"
        f" CASE WHEN d < {waiting} THEN handed_in END, CASE WHEN d < {closed} THEN signed_off END,"
        f" CASE WHEN d % 17 = 0 THEN 1 ELSE 0 END,"
        f" CASE WHEN d < {waiting} AND handed_in > '{due_on}' THEN 1 ELSE 0 END"
        f" FROM (SELECT u.id AS id, {draw} AS d, {handed_in} AS handed_in, {signed_off} AS signed_off"
        " FROM unit AS u WHERE u.id > 1)"
    )
