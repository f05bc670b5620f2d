"""Give one milestone another deadline phrase without writing a file: looked at with all it will do, then done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendars.writing import CannotEdit, with_phrase
from office.actions.apply_edition import Applied, Applying, apply_inside
from office.actions.draft_texts import current_text, read_text, refuse_unkept, sound, unit_book
from office.actions.find_edition import edition_or_refuse
from office.actions.foresee import Foreseen, foresee
from office.actions.office import Office
from office.errors import Changed, Refused
from office.store import drafts
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDate:
    """The milestone, its new phrase and why. `hard_due` None keeps the superior's limit, an empty one takes it out.

    `seen` is the content hash of the edition that was looked at.
    """

    campaign: str
    year: int
    key: str
    due: str
    hard_due: str | None = None
    reason: str = ""
    seen: str | None = None


def foresee_date(office: Office, new: NewDate, *, by: Actor, now: datetime) -> Foreseen[Applied]:
    """What the new date will do: obligations that move, units that are told, reminders on other days."""
    with office.store.writing() as connection:
        found = foresee(
            connection,
            office,
            (new.campaign, new.year),
            lambda: _change(connection, office, new, by, now),
            now=now,
        )
        take_back(connection)
    return found


def change_date(office: Office, new: NewDate, *, by: Actor, now: datetime) -> Applied:
    """The same for good. The edition is the portal's own from then on."""
    if not new.reason.strip():
        raise Refused("改时限要写明原因，单位收到的通知里会写上，请补上。")
    with office.store.writing() as connection:
        return _change(connection, office, new, by, now)


def _change(connection: Any, office: Office, new: NewDate, by: Actor, now: datetime) -> Applied:
    refuse_unkept(by, writes=True)
    stored = edition_or_refuse(connection, new.campaign, new.year)
    if new.seen is not None and new.seen != stored.content_hash:
        raise Changed(
            f"{stored.value.name}{new.year}年在您查看之后已被别人改动，日期没有改，请重新核对后再改。"
        )
    text = _text(connection, office, stored, new)
    book = unit_book(connection, office)
    edition = sound(read_text(office, book, text, stored.value.campaign, new.year), lines=False)
    assert by.person_id is not None, "refused above"
    draft_id = drafts.insert_draft(
        connection,
        campaign=stored.value.campaign,
        year=new.year,
        name=edition.name,
        text=text,
        based_on=stored.content_hash,
        by=by.person_id,
        at=now,
    )
    drafts.save_draft(connection, draft_id, version=1, by=by.person_id, at=now, applied_at=now)
    how = Applying(by=by, now=now, publish=False, own=True, reason=new.reason)
    return apply_inside(connection, office, edition, how)


def _text(connection: Any, office: Office, stored: StoredEdition, new: NewDate) -> str:
    milestone = next((one for one in stored.value.milestones if one.key == new.key), None)
    if milestone is None:
        raise Refused(f"{stored.value.name}{new.year}年没有节点“{new.key}”，请从专项行动页重新进入。")
    if not new.due.strip():
        raise Refused("请写明新的时限，例如“4月10日前”。")
    same_wall = new.hard_due is None or new.hard_due == (milestone.hard_due_phrase or "")
    if new.due.strip() == milestone.due_phrase and same_wall:
        raise Refused(f"时限仍是“{milestone.due_phrase}”，没有改动。")
    before = current_text(connection, office, unit_book(connection, office), stored)
    try:
        return with_phrase(before, new.key, new.due.strip(), new.hard_due)
    except CannotEdit as refusal:
        raise Refused(str(refusal)) from refusal
