"""Stages are summed up when their day has come: once, exactly, with the list of those missing, and told to the leader.

A gate closes the day after its date, or on its date when nothing is left to do; never before, because until then
problems are found and subjects come onto the roster. A later stage opens on its own date whatever came of this one;
its gate names what is still open before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from office import clock
from office.actions.day import thresholds
from office.actions.gate_forms import entry, kept, stage_summary_payload
from office.actions.office import Office
from office.errors import OfficeError
from office.store import edition_rounds, gates, history
from office.store.audience import Part
from office.store.dispatches import enqueue_urgent
from office.store.engine import Connection
from office.store.gates import Before, DuePoint, OpenRow
from rules.campaign import CampaignKind
from rules.gates import GateGroup, GateResult, Outcome, Stage, Unfinished, closes, judge, outcome
from rules.people import SYSTEM
from rules.rosters import RosterCounts
from rules.standing import Facts, standing
from rules.workdays import YearUnknown


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


def close_gates(office: Office, *, now: datetime, edition_id: int | None = None) -> GateReport:
    """Close every gate whose day has come, of one edition or of all published ones. Run again it closes nothing.

    Each gate's result, letter and history entry are one transaction, so that a kill between any two leaves all or
    none. What goes wrong in one edition is told in `faults` and does not stop the others.
    """
    today = clock.civil(now)
    with office.store.reading() as connection:
        due = gates.due_points(connection, today, edition_id)
    closed: list[GateClosed] = []
    faults: list[GateFault] = []
    for key, points in due.items():
        try:
            for one, result in _judged(office, points, today):
                closed += _close(office, one, result, now)
        except Exception as error:
            # Whatever it is, the other editions go on; the sentence goes to whoever started the pass.
            known = isinstance(error, OfficeError | YearUnknown)
            text = str(error) if known else f"程序出错（{type(error).__name__}：{error}），请交运维人员处理。"
            faults.append(GateFault(edition_id=key, name=points[0].name, error=text))
            _note_fault(office, key, text, now)
    return GateReport(closed=tuple(closed), faults=tuple(faults))


def _judged(office: Office, points: Sequence[DuePoint], today: date) -> Iterator[tuple[DuePoint, GateResult]]:
    """Which of an edition's points close today and what they find, all seen at one moment."""
    kind, edition_id = points[0].kind, points[0].edition_id
    with office.store.reading() as connection:
        gates.snapshot(connection)
        before = _before(connection, points)
        ids = sorted({one.point_id for one in points} | {one.point_id for one in before})
        groups = gates.group_counts(connection, ids, kind)
        roster = _roster(connection, points, edition_id)
        stages = [(one, _stage(connection, one, before, groups, roster, today)) for one in points]
        closing = [pair for pair in stages if closes(pair[1], groups.get(pair[0].point_id, ()), today)]
        wanted = [one.point_id for one, _ in closing]
        missing = _missing(office, gates.open_rows(connection, wanted, kind) if wanted else (), kind, today)
    for one, stage in closing:
        found = groups.get(one.point_id, ())
        yield one, judge(stage, found, tuple(missing.get(one.point_id, ())), as_of_on=today)


def _before(connection: Connection, points: Sequence[DuePoint]) -> list[Before]:
    keys = frozenset(key for one in points for key in one.after)
    return gates.points_before(connection, points[0].edition_id, keys)


def _roster(connection: Connection, points: Sequence[DuePoint], edition_id: int) -> RosterCounts | None:
    checks = points[0].kind is CampaignKind.ANNUAL_CHECK or any(one.per_subject for one in points)
    return gates.roster_counts(connection, edition_id) if checks else None


def _stage(
    connection: Connection,
    one: DuePoint,
    before: Sequence[Before],
    groups: Mapping[int, Sequence[GateGroup]],
    roster: RosterCounts | None,
    today: date,
) -> Stage:
    ledger = gates.ledger_counts(connection, one.edition_id, one.milestone_id) if one.problem_ledger else None
    return Stage(
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
    one: DuePoint, before: Sequence[Before], groups: Mapping[int, Sequence[GateGroup]], today: date
) -> Iterator[str]:
    """Earlier stages with something left to do. A stage that recurs counts up to this one's date."""
    left = (Outcome.OPEN, Outcome.NOT_DUE)
    for earlier in before:
        if earlier.key not in one.after or earlier.due_on > one.due_on:
            continue
        if any(outcome(one.kind, group, today) in left for group in groups.get(earlier.point_id, ())):
            yield f"{earlier.title}（{earlier.label}）" if earlier.label else earlier.title


def _missing(
    office: Office, rows: Iterator[OpenRow] | tuple[OpenRow, ...], kind: CampaignKind, today: date
) -> dict[int, list[Unfinished]]:
    found: dict[int, list[Unfinished]] = {}
    for row in rows:
        if outcome(kind, row.group, today) is Outcome.OPEN:
            found.setdefault(row.point_id, []).append(_unfinished(office, row, today))
    return found


def _unfinished(office: Office, row: OpenRow, today: date) -> Unfinished:
    group = row.group
    facts = Facts(state=group.state, due_on=group.due_on, submitted_on=group.done_on)
    seen = standing(facts, today, office.workdays, thresholds(office))
    return Unfinished(
        unit=row.unit,
        obligation_id=row.obligation_id,
        word=seen.word,
        days_overdue=max(-(seen.days_left or 0), 0),
        subject=row.subject,
        handed_in=not seen.reminds,
    )


def _close(office: Office, one: DuePoint, result: GateResult, now: datetime) -> list[GateClosed]:
    """Keep the result, write the letter and the entry; nothing when another round was faster."""
    with office.store.writing() as connection:
        if not gates.close_gate(connection, one, kept(result), now):
            return []
        letters = _tell(office, connection, one, result, now) if _told(one) else 0
        edition_rounds.count_gate(
            connection, one.edition_id, held_on=clock.civil(now), now=now, flow_run_id=office.flow_run_id
        )
        history.append(
            connection,
            at=now,
            by=SYSTEM,
            verb="close_gate",
            noun="point",
            noun_id=one.point_id,
            edition_id=one.edition_id,
            unit_id=one.coordinator_unit_id,
            detail=entry(result, letters),
            flow_run_id=office.flow_run_id,
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


def _note_fault(office: Office, edition_id: int, text: str, now: datetime) -> None:
    with office.store.writing() as connection:
        edition_rounds.note_gate_fault(
            connection,
            edition_id,
            text,
            held_on=clock.civil(now),
            now=now,
            flow_run_id=office.flow_run_id,
        )


def _told(one: DuePoint) -> bool:
    """A stage whose date lay before its edition was published is kept but not reported: nobody could have met it,
    and a bureau that begins in November would open with a letter for every stage of its year."""
    return one.published_on is None or one.published_on <= one.due_on


def _tell(office: Office, connection: Connection, one: DuePoint, result: GateResult, now: datetime) -> int:
    return enqueue_urgent(
        connection,
        kind="stage_summary",
        unit_id=one.coordinator_unit_id,
        ref=f"point:{one.point_id}",
        payload=stage_summary_payload(office, one, result),
        now=now,
        settings=office.settings,
        part=Part.SUPERIOR,
    )
