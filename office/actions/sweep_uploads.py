"""清理上传: what was begun and left lying for a day goes, with the stages that a killed process left in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from office.actions.office import Office
from office.actions.uploading import folder
from office.store import partial_files, uploads

KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many files were removed: of uploads nobody went on with, and of the vault's stage."""

    uploads: int
    stages: int


def sweep_uploads(office: Office, *, now: datetime) -> Swept:
    """Rows first, then bytes: bytes without a row are what the next sweep removes, never the other way round."""
    before = now - KEPT_FOR
    with office.store.writing() as connection:
        gone = uploads.remove_before(connection, before)
        known = uploads.ids(connection)
    for upload_id in gone:
        partial_files.remove(folder(office), upload_id)
    strays = partial_files.remove_strays(folder(office), known=known, before=before)
    return Swept(uploads=len(gone) + strays, stages=office.vault.sweep(before=before))
