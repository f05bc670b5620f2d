"""A sheet somebody chose waits as a file between its preview and its confirmation: his own, whole, unchanged, for a day.

Beside the bytes lies a small note with whose it is, what for, and its SHA-256, which is checked when it is used.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from duban.bureau import Bureau
from duban.core.access import Actor, person_id
from duban.core.errors import Fault, NotFound, Refused
from duban.core.text import display_name
from duban.imports.bombs import cells_of, refuse_bombs

WAITS = timedelta(hours=24)
# Of one person; the oldest makes room, so that trying again and again fills no disk.
MOST_WAITING = 5
ENDINGS = (".xlsx", ".xls", ".csv")
# A sheet with one cell in the last corner would be laid out whole in memory.
MOST_CELLS = 20_000_000
# File systems count a name in bytes, of which a Chinese character takes three or four.
MOST_NAME_BYTES = 200
_CHUNK = 1024 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,40}")
_NOTE = "note.json"
_GONE = "这份表格已不在（超过一天，或已导入，或不是您上传的），请重新选择文件。"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingImport:
    """A sheet as it waits in a folder of its own. `use` is what it was chosen for, `choices` what was chosen with it."""

    token: str
    folder: Path
    filename: str
    use: str
    choices: Mapping[str, str]
    sha256: str
    size_bytes: int
    made_at: datetime

    @property
    def path(self) -> Path:
        return self.folder / self.filename


def keep_pending_import(
    bureau: Bureau,
    source: BinaryIO,
    filename: str,
    *,
    use: str,
    choices: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> PendingImport:
    """Receive a sheet. Refused when it is too large, empty, no sheet by its name, or unfolds absurdly."""
    name = _fitting(display_name(filename))
    if not name.lower().endswith(ENDINGS):
        raise Refused(f"“{name}”不是能导入的表格，请另存为 xlsx 或 csv 后再选择。")
    own = _own_folder(bureau, by)
    _sweep(own, now)
    token = secrets.token_urlsafe(18)
    place = own / token
    try:
        place.mkdir(parents=True)
        sha256, size = _receive(source, place / name, name, bureau.settings.evidence_max_bytes)
        _refuse_absurd(place / name, name)
        note: dict[str, Any] = {
            "filename": name,
            "use": use,
            "choices": dict(choices),
            "sha256": sha256,
            "size_bytes": size,
        }
        note["made_at"] = now.isoformat()
        (place / _NOTE).write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        _remove(place)
        raise Fault(f"表格没有收下（{error.strerror}），请稍后重试；仍不行请联系运维。") from error
    except BaseException:
        _remove(place)
        raise
    return _read(place)


def find_pending_import(bureau: Bureau, token: str, *, use: str, by: Actor, now: datetime) -> PendingImport:
    """The person's own waiting sheet. Raises NotFound when it is gone, a Fault when its bytes are not what came."""
    place = _own_folder(bureau, by) / token
    if not _TOKEN.fullmatch(token) or not (place / _NOTE).is_file():
        raise NotFound(_GONE)
    found = _read(place)
    if found.use != use or now - found.made_at > WAITS:
        raise NotFound(_GONE)
    with found.path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != found.sha256:
            raise Fault(f"“{found.filename}”的内容与上传时不同，没有导入；请重新上传，并请运维检查磁盘。")
    return found


def drop_pending_import(sheet: PendingImport) -> None:
    """It was used, or is not wanted any more."""
    _remove(sheet.folder)


def _fitting(name: str) -> str:
    """The name, its stem cut to what a file system can bear; the ending says how the sheet is read."""
    stem, dot, ending = name.rpartition(".")
    room = max(MOST_NAME_BYTES - len(f"{dot}{ending}".encode()), 0)
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def _own_folder(bureau: Bureau, by: Actor) -> Path:
    return bureau.settings.home / "sheets" / str(person_id(by))


def _read(place: Path) -> PendingImport:
    """The sheet in this folder, by its note. Raises OSError, ValueError, KeyError or TypeError without a whole one."""
    note: dict[str, Any] = json.loads((place / _NOTE).read_text(encoding="utf-8"))
    made_at = datetime.fromisoformat(note.pop("made_at"))
    return PendingImport(token=place.name, folder=place, made_at=made_at, **note)


def _receive(source: BinaryIO, target: Path, name: str, most: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise Refused(f"“{name}”超过上限 {most // _CHUNK} MB，请分成几份再导入。")
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise Refused(f"“{name}”是空文件，请确认选对了文件。")
    return digest.hexdigest(), size


def _refuse_absurd(path: Path, name: str) -> None:
    if path.suffix.lower() != ".xlsx":
        return
    with path.open("rb") as file:
        refuse_bombs(file, name)
    if cells_of(path, name) > MOST_CELLS:
        raise Refused(
            f"“{name}”的数据范围异常大（多半是右下角远处有一个误填的格），请删去多余的行和列，另存后再导入。"
        )


def _sweep(folder: Path, now: datetime) -> None:
    """Drop what waited too long, and the oldest of too many."""
    if not folder.is_dir():
        return
    waiting: list[PendingImport] = []
    for place in folder.iterdir():
        try:
            waiting.append(_read(place))
        except (OSError, ValueError, KeyError, TypeError):
            _remove(place)
    waiting.sort(key=lambda one: one.made_at)
    for nth, one in enumerate(waiting):
        if now - one.made_at > WAITS or nth <= len(waiting) - MOST_WAITING:
            _remove(one.folder)


def _remove(place: Path) -> None:
    if place.is_dir():
        for file in place.iterdir():
            file.unlink(missing_ok=True)
        place.rmdir()
