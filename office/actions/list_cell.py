"""From a light or a figure to what it is made of: the obligations behind it, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from office.actions.board_sums import Seen
from office.actions.cell_groups import ids_of
from office.actions.day import thresholds
from office.actions.list_obligations import ListedObligation, seen
from office.actions.office import Office
from office.errors import NotFound
from office.store import cell_list, gates, obligation_list
from office.store.cell_list import Cell as Cell
from office.store.cell_list import Marks
from rules.measures import COUNTED, tally
from rules.moves import State
from rules.people import Actor
from rules.sight import sight_of
from rules.standing import Facts, Light, Pace, standing
from rules.workdays import YearUnknown

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPage:
    """One page. `campaign` and `unit` name what was asked about; `more` says that another page follows."""

    campaign: str | None
    unit: str | None
    obligations: tuple[ListedObligation, ...]
    page: int
    more: bool


def list_cell(
    office: Office,
    cell: Cell,
    *,
    by: Actor,
    today: date,
    light: Light | None = None,
    figure: str | None = None,
    page: int = 1,
) -> CellPage:
    """The obligations under one light, or behind one figure of rules.measures.COUNTED, the earliest date first."""
    sight, offset = sight_of(by), (page - 1) * PAGE_SIZE
    with office.store.reading() as connection:
        gates.snapshot(connection)
        campaign, unit = cell_list.names(connection, cell)
        if (cell.edition_id and campaign is None) or (
            cell.unit_id and (unit is None or not sight.sees(cell.unit_id))
        ):
            raise NotFound("没有这项行动或这个单位，请从总览里打开。")
        if cell.unit_id is None and sight.everything:
            holds = _shows(light, figure)
            ids = ids_of(office, connection, cell, today, holds, offset=offset, limit=PAGE_SIZE + 1)
        else:
            wanted = _wanted(office, cell_list.marks(connection, cell, sight), today, light, figure)
            ids = list(islice(wanted, offset, offset + PAGE_SIZE + 1))
        rows = obligation_list.rows_of(connection, ids[:PAGE_SIZE], sight)
    return CellPage(
        campaign=campaign,
        unit=unit,
        obligations=tuple(seen(office, row, today) for row in rows),
        page=page,
        more=len(ids) > PAGE_SIZE,
    )


def _shows(light: Light | None, figure: str | None) -> Callable[[Seen], bool]:
    if figure is not None:
        counted = COUNTED[figure]
        return lambda seen: counted.holds(seen.tally)
    return lambda seen: light is None or seen.light is light


def _wanted(
    office: Office,
    rows: Iterable[tuple[int, Marks]],
    today: date,
    light: Light | None,
    figure: str | None,
) -> Iterator[int]:
    """The ids asked for. Many share their marks, so each set of marks is judged once."""
    known: dict[Marks, bool] = {}
    for obligation_id, marks in rows:
        if marks not in known:
            known[marks] = _fits(office, marks, today, light, figure)
        if known[marks]:
            yield obligation_id


def _fits(office: Office, marks: Marks, today: date, light: Light | None, figure: str | None) -> bool:
    facts = _facts(marks)
    if figure is not None:
        counted = tally(facts, today, late=bool(marks.late), returned=bool(marks.returned))
        return COUNTED[figure].holds(counted)
    return light is None or _light(office, facts, today) is light


def _light(office: Office, facts: Facts, today: date) -> Light:
    try:
        return standing(facts, today, office.workdays, thresholds(office)).light
    except YearUnknown:
        # As on the board: what cannot be decided is shown as grey.
        return Light.GREY


def _facts(marks: Marks) -> Facts:
    pace = None
    if marks.target is not None:
        pace = Pace(target=marks.target, reported=marks.reported, starts_on=marks.starts_on)
    return Facts(state=State(marks.state), due_on=marks.due_on, submitted_on=marks.done_on, pace=pace)
