"""The bytes of files on their way in: one file each, in a local folder, written at the place their sender names."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from office.errors import Fault, Refused

_ID = frozenset("0123456789abcdef")


def write_at(folder: Path, upload_id: str, offset: int, data: bytes) -> None:
    """Put a piece at its place; what a broken-off piece left beyond it is cut off."""
    place = _place(folder, upload_id)
    with _faults():
        folder.mkdir(parents=True, exist_ok=True)
        with place.open("r+b" if place.exists() else "x+b") as file:
            file.seek(offset)
            file.write(data)
            file.truncate()


@contextmanager
def reading(folder: Path, upload_id: str, name: str) -> Iterator[BinaryIO]:
    """The bytes received so far; refused when they are gone, which a clearing or a new machine does."""
    try:
        with _faults():
            source = _place(folder, upload_id).open("rb")
    except FileNotFoundError:
        raise Refused(f"“{name}”上传的内容已不在，请移除后重新选择文件。") from None
    with source:
        yield source


def remove(folder: Path, upload_id: str) -> None:
    """The bytes are not needed any more; gone already is well."""
    _place(folder, upload_id).unlink(missing_ok=True)


def remove_strays(folder: Path, *, known: frozenset[str], before: datetime) -> int:
    """Remove what no row speaks of and nobody touched since that moment; returns how many."""
    if not folder.is_dir():
        return 0
    strays = [
        file
        for file in folder.iterdir()
        if file.name not in known and file.is_file() and file.stat().st_mtime < before.timestamp()
    ]
    for file in strays:
        file.unlink(missing_ok=True)
    return len(strays)


def _place(folder: Path, upload_id: str) -> Path:
    assert len(upload_id) == 32 and not set(upload_id) - _ID, "only an upload's own id names its bytes"
    return folder / upload_id


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Fault("磁盘已满，这一段没有存下；已上传的部分还在，请稍后接着传。") from error
        raise Fault(f"上传文件存不进去（{error.strerror or error}），请用 duban doctor 检查。") from error
