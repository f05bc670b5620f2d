"""Units come in from a sheet as people keep it, or not at all with every row named; twice is once."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from calendars.reader.units import load_units
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import NotFound, Refused
from duban.units.importing import import_unit_book, import_units
from duban.units.service import list_units, show_unit

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HEADINGS = ("编码", "名称", "类别", "上级", "别名", "联系人", "职责", "渠道", "地址", "顺位")
BUREAU = ("mz", "市民政局", "市民政局", "", "市局", "", "", "", "", "")
WANG = (
    "tn",
    "天宁区民政局",
    "辖市区民政部门",
    "市局",
    "天宁局、天寧區民政局",
    "王科长",
    "经办人",
    "邮件",
    "wang@unit.example",
    "1",
)
LI = ("tn", "", "", "", "", "李局长", "分管领导", "邮件", "li@unit.example", "1")


def a_sheet(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "单位.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
    return path


def bring_in(bureau: Bureau, path: Path, **options):
    return import_units(bureau, path, by=SYSTEM, now=NOW, **options)


def test_a_unit_with_two_contacts_stands_on_two_rows(bureau: Bureau, tmp_path: Path) -> None:
    done = bring_in(bureau, a_sheet(tmp_path, BUREAU, WANG, LI))

    assert (done.new, done.contacts_new) == (("市民政局", "天宁区民政局"), 2)
    shown = show_unit(bureau, "天宁局", by=SYSTEM)
    assert (shown.name, shown.parent) == ("天宁区民政局", "市民政局")
    assert [(one.name, one.duty) for one in shown.contacts] == [
        ("李局长", "deputy_leader"),
        ("王科长", "handler"),
    ]


@pytest.mark.parametrize("name", ["天寧區民政局", "天宁区 民政局", "tn", "天宁局"])
def test_a_unit_is_found_by_any_of_its_names(bureau: Bureau, tmp_path: Path, name: str) -> None:
    bring_in(bureau, a_sheet(tmp_path, BUREAU, WANG))

    assert show_unit(bureau, name, by=SYSTEM).code == "tn"


def test_the_same_sheet_again_changes_nothing(bureau: Bureau, tmp_path: Path) -> None:
    path = a_sheet(tmp_path, BUREAU, WANG, LI)
    bring_in(bureau, path)

    again = bring_in(bureau, path)

    assert not again.anything
    assert again.unchanged == 2


def test_a_changed_contact_is_changed_and_one_who_left_is_switched_off(
    bureau: Bureau, tmp_path: Path
) -> None:
    bring_in(bureau, a_sheet(tmp_path, BUREAU, WANG, LI))
    moved = (*WANG[:5], "张科长", *WANG[6:])

    done = bring_in(bureau, a_sheet(tmp_path, BUREAU, moved))

    assert (done.contacts_new, done.contacts_changed, done.contacts_off) == (0, 1, 1)
    assert [(one.name, one.active) for one in show_unit(bureau, "tn", by=SYSTEM).contacts] == [
        ("李局长", False),
        ("张科长", True),
    ]


def test_every_fault_of_the_sheet_is_named_with_its_row(bureau: Bureau, tmp_path: Path) -> None:
    rows = [
        BUREAU,
        ("", "无码局", "市级部门", "", "", "", "", "", "", ""),
        ("x1", "某局", "衙门", "", "", "", "", "", "", ""),
        ("x2", "某处", "市级部门", "云上局", "", "", "", "", "", ""),
        ("x3", "市局", "市级部门", "", "", "", "", "", "", ""),
        ("x4", "某科", "市级部门", "", "", "赵某", "门卫", "飞鸽", "不是邮箱", "0"),
    ]

    with pytest.raises(Refused) as refused:
        bring_in(bureau, a_sheet(tmp_path, *rows))

    by_row = [reason.split("行")[0] for reason in refused.value.reasons]
    assert set(by_row) == {"第3", "第4", "第5", "第6", "第7"}
    assert by_row.count("第7") == 3
    assert list_units(bureau, by=SYSTEM) == ()


def test_superiors_in_a_circle_are_refused(bureau: Bureau, tmp_path: Path) -> None:
    rows = [("a", "甲局", "市级部门", "乙局", *[""] * 6), ("b", "乙局", "市级部门", "甲局", *[""] * 6)]

    with pytest.raises(Refused, match="绕回了自己"):
        bring_in(bureau, a_sheet(tmp_path, *rows))


def test_a_preview_enters_nobody(bureau: Bureau, tmp_path: Path) -> None:
    assert bring_in(bureau, a_sheet(tmp_path, BUREAU, WANG), dry_run=True).new

    assert list_units(bureau, by=SYSTEM) == ()


def test_an_xlsx_sheet_reads_like_a_csv(bureau: Bureau, tmp_path: Path) -> None:
    path = tmp_path / "单位.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADINGS, BUREAU, (*WANG[:9], 1)]):
            sheet.write_row(number, 0, row)

    assert bring_in(bureau, path).contacts_new == 1


def test_the_unit_book_comes_in_whole_and_only_once(bureau: Bureau) -> None:
    book = load_units()

    done = import_unit_book(bureau, book, by=SYSTEM, now=NOW)

    assert len(done.new) == len(book.units)
    assert not import_unit_book(bureau, book, by=SYSTEM, now=NOW).anything
    assert show_unit(bureau, "常州市民政局", by=SYSTEM).name == "市民政局"


def test_a_handler_may_not_enter_units(bureau: Bureau, tmp_path: Path) -> None:
    wang = Actor(name="王科长", person_id=1, unit_id=1, roles=frozenset({Role.HANDLER}))

    with pytest.raises(Refused, match="王科长没有导入单位的权限"):
        import_units(bureau, a_sheet(tmp_path, BUREAU), by=wang, now=NOW)


def test_an_unknown_unit_is_answered_with_the_next_step(bureau: Bureau) -> None:
    with pytest.raises(NotFound, match="请核对名称，或先登记单位"):
        show_unit(bureau, "云上局", by=SYSTEM)
