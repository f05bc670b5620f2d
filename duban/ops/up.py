"""`duban up`: keeps Prefect's server, the flow runner and the portal alive together, and ends them together.

Imports nothing of Prefect or the portal, so that it stays small, whatever goes wrong there cannot take it along, and
the environment made here stands before Prefect is first imported anywhere. One folder has one `up`; whoever kills it
leaves at most children that end by themselves or are ended by the next start.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from duban.accounts.sessions import first_sign_ins
from duban.core.access import ROLE_NAMES
from duban.core.errors import DubanError, Fault, Refused
from duban.core.secrets import write_portal_key
from duban.core.settings import Settings, load
from duban.wiring import open_bureau

# A child that ends is started again, more patiently each time; one that lived this long counts as well again.
RESTART_SECONDS = (1, 5, 15, 60)
WELL_AFTER_SECONDS = 300
# A closed terminal ends us like Ctrl-C, not like a kill.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HEALTHY_WITHIN_SECONDS = 120
STOPPED_WITHIN_SECONDS = 20
SERVER, RUNNER, PORTAL = "server", "runner", "portal"
LOG_BYTES = 20 * 1024 * 1024
# What a bureau's Prefect never does: report home, count users, start a private server behind our back.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
}
READY_WITHIN_SECONDS = 60


@dataclass(slots=True)
class Child:
    """A child process with how often it had to be started again."""

    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0


class Stopping(Exception):
    """Ctrl-C, SIGTERM or the bound --stop-after."""


def main() -> None:
    """`python -m duban.ops.up [--first-round] [--stop-after SECONDS]`."""
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
        with running_portal(settings, api_url) as portal:
            _say(f"门户：{portal.url}")
            for sentence in how_to_sign_in(settings, portal.url):
                _say(sentence)
            _hold(settings, server, portal, api_url, first=first, stop_after=stop_after)
    _say("已停止。再次运行 duban up 即从原处继续。")


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    prefect_home(settings).mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refused(
            f"{settings.home.resolve()} 已有一个 duban up 在运行，请先停止它，或换一个 DUBAN_HOME。"
        ) from None
    try:
        end_leftovers(settings)
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[tuple[Child | None, str]]:
    """Our own server, or the one whose address is set, which must answer."""
    if settings.prefect_api_url:
        require_reachable(settings.prefect_api_url)
        yield None, settings.prefect_api_url
        return
    port = choose_port(settings.prefect_port)
    api_url = f"http://127.0.0.1:{port}/api"
    _say("正在启动 Prefect 服务，约需十秒……")
    child = Child(_start_server(settings, port), time.monotonic())
    try:
        wait_until_healthy(child.process, api_url, log_file(settings, "prefect-server"))
        (prefect_home(settings) / "api_url").write_text(api_url, encoding="utf-8")
        yield child, api_url
    finally:
        stop(child.process)
        forget(settings, SERVER)


def _start_server(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    process = start_server(settings, port, log_file(settings, "prefect-server"))
    remember(settings, SERVER, process.pid)
    return process


def _hold(
    settings: Settings,
    server: Child | None,
    portal: Portal,
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
                wait_until_healthy(server.process, api_url, log_file(settings, "prefect-server"))
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
        stop(runner.process, within_seconds=90)
        forget(settings, RUNNER)


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
    with log_file(settings, "prefect-runner").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.serve", *(["--first-round"] if first else [])],
            # Letters carry links to the portal that runs beside this runner, unless a public address is set.
            env={**environment(settings, api_url), "DUBAN_LINK_BASE": link_base},
            cwd=prefect_home(settings),
            stdin=subprocess.DEVNULL,
            stderr=out,
            start_new_session=True,
        )
    remember(settings, RUNNER, process.pid)
    return process


def _port(api_url: str) -> int:
    return int(api_url.removesuffix("/api").rpartition(":")[2])


def _stop_now(*_: object) -> None:
    raise Stopping


def _say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


# The children, each in its own session inside the bureau's folder.


def prefect_home(settings: Settings) -> Path:
    return (settings.home / "prefect").resolve()


def environment(settings: Settings, api_url: str) -> dict[str, str]:
    """The environment of every process that talks to Prefect, from this one's, with Prefect's address set."""
    own = {
        **QUIET,
        "DUBAN_HOME": str(settings.home.resolve()),
        "PREFECT_HOME": str(prefect_home(settings)),
        "PREFECT_API_URL": api_url,
    }
    # A profile or address left over from another installation must not lead us to another server.
    inherited = {name: value for name, value in os.environ.items() if name != "PREFECT_PROFILE"}
    return {**inherited, **own}


def log_file(settings: Settings, name: str) -> Path:
    """The log file, put aside once it has grown too large."""
    path = settings.home.resolve() / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def choose_port(wanted: int, host: str = "127.0.0.1") -> int:
    """The wanted port if it is free, else one the system gives."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Fault(
        f"{host} 上没有可用的端口，请释放端口或修改设置 DUBAN_PREFECT_PORT、DUBAN_PORTAL_PORT、DUBAN_PORTAL_HOST。"
    )


