"""Setting a bureau up, twice."""

from __future__ import annotations

import json

import sqlalchemy as sa
from typer.testing import CliRunner

from office.cli.main import app
from office.settings import Settings, load
from office.store import tables
from office.wiring import open_office

ruled = CliRunner()


def counts() -> dict[str, int]:
    with open_office() as office, office.store.reading() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(getattr(tables, name))) or 0
            for name in ("unit", "person", "contact", "edition", "obligation", "history")
        }


def test_set_up_twice_is_set_up_once(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[2026]")
    first = ruled.invoke(app, ["setup", "--json"])
    once = counts()
    second = ruled.invoke(app, ["setup", "--json"])

    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    (year,) = json.loads(first.stdout)
    assert (year["year"], year["faults"], year["refused"]) == (2026, [], [])
    assert once["obligation"] == year["obligations_new"] > 0
    assert json.loads(second.stdout)[0]["changed"] == 0
    assert counts() == once


def test_example_addresses_can_reach_nobody(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    ruled.invoke(app, ["setup"])

    with open_office() as office, office.store.reading() as connection:
        addresses = connection.execute(sa.select(tables.contact.c.address)).scalars().all()
    assert addresses
    assert all(address.endswith(".example") for address in addresses)


def test_a_dry_run_writes_no_ledger(settings: Settings):
    done = ruled.invoke(app, ["setup", "--dry-run"])

    assert done.exit_code == 0
    assert not load().home.exists()
