"""`duban up` as people and systemd use it: starts, serves, stops clean, goes on after a kill, and says what is wrong."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder, round_
from tests.builders import a_unit, an_edition, an_obligation

pytestmark = pytest.mark.prefect
PATIENCE_SECONDS = 150
TODAY = clock.civil(clock.now())


def start(home: Path, *options: str, **extra: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    environment |= {"DUBAN_HOME": str(home), "DUBAN_PREFECT_PORT": str(a_free_port())}
    environment |= {"DUBAN_PORTAL_PORT": str(a_free_port()), **extra}
    return subprocess.Popen(
        [sys.executable, "-m", "duban.ops.up", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=home.parent,
    )


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it said, up to the line with these words."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"ended before saying {words}: {said}")


def wait_for(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.3)


def children_of_home(home: Path) -> list[int]:
    """Every process that works for this folder, found by its environment."""
    found = []
    for path in Path("/proc").iterdir():
        if not path.name.isdecimal() or int(path.name) == os.getpid():
            continue
        try:
            if f"DUBAN_HOME={home.resolve()}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def prefect_rows(home: Path, query: str) -> list[tuple]:
    with sqlite3.connect(f"file:{home / 'prefect' / 'prefect.db'}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def home(bureau: Bureau) -> Iterator[Path]:
    """A bureau that owes something today; whatever a failed test left running is ended."""
    edition_id = an_edition(bureau, year=TODAY.year, published_on=TODAY)
    an_obligation(bureau, unit_id=a_unit(bureau), edition_id=edition_id, due_on=TODAY, opened_on=TODAY)
    folder = bureau.settings.home
    yield folder
    for pid in children_of_home(folder):
        os.kill(pid, signal.SIGKILL)


def rounds_held(bureau: Bureau) -> int:
    with bureau.store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(round_)) or 0


def test_up_holds_the_first_round_and_after_a_kill_goes_on_where_it_was_and_stops_clean(
    bureau: Bureau, home: Path
):
    first = start(home, "--first-round")
    said = read_until(first, "按时间表运行")
    portal = said.split("门户：")[1].split()[0]
    assert urllib.request.urlopen(f"{portal}/healthz", timeout=10).read() == b"ok"
    second = start(home)
    refusal = second.communicate(timeout=60)[0]
    # A kill leaves the server and the runner behind; the next start ends them and doubles nothing.
    first.kill()
    first.wait()

    assert "晨间一轮已完成" in said and "outbox" in said
    assert rounds_held(bureau) == 1
    assert "已有一个 duban up 在运行" in refusal and second.returncode == 1

    before = prefect_rows(home, "SELECT count(*) FROM deployment")
    again = start(home)
    read_until(again, "按时间表运行")
    again.send_signal(signal.SIGINT)
    rest = again.communicate(timeout=PATIENCE_SECONDS)[0]

    assert again.returncode == 0, rest
    assert "再次运行 duban up" in rest
    wait_for(lambda: children_of_home(home) == [], 30)
    assert prefect_rows(home, "SELECT count(*) FROM deployment") == before
    assert prefect_rows(home, "SELECT count(*) FROM deployment WHERE paused") == [(0,)]
    assert prefect_rows(home, "SELECT count(*) FROM deployment_schedule WHERE NOT active") == [(0,)]
    awaited = prefect_rows(home, "SELECT name FROM flow_run WHERE state_type = 'SCHEDULED'")
    assert any(name.startswith("晨间一轮 · 每日 · 预定") for (name,) in awaited)


def test_a_prefect_address_that_is_unreachable_ends_the_start_with_a_sentence(home: Path):
    process = start(home, DUBAN_PREFECT_API_URL=f"http://127.0.0.1:{a_free_port()}/api")

    said = process.communicate(timeout=60)[0]

    assert process.returncode == 3
    assert "连接不上" in said and "Traceback" not in said


def test_a_ledger_that_is_not_set_up_ends_the_start_with_a_sentence(tmp_path: Path):
    (tmp_path / "empty").mkdir()

    process = start(tmp_path / "empty")

    assert "duban setup" in process.communicate(timeout=60)[0]
    assert process.returncode == 1


def test_a_flow_that_is_killed_in_the_middle_is_caught_up_by_recovery(
    bureau: Bureau, home: Path, prefect_server: str
):
    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "DUBAN_HOME": str(home)}
    code = "import asyncio; from flows.{0} import {1}; asyncio.run({1}())"
    killed = subprocess.Popen(
        [sys.executable, "-c", code.format("morning", "morning_round")],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: rounds_held(bureau) == 1 or killed.poll() is not None)
    killed.kill()
    killed.wait()

    with bureau.store.writing() as connection:
        # As if the kill had come before the round's end, and long enough ago to be looked at.
        connection.execute(
            sa.update(round_).values(
                status="planning", finished_at=None, started_at=clock.now() - timedelta(hours=1)
            )
        )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code.format("morning", "recovery")], env=environment, check=True
        )

    with bureau.store.reading() as connection:
        held = connection.execute(sa.select(round_.c.status)).scalars().all()
        planned = connection.scalar(
            sa.select(sa.func.count()).select_from(reminder).where(reminder.c.status == "planned")
        )
        digests = connection.scalar(sa.select(sa.func.count()).select_from(dispatch))
    assert held == ["planned"]
    assert (planned, digests) == (1, 1)
