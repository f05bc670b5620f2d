"""Work queues show what waits, the longest first, to those who may see it, and leave alone what is over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import NotFound
from duban.editions import tables as editions_tables
from duban.editions.pages import list_unresolved_items
from duban.evidence.service import LinkItem, submit
from duban.letters.chases import read_unread
from duban.obligations.review_queues import read_extensions, read_reviews
from duban.obligations.states import State, Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import ExtensionRequest, transition
from duban.outbox.queries import DispatchFilter
from duban.outbox.service import list_dispatches, read_failed
from duban.outbox.tables import dispatch
from duban.reports.queues import read_queues
from duban.units.service import list_units, show_unit
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 27)
NOW = clock.at(TODAY)
LINK = ({"key": "page", "title": "公开页面", "type": "link"},)


class People:
    def __init__(self, bureau: Bureau) -> None:
        self.city = a_unit(bureau, "市民政局", kind="bureau")
        self.north = a_unit(bureau, "天宁区民政局", parent=self.city)
        self.south = a_unit(bureau, "钟楼区民政局", parent=self.city)
        self.coordinator = a_person(bureau, "周处长", self.city, Role.COORDINATOR)
        self.reviewer = a_person(bureau, "钱科员", self.city, Role.REVIEWER)
        self.handler = a_person(bureau, "王科长", self.north, Role.HANDLER)
        self.other = a_person(bureau, "赵某", self.south, Role.HANDLER)


def handed_in(bureau: Bureau, people: People, day: date, **options: Any) -> int:
    number = an_obligation(bureau, unit_id=people.north, evidence=LINK, state="acknowledged", **options)
    items = [LinkItem(key="page", link="https://north.example/plan")]
    submit(bureau, number, items=items, by=people.handler, now=clock.at(day))
    return number


def counts(bureau: Bureau, by: Actor) -> dict[str, int]:
    return {queue.key: queue.count for queue in read_queues(bureau, by=by, now=NOW)}


def test_what_waits_longest_for_review_comes_first_and_pages_follow_each_other(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    days = [date(2026, 3, 25), date(2026, 3, 20), date(2026, 3, 23)]
    edition = an_edition(either_bureau)
    numbers = [handed_in(either_bureau, people, day, edition_id=edition) for day in days]

    first = read_reviews(either_bureau, by=people.reviewer, today=TODAY, limit=2)
    rest = read_reviews(either_bureau, by=people.reviewer, today=TODAY, after=first.next_after, limit=2)

    assert [one.submitted.id for one in first.reviews] == [numbers[1], numbers[2]]
    assert [one.submitted.id for one in rest.reviews] == [numbers[0]]
    assert (first.total, first.since, rest.next_after) == (3, days[1], None)
    assert [one.waited_workdays for one in first.reviews] == [5, 4]


def test_a_review_says_why_somebody_may_not_take_it(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    number = handed_in(either_bureau, people, TODAY, review_levels=2)
    transition(either_bureau, number, Transition.PASS, by=people.reviewer, now=NOW)

    (again,) = read_reviews(either_bureau, by=people.reviewer, today=TODAY).reviews
    (other,) = read_reviews(either_bureau, by=people.coordinator, today=TODAY).reviews

    assert (again.level, other.level) == (2, 2)
    assert "前一级" in again.refusals[0]
    assert other.refusals == ()


def test_what_passed_every_level_waits_for_the_closer_who_did_not_review_it(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    number = handed_in(either_bureau, people, TODAY)
    transition(either_bureau, number, Transition.PASS, by=people.coordinator, now=NOW)

    (one,) = read_reviews(either_bureau, by=people.coordinator, today=TODAY, state=State.ACCEPTED).reviews

    assert "审核过这项任务" in one.refusals[0]
    assert (
        counts(either_bureau, people.coordinator)["reviews"],
        counts(either_bureau, people.coordinator)["sign_offs"],
    ) == (
        0,
        1,
    )


def test_a_foreign_units_handler_sees_nothing_of_it(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    handed_in(either_bureau, people, TODAY)

    assert read_reviews(either_bureau, by=people.other, today=TODAY).total == 0
    assert read_reviews(either_bureau, by=people.handler, today=TODAY).total == 1
    assert counts(either_bureau, people.other) == dict.fromkeys(counts(either_bureau, people.other), 0)


def test_extensions_wait_in_the_order_they_were_asked_for_and_not_by_their_asker(
    either_bureau: Bureau,
) -> None:
    people = People(either_bureau)
    edition = an_edition(either_bureau)
    numbers = [
        an_obligation(
            either_bureau,
            unit_id=people.north,
            edition_id=edition,
            state="acknowledged",
            hard_due_on=date(2026, 4, 30),
        )
        for _ in range(3)
    ]
    for day, number in zip((25, 23, 24), numbers, strict=True):
        transition(
            either_bureau,
            number,
            Transition.ASK_EXTENSION,
            ExtensionRequest(reason="道路施工", progress="已完成六成", wanted_on=date(2026, 4, 20)),
            by=people.handler,
            now=clock.at(date(2026, 3, day)),
        )

    first = read_extensions(either_bureau, by=people.coordinator, today=TODAY, limit=2)
    rest = read_extensions(either_bureau, by=people.coordinator, today=TODAY, after=first.next_after, limit=2)

    assert [one.asked.obligation_id for one in first.extensions] == [numbers[1], numbers[2]]
    assert [one.asked.obligation_id for one in rest.extensions] == [numbers[0]]
    assert first.total == 3 and first.extensions[0].refusals == ()
    assert first.extensions[0].asked.hard_due_on == date(2026, 4, 30)
    assert read_extensions(either_bureau, by=people.reviewer, today=TODAY).extensions[0].refusals
    assert read_extensions(either_bureau, by=people.other, today=TODAY).total == 0


def test_units_that_have_not_acknowledged_are_listed_with_their_contacts(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    edition = an_edition(either_bureau)
    for unit, opened_on, state in (
        (people.north, date(2026, 3, 2), "assigned"),
        (people.north, date(2026, 3, 26), "assigned"),
        (people.south, date(2026, 3, 9), "assigned"),
        (people.south, date(2026, 3, 2), "acknowledged"),
        (people.south, date(2026, 3, 2), "closed"),
    ):
        an_obligation(either_bureau, unit_id=unit, edition_id=edition, opened_on=opened_on, state=state)

    page = read_unread(either_bureau, by=people.coordinator, today=TODAY, workdays=3)

    assert [(one.unit, one.obligations, one.since) for one in page.units] == [
        ("天宁区民政局", 1, date(2026, 3, 2)),
        ("钟楼区民政局", 1, date(2026, 3, 9)),
    ]
    assert (page.obligations, page.total, page.opened_until) == (2, 2, date(2026, 3, 24))
    assert [one.name for one in page.contacts[people.north]] == ["王科长"]
    assert read_unread(either_bureau, by=people.other, today=TODAY, workdays=3).total == 1


def test_messages_that_failed_are_gathered_by_their_reason(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    for number, (day, reason, unit) in enumerate(
        (
            (TODAY, "邮箱不存在", people.north),
            (TODAY, "邮箱不存在", people.south),
            (date(2026, 3, 20), "邮箱已满", people.south),
            (date(2026, 1, 20), "早已过去", people.south),
        )
    ):
        _dispatch(either_bureau, unit, day=day, address=f"a{number}@unit.example", reason=reason)

    reasons = read_failed(either_bureau, by=people.coordinator, today=TODAY)

    assert [(one.reason, one.messages, one.units) for one in reasons] == [
        ("邮箱不存在", 2, 2),
        ("邮箱已满", 1, 1),
    ]
    assert counts(either_bureau, people.coordinator)["dispatches"] == 3
    assert counts(either_bureau, people.handler)["dispatches"] == 1
    found = list_dispatches(either_bureau, DispatchFilter(), by=people.handler, limit=10)
    assert [one.unit for one in found.dispatches] == ["天宁区民政局"] and found.total == 1


def test_dates_targets_lists_and_drafts_that_wait_are_named_with_their_phrase(either_bureau: Bureau) -> None:
    people = People(either_bureau)
    edition = an_edition(either_bureau)
    milestone, _ = a_point(either_bureau, edition, due_on=date(2026, 3, 31), title="适老化改造")
    an_edition(either_bureau, "funeral", name="殡葬领域专项行动", state="draft")
    with either_bureau.store.writing() as connection:
        table = editions_tables.milestone
        connection.execute(
            sa.insert(table).values(
                edition_id=edition,
                key="later",
                position=99,
                title="总结评估",
                source_document="通知",
                source_item="五",
                due_phrase="适时",
                rule="",
                undated="“适时”没有日期",
                per_subject=True,
                body={},
            )
        )
    an_obligation(either_bureau, unit_id=people.north, edition_id=edition)
    _set(either_bureau, obligation, milestone_id=milestone, target_state="blank")

    ends = list_unresolved_items(either_bureau, by=people.coordinator, today=TODAY)

    assert [(one.phrase, one.reason) for one in ends.undated] == [("适时", "“适时”没有日期")]
    assert [(one.milestone, one.obligations, one.units) for one in ends.targets] == [
        ("适老化改造", 1, ("天宁区民政局",))
    ]
    assert {(one.campaign, one.what) for one in ends.items} == {
        ("殡葬领域专项行动", "draft"),
        ("地名标志巡检", "roster"),
    }
    assert counts(either_bureau, people.coordinator)["waiting"] == ends.count == 4
    assert list_unresolved_items(either_bureau, by=people.handler, today=TODAY).count == 0


def test_a_handler_finds_only_the_own_unit_in_the_register(either_bureau: Bureau) -> None:
    people = People(either_bureau)

    assert [one.name for one in list_units(either_bureau, by=people.handler)] == ["天宁区民政局"]
    assert len(list_units(either_bureau, by=people.coordinator)) == 3
    with pytest.raises(NotFound):
        show_unit(either_bureau, "钟楼区民政局", by=people.handler)


def test_the_queues_are_read_from_indexes_that_leave_out_what_is_over(bureau: Bureau) -> None:
    people = People(bureau)
    an_obligation(bureau, unit_id=people.north)
    plans: list[str] = []
    with bureau.store.reading() as connection:

        def explain(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.lstrip().upper().startswith("SELECT"):
                raw = connection.connection.cursor()
                plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

        sa.event.listen(bureau.store.engine, "before_cursor_execute", explain)
        try:
            read_queues(bureau, by=people.coordinator, now=NOW)
            read_reviews(bureau, by=people.coordinator, today=TODAY)
            read_extensions(bureau, by=people.coordinator, today=TODAY)
            read_unread(bureau, by=people.coordinator, today=TODAY, workdays=3)
        finally:
            sa.event.remove(bureau.store.engine, "before_cursor_execute", explain)

    scans = [plan for plan in plans if plan.startswith("SCAN")]
    assert [one for one in scans if "obligation" in one and "USING" not in one] == []
    assert any("ix_obligation_state_submitted_on (state=?" in plan for plan in plans)
    assert any("ix_obligation_round (edition_id=? AND state=?" in plan for plan in plans)
    assert any("ix_extension_undecided" in plan for plan in plans)
    assert any("ix_reminder_waiting" in plan for plan in plans)
    assert any("ix_obligation_target_open" in plan for plan in plans)


def _dispatch(bureau: Bureau, unit_id: int, *, day: date, address: str, reason: str) -> None:
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(dispatch).values(
                day=day,
                kind="digest",
                ref=str(unit_id),
                unit_id=unit_id,
                channel="mail",
                address=address,
                status="failed",
                reason=reason,
                not_before=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )


def _set(bureau: Bureau, table: sa.Table, **values: object) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(table).values(**values))
