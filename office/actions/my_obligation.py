"""One obligation as whoever owes it works on it: what is expected beside what came, what may be done, what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from office.actions.list_uploads import list_uploads
from office.actions.my_obligations import MyObligation, mine
from office.actions.office import Office
from office.actions.show_obligation import ShownObligation, show_obligation
from office.actions.uploading import UploadStands
from office.store import figures, known_figures, obligations, own_obligations
from office.store.engine import Connection
from office.store.obligation_file import EvidenceShown
from office.store.obligations import Obligation
from office.store.people import Person, people
from rules.campaign import Quota
from rules.known_figures import KnownFigure, known_for, known_progress
from rules.moves import Verb, refusals
from rules.people import Actor, Role
from rules.reviews import submit_refusals

_MINE = (Verb.ACKNOWLEDGE, Verb.REPORT, Verb.FORWARD, Verb.ASK_EXTENSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFile:
    """`may` are the verbs that state, role and unit allow now; `known` figures are by the key of what is expected."""

    mine: MyObligation
    shown: ShownObligation
    may: frozenset[Verb]
    colleagues: tuple[Person, ...]
    handler_id: int | None
    backup_id: int | None
    uploads: tuple[UploadStands, ...]
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


def my_obligation(office: Office, obligation_id: int, *, by: Actor, today: date) -> MyFile:
    """Everything on the page of one obligation; one that the person may not see is not found."""
    shown = show_obligation(office, obligation_id, by=by, today=today)
    sent = list_uploads(office, obligation_id, by=by)
    with office.store.reading() as connection:
        one = obligations.load(connection, obligation_id)
        row = own_obligations.one(connection, obligation_id)
        assert row is not None, "just shown"
        quota = figures.quota_of(connection, obligation_id)
        candidates = known_figures.candidates(connection, one)
        return MyFile(
            mine=mine(office, connection, (row,), today)[0],
            shown=shown,
            may=_may(connection, one, by),
            colleagues=_colleagues(connection, one),
            handler_id=one.handler_id,
            backup_id=one.backup_id,
            uploads=sent,
            known=known_for(one.evidence, candidates),
            quota=quota,
            known_progress=known_progress(quota, candidates),
        )


def _may(connection: Connection, one: Obligation, by: Actor) -> frozenset[Verb]:
    matter = obligations.matter(connection, one)
    allowed = {verb for verb in _MINE if not refusals(matter, verb, by)}
    return frozenset(allowed if submit_refusals(matter, by) else allowed | {Verb.SUBMIT})


def _colleagues(connection: Connection, one: Obligation) -> tuple[Person, ...]:
    """Who of the unit can be named as handler or backup."""
    everyone = people(connection, unit_id=one.unit_id)
    return tuple(person for person in everyone if person.active and Role.HANDLER in person.roles)
