"""One obligation as whoever owes it works on it: what is expected beside what came, what may be done, what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.db import Connection
from duban.figures.queries import known_figure_candidates, quota_of
from duban.figures.rules import known_for, known_progress
from duban.obligations.file import ObligationFile, show_obligation
from duban.obligations.lists import for_own_page
from duban.obligations.queries import Obligation, load_obligation
from duban.units.queries import Person, all_people


def my_obligation(bureau: Bureau, obligation_id: int, *, by: Actor, today: date) -> ObligationFile:
    """The file with what its unit's own page says besides; one that the person may not see is not found."""
    shown = show_obligation(bureau, obligation_id, by=by, today=today)
    with bureau.store.reading() as connection:
        one = load_obligation(connection, obligation_id)
        quota = quota_of(connection, obligation_id)
        candidates = known_figure_candidates(connection, one)
        [file] = for_own_page(bureau, connection, (shown,), today)
        return replace(
            file,
            colleagues=_colleagues(connection, one),
            quota=quota,
            known=known_for(one.evidence, candidates),
            known_progress=known_progress(quota, candidates),
        )


def _colleagues(connection: Connection, one: Obligation) -> tuple[Person, ...]:
    """Who of the unit can be named as handler or backup."""
    everyone = all_people(connection, unit_id=one.unit_id)
    return tuple(person for person in everyone if person.active and Role.HANDLER in person.roles)
