"""A problem ledger is filled from a sheet and struck off one by one; found is always fixed plus open."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli import problems
from duban.core.access import Role
from duban.core.errors import Refused
from tests.builders import a_person, a_unit, an_edition
from tests.travel import travel

HEAD = ["编号", "问题", "责任单位", "整改类型", "发现日期", "整改时限", "措施"]
EDITION = "fire_exits/2026"

pytestmark = pytest.mark.usefixtures("commands_find_either")


@pytest.fixture
def ledger(either_bureau: Bureau):
    home = a_unit(either_bureau, "市民政局", kind="bureau")
    unit = a_unit(either_bureau, "清潭敬老院", kind="service")
    a_person(either_bureau, "王院长", unit, Role.HANDLER)
    a_person(either_bureau, "周统筹", home, Role.COORDINATOR)
    a_person(either_bureau, "陈审核", home, Role.REVIEWER)
    an_edition(
        either_bureau, "fire_exits", name="消防避难设施", kind="rectification", coordinator_unit_id=home
    )
    return unit


def run(*words: object, on: str | None = None):
    if on:
        travel(on)
    return CliRunner().invoke(problems.app, [str(word) for word in words], catch_exceptions=False)


def answer(*words: object, on: str | None = None):
    result = run(*words, "--json", on=on)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def a_sheet(path: Path, *rows: list[object]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEAD, *rows]):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
    return path


def good_rows() -> list[list[object]]:
    return [
        ["F-01", "二层疏散门上锁", "清潭敬老院", "立行立改", "2026-03-01", "", "拆除门锁"],
        [
            "F-02",
            "避难间堆放杂物",
            "清潭敬老院",
            "限期整改",
            "2026-03-01",
            "2026-04-30",
            "清理杂物；张贴标识；每周巡查",
        ],
        ["F-03", "值班制度未落实", "清潭敬老院", "长期坚持", "2026-03-02", "", ""],
    ]


def test_a_sheet_is_previewed_then_imported_once(either_bureau: Bureau, ledger, tmp_path: Path) -> None:
    sheet = a_sheet(tmp_path / "清单.xlsx", *good_rows())

    preview = answer("import", EDITION, sheet, "--as", "周统筹", "--dry-run")
    nothing = answer("list", "--edition", EDITION)["tally"]
    answer("import", EDITION, sheet, "--as", "周统筹")
    found = answer("list", "--edition", EDITION)

    assert (len(preview["added"]), preview["measures"], nothing["found"]) == (3, 4, 0)
    assert found["tally"] == {"found": 3, "fixed": 0, "open": 3, "struck_off": 0}
    assert [one["title"] for one in found["problems"][1]["measures"]] == ["清理杂物", "张贴标识", "每周巡查"]
    with pytest.raises(Refused, match="第2行：问题编号F-01已在台账中"):
        run("import", EDITION, sheet, "--as", "周统筹")


def test_a_faulty_sheet_enters_nothing_and_names_every_row(
    either_bureau: Bureau, ledger, tmp_path: Path
) -> None:
    sheet = a_sheet(
        tmp_path / "清单.xlsx",
        good_rows()[0],
        ["F-01", "重复的编号", "清潭敬老院", "立行立改", "2026-03-01", "", ""],
        ["F-05", "没有这个单位", "无名院", "限期整改", "2026-03-01", "", ""],
        ["F-06", "日期写错", "清潭敬老院", "立行立改", "三月一日", "", ""],
        ["F-07", "时限早于发现", "清潭敬老院", "限期整改", "2026-03-01", "2026-02-01", ""],
        ["F-08", "还没有发现", "清潭敬老院", "立行立改", "2062-03-01", "", ""],
        ["F-09", "建国以前", "清潭敬老院", "立行立改", "1899-03-01", "", ""],
        ["F-10", "三十六年以后", "清潭敬老院", "限期整改", "2026-03-01", "2062-03-31", ""],
    )

    with pytest.raises(Refused) as refused:
        run("import", EDITION, sheet, "--as", "周统筹")

    reasons = "\n".join(refused.value.reasons)
    for fault in (
        "第3行：问题编号F-01",
        "第4行：没有名为“无名院”",
        "第4行：限期整改要写",
        "第5行：发现日期",
        "第6行：整改时限2026-02-01",
        "第7行：发现日期2062-03-01还没有到",
        "第8行：发现日期1899-03-01早于1949-10-01",
        "第9行：整改时限2062-03-31离发现日期2026-03-01有10年以上",
    ):
        assert fault in reasons
    assert answer("list")["tally"]["found"] == 0


def test_a_problem_is_fixed_by_its_unit_and_struck_off_by_another(either_bureau: Bureau, ledger) -> None:
    added = ("--title", "疏散门上锁", "--unit", "清潭敬老院", "--found", "2026-03-01", "--due", "2026-04-30")
    answer("add", EDITION, "F-01", *added, "--measure", "拆锁", "--as", "周统筹", on="2026-03-01")

    with pytest.raises(Refused, match="还有 1 条整改措施未完成"):
        run("fix", EDITION, "F-01", "--as", "王院长")
    with pytest.raises(Refused, match="只有责任单位报告整改完成的问题才能销号"):
        run("strike-off", EDITION, "F-01", "--as", "陈审核")
    answer("fix", EDITION, "F-01", "--measure", "1", "--as", "王院长", on="2026-03-10")
    fixed = answer("fix", EDITION, "F-01", "--as", "王院长", on="2026-03-11")
    back = answer("send-back", EDITION, "F-01", "--reason", "锁扣仍在", "--as", "陈审核")
    answer("fix", EDITION, "F-01", "--as", "王院长", on="2026-03-20")
    closed = answer("strike-off", EDITION, "F-01", "--as", "陈审核", on="2026-03-21")

    assert (fixed["state"], back["state"], closed["state"]) == ("fixed", "open", "closed")
    assert (closed["fixed_by"], closed["closed_by"]) == ("王院长", "陈审核")
    assert answer("list")["tally"] == {"found": 1, "fixed": 1, "open": 0, "struck_off": 1}


def test_nobody_strikes_off_what_he_fixed_himself(either_bureau: Bureau, ledger) -> None:
    a_person(either_bureau, "钱兼任", ledger, Role.HANDLER, Role.REVIEWER)
    added = ("--title", "制度", "--unit", "清潭敬老院", "--found", "2026-03-01", "--pace", "lasting")
    answer("add", EDITION, "F-09", *added, "--as", "周统筹")
    answer("fix", EDITION, "F-09", "--as", "钱兼任")

    with pytest.raises(Refused, match="是问题F-09的整改人，不能自己销号"):
        run("strike-off", EDITION, "F-09", "--as", "钱兼任")

    assert answer("list", "--state", "fixed")["problems"][0]["found_on"] == date(2026, 3, 1).isoformat()
