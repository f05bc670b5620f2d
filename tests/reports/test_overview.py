"""The leader's page says what the board says, whatever way it asks, and leaves years that are over alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.lights import Light
from duban.obligations.tables import obligation
from duban.reports.board import UNIT_PAGE, LightSum, Overview, read_board, read_overview
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation
from tests.reports.test_board import _days, _fill, _rows

DUE = date(2026, 3, 31)
DAY_AFTER = date(2026, 4, 1)
LEADER = Actor(name="周局长", person_id=9, roles=frozenset({Role.LEADER}))


def change(bureau: Bureau, key: int, **columns: Any) -> int:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == key).values(**columns))
    return key


def test_the_page_shows_districts_then_the_worst_and_sums_the_others(either_bureau: Bureau) -> None:
    signs = an_edition(either_bureau)
    point = a_point(either_bureau, signs, due_on=DUE)
    district = a_unit(either_bureau, "天宁区民政局")
    change(
        either_bureau,
        an_obligation(either_bureau, edition_id=signs, point=point, unit_id=district, state="closed"),
        submitted_on=DUE,
        closed_on=DUE,
    )
    towns = [a_unit(either_bureau, f"第{n}街道", kind="town", address=None) for n in range(UNIT_PAGE + 2)]
    for town in towns:
        an_obligation(either_bureau, edition_id=signs, point=point, unit_id=town)
    worst = towns[-1]
    an_obligation(either_bureau, edition_id=signs, due_on=date(2026, 3, 27), unit_id=worst)

    page = read_overview(either_bureau, by=LEADER, today=DAY_AFTER)

    assert [one.unit_id for one in page.units[:3]] == [district, worst, towns[0]]
    assert (len(page.units), page.unit_total, page.rest_total) == (UNIT_PAGE, UNIT_PAGE + 3, 3)
    (row,) = page.rows
    assert [cell.light for cell in row.cells[:2] if cell] == [Light.GREEN, Light.RED]
    assert row.rest is not None and row.rest.lights[Light.RED] == 3
    second = read_overview(either_bureau, by=LEADER, today=DAY_AFTER, page=2)
    assert [one.unit_id for one in second.units] == towns[UNIT_PAGE - 2 : -1]
    assert page.pages == second.pages == 2
    assert second.lights == page.lights


def test_a_year_that_is_over_shows_only_what_it_left_open(either_bureau: Bureau) -> None:
    old = an_edition(either_bureau, "old", year=2025, name="旧年走访")
    point = a_point(either_bureau, old, due_on=date(2025, 12, 31))
    for n, state in enumerate(("closed", "waived", "assigned", "submitted")):
        key = an_obligation(
            either_bureau,
            edition_id=old,
            point=point,
            unit_id=a_unit(either_bureau, f"第{n}街道"),
            state=state,
            due_on=date(2025, 12, 31),
        )
        if state in ("closed", "submitted"):
            change(either_bureau, key, submitted_on=date(2025, 12, 30))
    an_obligation(either_bureau, edition_id=an_edition(either_bureau), due_on=DUE)

    page = read_overview(either_bureau, by=LEADER, today=DAY_AFTER)

    assert (page.year, page.years) == (2026, (2026, 2025))
    assert page.obligations == 1
    ((year, lights),) = [(one.year, one.lights) for one in page.left]
    assert year == 2025
    assert (lights[Light.RED], lights[Light.GREEN], lights[Light.GREY]) == (1, 1, 0)
    past = read_overview(either_bureau, by=LEADER, today=DAY_AFTER, year=2025)
    assert past.obligations == 4
    assert past.left == ()


def test_a_handler_sees_his_own_units_figures_and_a_stranger_none(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    point = a_point(either_bureau, edition, due_on=DUE)
    own, other = a_unit(either_bureau, "天宁区民政局"), a_unit(either_bureau, "金坛区民政局")
    for unit in (own, other):
        an_obligation(either_bureau, edition_id=edition, point=point, unit_id=unit)
    handler = a_person(either_bureau, "王科长", own, Role.HANDLER)
    stranger = a_person(either_bureau, "赵某", other)

    seen = read_overview(either_bureau, by=handler, today=DAY_AFTER)
    nothing = read_overview(either_bureau, by=stranger, today=DAY_AFTER)

    assert (seen.obligations, [one.unit_id for one in seen.units]) == (1, [own])
    assert [one.unit for one in seen.turned_red] == ["天宁区民政局"]
    assert (nothing.obligations, nothing.units, nothing.turned_red) == (0, (), ())


def test_the_trend_ends_at_the_rate_beside_it(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    point = a_point(bureau, edition, due_on=DUE)
    for n, (submitted, late) in enumerate(((DUE, 0), (DAY_AFTER, 1), (None, 0))):
        key = an_obligation(bureau, edition_id=edition, point=point, unit_id=a_unit(bureau, f"第{n}街道"))
        if submitted:
            change(bureau, key, state="closed", submitted_on=submitted, closed_on=date(2026, 4, 9), late=late)

    page = read_overview(bureau, by=LEADER, today=date(2026, 4, 15))

    by_day = {point.on: (point.due, point.done, point.in_time) for point in page.trend}
    assert by_day[date(2026, 3, 29)] == (0, 0, 0)
    assert by_day[date(2026, 4, 5)] == (3, 0, 0)
    assert by_day[date(2026, 4, 12)] == by_day[date(2026, 4, 15)] == (3, 2, 1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, today=_days)
def test_the_leaders_page_and_the_board_never_differ(bureau, rows, today) -> None:
    _fill(bureau, rows)

    page = read_overview(bureau, by=SYSTEM, today=today)
    board = read_board(bureau, by=SYSTEM, today=today, cells=10)

    assert page.lights == board.lights
    assert page.rates == board.rates
    assert page.provisional == board.provisional
    assert page.turned_red_total == board.turned_red_total
    assert {one.obligation_id for one in page.turned_red} == {one.obligation_id for one in board.turned_red}
    lines = {line.edition_id: line for line in board.campaigns}
    for row in page.rows:
        line = lines[row.edition_id]
        assert (row.lights, row.rates) == (line.lights, line.rates)
        assert _cells(page, row.cells) == {cell.unit_id: (cell.lights, cell.rates) for cell in line.cells}
        assert row.rest is None
    assert page.unit_total == len(page.units) == len({row["unit"] for row in rows})
    due = {rate.key: (rate.part, rate.whole) for rate in page.rates}
    assert (page.trend[-1].done, page.trend[-1].due) == due["done"]
    assert page.trend[-1].in_time == due["in_time"][0]


def _cells(page: Overview, cells: tuple[LightSum | None, ...]) -> dict[int, object]:
    return {
        unit.unit_id: (cell.lights, cell.rates)
        for unit, cell in zip(page.units, cells, strict=True)
        if cell is not None
    }


def test_quotas_behind_the_calendar_count_among_the_red_of_their_unit(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau, "home_care_beds", kind="quota", name="家庭养老床位")
    point = a_point(either_bureau, edition, due_on=date(2026, 12, 31), starts_on=date(2026, 1, 1))
    towns = [a_unit(either_bureau, f"第{n}街道", kind="town") for n in range(3)]
    for town in towns:
        an_obligation(
            either_bureau,
            edition_id=edition,
            point=point,
            unit_id=town,
            due_on=date(2026, 12, 31),
            target=Decimal(100) if town == towns[2] else None,
        )

    page = read_overview(either_bureau, by=LEADER, today=date(2026, 6, 30))

    assert [one.unit_id for one in page.units] == [towns[2], towns[0], towns[1]]
    assert [stand.light for stand in page.units] == [Light.RED, Light.GREEN, Light.GREEN]


def test_the_newest_published_year_up_to_the_day_is_shown(bureau: Bureau) -> None:
    for year in (2025, 2026, 2027):
        an_obligation(
            bureau,
            edition_id=an_edition(bureau, f"c{year}", year=year),
            due_on=date(2026, 1, 1) + timedelta(days=365 * (year - 2026)),
        )

    assert read_overview(bureau, by=LEADER, today=date(2026, 12, 30)).year == 2026
    assert read_overview(bureau, by=LEADER, today=date(2028, 1, 3)).year == 2027
