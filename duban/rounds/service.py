"""The morning round: for every published edition, plan what is owed by now, then write the day's digests.

Each step is a transaction of its own under unique keys, so that a round can be killed anywhere, run again or run
twice at once. A fault in one edition is recorded in the round and does not stop the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds, office_hours_from
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError, Refused
from duban.history.queries import append_entry
from duban.obligations.lights import Facts, standing_of
from duban.obligations.states import State
from duban.outbox.queries import (
    MORNING,
    EditionNote,
    RoundRow,
    cut_short_digests,
    first_undispatched_on,
    release_expired_leases,
    round_on,
    write_digests,
)
from duban.rounds.escalations import release_escalations
from duban.rounds.queries import (
    PlannedEdition,
    ReminderDecision,
    ReminderGroup,
    close_round,
    first_published_on,
    insert_round,
    lock_round,
    newest_round,
    note_edition_part,
    note_unmoved,
    open_reminder_groups,
    planned_edition,
    planned_editions,
    rounds_between,
    write_note,
    write_plan,
    write_reminders,
)
from duban.rounds.schedule import due_reminders, next_reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """What a round did. Counts are of this pass, `editions` of the whole day.

    `opens_on` is the day the first edition was handed out: before it there is nothing to remind of.
    `newer` is set when the clock stands before a day that already had its round: nothing is planned then.
    `leaves_at` is when messages leave at the earliest; later than now in quiet hours and on days off.
    """

    held_on: date
    status: str
    leaves_at: datetime
    planned: int = 0
    superseded: int = 0
    dispatches: int = 0
    editions: tuple[EditionNote, ...] = ()
    newer: date | None = None
    opens_on: date | None = None

    @property
    def faults(self) -> tuple[EditionNote, ...]:
        return tuple(note for note in self.editions if note.error)

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.newer:
            return (
                f"已办过{self.newer}的一轮，{self.held_on}不再补办：错过的提醒由较新的一轮一并办理；"
                "若今天并非该日期之前，请校正系统时钟。"
            )
        text = (
            f"{self.held_on}一轮：新排提醒{self.planned}条，并档{self.superseded}条，待发{self.dispatches}封"
        )
        if self.opens_on and self.held_on < self.opens_on:
            text += f"；各项行动自{self.opens_on}起交办，此前不排提醒"
        if held := sum(note.held for note in self.editions):
            text += f"；督办{held}条待统筹科室批准"
        if self.faults:
            text += f"；{len(self.faults)}项行动未能排入（{'、'.join(note.name for note in self.faults)}）"
        return text + "。"


def hold_round(bureau: Bureau, *, now: datetime) -> RoundReport:
    """The whole round of the civil day of `now`: open, plan every edition, finish."""
    report = begin_round(bureau, now=now)
    if report.newer:
        return report
    notes = [plan_edition(bureau, edition.id, now=now) for edition in _moved(bureau, now)]
    return finish_round(bureau, notes, now=now)


def _moved(bureau: Bureau, now: datetime) -> Iterator[PlannedEdition]:
    """The published editions that have anything to decide: on most days most of them stand as they were planned."""
    with bureau.store.reading() as connection:
        editions = planned_editions(connection)
        groups = open_reminder_groups(connection)
    for edition in editions:
        if not edition.stands(_signature(bureau, groups.get(edition.id, ())), clock.civil(now)):
            yield edition


def begin_round(bureau: Bureau, *, now: datetime) -> RoundReport:
    """Make today's row, unless a later day has had its round: then the clock was set back, and nothing is written."""
    today = clock.civil(now)
    with bureau.store.writing() as connection:
        newest = newest_round(connection)
        if newest and newest.held_on > today:
            return _report(bureau, newest, now=now, newer=newest.held_on)
        current = insert_round(connection, held_on=today, now=now, flow_run_id=bureau.flow_run_id)
    return _report(bureau, current, now=now)


