"""A draft on the coordinator's desk: its text, every fault with its line, and what it changes. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from calendars.reader import Fault
from calendars.reader.diff import diff_editions
from office.actions.draft_texts import draft_or_refuse, read_text, refuse_unkept, unit_book
from office.actions.office import Office
from office.store import drafts
from office.store.drafts import Draft
from office.store.editions import find_edition
from rules.campaign import Edition
from rules.checks import SumVerdict, sum_findings
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """One draft in a list."""

    id: int
    campaign: str
    year: int
    name: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftShown:
    """One draft. `edition` is None exactly when there are faults.

    `changes` are against `against` (the edition in force, or last year's); `seen` is the content hash in force, ""
    for none; `stale` when the edition was changed after the draft was begun.
    """

    draft: Draft
    edition: Edition | None
    faults: tuple[Fault, ...]
    sums: tuple[str, ...]
    changes: tuple[str, ...]
    against: str | None
    seen: str
    state: str | None
    stale: bool


def list_drafts(office: Office, *, by: Actor, year: int | None = None) -> tuple[DraftLine, ...]:
    """What is being written, the newest first."""
    refuse_unkept(by)
    with office.store.reading() as connection:
        found = drafts.open_drafts(connection, year=year)
    return tuple(
        DraftLine(
            id=one.id,
            campaign=one.campaign,
            year=one.year,
            name=one.name,
            changed_by=one.changed_by,
            changed_at=one.changed_at,
        )
        for one in found
    )


def show_draft(office: Office, draft_id: int, *, by: Actor) -> DraftShown:
    """The draft as it reads now."""
    with office.store.reading() as connection:
        draft = draft_or_refuse(connection, draft_id, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        before = stored or find_edition(connection, draft.campaign, draft.year - 1)
        read = read_text(office, unit_book(connection, office), draft.text, draft.campaign, draft.year)
    compared = before.value if before else None
    return DraftShown(
        draft=draft,
        edition=read.edition,
        faults=read.faults,
        sums=_sums(read.edition),
        changes=_changes(compared, read.edition),
        against=f"{compared.name}{compared.year}年" if compared else None,
        seen=stored.content_hash if stored else "",
        state=stored.state if stored else None,
        stale=draft.open and (stored.content_hash if stored else None) != draft.based_on,
    )


def _sums(edition: Edition | None) -> tuple[str, ...]:
    found = sum_findings(edition) if edition else ()
    return tuple(one.sentence for one in found if one.verdict is SumVerdict.DIFFERS)


def _changes(before: Edition | None, after: Edition | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    return tuple(one.text for one in diff_editions(before, after))
