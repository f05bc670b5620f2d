"""The delivery round, which claims, composes, sends and records, against smtplib on one reused connection that sends
the same letters unrecorded to the same server in another process."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.figure import Figure
from benchmarks.mail import a_sink, bare_smtplib
from benchmarks.rounds import NOW, Files, a_store, an_office, fill
from duban.core.db import Store
from duban.letters.delivery import deliver
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from notifications.channels import AllowList, Channel, Receipt, Status
from notifications.channels.smtp import SmtpSettings, Tls, open_smtp
from notifications.letters import Letter

TURNS = 5
# An ordinary morning: one matter falls due in three workdays.
DUE = (date(2026, 4, 3),)


def measure(small: bool = False) -> Iterator[Figure]:
    """Letters per second of the recorded delivery over those of the bare loop; every letter is a unit's digest."""
    with tempfile.TemporaryDirectory() as folder, a_sink() as port:
        place = Files(Path(folder))
        with a_store(place.make("planned")) as store:
            fill(store, 150 if small else 1_500, due=DUE)
            hold_round(an_office(store), now=NOW)
        letters = _kept_letters(place)
        bare, ours = _in_turn(place, port, letters)
    count = len(letters)
    yield Figure(
        name="mail through the delivery round, recorded, ÷ bare smtplib",
        ratio=bare / ours,
        at_least=0.7,
        detail=f"{count / ours:.0f} against {count / bare:.0f} letters/s, {count} letters",
    )


class Keeper(Channel):
    """A channel that takes every letter and keeps it: how the bare loop comes by the same bytes."""

    name = "keeper"

    def __init__(self) -> None:
        self.kept: list[Letter] = []

    def send(self, letter: Letter) -> Receipt:
        self.kept.append(letter)
        return Receipt(status=Status.ACCEPTED, provider_code="kept", provider_message="")


def _kept_letters(place: Files) -> list[Letter]:
    keeper = Keeper()
    with a_store(place.copy("planned", "kept")) as store:
        deliver(an_office(store), channels={"mail": keeper}, now=NOW, worker="benchmark")
    return keeper.kept


def _in_turn(place: Files, port: int, letters: list[Letter]) -> tuple[float, float]:
    bare, ours = [], []
    for _ in range(TURNS):
        bare.append(_seconds(partial(bare_smtplib, port, letters)))
        with a_store(place.copy("planned", "sent")) as store:
            ours.append(_seconds(partial(_through, store, port)))
            _all_recorded(store, len(letters))
    return statistics.median(bare), statistics.median(ours)


def _through(store: Store, port: int) -> None:
    settings = SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE, connections=2)
    with open_smtp(settings, AllowList(lifted=True)) as channel:
        deliver(an_office(store), channels={"mail": channel}, now=NOW, worker="benchmark")


def _all_recorded(store: Store, count: int) -> None:
    column = dispatch.c
    with store.reading() as connection:
        recorded = connection.scalar(
            sa.select(sa.func.count()).where(column.status == "accepted", column.provider_code.is_not(None))
        )
    assert recorded == count, f"{recorded} of {count} letters are recorded as accepted"


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
