"""What waits for a leader's own decision, and what is past the wall that nobody here can move."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.evidence import tables as evidence_tables
from duban.evidence.tables import review
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import ExtensionRequest, transition
from duban.problems.tables import problem
from duban.reports.queues import read_decisions
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 16)
NOW = clock.at(TODAY)


def put(bureau: Bureau, table: sa.Table, **values: Any) -> int:
    with bureau.store.writing() as connection:
        key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def handed_in(bureau: Bureau, by: Actor, *, levels: int, passed: tuple[Actor, ...], state: str) -> int:
    point = a_point(
        bureau,
        edition := an_edition(bureau, f"c{levels}{len(passed)}{state}"),
        due_on=date(2026, 3, 31),
        review_levels=levels,
    )
    assert by.unit_id is not None
    key = an_obligation(bureau, edition_id=edition, point=point, unit_id=by.unit_id, state=state)
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == key).values(submitted_on=TODAY))
    submission = put(
        bureau,
        evidence_tables.submission,
        obligation_id=key,
        nth=1,
        submitted_by=by.person_id,
        submitted_at=NOW,
    )
    for level, reviewer in enumerate(passed, start=1):
        put(
            bureau,
            review,
            submission_id=submission,
            level=level,
            reviewed_by=reviewer.person_id,
            reviewed_at=NOW,
            verdict="passed",
        )
    return key


def test_extensions_last_levels_and_sign_offs_wait_for_the_leader(either_bureau: Bureau) -> None:
    unit, city = a_unit(either_bureau, "天宁区民政局"), a_unit(either_bureau, "市民政局", kind="bureau")
    handler = a_person(either_bureau, "王科长", unit, Role.HANDLER)
    reviewer = a_person(either_bureau, "陈科长", city, Role.REVIEWER)
    leader = a_person(either_bureau, "李局长", city, Role.LEADER)
    wanted = an_obligation(
        either_bureau, unit_id=unit, edition_id=an_edition(either_bureau), due_on=date(2026, 3, 31)
    )
    transition(
        either_bureau,
        wanted,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 10), reason="换届", progress="过半"),
        by=handler,
        now=NOW,
    )
    handed_in(either_bureau, handler, levels=1, passed=(), state="submitted")
    handed_in(either_bureau, handler, levels=2, passed=(), state="submitted")
    last = handed_in(either_bureau, handler, levels=2, passed=(reviewer,), state="submitted")
    closing = handed_in(either_bureau, handler, levels=1, passed=(reviewer,), state="accepted")

    found = read_decisions(either_bureau, by=leader, today=TODAY)

    assert [one.asked.obligation_id for one in found.extensions] == [wanted]
    assert [one.refusals for one in found.extensions] == [()]
    assert [one.id for one in found.last_levels] == [last]
    assert [one.submitted.id for one in found.sign_offs] == [closing]
    assert found.total == 3
    own = read_decisions(either_bureau, by=handler, today=TODAY)
    assert own.total == 0


def test_what_is_past_the_wall_and_late_problems_are_told(either_bureau: Bureau) -> None:
    unit = a_unit(either_bureau, "天宁区民政局")
    leader = a_person(either_bureau, "李局长", unit, Role.LEADER)
    edition = an_edition(either_bureau)
    past = an_obligation(
        either_bureau,
        unit_id=unit,
        edition_id=edition,
        due_on=date(2026, 3, 6),
        hard_due_on=date(2026, 3, 13),
    )
    an_obligation(
        either_bureau,
        unit_id=unit,
        edition_id=edition,
        due_on=date(2026, 3, 6),
        hard_due_on=date(2026, 3, 31),
    )
    for code, due_on, state in (
        ("1", date(2026, 3, 2), "open"),
        ("2", date(2026, 3, 2), "closed"),
        ("3", date(2026, 9, 30), "open"),
    ):
        put(
            either_bureau,
            problem,
            edition_id=edition,
            unit_id=unit,
            code=code,
            title="未公示收费",
            pace="by_date",
            found_on=date(2026, 2, 2),
            due_on=due_on,
            state=state,
        )

    found = read_decisions(either_bureau, by=leader, today=TODAY)

    assert [one.id for one in found.over_wall] == [past]
    assert [one.code for one in found.problems] == ["1"]
    assert (found.over_wall_total, found.problems_total, found.total) == (1, 1, 0)
