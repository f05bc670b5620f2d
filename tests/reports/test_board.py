"""The board shows the light that chose the reminder, exact rates, and what turned red since yesterday."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duban.bureau import Bureau, light_thresholds
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.lights import Light
from duban.editions import tables as editions_tables
from duban.editions.tables import edition
from duban.figures.measures import MeasureRate
from duban.figures.tables import progress
from duban.obligations.lights import Facts, standing_of
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import list_obligations
from duban.obligations.states import DONE, NOT_STARTED, OUT, State
from duban.obligations.tables import obligation
from duban.reports.board import LISTED, Board, CampaignLine, read_board
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

DUE = date(2026, 3, 31)  # a Tuesday
DAY_AFTER = date(2026, 4, 1)


def rates(shown: Board | CampaignLine) -> dict[str, tuple[int, int]]:
    return {rate.key: (rate.part, rate.whole) for rate in shown.rates}


def change(bureau: Bureau, key: int, **columns: Any) -> int:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == key).values(**columns))
    return key


def report(bureau: Bureau, key: int, value: int, on: date) -> None:
    person = a_person(bureau, f"王科长{key}", a_unit(bureau, "市养老服务中心"))
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(progress).values(
                obligation_id=key,
                value=Decimal(value),
                as_of_on=on,
                reported_by=person.person_id,
                reported_at=clock.at(on),
            )
        )


def test_a_leader_sees_the_worst_campaign_first_with_its_worst_units(either_bureau: Bureau) -> None:
    signs = an_edition(either_bureau)
    point = a_point(either_bureau, signs, due_on=DUE)
    units = [a_unit(either_bureau, name) for name in ("天宁区民政局", "金坛区民政局", "溧阳市民政局")]
    change(
        either_bureau,
        an_obligation(either_bureau, edition_id=signs, point=point, unit_id=units[0], state="closed"),
        submitted_on=DUE,
    )
    an_obligation(either_bureau, edition_id=signs, point=point, unit_id=units[1])
    change(
        either_bureau,
        an_obligation(either_bureau, edition_id=signs, point=point, unit_id=units[2]),
        state="suspended",
    )
    calm = an_edition(either_bureau, "respect_elders_month", name="敬老月")
    an_obligation(either_bureau, edition_id=calm, due_on=date(2026, 10, 31))

    board = read_board(either_bureau, by=SYSTEM, today=DAY_AFTER, cells=2)

    assert [line.campaign for line in board.campaigns] == ["place_name_signs", "respect_elders_month"]
    assert [line.light for line in board.campaigns] == [Light.RED, Light.GREEN]
    assert board.lights == {Light.RED: 1, Light.YELLOW: 0, Light.GREEN: 2, Light.GREY: 1}
    worst = board.campaigns[0]
    assert worst.units == {Light.RED: 1, Light.YELLOW: 0, Light.GREEN: 1, Light.GREY: 1}
    assert [(cell.unit, cell.light) for cell in worst.cells] == [
        ("金坛区民政局", Light.RED),
        ("天宁区民政局", Light.GREEN),
    ]
    second = read_board(either_bureau, by=SYSTEM, today=DAY_AFTER, cells=2, page=2)
    assert [cell.unit for cell in second.campaigns[0].cells] == ["溧阳市民政局"]


def test_rates_leave_out_what_is_waived_suspended_cancelled_extended_or_not_yet_due(
    either_bureau: Bureau,
) -> None:
    edition = an_edition(either_bureau)
    point = a_point(either_bureau, edition, due_on=DUE)
    states = (
        {"state": "closed", "submitted_on": DUE},
        {"state": "closed", "submitted_on": DAY_AFTER, "late": 1, "returned_times": 1},
        {"state": "assigned"},
        {"state": "waived"},
        {"state": "suspended"},
        {"state": "cancelled"},
        {"state": "in_progress", "due_on": date(2026, 4, 30), "extended_times": 1},
    )
    for n, columns in enumerate(states):
        unit = a_unit(either_bureau, f"第{n + 1}街道")
        change(
            either_bureau,
            an_obligation(either_bureau, edition_id=edition, point=point, unit_id=unit),
            **columns,
        )

    board = read_board(either_bureau, by=SYSTEM, today=DAY_AFTER)

    assert rates(board) == {"in_time": (1, 3), "done": (2, 3), "at_first": (1, 2), "taken_up": (3, 4)}
    assert rates(board.campaigns[0]) == rates(board)


def test_nothing_due_prints_a_dash_and_never_a_percentage(bureau: Bureau) -> None:
    an_obligation(bureau, due_on=DUE)

    board = read_board(bureau, by=SYSTEM, today=date(2026, 3, 2))

    assert [rate.shown for rate in board.rates] == ["—", "—", "—", "0.0 %"]
    assert MeasureRate(key="", name="", part=371, whole=600, definition="").shown == "61.8 %"


def test_what_turned_red_since_yesterday_is_listed_by_name(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    point = a_point(either_bureau, edition, due_on=DUE)
    jintan = an_obligation(
        either_bureau, edition_id=edition, point=point, unit_id=a_unit(either_bureau, "金坛区民政局")
    )
    an_obligation(either_bureau, edition_id=edition, due_on=date(2026, 3, 27))

    today, later = (
        read_board(either_bureau, by=SYSTEM, today=day) for day in (DAY_AFTER, DAY_AFTER + timedelta(days=1))
    )

    assert [(one.obligation_id, one.unit, one.word) for one in today.turned_red] == [
        (jintan, "金坛区民政局", "逾期")
    ]
    assert today.turned_red_total == 1
    assert today.lights[Light.RED] == later.lights[Light.RED] == 2
    assert (later.turned_red, later.turned_red_total) == ((), 0)


def test_the_list_of_what_turned_red_is_capped_and_its_total_is_not(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    point = a_point(bureau, edition, due_on=DUE)
    for n in range(LISTED + 7):
        an_obligation(
            bureau,
            edition_id=edition,
            point=point,
            unit_id=a_unit(bureau, f"第{n}社区", address=None),
            due_on=DUE,
        )

    board = read_board(bureau, by=SYSTEM, today=DAY_AFTER)

    assert (len(board.turned_red), board.turned_red_total) == (LISTED, LISTED + 7)


def test_a_quota_behind_the_calendar_turns_red_before_its_date(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau, "home_care_beds", kind="quota", name="家庭养老床位")
    point = a_point(either_bureau, edition, due_on=date(2026, 12, 31), starts_on=date(2026, 1, 1))
    lagging, ahead = (
        an_obligation(
            either_bureau,
            edition_id=edition,
            point=point,
            unit_id=a_unit(either_bureau, name),
            due_on=date(2026, 12, 31),
            target=Decimal(100),
        )
        for name in ("金坛区民政局", "天宁区民政局")
    )
    report(either_bureau, ahead, 60, date(2026, 6, 1))
    report(either_bureau, ahead, 80, date(2026, 6, 20))
    report(either_bureau, lagging, 15, date(2026, 6, 20))

    board = read_board(either_bureau, by=SYSTEM, today=date(2026, 6, 30), cells=5)

    assert [(cell.unit, cell.light) for cell in board.campaigns[0].cells] == [
        ("金坛区民政局", Light.RED),
        ("天宁区民政局", Light.GREEN),
    ]


def test_dates_of_a_provisional_year_are_marked(bureau: Bureau) -> None:
    sure, unsure = an_edition(bureau), an_edition(bureau, "venture", name="公益创投")
    an_obligation(bureau, edition_id=sure, due_on=DUE)
    an_obligation(bureau, edition_id=unsure, due_on=date(2027, 3, 31), provisional=True)

    board = read_board(bureau, by=SYSTEM, today=date(2026, 3, 2))

    assert {line.campaign: line.provisional for line in board.campaigns} == {
        "place_name_signs": False,
        "venture": True,
    }
    assert board.provisional


def test_a_date_in_a_year_nobody_knows_is_grey_and_said_so_and_hides_nothing_else(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    an_obligation(bureau, edition_id=edition, point=a_point(bureau, edition, due_on=DUE))
    change(bureau, an_obligation(bureau, edition_id=edition, due_on=DUE), due_on=date(2050, 1, 1))

    (line,) = read_board(bureau, by=SYSTEM, today=DAY_AFTER).campaigns

    assert (line.lights[Light.RED], line.lights[Light.GREY]) == (1, 1)
    assert line.fault is not None and "2050" in line.fault


def test_only_published_editions_are_on_the_board(bureau: Bureau) -> None:
    for state in ("draft", "paused", "withdrawn"):
        an_obligation(bureau, edition_id=an_edition(bureau, state, state=state), due_on=DUE)

    assert read_board(bureau, by=SYSTEM, today=DAY_AFTER).campaigns == ()


_days = st.dates(date(2026, 1, 5), date(2026, 9, 30))
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "unit": st.integers(0, 3),
            "edition": st.integers(0, 1),
            "state": st.sampled_from([state.value for state in State]),
            "due_on": _days,
            "opened_on": _days,
            "submitted_on": st.none() | _days,
            "closed_on": st.none() | _days,
            "late": st.integers(0, 1),
            "returned_times": st.integers(0, 2),
            "target": st.none() | st.just(Decimal(100)),
            "reported": st.none() | st.integers(0, 120),
        }
    ),
    min_size=1,
    max_size=25,
)


def _fill(bureau: Bureau, rows: list[dict[str, Any]]) -> None:
    """Exactly these rows in the ledger."""
    with bureau.store.writing() as connection:
        for table in (progress, obligation, editions_tables.point, editions_tables.milestone, edition):
            connection.execute(sa.delete(table))
    units = [a_unit(bureau, f"第{n}街道", address=None) for n in range(4)]
    coordinator = a_unit(bureau, "市民政局")
    editions = [an_edition(bureau, f"c{n}", coordinator_unit_id=coordinator) for n in range(2)]
    points = [a_point(bureau, edition, due_on=DUE, starts_on=date(2026, 1, 5)) for edition in editions]
    person = a_person(bureau, "王科长", units[0])
    with bureau.store.writing() as connection:
        for subject, row in enumerate(rows, start=1):
            values = {name: row[name] for name in row if name not in ("unit", "edition", "reported")}
            milestone, point = points[row["edition"]]
            key = connection.execute(
                sa.insert(obligation).values(
                    **values,
                    edition_id=editions[row["edition"]],
                    milestone_id=milestone,
                    point_id=point,
                    unit_id=units[row["unit"]],
                    subject_id=subject,
                    ladder="standard",
                )
            ).inserted_primary_key[0]
            if row["reported"] is not None:
                connection.execute(
                    sa.insert(progress).values(
                        obligation_id=key,
                        value=Decimal(row["reported"]),
                        as_of_on=DUE,
                        reported_by=person.person_id,
                        reported_at=clock.at(DUE),
                    )
                )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, today=_days)
def test_the_boards_lights_and_rates_are_those_of_its_obligations_one_by_one(bureau, rows, today) -> None:
    _fill(bureau, rows)

    board = read_board(bureau, by=SYSTEM, today=today, cells=10)
    one_by_one = list_obligations(
        bureau, ObligationFilter(), by=SYSTEM, today=today, page_size=100
    ).obligations

    lights = Counter((one.campaign, one.unit, one.standing.light) for one in one_by_one)
    assert lights == Counter(
        {
            (line.campaign, cell.unit, light): number
            for line in board.campaigns
            for cell in line.cells
            for light, number in cell.lights.items()
            if number
        }
    )
    due = [one for one in one_by_one if _in_force(one.state) and one.due_on <= today]
    done = [one for one in due if one.state in DONE]
    timely = [
        one for one in done if not one.late and (one.submitted_on or one.closed_on or DUE.min) <= one.due_on
    ]
    assert rates(board)["in_time"] == (len(timely), len(due))
    assert rates(board)["done"] == (len(done), len(due))
    without_cells = read_board(bureau, by=SYSTEM, today=today)
    assert replace(board, campaigns=()) == replace(without_cells, campaigns=())
    for unit in {one.unit_id for one in one_by_one}:
        narrowed = read_board(bureau, by=SYSTEM, today=today, unit_ids=(unit,))
        mine = Counter(one.standing.light for one in one_by_one if one.unit_id == unit)
        assert {light: n for light, n in narrowed.lights.items() if n} == mine


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, today=_days)
def test_what_turned_red_is_exactly_what_is_red_and_was_not(bureau, rows, today) -> None:
    _fill(bureau, rows)
    yesterday = today - timedelta(days=1)

    board = read_board(bureau, by=SYSTEM, today=today)

    before = {
        one.id: one
        for one in list_obligations(
            bureau, ObligationFilter(), by=SYSTEM, today=yesterday, page_size=100
        ).obligations
    }
    with bureau.store.reading() as connection:
        opened = dict(connection.execute(sa.select(obligation.c.id, obligation.c.opened_on)).all())
    expected = {
        one.id
        for one in list_obligations(
            bureau, ObligationFilter(), by=SYSTEM, today=today, page_size=100
        ).obligations
        if one.standing.light is Light.RED
        and (before[one.id].standing.light is not Light.RED or opened[one.id] == today)
    }
    # What opens only later is not counted against the day before either.
    later = {key for key, day in opened.items() if day > today}
    assert {one.obligation_id for one in board.turned_red} - later == expected - later
    assert board.turned_red_total == len(board.turned_red)


def _in_force(state: State) -> bool:
    return state not in OUT and state not in NOT_STARTED


def test_the_light_is_the_one_that_chose_the_reminder(bureau: Bureau) -> None:
    key = an_obligation(bureau, due_on=DUE)

    for day in (date(2026, 3, 2), date(2026, 3, 26), DUE, DAY_AFTER):
        facts = Facts(state=State.ASSIGNED, due_on=DUE)
        light = standing_of(facts, day, bureau.workdays, light_thresholds(bureau)).light
        board = read_board(bureau, by=SYSTEM, today=day)
        assert (board.campaigns[0].light, board.lights[light]) == (light, 1), key
