"""报结: a unit hands in its evidence; files are received whole and checked before anything of it counts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from calendars.model import EvidenceType, ExpectedEvidence
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role, person_id
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import Changed, NotFound, Refused, refuse
from duban.core.text import cleaned, display_name
from duban.core.vault import StagedFile
from duban.evidence.files import open_regular_file
from duban.evidence.media import media_type
from duban.evidence.queries import (
    SubmittedItem,
    earlier_items,
    insert_submission,
    submitted_files,
    unused_uploads,
    use_uploads,
)
from duban.evidence.rules import (
    Announced,
    Given,
    announcing_refusals,
    file_keys,
    item_set_refusals,
    name_refusals,
    type_of,
)
from duban.evidence.uploads import open_upload, own_upload
from duban.figures.doubts import figures_in_doubt
from duban.figures.plausibility import doubt_refusals
from duban.figures.queries import known_figure_candidates
from duban.figures.rules import KnownFigure, known_for
from duban.history.queries import append_entry
from duban.obligations.file import note_opened
from duban.obligations.queries import Obligation, load_obligation
from duban.obligations.rules import submit_refusals
from duban.obligations.states import State, Transition
from duban.obligations.transitions import (
    TransitionContext,
    TransitionDone,
    acting,
)
from duban.problems.rules import ledger_figure_refusals, reporting_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A file for the expected evidence `key`; with `folder` it must lie inside it."""

    key: str
    path: Path
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedItem:
    """A file that the person has uploaded whole; handed in with the key it was announced under."""

    upload_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureItem:
    """A figure with its unit of measure."""

    key: str
    value: Decimal
    unit_of_measure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkItem:
    """A public address."""

    key: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentItem:
    """A file that comes whole with the form; its name is judged as it came, before the key is known to be expected."""

    key: str
    filename: str
    size_bytes: int
    source: BinaryIO


SubmitItem = FileItem | UploadedItem | SentItem | FigureItem | LinkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedItem:
    """An item whose bytes, if it has any, wait in the vault's stage; `upload_id` says that they were uploaded."""

    given: Given
    staged: StagedFile | None = None
    upload_id: str | None = None
    announced: Announced | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """An item whose file was refused before its bytes were kept."""

    key: str
    reasons: tuple[str, ...]


