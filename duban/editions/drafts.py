"""Drafts: the text of an edition that somebody writes in the portal, compared, forecast and applied. A new date is a
draft of one line that is applied at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from calendars.model import Edition
from calendars.reader.diff import diff_editions
from calendars.reader.faults import Fault
from calendars.roll import Rewritten, rewrite
from calendars.writing import CannotEdit, heading, with_phrase
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import Changed, NotFound, Refused
from duban.core.text import cleaned
from duban.editions.files import current_text, read_text, unit_book
from duban.editions.forecast import ChangeRehearsed, Impact, forecast_impact, rehearse_change
from duban.editions.queries import (
    Draft,
    edition_or_refuse,
    find_draft,
    find_edition,
    insert_draft,
    open_drafts,
    update_draft,
)
from duban.editions.service import ChangeContext, EditionChange, apply_inside
from duban.figures.rules import SumVerdict, sum_findings
from duban.history.queries import append_entry
from duban.units.rules import keeping_refusals, person_refusals

LONGEST_TEXT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMade:
    """A draft as saved. `notes` say what was not carried over from last year and what is still open."""

    draft_id: int
    campaign: str
    year: int
    version: int
    notes: tuple[str, ...] = ()


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


def _writer(by: Actor, *, writes: bool = True) -> int:
    """Drafts are the coordinators' desk: nobody else reads them, and what is written bears a name. Raises Refused;
    returns who writes.
    """
    reasons = keeping_refusals(by, "编制专项行动")
    if writes:
        reasons += person_refusals(by, "专项行动草稿")
    if reasons:
        raise Refused(reasons)
    return by.person_id or 0


def _draft_or_refuse(connection: Connection, draft_id: int, by: Actor) -> Draft:
    """The draft, for those who keep the calendars."""
    _writer(by, writes=False)
    found = find_draft(connection, draft_id)
    if found is None:
        raise NotFound(f"没有编号为{draft_id}的草稿，请在专项行动页查看在写的草稿。")
    return found


def _open_draft(connection: Connection, draft_id: int, version: int, by: Actor) -> Draft:
    """The draft to be changed. Refused once it was applied or dropped, or when somebody else was first."""
    _writer(by)
    draft = _draft_or_refuse(connection, draft_id, by)
    if not draft.open:
        done = "应用" if draft.applied_at else "作废"
        raise Refused(f"这份草稿已{done}，不能再改；需要修改的，请从现行版本另起草稿。")
    if draft.version != version:
        raise _changed(draft)
    return draft


def _changed(draft: Draft) -> Changed:
    return Changed(
        f"{draft.changed_by}在您打开之后改过这份草稿，您的改动没有保存；"
        "您写的内容还在下面，请打开最新的草稿对照后再改。"
    )


def _tidied(text: str) -> str:
    """A text as it is kept: one kind of line end, and nothing in it that no file, page or database should carry."""
    text = cleaned(text.replace("\r\n", "\n").replace("\r", "\n")) + "\n"
    if len(text) > LONGEST_TEXT:
        raise Refused(f"文件有{len(text)}字，超过{LONGEST_TEXT}字，请确认是不是专项行动文件。")
    return text


def list_drafts(bureau: Bureau, *, by: Actor, year: int | None = None) -> tuple[Draft, ...]:
    """What is being written, the newest first."""
    _writer(by, writes=False)
    with bureau.store.reading() as connection:
        return open_drafts(connection, year=year)


def show_draft(bureau: Bureau, draft_id: int, *, by: Actor) -> DraftShown:
    """The draft as it reads now."""
    with bureau.store.reading() as connection:
        draft = _draft_or_refuse(connection, draft_id, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        before = stored or find_edition(connection, draft.campaign, draft.year - 1)
        read = read_text(bureau, unit_book(connection, bureau), draft.text, draft.campaign, draft.year)
    edition = read.edition
    sums = sum_findings(edition) if edition else ()
    return DraftShown(
        draft=draft,
        edition=edition,
        faults=read.faults,
        sums=tuple(one.sentence for one in sums if one.verdict is SumVerdict.DIFFERS),
        changes=tuple(one.text for one in diff_editions(before.value, edition)) if before and edition else (),
        against=f"{before.value.name}{before.value.year}年" if before else None,
        seen=stored.content_hash if stored else "",
        state=stored.state if stored else None,
        stale=draft.open and (stored.content_hash if stored else None) != draft.based_on,
    )


def make_draft(bureau: Bureau, text: str, *, by: Actor, now: datetime) -> DraftMade:
    """Keep a text as a draft, however faulty, as long as it says which campaign and year it is for."""
    _writer(by)
    with bureau.store.writing() as connection:
        return _insert(connection, bureau, text, by, now)


def derive_draft(
    bureau: Bureau, campaign: str, year: int, *, to_year: int, by: Actor, now: datetime
) -> DraftMade:
    """A draft of the edition in force, or, for a later year, what rolling makes of it."""
    _writer(by)
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


def _notes(rolled: Rewritten) -> tuple[str, ...]:
    opened = Counter(target.what for target in rolled.targets)
    return (
        *(f"{one.name}：{one.reason}" for one in rolled.dropped),
        *(f"目标“{what}”有{count}处待确认，请对照新文件填写。" for what, count in opened.items()),
    )


def _insert(
    connection: Connection,
    bureau: Bureau,
    text: str,
    by: Actor,
    now: datetime,
    *,
    notes: tuple[str, ...] = (),
) -> DraftMade:
    text = _tidied(text)
    said = heading(text)
    if not said.campaign or not said.year:
        raise Refused(
            "读不出这是哪个专项行动、哪一年的文件，请检查开头的 campaign（代号）和 year（年份），以及行首缩进。"
        )
    if len(said.campaign) > 64:
        raise Refused("代号（campaign）不能超过64个字，请改短。")
    stored = find_edition(connection, said.campaign, said.year)
    draft_id = insert_draft(
        connection,
        campaign=said.campaign,
        year=said.year,
        name=(said.name or said.campaign)[:200],
        text=text,
        based_on=stored.content_hash if stored else None,
        by=_writer(by),
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


def save_draft(
    bureau: Bureau, draft_id: int, text: str, *, version: int, by: Actor, now: datetime
) -> DraftMade:
    """Keep a new text. What campaign and year it is for stays what it was."""
    with bureau.store.writing() as connection:
        draft = _open_draft(connection, draft_id, version, by)
        text = _tidied(text)
        said = heading(text)
        if (said.campaign or draft.campaign, said.year or draft.year) != (draft.campaign, draft.year):
            raise Refused(
                f"这份草稿是{draft.campaign} {draft.year}年的，不能改成{said.campaign} {said.year}年；"
                "要做另一个专项行动，请另起草稿。"
            )
        name = (said.name or draft.name)[:200]
        return _save(connection, bureau, draft, "save", by, now, text=text, name=name)


def drop_draft(bureau: Bureau, draft_id: int, *, version: int, by: Actor, now: datetime) -> DraftMade:
    """Put a draft away; it stays for history."""
    with bureau.store.writing() as connection:
        draft = _open_draft(connection, draft_id, version, by)
        return _save(connection, bureau, draft, "drop", by, now, dropped_at=now)


def rebase_draft(
    bureau: Bureau, draft_id: int, *, version: int, seen: str, by: Actor, now: datetime
) -> DraftMade:
    """Say that the draft was compared with the edition as it is now; `seen` is the content hash that was shown."""
    with bureau.store.writing() as connection:
        draft = _open_draft(connection, draft_id, version, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        if seen != (stored.content_hash if stored else ""):
            raise Changed("现行版本刚才又被改动，请重新核对下面的比较，再点“已核对”。")
        return _save(connection, bureau, draft, "rebase", by, now, based_on=seen or None)


def _save(
    connection: Connection,
    bureau: Bureau,
    draft: Draft,
    verb: str,
    by: Actor,
    now: datetime,
    **values: object,
) -> DraftMade:
    if not update_draft(connection, draft.id, version=draft.version, by=_writer(by), at=now, **values):
        raise _changed(draft)
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


def forecast_draft(
    bureau: Bureau,
    draft_id: int,
    *,
    version: int,
    publish: bool = True,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> Impact[EditionChange]:
    """What applying the draft will do. Raises Refused for whatever applying it would be refused for."""
    context = ChangeContext(by=by, now=now, publish=publish, own=True, reason=reason)
    with bureau.store.writing() as connection:
        draft = _applicable(connection, draft_id, version, by)

        def act() -> EditionChange:
            return _apply(connection, bureau, draft, context)

        found = forecast_impact(connection, bureau, draft.campaign, draft.year, act, now=now)
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
) -> EditionChange:
    """Bring the ledger to the draft in one transaction; the draft is done with it.

    Refused while the file has faults, when somebody changed the draft, or the edition it was written against.
    """
    context = ChangeContext(by=by, now=now, publish=publish, own=True, reason=reason)
    with bureau.store.writing() as connection:
        return _apply(connection, bureau, _applicable(connection, draft_id, version, by), context)


def _applicable(connection: Connection, draft_id: int, version: int, by: Actor) -> Draft:
    draft = _open_draft(connection, draft_id, version, by)
    stored = find_edition(connection, draft.campaign, draft.year)
    if draft.based_on != (stored.content_hash if stored else None):
        raise Changed(
            f"{draft.name}{draft.year}年在这份草稿起草之后已被改动，照旧稿应用会把那次改动盖掉；"
            "请先在草稿页核对与现行版本的比较，点“已核对”后再应用。"
        )
    return draft


def _apply(connection: Connection, bureau: Bureau, draft: Draft, context: ChangeContext) -> EditionChange:
    book = unit_book(connection, bureau)
    edition = read_text(bureau, book, draft.text, draft.campaign, draft.year).edition_or_refuse()
    # Marked before the history is written, where every other writer waits.
    by, now = _writer(context.by), context.now
    if not update_draft(connection, draft.id, version=draft.version, by=by, at=now, applied_at=now):
        raise _changed(draft)
    return apply_inside(connection, bureau, edition, context)


def rehearse_draft(bureau: Bureau, draft_id: int, *, by: Actor, now: datetime) -> ChangeRehearsed:
    """The messages after a draft as it was saved last. Refused with its faults."""
    with bureau.store.reading() as connection:
        draft = _draft_or_refuse(connection, draft_id, by)
        book = unit_book(connection, bureau)
    edition = read_text(bureau, book, draft.text, draft.campaign, draft.year).edition_or_refuse()
    return rehearse_change(bureau, edition, by=by, now=now)


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


def forecast_date(bureau: Bureau, new: NewDate, *, by: Actor, now: datetime) -> Impact[EditionChange]:
    """What the new date will do: obligations that move, units that are told, reminders on other days."""
    with bureau.store.writing() as connection:

        def act() -> EditionChange:
            return _change_date(connection, bureau, new, by, now)

        found = forecast_impact(connection, bureau, new.campaign, new.year, act, now=now)
        rollback_dry_run(connection)
    return found


def change_date(bureau: Bureau, new: NewDate, *, by: Actor, now: datetime) -> EditionChange:
    """The same for good. The edition is the portal's own from then on."""
    if not new.reason.strip():
        raise Refused("改时限要写明原因，单位收到的通知里会写上，请补上。")
    with bureau.store.writing() as connection:
        return _change_date(connection, bureau, new, by, now)


