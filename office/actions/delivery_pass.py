"""One pass of delivery: its moments, its claims, and what an answer means for a row.

Knows when to try again, when to give up and who takes over; hands nothing to a channel.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifications.channels import Channel, Receipt, Status
from notifications.letters import Sender
from office import clock
from office.actions.day import opening
from office.actions.office import Office
from office.store import deliveries
from office.store.deliveries import Claimed, Outcome

_NOT_LISTED = "not_on_allow_list"


@dataclass(slots=True, kw_only=True)
class Pass:
    """One pass under way. Its moments go on from `now` as it lasts, for leases, retries and closing time."""

    office: Office
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
        return self.moment + timedelta(seconds=self.office.settings.lease_seconds)

    @property
    def sender(self) -> Sender:
        settings = self.office.settings
        return Sender(address=settings.mail_from, name=settings.mail_from_name)

    def closed(self) -> bool:
        """True outside the opening hours; then everything due waits for the next opening."""
        opens = opening(self.office, self.moment)
        if opens <= self.moment:
            return False
        with self.office.store.writing() as connection:
            waiting = deliveries.put_off(connection, now=self.now, until=opens)
        self.counts.update({"deferred": waiting} if waiting else {})
        return True

    def claim(self, left: int | None) -> tuple[Claimed, ...]:
        size = self.office.settings.delivery_batch
        with self.office.store.writing() as connection:
            return deliveries.claim(
                connection,
                now=self.now,
                lease_by=self.lease_by,
                lease_until=self.lease_until,
                limit=size if left is None else min(size, left),
                flow_run_id=self.office.flow_run_id,
            )

    def record(self, outcomes: list[tuple[str, Outcome]]) -> None:
        """Write the outcomes and count them under their names."""
        if not outcomes:
            return
        with self.office.store.writing() as connection:
            deliveries.record(connection, [one for _, one in outcomes], lease_by=self.lease_by)
        self.counts.update(name for name, _ in outcomes)
        outcomes.clear()


def outcome(
    doing: Pass,
    row: Claimed,
    status: str,
    *,
    reason: str | None = None,
    attempts: int | None = None,
    not_before: datetime | None = None,
    receipt: Receipt | None = None,
    falls_back: bool = False,
) -> Outcome:
    moment = doing.moment
    return Outcome(
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


def answered(doing: Pass, row: Claimed, receipt: Receipt) -> tuple[str, Outcome]:
    """What a receipt means for the row."""
    said, attempts = receipt.provider_message, row.attempts + 1
    match receipt.status:
        case Status.ACCEPTED:
            return "accepted", outcome(doing, row, "accepted", attempts=attempts, receipt=receipt)
        case Status.UNSURE:
            return "unsure", outcome(doing, row, "unsure", reason=said, attempts=attempts, receipt=receipt)
        case Status.TEMPORARY:
            return try_again(doing, row, said, receipt)
    falls_back = receipt.provider_code != _NOT_LISTED
    failed = outcome(
        doing, row, "failed", reason=said, attempts=attempts, receipt=receipt, falls_back=falls_back
    )
    return "failed", failed


def try_again(doing: Pass, row: Claimed, reason: str, receipt: Receipt | None = None) -> tuple[str, Outcome]:
    """Wait as the settings say, longer if the other side asks for it; after the last wait it has failed."""
    waits, attempts = doing.office.settings.retry_minutes, row.attempts + 1
    if attempts > len(waits):
        said = f"重试{len(waits)}次仍未发出：{reason}"
        return "failed", outcome(
            doing, row, "failed", reason=said, attempts=attempts, receipt=receipt, falls_back=True
        )
    seconds = max(waits[attempts - 1] * 60, (receipt and receipt.retry_after_seconds) or 0)
    again = opening(doing.office, doing.moment + timedelta(seconds=seconds))
    return "temporary", outcome(
        doing, row, "pending", reason=reason, attempts=attempts, not_before=again, receipt=receipt
    )


def tomorrow(doing: Pass, row: Claimed) -> tuple[str, Outcome]:
    midnight = clock.at(clock.civil(doing.moment) + timedelta(days=1), datetime.min.time())
    reason = "该联系人今天已收到一封汇总，顺延到下一个工作日。"
    return "deferred", outcome(
        doing, row, "pending", reason=reason, not_before=opening(doing.office, midnight)
    )


def refused(doing: Pass, row: Claimed, reason: str) -> tuple[str, Outcome]:
    return "failed", outcome(doing, row, "failed", reason=reason, falls_back=True)


def faulty(doing: Pass, row: Claimed, error: Exception) -> tuple[str, Outcome]:
    """Put aside: the same facts would give the same fault to every contact."""
    reason = f"这封信写不成（{type(error).__name__}：{error}），请交运维人员处理后重发。"
    return "failed", outcome(doing, row, "failed", reason=reason)
