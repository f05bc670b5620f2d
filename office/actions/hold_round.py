"""The morning round: for every published edition, plan what is owed by now, then write the day's digests.

Each step is a transaction of its own under unique keys, so that a round can be killed anywhere, run again or run
twice at once. A fault in one edition is recorded in the round and does not stop the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from office import clock
from office.actions.day import opening, thresholds
from office.actions.office import Office
from office.actions.release_escalations import release_escalations
from office.actions.round_report import RoundReport as RoundReport
from office.errors import OfficeError, Refused
from office.store import digests, edition_rounds, history, reminders, rounds
from office.store.engine import Connection
from office.store.reminders import Decision, Group
from office.store.rounds import MORNING, EditionNote, PlannedEdition, Round
from rules.moves import State
from rules.people import SYSTEM
from rules.rungs import next_fire_on, owed
from rules.standing import Facts, standing
from rules.workdays import YearUnknown


def hold_round(office: Office, *, now: datetime) -> RoundReport:
    """The whole round of the civil day of `now`: open, plan every edition, finish."""
    report = open_round(office, now=now)
    if report.newer:
        return report
    notes = [plan_edition(office, edition.id, now=now) for edition in _moved(office, now)]
    return finish_round(office, notes, now=now)


def _moved(office: Office, now: datetime) -> Iterator[PlannedEdition]:
    """The published editions that have anything to decide: on most days most of them stand as they were planned."""
    with office.store.reading() as connection:
        editions = rounds.published_editions(connection)
        groups = reminders.open_groups(connection)
    for edition in editions:
        if not edition.stands(_signature(office, groups.get(edition.id, ())), clock.civil(now)):
            yield edition


def open_round(office: Office, *, now: datetime) -> RoundReport:
    """Make today's row, unless a later day has had its round: then the clock was set back, and nothing is written."""
    today = clock.civil(now)
    with office.store.writing() as connection:
        newest = rounds.newest_round(connection)
        if newest and newest.held_on > today:
            return _report(office, newest, now=now, newer=newest.held_on)
        current = rounds.open_round(connection, held_on=today, now=now, flow_run_id=office.flow_run_id)
    return _report(office, current, now=now)


def plan_edition(office: Office, edition_id: int, *, now: datetime, kind: str = MORNING) -> EditionNote:
    """Plan one edition in today's round, which must be open. The note says what this pass did, or its error.

    `kind` tells in the run history whether the round asked for it or a step of the edition's own.
    """
    try:
        with office.store.writing() as connection:
            note = _plan(office, connection, edition_id, now)
            _keep_part(office, connection, note, kind, now)
            return note
    except Exception as error:
        # Whatever it is, the other editions go on; the sentence stays in the round's row.
        return _note_fault(office, edition_id, error, now, kind)


def finish_round(office: Office, notes: Sequence[EditionNote] = (), *, now: datetime) -> RoundReport:
    """Write the digests of what was planned and close today's row. `notes` are this pass's, for its counts."""
    today, planned = clock.civil(now), sum(note.planned for note in notes)
    with office.store.writing() as connection:
        current = _lock_today(connection, today)
        status = "failed" if any(note.error for note in current.editions) else "planned"
        new, released = 0, release_escalations(connection, current)
        if planned or released or current.status != status:
            new = _write_digests(office, connection, current, now) - current.dispatches
            rounds.close_round(connection, current.id, status=status, dispatches=new, now=now)
            edition_rounds.note_unmoved(connection, held_on=today, now=now, flow_run_id=office.flow_run_id)
            history.append(
                connection,
                at=now,
                by=SYSTEM,
                verb="hold",
                noun="round",
                noun_id=current.id,
                detail={"held_on": today.isoformat(), "planned": planned, "dispatches": new},
                flow_run_id=office.flow_run_id,
            )
        current = rounds.lock_round(connection, current.id)
        opens_on = rounds.first_published_on(connection)
    superseded = sum(note.superseded for note in notes)
    report = _report(office, current, now=now, planned=planned, superseded=superseded, dispatches=new)
    return replace(report, opens_on=opens_on)


def dry_run(office: Office, *, now: datetime) -> tuple[EditionNote, ...]:
    """What each edition's groups are owed by now. An upper bound: what was reminded before is not taken off."""
    today, notes = clock.civil(now), []
    with office.store.reading() as connection:
        for edition in rounds.published_editions(connection):
            groups = reminders.open_groups(connection, edition.id).get(edition.id, ())
            decisions, fault = _decide(office, groups, today, None)
            planned = sum(decision.group.obligations for decision in decisions)
            notes.append(_note(edition, decisions, fault, planned=planned))
    return tuple(notes)


def _plan(office: Office, connection: Connection, edition_id: int, now: datetime) -> EditionNote:
    today = clock.civil(now)
    current = _lock_today(connection, today)
    edition = rounds.published_edition(connection, edition_id)
    groups = reminders.open_groups(connection, edition_id).get(edition_id, ())
    signature = _signature(office, groups)
    if edition.stands(signature, today):
        return _note(edition, (), None, planned=0)
    decisions, fault = _decide(office, groups, today, edition.planned_on)
    written = reminders.write_reminders(
        connection,
        decisions,
        edition_id=edition_id,
        coordinator_unit_id=edition.coordinator_unit_id,
        round_id=current.id,
        day=today,
        hold_escalations=office.settings.escalation_approval,
    )
    note = _note(edition, decisions, fault, planned=written.planned, superseded=written.superseded)
    note = replace(note, held=written.held)
    rounds.write_note(connection, current, note)
    settled = written.whole and fault is None
    rounds.write_plan(
        connection,
        edition_id,
        on=edition.planned_on if fault else today,
        signature=signature if settled else None,
        next_fire_on=_next_fire_on(office, groups, today) if settled else None,
    )
    return note


def _next_fire_on(office: Office, groups: Iterable[Group], today: date) -> date | None:
    ahead = (
        next_fire_on(
            office.ladders[group.ladder],
            opened_on=group.opened_on,
            due_on=group.due_on,
            today=today,
            workdays=office.workdays,
        )
        for group in groups
    )
    return min((day for day in ahead if day is not None), default=None)


def _decide(
    office: Office, groups: Iterable[Group], today: date, last_planned_on: date | None
) -> tuple[tuple[Decision, ...], str | None]:
    """What each group is owed, and the first reason why one of them could not be decided."""
    decisions: list[Decision] = []
    fault: str | None = None
    for group in groups:
        try:
            decision = _decision(office, group, today, last_planned_on)
        except (OfficeError, YearUnknown) as error:
            fault = fault or str(error)
            continue
        if decision is not None:
            decisions.append(decision)
    return tuple(decisions), fault


def _decision(office: Office, group: Group, today: date, last_planned_on: date | None) -> Decision | None:
    facts = Facts(state=State(group.state), due_on=group.due_on)
    if not standing(facts, today, office.workdays, thresholds(office)).reminds:
        return None
    ladder = office.ladders.get(group.ladder)
    if ladder is None:
        raise Refused(f"催办梯次“{group.ladder}”不存在，请在 ladders.yaml 中补上，或改用已有的梯次。")
    now_owed = owed(
        ladder, opened_on=group.opened_on, due_on=group.due_on, today=today, workdays=office.workdays
    )
    if now_owed.current is None:
        return None
    again = last_planned_on is not None and group.opened_on <= last_planned_on
    return Decision(group=group, owed=now_owed, again=again)


def _note(
    edition: PlannedEdition,
    decisions: Iterable[Decision],
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


def _signature(office: Office, groups: Sequence[Group]) -> str:
    """Stands for what is decided on: the groups with their sizes, the ladders and the workdays' documents."""
    ladders = {group.ladder: repr(office.ladders.get(group.ladder)) for group in groups}
    notices = [(notice.source, notice.state, notice.issued_on) for notice in office.workdays.notices]
    text = repr((groups, sorted(ladders.items()), notices, office.workdays.local))
    return hashlib.sha256(text.encode()).hexdigest()


def _keep_part(office: Office, connection: Connection, note: EditionNote, kind: str, now: datetime) -> None:
    edition_rounds.note_part(
        connection,
        note,
        kind=kind,
        held_on=clock.civil(now),
        now=now,
        flow_run_id=office.flow_run_id,
    )


def _note_fault(office: Office, edition_id: int, error: Exception, now: datetime, kind: str) -> EditionNote:
    known = isinstance(error, OfficeError | YearUnknown)
    sentence = str(error) if known else f"程序出错（{type(error).__name__}：{error}），请交运维人员处理。"
    with office.store.writing() as connection:
        edition = rounds.published_edition(connection, edition_id)
        note = EditionNote(edition_id=edition_id, name=edition.name, error=sentence)
        rounds.write_note(connection, _lock_today(connection, clock.civil(now)), note)
        _keep_part(office, connection, note, kind, now)
    return note


def _write_digests(office: Office, connection: Connection, current: Round, now: datetime) -> int:
    return digests.write_digests(
        connection, round_id=current.id, day=current.held_on, not_before=opening(office, now)
    )


def _lock_today(connection: Connection, today: date) -> Round:
    found = rounds.round_on(connection, today)
    if found is None:
        raise Refused(f"{today}的一轮还没有开，请先运行 duban round run。")
    return rounds.lock_round(connection, found.id)


def _report(
    office: Office,
    current: Round,
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
        leaves_at=opening(office, now),
        planned=planned,
        superseded=superseded,
        dispatches=dispatches,
        editions=() if newer else current.editions,
        newer=newer,
    )
