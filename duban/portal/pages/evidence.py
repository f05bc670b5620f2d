"""One file of evidence for whoever may see it: always as an attachment, or shown when it is a safe kind of picture or page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from duban.core.access import Role
from duban.evidence.service import stream_evidence
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.params import Number

router = APIRouter()

# Nothing in these runs; every other kind is saved and opened by the reader's own program.
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"})
PDF = "application/pdf"
_PICTURE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
)
# Browsers do not open their PDF reader in a sandbox; the policy lets the reader in and nothing else.
_PDF_POLICY = (
    "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)


@router.get("/evidence/{obligation_id}/{sha256}")
def evidence(
    desk: Annotated[
        PageContext,
        allow(Role.HANDLER, Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, link=True),
    ],
    obligation_id: Number,
    sha256: str,
    inline: str = "",
) -> Response:
    """The bytes, after the history says who read them."""
    read = stream_evidence(desk.bureau, obligation_id, sha256[:64], by=desk.by, now=desk.now)
    kind = read.item.media_type or "application/octet-stream"
    shown = bool(inline) and kind in PICTURES | {PDF}
    headers = {
        "content-disposition": _disposition(read.item.filename or "材料", shown),
        "content-security-policy": _PDF_POLICY if kind == PDF else _PICTURE_POLICY,
        "cache-control": "private, no-store",
    }
    if shown:
        headers["x-frame-options"] = "SAMEORIGIN"
    if read.item.size_bytes is not None:
        headers["content-length"] = str(read.item.size_bytes)
    # Text keeps no type that a browser would render; the name's ending tells the reader's program enough.
    media_type = kind if shown or not kind.startswith("text/") else "application/octet-stream"
    return StreamingResponse(read.pieces, media_type=media_type, headers=headers)


def _disposition(filename: str, shown: bool) -> str:
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(filename, safe='')}"
