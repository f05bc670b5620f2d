"""The store: the metadata all tables hang on, columns of moments and figures, transactions, locks, one-row helpers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.types import TypeDecorator

from duban.core.errors import Fault

# Every constraint has a name, so that migrations can speak of it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# SQLite only numbers rows by itself in a column declared INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


# A database's address in its parts.
Address = URL


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a naive moment must not reach the store"
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Amount(TypeDecorator[Decimal]):
    """A figure kept as whole ten-thousandths: exact, and SQL can sum and compare it on both databases."""

    impl = BigInteger
    cache_ok = True
    SCALE = 10_000

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value) * self.SCALE
        assert scaled == scaled.to_integral_value(), "a figure has at most four decimals"
        return int(scaled)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else (Decimal(int(value)) / self.SCALE)


BUSY_SECONDS = 30
# The portal answers in forty threads; each may hold one connection, and idle ones are given back.
POOL = {"pool_size": 10, "max_overflow": 40, "pool_timeout": 60}
_WRITES = "duban_writes"


@dataclass(frozen=True, slots=True)
class Store:
    """One bureau's ledger. `reading` sees a consistent state; `writing` commits whole or not at all."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def has_tables(self) -> bool:
        """Whether anything, ours or another's, lies in the database."""
        return bool(inspect(self.engine).get_table_names())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with _faults(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with (
            _faults(),
            _turn(self.engine),
            self.engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self.engine.dispose()


# Writers of one process wait here in line: left to SQLite they would poll for its lock, and the unlucky would starve.
_LINES: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """A writer's turn. PostgreSQL needs none: its writers meet at the rows."""
    line = _LINES.get(engine)
    if line is None:
        yield
        return
    if not line.acquire(timeout=BUSY_SECONDS):
        raise Fault(_sentence("database is locked"))
    try:
        yield
    finally:
        line.release()


def open_store(url: str) -> Store:
    """Open the ledger at a SQLAlchemy address; makes the folder of a new SQLite file, not its tables."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Store(_sqlite(url, parsed.database))
    return Store(create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **POOL))


def _sqlite(url: str, database: str | None) -> Engine:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    pool = POOL if database and database != ":memory:" else {}
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **pool)
    _LINES[engine] = Lock()
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: Any, _record: Any) -> None:
    # The driver must not open transactions by itself, or BEGIN IMMEDIATE would come too late.
    raw.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_SECONDS}000",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the disk and the server do to us into one Chinese sentence for the operator."""
    try:
        yield
    except OperationalError as error:
        raise Fault(_sentence(str(error.orig))) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Fault("与数据库的连接已中断，请检查数据库服务后重试。") from error
        raise


def _sentence(message: str) -> str:
    text = message.lower()
    if "locked" in text or "busy" in text:
        return "台账数据库正被其他程序占用，请稍后重试；若长时间如此，请用 duban doctor 检查。"
    if "full" in text or "disk i/o" in text:
        return "磁盘已满或写不进去，本次操作没有写入任何内容；请检查磁盘空间和文件大小限制后重试。"
    if "no such table" in text or "does not exist" in text:
        return "台账数据库尚未建立，请先运行 duban setup。"
    return f"台账数据库无法使用（{message.strip().splitlines()[0]}），请用 duban doctor 检查。"


# Any number that nothing else locks.
_KEY = 20260322


def advisory_lock(connection: Connection, key: int = _KEY) -> None:
    """Wait until no other act under that number is under way; held to the end of the transaction."""
    # SQLite's writers already began IMMEDIATE, so there is only one of them.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def insert_row(connection: Connection, table: Table, **values: object) -> int:
    """Insert one row; returns its id."""
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    assert key is not None, "the table has an id"
    return int(key[0])


def upsert(connection: Connection, table: Table) -> Any:
    """An insert that offers `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def rollback_dry_run(connection: Connection) -> None:
    """Undo everything since the transaction of `Store.writing` began; its end then has nothing to commit."""
    transaction = connection.get_transaction()
    assert transaction is not None, "only inside Store.writing"
    transaction.rollback()
