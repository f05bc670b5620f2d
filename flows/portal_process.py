"""The portal as a child process of `duban up`, and what a newcomer is told about signing in.

Imports nothing of the portal itself: like Prefect's server it is another process, which may fail on its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from duban.accounts.sessions import first_sign_ins
from duban.core import clock
from duban.core.access import ROLE_NAMES
from duban.core.errors import Fault
from duban.core.settings import Settings
from duban.wiring import open_bureau
from flows import server_process

READY_WITHIN_SECONDS = 60


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
        return (self.settings.link_base or f"http://{_host(self.settings)}:{self.port}").rstrip("/")

    def start_again(self) -> subprocess.Popen[bytes]:
        self.process = _start(self.settings, self.api_url, self.port)
        return self.process


@contextmanager
def running(settings: Settings, api_url: str) -> Iterator[Portal]:
    """The portal, answering; ended with the block."""
    port = server_process.choose_port(settings.portal_port, settings.portal_host)
    portal = Portal(settings, api_url, port, _start(settings, api_url, port))
    # Where the doctor looks whether it lives: on this machine, whatever the public address is.
    note = settings.home / "portal_url"
    try:
        _wait(portal)
        note.write_text(f"http://{_host(settings)}:{port}", encoding="utf-8")
        yield portal
    finally:
        note.unlink(missing_ok=True)
        server_process.stop(portal.process)
        server_process.forget(settings, server_process.PORTAL)


def how_to_sign_in(settings: Settings, url: str) -> tuple[str, ...]:
    """One-time sign-ins for a bureau in which nobody has a password yet; else how to get one."""
    with open_bureau(settings) as bureau:
        ways = first_sign_ins(bureau, now=clock.now())
    if not ways:
        return (
            "登录：打开门户用姓名和密码登录；忘记密码请运行 duban account one-time 姓名 --as 安全管理员姓名。",
        )
    return (
        f"第一次登录：下面每个链接只能用一次，{settings.one_time_hours} 小时内有效，登录后请设置密码。",
        *(f"  {ROLE_NAMES[way.role]}　{way.name}（{way.unit}）　{url}/once/{way.token}" for way in ways),
        "其他人：duban account one-time 姓名 --as 安全管理员姓名。",
    )


def _start(settings: Settings, api_url: str, port: int) -> subprocess.Popen[bytes]:
    with server_process.log_file(settings, "portal").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "duban.portal.serve", "--port", str(port)],
            env={**server_process.environment(settings, api_url), **_address(settings, port)},
            cwd=server_process.prefect_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    server_process.remember(settings, server_process.PORTAL, process.pid)
    return process


def _address(settings: Settings, port: int) -> dict[str, str]:
    """Where its own links lead: a public address that is set stays."""
    return {} if settings.link_base else {"DUBAN_LINK_BASE": f"http://{_host(settings)}:{port}"}


def _host(settings: Settings) -> str:
    """Where this machine reaches the portal."""
    return "127.0.0.1" if settings.portal_host in ("0.0.0.0", "::") else settings.portal_host


def _wait(portal: Portal) -> None:
    log = portal.settings.home.resolve() / "logs" / "portal.log"
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if portal.process.poll() is not None:
            raise Fault(f"门户启动失败（退出码 {portal.process.returncode}），请查看 {log}。")
        try:
            with urllib.request.urlopen(f"http://{_host(portal.settings)}:{portal.port}/healthz", timeout=3):
                return
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(0.2)
    raise Fault(f"门户 {READY_WITHIN_SECONDS} 秒内没有就绪，请查看 {log}。")
