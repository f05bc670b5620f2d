"""The channel of a fresh installation: every letter becomes an .eml file that a mail program opens.

Nothing leaves the machine here, so no allow-list is asked. The same letter is the same file, whoever writes it twice.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notifications.channels import Channel, Receipt, Status
from notifications.letters import Letter, safe_key

_REASONS = {
    errno.ENOSPC: "磁盘已满，请清理空间后等待自动重试。",
    errno.EDQUOT: "磁盘配额已用完，请清理空间后等待自动重试。",
    errno.EFBIG: "文件超过系统允许的大小，请联系运维人员放宽限制。",
    errno.EACCES: "没有发件箱文件夹的写入权限，请联系运维人员授权。",
    errno.EPERM: "没有发件箱文件夹的写入权限，请联系运维人员授权。",
    errno.EROFS: "发件箱所在磁盘只读，请联系运维人员处理。",
}


@contextmanager
def open_eml(outbox: Path, *, durable: bool = True) -> Iterator[EmlChannel]:
    """Letters go to `outbox`/YYYY-MM-DD/<key>.eml. `durable` waits until each file is on the disk."""
    yield EmlChannel(outbox, durable=durable)


class EmlChannel(Channel):
    """See open_eml."""

    name = "eml"

    def __init__(self, outbox: Path, *, durable: bool) -> None:
        self._outbox = outbox
        self._durable = durable

    def send(self, letter: Letter) -> Receipt:
        """Accepted once the whole file stands under its name; until then nothing of it is visible."""
        path = eml_path(self._outbox, letter)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                _write_whole(path, letter.data, durable=self._durable)
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, "发件箱文件写入失败，请联系运维人员检查发件箱文件夹。")
            return Receipt(
                status=Status.TEMPORARY,
                provider_code=errno.errorcode.get(error.errno or 0, "OSError"),
                provider_message=f"{reason}（{path.parent}）",
            )
        return Receipt(status=Status.ACCEPTED, provider_code="written", provider_message=str(path))


def eml_path(outbox: Path, letter: Letter) -> Path:
    """Where this letter stands or will stand."""
    return outbox / letter.sent_on.isoformat() / f"{safe_key(letter.key)}.eml"


def _write_whole(path: Path, data: bytes, *, durable: bool) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
