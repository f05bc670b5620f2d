"""The run history: what each round did for each edition, and what was done about what went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.close_gates import close_gates
from office.actions.hold_round import hold_round, open_round
from office.actions.list_runs import Runs, list_runs, show_round
from office.actions.office import Office
from office.actions.take_step import take_step
from office.errors import NotFound
from office.store import tables
from office.store.run_history import RunFilter
from rules.people import Actor, Role
from tests.builders import a_point, a_unit, an_edition, an_obligation

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)
LEADER = Actor(name="周局长", person_id=9, roles=frozenset({Role.LEADER}))


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def bureau(request: pytest.FixtureRequest) -> Office:
    return request.getfixturevalue(request.param)


def hold(office: Office, day: date, hour: time = time(8, 30)) -> None:
    hold_round(office, now=clock.at(day, hour))


def runs(office: Office, day: date, **wanted: object) -> Runs:
    return list_runs(office, RunFilter(**wanted), by=LEADER, now=clock.at(day, time(18)))  # type: ignore[arg-type]


def test_a_round_says_what_it_planned_for_each_edition_and_passed_over(bureau: Office) -> None:
    signs = an_edition(bureau)
    an_obligation(bureau, edition_id=signs, opened_on=OPENED, due_on=DUE)
    an_edition(bureau, "respect_elders_month", name="敬老月")

    hold(bureau, OPENED)
    hold(bureau, date(2026, 1, 6))

    newest, first = runs(bureau, date(2026, 1, 6)).rounds
    assert (first.round.planned, first.editions, first.sent) == (1, 1, {"pending": 1})
    assert (newest.round.planned, newest.editions, newest.faults) == (0, 0, ())
    shown = show_round(bureau, first.round.id, by=LEADER, now=clock.at(OPENED))
    assert [(run.part.name, run.part.planned, run.failed) for run in shown.runs] == [
        ("地名标志巡检", 1, False),
        ("敬老月", 0, False),
    ]
    assert len(show_round(bureau, newest.round.id, by=LEADER, now=clock.at(OPENED)).runs) == 2


def test_a_second_round_of_the_day_adds_no_second_part(bureau: Office) -> None:
    an_obligation(bureau, opened_on=OPENED, due_on=DUE)

    hold(bureau, OPENED)
    hold(bureau, OPENED, time(15))

    (one,) = runs(bureau, OPENED).rounds
    assert len(show_round(bureau, one.round.id, by=LEADER, now=clock.at(OPENED)).runs) == 1


def test_a_campaigns_own_step_is_a_run_of_its_own_with_its_page(bureau: Office) -> None:
    an_obligation(bureau, edition_id=an_edition(bureau), opened_on=OPENED, due_on=DUE)
    hold(bureau, OPENED)
    settings = bureau.settings.model_copy(update={"prefect_api_url": "http://127.0.0.1:4200/api"})
    by_run = replace(bureau, flow_run_id="0197-step", settings=settings)

    take_step(by_run, "place_name_signs", 2026, now=clock.at(OPENED, time(9)))

    (one,) = runs(by_run, OPENED).rounds
    shown = show_round(by_run, one.round.id, by=LEADER, now=clock.at(OPENED))
    assert [(run.own_step, run.page) for run in shown.runs] == [
        (False, None),
        (True, "http://127.0.0.1:4200/runs/flow-run/0197-step"),
    ]


def test_a_gate_that_closed_is_counted_in_the_days_run(bureau: Office) -> None:
    edition = an_edition(bureau)
    point = a_point(bureau, edition, due_on=DUE, gate=True)
    an_obligation(bureau, edition_id=edition, point=point, opened_on=OPENED, due_on=DUE)
    day = date(2026, 4, 1)
    hold(bureau, day)

    assert len(close_gates(bureau, now=clock.at(day))) == 1

    (one,) = runs(bureau, day).rounds
    assert one.gates_closed == 1


def test_a_failed_edition_says_what_it_means_and_that_a_later_round_made_it_good(bureau: Office) -> None:
    edition = an_edition(bureau)
    an_obligation(bureau, edition_id=edition, opened_on=OPENED, due_on=DUE, ladder="unknown")
    fine = an_edition(bureau, "respect_elders_month", name="敬老月")
    an_obligation(bureau, edition_id=fine, opened_on=OPENED, due_on=DUE)

    hold(bureau, OPENED)
    (failed,) = runs(bureau, OPENED).rounds
    with bureau.store.writing() as connection:
        connection.execute(sa.update(tables.obligation).values(ladder="standard"))
    hold(bureau, date(2026, 1, 6))

    (before,) = failed.faults
    assert "催办梯次“unknown”不存在" in before
    assert "处理后下一轮会补上" in before
    _, later = runs(bureau, date(2026, 1, 6)).rounds
    assert "1月6日的一轮已补上所欠提醒" in later.faults[0]
    assert failed.round.planned == 1


def test_a_day_without_a_round_and_a_round_cut_short_are_told_with_what_came_after(bureau: Office) -> None:
    an_obligation(bureau, opened_on=OPENED, due_on=DUE)
    hold(bureau, OPENED)
    open_round(bureau, now=clock.at(date(2026, 1, 6)))

    before = runs(bureau, date(2026, 1, 7))
    hold(bureau, date(2026, 1, 8))
    after = runs(bureau, date(2026, 1, 8))

    assert "下一轮会自动补上" in before.rounds[0].faults[0]
    assert "duban round run" in before.gaps[0]
    assert "1月8日的一轮已把所欠提醒一并补上" in after.gaps[0]
    assert "1月8日的一轮已把所欠提醒一并补上" in after.rounds[1].faults[0]


def test_rounds_are_found_by_campaign_unit_and_day(bureau: Office) -> None:
    here, there = a_unit(bureau, "天宁区民政局"), a_unit(bureau, "金坛区民政局")
    signs = an_edition(bureau)
    an_obligation(bureau, edition_id=signs, opened_on=OPENED, due_on=DUE, unit_id=here)
    elders = an_edition(bureau, "respect_elders_month", name="敬老月")
    later = date(2026, 1, 6)
    an_obligation(bureau, edition_id=elders, opened_on=later, due_on=DUE, unit_id=there)
    for day in (OPENED, later):
        hold(bureau, day)

    def days(**wanted: object) -> list[date]:
        return [one.round.held_on for one in runs(bureau, later, **wanted).rounds]

    assert days(campaign="敬老") == [later]
    assert days(campaign="place_name_signs") == [OPENED]
    assert days(unit_id=here) == [OPENED]
    assert days(on=later) == [later]
    assert days(campaign="敬老", on=OPENED) == []


def test_an_unknown_round_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound, match="运行记录"):
        show_round(office, 7, by=LEADER, now=clock.at(OPENED))
