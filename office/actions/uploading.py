"""What the steps of an upload have in common: whose it is, where its bytes lie, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from office.actions.office import Office
from office.errors import NotFound
from office.store import obligations, uploads
from office.store.engine import Connection
from office.store.obligations import Obligation
from office.store.uploads import Upload
from rules.people import Actor
from rules.sight import sight_of

# A sender cuts a file into pieces of this size; a larger one is not held in memory.
PIECE_BYTES = 1024 * 1024
GONE = "这个上传已不在（超过一天没有继续，或已移除），请重新选择文件。"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStands:
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


def folder(office: Office) -> Path:
    """Where bytes wait that belong to no submission yet."""
    return office.settings.home / "uploads"


def stands(one: Upload, *, accepted: bool = True) -> UploadStands:
    return UploadStands(
        id=one.id,
        obligation_id=one.obligation_id,
        key=one.key,
        filename=one.filename,
        size_bytes=one.size_bytes,
        received_bytes=one.received_bytes,
        accepted=accepted,
    )


def own(connection: Connection, upload_id: str, by: Actor) -> Upload:
    """The person's own upload that is not handed in; anybody else's is not found."""
    found = uploads.one(connection, upload_id, person_id=by.person_id or 0) if _is_id(upload_id) else None
    if found is None or found.used_at is not None:
        raise NotFound(GONE)
    return found


def visible(connection: Connection, obligation_id: int, by: Actor) -> Obligation:
    """The obligation, if the person may see it."""
    one = obligations.load(connection, obligation_id)
    if not sight_of(by).sees(one.unit_id):
        raise NotFound(obligations.no_such(obligation_id))
    return one


def _is_id(upload_id: str) -> bool:
    return len(upload_id) == 32 and not set(upload_id) - set("0123456789abcdef")
