"""The filtered list of a roster as an xlsx file that can be imported again. Writes nothing to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound
from duban.imports.sheets import write_sheet
from duban.rosters.importing import CODE, NAME, UNIT
from duban.rosters.queries import SubjectEntry, SubjectFilter, stream_subjects
from duban.rosters.rules import OUTCOMES
from duban.rosters.service import roster_of

OUTCOME_NAMES = {key: name for name, key in OUTCOMES.items()}
ROSTER_COLUMNS = (
    (CODE, 24),
    (NAME, 40),
    (UNIT, 20),
    ("应参检", 8),
    ("参检情况", 10),
    ("参检日期", 12),
    ("结论", 10),
    ("结论日期", 12),
)


def export_roster(
    bureau: Bureau, edition_id: int, wanted: SubjectFilter, *, to: Path, by: Actor, now: datetime
) -> int:
    """Write what the filter finds, as far as the person may see; returns how many subjects."""
    with bureau.store.reading() as connection:
        stored, roster = roster_of(connection, edition_id)
        if roster is None:
            raise NotFound(f"{stored.value.name}{stored.value.year}年还没有名册，没有可导出的内容。")
        rows = _rows(stream_subjects(connection, roster.id, wanted, visible_units(by)))
        notes = (
            f"{stored.value.name}{stored.value.year}年名册（来自{roster.filename}）",
            f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}",
        )
        return write_sheet(to, "名册", ROSTER_COLUMNS, rows, notes=notes)


def _rows(subjects: Iterator[SubjectEntry]) -> Iterator[tuple[object, ...]]:
    for one in subjects:
        yield (
            one.code,
            one.name,
            one.unit,
            one.in_scope,
            "已参检" if one.taken_part_on else "未参检",
            one.taken_part_on,
            OUTCOME_NAMES.get(one.outcome or ""),
            one.outcome_on,
        )
