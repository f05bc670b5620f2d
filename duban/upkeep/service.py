"""Backup of ledger and evidence into one folder with a manifest of SHA-256 sums, restore into an empty place, and
verification of what must never change: the history's chain and the bytes of the evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from duban.bureau import Bureau
from duban.core import clock
from duban.core.db import Address, make_url, open_store
from duban.core.errors import Fault, NotFound, Refused
from duban.core.settings import Settings
from duban.core.vault import Vault, kept_at
from duban.evidence.queries import referenced_hashes
from duban.history.queries import verify_chain

SQLITE_NAME = "duban.db"
POSTGRES_NAME = "duban.dump"
MANIFEST = "manifest.json"
EVIDENCE = "evidence"
UNFINISHED = ".unfinished"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """Where the backup lies. `reused` files were linked from the last one; `damaged` says what could not be saved."""

    folder: Path
    files: int
    size_bytes: int
    reused: int
    damaged: tuple[str, ...] = ()


def backups_folder(bureau: Bureau) -> Path:
    return (bureau.settings.home / "backups").resolve()


def backup(bureau: Bureau, *, now: datetime, folder: Path | None = None) -> BackupReport:
    """Copy everything that cannot be made again. The folder must be new; a broken-off backup never looks whole."""
    target = (folder or backups_folder(bureau) / f"{now.astimezone(clock.ZONE):%Y-%m-%dT%H%M%S}").resolve()
    if target.exists():
        raise Refused(f"{target} 已存在，请换一个文件夹名再备份。")
    building = target.with_name(target.name + UNFINISHED)
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir(parents=True)
        # The database first: evidence is stored before its row, so what the copy names is there to be copied.
        store = bureau.store
        if store.is_sqlite:
            _copy_sqlite(str(store.engine.url.database), building / SQLITE_NAME)
        else:
            dump = f"--file={building / POSTGRES_NAME}"
            _run_postgres(store.engine.url, "pg_dump", "--format=custom", dump)
        reused, damaged = _copy_evidence(bureau.vault, building / EVIDENCE, latest(target.parent))
        sizes = _write_manifest(building, bureau, now)
        building.rename(target)
    except Fault:
        shutil.rmtree(building, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise Fault(f"备份没有完成（{error.strerror or error}），请检查磁盘空间与权限后重试。") from error
    return BackupReport(
        folder=target, files=len(sizes), size_bytes=sum(sizes), reused=reused, damaged=damaged
    )


def latest(folder: Path) -> Path | None:
    """The newest whole backup in a folder of backups."""
    return max(_whole(folder), default=None)


def prune(folder: Path, *, keep: int) -> int:
    """Remove all but the newest `keep` whole backups; returns how many were removed."""
    old = sorted(_whole(folder))[:-keep]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _whole(folder: Path) -> list[Path]:
    found = [path.parent for path in folder.glob(f"*/{MANIFEST}")]
    return [path for path in found if not path.name.endswith(UNFINISHED)]


def _copy_sqlite(source: str, target: Path) -> None:
    """A consistent copy while others go on working."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            # In pieces, so that writers get their turn; SQLite starts over by itself if they change something.
            old.backup(new, pages=4096)
            new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise Fault(f"台账数据库无法复制（{error}），请检查磁盘空间后重试。") from error


