"""Delivery: what waits is claimed in batches, composed from today's facts, handed to its channel, and recorded.

Nothing is sent inside a transaction. A row is marked just before its letter is handed over and recorded with the
provider's own answer; a machine that dies in between leaves rows that recovery marks unsure. One faulty letter, and
one faulty channel, is put aside with its reason while the others go on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from notifications.channels import Channel
from notifications.letters import Letter, Prepared, prepare
from notifications.messages import Message, render
from office import clock
from office.actions.compose import Overtaken, compose, read_chunk
from office.actions.delivery_pass import Pass, answered, faulty, outcome, refused, tomorrow, try_again
from office.actions.letter_items import Chunk
from office.actions.office import Office
from office.errors import OfficeError
from office.store import deliveries, history
from office.store.deliveries import Claimed, Outcome
from office.store.digests import DIGEST
from office.store.engine import Connection
from rules.people import SYSTEM

# How many letters are marked, and recorded, together. A kill can leave at most about this many unsure.
CHUNK = 40
# An older digest that left later than its day still counts against the one letter a day of its address.
_LOOKS_BACK_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What a pass did. `temporary` will be tried again, `deferred` waits for the office to open or for tomorrow.

    `unsure` are letters that went out without an answer; they are not repeated by themselves.
    """

    accepted: int = 0
    temporary: int = 0
    failed: int = 0
    unsure: int = 0
    withdrawn: int = 0
    deferred: int = 0

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        parts = [f"已被接收{self.accepted}封"]
        named = (
            ("暂时未发出、稍后重试", self.temporary),
            ("未能发出", self.failed),
            ("是否送出不能确定", self.unsure),
            ("不必再发", self.withdrawn),
            ("顺延到可发时段", self.deferred),
        )
        parts += [f"{words}{number}封" for words, number in named if number]
        return f"发送：{'，'.join(parts)}。"


def deliver(
    office: Office, *, channels: Mapping[str, Channel], now: datetime, worker: str, limit: int | None = None
) -> DeliveryReport:
    """Send what is due by `now`, at most `limit` messages; several workers may do so at once.

    Outside the opening hours nothing leaves and what is due is put off to the next opening. Faults of the store are
    raised; what was being sent is then recovered once its lease has run out.
    """
    doing = Pass(office=office, channels=channels, now=now, lease_by=f"{worker[:40]}-{uuid.uuid4().hex[:12]}")
    left = limit
    while left is None or left > 0:
        if doing.closed():
            break
        batch = doing.claim(left)
        if not batch:
            break
        left = None if left is None else left - len(batch)
        _send_batch(doing, batch)
    report = DeliveryReport(**doing.counts)
    if doing.counts:
        _note(office, report, worker, now)
    return report


def _note(office: Office, report: DeliveryReport, worker: str, now: datetime) -> None:
    detail = {name: getattr(report, name) for name in DeliveryReport.__dataclass_fields__}
    with office.store.writing() as connection:
        history.append(
            connection,
            at=now,
            by=SYSTEM,
            verb="deliver",
            noun="dispatch",
            detail={"worker": worker, **{name: number for name, number in detail.items() if number}},
            flow_run_id=office.flow_run_id,
        )


def _send_batch(doing: Pass, batch: Sequence[Claimed]) -> None:
    for name, some in groupby(sorted(batch, key=lambda one: one.channel), key=lambda one: one.channel):
        rows, channel = list(some), doing.channels.get(name)
        if channel is None:
            doing.record(
                [refused(doing, row, f"发送渠道“{name}”尚未配置，请在设置中配置后重发。") for row in rows]
            )
        else:
            _Stream(doing=doing, rows=rows).run(channel)


