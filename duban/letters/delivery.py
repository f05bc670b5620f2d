"""How messages leave: one pass claims what waits in the outbox, has it composed, hands it to a channel and records the
answer. Here stands when to try again, when to give up and who takes over.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError
from duban.history.service import acting
from duban.letters.compose import LetterBatch, Obsolete
from duban.letters.office import office_queues
from duban.letters.queries import letter_data
from duban.outbox.queries import (
    ClaimedDispatch,
    DispatchOutcome,
    Part,
    claim_dispatches,
    digests_told,
    mark_sending,
    put_off_dispatches,
    record_outcomes,
)
from notifications.channels import NOT_LISTED, Channel, Receipt, Status
from notifications.letters import Letter, Sender
from notifications.messages import Message, render

# How many letters are marked, and recorded, together. A kill can leave at most about this many unsure.
CHUNK = 40


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
    run = DeliveryRun(bureau=bureau, now=now, lease_by=f"{worker[:40]}-{uuid.uuid4().hex[:12]}")
    left = limit
    while (left is None or left > 0) and not run.closed():
        batch = run.claim(left)
        if not batch:
            break
        left = None if left is None else left - len(batch)
        for name, some in groupby(sorted(batch, key=lambda one: one.channel), key=lambda one: one.channel):
            _ChannelBatch(run=run, rows=list(some)).send(name, channels.get(name))
    report = DeliveryReport(**run.counts)
    if run.counts:
        counts = {name: number for name, number in asdict(report).items() if number}
        # A pass may last an hour, in which others act: its entry has the minute of its end.
        lasted = (run.moment - now) // timedelta(minutes=1)
        with acting(bureau, by=SYSTEM, now=now + timedelta(minutes=lasted)) as act:
            act.note("deliver", "dispatch", detail={"worker": worker, **counts})
    return report


@dataclass(slots=True, kw_only=True)
class DeliveryRun:
    """One pass under way. Its moments go on from `now` as it lasts, for leases, retries and closing time."""

    bureau: Bureau
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

    def record(self, outcomes: list[DispatchOutcome]) -> None:
        """Write the outcomes, count them, and begin the list anew."""
        if not outcomes:
            return
        with self.bureau.store.writing() as connection:
            record_outcomes(connection, outcomes, lease_by=self.lease_by)
        self.counts.update(one.counted_as for one in outcomes)
        outcomes.clear()

    def outcome(
        self,
        row: ClaimedDispatch,
        counted_as: str,
        reason: str | None = None,
        *,
        receipt: Receipt | None = None,
        tried: bool = False,
        again_at: datetime | None = None,
        falls_back: bool = False,
    ) -> DispatchOutcome:
        """What is written of the row; it waits again if there is a moment to try it `again_at`."""
        return DispatchOutcome(
            id=row.id,
            counted_as=counted_as,
            status="pending" if again_at else counted_as,
            attempts=row.attempts + tried,
            not_before=again_at or self.now,
            reason=reason,
            provider_code=receipt.provider_code[:32] if receipt else None,
            provider_message=receipt.provider_message if receipt else None,
            accepted_at=self.moment if counted_as == "accepted" else None,
            falls_back=falls_back,
        )

    def after(self, row: ClaimedDispatch, receipt: Receipt) -> DispatchOutcome:
        """What a receipt means for the row."""
        said = receipt.provider_message
        match receipt.status:
            case Status.ACCEPTED:
                return self.outcome(row, "accepted", receipt=receipt, tried=True)
            case Status.UNSURE:
                return self.outcome(row, "unsure", said, receipt=receipt, tried=True)
            case Status.TEMPORARY:
                return self.retry(row, said, receipt)
        falls_back = receipt.provider_code != NOT_LISTED
        return self.outcome(row, "failed", said, receipt=receipt, tried=True, falls_back=falls_back)

    def retry(self, row: ClaimedDispatch, reason: str, receipt: Receipt | None = None) -> DispatchOutcome:
        """Wait as the settings say, longer if the other side asks for it; after the last wait it has failed."""
        waits = self.bureau.settings.retry_minutes
        if row.attempts >= len(waits):
            said = f"重试{len(waits)}次仍未发出：{reason}"
            return self.outcome(row, "failed", said, receipt=receipt, tried=True, falls_back=True)
        seconds = max(waits[row.attempts] * 60, (receipt and receipt.retry_after_seconds) or 0)
        again_at = office_hours_from(self.bureau, self.moment + timedelta(seconds=seconds))
        return self.outcome(row, "temporary", reason, receipt=receipt, tried=True, again_at=again_at)

    def tomorrow(self, row: ClaimedDispatch) -> DispatchOutcome:
        midnight = clock.at(clock.civil(self.moment) + timedelta(days=1), datetime.min.time())
        reason = "该联系人今天已收到一封汇总，顺延到下一个工作日。"
        return self.outcome(row, "deferred", reason, again_at=office_hours_from(self.bureau, midnight))

    def faulty(self, row: ClaimedDispatch, error: Exception) -> DispatchOutcome:
        """Put aside: the same facts would give the same fault to every contact."""
        reason = f"这封信写不成（{type(error).__name__}：{error}），请交运维人员处理后重发。"
        return self.outcome(row, "failed", reason)


@dataclass(slots=True, kw_only=True)
class _ChannelBatch:
    """Claimed letters of one channel on their way: composed as they are asked for, while earlier ones are being sent."""

    run: DeliveryRun
    rows: Sequence[ClaimedDispatch]
    handed: dict[str, ClaimedDispatch] = field(default_factory=dict)  # unanswered as yet, by letter key
    settled: set[int] = field(default_factory=set)
    outcomes: list[DispatchOutcome] = field(default_factory=list)
    fault: DubanError | None = None

    def send(self, name: str, channel: Channel | None) -> None:
        run = self.run
        if channel is None:
            reason = f"发送渠道“{name}”尚未配置，请在设置中配置后重发。"
            run.record([run.outcome(row, "failed", reason, falls_back=True) for row in self.rows])
            return
        try:
            for letter, receipt in channel.send_many(self.letters()):
                row = self.handed.pop(letter.key)
                self.settle(run.after(row, receipt))
                if len(self.outcomes) >= CHUNK:
                    run.record(self.outcomes)
        except DubanError:
            raise
        except Exception as error:
            self.broke_off(error)
        run.record(self.outcomes)
        if self.fault is not None:
            raise self.fault

    def letters(self) -> Iterator[Letter]:
        """What the channel draws on. A fault of the store ends it, so that answers under way are still recorded."""
        for start in range(0, len(self.rows), CHUNK):
            try:
                ready = self.hand_over(self.rows[start : start + CHUNK])
            except DubanError as fault:
                self.fault = fault
                return
            for row, message in ready:
                letter = self.letter(row, message)
                if letter is not None:
                    self.handed[letter.key] = row
                    yield letter

    def hand_over(self, rows: Sequence[ClaimedDispatch]) -> list[tuple[ClaimedDispatch, Message]]:
        """Compose a chunk and mark what goes out; what is no longer held by this worker is left to its new one."""
        run = self.run
        with run.bureau.store.reading() as connection:
            today = clock.civil(run.moment)
            told = digests_told(connection, rows, self.rows, today)
            office = any(Part(one.parts) & Part.OFFICE for one in rows)
            letters = LetterBatch(
                bureau=run.bureau,
                today=today,
                data=letter_data(connection, rows, today, run.bureau.workdays),
                queues=office_queues(run.bureau, connection, today) if office else (),
            )
        composed = ((row, self.message(row, letters, told=row.id in told)) for row in rows)
        ready = [(row, message) for row, message in composed if message is not None]
        with run.bureau.store.writing() as connection:
            held = mark_sending(
                connection,
                [row.id for row, _ in ready],
                lease_by=run.lease_by,
                now=run.moment,
                lease_until=run.lease_until,
            )
        self.settled |= {row.id for row, _ in ready if row.id not in held}
        return [(row, message) for row, message in ready if row.id in held]

    def message(self, row: ClaimedDispatch, letters: LetterBatch, *, told: bool) -> Message | None:
        run = self.run
        if told:
            self.settle(run.tomorrow(row))
        elif not letters.data.addressees[row.id].active:
            reason = "联系人已停用或不存在，请在单位联系人中更正后重发。"
            self.settle(run.outcome(row, "failed", reason, falls_back=True))
        else:
            try:
                return letters.compose(row)
            except Obsolete as obsolete:
                self.settle(run.outcome(row, "withdrawn", str(obsolete)))
            except Exception as error:
                self.settle(run.faulty(row, error))
        return None

    def letter(self, row: ClaimedDispatch, message: Message) -> Letter | None:
        settings = self.run.bureau.settings
        try:
            return Letter(
                key=row.letter_key,
                sender=Sender(address=settings.mail_from, name=settings.mail_from_name),
                to_address=row.address,
                to_name=message.to_name,
                rendered=render(message),
                sent_on=row.day,
                sent_at=self.run.moment.astimezone(clock.ZONE),
            )
        except Exception as error:
            self.settle(self.run.faulty(row, error))
            return None

    def settle(self, outcome: DispatchOutcome) -> None:
        self.outcomes.append(outcome)
        self.settled.add(outcome.id)

    def broke_off(self, error: Exception) -> None:
        """A channel that raised: what it had may have gone out; what it had not yet been given is tried again."""
        what = f"发送渠道出错（{type(error).__name__}：{error}）"
        for row in self.handed.values():
            reason = f"{what}，是否送出不能确定，请核实后再决定是否重发。"
            self.settle(self.run.outcome(row, "unsure", reason, tried=True))
        for row in self.rows:
            if row.id not in self.settled:
                self.settle(self.run.retry(row, f"{what}，稍后自动重试。"))
