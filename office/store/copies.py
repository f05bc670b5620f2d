"""Whole copies of the ledger's database: SQLite by its own backup interface, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect
from sqlalchemy.engine import make_url

from office.errors import Fault, Refused
from office.store.engine import Store

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
