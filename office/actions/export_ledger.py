"""The filtered ledger as an xlsx file, a line for each obligation with the light of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from office import clock
from office.actions.list_obligations import seen
from office.actions.office import Office
from office.actions.write_sheet import write_sheet
from office.store import obligation_list
from office.store.obligation_list import Filter, Listed
from rules.moves import STATE_NAMES
from rules.people import Actor
from rules.sight import sight_of
from rules.standing import LIGHT_WORDS, Light

COLUMNS = (
    ("编号", 8),
    ("专项行动", 22),
    ("年度", 6),
    ("节点", 30),
    ("期次", 10),
    ("责任单位", 22),
    ("对象", 20),
    ("状态", 10),
    ("灯", 6),
    ("时限", 12),
    ("最后工作日", 12),
    ("暂定", 6),
    ("上级时限", 12),
    ("报送日期", 12),
    ("销号日期", 12),
    ("逾期", 6),
    ("退回次数", 8),
    ("延期次数", 8),
    ("经办人", 10),
    ("目标", 10),
    ("已完成", 10),
)
_PAGE = 1000


def export_ledger(
    office: Office, wanted: Filter, *, to: Path, by: Actor, now: datetime, light: Light | None = None
) -> int:
    """Write what the filter finds, as far as the person may see; returns how many obligations."""
    made = f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}；灯以导出当日为准。"
    return write_sheet(to, "任务台账", COLUMNS, _rows(office, wanted, by, now, light), notes=(made,))


def _rows(
    office: Office, wanted: Filter, by: Actor, now: datetime, light: Light | None
) -> Iterator[tuple[object, ...]]:
    sight, today = sight_of(by), clock.civil(now)
    with office.store.reading() as connection:
        ids = [number for number, _ in obligation_list.facts(connection, wanted, sight)]
        for start in range(0, len(ids), _PAGE):
            for one in obligation_list.rows_of(connection, ids[start : start + _PAGE], sight):
                shown = seen(office, one, today)
                if light is None or shown.standing.light is light:
                    yield _row(
                        one,
                        LIGHT_WORDS[shown.standing.light],
                        shown.last_workday,
                        "暂定" if shown.provisional else None,
                    )


def _row(one: Listed, light: str, last_workday: object, provisional: str | None) -> tuple[object, ...]:
    return (
        one.id,
        one.campaign_name,
        one.year,
        one.milestone,
        one.label or None,
        one.unit,
        one.subject,
        STATE_NAMES[one.state],
        light,
        one.due_on,
        last_workday,
        provisional,
        one.hard_due_on,
        one.submitted_on,
        one.closed_on,
        "逾期" if one.late else None,
        one.returned_times or None,
        one.extended_times or None,
        one.handler,
        one.target,
        one.reported,
    )
