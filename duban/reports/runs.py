"""The run history: each round with what it planned, sent and closed, and what was done about what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.errors import NotFound
from duban.imports.sheets import write_sheet
from duban.reports.run_queries import (
    RunFilter,
    RunPart,
    RunRound,
    made_good_on,
    next_held_on,
    run_dispatches,
    run_of_round,
    run_parts,
    run_rounds,
)
from duban.reports.run_words import STATUS_NAMES, broken_off, not_held, not_sent, part_failed
from duban.rounds.queries import FAILED, STEP
from duban.rounds.service import missing_rounds

PAGE_SIZE = 31
# Days without a round are told for so long.
GAPS_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """What one round or step did for one edition. `fault` says what went wrong and what was done about it."""

    part: RunPart
    own_step: bool
    failed: bool
    fault: str
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRound:
    """One day. `sent` counts the day's messages by status; `faults` are sentences, empty when all went well."""

    round: RunRound
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
    runs: tuple[RunLine, ...]


def list_runs(
    bureau: Bureau,
    wanted: RunFilter,
    *,
    by: Actor,
    now: datetime,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Runs:
    """The rounds looked for, with the messages this person may see."""
    sight = visible_units(by)
    gaps = _gaps(bureau, wanted, now)
    with bureau.store.reading() as connection:
        found, total = run_rounds(connection, wanted, offset=(page - 1) * page_size, limit=page_size)
        listed = _listed(bureau, connection, found, wanted, sight, now)
        told = tuple(not_held(day, next_held_on=next_held_on(connection, day)) for day in gaps)
    return Runs(
        rounds=listed,
        gaps=told,
        page=page,
        pages=max(-(-total // page_size), 1),
        total=total,
    )


def show_round(bureau: Bureau, round_id: int, *, by: Actor, now: datetime) -> ShownRound:
    """One round with each edition's part and the steps of that day."""
    with bureau.store.reading() as connection:
        found = run_of_round(connection, round_id)
        if found is None:
            raise NotFound("没有这一轮，请从运行记录里打开。")
        (listed,) = _listed(bureau, connection, (found,), RunFilter(), visible_units(by), now)
        parts = run_parts(connection, [found.held_on])
        runs = tuple(_run(bureau, connection, part) for part in parts)
    return ShownRound(listed=listed, runs=tuple(sorted(runs, key=_worst_first)))


def _gaps(bureau: Bureau, wanted: RunFilter, now: datetime) -> tuple[date, ...]:
    missing = missing_rounds(bureau, now=now, days=GAPS_DAYS)
    return tuple(day for day in reversed(missing) if wanted.on in (None, day))


def _listed(
    bureau: Bureau,
    connection: Connection,
    found: Iterable[RunRound],
    wanted: RunFilter,
    sight: VisibleUnits,
    now: datetime,
) -> tuple[ListedRound, ...]:
    rounds = tuple(found)
    days = [one.held_on for one in rounds]
    by_day: dict[date, list[RunPart]] = {}
    for part in run_parts(connection, days, campaign=wanted.campaign):
        by_day.setdefault(part.held_on, []).append(part)
    sent = run_dispatches(connection, days, sight, unit_id=wanted.unit_id)
    return tuple(
        _one(bureau, connection, one, by_day.get(one.held_on, []), sent.get(one.held_on, {}), wanted, now)
        for one in rounds
    )


def _one(
    bureau: Bureau,
    connection: Connection,
    one: RunRound,
    parts: list[RunPart],
    sent: Mapping[str, int],
    wanted: RunFilter,
    now: datetime,
) -> ListedRound:
    whole = one.finished_at is not None or one.started_at > now - timedelta(
        seconds=bureau.settings.lease_seconds
    )
    faults = [] if whole else [_broken(connection, one)]
    faults += [_fault(connection, part) for part in parts if part.fault]
    faults += [text] if (text := not_sent(sent.get("failed", 0), sent.get("unsure", 0))) else []
    if wanted.campaign is not None:
        one = _narrowed(one, parts)
    return ListedRound(
        round=one,
        whole=whole,
        editions=len({part.edition_id for part in parts if part.planned or part.gates_closed}),
        gates_closed=sum(part.gates_closed for part in parts),
        sent=sent,
        faults=tuple(dict.fromkeys(faults)),
        page=run_page(bureau, one.flow_run_id),
    )


def _narrowed(one: RunRound, parts: list[RunPart]) -> RunRound:
    """The round with the counts of the campaign looked for alone."""
    return RunRound(
        id=one.id,
        held_on=one.held_on,
        status=one.status,
        started_at=one.started_at,
        finished_at=one.finished_at,
        planned=sum(part.planned for part in parts),
        superseded=sum(part.superseded for part in parts),
        flow_run_id=one.flow_run_id,
    )


def _broken(connection: Connection, one: RunRound) -> str:
    later = next_held_on(connection, one.held_on)
    return broken_off(one.held_on, next_held_on=later)


def _run(bureau: Bureau, connection: Connection, part: RunPart) -> RunLine:
    return RunLine(
        part=part,
        own_step=part.kind == STEP,
        failed=part.status == FAILED,
        fault=_fault(connection, part) if part.fault else "",
        page=run_page(bureau, part.flow_run_id),
    )


def _fault(connection: Connection, part: RunPart) -> str:
    """The fault of a part that failed, or of an earlier pass that the same day made good."""
    good = made_good_on(connection, part) if part.status == FAILED else part.held_on
    text = part_failed(part.fault or "", part.held_on, made_good_on=good)
    return f"{part.name}{part.year}：{text}"


def _worst_first(run: RunLine) -> tuple[bool, bool, int]:
    did = bool(run.part.planned or run.part.gates_closed or run.part.fault)
    return (not run.failed, not did, run.part.id)


def run_page(bureau: Bureau, flow_run_id: str | None) -> str | None:
    """The address of Prefect's own page about a run; None when no run did it or no server is known."""
    if not flow_run_id:
        return None
    base = _prefect(bureau)
    return f"{base}/runs/flow-run/{flow_run_id}" if base else None


def _prefect(bureau: Bureau) -> str:
    settings = bureau.settings
    address = settings.prefect_api_url or ""
    noted = settings.home / "prefect" / "api_url"
    if not address and noted.is_file():
        address = noted.read_text(encoding="utf-8").strip()
    return address.rstrip("/").removesuffix("/api")


def write_runs(path: Path, runs: Runs, *, as_of_on: date) -> int:
    """Returns the number of rounds."""
    columns = [
        ("日期", 12),
        ("结果", 10),
        ("新排提醒", 10),
        ("并档", 8),
        ("有事项的行动", 14),
        ("关闸", 8),
        *((f"消息：{name}", 12) for name in STATUS_NAMES.values()),
        ("问题与处理", 80),
        ("Prefect 运行页", 60),
    ]
    notes = [f"截至{as_of_on:%Y-%m-%d}的运行记录，共{runs.total}轮。", *runs.gaps]
    return write_sheet(path, f"运行记录{as_of_on:%Y-%m-%d}", columns, map(_line, runs.rounds), notes=notes)


def _line(one: ListedRound) -> list[object]:
    return [
        one.round.held_on,
        one.verdict,
        one.round.planned,
        one.round.superseded,
        one.editions,
        one.gates_closed,
        *(one.sent.get(status, 0) for status in STATUS_NAMES),
        "；".join(one.faults),
        one.page,
    ]
