"""A sheet waits between preview and confirmation as one person's own, whole and unchanged; lists leave as xlsx."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.errors import Fault, NotFound, Refused
from duban.imports.pending import MOST_WAITING, drop_pending_import, find_pending_import, keep_pending_import
from duban.imports.sheets import RowFaults, export_faults, write_sheet

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZHOU = Actor(name="周处长", person_id=1, unit_id=1, roles=frozenset({Role.COORDINATOR}))
WU = Actor(name="吴处长", person_id=2, unit_id=1, roles=frozenset({Role.COORDINATOR}))


def keep(
    bureau: Bureau, content: bytes = b"a,b\n1,2\n", name: str = "名册.csv", *, by: Actor = ZHOU, now=NOW
):
    return keep_pending_import(
        bureau, io.BytesIO(content), name, use="roster/1", choices={"scope": "2025-06-30"}, by=by, now=now
    )


def find(bureau: Bureau, token: str, *, by: Actor = ZHOU, now=NOW, use: str = "roster/1"):
    return find_pending_import(bureau, token, use=use, by=by, now=now)


def waiting(bureau: Bureau) -> list[Path]:
    return [path for path in (bureau.settings.home / "sheets").rglob("*") if path.is_file()]


def test_a_sheet_is_found_again_by_its_person_until_it_is_used(bureau: Bureau) -> None:
    kept = keep(bureau)

    found = find(bureau, kept.token)
    drop_pending_import(found)

    assert (found.filename, found.choices, found.size_bytes) == ("名册.csv", {"scope": "2025-06-30"}, 8)
    assert waiting(bureau) == []
    with pytest.raises(NotFound, match="请重新选择文件"):
        find(bureau, kept.token)


@pytest.mark.parametrize(
    "asked",
    [{"by": WU}, {"use": "problems/1"}, {"now": NOW + timedelta(hours=25)}],
    ids=["another person", "another use", "too late"],
)
def test_nobody_else_and_nothing_else_gets_the_sheet(bureau: Bureau, asked) -> None:
    kept = keep(bureau)

    with pytest.raises(NotFound):
        find(bureau, kept.token, **asked)


@pytest.mark.parametrize("token", ["", "..", "../../duban.db", "a" * 24])
def test_a_made_up_token_finds_nothing(bureau: Bureau, token: str) -> None:
    with pytest.raises(NotFound):
        find(bureau, token)


def test_bytes_that_changed_while_waiting_are_not_used(bureau: Bureau) -> None:
    kept = keep(bureau)
    kept.path.write_bytes(b"a,b\n1,3\n")

    with pytest.raises(Fault, match="与上传时不同"):
        find(bureau, kept.token)


def test_the_oldest_of_too_many_make_room(bureau: Bureau) -> None:
    kept = [keep(bureau, now=NOW + timedelta(minutes=n)) for n in range(MOST_WAITING + 2)]

    assert len(waiting(bureau)) == 2 * MOST_WAITING
    find(bureau, kept[-1].token, now=NOW + timedelta(minutes=9))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("名册.pdf", b"x", "不是能导入的表格"),
        ("名册.csv", b"", "是空文件"),
        ("名册.csv", b"x" * (51 * 1024 * 1024), "超过上限 50 MB"),
        ("名册.xlsx", b"PK\x03\x04 not a workbook", "已损坏"),
    ],
)
def test_what_is_no_sheet_is_refused_and_leaves_nothing(
    bureau: Bureau, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        keep(bureau, content, name)
    assert waiting(bureau) == []


def test_a_sheet_that_would_fill_the_memory_is_refused(bureau: Bureau, tmp_path: Path) -> None:
    path = tmp_path / "角落.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "名称")
        sheet.write_string(1_048_575, 16_383, "误填")

    with pytest.raises(Refused, match="数据范围异常大"):
        keep(bureau, path.read_bytes(), "角落.xlsx")


def test_a_bomb_is_refused(bureau: Bureau) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * (60 * 1024 * 1024))

    with pytest.raises(Refused, match="压缩炸弹"):
        keep(bureau, packed.getvalue(), "炸弹.xlsx")
    assert waiting(bureau) == []


def test_text_stays_text_in_an_exported_sheet(tmp_path: Path) -> None:
    path = tmp_path / "单.xlsx"

    write_sheet(
        path, "名册", (("代码", 10), ("名称", 10)), [("=1+1", "@SUM(A1)"), (None, 12)], notes=("说明一",)
    )

    book = CalamineWorkbook.from_path(str(path))
    assert book.get_sheet_by_index(0).to_python() == [["代码", "名称"], ["=1+1", "@SUM(A1)"], ["", 12.0]]
    assert book.sheet_names == ["名册", "说明"]


def test_all_faults_leave_as_a_sheet(tmp_path: Path) -> None:
    faults = RowFaults(keep=1_000)
    for number in range(2, 502):
        faults.add(number, "单位没有登记", f"单位“云上局{number}”没有登记")

    written = export_faults(faults, "名册.csv", to=tmp_path / "错误.xlsx")

    rows = CalamineWorkbook.from_path(str(tmp_path / "错误.xlsx")).get_sheet_by_index(0).to_python()
    assert (written, rows[1]) == (500, [2.0, "单位没有登记", "单位“云上局2”没有登记"])