@dataclass(slots=True, kw_only=True)
class _Stream:
    """Letters of one channel on their way: composed as they are asked for, while earlier ones are being sent."""

    doing: Pass
    rows: Sequence[Claimed]
    handed: dict[str, Claimed] = field(default_factory=dict)  # without an answer as yet, by letter key
    settled: set[int] = field(default_factory=set)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)
    fault: OfficeError | None = None

    def run(self, channel: Channel) -> None:
        try:
            for prepared, receipt in channel.send_many(self.letters()):
                row = self.handed.pop(prepared.letter.letter_key)
                self.settle(answered(self.doing, row, receipt))
                if len(self.outcomes) >= CHUNK:
                    self.doing.record(self.outcomes)
        except OfficeError:
            raise
        except Exception as error:
            self.broke_off(error)
        self.doing.record(self.outcomes)
        if self.fault is not None:
            raise self.fault

    def letters(self) -> Iterator[Prepared]:
        """What the channel draws on. A fault of the store ends it, so that answers under way are still recorded."""
        for start in range(0, len(self.rows), CHUNK):
            try:
                ready = self.hand_over(self.rows[start : start + CHUNK])
            except OfficeError as fault:
                self.fault = fault
                return
            for row, message in ready:
                prepared = self.prepared(row, message)
                if prepared is not None:
                    self.handed[row.letter_key] = row
                    yield prepared

    def hand_over(self, rows: Sequence[Claimed]) -> list[tuple[Claimed, Message]]:
        """Compose a chunk and mark what goes out; what is no longer held by this worker is left to its new one."""
        ready = self.composed(rows)
        with self.doing.office.store.writing() as connection:
            held = deliveries.hand_over(
                connection,
                [row.id for row, _ in ready],
                lease_by=self.doing.lease_by,
                now=self.doing.moment,
                lease_until=self.doing.lease_until,
            )
        self.settled |= {row.id for row, _ in ready if row.id not in held}
        return [(row, message) for row, message in ready if row.id in held]

    def composed(self, rows: Sequence[Claimed]) -> list[tuple[Claimed, Message]]:
        doing, today = self.doing, clock.civil(self.doing.moment)
        with doing.office.store.reading() as connection:
            told = _told_today(doing, connection, self.rows, rows)
            chunk = read_chunk(doing.office, connection, rows, today)
        ready = []
        for row in rows:
            addressee = chunk.book.addressees.get(row.contact_id or 0)
            if row.id in told:
                self.settle(tomorrow(doing, row))
            elif addressee is None or not addressee.active:
                self.settle(refused(doing, row, "联系人已停用或不存在，请在单位联系人中更正后重发。"))
            elif (message := self.message(row, chunk)) is not None:
                ready.append((row, message))
        return ready

    def message(self, row: Claimed, chunk: Chunk) -> Message | None:
        try:
            return compose(chunk, row)
        except Overtaken as overtaken:
            self.settle(("withdrawn", outcome(self.doing, row, "withdrawn", reason=str(overtaken))))
        except Exception as error:
            self.settle(faulty(self.doing, row, error))
        return None

    def prepared(self, row: Claimed, message: Message) -> Prepared | None:
        try:
            letter = Letter(
                letter_key=row.letter_key,
                to_address=row.address,
                to_name=message.to_name,  # type: ignore[attr-defined]  # every kind has it; the Protocol names only the folder
                rendered=render(message),
                sent_on=row.day,
                sent_at=self.doing.moment.astimezone(clock.ZONE),
            )
            return prepare(letter, self.doing.sender)
        except Exception as error:
            self.settle(faulty(self.doing, row, error))
            return None

    def settle(self, named: tuple[str, Outcome]) -> None:
        self.outcomes.append(named)
        self.settled.add(named[1].id)

    def broke_off(self, error: Exception) -> None:
        """A channel that raised: what it had may have gone out; what it had not yet been given is tried again."""
        what = f"发送渠道出错（{type(error).__name__}：{error}）"
        for row in self.handed.values():
            reason = f"{what}，是否送出不能确定，请核实后再决定是否重发。"
            self.settle(
                ("unsure", outcome(self.doing, row, "unsure", reason=reason, attempts=row.attempts + 1))
            )
        for row in self.rows:
            if row.id not in self.settled:
                self.settle(try_again(self.doing, row, f"{what}，稍后自动重试。"))


def _told_today(
    doing: Pass, connection: Connection, batch: Sequence[Claimed], rows: Sequence[Claimed]
) -> frozenset[int]:
    """The digests among `rows` whose address gets, or has had, another one today."""
    some = [row for row in rows if row.kind == DIGEST]
    if not some:
        return frozenset()
    today = clock.civil(doing.moment)
    days = [today - timedelta(days=n) for n in range(_LOOKS_BACK_DAYS + 1)]
    midnight = clock.at(today, datetime.min.time())
    told = deliveries.told_since(connection, some, days=days, since=midnight)
    newest = {
        _address(row): row.id
        for row in sorted(batch, key=lambda one: (one.day, one.id))
        if row.kind == DIGEST
    }
    return frozenset(row.id for row in some if _address(row) in told or newest[_address(row)] != row.id)


def _address(row: Claimed) -> tuple[str, str, str]:
    return row.channel, row.address, row.ref
