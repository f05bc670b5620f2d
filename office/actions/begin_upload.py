"""开始上传: a handler announces a file, so that what cannot be received is refused before its first byte."""

from __future__ import annotations

import uuid
from datetime import datetime

from office.actions.acting import person_id, refuse
from office.actions.office import Office
from office.actions.uploading import UploadStands, stands, visible
from office.store import obligations, uploads
from office.store.engine import Connection
from office.store.files import display_name
from office.store.uploads import Upload
from rules.people import Actor
from rules.reviews import submit_refusals
from rules.uploads import Announced, announcing_refusals


def begin_upload(
    office: Office, obligation_id: int, *, key: str, filename: str, size_bytes: int, by: Actor, now: datetime
) -> UploadStands:
    """Announce; the answer carries the id that its pieces are sent under. It belongs to this person alone."""
    announced = Announced(key=key, filename=filename, size_bytes=size_bytes)
    with office.store.writing() as connection:
        new = announce(office, connection, obligation_id, announced, by=by, now=now)
        uploads.insert(connection, new)
        return stands(new)


def announce(
    office: Office,
    connection: Connection,
    obligation_id: int,
    announced: Announced,
    *,
    by: Actor,
    now: datetime,
) -> Upload:
    """The upload as it begins, after everything that can be judged without its bytes was judged."""
    one = visible(connection, obligation_id, by)
    still_open = len(uploads.unused(connection, obligation_id, person_id=by.person_id or 0))
    limit = office.settings.evidence_max_bytes
    refuse(
        *submit_refusals(obligations.matter(connection, one), by),
        *announcing_refusals(announced, one.evidence, max_bytes=limit, still_open=still_open),
    )
    return Upload(
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
