"""A sheet is read as people see it: nothing guessed, every row under its number, every cell at fault with a sentence."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from duban.core.errors import Refused
from duban.imports.sheets import CellFault, Column, read_sheet


def whole(text: str) -> int | None:
    if text and not text.isdecimal():
        raise CellFault("不是整数", f"数量“{text}”不是整数")
    return int(text) if text else None


COLUMNS = (
    Column(heading="名称", aliases=("单位名称",), required=True),
    Column(heading="数量", read=whole),
)


def a_csv(folder: Path, content: bytes | str) -> Path:
    path = folder / "表.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def a_workbook(folder: Path, *rows: tuple[object, ...], first: int = 0) -> Path:
    path = folder / "表.xlsx"
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            time: book.add_format({"num_format": "hh:mm"}),
        }
        for number, row in enumerate(rows, start=first):
            for place, value in enumerate(row):
                sheet.write(number, place, value, formats.get(type(value)))
    return path


def names(path: Path) -> list[str]:
    return [row["名称"] for row in read_sheet(path, COLUMNS).rows]


def test_values_faults_and_row_numbers_belong_together(tmp_path: Path) -> None:
    sheet = read_sheet(a_csv(tmp_path, "序号,单位名称,数量\n1,甲局,3\n\n,,\n2,乙局,三\n3,丙局\n"), COLUMNS)

    rows = list(sheet.rows)

    assert sheet.headings == {"名称", "数量"}
    assert [(row.number, row["名称"], row["数量"]) for row in rows] == [
        (2, "甲局", 3),
        (5, "乙局", None),
        (6, "丙局", None),
    ]
    assert [fault.message for row in rows for fault in row.faults] == ["数量“三”不是整数"]
    assert rows[1].texts["数量"] == "三"


@pytest.mark.parametrize("text", ["NA", "null", "nan", "True", "007", "1e5", "=1+1", "2026/3/1"])
def test_what_looks_like_something_else_stays_text(tmp_path: Path, text: str) -> None:
    assert names(a_csv(tmp_path, f"名称,数量\n{text},1\n")) == [text]
    assert names(a_workbook(tmp_path, ("名称", "数量"), (f"{text} ", 1))) in (
        [text],
        ["0"] * (text == "=1+1"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_offices_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    assert names(a_csv(tmp_path, "名称,数量\n天宁区民政局,1\n".encode(encoding))) == ["天宁区民政局"]


def test_a_row_longer_than_the_heading_and_a_cell_of_two_lines_lose_nothing(tmp_path: Path) -> None:
    path = a_csv(tmp_path, '名称,数量\n甲局,1,多出来,的\n"乙\n局",2\n丙局,3\n')

    assert [(row.number, row["名称"]) for row in read_sheet(path, COLUMNS).rows] == [
        (2, "甲局"),
        (3, "乙\n局"),
        (4, "丙局"),
    ]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (True, "是"),
        (date(2026, 3, 31), "2026-03-31"),
        (datetime(2026, 3, 31, 9, 30), "2026-03-31"),  # noqa: DTZ001  # a sheet knows no zones
        (time(9, 30), "09:30:00"),
        (320_400_199_001_011, "320400199001011"),
    ],
)
def test_a_cell_of_a_workbook_comes_as_people_see_it(tmp_path: Path, cell: object, shown: str) -> None:
    (row,) = read_sheet(a_workbook(tmp_path, ("名称",), (cell,)), COLUMNS[:1]).rows

    assert row["名称"] == shown


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "是空的"),
        ("\n\n", "是空的"),
        ("数量\n1\n", "表头缺少名称"),
        ('名称,数量\n"甲局,1\n乙局,2\n', "不是完整的 csv"),
        (b"\xff\xfe\xff\xff", "文字编码认不出来"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        read_sheet(a_csv(tmp_path, content), COLUMNS)


def test_a_workbook_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    late = a_workbook(tmp_path, ("名称",), ("甲局",), first=3)
    with pytest.raises(Refused, match="表头不在第一行"):
        read_sheet(late, COLUMNS)
    late.write_bytes(b"no workbook")
    with pytest.raises(Refused, match="打不开或已损坏"):
        read_sheet(late, COLUMNS)
    with pytest.raises(Refused, match="找不到文件"):
        read_sheet(tmp_path / "没有.xlsx", COLUMNS)
