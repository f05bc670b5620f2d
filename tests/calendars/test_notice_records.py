"""Notices handed in as JSON or as a sheet."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from calendars.notices import preview_notice_change
from calendars.notices.draft import NoticeRefused
from calendars.notices.records import read_json, read_sheet
from calendars.workdays.files import load_workdays

OFF_2026, WORK_2026 = load_workdays().arranged(2026)


def a_json(year: int = 2026, **changes) -> bytes:
    days = [{"name": day.name, "date": f"{day.on}", "isOffDay": True} for day in OFF_2026]
    days += [{"name": day.name, "date": f"{day.on}", "isOffDay": False} for day in WORK_2026]
    return json.dumps({"year": year, "papers": ["某通知"], "days": days} | changes).encode()


def a_sheet(path: Path, rows: list[tuple[object, ...]]) -> Path:
    if path.suffix == ".csv":
        path.write_text("\n".join(",".join(str(cell) for cell in row) for row in rows), encoding="utf-8-sig")
        return path
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                else:
                    sheet.write(number, column, cell)
    return path


ROWS_2026 = [(day.on, "休") for day in OFF_2026] + [(day.on, "班") for day in WORK_2026]


def test_a_json_year_says_the_same_as_the_notice() -> None:
    shown = preview_notice_change(read_json(a_json()), load_workdays())

    assert shown.acceptable
    assert shown.changes == ()
    assert (shown.checksum, shown.expected) == (13, 13)
    assert set(shown.draft.off) == set(OFF_2026)


def test_a_json_name_in_the_long_form_is_the_same_holiday() -> None:
    draft = read_json(a_json(2025, days=[{"name": "国庆节、中秋节", "date": "2025-10-01", "isOffDay": True}]))

    assert draft.off[0].names == ("国庆", "中秋")


def test_a_json_weekday_that_is_worked_anyway_is_left_out_with_a_word() -> None:
    days = [
        {"name": "春节", "date": "2026-02-17", "isOffDay": True},
        {"name": "春节", "date": "2026-02-24", "isOffDay": False},
    ]
    draft = read_json(a_json(days=days))

    assert (draft.make_up, draft.problems) == ((), ())
    assert any("2月24日" in warning for warning in draft.warnings)


def test_an_undated_json_takes_the_place_of_the_shipped_notice() -> None:
    days = [{"name": "元旦", "date": "2026-01-02", "isOffDay": True}]
    days += [
        {"name": day.name, "date": f"{day.on}", "isOffDay": True} for day in OFF_2026 if day.on.month > 1
    ]

    shown = preview_notice_change(read_json(a_json(days=days)), load_workdays(), received_on=date(2026, 1, 5))

    assert shown.table and shown.table.issued_on == date(2026, 1, 5)
    assert date(2026, 1, 1) in {change.on for change in shown.changes}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "不是 JSON"),
        (b"\xff\xfe", "不是 JSON"),
        (b"[]", "缺少"),
        (b'{"year": "2026", "days": []}', "缺少"),
        (b'{"year": 2027, "papers": [], "days": []}', "还没有发布"),
        (b'{"year": 3026, "days": [{"name": "", "date": "3026-01-01", "isOffDay": true}]}', "核对年份"),
        (b'{"year": 2026, "days": [{"name": "x"}]}', "没有读到任何"),
    ],
)
def test_a_json_that_is_no_notice_is_refused_with_the_next_step(content: bytes, says: str) -> None:
    with pytest.raises(NoticeRefused, match=says) as refused:
        read_json(content)

    assert "请" in str(refused.value)


def test_every_json_record_that_is_not_understood_is_named() -> None:
    good = {"name": "元旦", "date": "2026-01-01", "isOffDay": True}
    bad = [good | {"date": "2026-02-30"}, good | {"isOffDay": "yes"}, "x", {"date": "2026-01-02"}]

    draft = read_json(a_json(days=[good, *bad]))

    assert len(draft.unread) == 4
    assert all(f"第{place}条" in draft.problems[0] for place in (2, 3, 4, 5))


@pytest.mark.parametrize("name", ["days.csv", "days.xlsx"])
def test_a_sheet_of_two_columns_is_a_notice_with_its_holidays_named(tmp_path: Path, name: str) -> None:
    draft = read_sheet(a_sheet(tmp_path / name, [("日期", "安排"), *ROWS_2026]))

    assert draft.problems == ()
    assert draft.off == tuple(sorted(OFF_2026))
    assert {day.on for day in draft.make_up} == {day.on for day in WORK_2026}
    assert not draft.amends


@pytest.mark.parametrize("written", ["2026-01-01", "2026/1/1", "2026.1.1", "2026年1月1日", "20260101"])
def test_a_sheet_may_write_its_dates_in_any_usual_way(tmp_path: Path, written: str) -> None:
    draft = read_sheet(a_sheet(tmp_path / "days.csv", [(written, "休", "元旦")]))

    assert [(day.on, day.names) for day in draft.off] == [(date(2026, 1, 1), ("元旦",))]


def test_a_sheet_in_the_older_chinese_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_bytes("日期,类型\n2026-01-01,放假".encode("gb18030"))

    assert read_sheet(path).off[0].names == ("元旦",)


def test_a_full_calendar_gives_only_its_departures(tmp_path: Path) -> None:
    table = load_workdays()
    january = [date(2026, 1, day) for day in range(1, 32)]
    rows = [(day, "班" if table.is_workday(day) else "休") for day in january]

    draft = read_sheet(a_sheet(tmp_path / "days.csv", rows))

    assert [day.on.day for day in draft.off] == [1, 2, 3]
    assert [day.on.day for day in draft.make_up] == [4]
    assert any("另有27天" in warning for warning in draft.warnings)


def test_every_row_that_is_not_understood_is_named(tmp_path: Path) -> None:
    rows = [
        ("日期", "安排"),
        ("2026-01-01", "休"),
        ("2026-13-01", "休"),
        ("2026-01-02", "待定"),
        ("2026-01-03",),
    ]

    draft = read_sheet(a_sheet(tmp_path / "days.csv", rows))

    assert [piece.split("：")[0] for piece in draft.unread] == ["第3行", "第4行", "第5行"]
    assert draft.problems


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("days.csv", b""),
        ("days.csv", "名称,说明\n甲,乙".encode()),
        ("days.csv", b"\xff\xff\xff\xff"),
        ("days.xlsx", b"not a workbook"),
        ("days.xlsx", b""),
    ],
)
def test_a_sheet_without_days_is_refused_with_the_next_step(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(NoticeRefused, match="请"):
        read_sheet(path)


def test_a_missing_sheet_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NoticeRefused, match=r"找不到文件days\.csv"):
        read_sheet(tmp_path / "days.csv")
