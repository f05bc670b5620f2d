"""Delivery: claims dispatches in batches, lets go of the database, sends, and records each channel's own answer.

A row is marked as handed over just before its channel gets it, in small waves; only a crash between handing over and
recording leaves the question whether a message arrived, and such a row is counted as unsure and not repeated.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifications.channels import Channel, Receipt, Status
from notifications.letters import Prepared
from office import clock
from office.actions.compose_letters import Composed, compose
from office.actions.day import opening
from office.actions.office import Office
from office.store import delivery, history
from office.store.delivery import Claimed, Outcome
from rules.people import SYSTEM

# So many letters at most are in doubt when the machine stops between sending and recording.
WAVE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of the attempts of this delivery. `put_off` waits for `opens_at` (quiet hours, a day off)."""

    accepted: int = 0
    retried: int = 0
    failed: int = 0
    unsure: int = 0
    withdrawn: int = 0
    fallbacks: int = 0
    put_off: int = 0
    opens_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.opens_at:
            opens = self.opens_at.astimezone(clock.ZONE)
            return f"现为免打扰时段或休息日，{self.put_off}封推迟到{opens:%Y-%m-%d %H:%M}之后发送。"
        text = f"已受理{self.accepted}封，待重发{self.retried}封，失败{self.failed}封，不确定{self.unsure}封"
        extra = f"，撤回{self.withdrawn}封" if self.withdrawn else ""
        return text + extra + (f"，改发备用联系人{self.fallbacks}封。" if self.fallbacks else "。")


