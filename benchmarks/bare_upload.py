"""The bare upload that handing in is measured against: parse the form, write the bytes, insert one row."""

from __future__ import annotations

import argparse
import uuid
from pathlib import Path

import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from duban.core.db import Store, open_store
from duban.core.settings import load

_uploads = sa.Table(
    "bare_upload",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("obligation_id", sa.Integer, nullable=False),
    sa.Column("place", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
)


def bare_app(store: Store, folder: Path) -> Starlette:
    """The application; its table and folder are made."""
    folder.mkdir(parents=True, exist_ok=True)
    with store.writing() as connection:
        _uploads.create(connection, checkfirst=True)

    def save(number: int, content: bytes) -> None:
        place = uuid.uuid4().hex
        (folder / place).write_bytes(content)
        with store.writing() as connection:
            connection.execute(
                _uploads.insert().values(obligation_id=number, place=place, size_bytes=len(content))
            )

    async def upload(request: Request) -> Response:
        form = await request.form()
        file = form["file"]
        assert isinstance(file, UploadFile)
        await run_in_threadpool(save, int(request.path_params["number"]), await file.read())
        return RedirectResponse("/", status_code=303)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/healthz", healthz), Route("/{number}", upload, methods=["POST"])])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    settings = load()
    store = open_store(settings.store_url)
    app = bare_app(store, settings.home / "bare")
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