def start_server(settings: Settings, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start the server as a child in its own session, so that Ctrl-C reaches only us and we stop it in order."""
    prefect_home(settings).mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment(settings, f"http://127.0.0.1:{port}/api"),
            cwd=prefect_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def is_healthy(api_url: str, timeout_seconds: float = 3.0) -> bool:
    """Does a Prefect server answer at this address?"""
    try:
        with urllib.request.urlopen(f"{api_url.rstrip('/')}/health", timeout=timeout_seconds) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def wait_until_healthy(server: subprocess.Popen[bytes], api_url: str, log: Path) -> None:
    """Return when the server answers; a server that ends or stays silent is a fault."""
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Fault(f"Prefect 服务启动失败（退出码 {server.returncode}），请查看 {log}。")
        if is_healthy(api_url):
            return
        time.sleep(0.3)
    raise Fault(f"Prefect 服务 {HEALTHY_WITHIN_SECONDS} 秒内没有就绪，请查看 {log}。")


def require_reachable(api_url: str) -> None:
    """Refuse to start beside a Prefect address that does not answer."""
    if not is_healthy(api_url, timeout_seconds=10):
        raise Fault(
            f"设置的 Prefect 服务 {api_url} 连接不上，请检查网络与 DUBAN_PREFECT_API_URL，或清空此项改用自带服务。"
        )


def stop(process: subprocess.Popen[bytes], within_seconds: float = STOPPED_WITHIN_SECONDS) -> None:
    """Ask a child to end, then insist; returns when it is gone."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(within_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def remember(settings: Settings, name: str, pid: int) -> None:
    """Note a child's process, so that a start after a kill finds what was left running."""
    _note(settings, name).write_text(str(pid), encoding="utf-8")


def forget(settings: Settings, name: str) -> None:
    _note(settings, name).unlink(missing_ok=True)


def end_leftovers(settings: Settings) -> None:
    """End what a killed `duban up` left behind: two servers on one database would double every schedule."""
    for name in (PORTAL, RUNNER, SERVER):
        try:
            pid = int(_note(settings, name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        _end(pid, settings)
        forget(settings, name)


def _note(settings: Settings, name: str) -> Path:
    return prefect_home(settings) / f"{name}.pid"


def _end(pid: int, settings: Settings) -> None:
    deadline = time.monotonic() + STOPPED_WITHIN_SECONDS
    while _is_ours(pid, settings):
        os.kill(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.5)


def _is_ours(pid: int, settings: Settings) -> bool:
    """A process number may have been given to someone else since; only our children work in this folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        folder = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return False
    return any(
        mark in command for mark in (b"prefect", b"flows.serve", b"duban.portal.serve")
    ) and folder == prefect_home(settings)


@dataclass(slots=True)
class Portal:
    """The running portal: its process and the address that people open."""

    settings: Settings
    api_url: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The public address when one is set, else where it listens on this machine."""
        return (self.settings.link_base or f"http://{self.settings.portal_reached_at}:{self.port}").rstrip(
            "/"
        )

    def start_again(self) -> subprocess.Popen[bytes]:
        self.process = _start_portal(self.settings, self.api_url, self.port)
        return self.process


@contextmanager
def running_portal(settings: Settings, api_url: str) -> Iterator[Portal]:
    """The portal, answering; ended with the block."""
    port = choose_port(settings.portal_port, settings.portal_host)
    portal = Portal(settings, api_url, port, _start_portal(settings, api_url, port))
    # Where the doctor looks whether it lives: on this machine, whatever the public address is.
    note = settings.home / "portal_url"
    try:
        _wait_for_portal(portal)
        note.write_text(f"http://{settings.portal_reached_at}:{port}", encoding="utf-8")
        yield portal
    finally:
        note.unlink(missing_ok=True)
        stop(portal.process)
        forget(settings, PORTAL)


def how_to_sign_in(settings: Settings, url: str) -> tuple[str, ...]:
    """One-time sign-ins for a bureau in which nobody has a password yet; else how to get one."""
    with open_bureau(settings) as bureau:
        ways = first_sign_ins(bureau, now=bureau.now())
    if not ways:
        return (
            "登录：打开门户用姓名和密码登录；忘记密码请运行 duban account one-time 姓名 --as 安全管理员姓名。",
        )
    return (
        f"第一次登录：下面每个链接只能用一次，{settings.one_time_hours} 小时内有效，登录后请设置密码。",
        *(f"  {ROLE_NAMES[way.role]}　{way.name}（{way.unit}）　{url}/once/{way.token}" for way in ways),
        "其他人：duban account one-time 姓名 --as 安全管理员姓名。",
    )


def _start_portal(settings: Settings, api_url: str, port: int) -> subprocess.Popen[bytes]:
    with log_file(settings, "portal").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "duban.portal.serve", "--port", str(port)],
            env={**environment(settings, api_url), **_address(settings, port)},
            cwd=prefect_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    remember(settings, PORTAL, process.pid)
    return process


def _address(settings: Settings, port: int) -> dict[str, str]:
    """Where its own links lead: a public address that is set stays."""
    return {} if settings.link_base else {"DUBAN_LINK_BASE": f"http://{settings.portal_reached_at}:{port}"}


def _wait_for_portal(portal: Portal) -> None:
    log = portal.settings.home.resolve() / "logs" / "portal.log"
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if portal.process.poll() is not None:
            raise Fault(f"门户启动失败（退出码 {portal.process.returncode}），请查看 {log}。")
        try:
            with urllib.request.urlopen(
                f"http://{portal.settings.portal_reached_at}:{portal.port}/healthz", timeout=3
            ):
                return
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(0.2)
    raise Fault(f"门户 {READY_WITHIN_SECONDS} 秒内没有就绪，请查看 {log}。")


if __name__ == "__main__":
    main()
