"""Brings a ledger's schema to the one this program knows, whole or not at all, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, text

from duban.core.db import Store, open_store
from duban.core.errors import Fault

FOLDER = Path(__file__).parent / "migrations"
# Any number will do; it only has to be the same for all who migrate one PostgreSQL database.
_LOCK = 20260321


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """Where the schema stood and where it stands; None is an empty database. Equal: nothing was to be done."""

    from_revision: str | None
    to_revision: str | None


@cache
def head_revision() -> str:
    """The newest revision this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None, "the migrations are shipped with the program"
    return newest


def current_revision(store: Store) -> str | None:
    """The revision the database stands at; None when it has no tables of ours."""
    with store.reading() as connection:
        return _revision(connection)


def pending_revisions(store: Store) -> bool:
    """Whether `migrate` would change anything."""
    return current_revision(store) != head_revision()


def migrate(store: Store, to: str = "head") -> Migrated:
    """Up to the newest revision, in one transaction. Raises Fault when the database is newer than the program."""
    return _run(store, lambda config: command.upgrade(config, to))


def downgrade(store: Store, to: str) -> Migrated:
    """Down to an earlier revision (`base` removes every table), for an operator who goes back to an older program."""
    return _run(store, lambda config: command.downgrade(config, to))


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER))
    return config


def _run(store: Store, move: Callable[[Config], None]) -> Migrated:
    with _alone(store) as connection:
        before = _revision(connection)
        _refuse_unknown(before)
        move(_config(connection))
        if store.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise Fault("升级后的台账有对不上的记录，已全部撤回；请保留数据库文件并联系运维人员。")
        return Migrated(from_revision=before, to_revision=_revision(connection))


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(revision: str | None) -> None:
    try:
        if revision is not None:
            ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError as error:
        raise Fault(
            f"台账数据库的版本{revision}比本程序新，请先升级程序再使用，数据未作任何改动。"
        ) from error


@contextmanager
def _alone(store: Store) -> Iterator[Connection]:
    """A writing transaction that keeps every other migration out.

    SQLite alters a table by dropping its old copy, which foreign keys would refuse; as they cannot be switched inside
    a transaction, an engine of its own has them off, and they are checked at the end.
    """
    if not store.is_sqlite:
        with store.writing() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
        return
    alone = open_store(store.engine.url.render_as_string(hide_password=False))
    event.listen(alone.engine, "connect", _foreign_keys_off)
    try:
        with alone.writing() as connection:
            yield connection
    finally:
        alone.close()


def _foreign_keys_off(raw: Any, _record: Any) -> None:
    raw.execute("PRAGMA foreign_keys=OFF")