def _change_date(
    connection: Connection, bureau: Bureau, new: NewDate, by: Actor, now: datetime
) -> EditionChange:
    person_id = _writer(by)
    stored = edition_or_refuse(connection, new.campaign, new.year)
    value, year = stored.value, new.year
    if new.seen is not None and new.seen != stored.content_hash:
        raise Changed(f"{value.name}{year}年在您查看之后已被别人改动，日期没有改，请重新核对后再改。")
    milestone = next((one for one in value.milestones if one.key == new.key), None)
    if milestone is None:
        raise Refused(f"{value.name}{year}年没有节点“{new.key}”，请从专项行动页重新进入。")
    due = new.due.strip()
    if not due:
        raise Refused("请写明新的时限，例如“4月10日前”。")
    same_limit = new.hard_due is None or new.hard_due == (milestone.hard_due_phrase or "")
    if due == milestone.due_phrase and same_limit:
        raise Refused(f"时限仍是“{milestone.due_phrase}”，没有改动。")
    book = unit_book(connection, bureau)
    try:
        text = with_phrase(current_text(connection, bureau, book, stored), new.key, due, new.hard_due)
    except CannotEdit as refusal:
        raise Refused(str(refusal)) from refusal
    edition = read_text(bureau, book, text, value.campaign, year).edition_or_refuse(lines=False)
    draft_id = insert_draft(
        connection,
        campaign=value.campaign,
        year=year,
        name=edition.name,
        text=text,
        based_on=stored.content_hash,
        by=person_id,
        at=now,
    )
    update_draft(connection, draft_id, version=1, by=person_id, at=now, applied_at=now)
    context = ChangeContext(by=by, now=now, publish=False, own=True, reason=new.reason)
    return apply_inside(connection, bureau, edition, context)
