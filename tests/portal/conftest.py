"""A furnished portal for each test: made once, copied for every test that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from calendars.reader import load_ladders
from calendars.workdays import load_workdays
from office.actions.office import Office
from office.settings import Settings, load
from office.store.engine import open_store
from office.store.migrate import migrate
from office.store.vault import Vault
from tests.portal.bureau import Portal, furnish

KEY = "a-key-for-tests-that-signs-nothing-real"


def _settings(home: Path) -> Settings:
    return load(home).model_copy(update={"portal_key": SecretStr(KEY), "link_base": "http://portal.test"})


def _office(home: Path) -> Office:
    settings = _settings(home)
    return Office(
        settings=settings,
        store=open_store(settings.store_url),
        vault=Vault(settings.evidence_root),
        workdays=load_workdays(),
        ladders=load_ladders(),
    )


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Portal]:
    home = tmp_path_factory.mktemp("portal") / "duban"
    office = _office(home)
    migrate(office.store)
    portal = Portal(office)
    furnish(portal)
    with office.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.store.close()
    return home, portal


@pytest.fixture
def portal(furnished: tuple[Path, Portal], tmp_path: Path) -> Iterator[Portal]:
    home, made = furnished
    copied = Path(shutil.copytree(home, tmp_path / "duban", dirs_exist_ok=True))
    mine = Portal(
        _office(copied),
        moment=made.moment,
        units=dict(made.units),
        people=dict(made.people),
        edition_id=made.edition_id,
        point=made.point,
        signs=dict(made.signs),
    )
    yield mine
    mine.office.store.close()
