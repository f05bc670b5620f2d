"""What the ledger knows around a figure that comes in, so that it can be doubted before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from calendars.model import Edition
from duban.bureau import Bureau
from duban.core.access import VisibleUnits
from duban.core.db import Connection
from duban.editions.queries import edition_by_id
from duban.figures.plausibility import FigureAround, figure_doubts
from duban.figures.queries import last_submitted, newest_figures, subjects_of, submitted_figures, target_of
from duban.figures.rules import DONE
from duban.obligations.queries import Obligation


def unit_figures(connection: Connection, edition_id: int, unit_id: int | None) -> dict[str, Decimal]:
    """What is known of a unit, or of the city (None), by key; a figure that was recorded counts before one handed in."""
    sight = VisibleUnits(everything=True) if unit_id is None else VisibleUnits(unit_ids=frozenset({unit_id}))
    handed_in = submitted_figures(connection, edition_id, sight) if unit_id is not None else {}
    known = {key: value for (_, key), value in handed_in.items()}
    recorded = newest_figures(connection, edition_id, sight)
    own = {name: one.value for (unit, name), one in recorded.items() if unit == unit_id}
    return known | {name: value for name, value in own.items() if value is not None}


def figures_in_doubt(
    connection: Connection,
    bureau: Bureau,
    one: Obligation,
    given: Mapping[str, tuple[Decimal, str | None]],
) -> dict[str, tuple[str, ...]]:
    """By key what makes a figure of a submission doubtful: value and unit of measure are given by key."""
    if not given:
        return {}
    edition = edition_by_id(connection, one.edition_id).value
    last = last_submitted(connection, one, sorted(given))
    # Figures of a submission belong together: those of other months are no siblings.
    siblings = {key: value for key, (value, _) in given.items()}
    target, _ = target_of(connection, one.id)
    subjects = subjects_of(connection, one.edition_id, one.unit_id) if one.subject_id == 0 else None
    found = {}
    for key, (value, measure) in given.items():
        around = FigureAround(
            siblings=siblings,
            previous=last.get(key),
            target=target if key == DONE else None,
            subjects=subjects,
            largest=bureau.settings.figure_largest,
        )
        found[key] = tuple(figure_doubts(edition, key, value, measure, around))
    return {key: doubts for key, doubts in found.items() if doubts}


def recorded_in_doubt(
    connection: Connection,
    bureau: Bureau,
    edition_id: int,
    edition: Edition,
    unit_id: int | None,
    figure: tuple[str, Decimal | None, str],
    previous: Decimal | None,
) -> tuple[str, ...]:
    """The same of one figure (key, value, unit of measure) that is recorded for a unit or the city."""
    key, value, measure = figure
    around = FigureAround(
        siblings=unit_figures(connection, edition_id, unit_id),
        previous=previous,
        subjects=subjects_of(connection, edition_id, unit_id),
        largest=bureau.settings.figure_largest,
    )
    return tuple(figure_doubts(edition, key, value, measure, around))


def progress_in_doubt(
    connection: Connection,
    bureau: Bureau,
    one: Obligation,
    figure: tuple[Decimal, str],
    previous: Decimal | None,
) -> tuple[str, ...]:
    """The same of progress (value, unit of measure) towards a target."""
    value, measure = figure
    around = FigureAround(
        siblings=unit_figures(connection, one.edition_id, one.unit_id),
        previous=previous,
        target=target_of(connection, one.id)[0],
        largest=bureau.settings.figure_largest,
    )
    return tuple(figure_doubts(edition_by_id(connection, one.edition_id).value, DONE, value, measure, around))
