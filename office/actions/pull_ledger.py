"""What another system pulls: editions, their dated points, and the ledger in the order of its numbers. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.list_obligations import ListedObligation, seen
from office.actions.office import Office
from office.errors import NotFound
from office.store import api_readings, history, obligation_list
from office.store.api_readings import EditionRow, PointRow, Wanted
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPull:
    """Some of the ledger. `next_after` is None at its end; `history_id` is the last entry of the history beforehand:
    whoever asks next time what has changed since it misses nothing.
    """

    obligations: tuple[ListedObligation, ...]
    next_after: int | None
    history_id: int


def pull_editions(office: Office, *, by: Actor, year: int | None = None) -> tuple[EditionRow, ...]:
    """Every edition that was ever published, as far as it concerns the person."""
    with office.store.reading() as connection:
        return api_readings.editions(connection, sight_of(by), year=year)


def pull_edition(office: Office, edition_id: int, *, by: Actor) -> EditionRow:
    """One of them. Raises NotFound."""
    with office.store.reading() as connection:
        found = api_readings.editions(connection, sight_of(by), edition_id=edition_id)
    if not found:
        raise NotFound(f"没有编号为 {edition_id} 的专项行动，或与您的单位无关；请先查询专项行动清单。")
    return found[0]


def pull_points(office: Office, edition_id: int, *, by: Actor) -> tuple[PointRow, ...]:
    """The milestones of an edition with their dates."""
    pull_edition(office, edition_id, by=by)
    with office.store.reading() as connection:
        return api_readings.points(connection, edition_id)


def pull_ledger(
    office: Office, wanted: Wanted, *, after: int, limit: int, by: Actor, today: date
) -> LedgerPull:
    """Obligations with numbers after this one, at most so many."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        # Read first, so that what happens meanwhile is asked for again rather than missed.
        head = history.head(connection).entries
        ids = api_readings.obligation_ids(connection, wanted, sight, after=after, limit=limit)
        rows = obligation_list.rows_of(connection, ids, sight) if ids else ()
    ordered = sorted(rows, key=lambda one: one.id)
    return LedgerPull(
        obligations=tuple(seen(office, one, today) for one in ordered),
        next_after=ids[-1] if len(ids) == limit else None,
        history_id=head,
    )
