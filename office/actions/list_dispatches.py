"""What was sent, to whom, and what the other side answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from office.actions.office import Office
from office.store import dispatch_list
from office.store.dispatch_list import DispatchFilter, ListedDispatch
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatches:
    """The newest messages that the filter finds, and how many of each status there are in all."""

    dispatches: tuple[ListedDispatch, ...]
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def list_dispatches(
    office: Office, wanted: DispatchFilter, *, by: Actor, limit: int, before: int | None = None
) -> Dispatches:
    """At most `limit` rows, the newest first; `before` is the number of the last one of the page before."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        return Dispatches(
            dispatches=dispatch_list.dispatches(connection, wanted, sight, limit=limit, before=before),
            counts=dispatch_list.counts(connection, wanted, sight),
        )