def submit(
    bureau: Bureau,
    obligation_id: int,
    *,
    items: Sequence[SubmitItem] = (),
    typed: Callable[[ExpectedNow], Sequence[FigureItem | LinkItem]] | None = None,
    note: str = "",
    zero_report: bool = False,
    figure_reason: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Hand in. Every fault of every item is reported at once, and then nothing is kept.

    `typed` reads further items off a form that only what is expected explains, within the same transaction.

    Handing in after the date leaves a permanent late mark. A required figure that was left out is taken from where
    the unit has given it before, the figures of a problem ledger always from the ledger. `zero_report` says that the
    unit found no problem. A figure that cannot well be so asks for `figure_reason`.
    """
    note = cleaned(note)
    with receiving(bureau, obligation_id, items, by) as (received, unreceived):
        with acting(bureau, obligation_id, by=by, now=now, version=version, dry_run=dry_run) as act:
            received = _of_the_form(act, received)
            if typed:
                more = typed(_expected_now(act.connection, act.one, by))
                received += [_receive(bureau, obligation_id, item, by) for item in more]
            of_ledger = _ledger_faults(act, received, zero_report)
            received += _of_ledger(act, received)
            received += _known(act, received, unreceived)
            doubts = figures_in_doubt(act.connection, act.bureau, act.one, _figures(received))
            refuse(
                *submit_refusals(act.one, by),
                *of_ledger,
                *_faults(act, received, unreceived, note),
                *doubt_refusals(tuple(one for own in doubts.values() for one in own), figure_reason),
            )
            today = clock.civil(now)
            late = act.one.late or today > act.one.due_on
            # Taken back, it is where it was.
            act.move(Transition.SUBMIT, submitted_on=today, late=int(late), state_before=act.one.state.value)
            kept = [
                replace(one, doubt="；".join(doubts[one.key]), reason=cleaned(figure_reason))
                if one.key in doubts
                else one
                for one in (_item(act, given) for given in received)
            ]
            nth = insert_submission(
                act.connection,
                obligation_id=obligation_id,
                by=person_id(by),
                at=now,
                note=note,
                items=kept,
                zero_report=zero_report,
            )
            facts = {"nth": nth, "note": note, "items": _listed(kept), "zero_report": zero_report or None}
            done = act.record(Transition.SUBMIT, facts)
            _use(act, received, by, now)
            # Bytes before rows: a row never speaks of bytes that are not there.
            for one in received:
                if one.staged and not dry_run:
                    bureau.vault.keep(one.staged)
        if not dry_run:
            _clear(bureau, received)
        return done


def _figures(received: Sequence[ReceivedItem]) -> dict[str, tuple[Decimal, str | None]]:
    return {
        one.given.key: (one.given.value, one.given.unit_of_measure)
        for one in received
        if one.given.value is not None
    }


def _of_the_form(act: TransitionContext, received: list[ReceivedItem]) -> list[ReceivedItem]:
    """Without files in choosers that are not on the page; those that came are judged as if announced one by one."""
    keys = file_keys(act.one.evidence)
    sent = [one.announced for one in received if one.announced and one.announced.key in keys]
    if sent:
        still_open = len(unused_uploads(act.connection, act.one.id, person_id=act.by.person_id or 0))
        limit = act.bureau.settings.evidence_max_bytes
        for nth, announced in enumerate(sent, start=still_open):
            refuse(*announcing_refusals(announced, act.one.evidence, max_bytes=limit, still_open=nth))
    return [one for one in received if not one.announced or one.announced.key in keys]


def _faults(
    act: TransitionContext, received: Sequence[ReceivedItem], unreceived: Sequence[RefusedItem], note: str
) -> tuple[str, ...]:
    before = earlier_items(act.connection, act.one.id)
    reasons = item_set_refusals(
        act.one.evidence,
        [one.given for one in received],
        # What came but could not be received is at fault, not missing.
        earlier_keys=before.keys | {one.key for one in unreceived},
        earlier_files=before.files,
    )
    reasons = (*(reason for one in unreceived for reason in one.reasons), *reasons)
    if act.one.state in (State.RETURNED, State.REOPENED) and not (received or unreceived or note):
        return (*reasons, "退回或重新打开后再报，要附上补正的材料或写明补正情况。")
    return reasons


def _ledger_faults(
    act: TransitionContext, received: Sequence[ReceivedItem], zero_report: bool
) -> tuple[str, ...]:
    """Of a milestone with a problem ledger: the problems, or a zero report, and no figure but the ledger's."""
    ledger = act.one.ledger
    if ledger is None:
        return ("这个节点没有问题台账，不用零报告，请去掉。",) if zero_report else ()
    titles = {item.key: item.title for item in act.one.evidence}
    wrong = (
        reason
        for one in received
        if one.given.value is not None
        for reason in ledger_figure_refusals(
            ledger, one.given.key, titles.get(one.given.key, one.given.key), one.given.value
        )
    )
    return (*reporting_refusals(ledger, zero_report=zero_report), *wrong)


def _of_ledger(act: TransitionContext, received: Sequence[ReceivedItem]) -> list[ReceivedItem]:
    """Figures that the problem ledger knows: as it has them now, whatever was handed in before."""
    there = {one.given.key for one in received}
    figures = (item for item in act.one.evidence if item.type is EvidenceType.FIGURE)
    return [
        ReceivedItem(given=Given(key=item.key, value=Decimal(value), unit_of_measure=item.unit_of_measure))
        for item in figures
        if act.one.ledger is not None
        and (value := act.one.ledger.figure(item.key)) is not None
        and item.key not in there
    ]


def _known(
    act: TransitionContext, received: Sequence[ReceivedItem], unreceived: Sequence[RefusedItem]
) -> list[ReceivedItem]:
    """Required figures that nobody typed, where the unit has given them before: a fact is asked once."""
    there = {one.given.key for one in received} | {one.key for one in unreceived}
    there |= earlier_items(act.connection, act.one.id).keys
    asked = [item for item in act.one.evidence if item.required and item.key not in there]
    if not any(item.type is EvidenceType.FIGURE for item in asked):
        return []
    known = known_for(asked, known_figure_candidates(act.connection, act.one))
    return [
        ReceivedItem(given=Given(key=one.key, value=one.value, unit_of_measure=one.unit_of_measure))
        for one in known.values()
    ]


@contextmanager
def receiving(
    bureau: Bureau, obligation_id: int, items: Sequence[SubmitItem], by: Actor
) -> Iterator[tuple[list[ReceivedItem], list[RefusedItem]]]:
    """Every item that could be received, and the faults of those that could not; stages are gone afterwards."""
    received: list[ReceivedItem] = []
    faults: list[RefusedItem] = []
    with ExitStack() as leave_nothing:
        for item in items:
            try:
                one = _receive(bureau, obligation_id, item, by)
            except Refused as refused:
                key = "" if isinstance(item, UploadedItem) else item.key
                faults.append(RefusedItem(key=key, reasons=refused.reasons))
                continue
            received.append(one)
            if one.staged:
                leave_nothing.callback(bureau.vault.discard, one.staged)
        yield received, faults


def _receive(bureau: Bureau, obligation_id: int, item: SubmitItem, by: Actor) -> ReceivedItem:
    match item:
        case LinkItem():
            return ReceivedItem(given=Given(key=item.key, link=item.link.strip()))
        case FigureItem():
            unit = cleaned(item.unit_of_measure or "") or None
            return ReceivedItem(given=Given(key=item.key, value=item.value, unit_of_measure=unit))
        case UploadedItem():
            return _uploaded(bureau, obligation_id, item, by)
        case SentItem():
            refuse(*name_refusals(item.filename))
            announced = Announced(key=item.key, filename=item.filename, size_bytes=item.size_bytes)
            one = _stage(bureau, item.source, key=item.key, name=display_name(item.filename))
            return replace(one, announced=announced)
    name = display_name(item.path.name)
    with open_regular_file(item.path, folder=item.folder) as source:
        return _stage(bureau, source, key=item.key, name=name)


def _uploaded(bureau: Bureau, obligation_id: int, item: UploadedItem, by: Actor) -> ReceivedItem:
    with bureau.store.reading() as connection:
        one = own_upload(connection, item.upload_id, by)
    if one.obligation_id != obligation_id:
        raise Refused(f"“{one.filename}”是为另一项任务上传的，请在那项任务里报送，或在这里重新选择。")
    if not one.complete:
        come = one.received_bytes * 100 // one.size_bytes
        raise Refused(f"“{one.filename}”还没有传完（{come}%），请等传完再报，或移除后重新选择。")
    with open_upload(bureau, one) as source:
        received = _stage(bureau, source, key=one.key, name=one.filename)
    return replace(received, upload_id=one.id)


def _stage(bureau: Bureau, source: BinaryIO, *, key: str, name: str) -> ReceivedItem:
    staged = bureau.vault.stage(source, name=name, max_bytes=bureau.settings.evidence_max_bytes)
    try:
        kind = media_type(source, name=name)
    except BaseException:
        bureau.vault.discard(staged)
        raise
    given = Given(key=key, sha256=staged.sha256, media_type=kind, filename=name)
    return ReceivedItem(given=given, staged=staged)


def _use(act: TransitionContext, received: Sequence[ReceivedItem], by: Actor, now: datetime) -> None:
    """Each upload is handed in once, however often its form is sent."""
    ids = [one.upload_id for one in received if one.upload_id]
    if not ids:
        return
    used = use_uploads(act.connection, ids, person_id=person_id(by), obligation_id=act.one.id, now=now)
    if used != len(set(ids)):
        raise Changed("这些文件刚刚已经报送，不必再报；请查看最新情况。")


def _clear(bureau: Bureau, received: Sequence[ReceivedItem]) -> None:
    """The bytes are kept now."""
    for one in received:
        if one.upload_id:
            bureau.vault.drop_pieces(one.upload_id)


def _item(act: TransitionContext, received: ReceivedItem) -> SubmittedItem:
    given = received.given
    expected = {one.key: one for one in act.one.evidence}
    title = expected[given.key].title if given.key in expected else given.filename or given.key
    item = SubmittedItem(
        key=given.key[:64],
        type=type_of(given, expected).value,
        title=title[:200],
        sha256=given.sha256,
        media_type=given.media_type,
        filename=given.filename,
        value=given.value,
        unit_of_measure=given.unit_of_measure,
        link=given.link,
    )
    return replace(item, size_bytes=received.staged.size_bytes) if received.staged else item


def _listed(items: Sequence[SubmittedItem]) -> list[dict[str, object]]:
    """What of each item the history binds: the bytes by their hash, the rest by value."""
    names = ("key", "type", "sha256", "filename", "value", "unit_of_measure", "link", "doubt", "reason")
    return [{name: value for name in names if (value := getattr(item, name)) is not None} for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedNow:
    """`open` is whether state, role and unit allow handing in; `known` figures are by the key of what is expected."""

    obligation_id: int
    expected: tuple[ExpectedEvidence, ...]
    known: Mapping[str, KnownFigure]
    open: bool


def expected_now(bureau: Bureau, obligation_id: int, *, by: Actor) -> ExpectedNow:
    """Read it; an obligation that the person may not see is not found."""
    with bureau.store.reading() as connection:
        return _expected_now(connection, load_obligation(connection, obligation_id, by=by), by)


def _expected_now(connection: Connection, one: Obligation, by: Actor) -> ExpectedNow:
    figures = any(item.type is EvidenceType.FIGURE for item in one.evidence)
    return ExpectedNow(
        obligation_id=one.id,
        expected=one.evidence,
        known=known_for(one.evidence, known_figure_candidates(connection, one)) if figures else {},
        open=not submit_refusals(one, by),
    )


_SEE_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Where the copy lies and what it is a copy of."""

    path: Path
    item: SubmittedItem


def save_evidence_copy(
    bureau: Bureau,
    obligation_id: int,
    sha256: str,
    *,
    to: Path,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> Opened:
    """Copy the file whose SHA-256 begins so to a new path; the bytes are checked before the first one is written.

    A dry run only checks them.
    """
    refuse(*((f"{to}已存在，请换一个文件名。",) if to.exists() else ()))
    item = record_reading(bureau, obligation_id, sha256, by=by, now=now, dry_run=dry_run)
    # Recorded first: nobody sees bytes without a line that says so.
    assert item.sha256 is not None, "only files are listed"
    if dry_run:
        bureau.vault.verify(item.sha256)
    else:
        _copy(bureau, item.sha256, to)
    return Opened(path=to, item=item)


def record_reading(
    bureau: Bureau, obligation_id: int, sha256: str, *, by: Actor, now: datetime, dry_run: bool = False
) -> SubmittedItem:
    """The file that is about to be read, after the history says by whom; refused to whoever has no reason to."""
    with bureau.store.writing() as connection:
        one = load_obligation(connection, obligation_id, by=by)
        refuse(*_refusals(one, by))
        item = _the_one(submitted_files(connection, obligation_id), sha256)
        append_entry(
            connection,
            at=now,
            by=by,
            verb="open_evidence",
            noun="obligation",
            noun_id=one.id,
            edition_id=one.edition_id,
            unit_id=one.unit_id,
            detail={"sha256": item.sha256, "filename": item.filename},
            flow_run_id=bureau.flow_run_id,
        )
        note_opened(connection, bureau, one, by=by, now=now)
        if dry_run:
            rollback_dry_run(connection)
    return item


def _refusals(one: Obligation, by: Actor) -> tuple[str, ...]:
    if by.roles & _SEE_ALL or (Role.HANDLER in by.roles and by.belongs_to(one.unit_id)):
        return ()
    return (f"{by.name}无权查阅这项任务的材料，请由本单位经办人、统筹科室、审核人、分管领导或审计查阅。",)


def _the_one(items: tuple[SubmittedItem, ...], sha256: str) -> SubmittedItem:
    found = [item for item in items if sha256 and (item.sha256 or "").startswith(sha256.lower())]
    if not found:
        raise NotFound("这项任务没有这份材料，请在任务的材料清单中选择。")
    if len(found) > 1:
        raise Refused("有几份材料的 SHA-256 都以此开头，请多写几位。")
    return found[0]


def _copy(bureau: Bureau, sha256: str, to: Path) -> None:
    try:
        with bureau.vault.open(sha256) as source, to.open("xb") as target:
            shutil.copyfileobj(source, target)
    except FileExistsError:
        raise Refused(f"{to}已存在，请换一个文件名。") from None
    except OSError as error:
        raise Refused(f"{to}写不进去（{error.strerror}），请换一个文件夹。") from error


_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRead:
    """What is read; `pieces` gives the bytes once, checked against their hash before the first one."""

    item: SubmittedItem
    pieces: Iterator[bytes]


def stream_evidence(
    bureau: Bureau, obligation_id: int, sha256: str, *, by: Actor, now: datetime
) -> EvidenceRead:
    """The file whose SHA-256 begins so, for whoever may see it."""
    item = record_reading(bureau, obligation_id, sha256, by=by, now=now)
    assert item.sha256 is not None, "only files are listed"
    return EvidenceRead(item=item, pieces=pieces_of(bureau, item.sha256))


def pieces_of(bureau: Bureau, sha256: str) -> Iterator[bytes]:
    """The bytes once; begun here, so that damaged or missing ones are told before an answer has started."""
    pieces = _pieces(bureau, sha256)
    first = next(pieces, b"")
    return _again(first, pieces)


def _pieces(bureau: Bureau, sha256: str) -> Iterator[bytes]:
    with bureau.vault.open(sha256) as source:
        while piece := source.read(_CHUNK):
            yield piece


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
