"""Stages are summed up when their day has come: once, exactly, with the list of those missing, and told to the leader.

A gate closes the day after its date, or on its date when nothing is left to do; never before, because until then
problems are found and subjects come onto the roster. A later stage opens on its own date whatever came of this one, but
is not done while something before it is open; its gate names that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from calendars.model import CampaignKind
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core import clock
from duban.core.access import SYSTEM, VisibleUnits
from duban.core.db import Connection
from duban.core.errors import DubanError, NotFound
from duban.editions.queries import find_edition_name
from duban.history.queries import append_entry
from duban.obligations.lights import Facts, standing_of
from duban.outbox.queries import Part, enqueue_urgent
from duban.problems.queries import ProblemTally, unit_tallies
from duban.rosters.rules import RosterCounts
from duban.rounds.gate_queries import (
    DuePoint,
    EarlierStage,
    Missing,
    OpenGateRow,
    PointCount,
    UnitTarget,
    due_gate_points,
    gate_group_counts,
    gate_snapshot,
    insert_gate_result,
    kinds_planned_on,
    ledger_counts,
    missing_units,
    open_gate_rows,
    point_counts,
    points_before,
    roster_counts,
    subject_counts,
    unit_targets,
)
from duban.rounds.gate_rules import (
    RATE_NAMES,
    GateGroup,
    GateOutcome,
    GateResult,
    GateStage,
    UnfinishedRow,
    gate_closes,
    gate_outcome,
    judge_gate,
)
from duban.rounds.queries import note_gates
from duban.units.queries import units_by_id

# As many units as a summary letter names; the ledger keeps them all.
NAMED = 300
# As many overdue units as an edition's summary names.
SHOWN = 200
_COUNTS = ("owed", "done", "done_in_time", "open", "not_due", "out", "passed")


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
                if gate := _close(bureau, one, result, now):
                    closed.append(gate)
        except Exception as error:
            # Whatever it is, the other editions go on; the sentence goes to whoever started the pass.
            text = fault_sentence(error)
            faults.append(GateFault(edition_id=key, name=points[0].name, error=text))
            with bureau.store.writing() as connection:
                _note(bureau, connection, key, now, fault=text)
    return GateReport(closed=tuple(closed), faults=tuple(faults))


def _note(
    bureau: Bureau, connection: Connection, edition_id: int, now: datetime, *, fault: str | None = None
) -> None:
    run = bureau.flow_run_id
    note_gates(connection, edition_id, held_on=clock.civil(now), now=now, flow_run_id=run, fault=fault)


def fault_sentence(error: Exception) -> str:
    """What went wrong with one edition, for people."""
    if isinstance(error, DubanError | YearUnknown):
        return str(error)
    return f"程序出错（{type(error).__name__}：{error}），请交运维人员处理。"


def _judged(bureau: Bureau, points: Sequence[DuePoint], today: date) -> Iterator[tuple[DuePoint, GateResult]]:
    """Which of an edition's points close today and what they find, all seen at one moment."""
    kind, edition_id = points[0].kind, points[0].edition_id
    with bureau.store.reading() as connection:
        gate_snapshot(connection)
        before = points_before(connection, edition_id, frozenset(key for one in points for key in one.after))
        ids = sorted({one.point_id for one in points} | {one.point_id for one in before})
        groups = gate_group_counts(connection, ids, kind)
        checks = kind is CampaignKind.ANNUAL_CHECK or any(one.per_subject for one in points)
        roster = roster_counts(connection, edition_id) if checks else None
        closing = []
        for one in points:
            stage = GateStage(
                campaign=f"{one.name}{one.year}",
                kind=kind,
                title=one.title,
                label=one.label,
                due_on=one.due_on,
                number=one.number,
                needs_roster=one.per_subject,
                roster=roster,
                ledger=ledger_counts(connection, edition_id, one.milestone_id, one.due_on)
                if one.problem_ledger
                else None,
                open_before=tuple(_open_before(one, before, groups, today)),
            )
            if gate_closes(stage, groups.get(one.point_id, ()), today):
                closing.append((one, stage))
        missing: dict[int, list[UnfinishedRow]] = {}
        for row in open_gate_rows(connection, [one.point_id for one, _ in closing], kind):
            if gate_outcome(kind, row.group, today) is GateOutcome.OPEN:
                missing.setdefault(row.point_id, []).append(_unfinished(bureau, row, today))
    for one, stage in closing:
        found = groups.get(one.point_id, ())
        yield one, judge_gate(stage, found, tuple(missing.get(one.point_id, ())), as_of_on=today)


def _open_before(
    one: DuePoint, before: Sequence[EarlierStage], groups: Mapping[int, Sequence[GateGroup]], today: date
) -> Iterator[str]:
    """Earlier stages with something left to do. A stage that recurs counts up to this one's date."""
    left = (GateOutcome.OPEN, GateOutcome.NOT_DUE)
    for earlier in before:
        if earlier.key not in one.after or earlier.due_on > one.due_on:
            continue
        if any(gate_outcome(one.kind, group, today) in left for group in groups.get(earlier.point_id, ())):
            yield f"{earlier.title}（{earlier.label}）" if earlier.label else earlier.title


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


