"""The run history: each round with what it planned, sent and closed, and what was done about what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from office.actions.missing_rounds import missing_rounds
from office.actions.office import Office
from office.errors import NotFound
from office.store import run_history
from office.store.edition_rounds import FAILED, STEP
from office.store.engine import Connection
from office.store.run_history import Part, Round
from office.store.run_history import RunFilter as RunFilter
from rules import run_words
from rules.people import Actor
from rules.sight import Sight, sight_of

PAGE_SIZE = 31
# Days without a round are told for so long.
GAPS_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one round or step did for one edition. `fault` says what went wrong and what was done about it."""

    part: Part
    own_step: bool
    failed: bool
    fault: str
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRound:
    """One day. `sent` counts the day's messages by status; `faults` are sentences, empty when all went well."""

    round: Round
    whole: bool
    editions: int
    gates_closed: int
    sent: Mapping[str, int]
    faults: tuple[str, ...]
    page: str | None

    @property
    def verdict(self) -> str:
        """In one word how the day went."""
        if not self.whole:
            return "未办完"
        return "有问题" if self.faults else "正常"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A page of rounds, the newest first. `gaps` are days without a round, with what that means."""

    rounds: tuple[ListedRound, ...]
    gaps: tuple[str, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRound:
    """One day with every edition's part in it."""

    listed: ListedRound
    runs: tuple[Run, ...]


def list_runs(
    office: Office,
    wanted: RunFilter,
    *,
    by: Actor,
    now: datetime,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Runs:
    """The rounds looked for, with the messages this person may see."""
    sight = sight_of(by)
    gaps = _gaps(office, wanted, now)
    with office.store.reading() as connection:
        found, total = run_history.rounds(connection, wanted, offset=(page - 1) * page_size, limit=page_size)
        listed = _listed(office, connection, found, wanted, sight, now)
        told = tuple(
            run_words.not_held(day, next_held_on=run_history.next_held_on(connection, day)) for day in gaps
        )
    return Runs(
        rounds=listed,
        gaps=told,
        page=page,
        pages=max(-(-total // page_size), 1),
        total=total,
    )


def show_round(office: Office, round_id: int, *, by: Actor, now: datetime) -> ShownRound:
    """One round with each edition's part and the steps of that day."""
    with office.store.reading() as connection:
        found = run_history.a_round(connection, round_id)
        if found is None:
            raise NotFound("没有这一轮，请从运行记录里打开。")
        (listed,) = _listed(office, connection, (found,), RunFilter(), sight_of(by), now)
        parts = run_history.parts(connection, [found.held_on])
        runs = tuple(_run(office, connection, part) for part in parts)
    return ShownRound(listed=listed, runs=tuple(sorted(runs, key=_worst_first)))


def _gaps(office: Office, wanted: RunFilter, now: datetime) -> tuple[date, ...]:
    missing = missing_rounds(office, now=now, days=GAPS_DAYS)
    return tuple(day for day in reversed(missing) if wanted.on in (None, day))


def _listed(
    office: Office,
    connection: Connection,
    found: Iterable[Round],
    wanted: RunFilter,
    sight: Sight,
    now: datetime,
) -> tuple[ListedRound, ...]:
    rounds = tuple(found)
    days = [one.held_on for one in rounds]
    by_day: dict[date, list[Part]] = {}
    for part in run_history.parts(connection, days, campaign=wanted.campaign):
        by_day.setdefault(part.held_on, []).append(part)
    sent = run_history.sent(connection, days, sight, unit_id=wanted.unit_id)
    return tuple(
        _one(office, connection, one, by_day.get(one.held_on, []), sent.get(one.held_on, {}), wanted, now)
        for one in rounds
    )


def _one(
    office: Office,
    connection: Connection,
    one: Round,
    parts: list[Part],
    sent: Mapping[str, int],
    wanted: RunFilter,
    now: datetime,
) -> ListedRound:
    whole = one.finished_at is not None or one.started_at > now - timedelta(
        seconds=office.settings.lease_seconds
    )
    faults = [] if whole else [_broken(connection, one)]
    faults += [_fault(connection, part) for part in parts if part.fault]
    faults += [text] if (text := run_words.not_sent(sent.get("failed", 0), sent.get("unsure", 0))) else []
    if wanted.campaign is not None:
        one = _narrowed(one, parts)
    return ListedRound(
        round=one,
        whole=whole,
        editions=len({part.edition_id for part in parts if part.planned or part.gates_closed}),
        gates_closed=sum(part.gates_closed for part in parts),
        sent=sent,
        faults=tuple(dict.fromkeys(faults)),
        page=run_page(office, one.flow_run_id),
    )


def _narrowed(one: Round, parts: list[Part]) -> Round:
    """The round with the counts of the campaign looked for alone."""
    return Round(
        id=one.id,
        held_on=one.held_on,
        status=one.status,
        started_at=one.started_at,
        finished_at=one.finished_at,
        planned=sum(part.planned for part in parts),
        superseded=sum(part.superseded for part in parts),
        flow_run_id=one.flow_run_id,
    )


def _broken(connection: Connection, one: Round) -> str:
    later = run_history.next_held_on(connection, one.held_on)
    return run_words.broken_off(one.held_on, next_held_on=later)


def _run(office: Office, connection: Connection, part: Part) -> Run:
    return Run(
        part=part,
        own_step=part.kind == STEP,
        failed=part.status == FAILED,
        fault=_fault(connection, part) if part.fault else "",
        page=run_page(office, part.flow_run_id),
    )


def _fault(connection: Connection, part: Part) -> str:
    """The fault of a part that failed, or of an earlier pass that the same day made good."""
    good = run_history.made_good_on(connection, part) if part.status == FAILED else part.held_on
    text = run_words.part_failed(part.fault or "", part.held_on, made_good_on=good)
    return f"{part.name}{part.year}：{text}"


def _worst_first(run: Run) -> tuple[bool, bool, int]:
    did = bool(run.part.planned or run.part.gates_closed or run.part.fault)
    return (not run.failed, not did, run.part.id)


def run_page(office: Office, flow_run_id: str | None) -> str | None:
    """The address of Prefect's own page about a run; None when no run did it or no server is known."""
    if not flow_run_id:
        return None
    base = _prefect(office)
    return f"{base}/runs/flow-run/{flow_run_id}" if base else None


def _prefect(office: Office) -> str:
    settings = office.settings
    address = settings.prefect_api_url or ""
    noted = settings.home / "prefect" / "api_url"
    if not address and noted.is_file():
        address = noted.read_text(encoding="utf-8").strip()
    return address.rstrip("/").removesuffix("/api")
