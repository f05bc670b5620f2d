"""The run history: what each round did for each edition, and what was done about what went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import NotFound
from duban.obligations.tables import obligation
from duban.reports.queries import RunFilter
from duban.reports.runs import Runs, list_runs, show_round
from duban.rounds.gates import close_gates
from duban.rounds.service import begin_round, hold_round, take_step
from tests.builders import a_point, a_unit, an_edition, an_obligation

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)
LEADER = Actor(name="周局长", person_id=9, roles=frozenset({Role.LEADER}))


def hold(bureau: Bureau, day: date, hour: time = time(8, 30)) -> None:
    hold_round(bureau, now=clock.at(day, hour))


def runs(bureau: Bureau, day: date, **wanted: object) -> Runs:
    return list_runs(bureau, RunFilter(**wanted), by=LEADER, now=clock.at(day, time(18)))  # type: ignore[arg-type]


def test_a_round_says_what_it_planned_for_each_edition_and_passed_over(either_bureau: Bureau) -> None:
    signs = an_edition(either_bureau)
    an_obligation(either_bureau, edition_id=signs, opened_on=OPENED, due_on=DUE)
    an_edition(either_bureau, "respect_elders_month", name="敬老月")

    hold(either_bureau, OPENED)
    hold(either_bureau, date(2026, 1, 6))

    newest, first = runs(either_bureau, date(2026, 1, 6)).rounds
    assert (first.planned, first.editions, first.sent) == (1, 1, {"pending": 1})
    assert (newest.planned, newest.editions, newest.faults) == (0, 0, ())
    shown = show_round(either_bureau, first.id, by=LEADER, now=clock.at(OPENED))
    assert [(run.name, run.planned, run.failed) for run in shown.runs] == [
        ("地名标志巡检", 1, False),
        ("敬老月", 0, False),
    ]
    assert len(show_round(either_bureau, newest.id, by=LEADER, now=clock.at(OPENED)).runs) == 2


def test_a_second_round_of_the_day_adds_no_second_part(either_bureau: Bureau) -> None:
    an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)

    hold(either_bureau, OPENED)
    hold(either_bureau, OPENED, time(15))

    (one,) = runs(either_bureau, OPENED).rounds
    assert len(show_round(either_bureau, one.id, by=LEADER, now=clock.at(OPENED)).runs) == 1


def test_a_campaigns_own_step_is_a_run_of_its_own_with_its_page(either_bureau: Bureau) -> None:
    an_obligation(either_bureau, edition_id=an_edition(either_bureau), opened_on=OPENED, due_on=DUE)
    hold(either_bureau, OPENED)
    settings = either_bureau.settings.model_copy(update={"prefect_api_url": "http://127.0.0.1:4200/api"})
    by_run = replace(either_bureau, flow_run_id="0197-step", settings=settings)

    take_step(by_run, "place_name_signs", 2026, now=clock.at(OPENED, time(9)))

    (one,) = runs(by_run, OPENED).rounds
    shown = show_round(by_run, one.id, by=LEADER, now=clock.at(OPENED))
    assert [(run.own_step, run.page) for run in shown.runs] == [
        (False, None),
        (True, "http://127.0.0.1:4200/runs/flow-run/0197-step"),
    ]


def test_a_gate_that_closed_is_counted_in_the_days_run(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    point = a_point(either_bureau, edition, due_on=DUE, gate=True)
    an_obligation(either_bureau, edition_id=edition, point=point, opened_on=OPENED, due_on=DUE)
    day = date(2026, 4, 1)
    hold(either_bureau, day)

    assert len(close_gates(either_bureau, now=clock.at(day))) == 1

    (one,) = runs(either_bureau, day).rounds
    assert one.gates_closed == 1


def test_a_failed_edition_says_what_it_means_and_that_a_later_round_made_it_good(
    either_bureau: Bureau,
) -> None:
    edition = an_edition(either_bureau)
    an_obligation(either_bureau, edition_id=edition, opened_on=OPENED, due_on=DUE, ladder="unknown")
    fine = an_edition(either_bureau, "respect_elders_month", name="敬老月")
    an_obligation(either_bureau, edition_id=fine, opened_on=OPENED, due_on=DUE)

    hold(either_bureau, OPENED)
    (failed,) = runs(either_bureau, OPENED).rounds
    with either_bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(ladder="standard"))
    hold(either_bureau, date(2026, 1, 6))

    (before,) = failed.faults
    assert "催办梯次“unknown”不存在" in before
    assert "处理后下一轮会补上" in before
    _, later = runs(either_bureau, date(2026, 1, 6)).rounds
    assert "1月6日的一轮已补上所欠提醒" in later.faults[0]
    assert failed.planned == 1


def test_a_day_without_a_round_and_a_round_cut_short_are_told_with_what_came_after(
    either_bureau: Bureau,
) -> None:
    an_obligation(either_bureau, opened_on=OPENED, due_on=DUE)
    hold(either_bureau, OPENED)
    begin_round(either_bureau, now=clock.at(date(2026, 1, 6)))

    before = runs(either_bureau, date(2026, 1, 7))
    hold(either_bureau, date(2026, 1, 8))
    after = runs(either_bureau, date(2026, 1, 8))

    assert "下一轮会自动补上" in before.rounds[0].faults[0]
    assert "duban round run" in before.gaps[0]
    assert "1月8日的一轮已把所欠提醒一并补上" in after.gaps[0]
    assert "1月8日的一轮已把所欠提醒一并补上" in after.rounds[1].faults[0]


def test_rounds_are_found_by_campaign_unit_and_day(either_bureau: Bureau) -> None:
    here, there = a_unit(either_bureau, "天宁区民政局"), a_unit(either_bureau, "金坛区民政局")
    signs = an_edition(either_bureau)
    an_obligation(either_bureau, edition_id=signs, opened_on=OPENED, due_on=DUE, unit_id=here)
    elders = an_edition(either_bureau, "respect_elders_month", name="敬老月")
    later = date(2026, 1, 6)
    an_obligation(either_bureau, edition_id=elders, opened_on=later, due_on=DUE, unit_id=there)
    for day in (OPENED, later):
        hold(either_bureau, day)

    def days(**wanted: object) -> list[date]:
        return [one.held_on for one in runs(either_bureau, later, **wanted).rounds]

    assert days(campaign="敬老") == [later]
    assert days(campaign="place_name_signs") == [OPENED]
    assert days(unit_id=here) == [OPENED]
    assert days(on=later) == [later]
    assert days(campaign="敬老", on=OPENED) == []


def test_an_unknown_round_is_not_found(bureau: Bureau) -> None:
    with pytest.raises(NotFound, match="运行记录"):
        show_round(bureau, 7, by=LEADER, now=clock.at(OPENED))
