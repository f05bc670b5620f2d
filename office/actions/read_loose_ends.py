"""What waits for a person before anything can be owed, counted or closed: dates, targets, lists, drafts, notices."""

from __future__ import annotations

from dataclasses import dataclass

from office.actions.office import Office
from office.store import loose_ends as store
from office.store.engine import Connection
from office.store.loose_ends import DraftWaits, EditionWaits, NoticeWaits, OpenTarget, Undated
from rules.people import Actor
from rules.sight import sight_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseEnds:
    """Everything of that kind."""

    undated: tuple[Undated, ...] = ()
    targets: tuple[OpenTarget, ...] = ()
    editions: tuple[EditionWaits, ...] = ()
    drafts: tuple[DraftWaits, ...] = ()
    notices: tuple[NoticeWaits, ...] = ()

    @property
    def count(self) -> int:
        return (
            len(self.undated) + len(self.targets) + len(self.editions) + len(self.drafts) + len(self.notices)
        )


def read_loose_ends(office: Office, *, by: Actor) -> LooseEnds:
    """What the bureau itself has to supply; it is no unit's, so only who sees everything sees it."""
    with office.store.reading() as connection:
        return loose_ends(connection) if sight_of(by).everything else LooseEnds()


def loose_ends(connection: Connection) -> LooseEnds:
    return LooseEnds(
        undated=store.undated(connection),
        targets=store.open_targets(connection),
        editions=store.waiting_editions(connection),
        drafts=store.drafts(connection),
        notices=store.proposed_notices(connection),
    )
