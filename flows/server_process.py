"""Prefect's own server as a child process, kept inside the bureau's folder. Knows no campaign and no ledger.

Imports nothing of Prefect: the environment made here must stand before Prefect is first imported anywhere.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from duban.core.errors import Fault
from duban.core.settings import Settings

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
