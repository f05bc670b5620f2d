"""Opening files that people or a drop folder name, and cleaning the names they bear. Names are never trusted."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from duban.core.errors import Fault, Refused
from duban.core.text import display_name


def open_regular_file(path: Path, *, folder: Path | None = None) -> BinaryIO:
    """A regular file for reading, in `folder` if one is given; a relative path never climbs out of where it starts.

    Links, devices, pipes and folders are refused, and so is what has vanished.
    """
    name = display_name(path.name)
    allowed = folder if folder is not None else (None if path.is_absolute() else Path.cwd())
    place = path if allowed is None else allowed / path
    if allowed is not None and not _within(place, allowed):
        raise Refused(f"“{name}”不在允许的文件夹 {allowed} 之内，请把文件放进该文件夹后再报。")
    try:
        # Without O_NONBLOCK opening a pipe would wait for its writer for ever.
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unopened(error, place, name) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused(f"“{name}”不是普通文件，请选择一个文件再报。")
    return os.fdopen(handle, "rb")


def _within(place: Path, folder: Path) -> bool:
    # Resolved, so that neither `..` nor a link on the way leads outside; the last part is judged when opened.
    return (place.parent.resolve() / place.name).is_relative_to(folder.resolve()) and place.name != ".."


def _unopened(error: OSError, place: Path, name: str) -> Refused | Fault:
    if place.is_symlink():
        return Refused(f"“{name}”是链接而不是文件，请直接选择文件本身。")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Refused(f"找不到文件“{name}”，可能已被移走或改名，请重新选择。")
    if isinstance(error, PermissionError):
        return Refused(f"没有权限读取“{name}”，请检查文件权限后重试。")
    return Refused(f"“{name}”无法打开（{error.strerror}），请重新选择文件。")


_ID = frozenset("0123456789abcdef")


def write_partial_file(folder: Path, upload_id: str, offset: int, data: bytes) -> None:
    """Put a piece at its place; what a broken-off piece left beyond it is cut off."""
    place = _place(folder, upload_id)
    with _faults():
        folder.mkdir(parents=True, exist_ok=True)
        with place.open("r+b" if place.exists() else "x+b") as file:
            file.seek(offset)
            file.write(data)
            file.truncate()


@contextmanager
def open_partial_file(folder: Path, upload_id: str, name: str) -> Iterator[BinaryIO]:
    """The bytes received so far; refused when they are gone, which a clearing or a new machine does."""
    try:
        with _faults():
            source = _place(folder, upload_id).open("rb")
    except FileNotFoundError:
        raise Refused(f"“{name}”上传的内容已不在，请移除后重新选择文件。") from None
    with source:
        yield source


def remove_partial_file(folder: Path, upload_id: str) -> None:
    """The bytes are not needed any more; gone already is well."""
    _place(folder, upload_id).unlink(missing_ok=True)


def remove_stray_partial_files(folder: Path, *, known: frozenset[str], before: datetime) -> int:
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
