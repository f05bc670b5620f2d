"""A day's round from start to end, as a person or a trial clock plays it: recovery, the round, the gates, delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from duban.bureau import Bureau
from duban.letters.delivery import DeliveryReport, deliver
from duban.rounds.gates import GateReport, close_gates
from duban.rounds.service import RecoveryReport, RoundReport, hold_round, recover
from notifications.channels import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlayed:
    """What the day's parts did. Without gates and delivery where a newer round stands: then nothing was done."""

    recovered: RecoveryReport
    held: RoundReport
    gates: GateReport | None = None
    sent: DeliveryReport | None = None


def play_day(bureau: Bureau, *, channels: Mapping[str, Channel], now: datetime, worker: str) -> DayPlayed:
    """What every morning does, in its order; again on the same day, nothing is repeated."""
    recovered = recover(bureau, now=now)
    held = hold_round(bureau, now=now)
    if held.newer is not None:
        return DayPlayed(recovered=recovered, held=held)
    return DayPlayed(
        recovered=recovered,
        held=held,
        gates=close_gates(bureau, now=now),
        sent=deliver(bureau, channels=channels, now=now, worker=worker),
    )
