"""The faults of a sheet, counted by kind: the first are kept to be shown, all are counted, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from duban.core.errors import Refused
from duban.imports.writing import write_sheet

SHOWN_ROW_FAULTS = 200
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One fault with the number of its row as the sheet shows it."""

    number: int
    kind: str
    message: str

    @property
    def sentence(self) -> str:
        return f"第{self.number}行：{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultySheet:
    """What is wrong with a sheet: `total` faults in `rows` rows, by kind, and the first of them in full."""

    total: int
    rows: int
    kinds: Mapping[str, int]
    shown: tuple[RowFault, ...]


class RowsRefused(Refused):
    """A sheet that enters nothing for the faults of its rows."""

    def __init__(self, faulty: FaultySheet) -> None:
        more = faulty.total - SHOWN_ROW_FAULTS
        rest = [f"另有{more}处错误未列出，请先改正以上各处再导入"] if more > 0 else []
        super().__init__([*(one.sentence for one in faulty.shown[:SHOWN_ROW_FAULTS]), *rest])
        self.faulty = faulty


@dataclass(slots=True)
class RowFaults:
    """Faults as they are found, in the order of the rows; `keep` bounds how many are held in memory."""

    keep: int = SHOWN_ROW_FAULTS
    total: int = 0
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    kept: list[RowFault] = field(default_factory=list)
    _last: int = 0

    def add(self, number: int, kind: str, message: str) -> None:
        """One more fault; what a cell holds is cut where it would fill the page."""
        short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
        self.total += 1
        self.kinds[kind] += 1
        if number != self._last:
            self.rows += 1
            self._last = number
        if len(self.kept) < self.keep:
            self.kept.append(RowFault(number=number, kind=kind, message=short))

    def refuse(self) -> None:
        """Refuse the sheet for all its faults at once, if there are any."""
        if self.total:
            raise RowsRefused(self.found())

    def found(self) -> FaultySheet:
        kinds = dict(self.kinds.most_common())
        return FaultySheet(total=self.total, rows=self.rows, kinds=kinds, shown=tuple(self.kept))


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
