"""整份接收: a file that came whole with a form, for browsers that run no script; afterwards it stands like any upload."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from office.actions.begin_upload import announce
from office.actions.office import Office
from office.actions.receive_piece import judge
from office.actions.uploading import PIECE_BYTES, UploadStands, folder, stands
from office.store import partial_files, uploads
from office.store.uploads import Upload
from rules.people import Actor
from rules.uploads import Announced


def receive_whole(
    office: Office,
    obligation_id: int,
    *,
    key: str,
    filename: str,
    size_bytes: int,
    source: BinaryIO,
    by: Actor,
    now: datetime,
) -> UploadStands:
    """Receive and judge it; what is refused leaves nothing behind."""
    announced = Announced(key=key, filename=filename, size_bytes=size_bytes)
    with office.store.reading() as connection:
        new = announce(office, connection, obligation_id, announced, by=by, now=now)
    came = replace(new, received_bytes=_copy(office, new, source))
    # Judged before its row is there, so that there is none to take away.
    judge(office, came)
    with office.store.writing() as connection:
        uploads.insert(connection, replace(came, size_bytes=came.received_bytes))
    return stands(replace(came, size_bytes=came.received_bytes))


def _copy(office: Office, new: Upload, source: BinaryIO) -> int:
    """Never more than was announced, which is within the limit."""
    come = 0
    try:
        while come < new.size_bytes and (piece := source.read(min(PIECE_BYTES, new.size_bytes - come))):
            partial_files.write_at(folder(office), new.id, come, piece)
            come += len(piece)
    except BaseException:
        partial_files.remove(folder(office), new.id)
        raise
    return come
