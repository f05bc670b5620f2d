"""报结: a unit hands in its evidence; files are received whole and checked before anything of it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from office import clock
from office.actions.acting import Act, Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.errors import Refused
from office.store import submissions
from office.store.files import display_name, open_file
from office.store.media import media_type
from office.store.submissions import Item
from office.store.vault import Staged
from rules.evidence import Given, refusals, type_of
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
class Received:
    """An item whose bytes, if it has any, wait in the vault's stage."""

    given: Given
    staged: Staged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreceived:
    """An item whose file was refused before its bytes were kept."""

    key: str
    reasons: tuple[str, ...]


def submit(
    office: Office,
    obligation_id: int,
    *,
    items: Sequence[FileItem | FigureItem | LinkItem] = (),
    note: str = "",
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Hand in. Every fault of every item is reported at once, and then nothing is kept.

    Handing in after the date leaves a permanent late mark.
    """
    note = cleaned(note)
    with _received(office, items) as (received, unreceived):
        with acting(office, obligation_id, version=version, dry_run=dry_run) as act:
            refuse(*submit_refusals(act.matter, by), *_faults(act, received, unreceived, note))
            today = clock.civil(now)
            late = int(act.one.late or today > act.one.due_on)
            move(act, Verb.SUBMIT, submitted_on=today, late=late)
            kept = [_item(act, one) for one in received]
            nth = submissions.insert_submission(
                act.connection, obligation_id=obligation_id, by=person_id(by), at=now, note=note, items=kept
            )
            done = record(act, Verb.SUBMIT, by, now, {"nth": nth, "note": note, "items": _listed(kept)})
            # Bytes before rows: a row never speaks of bytes that are not there.
            for one in received:
                if one.staged and not dry_run:
                    office.vault.keep(one.staged)
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


@contextmanager
def _received(
    office: Office, items: Sequence[FileItem | FigureItem | LinkItem]
) -> Iterator[tuple[list[Received], list[Unreceived]]]:
    """Every item that could be received, and the faults of those that could not; stages are gone afterwards."""
    received: list[Received] = []
    faults: list[Unreceived] = []
    with ExitStack() as leave_nothing:
        for item in items:
            try:
                one = _receive(office, item)
            except Refused as refused:
                faults.append(Unreceived(key=item.key, reasons=refused.reasons))
                continue
            received.append(one)
            if one.staged:
                leave_nothing.callback(office.vault.discard, one.staged)
        yield received, faults


def _receive(office: Office, item: FileItem | FigureItem | LinkItem) -> Received:
    match item:
        case LinkItem():
            return Received(given=Given(key=item.key, link=item.link.strip()))
        case FigureItem():
            unit = cleaned(item.unit_of_measure or "") or None
            return Received(given=Given(key=item.key, value=item.value, unit_of_measure=unit))
    name = display_name(item.path.name)
    with open_file(item.path, folder=item.folder) as source:
        staged = office.vault.stage(source, name=name, max_bytes=office.settings.evidence_max_bytes)
        try:
            kind = media_type(source, name=name)
        except BaseException:
            office.vault.discard(staged)
            raise
    given = Given(key=item.key, sha256=staged.sha256, media_type=kind, filename=name)
    return Received(given=given, staged=staged)


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
