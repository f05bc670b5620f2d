"""Files in pieces, for our own script: announce, send, ask where it stands, remove. Answers are JSON, refusals too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from duban.core.access import Role
from duban.core.errors import Fault, NotFound, Refused
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
