"""移除上传: a file that was sent and is not to be handed in after all."""

from __future__ import annotations

from office.actions.office import Office
from office.actions.uploading import UploadStands, folder, own, stands
from office.store import partial_files, uploads
from rules.people import Actor


def drop_upload(office: Office, upload_id: str, *, by: Actor) -> UploadStands:
    """Forget the row, then the bytes; what was handed in is out of reach here."""
    with office.store.writing() as connection:
        one = own(connection, upload_id, by)
        uploads.remove(connection, upload_id)
    partial_files.remove(folder(office), upload_id)
    return stands(one)
