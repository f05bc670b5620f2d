"""What a person has sent for an obligation and not handed in yet; one upload, to go on where it stopped."""

from __future__ import annotations

from office.actions.office import Office
from office.actions.uploading import UploadStands, own, stands
from office.store import uploads
from rules.people import Actor


def list_uploads(office: Office, obligation_id: int, *, by: Actor) -> tuple[UploadStands, ...]:
    """In the order they were announced; only this person's own."""
    with office.store.reading() as connection:
        found = uploads.unused(connection, obligation_id, person_id=by.person_id or 0)
    return tuple(stands(one) for one in found)


def show_upload(office: Office, upload_id: str, *, by: Actor) -> UploadStands:
    """How far one has come; NotFound when it is gone, handed in or somebody else's."""
    with office.store.reading() as connection:
        return stands(own(connection, upload_id, by))
