"""Backs up the ledger and the evidence into one folder with a manifest of SHA-256 sums."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, inspect
from sqlalchemy.engine import make_url

from duban.bureau import Bureau
from duban.core import clock
from duban.core.db import Store
from duban.core.errors import Fault, NotFound, Refused
from duban.core.vault import Vault

SQLITE_NAME = "duban.db"
POSTGRES_NAME = "duban.dump"


def copy_database(store: Store, folder: Path) -> Path:
    """Write a consistent copy of the ledger into the folder while others go on working; returns the file."""
    if store.is_sqlite:
        return _copy_sqlite(str(store.engine.url.database), folder / SQLITE_NAME)
    return _dump_postgres(store.engine.url, folder / POSTGRES_NAME)


def restore_database(url: str, folder: Path) -> None:
    """Bring a copy back as the database at `url`, which must be empty and of the kind the copy was made from."""
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
        _run_postgres(
            parsed, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(source)
        )


def is_empty(store: Store) -> bool:
    """Whether the database has no tables yet."""
    return not inspect(store.engine).get_table_names()


def _copy_sqlite(source: str, target: Path) -> Path:
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
    return target


def _dump_postgres(url: URL, target: Path) -> Path:
    _run_postgres(url, "pg_dump", "--format=custom", f"--file={target}")
    return target


def _run_postgres(url: URL, program: str, *options: str) -> None:
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


MANIFEST = "manifest.json"
EVIDENCE = "evidence"
UNFINISHED = ".unfinished"
FORMAT = 1
_CHUNK = 1024 * 1024


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
        copy_database(bureau.store, building)
        reused, damaged = _copy_evidence(bureau.vault, building / EVIDENCE, latest(target.parent))
        listed = _manifest(building, bureau, now)
        building.rename(target)
    except Fault:
        shutil.rmtree(building, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise Fault(f"备份没有完成（{error.strerror or error}），请检查磁盘空间与权限后重试。") from error
    sizes = [entry["size_bytes"] for entry in listed]
    return BackupReport(
        folder=target, files=len(sizes), size_bytes=sum(sizes), reused=reused, damaged=damaged
    )


def latest(folder: Path) -> Path | None:
    """The newest whole backup in a folder of backups."""
    whole = sorted(
        path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.endswith(UNFINISHED)
    )
    return whole[-1] if whole else None


def prune(folder: Path, *, keep: int) -> int:
    """Remove all but the newest `keep` whole backups; returns how many were removed."""
    whole = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    for old in whole[:-keep]:
        shutil.rmtree(old)
    return len(whole[:-keep])


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a backup; refused when it is none of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused(f"{folder} 不是完整的备份（缺少 {MANIFEST}），请选另一个备份文件夹。") from None
    if manifest.get("format") != FORMAT:
        raise Refused(f"{folder} 的备份格式不认识，请用做备份时的程序版本恢复。")
    return dict(manifest)


def check_manifest(folder: Path) -> tuple[str, ...]:
    """The files of a backup that are missing or changed, by their names in it."""
    return tuple(
        entry["path"]
        for entry in read_manifest(folder)["files"]
        if not (folder / entry["path"]).is_file() or sha256_of(folder / entry["path"]) != entry["sha256"]
    )


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _copy_evidence(vault: Vault, target: Path, previous: Path | None) -> tuple[int, tuple[str, ...]]:
    """Copy what the vault holds: how many were linked from the previous backup, and sentences on what is damaged.

    Every file of a backup bears its SHA-256 as its name and is checked against it, linked ones too.
    """
    reused, damaged = 0, []
    for sha256 in vault.hashes():
        own = evidence_path(target, sha256)
        own.parent.mkdir(parents=True, exist_ok=True)
        if previous and _link(evidence_path(previous / EVIDENCE, sha256), own):
            if sha256_of(own) == sha256:
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
                shutil.copyfileobj(source, copy, _CHUNK)
    return reused, tuple(damaged)


def evidence_path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256[2:4] / sha256


def _link(old: Path, new: Path) -> bool:
    try:
        os.link(old, new)
    except OSError:
        return False
    return True


def _manifest(folder: Path, bureau: Bureau, now: datetime) -> list[dict[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = [
        {
            "path": path.relative_to(folder).as_posix(),
            "sha256": sha256_of(path),
            "size_bytes": path.stat().st_size,
        }
        for path in files
    ]
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "database": "sqlite" if bureau.store.is_sqlite else "postgresql",
        "files": listed,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    return listed
