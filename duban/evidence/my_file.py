"""One obligation as whoever owes it works on it: what is expected beside what came, what may be done, what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from calendars.model import Quota
from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.db import Connection
from duban.evidence.uploads import UploadStatus, list_uploads
from duban.figures.queries import known_figure_candidates, quota_of
from duban.figures.rules import KnownFigure, known_for, known_progress
from duban.obligations.file import ShownObligation, show_obligation
from duban.obligations.file_queries import EvidenceShown
from duban.obligations.list_queries import ListedObligation, own_by_id
from duban.obligations.lists import for_own_page
from duban.obligations.queries import Obligation, load_obligation
from duban.obligations.rules import submit_refusals
from duban.obligations.states import Transition, transition_refusals
from duban.units.queries import Person, all_people

_MINE = (Transition.ACKNOWLEDGE, Transition.REPORT, Transition.FORWARD, Transition.ASK_EXTENSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFile:
    """`may` are the verbs that state, role and unit allow now; `known` figures are by the key of what is expected."""

    mine: ListedObligation
    shown: ShownObligation
    may: frozenset[Transition]
    colleagues: tuple[Person, ...]
    handler_id: int | None
    backup_id: int | None
    uploads: tuple[UploadStatus, ...]
    known: Mapping[str, KnownFigure]
    quota: Quota | None
    known_progress: KnownFigure | None

    def came(self, key: str) -> tuple[EvidenceShown, ...]:
        """What was handed in under the key so far, the newest first."""
        return tuple(
            item for one in reversed(self.shown.submissions) for item in one.items if item.key == key
        )

    @property
    def besides(self) -> tuple[EvidenceShown, ...]:
        """What was handed in without being on the list."""
        keys = {item.key for item in self.shown.expected}
        return tuple(item for one in self.shown.submissions for item in one.items if item.key not in keys)


def my_obligation(bureau: Bureau, obligation_id: int, *, by: Actor, today: date) -> MyFile:
    """Everything on the page of one obligation; one that the person may not see is not found."""
    shown = show_obligation(bureau, obligation_id, by=by, today=today)
    sent = list_uploads(bureau, obligation_id, by=by)
    with bureau.store.reading() as connection:
        one = load_obligation(connection, obligation_id)
        quota = quota_of(connection, obligation_id)
        candidates = known_figure_candidates(connection, one)
        return MyFile(
            mine=for_own_page(
                bureau, connection, own_by_id(bureau, connection, [obligation_id], today), today
            )[0],
            shown=shown,
            may=_may(one, by),
            colleagues=_colleagues(connection, one),
            handler_id=one.handler_id,
            backup_id=one.backup_id,
            uploads=sent,
            known=known_for(one.evidence, candidates),
            quota=quota,
            known_progress=known_progress(quota, candidates),
        )


def _may(one: Obligation, by: Actor) -> frozenset[Transition]:
    allowed = {verb for verb in _MINE if not transition_refusals(one, verb, by)}
    return frozenset(allowed if submit_refusals(one, by) else allowed | {Transition.SUBMIT})


def _colleagues(connection: Connection, one: Obligation) -> tuple[Person, ...]:
    """Who of the unit can be named as handler or backup."""
    everyone = all_people(connection, unit_id=one.unit_id)
    return tuple(person for person in everyone if person.active and Role.HANDLER in person.roles)
