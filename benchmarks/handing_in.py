"""Many handlers hand in evidence at the same moment, through the real server, against a bare upload of the same bytes.

Bare: a Starlette route that parses the form, writes the file and inserts one row, on the same database. Ours does that
and all that handing in means: session, form check, sniffing, hashing, rules, four rows, history chain. After each run
every submission is counted, every file's hash is checked and the history chain verified: nothing may be lost.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.figure import Figure
from benchmarks.handing_in_world import Handler, furnish, nothing_lost, submission_form, with_key
from benchmarks.ledgers import LEDGERS
from duban.bureau import Bureau

HANDLERS = {"SQLite": 200, "PostgreSQL": 1000}
FILE_BYTES = 200 * 1024
BOUNDARY = "----duban-benchmark"


@dataclass(frozen=True, slots=True)
class Run:
    """What one server did with all of them: seconds of each answer and of the whole, and wrong answers."""

    seconds: tuple[float, ...]
    whole: float
    errors: int

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.whole


def measure(*, small: bool = False) -> Iterable[Figure]:
    for name, ledgers in LEDGERS.items():
        count = HANDLERS[name] // (10 if small else 1)
        with ledgers() as fresh, fresh() as furnished:
            bureau = with_key(furnished)
            handlers = furnish(bureau, count)
            bare = _against(bureau, "bare", handlers)
            ours = _against(bureau, "ours", handlers)
            kept = nothing_lost(bureau, handlers)
        yield from _figures(name, count, bare, ours, kept)


def _figures(name: str, count: int, bare: Run, ours: Run, kept: int) -> Iterator[Figure]:
    who = f"{count} handlers handing in at once, {name}"
    yield Figure(
        name=f"{who}: p95 ÷ bare upload",
        ratio=ours.p95 / bare.p95,
        detail=f"{ours.p95:.2f} s against {bare.p95:.2f} s",
    )
    yield Figure(
        name=f"{who}: throughput ÷ bare upload",
        ratio=ours.rate / bare.rate,
        detail=f"{ours.rate:.0f}/s against {bare.rate:.0f}/s",
    )
    yield Figure(name=f"{who}: errors", ratio=float(ours.errors), at_most=0)
    yield Figure(name=f"{who}: handed in and found whole", ratio=kept / count, at_least=1)


def _against(bureau: Bureau, what: str, handlers: tuple[Handler, ...]) -> Run:
    """Start one server, send everything at once, stop it."""
    with _server(bureau, what) as port:
        if what == "ours":
            path, fields, file_field = submission_form(port, handlers[0])
        else:
            path, fields, file_field = "/{}", {"note": "x"}, "file"
        requests = [_request(one, path, fields, file_field, port) for one in handlers]
        return asyncio.run(_all_at_once(requests, port))


def _request(one: Handler, path: str, fields: dict[str, str], file_field: str, port: int) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in {**fields, "csrf": one.csrf}.items()
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{file_field}"; filename="plan.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n".encode()
    )
    body = b"".join(parts) + one.content(FILE_BYTES) + f"\r\n--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST {path.format(one.obligation_id)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Cookie: duban_session={one.token}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _all_at_once(requests: list[bytes], port: int) -> Run:
    started = time.perf_counter()
    answers = await asyncio.gather(*(_one(request, port) for request in requests))
    whole = time.perf_counter() - started
    return Run(
        seconds=tuple(seconds for seconds, _ in answers),
        whole=whole,
        errors=sum(status != 303 for _, status in answers),
    )


async def _one(request: bytes, port: int) -> tuple[float, int]:
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    line = await reader.readline()
    await reader.read()
    writer.close()
    return time.perf_counter() - started, int(line.split()[1]) if line else 0


@contextmanager
def _server(bureau: Bureau, what: str) -> Iterator[int]:
    """The server as a process of its own, as it runs for people."""
    port = a_free_port()
    key = bureau.settings.portal_key
    environment = {
        **os.environ,
        "DUBAN_HOME": str(bureau.settings.home),
        "DUBAN_PORTAL_KEY": key.get_secret_value() if key else "",
        "DUBAN_DATABASE_URL": bureau.settings.store_url,
    }
    module = {"ours": "duban.portal.serve", "bare": "benchmarks.bare_upload"}[what]
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
