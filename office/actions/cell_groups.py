"""The obligations behind a light of a whole campaign or year: found group by group, so that a page costs a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from office.actions.board_sums import Seen
from office.actions.office import Office
from office.actions.overview_sums import Judge, Judged
from office.store import board as stored
from office.store import overview
from office.store.cell_list import Cell
from office.store.engine import Connection


def ids_of(
    office: Office,
    connection: Connection,
    cell: Cell,
    today: date,
    holds: Callable[[Seen], bool],
    *,
    offset: int,
    limit: int,
) -> list[int]:
    """Some ids of the groups that show what is wanted, the earliest date first."""
    editions = overview.editions(connection)
    ids = tuple(
        key
        for key, one in editions.items()
        if cell.edition_id in (None, key) and cell.year in (None, one.year)
    )
    judged = _judged(office, connection, ids, today)
    wanted = sorted(
        (one for one in judged if holds(one.seen)), key=lambda one: (one.fact.due_on, one.fact.edition_id)
    )
    return _take(connection, wanted, today - timedelta(days=1), offset, limit)


def _judged(office: Office, connection: Connection, ids: tuple[int, ...], today: date) -> list[Judged]:
    yesterday = today - timedelta(days=1)
    facts = [
        *overview.unfinished(connection, ids, yesterday=yesterday),
        *overview.finished(connection, ids),
    ]
    points = stored.points(connection, ids)
    judge = Judge(office, points, overview.points_by_date(connection, ids), today)
    return judge.all(facts, stored.paced(connection, ids, yesterday=yesterday))


def _take(
    connection: Connection, wanted: Sequence[Judged], yesterday: date, offset: int, limit: int
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


def _members(connection: Connection, one: Judged, yesterday: date, offset: int, room: int) -> list[int]:
    if one.own is not None:
        assert one.own.obligation_id is not None, "a quota is one obligation"
        return [one.own.obligation_id]
    return overview.member_ids(connection, one.fact, yesterday=yesterday, offset=offset, limit=room)
