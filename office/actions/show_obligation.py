"""One obligation with everything: where it comes from, what is expected, what was handed in, decided and sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office.actions.list_obligations import ListedObligation, seen
from office.actions.office import Office
from office.errors import NotFound
from office.store import history, obligation_file, obligation_list
from office.store.history import HistoryEntry
from office.store.obligation_file import ActShown, Origin, ReminderShown, SubmissionShown
from office.store.obligations import expected_evidence, no_such
from rules.campaign import ExpectedEvidence
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownObligation:
    """The whole file of one obligation."""

    obligation: ListedObligation
    origin: Origin
    expected: tuple[ExpectedEvidence, ...]
    submissions: tuple[SubmissionShown, ...]
    reports: tuple[dict[str, object], ...]
    acts: tuple[ActShown, ...]
    reminders: tuple[ReminderShown, ...]
    history: tuple[HistoryEntry, ...]


def show_obligation(office: Office, obligation_id: int, *, by: Actor, today: date) -> ShownObligation:
    """Everything about one obligation as of a day; one that the person may not see is not found."""
    with office.store.reading() as connection:
        listed = obligation_list.row(connection, obligation_id, sight_of(by))
        if listed is None:
            raise NotFound(no_such(obligation_id))
        origin = obligation_file.origin(connection, obligation_id)
        return ShownObligation(
            obligation=seen(office, listed, today),
            origin=origin,
            expected=expected_evidence(origin.body),
            submissions=obligation_file.submissions(connection, obligation_id),
            reports=obligation_file.reports(connection, obligation_id),
            acts=obligation_file.acts(connection, obligation_id),
            reminders=obligation_file.reminders(connection, obligation_id),
            history=history.entries(connection, noun="obligation", noun_id=obligation_id),
        )
