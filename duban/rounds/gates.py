"""Stages are summed up when their day has come: once, exactly, with the list of those missing, and told to the leader.

A gate closes the day after its date, or on its date when nothing is left to do; never before, because until then
problems are found and subjects come onto the roster. A later stage opens on its own date whatever came of this one;
its gate names what is still open before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from calendars.model import CampaignKind
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError
from duban.history.queries import append_entry
from duban.obligations.lights import Facts, standing_of
from duban.outbox.queries import Part, enqueue_urgent
from duban.rosters.rules import RosterCounts
from duban.rounds.gate_queries import (
    DuePoint,
    EarlierStages,
    OpenGateRow,
    due_gate_points,
    gate_group_counts,
    gate_snapshot,
    insert_gate_result,
    ledger_counts,
    open_gate_rows,
    points_before,
    roster_counts,
)
from duban.rounds.gate_rules import (
    GateGroup,
    GateOutcome,
    GateResult,
    GateStage,
    UnfinishedRow,
    gate_closes,
    gate_outcome,
    judge_gate,
)
from duban.rounds.queries import count_closed_gate, note_gate_fault

# As many units as a summary letter names; the ledger keeps them all.
NAMED = 300


def stage_summary_payload(bureau: Bureau, one: DuePoint, result: GateResult) -> dict[str, object]:
    """The fields of notifications' StageSummary as JSON holds them, ready in the dispatch row.

    `unit` str (the coordinator), `as_of_on` and `due_on` ISO text, `campaign`, `stage`, `document` and `next_step`
    str, `provisional` bool, `total`, `done_on_time`, `done_late`, `left_out_of_rate` and `missing_total` int,
    `missing` a list of {unit, days_overdue, reason} with at most NAMED entries, `rates` a list of
    {title, done, of, target_percent} where `of` is null while the denominator is unknown, `desk` an object
    {name, contact, phone}, `list_link` null. `to_name` is not in it: the addressee is the dispatch's contact.
    """
    settings = bureau.settings
    return {
        "unit": one.coordinator,
        "as_of_on": result.as_of_on.isoformat(),
        "campaign": f"{one.name}{one.year}",
        "stage": f"{one.title}（{one.label}）" if one.label else one.title,
        "due_on": one.due_on.isoformat(),
        "provisional": one.provisional,
        "document": f"{one.source_document} {one.source_item}".strip(),
        "total": result.owed,
        "done_on_time": result.done_in_time,
        "done_late": result.done - result.done_in_time,
        "left_out_of_rate": result.out,
        "missing": [_missing_entry(left) for left in result.missing[:NAMED]],
        "missing_total": result.open,
        "next_step": result.next_step,
        "rates": _rates(result),
        "desk": {
            "name": settings.desk_name,
            "contact": settings.desk_contact,
            "phone": settings.desk_phone,
        },
        "list_link": None,
    }


def kept_gate_result(result: GateResult) -> dict[str, object]:
    """The result as it stays at the point, the whole list in it."""
    plain: dict[str, object] = {
        name: getattr(result, name)
        for name in ("owed", "done", "done_in_time", "open", "not_due", "out", "passed")
    }
    rate = result.rate
    return plain | {
        "as_of_on": result.as_of_on.isoformat(),
        "rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "missing": [_kept_entry(one) for one in result.missing],
        "ledger": _kept_ledger(result),
        "open_before": list(result.open_before),
        "sentence": result.sentence,
        "next_step": result.next_step,
    }


def _kept_entry(entry: UnfinishedRow) -> dict[str, object]:
    return {name: getattr(entry, name) for name in UnfinishedRow.__dataclass_fields__}


def _kept_ledger(result: GateResult) -> dict[str, Any] | None:
    ledger = result.ledger
    if ledger is None:
        return None
    return {"found": ledger.found, "struck_off": ledger.struck_off, "open": list(ledger.open)}


def gate_entry(result: GateResult, letters: int) -> dict[str, object]:
    counts = ("owed", "done", "done_in_time", "open", "not_due", "out", "passed")
    return {name: getattr(result, name) for name in counts} | {"letters": letters}


def _missing_entry(entry: UnfinishedRow) -> dict[str, object]:
    unit = f"{entry.subject}（{entry.unit}）" if entry.subject else entry.unit
    return {"unit": unit, "days_overdue": entry.days_overdue, "reason": entry.word}


def _rates(result: GateResult) -> list[dict[str, object]]:
    rates: list[dict[str, object]] = [{"title": "办结率", "done": result.done, "of": result.owed}]
    if result.ledger is not None:
        rates.append({"title": "问题销号率", "done": result.ledger.struck_off, "of": result.ledger.found})
    if result.roster is not None:
        rates.append({"title": "参检率", "done": result.roster.taken_part, "of": result.roster.due})
    elif result.needs_roster:
        rates.append({"title": "参检率", "done": 0, "of": None})
    return [rate | {"target_percent": None} for rate in rates]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateClosed:
    """A gate that this pass closed. `letters` is how many summaries were written."""

    point_id: int
    edition_id: int
    campaign: str
    name: str
    year: int
    title: str
    label: str
    due_on: date
    result: GateResult
    letters: int

    @property
    def sentence(self) -> str:
        return self.result.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFault:
    """An edition whose gates could not be closed, and why; the others went on."""

    edition_id: int
    name: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What a pass closed, in order of edition and date. Walking over it walks over the closed gates."""

    closed: tuple[GateClosed, ...] = ()
    faults: tuple[GateFault, ...] = ()

    def __iter__(self) -> Iterator[GateClosed]:
        return iter(self.closed)

    def __len__(self) -> int:
        return len(self.closed)


