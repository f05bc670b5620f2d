"""A sheet made for one download: written to a file that is gone when it was sent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def xlsx_response(name: str, write: Callable[[Path], object]) -> Response:
    """`write` fills the file; `name` is what the browser keeps it as."""
    with tempfile.NamedTemporaryFile(prefix="duban-", suffix=".xlsx", delete=False) as made:
        path = Path(made.name)
    try:
        write(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(path, filename=name, media_type=XLSX, background=BackgroundTask(path.unlink))