def _close(bureau: Bureau, one: DuePoint, result: GateResult, now: datetime) -> GateClosed | None:
    """Keep the result, write the letter and the entry; None when another round was faster."""
    counts = {name: getattr(result, name) for name in _COUNTS}
    with bureau.store.writing() as connection:
        if not insert_gate_result(connection, one, counts | _kept(result), now):
            return None
        letters = 0
        # A stage whose date lay before its edition was published is kept but not reported: nobody could have met it,
        # and a bureau that begins in November would open with a letter for every stage of its year.
        if one.published_on is None or one.published_on <= one.due_on:
            letters = enqueue_urgent(
                connection,
                kind="stage_summary",
                unit_id=one.coordinator_unit_id,
                ref=f"point:{one.point_id}",
                payload=_letter(bureau, one, result),
                now=now,
                settings=bureau.settings,
                part=Part.SUPERIOR,
            )
        _note(bureau, connection, one.edition_id, now)
        append_entry(
            connection,
            at=now,
            by=SYSTEM,
            verb="close_gate",
            noun="point",
            noun_id=one.point_id,
            edition_id=one.edition_id,
            unit_id=one.coordinator_unit_id,
            detail=counts | {"letters": letters},
            flow_run_id=bureau.flow_run_id,
        )
    return GateClosed(
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


def _kept(result: GateResult) -> dict[str, object]:
    """What stays at the point beside the counts, the whole list in it."""
    rate, ledger = result.rate, result.ledger
    return {
        "as_of_on": result.as_of_on.isoformat(),
        "rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "missing": [asdict(one) for one in result.missing],
        "ledger": ledger
        and {
            "found": ledger.found,
            "struck_off": ledger.struck_off,
            "open": list(ledger.open),
            "carried": ledger.carried,
        },
        "open_before": list(result.open_before),
        "sentence": result.sentence,
        "next_step": result.next_step,
    }


def _letter(bureau: Bureau, one: DuePoint, result: GateResult) -> dict[str, object]:
    """The fields of notifications' StageSummary as JSON holds them, ready in the dispatch row.

    `unit` str (the coordinator), `as_of_on` and `due_on` ISO text, `campaign`, `stage`, `document` and `next_step`
    str, `provisional` bool, `rate_name` str, `total`, `done_on_time`, `done_late`, `left_out_of_rate`, `not_due` and `missing_total` int,
    `missing` a list of {unit, days_overdue, reason} with at most NAMED entries, `rates` a list of
    {title, done, of, target_percent} where `of` is null while the denominator is unknown, `desk` an object
    {name, contact, phone}, `list_link` null. `to_name` is not in it: the addressee is the dispatch's contact.
    """
    settings = bureau.settings
    rates: list[tuple[str, int, int | None]] = [(RATE_NAMES[one.kind], result.done, result.owed)]
    if result.ledger is not None:
        rates.append(("问题销号率", result.ledger.struck_off, result.ledger.found))
    if result.roster is not None:
        rates.append(("参检率", result.roster.taken_part, result.roster.due))
    elif result.needs_roster:
        rates.append(("参检率", 0, None))
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
        "rate_name": f"按时{RATE_NAMES[one.kind]}",
        "left_out_of_rate": result.out,
        "not_due": result.not_due,
        "missing": [
            {
                "unit": f"{left.subject}（{left.unit}）" if left.subject else left.unit,
                "days_overdue": left.days_overdue,
                "reason": left.word,
            }
            for left in result.missing[:NAMED]
        ],
        "missing_total": result.open,
        "next_step": result.next_step,
        "rates": [
            {"title": title, "done": done, "of": of, "target_percent": None} for title, done, of in rates
        ],
        "desk": {
            "name": settings.desk_name,
            "contact": settings.desk_contact,
            "phone": settings.desk_phone,
        },
        "list_link": None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """One edition in figures. `planned` are the kinds of reminder planned today."""

    edition_id: int
    campaign: str
    year: int
    name: str
    today: date
    planned: frozenset[str]
    points: tuple[PointCount, ...]
    missing: tuple[Missing, ...]
    targets: tuple[UnitTarget, ...]
    subjects: tuple[tuple[str, RosterCounts], ...]
    problems: tuple[tuple[str, ProblemTally], ...]


def sum_up_edition(bureau: Bureau, campaign: str, year: int, *, now: datetime) -> EditionSummary:
    """The edition's figures at this moment; NotFound when there is no such edition."""
    today = clock.civil(now)
    with bureau.store.reading() as connection:
        found = find_edition_name(connection, campaign, year)
        if found is None:
            raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
        problems = unit_tallies(connection, found.id, VisibleUnits(everything=True))
        names = units_by_id(connection, problems)
        return EditionSummary(
            edition_id=found.id,
            campaign=campaign,
            year=year,
            name=found.name,
            today=today,
            planned=kinds_planned_on(connection, found.id, today),
            points=point_counts(connection, found.id, today),
            missing=missing_units(connection, found.id, today, limit=SHOWN),
            # Read only where the kind of campaign has them: each is a pass over everything the edition owes.
            targets=unit_targets(connection, found.id) if found.kind == CampaignKind.QUOTA else (),
            subjects=(
                subject_counts(connection, found.id) if found.kind == CampaignKind.ANNUAL_CHECK else ()
            ),
            problems=tuple((names[unit_id], tally) for unit_id, tally in problems.items()),
        )