def deliver(
    office: Office,
    *,
    channels: Mapping[str, Channel],
    now: datetime,
    worker: str = "delivery",
    limit: int | None = None,
) -> DeliveryReport:
    """Send all whose time has come, `limit` at most. Several may run at once; each row is claimed by one of them."""
    run = _Run(office=office, channels=channels, worker=f"{worker}:{uuid.uuid4().hex[:12]}", began_at=now)
    total: Counter[str] = Counter()
    while limit is None or total["claimed"] < limit:
        moment = run.moment()
        opens_at = opening(office, moment)
        if opens_at > moment:
            with office.store.writing() as connection:
                put_off = delivery.put_off(connection, now=moment, until=opens_at)
            return _report(total, put_off=put_off, opens_at=opens_at)
        size = office.settings.delivery_batch
        claimed = run.claim(size if limit is None else min(size, limit - total["claimed"]))
        if not claimed:
            break
        total["claimed"] += len(claimed)
        total.update(run.send(claimed))
    return _report(total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One delivery from its first claim to its last record."""

    office: Office
    channels: Mapping[str, Channel]
    worker: str
    began_at: datetime
    started: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "started", time.monotonic())

    def moment(self) -> datetime:
        """`now` as handed in, moved on by the time that sending took: leases must not run out under a long delivery."""
        return self.began_at + timedelta(seconds=time.monotonic() - self.started)

    def claim(self, size: int) -> tuple[Claimed, ...]:
        moment = self.moment()
        with self.office.store.writing() as connection:
            return delivery.claim(
                connection,
                now=moment,
                lease_until=moment + timedelta(seconds=self.office.settings.lease_seconds),
                worker=self.worker,
                limit=size,
                today=clock.civil(moment),
            )

    def send(self, claimed: Sequence[Claimed]) -> Counter[str]:
        """Compose, send and record one batch; returns what became of it."""
        composed = compose(self.office, claimed, clock.civil(self.moment()))
        done = [_without_letter(one) for one in composed if one.prepared is None]
        by_channel: dict[str, list[Composed]] = defaultdict(list)
        for one in composed:
            if one.prepared is not None:
                by_channel[one.claimed.channel].append(one)
        counted: Counter[str] = Counter()
        for name, letters in by_channel.items():
            for first in range(0, len(letters), WAVE):
                wave = self._handed_over(letters[first : first + WAVE], done, counted)
                done = list(self._through(name, wave))
        self._record(done, (), counted)
        return counted

    def _handed_over(
        self, wave: Sequence[Composed], done: Sequence[Outcome], counted: Counter[str]
    ) -> list[Composed]:
        kept = self._record(done, [one.claimed.id for one in wave], counted)
        return [one for one in wave if one.claimed.id in kept]

    def _record(
        self, done: Sequence[Outcome], handing: Sequence[int], counted: Counter[str]
    ) -> frozenset[int]:
        """The answers of the wave before and the marks of the next, in one transaction."""
        moment = self.moment()
        with self.office.store.writing() as connection:
            delivery.record(connection, done, worker=self.worker)
            failed = [outcome.id for outcome in done if outcome.fall_back]
            counted["fallbacks"] += delivery.fall_back(connection, failed, opening(self.office, moment))
            kept = delivery.hand_over(connection, handing, worker=self.worker, now=moment)
            results = Counter(outcome.status for outcome in done)
            if results:
                history.append(
                    connection,
                    at=moment,
                    by=SYSTEM,
                    verb="deliver",
                    noun="dispatch",
                    detail={"results": dict(results), "ids": [outcome.id for outcome in done]},
                    flow_run_id=self.office.flow_run_id,
                )
        counted.update(results)
        return kept

    def _through(self, name: str, wave: Sequence[Composed]) -> Iterator[Outcome]:
        by_key = {one.prepared.letter.letter_key: one.claimed for one in wave if one.prepared}
        channel = self.channels.get(name)
        if channel is None:
            missing = Receipt(
                status=Status.PERMANENT,
                provider_code="no_channel",
                provider_message=f"没有启用发送渠道“{name}”，请在设置中启用或为联系人改用其他渠道后重发。",
            )
            yield from (self._outcome(claimed, missing) for claimed in by_key.values())
            return
        letters = [one.prepared for one in wave if one.prepared]
        for prepared, receipt in _answers(channel, letters):
            yield self._outcome(by_key[prepared.letter.letter_key], receipt)

    def _outcome(self, claimed: Claimed, receipt: Receipt) -> Outcome:
        said = Outcome(
            id=claimed.id,
            status="accepted",
            provider_code=receipt.provider_code,
            provider_message=receipt.provider_message,
        )
        match receipt.status:
            case Status.ACCEPTED:
                return replace(said, accepted_at=self.moment())
            case Status.UNSURE:
                return replace(said, status="unsure", reason=receipt.provider_message)
            case Status.PERMANENT:
                # What the allow-list holds back is meant to stay here, for every contact.
                fall_back = receipt.provider_code != "not_on_allow_list"
                return replace(said, status="failed", reason=receipt.provider_message, fall_back=fall_back)
        waits = self.office.settings.retry_minutes
        if claimed.attempts > len(waits):
            reason = f"试发{claimed.attempts}次仍未成功：{receipt.provider_message}"
            return replace(said, status="failed", reason=reason)
        wait = max(waits[claimed.attempts - 1] * 60, receipt.retry_after_seconds or 0)
        again_at = opening(self.office, self.moment() + timedelta(seconds=wait))
        return replace(said, status="pending", reason=receipt.provider_message, not_before=again_at)


def _answers(channel: Channel, letters: Sequence[Prepared]) -> Iterator[tuple[Prepared, Receipt]]:
    """Every letter with a receipt, also when the channel itself breaks: nothing is known then of those it had."""
    answered = 0
    try:
        for prepared, receipt in channel.send_many(letters):
            answered += 1
            yield prepared, receipt
    except Exception as error:
        broke = Receipt(
            status=Status.UNSURE,
            provider_code=type(error).__name__,
            provider_message=f"发送渠道“{channel.name}”中断（{error}），对方是否收到不能确定，请核实。",
        )
        yield from ((prepared, broke) for prepared in letters[answered:])


def _without_letter(one: Composed) -> Outcome:
    return Outcome(id=one.claimed.id, status="failed" if one.broken else "withdrawn", reason=one.reason)


def _report(total: Counter[str], *, put_off: int = 0, opens_at: datetime | None = None) -> DeliveryReport:
    return DeliveryReport(
        accepted=total["accepted"],
        retried=total["pending"],
        failed=total["failed"],
        unsure=total["unsure"],
        withdrawn=total["withdrawn"],
        fallbacks=total["fallbacks"],
        put_off=put_off,
        opens_at=opens_at,
    )
