"""The doctor's findings, each made to appear, and the watchdog that needs no Prefect."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli.main import app
from duban.core import clock
from duban.core.settings import Settings
from duban.ops import doctor as checks
from duban.ops.doctor import Finding, Level, examine
from duban.rounds.service import hold_round
from duban.upkeep.service import backup
from tests.builders import a_person, a_unit

TODAY = date(2026, 3, 24)
MORNING = clock.at(TODAY)
ruled = CliRunner()


def found(now: datetime = MORNING) -> dict[str, Finding]:
    return {one.code: one for one in examine(now)}


def changed(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update=values)


def a_closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_finding_has_its_number_once_and_a_sentence(bureau: Bureau):
    findings = list(examine(MORNING))

    assert sorted(one.code for one in findings) == [f"D{number:02}" for number in range(1, 20)]
    assert all(one.sentence.endswith("。") for one in findings)


def test_the_manual_explains_every_number(bureau: Bureau):
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")

    assert all(f"| {code} |" in manual for code in found())


def test_a_ledger_that_is_not_set_up_is_told(settings: Settings):
    told = found()

    assert told["D04"].level is Level.FAULT and "duban setup" in told["D04"].sentence


def test_a_setting_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DUBAN_SMTP_PORT", "二十五")

    told = found()

    assert told["D01"].level is Level.FAULT and "DUBAN_SMTP_PORT" in told["D01"].sentence


def test_a_folder_that_cannot_be_written_is_told(settings: Settings):
    blocked = settings.home.parent / "file"
    blocked.write_text("not a folder")

    assert checks.folder(changed(settings, home=blocked / "home")).level is Level.FAULT


@pytest.mark.parametrize(
    ("free", "level"), [(10**8, Level.FAULT), (10**9, Level.WARNING), (10**11, Level.OK)]
)
def test_a_disk_that_runs_full_is_told_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
):
    # The machine's own disk is the one thing a test must not fill.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))

    assert checks.disk(settings).level is level


def test_next_years_notice_is_asked_for_from_november_on(bureau: Bureau):
    assert checks.workday_years(bureau, date(2026, 10, 31)).level is Level.OK
    late = checks.workday_years(bureau, date(2026, 11, 1))

    assert late.level is Level.WARNING and "2027" in late.sentence


def test_a_round_is_missing_only_after_its_hour(bureau: Bureau):
    early = checks.todays_round(bureau, MORNING + timedelta(minutes=10))
    late = checks.todays_round(bureau, MORNING + timedelta(minutes=40))

    assert (early.level, late.level) == (Level.OK, Level.FAULT)


def test_a_round_that_was_held_is_not_missing(bureau: Bureau):
    hold_round(bureau, now=MORNING)

    assert checks.todays_round(bureau, MORNING + timedelta(hours=3)).level is Level.OK


def test_mail_without_an_allow_list_is_a_fault(settings: Settings):
    smtp = changed(settings, mail="smtp")

    assert checks.allow_list(settings).level is Level.OK
    assert checks.allow_list(smtp).level is Level.FAULT
    assert checks.allow_list(changed(smtp, allow_addresses=("@unit.example",))).level is Level.WARNING
    assert checks.allow_list(changed(smtp, allow_all=True)).level is Level.OK


def test_a_mail_server_that_does_not_answer_is_told(settings: Settings):
    silent = changed(settings, mail="smtp", smtp_port=a_closed_port(), smtp_timeout_seconds=2)

    assert checks.mail_server(silent).level is Level.FAULT


def test_backups_that_are_old_or_absent_are_told(bureau: Bureau):
    assert checks.backups(bureau.settings, clock.now()).level is Level.WARNING
    backup(bureau, now=clock.now())

    assert checks.backups(bureau.settings, clock.now()).level is Level.OK
    assert checks.backups(bureau.settings, clock.now() + timedelta(days=3)).level is Level.WARNING


def test_an_operator_nobody_knows_is_told(bureau: Bureau):
    assert checks.actor(bureau).level is Level.WARNING
    a_person(bureau, "运维", a_unit(bureau))

    assert checks.actor(bureau).level is Level.OK


def test_the_installed_versions_are_the_ones_that_work():
    assert checks.versions().level is Level.OK


def test_a_version_that_stops_schedules_in_silence_is_told(monkeypatch: pytest.MonkeyPatch):
    # Installing a broken set for one test is out of proportion.
    monkeypatch.setattr(checks, "version", lambda name: "2.1.9" if name == "sqlalchemy" else "3.8.8")

    told = checks.versions()

    assert told.level is Level.FAULT and "sqlalchemy 2.1.9" in told.sentence


def test_a_prefect_that_is_unreachable_is_told(settings: Settings):
    gone = changed(settings, prefect_api_url=f"http://127.0.0.1:{a_closed_port()}/api")

    assert checks.prefect_server(settings).level is Level.WARNING
    assert checks.prefect_server(gone).level is Level.FAULT


@pytest.mark.parametrize(
    ("waiting", "paused", "level"),
    [([{}], False, Level.OK), ([], False, Level.FAULT), ([{}], True, Level.WARNING)],
)
def test_schedules_count_only_when_runs_really_wait(
    settings: Settings, httpserver: HTTPServer, waiting: list[object], paused: bool, level: Level
):
    deployment = {"name": "每日", "paused": paused, "schedules": [{"active": True}]}
    httpserver.expect_request("/api/deployments/filter").respond_with_json([deployment])
    httpserver.expect_request("/api/flow_runs/filter").respond_with_json(waiting)

    told = checks.schedules(changed(settings, prefect_api_url=httpserver.url_for("/api")))

    assert told.level is level


class Inbox:
    """What a real mail server took."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[attr-defined]
        return "250 Ok"


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=a_closed_port())
    controller.start()
    monkeypatch.setenv("DUBAN_SMTP_PORT", str(controller.port))
    yield inbox
    controller.stop()


def test_the_watchdog_says_so_by_another_path_and_falls_silent_when_all_is_well(
    bureau: Bureau, mail_server: Inbox
):
    on = ["--watch", "--on", "2026-03-24", "--after", "08:00", "--mail-to", "ops@bureau.example"]
    notice = bureau.settings.home / "ALARM.txt"

    missing = ruled.invoke(app, ["doctor", *on])
    assert missing.exit_code == 1
    assert "duban round run" in notice.read_text(encoding="utf-8")
    assert "2026-03-24" in mail_server.letters[0].get_content()

    hold_round(bureau, now=MORNING)
    held = ruled.invoke(app, ["doctor", *on])
    assert held.exit_code == 0
    assert not notice.exists()
    assert len(mail_server.letters) == 1


def test_the_watchdog_speaks_up_when_the_ledger_cannot_be_opened(settings: Settings):
    done = ruled.invoke(app, ["doctor", "--watch"])

    assert done.exit_code == 1


def test_findings_are_json_for_scripts(bureau: Bureau):
    done = ruled.invoke(app, ["doctor", "--json", "--on", "2026-03-24"])

    codes = {one["code"]: one["level"] for one in json.loads(done.stdout)}
    assert codes["D04"] == "ok"
    assert codes["D12"] == "ok"
