"""`duban up`: keeps Prefect's server, the flow runner and the portal alive together, and ends them together.

Imports nothing of Prefect, so that it stays small and whatever goes wrong there cannot take it along. One folder
has one `up`; whoever kills it leaves at most children that end by themselves or are ended by the next start.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from filelock import FileLock, Timeout

from duban.core.errors import DubanError, Fault, Refused
from duban.core.secrets import write_portal_key
from duban.core.settings import Settings, load
from duban.wiring import open_bureau
from flows import portal_process, server_process

# A child that ends is started again, more patiently each time; one that lived this long counts as well again.
RESTART_SECONDS = (1, 5, 15, 60)
WELL_AFTER_SECONDS = 300
# A closed terminal ends us like Ctrl-C, not like a kill.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(slots=True)
class Child:
    """A child process with how often it had to be started again."""

    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0


class Stopping(Exception):
    """Ctrl-C, SIGTERM or the bound --stop-after."""


def main() -> None:
    """`python -m flows.up [--first-round] [--stop-after SECONDS]`."""
    parser = argparse.ArgumentParser(prog="duban up")
    parser.add_argument("--first-round", action="store_true")
    parser.add_argument("--stop-after", type=float)
    chosen = parser.parse_args()
    try:
        run(load(), first=chosen.first_round, stop_after=chosen.stop_after)
    except DubanError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)


def run(settings: Settings, *, first: bool = False, stop_after: float | None = None) -> None:
    """Hold this bureau's Prefect up until told to stop."""
    with open_bureau(settings):
        pass  # Refuses in one sentence a ledger that is not set up, before anything is started.
    if write_portal_key(settings):
        # A bureau from before the portal has no key yet.
        settings = load(settings.home)
    for number in STOP_SIGNALS:
        signal.signal(number, _stop_now)
    with contextlib.suppress(Stopping), _alone(settings), _server(settings) as (server, api_url):
        _say(f"Prefect 页面：{api_url.removesuffix('/api')}    数据文件夹：{settings.home.resolve()}")
        with portal_process.running(settings, api_url) as portal:
            _say(f"门户：{portal.url}")
            for sentence in portal_process.how_to_sign_in(settings, portal.url):
                _say(sentence)
            _hold(settings, server, portal, api_url, first=first, stop_after=stop_after)
    _say("已停止。再次运行 duban up 即从原处继续。")


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    server_process.prefect_home(settings).mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refused(
            f"{settings.home.resolve()} 已有一个 duban up 在运行，请先停止它，或换一个 DUBAN_HOME。"
        ) from None
    try:
        server_process.end_leftovers(settings)
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[tuple[Child | None, str]]:
    """Our own server, or the one whose address is set, which must answer."""
    if settings.prefect_api_url:
        server_process.require_reachable(settings.prefect_api_url)
        yield None, settings.prefect_api_url
        return
    port = server_process.choose_port(settings.prefect_port)
    api_url = f"http://127.0.0.1:{port}/api"
    _say("正在启动 Prefect 服务，约需十秒……")
    child = Child(_start_server(settings, port), time.monotonic())
    try:
        server_process.wait_until_healthy(
            child.process, api_url, server_process.log_file(settings, "prefect-server")
        )
        (server_process.prefect_home(settings) / "api_url").write_text(api_url, encoding="utf-8")
        yield child, api_url
    finally:
        server_process.stop(child.process)
        server_process.forget(settings, server_process.SERVER)


def _start_server(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    process = server_process.start_server(settings, port, server_process.log_file(settings, "prefect-server"))
    server_process.remember(settings, server_process.SERVER, process.pid)
    return process


def _hold(
    settings: Settings,
    server: Child | None,
    portal: portal_process.Portal,
    api_url: str,
    *,
    first: bool,
    stop_after: float | None,
) -> None:
    """Watch the children until stopped; start again what ended."""
    pages = Child(portal.process, time.monotonic())
    runner = Child(_start_runner(settings, api_url, portal.url, first=first), time.monotonic())
    until = time.monotonic() + stop_after if stop_after else None
    try:
        while until is None or time.monotonic() < until:
            time.sleep(0.5)
            if server and server.process.poll() is not None:
                _again(server, "Prefect 服务")
                server.process = _start_server(settings, _port(api_url))
                server_process.wait_until_healthy(
                    server.process, api_url, server_process.log_file(settings, "prefect-server")
                )
            if runner.process.poll() is not None:
                _again(runner, "Prefect 运行器")
                runner.process = _start_runner(settings, api_url, portal.url, first=False)
            if pages.process.poll() is not None:
                _again(pages, "门户")
                pages.process = portal.start_again()
    finally:
        # Further signals must not break off the stopping itself.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _say("正在停止……")
        server_process.stop(runner.process, within_seconds=90)
        server_process.forget(settings, server_process.RUNNER)


def _again(child: Child, name: str) -> None:
    """Note that a child ended and wait before it is started again."""
    now = time.monotonic()
    child.failures = 0 if now - child.started > WELL_AFTER_SECONDS else child.failures + 1
    if child.failures > len(RESTART_SECONDS) * 3:
        raise Fault(f"{name}反复停止（退出码 {child.process.returncode}），请查看日志后再运行 duban up。")
    pause = RESTART_SECONDS[min(child.failures, len(RESTART_SECONDS) - 1)]
    _say(f"{name}意外停止（退出码 {child.process.returncode}），{pause} 秒后重新启动。")
    time.sleep(pause)
    child.started = time.monotonic()


def _start_runner(
    settings: Settings, api_url: str, link_base: str, *, first: bool
) -> subprocess.Popen[bytes]:
    """The runner talks to people on our standard output and to the log on its standard error."""
    with server_process.log_file(settings, "prefect-runner").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.serve", *(["--first-round"] if first else [])],
            # Letters carry links to the portal that runs beside this runner, unless a public address is set.
            env={**server_process.environment(settings, api_url), "DUBAN_LINK_BASE": link_base},
            cwd=server_process.prefect_home(settings),
            stdin=subprocess.DEVNULL,
            stderr=out,
            start_new_session=True,
        )
    server_process.remember(settings, server_process.RUNNER, process.pid)
    return process


def _port(api_url: str) -> int:
    return int(api_url.removesuffix("/api").rpartition(":")[2])


def _stop_now(*_: object) -> None:
    raise Stopping


def _say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
