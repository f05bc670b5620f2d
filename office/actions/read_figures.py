"""The figures of an edition as a page shows them: indicators, what was reported, what may be reported, what does not agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from office.actions.compute_indicators import Indicators, check_figures, compute_indicators, list_figures
from office.actions.office import Office
from office.errors import NotFound
from office.store import api_readings, editions, figures
from office.store.api_readings import EditionRow
from office.store.figures import ReportedFigure
from rules.indicators import titles
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePage:
    """One edition's figures. `titles` are the names that may be reported, by the name they are kept under; `warnings`
    are sentences, each with the next step.
    """

    edition: EditionRow
    indicators: Indicators
    reported: tuple[tuple[str, ReportedFigure], ...]
    titles: Mapping[str, str]
    warnings: tuple[str, ...]


def list_measured(office: Office, *, by: Actor) -> tuple[EditionRow, ...]:
    """The editions that have indicators or figures, as far as they concern the person."""
    with office.store.reading() as connection:
        wanted = figures.measured(connection)
        found = api_readings.editions(connection, sight_of(by))
    return tuple(one for one in found if one.id in wanted)


def read_figures(office: Office, edition_id: int, *, by: Actor) -> FigurePage:
    """Everything about one edition's figures. Raises NotFound."""
    edition = next((one for one in list_measured(office, by=by) if one.id == edition_id), None)
    if edition is None:
        raise NotFound("这个专项行动没有指标，或与您的单位无关，请从数据的清单里选择。")
    key = (edition.campaign, edition.year)
    with office.store.reading() as connection:
        stored = editions.edition_by_id(connection, edition_id)
    assert stored is not None, "just listed"
    return FigurePage(
        edition=edition,
        indicators=compute_indicators(office, *key, by=by),
        reported=list_figures(office, *key, by=by),
        titles=titles(stored.value),
        warnings=check_figures(office, *key, by=by),
    )
