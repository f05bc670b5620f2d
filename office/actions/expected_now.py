"""What can be handed in for one obligation right now: enough to read a form by, without the whole page about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from office.actions.office import Office
from office.store import known_figures, obligations
from rules.campaign import EvidenceType, ExpectedEvidence
from rules.known_figures import KnownFigure, known_for
from rules.people import Actor
from rules.reviews import submit_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedNow:
    """`open` is whether state, role and unit allow handing in; `known` figures are by the key of what is expected."""

    obligation_id: int
    expected: tuple[ExpectedEvidence, ...]
    known: Mapping[str, KnownFigure]
    open: bool


def expected_now(office: Office, obligation_id: int, *, by: Actor) -> ExpectedNow:
    """Read it; an obligation that the person may not see is not found."""
    with office.store.reading() as connection:
        one = obligations.load(connection, obligation_id, by=by)
        figures = any(item.type is EvidenceType.FIGURE for item in one.evidence)
        return ExpectedNow(
            obligation_id=one.id,
            expected=one.evidence,
            known=known_for(one.evidence, known_figures.candidates(connection, one)) if figures else {},
            open=not submit_refusals(obligations.matter(connection, one), by),
        )
