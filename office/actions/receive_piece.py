"""接收一段: a piece of an announced file, put where it follows what has come; the last one has the whole judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.actions.uploading import PIECE_BYTES, UploadStands, folder, own, stands
from office.errors import Refused
from office.store import obligations, partial_files, uploads
from office.store.media import media_type
from office.store.uploads import Upload
from rules.evidence import Given, item_refusals
from rules.people import Actor
from rules.uploads import too_large


def receive_piece(
    office: Office, upload_id: str, *, offset: int, data: bytes, by: Actor, now: datetime
) -> UploadStands:
    """Take the piece if it begins where the file stands; else say where it stands, so that the sender goes on there.

    A file that turns out to be no evidence is dropped with the reasons.
    """
    with office.store.writing() as connection:
        one = own(connection, upload_id, by)
        if offset != one.received_bytes or not data or len(data) > PIECE_BYTES:
            return stands(one, accepted=False)
        refuse(*_too_much(office, one, len(data)))
        if not uploads.advance(connection, one, by_bytes=len(data), now=now):
            return stands(own(connection, upload_id, by), accepted=False)
        # Before the row is committed: it never speaks of bytes that are not there.
        partial_files.write_at(folder(office), one.id, offset, data)
    came = replace(one, received_bytes=one.received_bytes + len(data))
    if came.complete:
        judge(office, came)
    return stands(came)


def judge(office: Office, one: Upload) -> None:
    """Look at a file that has come whole; refuse and drop what is no evidence."""
    try:
        with partial_files.reading(folder(office), one.id, one.filename) as source:
            kind = media_type(source, name=one.filename)
        with office.store.reading() as connection:
            expected = obligations.load(connection, one.obligation_id).evidence
        given = Given(key=one.key, sha256="0" * 64, media_type=kind, filename=one.filename)
        refuse(*item_refusals(expected, given))
    except Refused:
        with office.store.writing() as connection:
            uploads.remove(connection, one.id)
        partial_files.remove(folder(office), one.id)
        raise


def _too_much(office: Office, one: Upload, more: int) -> tuple[str, ...]:
    """The limit may have been lowered, and a sender may send more than was announced."""
    come = one.received_bytes + more
    if come > office.settings.evidence_max_bytes:
        return (too_large(one.filename, office.settings.evidence_max_bytes),)
    if come > one.size_bytes:
        return (f"“{one.filename}”传来的内容比开始时说的大，可能已被改动，请移除后重新选择。",)
    return ()
