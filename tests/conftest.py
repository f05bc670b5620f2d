"""What every test may ask for: an office on SQLite, the same on a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from calendars.reader import load_ladders
from calendars.workdays import load_workdays
from office.actions.office import Office
from office.settings import Settings, load
from office.store.engine import open_store
from office.store.migrate import migrate
from office.store.vault import Vault
from tests.postgres import running_postgres

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


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test's bureau lives in its own folder, whatever the machine's environment says."""
    for name in list(os.environ):
        if name.startswith("DUBAN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "duban"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path / "duban")


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    yield from _office(settings)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty database on the session's server."""
    name = f"duban_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@pytest.fixture
def pg_office(settings: Settings, postgres_url: str) -> Iterator[Office]:
    yield from _office(settings.model_copy(update={"database_url": postgres_url}))


def _office(settings: Settings) -> Iterator[Office]:
    store = open_store(settings.store_url)
    migrate(store)
    yield Office(
        settings=settings,
        store=store,
        vault=Vault(settings.evidence_root),
        workdays=load_workdays(),
        ladders=load_ladders(),
    )
    store.close()
