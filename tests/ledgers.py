"""Ledgers for tests: migrated once, then copied, since the revisions take a hundred times as long as a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core.db import Store, open_store
from duban.core.settings import Settings
from duban.core.vault import Vault


@contextmanager
def opened_office(settings: Settings) -> Iterator[Bureau]:
    """An office on the ledger that the settings name; closed afterwards."""
    store = open_store(settings.store_url)
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


@contextmanager
def fresh_office(settings: Settings, migrated_ledger: Path) -> Iterator[Bureau]:
    """An office on SQLite with nothing in it, on a copy of the migrated ledger."""
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_ledger, settings.home / "duban.db")
    with opened_office(settings) as made:
        yield made


def settle(store: Store) -> None:
    """Close a ledger on SQLite so that its one file is all of it and may be copied."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
