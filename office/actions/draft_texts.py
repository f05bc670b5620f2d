"""The texts of editions: read under this bureau's units and workdays, and found again for an edition in force.

Works inside the caller's transaction and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calendars.almanac import almanac_for
from calendars.reader import CalendarFaults, Fault, Unit, UnitBook
from calendars.reader.edition import read_edition_text
from calendars.reader.units import name_key
from calendars.reader.year import CALENDARS, units_of
from calendars.writing import text_of
from office.actions.acting import cleaned
from office.actions.office import Office
from office.errors import NotFound, Refused
from office.store import drafts, units
from office.store.drafts import Draft
from office.store.editions import StoredEdition
from rules.bodies import content_hash
from rules.campaign import Edition
from rules.keeping import keeping_refusals, person_refusals
from rules.people import Actor

LONGEST_TEXT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRead:
    """A text as the reader has it: an edition, or every fault with its line."""

    edition: Edition | None
    faults: tuple[Fault, ...] = ()


def tidied(text: str) -> str:
    """A text as it is kept: one kind of line end, and nothing in it that no file, page or database should carry."""
    return cleaned(text.replace("\r\n", "\n").replace("\r", "\n")) + "\n"


def calendars_root(office: Office) -> Path:
    """Where the campaign files lie: the bureau's own folder, else those shipped."""
    return office.settings.calendars or CALENDARS


def unit_book(connection: Any, office: Office) -> UnitBook:
    """The units of the calendars, and those that are only in this bureau's register."""
    book = units_of(calendars_root(office))
    more = tuple(
        Unit(code=one.code, name=one.name, kind=one.kind)
        for one in units.all_units(connection)
        if one.active and book.find(one.name) is None
    )
    added = {name_key(name): one for one in more for name in (one.code, one.name)}
    return UnitBook(units=(*book.units, *more), groups=book.groups, by_key={**added, **book.by_key})


def read_text(office: Office, book: UnitBook, text: str, campaign: str, year: int) -> TextRead:
    """The text of one campaign's file, read as the year's files are."""
    path = Path(str(year)) / f"{campaign}.yaml"
    try:
        edition = read_edition_text(text, path, units=book, almanac=almanac_for(), workdays=office.workdays)
    except CalendarFaults as refusal:
        return TextRead(edition=None, faults=refusal.faults)
    return TextRead(edition=edition)


def sound(read: TextRead, *, lines: bool = True) -> Edition:
    """The edition. Raises Refused with every fault, with its line where somebody sees the text."""
    if read.edition is None:
        raise Refused(
            f"第{fault.line}行：{fault.message}" if lines else fault.message for fault in read.faults
        )
    return read.edition


def current_text(connection: Any, office: Office, book: UnitBook, stored: StoredEdition) -> str:
    """The text of an edition in force: as it was kept, with its comments, where that still says the same."""
    campaign, year = stored.value.campaign, stored.value.year
    kept = drafts.last_applied(connection, campaign, year)
    file = calendars_root(office) / str(year) / f"{campaign}.yaml"
    texts = [kept.text] if kept else []
    if file.is_file():
        texts.append(file.read_text(encoding="utf-8-sig", errors="replace"))
    for text in texts:
        read = read_text(office, book, text, campaign, year).edition
        if read is not None and content_hash(read) == stored.content_hash:
            return text
    return text_of(stored.value)


def draft_or_refuse(connection: Any, draft_id: int, by: Actor) -> Draft:
    """The draft, for those who keep the calendars."""
    refuse_unkept(by)
    found = drafts.find_draft(connection, draft_id)
    if found is None:
        raise NotFound(f"没有编号为{draft_id}的草稿，请在专项行动页查看在写的草稿。")
    return found


def refuse_unkept(by: Actor, *, writes: bool = False) -> None:
    """Drafts are the coordinators' desk: nobody else reads them, and what is written bears a name."""
    reasons = keeping_refusals(by, "编制专项行动")
    if writes:
        reasons += person_refusals(by, "专项行动草稿")
    if reasons:
        raise Refused(reasons)