def plan_edition(bureau: Bureau, edition_id: int, *, now: datetime, kind: str = MORNING) -> EditionNote:
    """Plan one edition in today's round, which must be open. The note says what this pass did, or its error.

    `kind` tells in the run history whether the round asked for it or a step of the edition's own.
    """
    try:
        with bureau.store.writing() as connection:
            note = _plan(bureau, connection, edition_id, now)
            _keep_part(bureau, connection, note, kind, now)
            return note
    except Exception as error:
        # Whatever it is, the other editions go on; the sentence stays in the round's row.
        return _note_fault(bureau, edition_id, error, now, kind)


def finish_round(bureau: Bureau, notes: Sequence[EditionNote] = (), *, now: datetime) -> RoundReport:
    """Write the digests of what was planned and close today's row. `notes` are this pass's, for its counts."""
    today, planned = clock.civil(now), sum(note.planned for note in notes)
    with bureau.store.writing() as connection:
        current = _lock_today(connection, today)
        status = "failed" if any(note.error for note in current.editions) else "planned"
        new, released = 0, release_escalations(connection, current)
        if planned or released or current.status != status:
            new = _write_digests(bureau, connection, current, now) - current.dispatches
            close_round(connection, current.id, status=status, dispatches=new, now=now)
            note_unmoved(connection, held_on=today, now=now, flow_run_id=bureau.flow_run_id)
            append_entry(
                connection,
                at=now,
                by=SYSTEM,
                verb="hold",
                noun="round",
                noun_id=current.id,
                detail={"held_on": today.isoformat(), "planned": planned, "dispatches": new},
                flow_run_id=bureau.flow_run_id,
            )
        current = lock_round(connection, current.id)
        opens_on = first_published_on(connection)
    superseded = sum(note.superseded for note in notes)
    report = _report(bureau, current, now=now, planned=planned, superseded=superseded, dispatches=new)
    return replace(report, opens_on=opens_on)


def preview_round(bureau: Bureau, *, now: datetime) -> tuple[EditionNote, ...]:
    """What each edition's groups are owed by now. An upper bound: what was reminded before is not taken off."""
    today, notes = clock.civil(now), []
    with bureau.store.reading() as connection:
        for edition in planned_editions(connection):
            groups = open_reminder_groups(connection, edition.id).get(edition.id, ())
            decisions, fault = _decide(bureau, groups, today, None)
            planned = sum(decision.group.obligations for decision in decisions)
            notes.append(_note(edition, decisions, fault, planned=planned))
    return tuple(notes)


def _plan(bureau: Bureau, connection: Connection, edition_id: int, now: datetime) -> EditionNote:
    today = clock.civil(now)
    current = _lock_today(connection, today)
    edition = planned_edition(connection, edition_id)
    groups = open_reminder_groups(connection, edition_id).get(edition_id, ())
    signature = _signature(bureau, groups)
    if edition.stands(signature, today):
        return _note(edition, (), None, planned=0)
    decisions, fault = _decide(bureau, groups, today, edition.planned_on)
    written = write_reminders(
        connection,
        decisions,
        edition_id=edition_id,
        coordinator_unit_id=edition.coordinator_unit_id,
        round_id=current.id,
        day=today,
        hold_escalations=bureau.settings.escalation_approval,
    )
    note = _note(edition, decisions, fault, planned=written.planned, superseded=written.superseded)
    note = replace(note, held=written.held)
    write_note(connection, current, note)
    settled = written.whole and fault is None
    write_plan(
        connection,
        edition_id,
        on=edition.planned_on if fault else today,
        signature=signature if settled else None,
        next_fire_on=_next_fire_on(bureau, groups, today) if settled else None,
    )
    return note


def _next_fire_on(bureau: Bureau, groups: Iterable[ReminderGroup], today: date) -> date | None:
    ahead = (
        next_reminder(
            bureau.ladders[group.ladder],
            opened_on=group.opened_on,
            due_on=group.due_on,
            today=today,
            workdays=bureau.workdays,
        )
        for group in groups
    )
    return min((one.on for one in ahead if one is not None), default=None)


