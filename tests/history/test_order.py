"""Verification says which entries carry a moment that cannot be, in words, at the command line and on the auditor's page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli import history as commands
from duban.core.access import SYSTEM, Role
from duban.core.errors import Refused
from duban.history.queries import TOLERANCE, append_entry, verify_chain
from duban.portal.app import create_app
from tests.accounts.account_builders import came_once, keyed, with_password
from tests.builders import a_person, a_unit
from tests.travel import travel

STARTED = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def noted(bureau: Bureau, *moments: datetime, verbs: tuple[str, ...] = ()) -> None:
    with bureau.store.writing() as connection:
        for nth, at in enumerate(moments):
            append_entry(connection, at=at, by=SYSTEM, verb=verbs[nth] if verbs else "record", noun="unit")


def backwards(bureau: Bureau) -> None:
    """What was seen: applied in November, handed in on 1 April, reviewed on 1 March, signed off on 1 February."""
    days = (datetime(2026, month, 1, 0, 30, tzinfo=UTC) for month in (4, 3, 2))
    noted(bureau, STARTED, *days, verbs=("apply", "submit", "pass", "sign_off"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(-60, 60), min_size=1, max_size=12), now=st.integers(-90, 90))
def test_an_entry_is_held_against_the_latest_before_it(bureau: Bureau, minutes: list[int], now: int) -> None:
    moments = [STARTED + timedelta(minutes=minute) for minute in minutes]
    seen_at = STARTED + timedelta(minutes=now)
    with bureau.store.writing() as connection:
        for at in moments:
            append_entry(connection, at=at, by=SYSTEM, verb="record", noun="unit")
        found = verify_chain(connection, now=seen_at)
        transaction = connection.get_transaction()
        assert transaction is not None
        transaction.rollback()

    wrong = [
        nth
        for nth, at in enumerate(moments, start=1)
        if any(at < before - TOLERANCE for before in moments[: nth - 1]) or at > seen_at + TOLERANCE
    ]
    assert found.broken_at is None and found.out_of_order == len(wrong)
    assert [one.id for one in found.shown] == wrong


def test_the_command_names_each_and_ends_with_one(bureau: Bureau) -> None:
    backwards(bureau)
    travel("2026-11-29")

    with pytest.raises(Refused, match="3条留痕的时间对不上"):
        CliRunner().invoke(commands.app, ["verify"], catch_exceptions=False)
    told = CliRunner().invoke(commands.app, ["verify"]).stdout
    answer = json.loads(CliRunner().invoke(commands.app, ["verify", "--json"]).stdout)

    assert "指纹链完整" in told
    assert "第 2 条（系统，报结）记的是 2026-04-01 08:30，早于在它之前的第 1 条 2026-11-28 17:00" in told
    assert (answer["intact"], answer["out_of_order"]) == (True, 3)
    assert [one["id"] for one in answer["shown"]] == [2, 3, 4]


def test_a_history_in_order_is_content(bureau: Bureau) -> None:
    noted(bureau, STARTED, STARTED + timedelta(hours=1), STARTED + timedelta(minutes=52))
    travel("2026-11-29")

    assert CliRunner().invoke(commands.app, ["verify"], catch_exceptions=False).exit_code == 0


def test_a_moment_still_to_come_is_told(bureau: Bureau) -> None:
    noted(bureau, STARTED)
    travel("2026-11-27")

    told = CliRunner().invoke(commands.app, ["verify"]).stdout

    assert "第 1 条（系统，登记）记的是 2026-11-28 17:00，还没有到（现在是 2026-11-27 08:30）" in told


def test_the_auditor_sees_it_on_his_page(bureau: Bureau) -> None:
    home = keyed(bureau)
    auditor = a_person(home, "苏审计", a_unit(home, "市民政局", kind="bureau"), Role.AUDITOR)
    backwards(home)
    now = travel("2026-11-29", "09:00")
    client = TestClient(create_app(home), base_url="http://portal.test")
    with_password(home, auditor, set_at=now)
    client.cookies.set("duban_session", came_once(home, auditor, now))

    page = client.get("/audit/verify").text

    assert "3 条的时间对不上" in page and "指纹链完整" in page
    assert "第 3 条（系统，审核通过）记的是 2026-03-01 08:30，早于在它之前的第 1 条" in page