def close_gates(bureau: Bureau, *, now: datetime, edition_id: int | None = None) -> GateReport:
    """Close every gate whose day has come, of one edition or of all published ones. Run again it closes nothing.

    Each gate's result, letter and history entry are one transaction, so that a kill between any two leaves all or
    none. What goes wrong in one edition is told in `faults` and does not stop the others.
    """
    today = clock.civil(now)
    with bureau.store.reading() as connection:
        due = due_gate_points(connection, today, edition_id)
    closed: list[GateClosed] = []
    faults: list[GateFault] = []
    for key, points in due.items():
        try:
            for one, result in _judged(bureau, points, today):
                closed += _close(bureau, one, result, now)
        except Exception as error:
            # Whatever it is, the other editions go on; the sentence goes to whoever started the pass.
            known = isinstance(error, DubanError | YearUnknown)
            text = str(error) if known else f"程序出错（{type(error).__name__}：{error}），请交运维人员处理。"
            faults.append(GateFault(edition_id=key, name=points[0].name, error=text))
            _note_fault(bureau, key, text, now)
    return GateReport(closed=tuple(closed), faults=tuple(faults))


def _judged(bureau: Bureau, points: Sequence[DuePoint], today: date) -> Iterator[tuple[DuePoint, GateResult]]:
    """Which of an edition's points close today and what they find, all seen at one moment."""
    kind, edition_id = points[0].kind, points[0].edition_id
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        before = _before(connection, points)
        ids = sorted({one.point_id for one in points} | {one.point_id for one in before})
        groups = gate_group_counts(connection, ids, kind)
        roster = _roster(connection, points, edition_id)
        stages = [(one, _stage(connection, one, before, groups, roster, today)) for one in points]
        closing = [pair for pair in stages if gate_closes(pair[1], groups.get(pair[0].point_id, ()), today)]
        wanted = [one.point_id for one, _ in closing]
        missing = _missing(bureau, open_gate_rows(connection, wanted, kind) if wanted else (), kind, today)
    for one, stage in closing:
        found = groups.get(one.point_id, ())
        yield one, judge_gate(stage, found, tuple(missing.get(one.point_id, ())), as_of_on=today)


def _before(connection: Connection, points: Sequence[DuePoint]) -> list[EarlierStages]:
    keys = frozenset(key for one in points for key in one.after)
    return points_before(connection, points[0].edition_id, keys)


def _roster(connection: Connection, points: Sequence[DuePoint], edition_id: int) -> RosterCounts | None:
    checks = points[0].kind is CampaignKind.ANNUAL_CHECK or any(one.per_subject for one in points)
    return roster_counts(connection, edition_id) if checks else None


