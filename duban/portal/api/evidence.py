"""The bytes of evidence: given only to whoever may open it, and recorded before the first one leaves."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from duban.evidence.service import save_evidence_copy
from duban.portal.api.door import Visit, reads
from duban.portal.api.pulls import Number

router = APIRouter()
Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="文件的 SHA-256")]


@router.get(
    "/obligations/{obligation_id}/evidence/{sha256}",
    summary="取一份佐证材料的原件",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "原件的字节"}},
)
def evidence(visit: Annotated[Visit, reads()], obligation_id: Number, sha256: Hash) -> Response:
    """原件；每次取用都记入留痕。"""
    folder = FilePath(tempfile.mkdtemp(prefix="duban-"))
    try:
        opened = save_evidence_copy(
            visit.bureau, obligation_id, sha256, to=folder / "copy", by=visit.by, now=visit.now
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        opened.path,
        media_type="application/octet-stream",
        filename=opened.item.filename or "evidence",
        headers={"etag": f'"{sha256}"'},
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )
