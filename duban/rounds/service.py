"""The morning round: for every published edition, plan what is owed by now, then write the day's digests.

Each step is a transaction of its own under unique keys, so that a round can be killed anywhere, run again or run
twice at once. A fault in one edition is recorded in the round and does not stop the others. What broke off is
recovered; escalations that were held are approved or declined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from calendars.ladders import Ladder, find_ladder
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds, office_hours_from
from duban.core import clock
from duban.core.access import ROLE_NAMES, SYSTEM, Actor, Role, visible_units
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import DubanError, Fault, NotFound, Refused, refuse
from duban.core.text import cleaned
from duban.editions.events import follow_closings
from duban.editions.queries import find_edition_name
from duban.history.queries import append_entry
from duban.letters.office import read_office_morning, tell_officers
from duban.obligations.lights import Facts, standing_of
from duban.obligations.states import State
from duban.outbox.queries import release_expired_leases, write_digests
from duban.rounds.gates import GateReport, close_gates, fault_sentence
from duban.rounds.queries import (
    STEP,
    EditionNote,
    HeldEscalation,
    HeldSelection,
    PlannedEdition,
    ReminderDecision,
    ReminderGroup,
    RoundRow,
    close_round,
    count_held_escalations,
    decide_held,
    first_published_on,
    first_round_on,
    held_escalations_page,
    insert_round,
    lock_round,
    newest_round,
    note_edition_part,
    note_unmoved,
    open_reminder_groups,
    planned_edition,
    planned_editions,
    release_held_reminders,
    round_on,
    rounds_between,
    rounds_cut_short,
    settle_held_reminders,
    write_note,
    write_plan,
    write_reminders,
)
from duban.rounds.schedule import due_reminders, next_reminder, support_ladder
from duban.rounds.support_queries import (
    SupportDecision,
    SupportGroup,
    support_groups,
    unanswered_duties,
    write_support_reminders,
)
from duban.rounds.tables import MORNING

# Who may approve an escalation.
APPROVERS = frozenset({Role.COORDINATOR, Role.LEADER})
PAGE_SIZE = 50
# The reminder keeps the beginning of the reason, the history all of it.
_CAUSE = 64
_NAMED = 500


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
        if drafts := sum(note.drafts for note in self.editions):
            text += f"；通报草稿新列{drafts}条，由统筹科室决定是否通报"
        if self.faults:
            text += f"；{len(self.faults)}项行动未能排入（{'、'.join(note.name for note in self.faults)}）"
        return text + "。"


def hold_round(bureau: Bureau, *, now: datetime) -> RoundReport:
    """The whole round of the civil day of `now`: open, plan every edition, finish."""
    report = begin_round(bureau, now=now)
    if report.newer:
        return report
    with bureau.store.reading() as connection:
        editions = planned_editions(connection)
        groups, duties = open_reminder_groups(connection), unanswered_duties(connection)
    # On most days most editions stand as they were planned.
    moved = (
        one.id
        for one in editions
        if not one.stands(
            _signature(bureau, one, groups.get(one.id, ()), duties.get(one.id, ())), clock.civil(now)
        )
    )
    return finish_round(bureau, [plan_edition(bureau, one, now=now) for one in moved], now=now)


def begin_round(bureau: Bureau, *, now: datetime) -> RoundReport:
    """Make today's row, unless a later day has had its round: then the clock was set back, and nothing is written."""
    today = clock.civil(now)
    follow_closings(bureau, now=now)
    with bureau.store.writing() as connection:
        newest = newest_round(connection)
        if newest and newest.held_on > today:
            return replace(_report(bureau, newest, now), newer=newest.held_on, editions=())
        current = insert_round(connection, held_on=today, now=now, flow_run_id=bureau.flow_run_id)
    return _report(bureau, current, now)


def plan_edition(bureau: Bureau, edition_id: int, *, now: datetime, kind: str = MORNING) -> EditionNote:
    """Plan one edition in today's round, which must be open. The note says what this pass did, or its error.

    `kind` tells in the run history whether the round asked for it or a step of the edition's own.
    """
    today = clock.civil(now)
    part: dict[str, Any] = {"kind": kind, "held_on": today, "now": now, "flow_run_id": bureau.flow_run_id}
    try:
        with bureau.store.writing() as connection:
            note = _plan(bureau, connection, edition_id, today)
            note_edition_part(connection, note, **part)
    except Exception as error:
        # Whatever it is, the other editions go on; the sentence stays in the round's row.
        with bureau.store.writing() as connection:
            edition = planned_edition(connection, edition_id)
            note = EditionNote(edition_id=edition_id, name=edition.name, error=fault_sentence(error))
            write_note(connection, _lock_today(connection, today), note)
            note_edition_part(connection, note, **part)
    return note


def finish_round(bureau: Bureau, notes: Sequence[EditionNote] = (), *, now: datetime) -> RoundReport:
    """Write the digests of what was planned and close today's row. `notes` are this pass's, for its counts."""
    today, planned = clock.civil(now), sum(note.planned for note in notes)
    morning = read_office_morning(bureau, now=now)
    with bureau.store.writing() as connection:
        current = _lock_today(connection, today)
        status = "failed" if any(note.error for note in current.editions) else "planned"
        new, released = 0, _release_escalations(connection, current)
        leaves_at = office_hours_from(bureau, now)
        told = tell_officers(
            connection, morning, round_id=current.id, day=current.held_on, not_before=leaves_at
        )
        if planned or released or told or current.status != status:
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
        report = _report(bureau, lock_round(connection, current.id), now)
        opens_on = first_published_on(connection)
    superseded = sum(note.superseded for note in notes)
    return replace(report, planned=planned, superseded=superseded, dispatches=new, opens_on=opens_on)


def preview_round(bureau: Bureau, *, now: datetime) -> tuple[EditionNote, ...]:
    """What each edition's groups are owed by now. An upper bound: what was reminded before is not taken off."""
    today, notes = clock.civil(now), []
    with bureau.store.reading() as connection:
        for edition in planned_editions(connection):
            groups = open_reminder_groups(connection, edition.id).get(edition.id, ())
            decisions, note = _decide(bureau, replace(edition, planned_on=None), groups, today)
            planned = sum(one.group.obligations * len(one.owed) for one in decisions)
            if note.error is None:
                support = _decide_support(bureau, edition, support_groups(connection, edition.id), today)
                planned += sum(one.group.duties * len(one.owed) for one in support)
            notes.append(replace(note, planned=planned))
    return tuple(notes)


def _plan(bureau: Bureau, connection: Connection, edition_id: int, today: date) -> EditionNote:
    current = _lock_today(connection, today)
    edition = planned_edition(connection, edition_id)
    groups = open_reminder_groups(connection, edition_id).get(edition_id, ())
    signature = _signature(bureau, edition, groups, unanswered_duties(connection).get(edition_id, ()))
    if edition.stands(signature, today):
        return EditionNote(edition_id=edition.id, name=edition.name)
    support = support_groups(connection, edition_id)
    decisions, note = _decide(bureau, edition, groups, today)
    written = write_reminders(
        connection,
        decisions,
        edition_id=edition_id,
        coordinator_unit_id=edition.coordinator_unit_id,
        round_id=current.id,
        day=today,
        escalate_to=bureau.settings.escalate_to,
        hold_escalations=bureau.settings.escalation_approval,
    )
    support_written = write_support_reminders(
        connection,
        _decide_support(bureau, edition, support, today) if note.error is None else (),
        coordinator_unit_id=edition.coordinator_unit_id,
        round_id=current.id,
        day=today,
        escalate_to=bureau.settings.escalate_to,
    )
    both = (written, support_written)
    note = replace(
        note,
        **{
            name: sum(getattr(one, name) for one in both)
            for name in ("planned", "superseded", "held", "drafts")
        },
    )
    write_note(connection, current, note)
    settled = all(one.whole for one in both) and note.error is None
    # A supporting unit hears of some of its lead's rungs, counted from a date that may be another.
    owing: Iterable[ReminderGroup | SupportGroup] = (*groups, *support) if settled else ()
    ahead = (
        next_reminder(
            _ladder(bureau, group),
            opened_on=group.opened_on,
            due_on=group.due_on,
            today=today,
            workdays=bureau.workdays,
        )
        for group in owing
    )
    coming = [one.on for one in ahead if one is not None]
    if any(one.waits for one in both):
        coming.append(bureau.workdays.shift(today, 1))
    write_plan(
        connection,
        edition_id,
        on=edition.planned_on if note.error else today,
        signature=signature if settled else None,
        next_fire_on=min(coming, default=None),
    )
    return note


def _decide(
    bureau: Bureau, edition: PlannedEdition, groups: Iterable[ReminderGroup], today: date
) -> tuple[tuple[ReminderDecision, ...], EditionNote]:
    """What each group is owed, and a note with the first reason why one of them could not be decided."""
    decisions: list[ReminderDecision] = []
    fault: str | None = None
    for group in groups:
        try:
            decision = _decision(bureau, group, today, edition.planned_on)
        except (DubanError, YearUnknown) as error:
            fault = fault or str(error)
            continue
        if decision is not None:
            decisions.append(decision)
    provisional = any(owed.current.provisional for one in decisions for owed in one.owed)
    note = EditionNote(edition_id=edition.id, name=edition.name, provisional=provisional, error=fault)
    return tuple(decisions), note


def _decision(
    bureau: Bureau, group: ReminderGroup, today: date, last_planned_on: date | None
) -> ReminderDecision | None:
    facts = Facts(state=State(group.state), due_on=group.due_on)
    if not standing_of(facts, today, bureau.workdays, light_thresholds(bureau)).reminds:
        return None
    owed = due_reminders(
        _ladder(bureau, group),
        opened_on=group.opened_on,
        due_on=group.due_on,
        today=today,
        workdays=bureau.workdays,
    )
    again = last_planned_on is not None and group.opened_on <= last_planned_on
    return ReminderDecision(group=group, owed=owed, again=again) if owed else None


def _ladder(bureau: Bureau, group: ReminderGroup | SupportGroup) -> Ladder:
    ladder = find_ladder(bureau.ladders, group.ladder)
    if ladder is None:
        raise Refused(f"催办梯次“{group.ladder}”不存在，请在 ladders.yaml 中补上，或改用已有的梯次。")
    return ladder


def _decide_support(
    bureau: Bureau, edition: PlannedEdition, groups: Iterable[SupportGroup], today: date
) -> tuple[SupportDecision, ...]:
    """What supporting units are owed; their ladders and years are their leads', which could be decided."""
    return tuple(
        SupportDecision(
            group=group,
            owed=due_reminders(
                support_ladder(_ladder(bureau, group), escalates=edition.support_escalation),
                opened_on=group.opened_on,
                due_on=group.due_on,
                today=today,
                workdays=bureau.workdays,
            ),
        )
        for group in groups
    )


def _signature(
    bureau: Bureau, edition: PlannedEdition, groups: Sequence[ReminderGroup], duties: Sequence[object]
) -> str:
    """Stands for what is decided on: the groups and duties with their sizes, the ladders and the workdays' documents."""
    ladders = {name: repr(find_ladder(bureau.ladders, name)) for name in {group.ladder for group in groups}}
    notices = [(notice.source, notice.state, notice.issued_on) for notice in bureau.workdays.notices]
    supporting = (duties, edition.support_escalation)
    text = repr((groups, supporting, sorted(ladders.items()), notices, bureau.workdays.local))
    return hashlib.sha256(text.encode()).hexdigest()


def _write_digests(bureau: Bureau, connection: Connection, current: RoundRow, now: datetime) -> int:
    leaves_at = office_hours_from(bureau, now)
    return write_digests(connection, round_id=current.id, day=current.held_on, not_before=leaves_at)


def _lock_today(connection: Connection, today: date) -> RoundRow:
    found = round_on(connection, today, locked=True)
    if found is None:
        raise Refused(f"{today}的一轮还没有开，请先运行 duban round run。")
    return found


