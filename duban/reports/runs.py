"""The run history: each round with what it planned, sent and closed, and what was done about what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from duban.bureau import Bureau
from duban.core.access import Actor, VisibleUnits, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound
from duban.imports.sheets import write_sheet
from duban.reports.queries import (
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
from duban.rounds.service import missing_rounds

PAGE_SIZE = 31
# Days without a round are told for so long.
GAPS_DAYS = 31


# What a round's messages are called by what became of them.
STATUS_NAMES: dict[str, str] = {
    "accepted": "已发出",
    "pending": "待发",
    "sending": "正在发",
    "failed": "未发出",
    "unsure": "不能确定",
    "withdrawn": "不必再发",
}


def broken_off(held_on: date, *, next_held_on: date | None) -> str:
    """A round that was opened and never finished."""
    meaning = f"{_said(held_on)}的一轮中途停下，没有办完：当日部分提醒没有排入，不等于没有欠办事项。"
    if next_held_on is not None:
        return f"{meaning}{_said(next_held_on)}的一轮已把所欠提醒一并补上，不必再办。"
    return f"{meaning}下一轮会自动补上；需要马上补办的，请运维人员运行 duban round run，并查看停下的原因。"


def not_held(day: date, *, next_held_on: date | None) -> str:
    """A day without any round."""
    if next_held_on is not None:
        return (
            f"{_said(day)}没有办一轮（机器或服务未运行）；{_said(next_held_on)}的一轮已把所欠提醒一并补上。"
        )
    return f"{_said(day)}没有办一轮；请运维人员运行 duban round run，所欠提醒一并补上，并检查 duban up 是否在运行。"


def part_failed(fault: str, held_on: date, *, made_good_on: date | None) -> str:
    """One edition that could not be planned or whose gate could not be closed; the others went on."""
    meaning = f"{fault} 其他行动不受影响。"
    if made_good_on == held_on:
        return f"{meaning}当日重办时已补上。"
    if made_good_on is not None:
        return f"{meaning}{_said(made_good_on)}的一轮已补上所欠提醒。"
    return f"{meaning}处理后下一轮会补上所欠提醒；每半小时的补救也会重试。"


def not_sent(failed: int, unsure: int) -> str:
    """Messages that did not leave, or may not have."""
    parts = []
    if failed:
        parts.append(f"{failed}封未发出：对方地址或服务器拒收，请统筹科室核对联系人后重发")
    if unsure:
        parts.append(f"{unsure}封在发送中断开，不能确定是否送出，请向对方核实后再决定重发")
    return "；".join(parts) + "。" if parts else ""


def _said(day: date) -> str:
    return f"{day.month}月{day.day}日"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine(RunPart):
    """What one round or step did for one edition. `told` says what went wrong and what was done about it."""

    told: str
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRound(RunRound):
    """One day. `sent` counts the day's messages by status; `faults` are sentences, empty when all went well. `runs` are
    only read for one round alone.
    """

    whole: bool
    editions: int
    gates_closed: int
    sent: Mapping[str, int]
    faults: tuple[str, ...]
    page: str | None
    runs: tuple[RunLine, ...] = ()

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
    total: int


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
    missing = missing_rounds(bureau, now=now, days=GAPS_DAYS)
    gaps = [day for day in reversed(missing) if wanted.on in (None, day)]
    with bureau.store.reading() as connection:
        found, total = run_rounds(connection, wanted, offset=(page - 1) * page_size, limit=page_size)
        listed = _listed(bureau, connection, found, wanted, sight, now)
        told = tuple(not_held(day, next_held_on=next_held_on(connection, day)) for day in gaps)
    return Runs(rounds=listed, gaps=told, total=total)


def show_round(bureau: Bureau, round_id: int, *, by: Actor, now: datetime) -> ListedRound:
    """One round with each edition's part and the steps of that day."""
    with bureau.store.reading() as connection:
        found = run_of_round(connection, round_id)
        if found is None:
            raise NotFound("没有这一轮，请从运行记录里打开。")
        (listed,) = _listed(bureau, connection, (found,), RunFilter(), visible_units(by), now)
        runs = [
            RunLine(
                **_own(part),
                told=_told(connection, part) if part.fault else "",
                page=run_page(bureau, part.flow_run_id),
            )
            for part in run_parts(connection, [found.held_on])
        ]
    return replace(listed, runs=tuple(sorted(runs, key=_worst_first)))


def _listed(
    bureau: Bureau,
    connection: Connection,
    rounds: Sequence[RunRound],
    wanted: RunFilter,
    sight: VisibleUnits,
    now: datetime,
) -> tuple[ListedRound, ...]:
    days = [one.held_on for one in rounds]
    by_day: dict[date, list[RunPart]] = {}
    for part in run_parts(connection, days, campaign=wanted.campaign):
        by_day.setdefault(part.held_on, []).append(part)
    sent = run_dispatches(connection, days, sight, unit_id=wanted.unit_id)
    leased_since = now - timedelta(seconds=bureau.settings.lease_seconds)
    listed = []
    for one in rounds:
        parts, messages = by_day.get(one.held_on, []), sent.get(one.held_on, {})
        whole = one.finished_at is not None or one.started_at > leased_since
        faults = (
            [] if whole else [broken_off(one.held_on, next_held_on=next_held_on(connection, one.held_on))]
        )
        faults += [_told(connection, part) for part in parts if part.fault]
        faults += [text] if (text := not_sent(messages.get("failed", 0), messages.get("unsure", 0))) else []
        own = _own(one)
        if wanted.campaign is not None:
            # Of the campaign looked for alone.
            own["planned"] = sum(part.planned for part in parts)
            own["superseded"] = sum(part.superseded for part in parts)
        listed.append(
            ListedRound(
                **own,
                whole=whole,
                editions=len({part.edition_id for part in parts if part.planned or part.gates_closed}),
                gates_closed=sum(part.gates_closed for part in parts),
                sent=messages,
                faults=tuple(dict.fromkeys(faults)),
                page=run_page(bureau, one.flow_run_id),
            )
        )
    return tuple(listed)


def _own(row: RunRound | RunPart) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _told(connection: Connection, part: RunPart) -> str:
    """The fault of a part that failed, or of an earlier pass that the same day made good."""
    good = made_good_on(connection, part) if part.failed else part.held_on
    text = part_failed(part.fault or "", part.held_on, made_good_on=good)
    return f"{part.name}{part.year}：{text}"


def _worst_first(run: RunLine) -> tuple[bool, bool, int]:
    did = bool(run.planned or run.gates_closed or run.fault)
    return (not run.failed, not did, run.id)


def run_page(bureau: Bureau, flow_run_id: str | None) -> str | None:
    """The address of Prefect's own page about a run; None when no run did it or no server is known."""
    if not flow_run_id:
        return None
    settings = bureau.settings
    address, noted = settings.prefect_api_url or "", settings.home / "prefect" / "api_url"
    if not address and noted.is_file():
        address = noted.read_text(encoding="utf-8").strip()
    base = address.rstrip("/").removesuffix("/api")
    return f"{base}/runs/flow-run/{flow_run_id}" if base else None


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
        one.held_on,
        one.verdict,
        one.planned,
        one.superseded,
        one.editions,
        one.gates_closed,
        *(one.sent.get(status, 0) for status in STATUS_NAMES),
        "；".join(one.faults),
        one.page,
    ]
