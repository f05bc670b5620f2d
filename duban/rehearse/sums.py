"""Sums counted again from plain rows: what a gate found, what the board's rates are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, time

from calendars.model import CampaignKind
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.lights import LIGHT_WORDS, Light
from duban.figures.measures import RateTally
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import list_obligations
from duban.obligations.states import DONE, NOT_STARTED, OUT, State
from duban.rehearse.lights import count_lights
from duban.rehearse.queries import GatePoint, Standing, gate_points, light_rows, standings
from duban.rehearse.world import World

DAYS_IN_WEEK = 7


def gates_differ(world: World, day: date) -> Iterator[str]:
    """3 and 13: once the day's round was held no gate is left open whose date is over, and each result is exact."""
    with world.calm.store.reading() as connection:
        points = gate_points(connection, since=clock.at(day, time.min))
        fresh = [one for one in points if one.closed_at]
        rows = standings(connection, [one.id for one in fresh]) if fresh else []
    for one in points:
        if one.closed_at is None and one.due_on < day:
            yield f"3 {day} “{one.title}”的关口{one.due_on}到期，没有关"
        elif one.closed_at and day < one.due_on:
            yield f"3 {day} “{one.title}”的关口早于{one.due_on}关"
    for one in fresh:
        yield from _gate_differs(one, [row for row in rows if row.point_id == one.id], day)


def _gate_differs(one: GatePoint, rows: Sequence[Standing], day: date) -> Iterator[str]:
    """What a gate found. A quota's is judged by its figures, which other rules hold."""
    assert one.result is not None, "a closed gate has its result"
    if one.kind == CampaignKind.QUOTA:
        return
    finished = DONE | ({State.ACCEPTED} if one.kind == CampaignKind.FILING else frozenset())
    plain: Counter[str] = Counter()
    for row in rows:
        state = State(row.state)
        if state in OUT or state in NOT_STARTED:
            plain["out"] += row.obligations
        elif state in finished:
            plain["done"] += row.obligations
            plain["done_in_time"] += row.obligations * _in_time(row)
        else:
            plain["open" if row.due_on <= day else "not_due"] += row.obligations
    plain["owed"] = plain["done"] + plain["open"]
    if day == one.due_on and plain["open"] + plain["not_due"]:
        yield f"3 {day} “{one.title}”的关口当天就关，还有{plain['open']}项未办"
    for name in ("owed", "done", "done_in_time", "open", "not_due", "out"):
        if one.result[name] != plain[name]:
            yield f"13 {day} “{one.title}”的关口：{name}记为{one.result[name]}，重算{plain[name]}"
    if len(one.result["missing"]) != plain["open"]:
        yield f"13 {day} “{one.title}”的关口：未完成名单{len(one.result['missing'])}项，重算{plain['open']}"


def _in_time(row: Standing) -> bool:
    done_on = row.submitted_on or row.closed_on
    return not row.late and done_on is not None and done_on <= row.due_on


def board_differs(world: World, day: date) -> Iterator[str]:
    """8 and 13: the board's lights and rates, and early in a month the list's lights, against plain rows."""
    # Only whoever plays a year waits for the tables.
    from duban.reports.board import read_board

    board, plain = read_board(world.calm, by=SYSTEM, today=day), lights_on(world, day)
    listed = plain
    if day.day <= DAYS_IN_WEEK:
        wanted = ObligationFilter()
        every = list_obligations(world.calm, wanted, today=day, by=SYSTEM, page_size=1_000_000).obligations
        listed = Counter(one.standing.light for one in every)
    for light in Light:
        shown = board.lights.get(light, 0)
        if not shown == listed[light] == plain[light]:
            yield f"8 {day} {LIGHT_WORDS[light]}：灯表{shown}项，列表{listed[light]}项，重算{plain[light]}项"
    with world.calm.store.reading() as connection:
        tally = _tally(standings(connection), day)
    for name in (one.name for one in fields(RateTally)):
        if getattr(board.tally, name) != tally[name]:
            yield f"13 {day} {name}：灯表{getattr(board.tally, name)}项，重算{tally[name]}项"


def lights_on(world: World, day: date) -> Counter[Light]:
    """How many obligations are under each light, worked out again from plain rows."""
    with world.calm.store.reading() as connection:
        return count_lights(light_rows(connection), day, world.walk, world.calm.settings)


def _tally(rows: Sequence[Standing], day: date) -> Counter[str]:
    """What the rates count: only what is in force, and what had to be done by the day."""
    found: Counter[str] = Counter()
    for row in rows:
        state, number = State(row.state), row.obligations
        if state in OUT or state in NOT_STARTED:
            found["out"] += number
            continue
        done, due = state in DONE, row.due_on <= day
        found["owed"] += number
        found["due"] += number * due
        found["done"] += number * done
        found["done_due"] += number * (done and due)
        found["done_in_time"] += number * (done and due and _in_time(row))
        found["done_at_first"] += number * (done and not row.returned)
        found["taken_up"] += number * (state is not State.ASSIGNED)
    return found
