"""A furnished portal for each test: made once, copied for every test that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from duban.core.settings import Settings, load
from tests.ledgers import fresh_office, opened_office, settle
from tests.portal.bureau import Portal, furnish

KEY = "a-key-for-tests-that-signs-nothing-real"


def _settings(home: Path) -> Settings:
    return load(home).model_copy(update={"portal_key": SecretStr(KEY), "link_base": "http://portal.test"})


@pytest.fixture(scope="session")
def furnished_portal(tmp_path_factory: pytest.TempPathFactory, migrated_ledger: Path) -> tuple[Path, Portal]:
    home = tmp_path_factory.mktemp("portal") / "duban"
    with fresh_office(_settings(home), migrated_ledger) as bureau:
        portal = Portal(bureau)
        furnish(portal)
        settle(bureau.store)
    return home, portal


@pytest.fixture
def portal(furnished_portal: tuple[Path, Portal], tmp_path: Path) -> Iterator[Portal]:
    with _copied(furnished_portal, tmp_path / "duban") as mine:
        yield mine


@pytest.fixture(scope="module")
def module_portal(
    furnished_portal: tuple[Path, Portal], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """One for all tests of a file: for those that ask much and change nothing that others see."""
    with _copied(furnished_portal, tmp_path_factory.mktemp("shared") / "duban") as shared:
        yield shared


@contextmanager
def _copied(furnished_portal: tuple[Path, Portal], home: Path) -> Iterator[Portal]:
    made_home, made = furnished_portal
    shutil.copytree(made_home, home, dirs_exist_ok=True)
    with opened_office(_settings(home)) as bureau:
        yield replace(
            made,
            bureau=bureau,
            units=dict(made.units),
            people=dict(made.people),
            signs=dict(made.signs),
            _app=None,
        )