def _report(bureau: Bureau, current: RoundRow, now: datetime) -> RoundReport:
    return RoundReport(
        held_on=clock.civil(now),
        status=current.status,
        leaves_at=office_hours_from(bureau, now),
        editions=current.editions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What the step did for its edition; `note` is None when the clock stands before a day already held."""

    edition_id: int
    note: EditionNote | None
    gates: GateReport | None
    sentence: str

    def require_done(self) -> None:
        """Raise what went wrong for this edition, so that its run shows it."""
        if self.faults:
            raise Fault("；".join(self.faults))

    @property
    def faults(self) -> tuple[str, ...]:
        gates = [fault.error for fault in self.gates.faults] if self.gates else []
        return (*([self.note.error] if self.note and self.note.error else []), *gates)


def take_step(bureau: Bureau, campaign: str, year: int, *, now: datetime) -> StepReport:
    """One edition's step: plan what it is owed by now, send nothing itself, close the gates whose day has come.

    The same step whether the morning round, the edition's own timeline or a person asks for it; asked twice it does
    nothing the second time. Raises NotFound for an unknown edition and Refused for one that is not published.
    """
    with bureau.store.reading() as connection:
        found = find_edition_name(connection, campaign, year)
    if found is None:
        raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
    if found.state != "published":
        raise Refused(f"{found.name}{year}年没有在办（{found.state}），请先用 duban calendar 发布或恢复。")
    opened = begin_round(bureau, now=now)
    if opened.newer:
        return StepReport(edition_id=found.id, note=None, gates=None, sentence=opened.sentence)
    if opened.status == "planning":
        # Nobody has held today's round: this run is a second door to the whole of it.
        held = hold_round(bureau, now=now)
        note = next((one for one in held.editions if one.edition_id == found.id), None)
    else:
        note = plan_edition(bureau, found.id, now=now, kind=STEP)
        held = finish_round(bureau, (note,), now=now)
    gates = close_gates(bureau, now=now, edition_id=found.id)
    return StepReport(edition_id=found.id, note=note, gates=gates, sentence=held.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledRound:
    """A round that was opened and is not whole: killed before its end, or with editions that could not be planned."""

    held_on: date
    reasons: tuple[str, ...]


def missing_rounds(bureau: Bureau, *, now: datetime, days: int = 7) -> tuple[date, ...]:
    """The days without a round among the last `days`, oldest first; none from before there was anything to hold.

    Today counts once the hour of the morning round has passed.
    """
    today = clock.civil(now)
    last = today if now >= clock.at(today) else today - timedelta(days=1)
    with bureau.store.reading() as connection:
        # The day of the first round; while there is none, the day the first edition was published.
        began = first_round_on(connection) or first_published_on(connection)
        if began is None:
            return ()
        first = max(began, last - timedelta(days=days - 1))
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
        # Rounds of earlier days that died before their digests: what they planned is planned once and must be told.
        # Today's own round is left to be held again, which also plans what it had not come to.
        cut_short = rounds_cut_short(connection, clock.civil(now))
        for round_id, _ in cut_short:
            current = lock_round(connection, round_id)
            new = _write_digests(bureau, connection, current, now)
            close_round(connection, round_id, status="failed", dispatches=new, now=now)
        finished = tuple(held_on for _, held_on in cut_short)
        report = RecoveryReport(put_back=released.put_back, unsure=released.unsure, finished=finished)
        if report != RecoveryReport():
            append_entry(
                connection,
                at=now,
                by=SYSTEM,
                verb="recover",
                noun="dispatch",
                detail={
                    "put_back": report.put_back,
                    "unsure": report.unsure,
                    "finished": [day.isoformat() for day in finished],
                },
                flow_run_id=bureau.flow_run_id,
            )
    with bureau.store.reading() as connection:
        newest = newest_round(connection)
    # Missing days before the newest round were caught up by it.
    missing = (day for day in missing_rounds(bureau, now=now) if newest is None or day > newest.held_on)
    return replace(report, missing=tuple(missing))


def _days(days: tuple[date, ...]) -> str:
    return "、".join(day.isoformat() for day in days)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """What waits for a decision. `superiors` is how many units would be told of all of it; `required` the setting."""

    escalations: tuple[HeldEscalation, ...]
    total: int
    superiors: int
    required: bool
    next_after: tuple[date, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationsDecided:
    """`decided` were approved or declined; of the approved ones `released` go out today, the others with the next round."""

    approved: bool
    decided: int
    released: int = 0

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if not self.approved:
            return f"{self.decided}条督办不予批准，不再发出。"
        later = self.decided - self.released
        parts = [f"{self.released}条列入今天的汇总"] if self.released else []
        parts += [f"{later}条随下一轮汇总发出"] if later else []
        return f"已批准{self.decided}条督办，{'，'.join(parts)}。"


def held_escalations(
    bureau: Bureau,
    chosen: HeldSelection | None = None,
    *,
    by: Actor,
    after: tuple[date, int] | None = None,
    limit: int = PAGE_SIZE,
) -> HeldPage:
    """What waits for approval, the longest overdue first."""
    wanted, sight = chosen or HeldSelection(), visible_units(by)
    with bureau.store.reading() as connection:
        found = held_escalations_page(connection, sight, wanted, after=after, limit=limit)
        total, superiors, _ = count_held_escalations(connection, sight, wanted)
    last = found[-1] if len(found) == limit else None
    return HeldPage(
        escalations=found,
        total=total,
        superiors=superiors,
        required=bureau.settings.escalation_approval,
        next_after=(last.due_on, last.obligation_id) if last else None,
    )


def approve_escalations(
    bureau: Bureau, chosen: HeldSelection, *, by: Actor, now: datetime, dry_run: bool = False
) -> EscalationsDecided:
    """Approve these; what can still join today's digests does, the rest waits for the next round."""
    refuse(*_approving_refusals(by))
    with bureau.store.writing() as connection:
        decided = _decided(decide_held(connection, chosen))
        released = 0
        found = round_on(connection, clock.civil(now))
        # Before the day's round is over, the round itself takes them.
        if found is not None and found.finished_at is not None:
            current = lock_round(connection, found.id)
            released = _release_escalations(connection, current)
            if released:
                new = _write_digests(bureau, connection, current, now) - current.dispatches
                close_round(connection, current.id, status=current.status, dispatches=new, now=now)
        _record(bureau, connection, "approve_escalations", chosen, by, now, {"escalations": decided})
        if dry_run:
            rollback_dry_run(connection)
    return EscalationsDecided(approved=True, decided=decided, released=min(released, decided))


def decline_escalations(
    bureau: Bureau, chosen: HeldSelection, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EscalationsDecided:
    """Decline these, with the reason: they are never sent."""
    reason = cleaned(reason)
    wordless = () if reason.strip() else ("不批准督办要写明理由，请补写。",)
    refuse(*_approving_refusals(by), *wordless)
    with bureau.store.writing() as connection:
        decided = _decided(decide_held(connection, chosen, cause=f"未获批准：{reason}"[:_CAUSE]))
        detail = {"reason": reason, "escalations": decided}
        _record(bureau, connection, "decline_escalations", chosen, by, now, detail)
        if dry_run:
            rollback_dry_run(connection)
    return EscalationsDecided(approved=False, decided=decided)


def _release_escalations(connection: Connection, current: RoundRow) -> int:
    """Of a round that is locked, before its digests are written; returns how many reminders it gained."""
    if not settle_held_reminders(connection):
        return 0
    return release_held_reminders(connection, round_id=current.id, day=current.held_on)


def _approving_refusals(by: Actor) -> tuple[str, ...]:
    """Every reason against approving or declining by this person."""
    if by.person_id is None:
        return ("批准督办要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & APPROVERS:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in APPROVERS)
    return (f"{by.name}不能批准或不批准督办，请由{may}办理。",)


def _decided(count: int) -> int:
    """Refused when nothing is left, as two coordinators meet it who decide at once."""
    if not count:
        raise Refused("所选督办已由他人批复，或相应任务已办结、调整，请刷新后再看。")
    return count


def _record(
    bureau: Bureau,
    connection: Connection,
    verb: str,
    chosen: HeldSelection,
    by: Actor,
    now: datetime,
    detail: dict[str, object],
) -> None:
    """One matter is recorded in its own file; several in one line that names them."""
    ids = chosen.obligation_ids
    one = ids[0] if ids is not None and len(ids) == 1 else None
    named = {"obligations": list(ids[:_NAMED])} if ids is not None and one is None else {}
    append_entry(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="obligation" if one else "edition",
        noun_id=one or chosen.edition_id,
        edition_id=chosen.edition_id,
        detail=detail | named,
        flow_run_id=bureau.flow_run_id,
    )
