"""Evidence: the bytes of a file for whoever may see it, and files received piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from duban.core.access import Role
from duban.core.errors import Fault, NotFound, Refused
from duban.evidence.service import stream_evidence
from duban.evidence.uploads import (
    PIECE_BYTES,
    UploadStatus,
    begin_upload,
    drop_upload,
    receive_piece,
    show_upload,
)
from duban.portal.access import allow, posted
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
    return file_response(
        read.pieces, kind, read.item.filename or "材料", read.item.size_bytes, inline=bool(inline)
    )


def file_response(
    pieces: Iterator[bytes], kind: str, filename: str, size_bytes: int | None, *, inline: bool = False
) -> Response:
    """Bytes that somebody sent us: saved by the reader, or if asked shown where nothing in them can run."""
    shown = inline and kind in PICTURES | {PDF}
    headers = {
        "content-disposition": _disposition(filename, shown),
        "content-security-policy": _PDF_POLICY if kind == PDF else _PICTURE_POLICY,
        "cache-control": "private, no-store",
    }
    if shown:
        headers["x-frame-options"] = "SAMEORIGIN"
    if size_bytes is not None:
        headers["content-length"] = str(size_bytes)
    # Text keeps no type that a browser would render; the name's ending tells the reader's program enough.
    media_type = kind if shown or not kind.startswith("text/") else "application/octet-stream"
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _disposition(filename: str, shown: bool) -> str:
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(filename, safe='')}"


Mine = Annotated[PageContext, allow(Role.HANDLER, link=True)]


@router.post("/my/{obligation_id}/uploads")
async def begin(desk: Mine, obligation_id: Number) -> Response:
    """Announce a file: `key`, `filename`, `size`. The name is judged as it came."""
    form = await posted(desk.request)
    key, filename, size = (str(form.get(name) or "") for name in ("key", "filename", "size"))
    size_bytes = int(size) if size.isascii() and size.isdigit() and len(size) < 16 else 0
    return await run_in_threadpool(
        _told,
        lambda: begin_upload(
            desk.bureau,
            obligation_id,
            key=key,
            filename=filename,
            size_bytes=size_bytes,
            by=desk.by,
            now=desk.now,
        ),
    )


@router.get("/uploads/{upload_id}")
def where(desk: Mine, upload_id: str) -> Response:
    """Where it stands, to go on from there."""
    return _told(lambda: show_upload(desk.bureau, upload_id, by=desk.by))


@router.put("/uploads/{upload_id}")
async def piece(
    desk: Mine, request: Request, upload_id: str, offset: Annotated[int, Query(ge=0, le=2**53)]
) -> Response:
    """A piece that begins at `offset`; at most one piece is held in memory."""
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > PIECE_BYTES:
                return _answer(413, ("一段内容太长，请刷新页面后重新上传。",))
    except ClientDisconnect:
        # Half a piece counts for nothing; the sender asks where the file stands and goes on there.
        return _answer(400, ("连接中断，这一段没有收全，请接着传。",))
    return await run_in_threadpool(
        _told,
        lambda: receive_piece(
            desk.bureau, upload_id, offset=offset, data=bytes(data), by=desk.by, now=desk.now
        ),
    )


@router.delete("/uploads/{upload_id}")
def remove(desk: Mine, upload_id: str) -> Response:
    """Not wanted after all."""
    return _told(lambda: drop_upload(desk.bureau, upload_id, by=desk.by))


def _told(act: Callable[[], UploadStatus]) -> Response:
    try:
        stands = act()
    except NotFound as gone:
        return _answer(404, gone.reasons)
    except Refused as refused:
        return _answer(422, refused.reasons)
    except Fault as fault:
        return _answer(503, (str(fault),))
    body = {
        "id": stands.id,
        "received": stands.received_bytes,
        "size": stands.size_bytes,
        "filename": stands.filename,
        "complete": stands.complete,
    }
    return JSONResponse(body, status_code=200 if stands.accepted else 409)


def _answer(status: int, reasons: tuple[str, ...]) -> Response:
    return JSONResponse({"reasons": list(reasons)}, status_code=status)
