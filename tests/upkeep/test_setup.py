"""Setting a bureau up, twice."""

from __future__ import annotations

import json
import stat

import sqlalchemy as sa
from typer.testing import CliRunner

from duban.accounts.sessions import SignedIn, enter_once, find_session, first_sign_ins
from duban.accounts.tables import account
from duban.cli.main import app
from duban.core import clock
from duban.core.access import Role
from duban.core.secrets import portal_key
from duban.core.settings import Settings, load
from duban.schema import metadata
from duban.units.tables import contact, unit
from duban.wiring import open_bureau
from tests.builders import an_obligation

ruled = CliRunner()


def counts() -> dict[str, int]:
    with open_bureau() as bureau, bureau.store.reading() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[name])) or 0
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

    with open_bureau() as bureau, bureau.store.reading() as connection:
        addresses = connection.execute(sa.select(contact.c.address)).scalars().all()
    assert addresses
    assert all(address.endswith(".example") for address in addresses)


def test_a_dry_run_writes_no_ledger(settings: Settings):
    done = ruled.invoke(app, ["setup", "--dry-run"])

    assert done.exit_code == 0
    assert not load().home.exists()


def test_setup_makes_the_portals_key_once_and_for_its_owner_alone(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    monkeypatch.delenv("DUBAN_PORTAL_KEY", raising=False)
    told = ruled.invoke(app, ["setup"]).output
    place = settings.home / "secrets" / "duban_portal_key"
    key = place.read_text(encoding="ascii")

    ruled.invoke(app, ["setup"])

    assert place.read_text(encoding="ascii") == key and len(key) > 40
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert key not in told and "已生成门户密钥" in told
    assert portal_key(load()) == key


def test_a_fresh_bureau_has_one_first_sign_in_for_each_role_and_no_password(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    ruled.invoke(app, ["setup"])

    with open_bureau() as bureau:
        first = first_sign_ins(bureau, now=clock.now())
        again = first_sign_ins(bureau, now=clock.now())
        came = find_session(
            bureau, enter_once(bureau, again[2].token, device="", now=clock.now()), now=clock.now()
        )
        with bureau.store.reading() as connection:
            hashes = connection.execute(sa.select(account.c.password_hash)).scalars().all()

    assert [one.role for one in first] == [
        Role.OPERATOR,
        Role.SECURITY,
        Role.COORDINATOR,
        Role.REVIEWER,
        Role.LEADER,
        Role.AUDITOR,
        Role.HANDLER,
    ]
    assert hashes == [None] * 7
    assert isinstance(came, SignedIn) and came.must_set_password and Role.COORDINATOR in came.by.roles


def test_the_first_handler_is_of_a_unit_that_owes_something(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    ruled.invoke(app, ["setup"])

    with open_bureau() as bureau:
        with bureau.store.reading() as connection:
            owing = connection.execute(sa.select(unit.c.id).where(unit.c.name == "天宁区民政局")).scalar_one()
        an_obligation(bureau, unit_id=owing)
        [handler] = [one for one in first_sign_ins(bureau, now=clock.now()) if one.role is Role.HANDLER]

    assert handler.unit == "天宁区民政局"


def test_once_somebody_has_a_password_nobody_is_offered_a_first_sign_in(settings: Settings, monkeypatch):
    monkeypatch.setenv("DUBAN_EDITION_YEARS", "[]")
    ruled.invoke(app, ["setup"])

    with open_bureau() as bureau:
        first_sign_ins(bureau, now=clock.now())
        with bureau.store.writing() as connection:
            connection.execute(sa.update(account).values(password_hash="x"))
        assert first_sign_ins(bureau, now=clock.now()) == ()