def _decide(
    bureau: Bureau, groups: Iterable[ReminderGroup], today: date, last_planned_on: date | None
) -> tuple[tuple[ReminderDecision, ...], str | None]:
    """What each group is owed, and the first reason why one of them could not be decided."""
    decisions: list[ReminderDecision] = []
    fault: str | None = None
    for group in groups:
        try:
            decision = _decision(bureau, group, today, last_planned_on)
        except (DubanError, YearUnknown) as error:
            fault = fault or str(error)
            continue
        if decision is not None:
            decisions.append(decision)
    return tuple(decisions), fault


def _decision(
    bureau: Bureau, group: ReminderGroup, today: date, last_planned_on: date | None
) -> ReminderDecision | None:
    facts = Facts(state=State(group.state), due_on=group.due_on)
    if not standing_of(facts, today, bureau.workdays, light_thresholds(bureau)).reminds:
        return None
    ladder = bureau.ladders.get(group.ladder)
    if ladder is None:
        raise Refused(f"催办梯次“{group.ladder}”不存在，请在 ladders.yaml 中补上，或改用已有的梯次。")
    now_owed = due_reminders(
        ladder, opened_on=group.opened_on, due_on=group.due_on, today=today, workdays=bureau.workdays
    )
    if now_owed.current is None:
        return None
    again = last_planned_on is not None and group.opened_on <= last_planned_on
    return ReminderDecision(group=group, owed=now_owed, again=again)


def _note(
    edition: PlannedEdition,
    decisions: Iterable[ReminderDecision],
    fault: str | None,
    *,
    planned: int,
    superseded: int = 0,
) -> EditionNote:
    fires = (decision.owed.current for decision in decisions)
    return EditionNote(
        edition_id=edition.id,
        name=edition.name,
        planned=planned,
        superseded=superseded,
        provisional=any(fire.provisional for fire in fires if fire),
        error=fault,
    )


def _signature(bureau: Bureau, groups: Sequence[ReminderGroup]) -> str:
    """Stands for what is decided on: the groups with their sizes, the ladders and the workdays' documents."""
    ladders = {group.ladder: repr(bureau.ladders.get(group.ladder)) for group in groups}
    notices = [(notice.source, notice.state, notice.issued_on) for notice in bureau.workdays.notices]
    text = repr((groups, sorted(ladders.items()), notices, bureau.workdays.local))
    return hashlib.sha256(text.encode()).hexdigest()


def _keep_part(bureau: Bureau, connection: Connection, note: EditionNote, kind: str, now: datetime) -> None:
    note_edition_part(
        connection,
        note,
        kind=kind,
        held_on=clock.civil(now),
        now=now,
        flow_run_id=bureau.flow_run_id,
    )


def _note_fault(bureau: Bureau, edition_id: int, error: Exception, now: datetime, kind: str) -> EditionNote:
    known = isinstance(error, DubanError | YearUnknown)
    sentence = str(error) if known else f"程序出错（{type(error).__name__}：{error}），请交运维人员处理。"
    with bureau.store.writing() as connection:
        edition = planned_edition(connection, edition_id)
        note = EditionNote(edition_id=edition_id, name=edition.name, error=sentence)
        write_note(connection, _lock_today(connection, clock.civil(now)), note)
        _keep_part(bureau, connection, note, kind, now)
    return note


def _write_digests(bureau: Bureau, connection: Connection, current: RoundRow, now: datetime) -> int:
    return write_digests(
        connection, round_id=current.id, day=current.held_on, not_before=office_hours_from(bureau, now)
    )


def _lock_today(connection: Connection, today: date) -> RoundRow:
    found = round_on(connection, today)
    if found is None:
        raise Refused(f"{today}的一轮还没有开，请先运行 duban round run。")
    return lock_round(connection, found.id)


