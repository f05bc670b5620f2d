"""The texts of editions: read under this bureau's units and workdays, and found again for an edition in force.

Works inside the caller's transaction and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import CALENDARS, read_edition_text, units_of
from calendars.reader.diff import diff_editions
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.units import Unit, UnitBook, name_key
from calendars.roll import Rewritten, rewrite
from calendars.serialization import content_hash
from calendars.writing import heading, text_of
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import rollback_dry_run
from duban.core.errors import Changed, NotFound, Refused
from duban.core.text import cleaned
from duban.editions.apply import Applied, Applying, apply_inside
from duban.editions.find import edition_or_refuse
from duban.editions.forecast import Impact, forecast_impact
from duban.editions.queries import (
    Draft,
    StoredEdition,
    find_draft,
    find_edition,
    insert_draft,
    last_applied,
    open_drafts,
    update_draft,
)
from duban.figures.rules import SumVerdict, sum_findings
from duban.history.queries import append_entry
from duban.units.queries import all_units
from duban.units.rules import keeping_refusals, person_refusals

LONGEST_TEXT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRead:
    """A text as the reader has it: an edition, or every fault with its line."""

    edition: Edition | None
    faults: tuple[Fault, ...] = ()


def tidied_text(text: str) -> str:
    """A text as it is kept: one kind of line end, and nothing in it that no file, page or database should carry."""
    return cleaned(text.replace("\r\n", "\n").replace("\r", "\n")) + "\n"


def calendars_root(bureau: Bureau) -> Path:
    """Where the campaign files lie: the bureau's own folder, else those shipped."""
    return bureau.settings.calendars or CALENDARS


def unit_book(connection: Any, bureau: Bureau) -> UnitBook:
    """The units of the calendars, and those that are only in this bureau's register."""
    book = units_of(calendars_root(bureau))
    more = tuple(
        Unit(code=one.code, name=one.name, kind=one.kind)
        for one in all_units(connection)
        if one.active and book.find(one.name) is None
    )
    added = {name_key(name): one for one in more for name in (one.code, one.name)}
    return UnitBook(units=(*book.units, *more), groups=book.groups, by_key={**added, **book.by_key})


def read_text(bureau: Bureau, book: UnitBook, text: str, campaign: str, year: int) -> TextRead:
    """The text of one campaign's file, read as the year's files are."""
    path = Path(str(year)) / f"{campaign}.yaml"
    try:
        edition = read_edition_text(text, path, units=book, almanac=almanac_for(), workdays=bureau.workdays)
    except CalendarFaults as refusal:
        return TextRead(edition=None, faults=refusal.faults)
    return TextRead(edition=edition)


def edition_of_text(read: TextRead, *, lines: bool = True) -> Edition:
    """The edition. Raises Refused with every fault, with its line where somebody sees the text."""
    if read.edition is None:
        raise Refused(
            f"第{fault.line}行：{fault.message}" if lines else fault.message for fault in read.faults
        )
    return read.edition


def current_text(connection: Any, bureau: Bureau, book: UnitBook, stored: StoredEdition) -> str:
    """The text of an edition in force: as it was kept, with its comments, where that still says the same."""
    campaign, year = stored.value.campaign, stored.value.year
    kept = last_applied(connection, campaign, year)
    file = calendars_root(bureau) / str(year) / f"{campaign}.yaml"
    texts = [kept.text] if kept else []
    if file.is_file():
        texts.append(file.read_text(encoding="utf-8-sig", errors="replace"))
    for text in texts:
        read = read_text(bureau, book, text, campaign, year).edition
        if read is not None and content_hash(read) == stored.content_hash:
            return text
    return text_of(stored.value)


def draft_or_refuse(connection: Any, draft_id: int, by: Actor) -> Draft:
    """The draft, for those who keep the calendars."""
    refuse_unkept(by)
    found = find_draft(connection, draft_id)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMade:
    """A draft as saved. `notes` say what was not carried over from last year and what is still open."""

    draft_id: int
    campaign: str
    year: int
    version: int
    notes: tuple[str, ...] = ()


def make_draft(bureau: Bureau, text: str, *, by: Actor, now: datetime) -> DraftMade:
    """Keep a text as a draft, however faulty, as long as it says which campaign and year it is for."""
    refuse_unkept(by, writes=True)
    with bureau.store.writing() as connection:
        return _insert(connection, bureau, text, by, now)


def derive_draft(
    bureau: Bureau, campaign: str, year: int, *, to_year: int, by: Actor, now: datetime
) -> DraftMade:
    """A draft of the edition in force, or, for a later year, what rolling makes of it."""
    refuse_unkept(by, writes=True)
    with bureau.store.writing() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        book = unit_book(connection, bureau)
        text = current_text(connection, bureau, book, stored)
        if to_year == year:
            return _insert(connection, bureau, text, by, now)
        if to_year < year:
            raise Refused(f"只能从{year}年结转到以后的年份，{to_year}年不行，请改年份。")
        rolled = rewrite(text, stored.value, to_year, book)
        if rolled.text is None:
            raise Refused(f"{one.name}不结转：{one.reason}" for one in rolled.dropped)
        return _insert(connection, bureau, rolled.text, by, now, notes=_notes(rolled))


