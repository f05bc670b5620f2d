"""Stepping a trial home's clock: forwards only, the days in between played if wanted, whoever is signed in stays it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duban.accounts.queries import carry_sign_ins
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import Connection, Store
from duban.core.errors import Refused, refuse
from duban.history.service import acting
from duban.rounds.day import play_day
from duban.trial.queries import set_trial_clock, start_trial_clock, trial_ahead
from duban.trial.rules import REAL_HOME, step_refusals
from notifications.channels import Channel

WORKER = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPassed:
    """One morning that was played while the clock stepped."""

    held_on: date
    sentence: str
    planned: int
    sent: int
    gates: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """From where to where the clock went, and the mornings played on the way."""

    previous: datetime
    now: datetime
    days: tuple[DayPassed, ...] = ()


def found_trial(store: Store, *, begin: datetime | None, fresh: bool, machine: datetime) -> bool:
    """Make the home of a fresh ledger a trial; whether it was. What a home is was decided when it was made."""
    with store.writing() as connection:
        known = trial_ahead(connection) is not None
        if not known and not fresh:
            raise Refused(
                "这里已是正式环境，不能改成试用环境；请用 --home 另指一个新文件夹再运行 duban setup --trial。"
            )
        if known and begin is not None:
            raise Refused("这里已是试用环境，时钟已在走；要往前走请用 duban clock set 或 duban clock step。")
        if not known:
            start_trial_clock(connection, machine=machine, at=begin or machine)
    return not known


def step_clock(
    bureau: Bureau,
    to: datetime,
    *,
    by: Actor,
    channels: Mapping[str, Channel] | None = None,
    told: Callable[[DayPassed], object] = lambda _: None,
    dry_run: bool = False,
) -> Stepped:
    """Move the clock forwards to a moment; with channels, every morning on the way is played and its letters leave."""
    if not bureau.is_trial:
        raise Refused(REAL_HOME)
    previous = bureau.now()
    refuse(*step_refusals(previous, to))
    days: list[DayPassed] = []
    if channels is not None and not dry_run:
        for morning in _mornings(previous, to):
            _move(bureau, morning, by=by)
            days.append(_played(bureau, channels, morning))
            told(days[-1])
    if not dry_run:
        _move(bureau, to, by=by)
    return Stepped(previous=previous, now=to, days=tuple(days))


def _mornings(previous: datetime, to: datetime) -> list[datetime]:
    first, last = clock.civil(previous), clock.civil(to)
    every = (clock.at(first + timedelta(days=number)) for number in range((last - first).days + 1))
    return [morning for morning in every if previous < morning <= to]


def _move(bureau: Bureau, to: datetime, *, by: Actor) -> None:
    previous = bureau.now()
    if to <= previous:
        return  # the last morning was where it was to go
    with acting(bureau, by=by, now=to) as act:
        _set(act.connection, previous, to)
        act.note("set_clock", "clock", detail={"previous_at": previous, "at": to})


def _set(connection: Connection, previous: datetime, to: datetime) -> None:
    set_trial_clock(connection, machine=clock.now(), at=to)
    carry_sign_ins(connection, to - previous)


def _played(bureau: Bureau, channels: Mapping[str, Channel], morning: datetime) -> DayPassed:
    day = play_day(bureau, channels=channels, now=morning, worker=WORKER)
    faults = [f"{note.name}：{note.error}" for note in day.held.faults]
    faults += [f"{fault.name}：{fault.error}" for fault in day.gates.faults] if day.gates else []
    return DayPassed(
        held_on=clock.civil(morning),
        sentence=day.held.sentence,
        planned=day.held.planned,
        sent=day.sent.accepted if day.sent else 0,
        gates=len(day.gates.closed) if day.gates else 0,
        faults=tuple(faults),
    )
