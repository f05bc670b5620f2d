"""A trial home has a clock of its own that goes forwards, and every door of it sees the same day; a real home has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from duban.accounts.sessions import SignedIn, find_session
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.core.db import open_store
from duban.core.errors import Refused
from duban.core.settings import Settings
from duban.portal.app import create_app
from duban.schema.migrate import downgrade, migrate
from duban.trial.queries import ahead_now
from duban.trial.rules import read_step
from duban.trial.service import found_trial, step_clock
from duban.upkeep.service import backup, restore
from duban.wiring import open_bureau, open_channels
from tests.accounts.account_builders import came_once, keyed
from tests.builders import a_person, a_unit, an_edition, an_obligation
from tests.travel import travel


@pytest.fixture
def trial(bureau: Bureau) -> Bureau:
    """A trial home that begins on 5 January at half past eight, on a machine of November."""
    machine = travel("2026-11-28", "17:00")
    found_trial(bureau.store, begin=clock.at(date(2026, 1, 5)), fresh=True, machine=machine)
    return replace(keyed(bureau), ahead=lambda: ahead_now(bureau.store))


def a_person_at_home(trial: Bureau, role: Role = Role.OPERATOR):
    return a_person(trial, "运维", a_unit(trial, "市民政局", kind="bureau"), role)


def test_the_clock_goes_on_with_the_machine_and_steps_forwards_only(trial: Bureau) -> None:
    operator = a_person_at_home(trial)
    travel("2026-11-28", "18:00")
    assert trial.now() == clock.at(date(2026, 1, 5)) + timedelta(hours=1)

    step_clock(trial, clock.at(date(2026, 3, 1)), by=operator)

    assert trial.now() == clock.at(date(2026, 3, 1))
    for earlier in (date(2026, 3, 1), date(2026, 2, 1)):
        with pytest.raises(Refused, match="2026-03-01 08:30，只能往前走"):
            step_clock(trial, clock.at(earlier), by=operator)
    with pytest.raises(Refused, match="请核对日期"):
        step_clock(trial, clock.at(date(2062, 3, 1)), by=operator)


def test_a_running_portal_shows_the_step_on_every_page_and_nobody_is_signed_out(trial: Bureau) -> None:
    operator = a_person_at_home(trial, Role.COORDINATOR)
    client = TestClient(create_app(trial), base_url="http://portal.test")
    assert "试用时钟：2026年1月5日 08:30" in client.get("/sign-in").text
    token = came_once(trial, operator, trial.now())

    step_clock(trial, clock.at(date(2026, 6, 1)), by=operator)

    for path in ("/sign-in", "/no-such-page"):
        assert "试用时钟：2026年6月1日 08:30" in client.get(path).text
    assert isinstance(find_session(trial, token, now=trial.now()), SignedIn)


def test_mornings_on_the_way_are_played_and_their_letters_lie_under_their_days(trial: Bureau) -> None:
    operator = a_person_at_home(trial)
    due = an_obligation(trial, unit_id=a_unit(trial), edition_id=an_edition(trial), due_on=date(2026, 1, 9))
    assert due
    with open_channels(trial.settings) as channels:
        done = step_clock(trial, clock.at(date(2026, 1, 9)), by=operator, channels=channels)

    assert [day.held_on.day for day in done.days] == [6, 7, 8, 9]
    assert sum(day.sent for day in done.days) >= 2
    days = sorted(path.name for path in (trial.settings.home / "outbox").iterdir())
    assert days[0] == "2026-01-06" and days[-1] == "2026-01-09"
    written = [path.read_bytes() for path in (trial.settings.home / "outbox").rglob("*.eml")]
    for letter in written:
        text = message_from_bytes(letter, policy=default).get_body(preferencelist=("plain",))
        assert text is not None and "日期按试用时钟，不是正式通知" in text.get_content()


def test_a_real_home_has_no_clock_to_step(bureau: Bureau) -> None:
    operator = a_person_at_home(bureau)
    travel("2026-03-24")

    assert clock.now() == bureau.now() == bureau.on_machine(bureau.now())
    with pytest.raises(Refused, match=r"正式环境.*setup --trial"):
        step_clock(bureau, clock.at(date(2026, 3, 1)), by=operator)
    with pytest.raises(Refused, match="不能改成试用环境"):
        found_trial(bureau.store, begin=None, fresh=False, machine=clock.now())


def test_a_ledger_of_before_trial_clocks_is_a_real_bureaus(settings: Settings) -> None:
    store = open_store(settings.store_url)
    migrate(store)
    downgrade(store, "0003")

    moved = migrate(store)

    assert moved.from_revision == "0003"
    store.close()
    with open_bureau(settings) as opened:
        assert not opened.is_trial


def test_a_trial_stays_one_in_a_copy_and_in_a_restored_backup(trial: Bureau, tmp_path: Path) -> None:
    saved = backup(trial, now=trial.now())
    fresh = trial.settings.model_copy(update={"home": tmp_path / "again"})

    restore(fresh, saved.folder)

    with open_bureau(fresh) as again:
        assert again.is_trial and again.now() == trial.now()


def test_a_trial_home_never_writes_to_whom_nobody_listed(trial: Bureau) -> None:
    lifted = trial.settings.model_copy(update={"allow_all": True})

    with open_bureau(lifted) as opened:
        assert opened.settings.allow_all is False


@pytest.mark.parametrize(
    ("text", "hours"),
    [("1d", 24), ("3", 72), ("3天", 72), ("2w", 336), ("2周", 336), ("4h", 4), ("4小时", 4), (" 5 d ", 120)],
)
def test_a_step_is_written_as_people_write_it(text: str, hours: int) -> None:
    assert read_step(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "-1d", "1.5d", "soon", "99999d", "d", "3m"])
def test_what_is_no_step_is_none(text: str) -> None:
    assert read_step(text) is None
