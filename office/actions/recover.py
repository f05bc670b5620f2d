"""After a breakdown: nothing hangs in `sending`, what a killed round had planned gets its letters, gaps are told.

What may have gone out is marked unsure and never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from office import clock
from office.actions.day import opening
from office.actions.missing_rounds import missing_rounds
from office.actions.office import Office
from office.store import digests, dispatch_recovery, history, rounds
from office.store.engine import Connection
from rules.people import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryReport:
    """What recovery found. `finished` are days whose round had been cut short; `missing` days no round has covered yet."""

    put_back: int = 0
    unsure: int = 0
    finished: tuple[date, ...] = ()
    missing: tuple[date, ...] = ()

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        parts = []
        if self.put_back:
            parts.append(f"{self.put_back}封退回待发")
        if self.unsure:
            parts.append(f"{self.unsure}封发送中断、不能确定，请核实")
        if self.finished:
            parts.append(f"补办{_days(self.finished)}中断的一轮")
        if self.missing:
            parts.append(f"{_days(self.missing)}的一轮没有办，请运行 duban round run")
        return f"补救：{'；'.join(parts) or '一切正常'}。"


def recover(office: Office, *, now: datetime) -> RecoveryReport:
    """Settle what broke off before `now`. Run again it finds nothing."""
    with office.store.writing() as connection:
        released = dispatch_recovery.release_expired(connection, now)
        finished = _finish_cut_short(office, connection, now)
        report = RecoveryReport(put_back=released.put_back, unsure=released.unsure, finished=finished)
        if report != RecoveryReport():
            _note(office, connection, report, now)
    return RecoveryReport(
        put_back=report.put_back, unsure=report.unsure, finished=finished, missing=_uncovered(office, now)
    )


def _finish_cut_short(office: Office, connection: Connection, now: datetime) -> tuple[date, ...]:
    """Rounds of earlier days that died before their digests: what they planned is planned once and must be told.

    Today's own round is left to be held again, which also plans what it had not come to.
    """
    found = dispatch_recovery.cut_short(connection, clock.civil(now))
    for round_id, held_on in found:
        rounds.lock_round(connection, round_id)
        new = digests.write_digests(
            connection, round_id=round_id, day=held_on, not_before=opening(office, now)
        )
        rounds.close_round(connection, round_id, status="failed", dispatches=new, now=now)
    return tuple(held_on for _, held_on in found)


def _uncovered(office: Office, now: datetime) -> tuple[date, ...]:
    """Missing days after the newest round; earlier ones were caught up by it."""
    with office.store.reading() as connection:
        newest = rounds.newest_round(connection)
    return tuple(day for day in missing_rounds(office, now=now) if newest is None or day > newest.held_on)


def _note(office: Office, connection: Connection, report: RecoveryReport, now: datetime) -> None:
    history.append(
        connection,
        at=now,
        by=SYSTEM,
        verb="recover",
        noun="dispatch",
        detail={
            "put_back": report.put_back,
            "unsure": report.unsure,
            "finished": [day.isoformat() for day in report.finished],
        },
        flow_run_id=office.flow_run_id,
    )


def _days(days: tuple[date, ...]) -> str:
    return "、".join(day.isoformat() for day in days)
