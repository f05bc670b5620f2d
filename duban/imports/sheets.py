"""Lists that people keep in a sheet: read under their Chinese headings with every fault at its row, and written.

Knows nothing of what the columns mean. pandas is imported where a table is read, so that nobody else waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duban.core.errors import Refused

if TYPE_CHECKING:
    from pandas import DataFrame

ENCODINGS = ("utf-8-sig", "gb18030")
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")


class CellFault(ValueError):
    """A cell that cannot be read as what its column holds: a kind to count by, and a sentence with the next step."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, what else people write there, and how its cells are read.

    `read` takes the cell as people see it, "" where it is empty or the sheet has no such column; raises CellFault.
    """

    heading: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as the sheet shows it, its values by heading, and the faults of its cells in column order.

    A cell at fault has the value None; `texts` holds the cells as people see them.
    """

    number: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    faults: tuple[CellFault, ...]

    def __getitem__(self, heading: str) -> Any:
        return self.values[heading]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list that was read: which of the known headings it has, and its rows that are not empty."""

    headings: frozenset[str]
    rows: Iterator[SheetRow]


def read_sheet(path: Path, columns: Sequence[Column]) -> Sheet:
    """Read a csv, xlsx, xls or ods list; columns nobody asked for are left aside.

    Raises Refused with the next step when the file cannot be read or lacks a required heading.
    """
    frame = _frame(path)
    first = [_text(cell) for cell in frame.iloc[0]] if len(frame) else []
    if not any(first):
        if len(frame):
            raise Refused(f"{path.name}的表头不在第一行，请删去上面的空行后再导入。")
        raise Refused(f"{path.name}是空的，请确认选对了文件；第一行应是表头。")
    by_name = {name: one.heading for one in columns for name in (one.heading, *one.aliases)}
    places = {by_name[name]: place for place, name in enumerate(first) if name in by_name}
    missing = [one.heading for one in columns if one.required and one.heading not in places]
    if missing:
        raise Refused(f"{path.name}的表头缺少{'、'.join(missing)}，请在第一行补上后重新导入。")
    return Sheet(headings=frozenset(places), rows=_rows(frame, places, columns))


def _rows(frame: DataFrame, places: Mapping[str, int], columns: Sequence[Column]) -> Iterator[SheetRow]:
    wanted = frame.iloc[1:, list(places.values())]
    for number, line in enumerate(wanted.itertuples(index=False, name=None), start=2):
        texts = dict(zip(places, map(_text, line), strict=True))
        if any(texts.values()):
            yield _row(number, texts, columns)


def _row(number: int, texts: dict[str, str], columns: Sequence[Column]) -> SheetRow:
    values: dict[str, Any] = {}
    faults: list[CellFault] = []
    for one in columns:
        text = texts.setdefault(one.heading, "")
        try:
            values[one.heading] = one.read(text)
        except CellFault as fault:
            values[one.heading] = None
            faults.append(fault)
    return SheetRow(number, texts, values, tuple(faults))


def _frame(path: Path) -> DataFrame:
    """Every cell of the first sheet, the heading among them; nothing is guessed to be a number or missing."""
    if not path.is_file():
        raise Refused(f"找不到文件{path.name}，请检查路径。")
    suffix = path.suffix.lower()
    if suffix in _WORKBOOKS:
        return _workbook(path)
    if suffix == ".csv":
        return _csv(path)
    raise Refused(f"{path.name}不是能读的表格，请另存为 csv 或 xlsx 后再导入。")


def _workbook(path: Path) -> DataFrame:
    import pandas
    from python_calamine import CalamineError

    try:
        # Cells come as they are stored: a whole number must not turn into 3.0, nor a day into a moment.
        return pandas.read_excel(path, engine="calamine", header=None, dtype=object, na_filter=False)
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(f"{path.name}打不开或已损坏，请用表格软件另存一份再导入。") from error


def _csv(path: Path) -> DataFrame:
    import pandas

    for encoding in ENCODINGS:
        options: dict[str, Any] = {
            "header": None,
            "dtype": str,
            "keep_default_na": False,
            "na_filter": False,
            "skip_blank_lines": False,
            "index_col": False,
            "encoding": encoding,
        }
        try:
            width = pandas.read_csv(path, nrows=1, **options).shape[1]
            # Naming the columns lets a row be longer than the heading.
            return pandas.read_csv(path, usecols=range(width), **options)
        except pandas.errors.EmptyDataError:
            return pandas.DataFrame()
        except UnicodeDecodeError:
            continue
        except pandas.errors.ParserError as error:
            raise Refused(f"{path.name}不是完整的 csv（{error}），请重新导出后再导入。") from error
    raise Refused(f"{path.name}的文字编码认不出来，请另存为 UTF-8 的 csv 或 xlsx。")


def _text(cell: Any) -> str:
    match cell:
        case str():
            return cell.strip()
        case None:
            return ""
        case bool():
            return "是" if cell else "否"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case datetime():
            return cell.date().isoformat()
    return str(cell).strip()


SHOWN_ROW_FAULTS = 200
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One fault with the number of its row as the sheet shows it; 0 where it was typed without a sheet."""

    number: int
    kind: str
    message: str

    @property
    def sentence(self) -> str:
        return f"第{self.number}行：{self.message}" if self.number else self.message


