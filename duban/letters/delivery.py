"""One pass of delivery: its moments, its claims, and what an answer means for a row.

Knows when to try again, when to give up and who takes over; hands nothing to a channel.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection

from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError
from duban.history.queries import append_entry
from duban.letters.compose import LetterBatch, Obsolete, compose, read_chunk
from duban.letters.queries import (
    DIGEST,
    ClaimedDispatch,
    DispatchOutcome,
    claim_dispatches,
    mark_sending,
    put_off_dispatches,
    record_outcomes,
    told_since,
)
from notifications.channels import Channel, Receipt, Status
from notifications.letters import Letter, Prepared, Sender, prepare
from notifications.messages import Message, render

_NOT_LISTED = "not_on_allow_list"


@dataclass(slots=True, kw_only=True)
class DeliveryRun:
    """One pass under way. Its moments go on from `now` as it lasts, for leases, retries and closing time."""

    bureau: Bureau
    channels: Mapping[str, Channel]
    now: datetime
    lease_by: str
    counts: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    @property
    def moment(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.started)

    @property
    def lease_until(self) -> datetime:
        return self.moment + timedelta(seconds=self.bureau.settings.lease_seconds)

    @property
    def sender(self) -> Sender:
        settings = self.bureau.settings
        return Sender(address=settings.mail_from, name=settings.mail_from_name)

    def closed(self) -> bool:
        """True outside the opening hours; then everything due waits for the next opening."""
        opens = office_hours_from(self.bureau, self.moment)
        if opens <= self.moment:
            return False
        with self.bureau.store.writing() as connection:
            waiting = put_off_dispatches(connection, now=self.now, until=opens)
        self.counts.update({"deferred": waiting} if waiting else {})
        return True

    def claim(self, left: int | None) -> tuple[ClaimedDispatch, ...]:
        size = self.bureau.settings.delivery_batch
        with self.bureau.store.writing() as connection:
            return claim_dispatches(
                connection,
                now=self.now,
                lease_by=self.lease_by,
                lease_until=self.lease_until,
                limit=size if left is None else min(size, left),
                flow_run_id=self.bureau.flow_run_id,
            )

    def record(self, outcomes: list[tuple[str, DispatchOutcome]]) -> None:
        """Write the outcomes and count them under their names."""
        if not outcomes:
            return
        with self.bureau.store.writing() as connection:
            record_outcomes(connection, [one for _, one in outcomes], lease_by=self.lease_by)
        self.counts.update(name for name, _ in outcomes)
        outcomes.clear()


def outcome_of(
    doing: DeliveryRun,
    row: ClaimedDispatch,
    status: str,
    *,
    reason: str | None = None,
    attempts: int | None = None,
    not_before: datetime | None = None,
    receipt: Receipt | None = None,
    falls_back: bool = False,
) -> DispatchOutcome:
    moment = doing.moment
    return DispatchOutcome(
        id=row.id,
        status=status,
        attempts=row.attempts if attempts is None else attempts,
        not_before=not_before or doing.now,
        reason=reason,
        provider_code=receipt.provider_code[:32] if receipt else None,
        provider_message=receipt.provider_message if receipt else None,
        accepted_at=moment if status == "accepted" else None,
        falls_back=falls_back,
    )


def outcome_of_receipt(
    doing: DeliveryRun, row: ClaimedDispatch, receipt: Receipt
) -> tuple[str, DispatchOutcome]:
    """What a receipt means for the row."""
    said, attempts = receipt.provider_message, row.attempts + 1
    match receipt.status:
        case Status.ACCEPTED:
            return "accepted", outcome_of(doing, row, "accepted", attempts=attempts, receipt=receipt)
        case Status.UNSURE:
            return "unsure", outcome_of(doing, row, "unsure", reason=said, attempts=attempts, receipt=receipt)
        case Status.TEMPORARY:
            return try_again_at(doing, row, said, receipt)
    falls_back = receipt.provider_code != _NOT_LISTED
    failed = outcome_of(
        doing, row, "failed", reason=said, attempts=attempts, receipt=receipt, falls_back=falls_back
    )
    return "failed", failed


def try_again_at(
    doing: DeliveryRun, row: ClaimedDispatch, reason: str, receipt: Receipt | None = None
) -> tuple[str, DispatchOutcome]:
    """Wait as the settings say, longer if the other side asks for it; after the last wait it has failed."""
    waits, attempts = doing.bureau.settings.retry_minutes, row.attempts + 1
    if attempts > len(waits):
        said = f"重试{len(waits)}次仍未发出：{reason}"
        return "failed", outcome_of(
            doing, row, "failed", reason=said, attempts=attempts, receipt=receipt, falls_back=True
        )
    seconds = max(waits[attempts - 1] * 60, (receipt and receipt.retry_after_seconds) or 0)
    again = office_hours_from(doing.bureau, doing.moment + timedelta(seconds=seconds))
    return "temporary", outcome_of(
        doing, row, "pending", reason=reason, attempts=attempts, not_before=again, receipt=receipt
    )


def next_opening_at(doing: DeliveryRun, row: ClaimedDispatch) -> tuple[str, DispatchOutcome]:
    midnight = clock.at(clock.civil(doing.moment) + timedelta(days=1), datetime.min.time())
    reason = "该联系人今天已收到一封汇总，顺延到下一个工作日。"
    return "deferred", outcome_of(
        doing, row, "pending", reason=reason, not_before=office_hours_from(doing.bureau, midnight)
    )


def refused_outcome(doing: DeliveryRun, row: ClaimedDispatch, reason: str) -> tuple[str, DispatchOutcome]:
    return "failed", outcome_of(doing, row, "failed", reason=reason, falls_back=True)


def faulty_outcome(doing: DeliveryRun, row: ClaimedDispatch, error: Exception) -> tuple[str, DispatchOutcome]:
    """Put aside: the same facts would give the same fault to every contact."""
    reason = f"这封信写不成（{type(error).__name__}：{error}），请交运维人员处理后重发。"
    return "failed", outcome_of(doing, row, "failed", reason=reason)


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
    bureau: Bureau, *, channels: Mapping[str, Channel], now: datetime, worker: str, limit: int | None = None
) -> DeliveryReport:
    """Send what is due by `now`, at most `limit` messages; several workers may do so at once.

    Outside the opening hours nothing leaves and what is due is put off to the next opening. Faults of the store are
    raised; what was being sent is then recovered once its lease has run out.
    """
    doing = DeliveryRun(
        bureau=bureau, channels=channels, now=now, lease_by=f"{worker[:40]}-{uuid.uuid4().hex[:12]}"
    )
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
        _note(bureau, report, worker, now)
    return report


def _note(bureau: Bureau, report: DeliveryReport, worker: str, now: datetime) -> None:
    detail = {name: getattr(report, name) for name in DeliveryReport.__dataclass_fields__}
    with bureau.store.writing() as connection:
        append_entry(
            connection,
            at=now,
            by=SYSTEM,
            verb="deliver",
            noun="dispatch",
            detail={"worker": worker, **{name: number for name, number in detail.items() if number}},
            flow_run_id=bureau.flow_run_id,
        )


def _send_batch(doing: DeliveryRun, batch: Sequence[ClaimedDispatch]) -> None:
    for name, some in groupby(sorted(batch, key=lambda one: one.channel), key=lambda one: one.channel):
        rows, channel = list(some), doing.channels.get(name)
        if channel is None:
            doing.record(
                [
                    refused_outcome(doing, row, f"发送渠道“{name}”尚未配置，请在设置中配置后重发。")
                    for row in rows
                ]
            )
        else:
            _Stream(doing=doing, rows=rows).run(channel)


@dataclass(slots=True, kw_only=True)
class _Stream:
    """Letters of one channel on their way: composed as they are asked for, while earlier ones are being sent."""

    doing: DeliveryRun
    rows: Sequence[ClaimedDispatch]
    handed: dict[str, ClaimedDispatch] = field(
        default_factory=dict
    )  # without an answer as yet, by letter key
    settled: set[int] = field(default_factory=set)
    outcomes: list[tuple[str, DispatchOutcome]] = field(default_factory=list)
    fault: DubanError | None = None

    def run(self, channel: Channel) -> None:
        try:
            for prepared, receipt in channel.send_many(self.letters()):
                row = self.handed.pop(prepared.letter.letter_key)
                self.settle(outcome_of_receipt(self.doing, row, receipt))
                if len(self.outcomes) >= CHUNK:
                    self.doing.record(self.outcomes)
        except DubanError:
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
            except DubanError as fault:
                self.fault = fault
                return
            for row, message in ready:
                prepared = self.prepared(row, message)
                if prepared is not None:
                    self.handed[row.letter_key] = row
                    yield prepared

    def hand_over(self, rows: Sequence[ClaimedDispatch]) -> list[tuple[ClaimedDispatch, Message]]:
        """Compose a chunk and mark what goes out; what is no longer held by this worker is left to its new one."""
        ready = self.composed(rows)
        with self.doing.bureau.store.writing() as connection:
            held = mark_sending(
                connection,
                [row.id for row, _ in ready],
                lease_by=self.doing.lease_by,
                now=self.doing.moment,
                lease_until=self.doing.lease_until,
            )
        self.settled |= {row.id for row, _ in ready if row.id not in held}
        return [(row, message) for row, message in ready if row.id in held]

    def composed(self, rows: Sequence[ClaimedDispatch]) -> list[tuple[ClaimedDispatch, Message]]:
        doing, today = self.doing, clock.civil(self.doing.moment)
        with doing.bureau.store.reading() as connection:
            told = _told_today(doing, connection, self.rows, rows)
            chunk = read_chunk(doing.bureau, connection, rows, today)
        ready = []
        for row in rows:
            addressee = chunk.book.addressees.get(row.contact_id or 0)
            if row.id in told:
                self.settle(next_opening_at(doing, row))
            elif addressee is None or not addressee.active:
                self.settle(refused_outcome(doing, row, "联系人已停用或不存在，请在单位联系人中更正后重发。"))
            elif (message := self.message(row, chunk)) is not None:
                ready.append((row, message))
        return ready

    def message(self, row: ClaimedDispatch, chunk: LetterBatch) -> Message | None:
        try:
            return compose(chunk, row)
        except Obsolete as overtaken:
            self.settle(("withdrawn", outcome_of(self.doing, row, "withdrawn", reason=str(overtaken))))
        except Exception as error:
            self.settle(faulty_outcome(self.doing, row, error))
        return None

    def prepared(self, row: ClaimedDispatch, message: Message) -> Prepared | None:
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
            self.settle(faulty_outcome(self.doing, row, error))
            return None

    def settle(self, named: tuple[str, DispatchOutcome]) -> None:
        self.outcomes.append(named)
        self.settled.add(named[1].id)

    def broke_off(self, error: Exception) -> None:
        """A channel that raised: what it had may have gone out; what it had not yet been given is tried again."""
        what = f"发送渠道出错（{type(error).__name__}：{error}）"
        for row in self.handed.values():
            reason = f"{what}，是否送出不能确定，请核实后再决定是否重发。"
            self.settle(
                ("unsure", outcome_of(self.doing, row, "unsure", reason=reason, attempts=row.attempts + 1))
            )
        for row in self.rows:
            if row.id not in self.settled:
                self.settle(try_again_at(self.doing, row, f"{what}，稍后自动重试。"))


def _told_today(
    doing: DeliveryRun,
    connection: Connection,
    batch: Sequence[ClaimedDispatch],
    rows: Sequence[ClaimedDispatch],
) -> frozenset[int]:
    """The digests among `rows` whose address gets, or has had, another one today."""
    some = [row for row in rows if row.kind == DIGEST]
    if not some:
        return frozenset()
    today = clock.civil(doing.moment)
    days = [today - timedelta(days=n) for n in range(_LOOKS_BACK_DAYS + 1)]
    midnight = clock.at(today, datetime.min.time())
    told = told_since(connection, some, days=days, since=midnight)
    newest = {
        _address(row): row.id
        for row in sorted(batch, key=lambda one: (one.day, one.id))
        if row.kind == DIGEST
    }
    return frozenset(row.id for row in some if _address(row) in told or newest[_address(row)] != row.id)


def _address(row: ClaimedDispatch) -> tuple[str, str, str]:
    return row.channel, row.address, row.ref
