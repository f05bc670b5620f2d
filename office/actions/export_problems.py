"""The filtered problem ledger as an xlsx file, a line for each problem with its measures in one cell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from office import clock
from office.actions.office import Office
from office.actions.write_sheet import write_sheet
from office.store import problems
from office.store.problems import ProblemFilter, ProblemShown
from rules.people import Actor
from rules.problems import PACE_NAMES, PROBLEM_STATE_NAMES
from rules.sight import sight_of

COLUMNS = (
    ("编号", 14),
    ("专项行动", 20),
    ("问题", 50),
    ("责任单位", 20),
    ("整改类型", 10),
    ("发现日期", 12),
    ("整改时限", 12),
    ("状态", 14),
    ("措施", 50),
    ("措施完成", 10),
    ("整改人", 10),
    ("销号人", 10),
    ("销号日期", 12),
)


def export_problems(office: Office, wanted: ProblemFilter, *, to: Path, by: Actor, now: datetime) -> int:
    """Write what the filter finds, as far as the person may see; returns how many problems."""
    with office.store.reading() as connection:
        found = problems.problems(connection, wanted, sight_of(by))
    made = f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}"
    return write_sheet(to, "问题台账", COLUMNS, _rows(found), notes=(made,))


def _rows(found: tuple[ProblemShown, ...]) -> Iterator[tuple[object, ...]]:
    for one in found:
        done = sum(measure.done_on is not None for measure in one.measures)
        yield (
            one.code,
            one.campaign_name,
            one.title,
            one.unit,
            PACE_NAMES[one.pace],
            one.found_on,
            one.due_on,
            PROBLEM_STATE_NAMES[one.state],
            "；".join(measure.title for measure in one.measures),
            f"{done}/{len(one.measures)}" if one.measures else None,
            one.fixed_by,
            one.closed_by,
            clock.civil(one.closed_at) if one.closed_at else None,
        )
