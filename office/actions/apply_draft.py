"""Apply a draft: first looked at with all it will do, then done, both by the same path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from office.actions.apply_edition import Applied, Applying, apply_inside
from office.actions.draft_texts import draft_or_refuse, read_text, refuse_unkept, sound, unit_book
from office.actions.foresee import Foreseen, foresee
from office.actions.office import Office
from office.actions.save_draft import changed, refuse_over
from office.errors import Changed
from office.store import drafts
from office.store.drafts import Draft
from office.store.dry_run import take_back
from office.store.editions import find_edition
from rules.people import Actor


def foresee_draft(
    office: Office,
    draft_id: int,
    *,
    version: int,
    publish: bool = True,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> Foreseen[Applied]:
    """What applying the draft will do. Raises Refused for whatever applying it would be refused for."""
    with office.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        how = Applying(by=by, now=now, publish=publish, own=True, reason=reason)
        found = foresee(
            connection,
            office,
            (draft.campaign, draft.year),
            lambda: _apply(connection, office, draft, how),
            now=now,
        )
        take_back(connection)
    return found


def apply_draft(
    office: Office,
    draft_id: int,
    *,
    version: int,
    publish: bool = True,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> Applied:
    """Bring the ledger to the draft in one transaction; the draft is done with it.

    Refused while the file has faults, when somebody changed the draft, or the edition it was written against.
    """
    with office.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        how = Applying(by=by, now=now, publish=publish, own=True, reason=reason)
        return _apply(connection, office, draft, how)


def _draft(connection: Any, draft_id: int, version: int, by: Actor) -> Draft:
    refuse_unkept(by, writes=True)
    draft = draft_or_refuse(connection, draft_id, by)
    refuse_over(draft)
    if draft.version != version:
        raise Changed(changed(draft))
    stored = find_edition(connection, draft.campaign, draft.year)
    if draft.based_on != (stored.content_hash if stored else None):
        raise Changed(
            f"{draft.name}{draft.year}年在这份草稿起草之后已被改动，照旧稿应用会把那次改动盖掉；"
            "请先在草稿页核对与现行版本的比较，点“已核对”后再应用。"
        )
    return draft


def _apply(connection: Any, office: Office, draft: Draft, how: Applying) -> Applied:
    edition = sound(read_text(office, unit_book(connection, office), draft.text, draft.campaign, draft.year))
    # Marked before the history is written, where every other writer waits.
    assert how.by.person_id is not None, "refused above"
    if not drafts.save_draft(
        connection, draft.id, version=draft.version, by=how.by.person_id, at=how.now, applied_at=how.now
    ):
        raise Changed(changed(draft))
    return apply_inside(connection, office, edition, how)
