"""All faults of a waiting sheet as an xlsx file, so that whoever made the sheet can work through them row by row."""

from __future__ import annotations

from pathlib import Path

from office.actions.row_faults import FaultySheet
from office.actions.write_sheet import write_sheet

# Found anew for the file and held one by one: some 50 MB at this many.
MOST_FAULTS = 200_000
_COLUMNS = (("行号", 8), ("错误", 24), ("说明", 90))


def export_faults(faulty: FaultySheet, filename: str, *, to: Path) -> int:
    """Write the faults in the order of the rows; returns how many."""
    rows = ((one.number, one.kind, one.message) for one in faulty.shown)
    kinds = tuple(f"{kind}：{times}处" for kind, times in faulty.kinds.items())
    notes = [f"{filename}：{faulty.rows}行有错，共{faulty.total}处", *kinds]
    if faulty.total > len(faulty.shown):
        notes.append(f"这里列出前{len(faulty.shown)}处，请改正后再导入，其余的届时列出。")
    return write_sheet(to, "错误", _COLUMNS, rows, notes=notes)
