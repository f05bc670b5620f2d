"""Begin a draft of an edition from a text: uploaded, filled in by hand, last year's rolled, or the one in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendars.roll.rewrite import Rewritten, rewrite
from calendars.writing import heading
from office.actions.draft_texts import LONGEST_TEXT, current_text, refuse_unkept, tidied, unit_book
from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.errors import Refused
from office.store import drafts, history
from office.store.editions import find_edition
from rules.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMade:
    """A draft as saved. `notes` say what was not carried over from last year and what is still open."""

    draft_id: int
    campaign: str
    year: int
    version: int
    notes: tuple[str, ...] = ()


def make_draft(office: Office, text: str, *, by: Actor, now: datetime) -> DraftMade:
    """Keep a text as a draft, however faulty, as long as it says which campaign and year it is for."""
    refuse_unkept(by, writes=True)
    with office.store.writing() as connection:
        return _insert(connection, office, text, by, now)


def derive_draft(
    office: Office, campaign: str, year: int, *, to_year: int, by: Actor, now: datetime
) -> DraftMade:
    """A draft of the edition in force, or, for a later year, what rolling makes of it."""
    refuse_unkept(by, writes=True)
    with office.store.writing() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        book = unit_book(connection, office)
        text = current_text(connection, office, book, stored)
        if to_year == year:
            return _insert(connection, office, text, by, now)
        if to_year < year:
            raise Refused(f"只能从{year}年结转到以后的年份，{to_year}年不行，请改年份。")
        rolled = rewrite(text, stored.value, to_year, book)
        if rolled.text is None:
            raise Refused(f"{one.name}不结转：{one.reason}" for one in rolled.dropped)
        return _insert(connection, office, rolled.text, by, now, notes=_notes(rolled))


def _insert(
    connection: Any, office: Office, text: str, by: Actor, now: datetime, *, notes: tuple[str, ...] = ()
) -> DraftMade:
    text = tidied(text)
    if len(text) > LONGEST_TEXT:
        raise Refused(f"文件有{len(text)}字，超过{LONGEST_TEXT}字，请确认是不是专项行动文件。")
    said = heading(text)
    if not said.campaign or not said.year:
        raise Refused(
            "读不出这是哪个专项行动、哪一年的文件，请检查开头的 campaign（代号）和 year（年份），以及行首缩进。"
        )
    if len(said.campaign) > 64:
        raise Refused("代号（campaign）不能超过64个字，请改短。")
    stored = find_edition(connection, said.campaign, said.year)
    assert by.person_id is not None, "refused above"
    draft_id = drafts.insert_draft(
        connection,
        campaign=said.campaign,
        year=said.year,
        name=(said.name or said.campaign)[:200],
        text=text,
        based_on=stored.content_hash if stored else None,
        by=by.person_id,
        at=now,
    )
    history.append(
        connection,
        at=now,
        by=by,
        verb="draft",
        noun="edition_draft",
        noun_id=draft_id,
        edition_id=stored.id if stored else None,
        detail={"campaign": said.campaign, "year": said.year},
        flow_run_id=office.flow_run_id,
    )
    return DraftMade(draft_id=draft_id, campaign=said.campaign, year=said.year, version=1, notes=notes)


def _notes(rolled: Rewritten) -> tuple[str, ...]:
    opened: dict[str, int] = {}
    for target in rolled.targets:
        opened[target.what] = opened.get(target.what, 0) + 1
    return (
        *(f"{one.name}：{one.reason}" for one in rolled.dropped),
        *(f"目标“{what}”有{count}处待确认，请对照新文件填写。" for what, count in opened.items()),
    )
