"""Mail: our SMTP channel against bare smtplib on one reused connection, the same bytes to the same sink.

The sink runs in a process of its own, so that its work is not counted as ours. Here nothing is recorded; the delivery
round, which records, is measured elsewhere against the same bare loop.
"""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from statistics import median
from typing import Any

from benchmarks.figure import Figure
from duban.core import clock
from notifications.channels import AllowList, Status
from notifications.channels.smtp import SmtpSettings, Tls, open_smtp
from notifications.letters import Letter, Sender
from notifications.messages import render
from tests.notifications.samples import DIGEST_SAMPLE

# Many short turns rather than few long ones: a busy machine then disturbs all ways alike.
REPEATS = 15
SENDER = Sender(address="duban@mzj.example", name="市民政局督办")

# Takes everything and keeps nothing, and says on its first line of output where it listens.
SINK = """
import asyncio
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 Ok"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink.example", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def measure(small: bool = False) -> Iterator[Figure]:
    """Letters per second of the channel over those of the bare loop."""
    found = measure_channel(letters=50 if small else 300)
    yield Figure(
        name="mail channel unrecorded, against smtplib on one connection",
        ratio=found["ratio"],
        at_least=1,
        detail=f"{found['channel_per_second']:.0f} against {found['bare_per_second']:.0f} letters/s, {found['connections']} connections",
    )
    yield Figure(
        name="the same, letters put together while sending",
        ratio=found["ratio_with_preparing"],
        at_least=0.7,
        detail=f"{found['prepare_microseconds']:.0f} µs to prepare one",
    )


def measure_channel(letters: int = 300, connections: int = 2) -> dict[str, Any]:
    """Medians of interleaved repeats; every ratio is letters per second over those of the bare loop."""
    posts = list(_letters(letters))
    with a_sink() as port:
        settings = SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE, connections=connections)
        bare, ours, preparing, single = interleaved(
            lambda: bare_smtplib(port, posts),
            lambda: _through(settings, posts),
            lambda: _through(settings, _letters(letters)),
            lambda: _through(replace(settings, connections=1), posts),
        )
    return {
        "letters": letters,
        "bytes_each": len(posts[0].data),
        "connections": connections,
        "bare_per_second": letters / bare,
        "channel_per_second": letters / ours,
        "ratio": bare / ours,
        "ratio_with_preparing": bare / preparing,
        "ratio_one_connection": bare / single,
        "prepare_microseconds": 1e6 * _seconds(lambda: list(_letters(letters))) / letters,
    }


def bare_smtplib(port: int, letters: list[Letter]) -> None:
    """The least Python code that sends these bytes: one connection, nothing asked, nothing kept."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example") as line:
        for one in letters:
            line.sendmail(one.sender.address, [one.to_address], one.data)


@contextmanager
def a_sink() -> Iterator[int]:
    """A real SMTP server in another process; yields its port."""
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def interleaved(*ways: Callable[[], object]) -> list[float]:
    """Median seconds of each way, taking turns, so that a busy machine is busy for all of them."""
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(REPEATS):
        for place, way in enumerate(ways):
            seconds[place].append(_seconds(way))
    return [median(times) for times in seconds]


def _through(settings: SmtpSettings, letters: Iterable[Letter]) -> None:
    with open_smtp(settings, AllowList(lifted=True)) as channel:
        for _, receipt in channel.send_many(letters):
            assert receipt.status is Status.ACCEPTED, receipt


def _letters(count: int) -> Iterator[Letter]:
    rendered, on = render(DIGEST_SAMPLE), date(2026, 3, 26)
    for number in range(count):
        yield Letter(
            key=f"bench-{number}",
            sender=SENDER,
            to_address=f"unit{number}@mzj.example",
            to_name="王科长",
            rendered=rendered,
            sent_on=on,
            sent_at=clock.at(on),
        )


def _seconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(measure_channel(), indent=1))
