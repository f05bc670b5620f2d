"""Evidence bytes, stored once under their SHA-256 and never changed.

A content-addressed place on any fsspec file system: a plain folder here, S3-compatible storage elsewhere. Bytes are
first staged under a temporary name, hashed while they are written, and only then moved to ab/cd/<sha256>; whoever
refuses them discards the stage and nothing is left. An upload waits there too, piece by piece, until it is whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from fsspec.core import url_to_fs

from duban.core.errors import Fault, NotFound, Refused

_CHUNK = 1024 * 1024
_STAGE = ".incoming"
_HEX = frozenset("0123456789abcdef")
_FULL = "磁盘已满，材料没有存入，也没有留下半份；请清理磁盘后重试。"
_PIECE_FULL = "磁盘已满，这一段没有存下；已上传的部分还在，请稍后接着传。"


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """Bytes that were received whole and are not yet kept."""

    place: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Vault:
    """Where evidence lies; `url` is an fsspec address or a folder."""

    url: str

    def stage(self, source: BinaryIO, *, name: str, max_bytes: int) -> StagedFile:
        """Receive the bytes under a temporary name. Refuses none or too many; a full disk is a Fault.

        `name` is how the sentence calls them. Reading stops at the limit, whatever size was announced.
        """
        files, root = _open(self.url)
        place = f"{root}/{_STAGE}/{uuid.uuid4().hex}"
        try:
            with _faults():
                files.makedirs(f"{root}/{_STAGE}", exist_ok=True)
                digest, size = hashlib.sha256(), 0
                with files.open(place, "wb") as target:
                    while chunk := source.read(_CHUNK):
                        size += len(chunk)
                        if size > max_bytes:
                            limit = max_bytes // _CHUNK
                            raise Refused(f"“{name}”超过单个附件上限 {limit} MB，请压缩或拆分后再报。")
                        digest.update(chunk)
                        target.write(chunk)
            if not size:
                raise Refused(f"“{name}”是空文件，请检查后重新选择。")
            return StagedFile(place=place, sha256=digest.hexdigest(), size_bytes=size)
        except BaseException:
            _remove(files, place)
            raise

    def keep(self, staged: StagedFile) -> None:
        """Move staged bytes to their own place; bytes that are already there stay as they are."""
        files, root = _open(self.url)
        place = kept_at(root, staged.sha256)
        with _faults():
            if files.exists(place) and files.size(place) == staged.size_bytes:
                _remove(files, staged.place)
                return
            files.makedirs(place.rpartition("/")[0], exist_ok=True)
            files.mv(staged.place, place)
            if "file" in files.protocol:
                Path(place).chmod(0o444)

    def discard(self, staged: StagedFile) -> None:
        """Drop staged bytes that nobody accepted; kept ones are not touched."""
        files, _ = _open(self.url)
        _remove(files, staged.place)

    def add_piece(self, upload_id: str, offset: int, data: bytes) -> None:
        """Put a piece of an upload at its place; what a broken-off attempt left there is replaced.

        A file of its own for each: object stores do not append.
        """
        files, root = _open(self.url)
        folder = _waiting_at(root, upload_id)
        with _faults(_PIECE_FULL):
            files.makedirs(folder, exist_ok=True)
            files.pipe_file(_piece_at(folder, offset), data)

    @contextmanager
    def open_pieces(self, upload_id: str, *, size_bytes: int) -> Iterator[BinaryIO]:
        """So many bytes of an upload as one seekable file; FileNotFoundError when any of them are gone."""
        files, root = _open(self.url)
        folder = _waiting_at(root, upload_id)
        with TemporaryFile() as whole:
            with _faults():
                # Each begins where the one before it ends: no listing, which an object store may have cached.
                while (come := whole.tell()) < size_bytes or not come:
                    if not whole.write(files.cat_file(_piece_at(folder, come))):
                        raise FileNotFoundError(folder)
            whole.seek(0)
            yield whole

    def drop_pieces(self, upload_id: str) -> None:
        """The bytes are not needed any more; gone already is well."""
        files, root = _open(self.url)
        with suppress(OSError):
            files.rm(_waiting_at(root, upload_id), recursive=True)

    def put(self, source: BinaryIO, *, name: str, max_bytes: int) -> StagedFile:
        """Stage and keep at once, for bytes that nothing more has to be asked about."""
        staged = self.stage(source, name=name, max_bytes=max_bytes)
        self.keep(staged)
        return staged

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """The bytes for reading, checked against their hash before the first one is handed out."""
        self.verify(sha256)
        files, root = _open(self.url)
        with _faults():
            source = files.open(kept_at(root, sha256), "rb")
        # What goes wrong while the caller works with the bytes is the caller's.
        with source:
            yield source

    def verify(self, sha256: str) -> int:
        """The size in bytes; NotFound when they are gone, a Fault when they are not what they were."""
        files, root = _open(self.url)
        try:
            with _faults(), files.open(kept_at(root, sha256), "rb") as source:
                found = hashlib.file_digest(source, "sha256").hexdigest()
                size = source.seek(0, os.SEEK_END)
        except FileNotFoundError:
            raise NotFound(f"佐证材料 {sha256[:12]} 不在存放处，请从备份恢复。") from None
        if found != sha256:
            raise Fault(f"佐证材料 {sha256[:12]} 的内容与登记的指纹不符，请从备份恢复并追查。")
        return int(size)

    def hashes(self) -> Iterator[str]:
        """The SHA-256 names of everything kept, for backups and for finding what no submission speaks of."""
        files, root = _open(self.url)
        with _faults():
            if not files.exists(root):
                return
            for place in files.find(root):
                name = str(place).rpartition("/")[2]
                if _is_hash(name):
                    yield name

    def sweep(self, *, before: datetime, known: frozenset[str] = frozenset()) -> int:
        """Remove what nobody touched since that moment, but for uploads still `known`; returns how many.

        That is stages that a killed process left behind, and pieces of uploads that no row speaks of.
        """
        files, root = _open(self.url)
        stage = f"{root}/{_STAGE}"
        with _faults():
            touched: dict[str, datetime] = {}
            for place in files.find(stage) if files.exists(stage) else ():
                name = str(place).removeprefix(f"{stage}/").partition("/")[0]
                modified: datetime = files.modified(place)
                modified = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
                touched[name] = max(modified, touched.get(name, modified))
            old = [name for name, last in touched.items() if last < before and name not in known]
            for name in old:
                with suppress(OSError):
                    files.rm(f"{stage}/{name}", recursive=True)
            return len(old)


def _open(url: str) -> tuple[Any, str]:
    files, root = url_to_fs(url)
    return files, str(root).rstrip("/")


def kept_at(root: str, sha256: str) -> str:
    """Where under a root the bytes of this hash lie."""
    assert _is_hash(sha256), "only a SHA-256 names kept bytes"
    return f"{root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _waiting_at(root: str, upload_id: str) -> str:
    assert len(upload_id) == 32 and not set(upload_id) - _HEX, "only an upload's own id names its bytes"
    return f"{root}/{_STAGE}/{upload_id}"


def _piece_at(folder: str, offset: int) -> str:
    return f"{folder}/{offset:015d}"


def _is_hash(name: str) -> bool:
    return len(name) == 64 and not set(name) - _HEX


def _remove(files: Any, place: str) -> None:
    with suppress(OSError):
        files.rm_file(place)


@contextmanager
def _faults(full: str = _FULL) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Fault(full) from error
        raise Fault(
            f"佐证材料存放处无法使用（{error.strerror or error}），请用 duban doctor 检查。"
        ) from error
