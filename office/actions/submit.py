"""报结: a unit hands in its evidence; files are received whole and checked before anything of it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from office import clock
from office.actions import uploading
from office.actions.acting import Act, Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.errors import Changed, Refused
from office.store import known_figures, partial_files, submissions, uploads
from office.store.files import display_name, open_file
from office.store.media import media_type
from office.store.submissions import Item
from office.store.vault import Staged
from rules.campaign import EvidenceType
from rules.evidence import Given, refusals, type_of
from rules.known_figures import known_for
from rules.moves import State, Verb
from rules.people import Actor
from rules.reviews import submit_refusals


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


SubmitItem = FileItem | UploadedItem | FigureItem | LinkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An item whose bytes, if it has any, wait in the vault's stage; `upload_id` says that they were uploaded."""

    given: Given
    staged: Staged | None = None
    upload_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreceived:
    """An item whose file was refused before its bytes were kept."""

    key: str
    reasons: tuple[str, ...]


def submit(
    office: Office,
    obligation_id: int,
    *,
    items: Sequence[SubmitItem] = (),
    note: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Hand in. Every fault of every item is reported at once, and then nothing is kept.

    Handing in after the date leaves a permanent late mark. A required figure that was left out is taken from where
    the unit has given it before.
    """
    note = cleaned(note)
    with _received(office, obligation_id, items, by) as (received, unreceived):
        with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
            received += _known(act, received, unreceived)
            refuse(*submit_refusals(act.matter, by), *_faults(act, received, unreceived, note))
            today = clock.civil(now)
            late = int(act.one.late or today > act.one.due_on)
            move(act, Verb.SUBMIT, submitted_on=today, late=late)
            kept = [_item(act, one) for one in received]
            nth = submissions.insert_submission(
                act.connection, obligation_id=obligation_id, by=person_id(by), at=now, note=note, items=kept
            )
            done = record(act, Verb.SUBMIT, by, now, {"nth": nth, "note": note, "items": _listed(kept)})
            _use(act, received, by, now)
            # Bytes before rows: a row never speaks of bytes that are not there.
            for one in received:
                if one.staged and not dry_run:
                    office.vault.keep(one.staged)
        if not dry_run:
            _clear(office, received)
        return done


def _faults(
    act: Act, received: Sequence[Received], unreceived: Sequence[Unreceived], note: str
) -> tuple[str, ...]:
    before = submissions.earlier(act.connection, act.one.id)
    reasons = refusals(
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


def _known(act: Act, received: Sequence[Received], unreceived: Sequence[Unreceived]) -> list[Received]:
    """Required figures that nobody typed, where the unit has given them before: a fact is asked once."""
    there = {one.given.key for one in received} | {one.key for one in unreceived}
    there |= submissions.earlier(act.connection, act.one.id).keys
    asked = [item for item in act.one.evidence if item.required and item.key not in there]
    if not any(item.type is EvidenceType.FIGURE for item in asked):
        return []
    known = known_for(asked, known_figures.candidates(act.connection, act.one))
    return [
        Received(given=Given(key=one.key, value=one.value, unit_of_measure=one.unit_of_measure))
        for one in known.values()
    ]


@contextmanager
def _received(
    office: Office, obligation_id: int, items: Sequence[SubmitItem], by: Actor
) -> Iterator[tuple[list[Received], list[Unreceived]]]:
    """Every item that could be received, and the faults of those that could not; stages are gone afterwards."""
    received: list[Received] = []
    faults: list[Unreceived] = []
    with ExitStack() as leave_nothing:
        for item in items:
            try:
                one = _receive(office, obligation_id, item, by)
            except Refused as refused:
                key = "" if isinstance(item, UploadedItem) else item.key
                faults.append(Unreceived(key=key, reasons=refused.reasons))
                continue
            received.append(one)
            if one.staged:
                leave_nothing.callback(office.vault.discard, one.staged)
        yield received, faults


def _receive(office: Office, obligation_id: int, item: SubmitItem, by: Actor) -> Received:
    match item:
        case LinkItem():
            return Received(given=Given(key=item.key, link=item.link.strip()))
        case FigureItem():
            unit = cleaned(item.unit_of_measure or "") or None
            return Received(given=Given(key=item.key, value=item.value, unit_of_measure=unit))
        case UploadedItem():
            return _uploaded(office, obligation_id, item, by)
    name = display_name(item.path.name)
    with open_file(item.path, folder=item.folder) as source:
        return _stage(office, source, key=item.key, name=name)


def _uploaded(office: Office, obligation_id: int, item: UploadedItem, by: Actor) -> Received:
    with office.store.reading() as connection:
        one = uploading.own(connection, item.upload_id, by)
    if one.obligation_id != obligation_id:
        raise Refused(f"“{one.filename}”是为另一项任务上传的，请在那项任务里报送，或在这里重新选择。")
    if not one.complete:
        come = one.received_bytes * 100 // one.size_bytes
        raise Refused(f"“{one.filename}”还没有传完（{come}%），请等传完再报，或移除后重新选择。")
    with partial_files.reading(uploading.folder(office), one.id, one.filename) as source:
        received = _stage(office, source, key=one.key, name=one.filename)
    return replace(received, upload_id=one.id)


def _stage(office: Office, source: BinaryIO, *, key: str, name: str) -> Received:
    staged = office.vault.stage(source, name=name, max_bytes=office.settings.evidence_max_bytes)
    try:
        kind = media_type(source, name=name)
    except BaseException:
        office.vault.discard(staged)
        raise
    given = Given(key=key, sha256=staged.sha256, media_type=kind, filename=name)
    return Received(given=given, staged=staged)


def _use(act: Act, received: Sequence[Received], by: Actor, now: datetime) -> None:
    """Each upload is handed in once, however often its form is sent."""
    ids = [one.upload_id for one in received if one.upload_id]
    if not ids:
        return
    used = uploads.use(act.connection, ids, person_id=person_id(by), obligation_id=act.one.id, now=now)
    if used != len(set(ids)):
        raise Changed("这些文件刚刚已经报送，不必再报；请查看最新情况。")


def _clear(office: Office, received: Sequence[Received]) -> None:
    """The bytes are in the vault now."""
    for one in received:
        if one.upload_id:
            partial_files.remove(uploading.folder(office), one.upload_id)


def _item(act: Act, received: Received) -> Item:
    given = received.given
    expected = {one.key: one for one in act.one.evidence}
    title = expected[given.key].title if given.key in expected else given.filename or given.key
    item = Item(
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


def _listed(items: Sequence[Item]) -> list[dict[str, object]]:
    """What of each item the history binds: the bytes by their hash, the rest by value."""
    names = ("key", "type", "sha256", "filename", "value", "unit_of_measure", "link")
    return [{name: value for name in names if (value := getattr(item, name)) is not None} for item in items]