@dataclass(slots=True)
class RowFaults:
    """What is wrong with a sheet: all faults are counted, in rows and by kind; the first `keep` are held in full."""

    keep: int = SHOWN_ROW_FAULTS
    total: int = 0
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    shown: list[RowFault] = field(default_factory=list)
    _last: int = 0

    def add(self, number: int, kind: str, message: str) -> None:
        """One more fault, in the order of the rows; what a cell holds is cut where it would fill the page."""
        short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
        self.total += 1
        self.kinds[kind] += 1
        if number != self._last:
            self.rows += 1
            self._last = number
        if len(self.shown) < self.keep:
            self.shown.append(RowFault(number=number, kind=kind, message=short))

    @property
    def sentences(self) -> list[str]:
        """The first faults with their rows, and how many more there are."""
        more = self.total - SHOWN_ROW_FAULTS
        rest = [f"另有{more}处错误未列出，请先改正以上各处再导入"] if more > 0 else []
        return [*(one.sentence for one in self.shown[:SHOWN_ROW_FAULTS]), *rest]

    def refuse(self) -> None:
        """Refuse the sheet for all its faults at once, if there are any."""
        if self.total:
            raise RowsRefused(self)


class RowsRefused(Refused):
    """A sheet that enters nothing for the faults of its rows."""

    def __init__(self, faulty: RowFaults) -> None:
        super().__init__(faulty.sentences)
        self.faulty = faulty


# A worksheet ends at 1,048,576 rows; a longer list goes on on the next one.
ROWS = 1_000_000


def write_sheet(
    path: Path,
    title: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[object]],
    *,
    notes: Sequence[str] = (),
) -> int:
    """Write an xlsx file row by row in constant memory; text stays text, whatever it begins with.

    `columns` are headings with their widths; `notes` stand on a sheet of their own. Returns the number of rows.
    """
    # Not DataFrame.to_excel: it writes column by column, so that a million rows would stand in memory (3 GB).
    import xlsxwriter

    written, rest = 0, iter(rows)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#ECEEF2", "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        nth = 0
        while nth == 0 or written == nth * ROWS:
            nth += 1
            sheet = book.add_worksheet(title if nth == 1 else f"{title}{nth}")
            _heading(sheet, columns, head)
            for number, row in enumerate(islice(rest, ROWS), start=1):
                for place, value in enumerate(row):
                    _cell(sheet, number, place, value, day)
                written += 1
        if notes:
            sheet = book.add_worksheet("说明")
            sheet.set_column(0, 0, 100)
            for number, note in enumerate(notes):
                sheet.write_string(number, 0, note)
    return written


def _heading(sheet: Any, columns: Sequence[tuple[str, int]], head: Any) -> None:
    sheet.freeze_panes(1, 0)
    for place, (name, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)


def _cell(sheet: Any, number: int, place: int, value: object, day: Any) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_string(number, place, "是" if value else "否")
        case int() | Decimal():
            sheet.write_number(number, place, value)
        case date():
            sheet.write_datetime(number, place, value, day)
        case _:
            sheet.write_string(number, place, str(value)[:32_000])


# Found anew for the file and held one by one: some 50 MB at this many.
MOST_FAULTS = 200_000
_COLUMNS = (("行号", 8), ("错误", 24), ("说明", 90))


def export_faults(faulty: RowFaults, filename: str, *, to: Path) -> int:
    """Write the faults in the order of the rows; returns how many."""
    rows = ((one.number, one.kind, one.message) for one in faulty.shown)
    kinds = tuple(f"{kind}：{times}处" for kind, times in faulty.kinds.most_common())
    notes = [f"{filename}：{faulty.rows}行有错，共{faulty.total}处", *kinds]
    if faulty.total > len(faulty.shown):
        notes.append(f"这里列出前{len(faulty.shown)}处，请改正后再导入，其余的届时列出。")
    return write_sheet(to, "错误", _COLUMNS, rows, notes=notes)
