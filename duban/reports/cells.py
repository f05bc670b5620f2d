"""The obligations behind a light of a whole campaign or year: found group by group, so that a page costs a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from sqlalchemy import Connection

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.core.lights import Light
from duban.figures.measures import COUNTED, rate_tally
from duban.obligations.lights import Facts, Pace, standing_of
from duban.obligations.list_queries import obligation_rows_by_id
from duban.obligations.lists import ListedObligation, classified
from duban.obligations.states import State
from duban.reports.board import ClassifiedGroup
from duban.reports.board_queries import (
    CellFilter,
    CellMarks,
    board_points,
    cell_marks,
    cell_names,
    finished_groups,
    group_member_ids,
    overview_editions,
    paced_obligations,
    points_by_date,
    unfinished_groups,
)
from duban.reports.overview import ClassifiedRow, OverviewClassifier
from duban.rounds.gate_queries import gate_snapshot


def drill_down_ids(
    bureau: Bureau,
    connection: Connection,
    cell: CellFilter,
    today: date,
    holds: Callable[[ClassifiedGroup], bool],
    *,
    offset: int,
    limit: int,
) -> list[int]:
    """Some ids of the groups that show what is wanted, the earliest date first."""
    editions = overview_editions(connection)
    ids = tuple(
        key
        for key, one in editions.items()
        if cell.edition_id in (None, key) and cell.year in (None, one.year)
    )
    judged = _judged(bureau, connection, ids, today)
    wanted = sorted(
        (one for one in judged if holds(one.seen)), key=lambda one: (one.fact.due_on, one.fact.edition_id)
    )
    return _take(connection, wanted, today - timedelta(days=1), offset, limit)


def _judged(bureau: Bureau, connection: Connection, ids: tuple[int, ...], today: date) -> list[ClassifiedRow]:
    yesterday = today - timedelta(days=1)
    facts = [
        *unfinished_groups(connection, ids, yesterday=yesterday),
        *finished_groups(connection, ids),
    ]
    points = board_points(connection, ids)
    judge = OverviewClassifier(bureau, points, points_by_date(connection, ids), today)
    return judge.all(facts, paced_obligations(connection, ids, yesterday=yesterday))


def _take(
    connection: Connection, wanted: Sequence[ClassifiedRow], yesterday: date, offset: int, limit: int
) -> list[int]:
    taken: list[int] = []
    for one in wanted:
        if offset >= one.fact.obligations:
            offset -= one.fact.obligations
            continue
        room = limit - len(taken)
        if room <= 0:
            break
        taken += _members(connection, one, yesterday, offset, room)
        offset = 0
    return taken


def _members(
    connection: Connection, one: ClassifiedRow, yesterday: date, offset: int, room: int
) -> list[int]:
    if one.own is not None:
        assert one.own.obligation_id is not None, "a quota is one obligation"
        return [one.own.obligation_id]
    return group_member_ids(connection, one.fact, yesterday=yesterday, offset=offset, limit=room)


PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPage:
    """One page. `campaign` and `unit` name what was asked about; `more` says that another page follows."""

    campaign: str | None
    unit: str | None
    obligations: tuple[ListedObligation, ...]
    page: int
    more: bool


def drill_down(
    bureau: Bureau,
    cell: CellFilter,
    *,
    by: Actor,
    today: date,
    light: Light | None = None,
    figure: str | None = None,
    page: int = 1,
) -> CellPage:
    """The obligations under one light, or behind one figure of duban.figures.measures.COUNTED, the earliest date first."""
    sight, offset = visible_units(by), (page - 1) * PAGE_SIZE
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        campaign, unit = cell_names(connection, cell)
        if (cell.edition_id and campaign is None) or (
            cell.unit_id and (unit is None or not sight.sees(cell.unit_id))
        ):
            raise NotFound("没有这项行动或这个单位，请从总览里打开。")
        if cell.unit_id is None and sight.everything:
            holds = _shows(light, figure)
            ids = drill_down_ids(bureau, connection, cell, today, holds, offset=offset, limit=PAGE_SIZE + 1)
        else:
            wanted = _wanted(bureau, cell_marks(connection, cell, sight), today, light, figure)
            ids = list(islice(wanted, offset, offset + PAGE_SIZE + 1))
        rows = obligation_rows_by_id(connection, ids[:PAGE_SIZE], sight)
    return CellPage(
        campaign=campaign,
        unit=unit,
        obligations=tuple(classified(bureau, row, today) for row in rows),
        page=page,
        more=len(ids) > PAGE_SIZE,
    )


def _shows(light: Light | None, figure: str | None) -> Callable[[ClassifiedGroup], bool]:
    if figure is not None:
        counted = COUNTED[figure]
        return lambda seen: counted.holds(seen.tally)
    return lambda seen: light is None or seen.light is light


def _wanted(
    bureau: Bureau,
    rows: Iterable[tuple[int, CellMarks]],
    today: date,
    light: Light | None,
    figure: str | None,
) -> Iterator[int]:
    """The ids asked for. Many share their marks, so each set of marks is judged once."""
    known: dict[CellMarks, bool] = {}
    for obligation_id, marks in rows:
        if marks not in known:
            known[marks] = _fits(bureau, marks, today, light, figure)
        if known[marks]:
            yield obligation_id


def _fits(bureau: Bureau, marks: CellMarks, today: date, light: Light | None, figure: str | None) -> bool:
    facts = _facts(marks)
    if figure is not None:
        counted = rate_tally(facts, today, late=bool(marks.late), returned=bool(marks.returned))
        return COUNTED[figure].holds(counted)
    return light is None or _light(bureau, facts, today) is light


def _light(bureau: Bureau, facts: Facts, today: date) -> Light:
    try:
        return standing_of(facts, today, bureau.workdays, light_thresholds(bureau)).light
    except YearUnknown:
        # As on the board: what cannot be decided is shown as grey.
        return Light.GREY


def _facts(marks: CellMarks) -> Facts:
    pace = None
    if marks.target is not None:
        pace = Pace(target=marks.target, reported=marks.reported, starts_on=marks.starts_on)
    return Facts(state=State(marks.state), due_on=marks.due_on, submitted_on=marks.done_on, pace=pace)
