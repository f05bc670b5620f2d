"""Fresh, empty ledgers for measurements, on SQLite and on a PostgreSQL server started for them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core.db import open_store
from duban.core.settings import Settings
from duban.core.vault import Vault
from duban.schema.migrate import migrate
from tests.postgres import running_postgres

Fresh = Callable[[], "contextmanager[Bureau]"]  # type: ignore[type-arg]  # contextmanager is a class only in its stub


@contextmanager
def sqlite_ledgers() -> Iterator[Fresh]:
    """Gives a function that opens a fresh office in a folder of its own."""

    @contextmanager
    def fresh() -> Iterator[Bureau]:
        with tempfile.TemporaryDirectory(prefix="duban-bench-") as folder:
            yield from _open(Settings(home=Path(folder)))

    yield fresh


@contextmanager
def postgres_ledgers() -> Iterator[Fresh]:
    """The same on one PostgreSQL server, a database for each office."""
    with running_postgres() as server:
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")

        @contextmanager
        def fresh() -> Iterator[Bureau]:
            name = f"duban_{uuid.uuid4().hex[:12]}"
            with engine.connect() as connection, ExitStack() as after:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
                drop = f"DROP DATABASE {name} WITH (FORCE)"
                after.callback(lambda: connection.exec_driver_sql(drop))
                home = after.enter_context(tempfile.TemporaryDirectory(prefix="duban-bench-"))
                url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
                yield from _open(Settings(home=Path(home), database_url=url))

        yield fresh
        engine.dispose()


LEDGERS = {"SQLite": sqlite_ledgers, "PostgreSQL": postgres_ledgers}


def _open(settings: Settings) -> Iterator[Bureau]:
    store = open_store(settings.store_url)
    migrate(store)
    try:
        yield Bureau(
            settings=settings,
            store=store,
            vault=Vault(settings.evidence_root),
            workdays=load_workdays(),
            ladders=load_ladders(),
        )
    finally:
        store.close()
