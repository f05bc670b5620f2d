"""Opening files that people or a drop folder name, and cleaning the names they bear. Names are never trusted."""

from __future__ import annotations

import os
import stat
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
