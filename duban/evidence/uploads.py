"""What the steps of an upload have in common: whose it is, where its bytes lie, and how it stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import BinaryIO

from duban.bureau import Bureau
from duban.core.access import Actor, person_id
from duban.core.db import Connection
from duban.core.errors import NotFound, Refused, refuse
from duban.core.text import display_name
from duban.evidence.media import media_type
from duban.evidence.queries import (
    UploadRow,
    advance_upload,
    delete_upload,
    delete_uploads_before,
    find_upload,
    insert_upload,
    unused_upload_ids,
    unused_uploads,
)
from duban.evidence.rules import Announced, Given, announcing_refusals, item_refusals, too_large
from duban.obligations.queries import load_obligation
from duban.obligations.rules import submit_refusals

# A sender cuts a file into pieces of this size; a larger one is not held in memory.
PIECE_BYTES = 1024 * 1024
GONE = "这个上传已不在（超过一天没有继续，或已移除），请重新选择文件。"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStatus:
    """How far a file has come. `accepted` is False for a piece that did not follow what is there."""

    id: str
    obligation_id: int
    key: str
    filename: str
    size_bytes: int
    received_bytes: int
    accepted: bool = True

    @property
    def complete(self) -> bool:
        return self.received_bytes == self.size_bytes


def upload_status(one: UploadRow, *, accepted: bool = True) -> UploadStatus:
    return UploadStatus(
        id=one.id,
        obligation_id=one.obligation_id,
        key=one.key,
        filename=one.filename,
        size_bytes=one.size_bytes,
        received_bytes=one.received_bytes,
        accepted=accepted,
    )


def own_upload(connection: Connection, upload_id: str, by: Actor) -> UploadRow:
    """The person's own upload that is not handed in; anybody else's is not found."""
    found = find_upload(connection, upload_id, person_id=by.person_id or 0) if _is_id(upload_id) else None
    if found is None or found.used_at is not None:
        raise NotFound(GONE)
    return found


def _is_id(upload_id: str) -> bool:
    return len(upload_id) == 32 and not set(upload_id) - set("0123456789abcdef")


def begin_upload(
    bureau: Bureau, obligation_id: int, *, key: str, filename: str, size_bytes: int, by: Actor, now: datetime
) -> UploadStatus:
    """Announce; the answer carries the id that its pieces are sent under. It belongs to this person alone."""
    announced = Announced(key=key, filename=filename, size_bytes=size_bytes)
    with bureau.store.writing() as connection:
        new = announce(bureau, connection, obligation_id, announced, by=by, now=now)
        insert_upload(connection, new)
        return upload_status(new)


def announce(
    bureau: Bureau,
    connection: Connection,
    obligation_id: int,
    announced: Announced,
    *,
    by: Actor,
    now: datetime,
) -> UploadRow:
    """The upload as it begins, after everything that can be judged without its bytes was judged."""
    one = load_obligation(connection, obligation_id, by=by)
    still_open = len(unused_uploads(connection, obligation_id, person_id=by.person_id or 0))
    limit = bureau.settings.evidence_max_bytes
    refuse(
        *submit_refusals(one, by),
        *announcing_refusals(announced, one.evidence, max_bytes=limit, still_open=still_open),
    )
    return UploadRow(
        id=uuid.uuid4().hex,
        obligation_id=obligation_id,
        person_id=person_id(by),
        key=announced.key,
        filename=display_name(announced.filename),
        size_bytes=announced.size_bytes,
        received_bytes=0,
        made_at=now,
        touched_at=now,
        used_at=None,
    )


def receive_piece(
    bureau: Bureau, upload_id: str, *, offset: int, data: bytes, by: Actor, now: datetime
) -> UploadStatus:
    """Take the piece if it begins where the file stands; else say where it stands, so that the sender goes on there.

    A file that turns out to be no evidence is dropped with the reasons.
    """
    with bureau.store.writing() as connection:
        one = own_upload(connection, upload_id, by)
        if offset != one.received_bytes or not data or len(data) > PIECE_BYTES:
            return upload_status(one, accepted=False)
        refuse(*_too_much(bureau, one, len(data)))
        if not advance_upload(connection, one, by_bytes=len(data), now=now):
            return upload_status(own_upload(connection, upload_id, by), accepted=False)
        # Before the row is committed: it never speaks of bytes that are not there.
        bureau.vault.add_piece(one.id, offset, data)
    came = replace(one, received_bytes=one.received_bytes + len(data))
    if came.complete:
        judge(bureau, came)
    return upload_status(came)


@contextmanager
def open_upload(bureau: Bureau, one: UploadRow) -> Iterator[BinaryIO]:
    """The bytes received so far; refused when they are gone, which a clearing or a restored backup does."""
    with ExitStack() as opened:
        try:
            pieces = bureau.vault.open_pieces(one.id, size_bytes=one.received_bytes)
            source = opened.enter_context(pieces)
        except FileNotFoundError:
            raise Refused(f"“{one.filename}”上传的内容已不在，请移除后重新选择文件。") from None
        yield source


def judge(bureau: Bureau, one: UploadRow) -> None:
    """Look at a file that has come whole; refuse and drop what is no evidence."""
    try:
        with open_upload(bureau, one) as source:
            kind = media_type(source, name=one.filename)
        with bureau.store.reading() as connection:
            expected = load_obligation(connection, one.obligation_id).evidence
        given = Given(key=one.key, sha256="0" * 64, media_type=kind, filename=one.filename)
        refuse(*item_refusals(expected, given))
    except Refused:
        with bureau.store.writing() as connection:
            delete_upload(connection, one.id)
        bureau.vault.drop_pieces(one.id)
        raise


def _too_much(bureau: Bureau, one: UploadRow, more: int) -> tuple[str, ...]:
    """The limit may have been lowered, and a sender may send more than was announced."""
    come = one.received_bytes + more
    if come > bureau.settings.evidence_max_bytes:
        return (too_large(one.filename, bureau.settings.evidence_max_bytes),)
    if come > one.size_bytes:
        return (f"“{one.filename}”传来的内容比开始时说的大，可能已被改动，请移除后重新选择。",)
    return ()


def receive_whole(
    bureau: Bureau,
    obligation_id: int,
    *,
    key: str,
    filename: str,
    size_bytes: int,
    source: BinaryIO,
    by: Actor,
    now: datetime,
) -> UploadStatus:
    """Receive and judge it; what is refused leaves nothing behind."""
    announced = Announced(key=key, filename=filename, size_bytes=size_bytes)
    with bureau.store.reading() as connection:
        new = announce(bureau, connection, obligation_id, announced, by=by, now=now)
    came = replace(new, received_bytes=_copy(bureau, new, source))
    # Judged before its row is there, so that there is none to take away.
    judge(bureau, came)
    with bureau.store.writing() as connection:
        insert_upload(connection, replace(came, size_bytes=came.received_bytes))
    return upload_status(replace(came, size_bytes=came.received_bytes))


def _copy(bureau: Bureau, new: UploadRow, source: BinaryIO) -> int:
    """Never more than was announced, which is within the limit."""
    come = 0
    try:
        while come < new.size_bytes and (piece := source.read(min(PIECE_BYTES, new.size_bytes - come))):
            bureau.vault.add_piece(new.id, come, piece)
            come += len(piece)
    except BaseException:
        bureau.vault.drop_pieces(new.id)
        raise
    return come


def drop_upload(bureau: Bureau, upload_id: str, *, by: Actor) -> UploadStatus:
    """Forget the row, then the bytes; what was handed in is out of reach here."""
    with bureau.store.writing() as connection:
        one = own_upload(connection, upload_id, by)
        delete_upload(connection, upload_id)
    bureau.vault.drop_pieces(upload_id)
    return upload_status(one)


KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many were removed: uploads nobody went on with, and strays in the vault's stage."""

    uploads: int
    stages: int


def sweep_uploads(bureau: Bureau, *, now: datetime) -> Swept:
    """Rows first, then bytes: bytes without a row are what the next sweep removes, never the other way round."""
    before = now - KEPT_FOR
    with bureau.store.writing() as connection:
        gone = delete_uploads_before(connection, before)
        known = unused_upload_ids(connection)
    for upload_id in gone:
        bureau.vault.drop_pieces(upload_id)
    return Swept(uploads=len(gone), stages=bureau.vault.sweep(before=before, known=known))


def list_uploads(bureau: Bureau, obligation_id: int, *, by: Actor) -> tuple[UploadStatus, ...]:
    """In the order they were announced; only this person's own."""
    with bureau.store.reading() as connection:
        found = unused_uploads(connection, obligation_id, person_id=by.person_id or 0)
    return tuple(upload_status(one) for one in found)


def show_upload(bureau: Bureau, upload_id: str, *, by: Actor) -> UploadStatus:
    """How far one has come; NotFound when it is gone, handed in or somebody else's."""
    with bureau.store.reading() as connection:
        return upload_status(own_upload(connection, upload_id, by))
