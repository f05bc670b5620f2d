"""The filtered ledger as an xlsx file, a line for each obligation with the light of the day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

from calendars.formulas import figure_shown, rate_of
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.core.lights import LIGHT_WORDS, Light
from duban.imports.sheets import write_sheet
from duban.obligations.list_queries import (
    ListedObligation,
    ObligationFilter,
    all_own_obligations,
    listed_by_id,
    obligation_light_facts,
)
from duban.obligations.lists import own_sight
from duban.obligations.states import STATE_NAMES
from duban.reports.queries import LedgerFacts, ledger_facts

# Each column with its width and what of an obligation stands in it.
_LEDGER: tuple[tuple[str, int, Callable[[ListedObligation], object]], ...] = (
    ("编号", 8, lambda one: one.id),
    ("专项行动", 22, lambda one: one.campaign_name),
    ("年度", 6, lambda one: one.year),
    ("节点", 30, lambda one: one.milestone),
    ("期次", 10, lambda one: one.label),
    ("责任单位", 22, lambda one: one.unit),
    ("对象", 20, lambda one: one.subject),
    ("状态", 10, lambda one: STATE_NAMES[one.state]),
    ("灯", 6, lambda one: LIGHT_WORDS[one.standing.light]),
    ("时限", 12, lambda one: one.due_on),
    ("最后工作日", 12, lambda one: one.last_workday),
    ("暂定", 6, lambda one: "暂定" if one.provisional else None),
    ("上级时限", 12, lambda one: one.hard_due_on),
    ("报送日期", 12, lambda one: one.submitted_on),
    ("销号日期", 12, lambda one: one.closed_on),
    ("逾期", 6, lambda one: "逾期" if one.late else None),
    ("退回次数", 8, lambda one: one.returned_times or None),
    ("延期次数", 8, lambda one: one.extended_times or None),
    ("经办人", 10, lambda one: one.handler),
    ("目标", 10, lambda one: one.target),
    ("已完成", 10, lambda one: one.reported),
)
_PAGE = 1000


def export_ledger(
    bureau: Bureau,
    wanted: ObligationFilter,
    *,
    to: Path,
    by: Actor,
    now: datetime,
    light: Light | None = None,
) -> int:
    """Write what the filter finds, as far as the person may see; returns how many obligations."""
    made = f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}；灯以导出当日为准。"
    columns = [(heading, width) for heading, width, _ in _LEDGER]
    return write_sheet(to, "任务台账", columns, _rows(bureau, wanted, by, now, light), notes=(made,))


def _rows(
    bureau: Bureau, wanted: ObligationFilter, by: Actor, now: datetime, light: Light | None
) -> Iterator[tuple[object, ...]]:
    sight, today = visible_units(by), clock.civil(now)
    with bureau.store.reading() as connection:
        ids = [number for number, _ in obligation_light_facts(connection, wanted, sight)]
        for start in range(0, len(ids), _PAGE):
            for one in listed_by_id(bureau, connection, ids[start : start + _PAGE], sight, today):
                if light is None or one.standing.light is light:
                    yield tuple(read(one) for _, _, read in _LEDGER)


UNIT_LEDGER_COLUMNS = (
    ("编号", 8),
    ("来源/依据", 30),
    ("事项", 24),
    ("具体任务", 30),
    ("成果形式", 30),
    ("牵头单位", 18),
    ("配合单位", 18),
    ("责任人", 10),
    ("起始", 12),
    ("内部时限", 12),
    ("最后工作日", 12),
    ("暂定", 6),
    ("上级时限", 12),
    ("最近反馈", 12),
    ("进展", 10),
    ("进展情况", 30),
    ("存在问题", 18),
    ("下步措施", 18),
    ("需协调事项", 18),
    ("附件数", 8),
    ("状态", 10),
    ("灯", 12),
    ("延期次数", 8),
    ("延期天数", 8),
    ("退回次数", 8),
    ("催办次数", 8),
    ("办结时间", 12),
    ("销号人", 10),
    ("销号时间", 12),
    ("备注", 20),
)
_NOTES = (
    "本年到期的全部任务，和以前年度仍未办结的任务；时限早的在前。",
    "“暂定”：该年放假安排尚未公布，最后工作日按法定节假日推算，公布后可能变化。",
    "“存在问题、下步措施、需协调事项、备注”由本单位自行填写，不会传回系统。",
)


def export_unit_ledger(bureau: Bureau, *, to: Path, by: Actor, now: datetime) -> int:
    """Write the ledger of the person's own units; returns how many obligations it has."""
    today = clock.civil(now)
    with bureau.store.reading() as connection:
        owned = all_own_obligations(bureau, connection, own_sight(by), today, due_from=date(today.year, 1, 1))
        ids = [one.id for one in owned]
        known = ledger_facts(connection, ids, sorted({one.milestone_id for one in owned}))
    rows = (_unit_ledger_row(one, known) for one in owned)
    return write_sheet(to, "台账", UNIT_LEDGER_COLUMNS, rows, notes=(f"截至{today}。", *_NOTES))


def _unit_ledger_row(one: ListedObligation, known: LedgerFacts) -> tuple[object, ...]:
    reported = known.reported.get(one.id)
    signed = known.signed.get(one.id)
    return (
        one.id,
        f"{one.source_document} {one.source_item}",
        f"{one.campaign_name} {one.year}",
        one.title + (f"：{one.subject}" if one.subject else ""),
        "、".join(item.title for item in one.expected),
        one.unit,
        "、".join(known.supporting.get(one.milestone_id, ())),
        one.handler,
        one.starts_on,
        one.due_on,
        one.last_workday,
        "暂定" if one.provisional else "",
        one.hard_due_on,
        reported[1] if reported else one.submitted_on,
        figure_shown(rate_of(reported[0], one.target), "%") if reported and one.target else "",
        known.noted.get(one.id, ""),
        "",
        "",
        "",
        known.files.get(one.id, 0),
        STATE_NAMES[one.state],
        f"{LIGHT_WORDS[one.standing.light]} {one.standing.word}",
        one.extended_times,
        known.extended_days.get(one.id, 0),
        one.returned_times,
        known.chases.get(one.id, 0),
        one.closed_on,
        signed[0] if signed else "",
        clock.civil(signed[1]) if signed else None,
        "",
    )
