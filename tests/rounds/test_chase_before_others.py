"""Who hears of what is overdue, and in which order: the unit first, others some workdays after that letter left, and
everybody again until it is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendars.ladders import AUDIENCES, Audience, Ladder, Rung, RungKind
from duban.bureau import Bureau
from duban.core import clock
from duban.editions.tables import edition, milestone, point
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.rounds.tables import edition_round, reminder, round_
from duban.units.tables import contact
from tests.builders import a_unit, an_edition, an_obligation
from tests.letters.delivery_builders import (
    DUE,
    LI,
    WANG,
    District,
    a_district,
    hold,
    letters,
    set_obligation,
    to_files,
)
from tests.rounds.test_rungs import ladders

# The machine is off from 25 March to 31 May; Monday 1 June is its first day.
BACK = date(2026, 6, 1)


@pytest.fixture
def either_district(either_bureau: Bureau) -> District:
    return a_district(either_bureau)


@pytest.fixture
def district(bureau: Bureau) -> District:
    return a_district(bureau)


def office_days(bureau: Bureau, first: date, last: date) -> None:
    """A round and its letters on every day from first to last."""
    for n in range((last - first).days + 1):
        hold(bureau, first + timedelta(days=n))
        to_files(bureau, first + timedelta(days=n))


def reminders(bureau: Bureau, *kinds: str) -> list[Any]:
    """What was planned, with the day of its round."""
    with bureau.store.reading() as connection:
        statement = sa.select(reminder, round_.c.held_on).join(round_, round_.c.id == reminder.c.round_id)
        found = connection.execute(statement.order_by(round_.c.held_on, reminder.c.obligation_id))
        return [row for row in found if row.kind in kinds and row.status != "superseded"]


def days_of(bureau: Bureau, kind: str) -> list[date]:
    return [row.held_on for row in reminders(bureau, kind)]


def told_without_chase(bureau: Bureau, after: Callable[[Rung], int]) -> list[tuple[int, str]]:
    """Escalations and drafts that no chase to the unit itself had left long enough before, found row by row."""
    rungs = {one.key: one for ladder in bureau.ladders.values() for one in ladder.rungs}
    with bureau.store.reading() as connection:
        every = connection.execute(
            sa.select(reminder, round_.c.held_on, obligation.c.unit_id)
            .join(round_, round_.c.id == reminder.c.round_id)
            .join(obligation, obligation.c.id == reminder.c.obligation_id)
        ).all()
        sent = [
            (row.unit_id, row.since_round_id, row.round_id, clock.civil(row.accepted_at))
            for row in connection.execute(sa.select(dispatch).where(dispatch.c.status == "accepted"))
            if row.kind == "digest" and row.parts & 1
        ]
    chased: dict[tuple[int, date], list[date]] = {}
    for row in every:
        if row.kind == "chase" and row.status == "planned" and row.target_unit_id == row.unit_id:
            left = [
                on for unit, since, last, on in sent if unit == row.unit_id and since <= row.round_id <= last
            ]
            chased.setdefault((row.obligation_id, row.due_on), []).extend(left)
    return [
        (row.obligation_id, row.rung)
        for row in every
        if row.kind in ("escalate", "bulletin")
        and not any(
            bureau.workdays.shift(on, after(rungs[row.rung.partition("/")[0].partition(".")[0]]))
            <= row.held_on
            for on in chased.get((row.obligation_id, row.due_on), ())
        )
    ]


def test_after_nine_weeks_the_unit_is_chased_first_and_the_superior_hears_five_workdays_later(
    either_district: District,
) -> None:
    bureau = either_district.bureau
    for n in range(24):
        either_district.owes(due_on=date(2026, 3, 30) + timedelta(days=2 * n), title=f"第{n}项")
    ahead = either_district.owes(due_on=date(2026, 6, 10))
    office_days(bureau, date(2026, 3, 23), date(2026, 3, 24))
    before = len(letters(bureau))

    office_days(bureau, BACK, BACK)

    (first,) = letters(bureau)[before:]
    assert first.to == f"王科长 <{WANG}>"
    assert "【催办】24项" in first.text and f"编号：{ahead}" in first.text
    assert reminders(bureau, "escalate") == []

    office_days(bureau, date(2026, 6, 2), date(2026, 6, 7))
    assert reminders(bureau, "escalate") == []
    office_days(bureau, date(2026, 6, 8), date(2026, 6, 8))

    assert Counter(days_of(bureau, "escalate")) == {date(2026, 6, 8): 24}
    to_li = [one for one in letters(bureau) if LI in one.to]
    assert len(to_li) == 1 and "24项" in to_li[0].subject + to_li[0].text
    assert told_without_chase(bureau, lambda _: 5) == []


def test_a_second_round_of_the_day_and_of_the_next_escalates_nothing_that_waits(
    either_district: District,
) -> None:
    bureau = either_district.bureau
    either_district.owes()
    for _ in range(2):
        office_days(bureau, BACK, BACK)
    office_days(bureau, date(2026, 6, 2), date(2026, 6, 5))

    assert len(days_of(bureau, "chase")) == 1
    assert days_of(bureau, "escalate") == []


def test_a_chase_that_did_not_leave_is_no_chase(either_district: District) -> None:
    bureau = either_district.bureau
    either_district.owes()
    hold(bureau, BACK)
    set_dispatches(bureau, status="failed", reason="550")
    for n in range(1, 8):
        hold(bureau, BACK + timedelta(days=n))
    assert days_of(bureau, "escalate") == []
    # The next week's chase arrives, and the superior hears five workdays after it.
    office_days(bureau, date(2026, 6, 9), date(2026, 6, 24))

    assert days_of(bureau, "chase") == [BACK, date(2026, 6, 8), date(2026, 6, 15), date(2026, 6, 22)]
    assert days_of(bureau, "escalate")[:1] == [date(2026, 6, 16)]
    assert told_without_chase(bureau, lambda _: 5) == []


def set_dispatches(bureau: Bureau, **values: object) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(dispatch).values(**values))


def test_a_letter_that_left_late_puts_the_escalation_off_by_as_much(either_district: District) -> None:
    bureau = either_district.bureau
    either_district.owes()
    hold(bureau, date(2026, 4, 1))
    office_days(bureau, date(2026, 4, 2), date(2026, 4, 14))

    # Six workdays after the due date would be the 9th; 4 to 6 April are off.
    assert days_of(bureau, "escalate") == [date(2026, 4, 10)]


def test_after_the_last_rung_people_go_on_hearing_until_it_is_done(either_district: District) -> None:
    bureau = either_district.bureau
    one = either_district.owes()
    office_days(bureau, DUE, date(2026, 5, 31))

    chases, above = days_of(bureau, "chase"), days_of(bureau, "escalate")
    assert chases == [
        date(2026, 4, 1),
        date(2026, 4, 7),
        date(2026, 4, 13),
        date(2026, 4, 20),
        date(2026, 4, 27),
        date(2026, 5, 6),
        date(2026, 5, 11),
        date(2026, 5, 18),
        date(2026, 5, 25),
    ]
    assert above == [date(2026, 4, 9), date(2026, 5, 11)]
    rungs = [row.rung for row in reminders(bureau, "chase")]
    assert rungs[:3] == ["t+1", "t+1/1", "t+1/2"] and len(set(rungs)) == len(rungs)

    set_obligation(bureau, one, state="closed")
    office_days(bureau, date(2026, 6, 1), date(2026, 6, 30))
    assert days_of(bureau, "chase") == chases


def test_what_is_overdue_on_different_days_stands_in_one_letter_a_week(district: District) -> None:
    bureau = district.bureau
    for n in range(10):
        district.owes(due_on=date(2026, 3, 30) + timedelta(days=n))
    office_days(bureau, date(2026, 4, 20), date(2026, 5, 17))

    to_wang = [one for one in letters(bureau) if WANG in one.to]
    assert len(to_wang) == 4


def test_repeats_are_capped_and_then_come_once_a_month(district: District) -> None:
    few = {key: replace(one, repeats=2) for key, one in district.bureau.ladders.items()}
    bureau = replace(district.bureau, ladders=few)
    district.owes()
    office_days(bureau, DUE, date(2026, 7, 15))

    assert days_of(bureau, "chase") == [
        date(2026, 4, 1),
        date(2026, 4, 7),
        date(2026, 4, 13),
        date(2026, 5, 11),
        date(2026, 6, 8),
        date(2026, 7, 6),
    ]


@pytest.mark.parametrize(
    ("setting", "told"),
    [("parent", ["市民政局"]), ("own", ["天宁区民政局"]), ("both", ["天宁区民政局", "市民政局"])],
)
def test_the_bureau_sets_whose_leader_an_escalation_is_told_to(
    either_district: District, setting: str, told: list[str]
) -> None:
    bureau = with_settings(either_district.bureau, escalate_to=setting)
    add_contact(bureau, either_district.unit, "deputy_leader", "sun@tianning.example")
    either_district.owes()
    office_days(bureau, date(2026, 4, 1), date(2026, 4, 9))

    names = {either_district.unit: "天宁区民政局", either_district.home: "市民政局"}
    rows = reminders(bureau, "escalate")
    assert sorted(names[row.target_unit_id] for row in rows) == told
    assert all(row.cause is None for row in rows)
    to = [one.to for one in letters(bureau) if one.subject.startswith("【督办")]
    assert len(to) == len(told)
    assert ("sun@tianning.example" in "".join(to)) == (setting != "parent")


@pytest.mark.parametrize("setting", ["parent", "own", "both"])
def test_without_a_leader_to_tell_the_coordinator_is_told_and_the_row_says_so(
    either_bureau: Bureau, setting: str
) -> None:
    bureau = with_settings(either_bureau, escalate_to=setting)
    home = a_unit(bureau, "市民政局", kind="bureau", leader_address=LI)
    above = a_unit(bureau, "天宁区人民政府")
    unit = a_unit(bureau, parent=above)
    edition = an_edition(bureau, coordinator_unit_id=home)
    an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=DUE)
    office_days(bureau, date(2026, 4, 1), date(2026, 4, 9))

    (row,) = reminders(bureau, "escalate")
    assert row.target_unit_id == home
    assert "没有登记分管领导" in row.cause
    (letter,) = [one for one in letters(bureau) if LI in one.to and one.subject.startswith("【督办】")]
    assert row.cause in letter.text


def test_the_list_of_those_overdue_goes_to_the_coordinators_draft_and_into_no_letter(
    either_district: District,
) -> None:
    bureau = either_district.bureau
    either_district.owes()
    office_days(bureau, date(2026, 4, 1), date(2026, 4, 15))
    before = len(letters(bureau))
    report = hold_round(bureau, now=clock.at(date(2026, 4, 16)))
    to_files(bureau, date(2026, 4, 16))

    (row,) = reminders(bureau, "bulletin")
    assert (row.status, row.target_unit_id, row.held_on) == ("draft", either_district.home, date(2026, 4, 16))
    assert "通报草稿新列1条" in report.sentence
    assert len(letters(bureau)) == before


def with_settings(bureau: Bureau, **values: object) -> Bureau:
    return replace(bureau, settings=bureau.settings.model_copy(update=values))


def add_contact(bureau: Bureau, unit_id: int, duty: str, address: str) -> None:
    with bureau.store.writing() as connection:
        values = {"name": "孙局长", "channel": "mail", "rank": 1, "active": True}
        connection.execute(sa.insert(contact).values(unit_id=unit_id, duty=duty, address=address, **values))


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    ladder=ladders,
    due=st.lists(st.dates(date(2026, 3, 2), date(2026, 5, 15)), min_size=1, max_size=4),
    rounds=st.dictionaries(st.integers(0, 100), st.booleans(), min_size=1, max_size=9),
    escalate_to=st.sampled_from(["parent", "own", "both"]),
    holds=st.booleans(),
)
def test_whatever_the_ladder_and_the_gaps_the_unit_is_chased_first_and_no_audience_stands_for_another(
    either_bureau: Bureau,
    ladder: Ladder,
    due: list[date],
    rounds: dict[int, bool],
    escalate_to: str,
    holds: bool,
) -> None:
    """`rounds` are the days with one after 1 March, and whether its letters leave."""
    empty(either_bureau)
    plain = with_settings(either_bureau, escalate_to=escalate_to, escalation_approval=holds)
    bureau = replace(plain, ladders={"any": ladder})
    place = a_district(bureau)
    owed = {place.owes(due_on=due_on, ladder="any"): due_on for due_on in due}
    for offset, leaves in sorted(rounds.items()):
        hold(bureau, date(2026, 3, 1) + timedelta(days=offset))
        if leaves:
            to_files(bureau, date(2026, 3, 1) + timedelta(days=offset))

    assert told_without_chase(bureau, ladder.days_after_chase) == []
    with bureau.store.reading() as connection:
        rows = connection.execute(sa.select(reminder)).all()
    audience = {row.rung: AUDIENCES.get(RungKind(row.kind), Audience.UNIT) for row in rows}
    sent = {
        (row.obligation_id, row.round_id, audience[row.rung]) for row in rows if row.status != "superseded"
    }
    assert all((row.obligation_id, row.round_id, audience[row.rung]) in sent for row in rows)
    last = date(2026, 3, 1) + timedelta(days=max(rounds))
    for rung in ladder.rungs:
        for number, due_on in owed.items():
            come = bureau.workdays.shift(bureau.workdays.on_or_before(due_on), rung.workdays) <= last
            if rung.kind is RungKind.CHASE and come:
                chased = {row.status for row in rows if (row.obligation_id, row.kind) == (number, "chase")}
                assert "planned" in chased


def empty(bureau: Bureau) -> None:
    """As before the first round, so that the next example may begin in March again."""
    with bureau.store.writing() as connection:
        for table in (dispatch, reminder, edition_round, round_, obligation, point, milestone, edition):
            connection.execute(sa.delete(table))
