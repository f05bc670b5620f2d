"""What every test may ask for: an office on SQLite, the same on a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadFileScheduling

from duban.accounts import passwords
from duban.bureau import Bureau
from duban.core.db import open_store
from duban.core.settings import Settings, load
from duban.schema.migrate import migrate
from tests.ledgers import fresh_office, opened_office, settle
from tests.postgres import a_database, running_postgres
from tests.travel import travelling

# A busy machine is no fault of the code; a landing must not hang on which examples were drawn, a developer's search may.
hypothesis_settings.register_profile(
    "duban",
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("duban")


CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A run without a browser says so, where everybody looks."""
    if CHROMIUM is None:
        terminalreporter.write_line(
            "没有 Chromium：tests/browser 没有运行；请安装 chromium 后再试。", yellow=True
        )


class ByServer(LoadFileScheduling):
    """A file goes to one worker, and the files of a server all to the same one, which starts it once.

    Marks (`xdist_group`) would say it better, but xdist 3.8 writes them where pytest 9.2 does not look.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return folder if folder in ("browser", "flows") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer:
    return ByServer(config, log)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test's bureau lives in its own folder, whatever the machine's environment says."""
    for name in list(os.environ):
        if name.startswith("DUBAN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "duban"))


@pytest.fixture(autouse=True)
def _time_is_where_the_test_travels() -> Iterator[None]:
    with travelling():
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hashing takes its time on purpose; a test needs only that it is done. Other processes hash as in earnest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", PasswordHasher.from_parameters(CHEAPEST))
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path / "duban")


@pytest.fixture(scope="session")
def migrated_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger on SQLite without anything in it: every revision runs once, a test gets a copy."""
    path = tmp_path_factory.mktemp("migrated") / "duban.db"
    store = open_store(f"sqlite:///{path}")
    migrate(store)
    settle(store)
    return path


@pytest.fixture
def bureau(settings: Settings, migrated_ledger: Path) -> Iterator[Bureau]:
    with fresh_office(settings, migrated_ledger) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty database on the session's server."""
    with a_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    """The name of a database without anything in it: every revision runs once, PostgreSQL copies it for each test."""
    with a_database(postgres_server) as url:
        store = open_store(url)
        migrate(store)
        store.close()
        name = sa.make_url(url).database
        assert name is not None
        yield name


@pytest.fixture
def pg_bureau(settings: Settings, postgres_server: str, migrated_database: str) -> Iterator[Bureau]:
    with (
        a_database(postgres_server, template=migrated_database) as url,
        opened_office(settings.model_copy(update={"database_url": url})) as made,
    ):
        yield made


@pytest.fixture(params=["bureau", pytest.param("pg_bureau", marks=pytest.mark.postgres)])
def either_bureau(request: pytest.FixtureRequest) -> Bureau:
    """The same test on SQLite and on PostgreSQL."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def commands_find_either(either_bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands open the same ledger: they find theirs by the environment."""
    monkeypatch.setenv("DUBAN_DATABASE_URL", either_bureau.settings.store_url)