def _run_postgres(url: Address, program: str, *options: str) -> None:
    """Run a PostgreSQL tool against the database; the password goes by the environment, never by the command line."""
    found = shutil.which(program)
    if found is None:
        raise Fault(f"没有找到 {program}，请在本机安装 PostgreSQL 客户端工具，或用数据库自带的备份办法。")
    places = {"--host": url.host, "--port": url.port, "--username": url.username, "--dbname": url.database}
    given = [f"{name}={value}" for name, value in places.items() if value]
    # A socket folder stands in the address's query, as the driver wants it.
    if not url.host and "host" in url.query:
        given.append(f"--host={url.query['host']}")
    done = subprocess.run(
        [found, *given, *options],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Fault(
            f"{program} 没有成功：{done.stderr.strip().splitlines()[-1:] or ['未说明原因']}。请按提示处理后重试。"
        )


def _copy_evidence(vault: Vault, target: Path, previous: Path | None) -> tuple[int, tuple[str, ...]]:
    """Copy what the vault holds: how many were linked from the previous backup, and sentences on what is damaged.

    Every file of a backup bears its SHA-256 as its name and is checked against it, linked ones too.
    """
    reused, damaged = 0, []
    for sha256 in vault.hashes():
        own = Path(kept_at(str(target), sha256))
        own.parent.mkdir(parents=True, exist_ok=True)
        if previous:
            with suppress(OSError):
                os.link(kept_at(str(previous / EVIDENCE), sha256), own)
                if _sha256(own) == sha256:
                    reused += 1
                    continue
                own.unlink()
        with ExitStack() as opened:
            try:
                source = opened.enter_context(vault.open(sha256))
            except (Fault, NotFound) as error:
                # The rest is worth saving all the more when one item is damaged.
                damaged.append(str(error))
                continue
            with own.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1024 * 1024)
    return reused, tuple(damaged)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(folder: Path, bureau: Bureau, now: datetime) -> list[int]:
    """Name every file with its sum; returns their sizes in bytes."""
    sizes = {path: path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
    listed = [
        {"path": path.relative_to(folder).as_posix(), "sha256": _sha256(path), "size_bytes": size}
        for path, size in sizes.items()
    ]
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "database": "sqlite" if bureau.store.is_sqlite else "postgresql",
        "files": listed,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    return list(sizes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What came back; every entry and item was verified after it was written."""

    made_at: str
    entries: int
    evidence: int


def restore(settings: Settings, folder: Path) -> RestoreReport:
    """Restore a backup folder into the settings' empty database and evidence place; refuses anything else."""
    manifest = _read_manifest(folder)
    if broken := _broken(folder, manifest):
        raise Refused(f"备份不完整或被改动（{broken}），没有恢复任何内容；请换用另一份备份。")
    vault = Vault(settings.evidence_root)
    _require_empty(settings, vault)
    _restore_database(settings.store_url, folder)
    files = [path for path in sorted((folder / EVIDENCE).rglob("*")) if path.is_file()]
    for path in files:
        with path.open("rb") as source:
            vault.put(source, name=path.name, max_bytes=path.stat().st_size)
    entries = _verified_entries(settings, vault)
    return RestoreReport(made_at=manifest["made_at"], entries=entries, evidence=len(files))


def restore_refusals(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Why a restore would be refused; empty if it would be done."""
    try:
        broken = _broken(folder, _read_manifest(folder))
        _require_empty(settings, Vault(settings.evidence_root))
    except Refused as error:
        return error.reasons
    return (f"备份不完整或被改动（{broken}），请换用另一份备份。",) if broken else ()


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused(f"{folder} 不是完整的备份（缺少 {MANIFEST}），请选另一个备份文件夹。") from None
    if manifest.get("format") != FORMAT:
        raise Refused(f"{folder} 的备份格式不认识，请用做备份时的程序版本恢复。")
    return dict(manifest)


def _broken(folder: Path, manifest: dict[str, Any]) -> str:
    """Names the first files of a backup that are missing or changed; empty when there are none."""
    names = [
        entry["path"]
        for entry in manifest["files"]
        if not (folder / entry["path"]).is_file() or _sha256(folder / entry["path"]) != entry["sha256"]
    ]
    return "、".join(names[:3]) + (f" 等 {len(names)} 个文件" if len(names) > 3 else "")


def _require_empty(settings: Settings, vault: Vault) -> None:
    with closing(open_store(settings.store_url)) as store:
        taken = store.has_tables or next(iter(vault.hashes()), None) is not None
    if taken:
        raise Refused(f"{settings.home.resolve()} 里已有数据，恢复不会覆盖；请用 --home 指一个空文件夹。")


def _restore_database(url: str, folder: Path) -> None:
    """Bring the copy back as the database at `url`, which is empty and must be of the kind the copy was made from."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    source = folder / (SQLITE_NAME if sqlite else POSTGRES_NAME)
    if not source.exists():
        raise Refused("备份里的数据库与设置的数据库种类不同，请核对 DUBAN_DATABASE_URL 后重试。")
    if sqlite:
        target = Path(str(parsed.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(str(source), target)
    else:
        options = ("--no-owner", "--exit-on-error", "--single-transaction", str(source))
        _run_postgres(parsed, "pg_restore", *options)


def _verified_entries(settings: Settings, vault: Vault) -> int:
    """The number of history entries, once chain and evidence have been found whole."""
    with closing(open_store(settings.store_url)) as store, store.reading() as connection:
        chain, hashes = verify_chain(connection), referenced_hashes(connection)
    if chain.reason:
        raise Fault(f"恢复后的留痕没有通过核验：{chain.reason}")
    for sha256 in hashes:
        vault.verify(sha256)
    return chain.entries


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked and every sentence on what does not hold."""

    entries: int
    history_fault: str | None
    out_of_order: int
    evidence_checked: int
    evidence_faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return self.history_fault is None and not self.evidence_faults

    def require_sound(self) -> None:
        """Raise one Fault with everything that was found."""
        if not self.sound:
            raise Fault("；".join(filter(None, (self.history_fault, *self.evidence_faults))))


def verify(bureau: Bureau, *, newest: int | None = None) -> VerifyReport:
    """Check the whole history and all evidence, or only the newest items, as the doctor does."""
    with bureau.store.reading() as connection:
        chain, hashes = verify_chain(connection), referenced_hashes(connection, newest=newest)
    return VerifyReport(
        entries=chain.entries,
        history_fault=chain.reason,
        out_of_order=chain.out_of_order,
        evidence_checked=len(hashes),
        evidence_faults=tuple(_faults(bureau.vault, hashes)),
    )


def _faults(vault: Vault, hashes: Sequence[str]) -> Iterable[str]:
    for sha256 in hashes:
        try:
            vault.verify(sha256)
        except (Fault, NotFound) as error:
            yield str(error)