def _stage(
    connection: Connection,
    one: DuePoint,
    before: Sequence[EarlierStages],
    groups: Mapping[int, Sequence[GateGroup]],
    roster: RosterCounts | None,
    today: date,
) -> GateStage:
    ledger = ledger_counts(connection, one.edition_id, one.milestone_id) if one.problem_ledger else None
    return GateStage(
        campaign=f"{one.name}{one.year}",
        kind=one.kind,
        title=one.title,
        label=one.label,
        due_on=one.due_on,
        number=one.number,
        needs_roster=one.per_subject,
        roster=roster,
        ledger=ledger,
        open_before=tuple(_open_before(one, before, groups, today)),
    )


def _open_before(
    one: DuePoint, before: Sequence[EarlierStages], groups: Mapping[int, Sequence[GateGroup]], today: date
) -> Iterator[str]:
    """Earlier stages with something left to do. A stage that recurs counts up to this one's date."""
    left = (GateOutcome.OPEN, GateOutcome.NOT_DUE)
    for earlier in before:
        if earlier.key not in one.after or earlier.due_on > one.due_on:
            continue
        if any(gate_outcome(one.kind, group, today) in left for group in groups.get(earlier.point_id, ())):
            yield f"{earlier.title}（{earlier.label}）" if earlier.label else earlier.title


def _missing(
    bureau: Bureau, rows: Iterator[OpenGateRow] | tuple[OpenGateRow, ...], kind: CampaignKind, today: date
) -> dict[int, list[UnfinishedRow]]:
    found: dict[int, list[UnfinishedRow]] = {}
    for row in rows:
        if gate_outcome(kind, row.group, today) is GateOutcome.OPEN:
            found.setdefault(row.point_id, []).append(_unfinished(bureau, row, today))
    return found


def _unfinished(bureau: Bureau, row: OpenGateRow, today: date) -> UnfinishedRow:
    group = row.group
    facts = Facts(state=group.state, due_on=group.due_on, submitted_on=group.done_on)
    seen = standing_of(facts, today, bureau.workdays, light_thresholds(bureau))
    return UnfinishedRow(
        unit=row.unit,
        obligation_id=row.obligation_id,
        word=seen.word,
        days_overdue=max(-(seen.days_left or 0), 0),
        subject=row.subject,
        handed_in=not seen.reminds,
    )


def _close(bureau: Bureau, one: DuePoint, result: GateResult, now: datetime) -> list[GateClosed]:
    """Keep the result, write the letter and the entry; nothing when another round was faster."""
    with bureau.store.writing() as connection:
        if not insert_gate_result(connection, one, kept_gate_result(result), now):
            return []
        letters = _tell(bureau, connection, one, result, now) if _told(one) else 0
        count_closed_gate(
            connection, one.edition_id, held_on=clock.civil(now), now=now, flow_run_id=bureau.flow_run_id
        )
        append_entry(
            connection,
            at=now,
            by=SYSTEM,
            verb="close_gate",
            noun="point",
            noun_id=one.point_id,
            edition_id=one.edition_id,
            unit_id=one.coordinator_unit_id,
            detail=gate_entry(result, letters),
            flow_run_id=bureau.flow_run_id,
        )
    return [
        GateClosed(
            point_id=one.point_id,
            edition_id=one.edition_id,
            campaign=one.campaign,
            name=one.name,
            year=one.year,
            title=one.title,
            label=one.label,
            due_on=one.due_on,
            result=result,
            letters=letters,
        )
    ]


def _note_fault(bureau: Bureau, edition_id: int, text: str, now: datetime) -> None:
    with bureau.store.writing() as connection:
        note_gate_fault(
            connection,
            edition_id,
            text,
            held_on=clock.civil(now),
            now=now,
            flow_run_id=bureau.flow_run_id,
        )


def _told(one: DuePoint) -> bool:
    """A stage whose date lay before its edition was published is kept but not reported: nobody could have met it,
    and a bureau that begins in November would open with a letter for every stage of its year."""
    return one.published_on is None or one.published_on <= one.due_on


def _tell(bureau: Bureau, connection: Connection, one: DuePoint, result: GateResult, now: datetime) -> int:
    return enqueue_urgent(
        connection,
        kind="stage_summary",
        unit_id=one.coordinator_unit_id,
        ref=f"point:{one.point_id}",
        payload=stage_summary_payload(bureau, one, result),
        now=now,
        settings=bureau.settings,
        part=Part.SUPERIOR,
    )