def _report(
    bureau: Bureau,
    current: RoundRow,
    *,
    now: datetime,
    planned: int = 0,
    superseded: int = 0,
    dispatches: int = 0,
    newer: date | None = None,
) -> RoundReport:
    return RoundReport(
        held_on=clock.civil(now),
        status=current.status,
        leaves_at=office_hours_from(bureau, now),
        planned=planned,
        superseded=superseded,
        dispatches=dispatches,
        editions=() if newer else current.editions,
        newer=newer,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledRound:
    """A round that was opened and is not whole: killed before its end, or with editions that could not be planned."""

    held_on: date
    reasons: tuple[str, ...]


def missing_rounds(bureau: Bureau, *, now: datetime, days: int = 7) -> tuple[date, ...]:
    """The days without a round among the last `days`, oldest first; none from before there was anything to hold.

    Today counts once the hour of the morning round has passed.
    """
    with bureau.store.reading() as connection:
        last = last_due(now)
        first = _first(connection)
        if first is None:
            return ()
        first = max(first, last - timedelta(days=days - 1))
        held = {one.held_on for one in rounds_between(connection, first, last)}
    between = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in between if day not in held)


def troubled_rounds(bureau: Bureau, *, now: datetime, days: int = 7) -> tuple[TroubledRound, ...]:
    """The rounds of the last `days` that are not whole; one that was begun a moment ago is given its time."""
    today, latest = clock.civil(now), now - timedelta(seconds=bureau.settings.lease_seconds)
    with bureau.store.reading() as connection:
        found = rounds_between(connection, today - timedelta(days=days - 1), today)
    troubled = []
    for one in found:
        reasons = [f"{note.name}：{note.error}" for note in one.editions if note.error]
        if one.finished_at is None and one.started_at <= latest:
            reasons.insert(0, "中途停下，没有办完")
        if reasons:
            troubled.append(TroubledRound(held_on=one.held_on, reasons=tuple(reasons)))
    return tuple(troubled)


def last_due(now: datetime) -> date:
    """The newest day whose round should be there: today after the morning hour, else yesterday."""
    today = clock.civil(now)
    return today if now >= clock.at(today) else today - timedelta(days=1)


def _first(connection: Connection) -> date | None:
    """The day of the first round; while there is none, the day the first edition was published."""
    return first_undispatched_on(connection) or first_published_on(connection)


def round_owed(bureau: Bureau, *, now: datetime) -> bool:
    """True when the newest day due is without a round, or today's was cut short or had an edition at fault."""
    today = clock.civil(now)
    if any(one.held_on == today for one in troubled_rounds(bureau, now=now, days=1)):
        return True
    return bool(missing_rounds(bureau, now=now, days=1))


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


def recover(bureau: Bureau, *, now: datetime) -> RecoveryReport:
    """Settle what broke off before `now`. Run again it finds nothing."""
    with bureau.store.writing() as connection:
        released = release_expired_leases(connection, now)
        finished = _finish_cut_short(bureau, connection, now)
        report = RecoveryReport(put_back=released.put_back, unsure=released.unsure, finished=finished)
        if report != RecoveryReport():
            _recover_note(bureau, connection, report, now)
    return RecoveryReport(
        put_back=report.put_back, unsure=report.unsure, finished=finished, missing=_uncovered(bureau, now)
    )


def _finish_cut_short(bureau: Bureau, connection: Connection, now: datetime) -> tuple[date, ...]:
    """Rounds of earlier days that died before their digests: what they planned is planned once and must be told.

    Today's own round is left to be held again, which also plans what it had not come to.
    """
    found = cut_short_digests(connection, clock.civil(now))
    for round_id, held_on in found:
        lock_round(connection, round_id)
        new = write_digests(
            connection, round_id=round_id, day=held_on, not_before=office_hours_from(bureau, now)
        )
        close_round(connection, round_id, status="failed", dispatches=new, now=now)
    return tuple(held_on for _, held_on in found)


def _uncovered(bureau: Bureau, now: datetime) -> tuple[date, ...]:
    """Missing days after the newest round; earlier ones were caught up by it."""
    with bureau.store.reading() as connection:
        newest = newest_round(connection)
    return tuple(day for day in missing_rounds(bureau, now=now) if newest is None or day > newest.held_on)


def _recover_note(bureau: Bureau, connection: Connection, report: RecoveryReport, now: datetime) -> None:
    append_entry(
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
        flow_run_id=bureau.flow_run_id,
    )


def _days(days: tuple[date, ...]) -> str:
    return "、".join(day.isoformat() for day in days)