def _insert(
    connection: Any, bureau: Bureau, text: str, by: Actor, now: datetime, *, notes: tuple[str, ...] = ()
) -> DraftMade:
    text = tidied_text(text)
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
    draft_id = insert_draft(
        connection,
        campaign=said.campaign,
        year=said.year,
        name=(said.name or said.campaign)[:200],
        text=text,
        based_on=stored.content_hash if stored else None,
        by=by.person_id,
        at=now,
    )
    append_entry(
        connection,
        at=now,
        by=by,
        verb="draft",
        noun="edition_draft",
        noun_id=draft_id,
        edition_id=stored.id if stored else None,
        detail={"campaign": said.campaign, "year": said.year},
        flow_run_id=bureau.flow_run_id,
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


def save_draft(
    bureau: Bureau, draft_id: int, text: str, *, version: int, by: Actor, now: datetime
) -> DraftMade:
    """Keep a new text. What campaign and year it is for stays what it was."""
    with bureau.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        text = tidied_text(text)
        said = heading(text)
        if len(text) > LONGEST_TEXT:
            raise Refused(f"文件有{len(text)}字，超过{LONGEST_TEXT}字，请确认是不是专项行动文件。")
        if (said.campaign or draft.campaign, said.year or draft.year) != (draft.campaign, draft.year):
            raise Refused(
                f"这份草稿是{draft.campaign} {draft.year}年的，不能改成{said.campaign} {said.year}年；"
                "要做另一个专项行动，请另起草稿。"
            )
        values: dict[str, object] = {"text": text, "name": (said.name or draft.name)[:200]}
        return _save(connection, bureau, draft, "save", by, now, values)


def drop_draft(bureau: Bureau, draft_id: int, *, version: int, by: Actor, now: datetime) -> DraftMade:
    """Put a draft away; it stays for history."""
    with bureau.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        return _save(connection, bureau, draft, "drop", by, now, {"dropped_at": now})


def rebase_draft(
    bureau: Bureau, draft_id: int, *, version: int, seen: str, by: Actor, now: datetime
) -> DraftMade:
    """Say that the draft was compared with the edition as it is now; `seen` is the content hash that was shown."""
    with bureau.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        if seen != (stored.content_hash if stored else ""):
            raise Changed("现行版本刚才又被改动，请重新核对下面的比较，再点“已核对”。")
        return _save(connection, bureau, draft, "rebase", by, now, {"based_on": seen or None})


def _draft(connection: Any, draft_id: int, version: int, by: Actor) -> Draft:
    refuse_unkept(by, writes=True)
    draft = draft_or_refuse(connection, draft_id, by)
    refuse_over(draft)
    if draft.version != version:
        raise Changed(changed(draft))
    return draft


def refuse_over(draft: Draft) -> None:
    """A draft that was applied or dropped changes no more."""
    if not draft.open:
        done = "应用" if draft.applied_at else "作废"
        raise Refused(f"这份草稿已{done}，不能再改；需要修改的，请从现行版本另起草稿。")


def changed(draft: Draft) -> str:
    return (
        f"{draft.changed_by}在您打开之后改过这份草稿，您的改动没有保存；"
        "您写的内容还在下面，请打开最新的草稿对照后再改。"
    )


def _save(
    connection: Any,
    bureau: Bureau,
    draft: Draft,
    verb: str,
    by: Actor,
    now: datetime,
    values: dict[str, object],
) -> DraftMade:
    assert by.person_id is not None, "refused above"
    if not update_draft(connection, draft.id, version=draft.version, by=by.person_id, at=now, **values):
        raise Changed(changed(draft))
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="edition_draft",
        noun_id=draft.id,
        detail={"campaign": draft.campaign, "year": draft.year, "version": draft.version + 1},
        flow_run_id=bureau.flow_run_id,
    )
    return DraftMade(draft_id=draft.id, campaign=draft.campaign, year=draft.year, version=draft.version + 1)


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


def list_drafts(bureau: Bureau, *, by: Actor, year: int | None = None) -> tuple[DraftLine, ...]:
    """What is being written, the newest first."""
    refuse_unkept(by)
    with bureau.store.reading() as connection:
        found = open_drafts(connection, year=year)
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


def show_draft(bureau: Bureau, draft_id: int, *, by: Actor) -> DraftShown:
    """The draft as it reads now."""
    with bureau.store.reading() as connection:
        draft = draft_or_refuse(connection, draft_id, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        before = stored or find_edition(connection, draft.campaign, draft.year - 1)
        read = read_text(bureau, unit_book(connection, bureau), draft.text, draft.campaign, draft.year)
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


def forecast_draft(
    bureau: Bureau,
    draft_id: int,
    *,
    version: int,
    publish: bool = True,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> Impact[Applied]:
    """What applying the draft will do. Raises Refused for whatever applying it would be refused for."""
    with bureau.store.writing() as connection:
        draft = _apply_draft_draft(connection, draft_id, version, by)
        how = Applying(by=by, now=now, publish=publish, own=True, reason=reason)
        found = forecast_impact(
            connection,
            bureau,
            (draft.campaign, draft.year),
            lambda: _apply(connection, bureau, draft, how),
            now=now,
        )
        rollback_dry_run(connection)
    return found


def apply_draft(
    bureau: Bureau,
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
    with bureau.store.writing() as connection:
        draft = _apply_draft_draft(connection, draft_id, version, by)
        how = Applying(by=by, now=now, publish=publish, own=True, reason=reason)
        return _apply(connection, bureau, draft, how)


def _apply_draft_draft(connection: Any, draft_id: int, version: int, by: Actor) -> Draft:
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


def _apply(connection: Any, bureau: Bureau, draft: Draft, how: Applying) -> Applied:
    edition = edition_of_text(
        read_text(bureau, unit_book(connection, bureau), draft.text, draft.campaign, draft.year)
    )
    # Marked before the history is written, where every other writer waits.
    assert how.by.person_id is not None, "refused above"
    if not update_draft(
        connection, draft.id, version=draft.version, by=how.by.person_id, at=how.now, applied_at=how.now
    ):
        raise Changed(changed(draft))
    return apply_inside(connection, bureau, edition, how)
