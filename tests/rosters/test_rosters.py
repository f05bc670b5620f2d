"""The roster of a check: exact, compared row by row, refused whole, and counted without mixing the counts."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter

from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.credit_code import check_digit, fault_in
from duban.core.errors import NotFound, Refused
from duban.editions.service import apply_edition
from duban.obligations.tables import obligation
from duban.rosters.service import list_missing, read_roster_counts, record_outcome
from duban.rosters.sheets import RosterScope, import_roster
from duban.units.tables import unit
from tests.builders import a_person, a_unit

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LIANGXI, TIANNING = "梁溪区民政局", "天宁区民政局"
HEADINGS = ("统一社会信用代码", "名称", "业务主管单位")


def a_code(number: int) -> str:
    head = f"5132041{number:010d}"
    return head + check_digit(head)


def subjects(count: int, start: int = 0, unit: str = LIANGXI) -> list[tuple[str, ...]]:
    return [(a_code(n), f"第{n}号社会组织", unit) for n in range(start, start + count)]


def a_sheet(folder: Path, rows, headings=HEADINGS, name: str = "名册.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def the_check() -> Edition:
    def milestone(key: str, due_on: date, **more) -> Milestone:
        return Milestone(
            key=key,
            title=key,
            source=Source(document="社会团体登记管理条例", item="REG-1"),
            due_phrase="x",
            leads=(LIANGXI, TIANNING),
            points=(Point(label="", due_on=due_on, last_workday=due_on),),
            **more,
        )

    return Edition(
        campaign="social_org_annual_check",
        name="社会组织年检",
        kind=CampaignKind.ANNUAL_CHECK,
        year=2026,
        subject_year=2025,
        roster="应参检社会组织名册",
        milestones=(
            milestone("to_supervisor", date(2026, 3, 31), per_subject=True),
            milestone("to_registrar", date(2026, 5, 31), per_subject=True),
            milestone("summary", date(2026, 12, 31)),
        ),
    )


@pytest.fixture
def checked(bureau: Bureau) -> tuple[Bureau, Actor]:
    return with_check(bureau)


@pytest.fixture
def pg_checked(pg_bureau: Bureau) -> tuple[Bureau, Actor]:
    return with_check(pg_bureau)


def with_check(bureau: Bureau) -> tuple[Bureau, Actor]:
    home = a_unit(bureau, "市民政局", kind="bureau")
    for name in (LIANGXI, TIANNING):
        a_unit(bureau, name)
    zhou = a_person(bureau, "周处长", home, Role.COORDINATOR)
    apply_edition(bureau, the_check(), by=SYSTEM, now=NOW)
    return bureau, zhou


def bring_in(checked: tuple[Bureau, Actor], path: Path, **options):
    bureau, zhou = checked
    return import_roster(bureau, "social_org_annual_check", 2026, path, by=zhou, now=NOW, **options)


def owed(bureau: Bureau) -> dict[str, int]:
    table = obligation
    with bureau.store.reading() as connection:
        rows = connection.execute(
            sa.select(table.c.state, sa.func.count()).where(table.c.subject_id > 0).group_by(table.c.state)
        )
        return {row[0]: row[1] for row in rows}


def test_every_subject_owes_every_step_of_the_check(checked, tmp_path: Path) -> None:
    done = bring_in(checked, a_sheet(tmp_path, subjects(30)))

    assert (done.subjects, done.new, done.obligations_new) == (30, 30, 60)
    assert owed(checked[0]) == {"assigned": 60}


@pytest.mark.postgres
def test_a_roster_comes_in_and_changes_on_postgresql(pg_checked, tmp_path: Path) -> None:
    bring_in(pg_checked, a_sheet(tmp_path, subjects(30)))
    renamed = [(a_code(1), "改名后的社会组织", TIANNING), *subjects(20, start=2), *subjects(5, start=50)]

    done = bring_in(pg_checked, a_sheet(tmp_path, renamed))

    assert (done.new, done.changed, done.gone) == (5, 1, 9)
    assert (done.obligations_new, done.obligations_cancelled) == (10, 18)
    assert owed(pg_checked[0]) == {"assigned": 52, "cancelled": 18}


def test_the_same_file_again_changes_nothing(checked, tmp_path: Path) -> None:
    path = a_sheet(tmp_path, subjects(5))
    bring_in(checked, path)

    again = bring_in(checked, path)

    assert again.unchanged
    assert owed(checked[0]) == {"assigned": 10}


def test_a_changed_roster_tells_new_gone_and_changed_apart(checked, tmp_path: Path) -> None:
    bring_in(checked, a_sheet(tmp_path, subjects(10)))
    rows = [(a_code(0), "改名后的社会组织", LIANGXI), *subjects(7, start=1), *subjects(2, start=20)]

    done = bring_in(checked, a_sheet(tmp_path, rows))

    assert (done.new, done.changed, done.gone) == (2, 1, 2)
    assert owed(checked[0]) == {"assigned": 20, "cancelled": 4}


def test_a_subject_that_comes_back_is_owed_again(checked, tmp_path: Path) -> None:
    bring_in(checked, a_sheet(tmp_path, subjects(3)))
    bring_in(checked, a_sheet(tmp_path, subjects(2)))

    done = bring_in(checked, a_sheet(tmp_path, subjects(3)))

    assert (done.obligations_returned, done.obligations_new) == (2, 0)
    assert owed(checked[0]) == {"assigned": 6}


def test_a_subject_that_changes_its_supervisor_is_owed_by_the_new_one(checked, tmp_path: Path) -> None:
    bring_in(checked, a_sheet(tmp_path, subjects(1)))

    bring_in(checked, a_sheet(tmp_path, subjects(1, unit=TIANNING)))

    bureau = checked[0]
    with bureau.store.reading() as connection:
        names = connection.execute(
            sa.select(unit.c.name)
            .join_from(obligation, unit, unit.c.id == obligation.c.unit_id)
            .where(obligation.c.subject_id > 0)
        ).scalars()
        assert set(names) == {TIANNING}


def test_every_faulty_row_is_named_and_nothing_is_written(checked, tmp_path: Path) -> None:
    good = subjects(1)[0]
    rows = [
        good,
        ("51320411", "少了几位", LIANGXI),
        (good[0], "重复", LIANGXI),
        (a_code(7), "", LIANGXI),
        (a_code(8), "不知何处", "云上局"),
        (a_code(9)[:-1] + "0" if a_code(9)[-1] != "0" else a_code(9)[:-1] + "1", "抄错一位", LIANGXI),
    ]

    with pytest.raises(Refused) as refused:
        bring_in(checked, a_sheet(tmp_path, rows))

    assert [reason.split("：")[0] for reason in refused.value.reasons] == [
        "第3行",
        "第4行",
        "第5行",
        "第6行",
        "第7行",
    ]
    assert owed(checked[0]) == {}


def test_the_scope_leaves_out_the_newly_registered_and_charities(checked, tmp_path: Path) -> None:
    days = ("2025-06-30", "2025-07-01", "2019年5月20日", "20200101")
    kinds = ("社会团体", "社会团体", "基金会（慈善组织）", "社会服务机构")
    rows = [(*row, day, kind) for row, day, kind in zip(subjects(4), days, kinds, strict=True)]
    sheet = a_sheet(tmp_path, rows, (*HEADINGS, "登记日期", "类型"))

    done = bring_in(
        checked, sheet, scope=RosterScope(registered_by=date(2025, 6, 30), without_charities=True)
    )

    assert (done.subjects, done.obligations_new) == (4, 4)
    assert read_roster_counts(checked[0], "social_org_annual_check", 2026, by=SYSTEM).all.due == 2


def test_a_preview_writes_nothing(checked, tmp_path: Path) -> None:
    done = bring_in(checked, a_sheet(tmp_path, subjects(3)), dry_run=True)

    assert done.obligations_new == 6
    assert owed(checked[0]) == {}
    with pytest.raises(NotFound, match="还没有名册"):
        list_missing(checked[0], "social_org_annual_check", 2026, by=SYSTEM)


def test_an_xlsx_roster_reads_like_a_csv(checked, tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADINGS, *subjects(3)]):
            sheet.write_row(number, 0, row)

    assert bring_in(checked, path).new == 3


def test_a_roster_in_the_old_chinese_encoding_is_read(checked, tmp_path: Path) -> None:
    path = a_sheet(tmp_path, subjects(3))
    path.write_bytes(path.read_text("utf-8-sig").encode("gb18030"))

    assert bring_in(checked, path).new == 3


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("空.csv", b"", "是空的"),
        ("缺列.csv", "名称,业务主管单位\n甲,乙\n".encode(), "缺少统一社会信用代码"),
        ("只有表头.csv", ",".join(HEADINGS).encode(), "一个对象也没有"),
        ("不是表.xlsx", b"not a workbook", "打不开"),
        ("名册.docx", b"x", "不是能读的表格"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_with_the_next_step(
    checked, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Refused, match=sentence):
        bring_in(checked, path)


def test_six_hundred_due_and_their_counts_are_kept_apart(checked, tmp_path: Path) -> None:
    """梁溪区2025年上半年：应参检600家，已参检425家，完成年检371家。"""
    rows = [
        (*row, "已参检" if n < 425 else "未参检", "合格" if n < 371 else "")
        for n, row in enumerate(subjects(600))
    ]
    bring_in(checked, a_sheet(tmp_path, rows, (*HEADINGS, "参检情况", "结论")))

    found = read_roster_counts(checked[0], "社会组织年检", 2026, by=SYSTEM).all

    assert (found.due, found.taken_part, found.completed, found.missing) == (600, 425, 371, 175)
    assert (found.participation, found.completion) == ("70.8 %", "61.8 %")


def test_without_a_roster_nothing_is_known_and_nothing_is_zero(checked) -> None:
    found = read_roster_counts(checked[0], "social_org_annual_check", 2026, by=SYSTEM).all

    assert (found.due, found.taken_part, found.participation) == (None, None, "—")


def test_the_list_of_those_missing_is_exact(checked, tmp_path: Path) -> None:
    bureau, zhou = checked
    bring_in(checked, a_sheet(tmp_path, [*subjects(3), *subjects(2, start=3, unit=TIANNING)]))
    for number in (0, 3):
        record_outcome(
            bureau,
            "social_org_annual_check",
            2026,
            a_code(number),
            taken_part_on=date(2026, 3, 1),
            by=zhou,
            now=NOW,
        )

    found = list_missing(bureau, "social_org_annual_check", 2026, by=SYSTEM)
    of_one = list_missing(bureau, "social_org_annual_check", 2026, TIANNING, by=SYSTEM)

    assert {one.code for one in found} == {a_code(1), a_code(2), a_code(4)}
    assert [one.code for one in of_one] == [a_code(4)]


def test_a_later_sheet_without_the_column_leaves_participation_alone(checked, tmp_path: Path) -> None:
    rows = [(*row, "已参检") for row in subjects(3)]
    bring_in(checked, a_sheet(tmp_path, rows, (*HEADINGS, "参检情况")))

    bring_in(checked, a_sheet(tmp_path, subjects(4)))

    found = read_roster_counts(checked[0], "social_org_annual_check", 2026, by=SYSTEM).all
    assert (found.due, found.taken_part) == (4, 3)


def test_an_outcome_is_recorded_by_name_with_everything_wrong_told_at_once(checked, tmp_path: Path) -> None:
    bureau, zhou = checked
    bring_in(checked, a_sheet(tmp_path, subjects(1)))
    named = ("social_org_annual_check", 2026, "第0号社会组织")

    done = record_outcome(bureau, *named, outcome="基本合格", by=zhou, now=NOW)
    assert (done.outcome, done.taken_part_on) == ("basically_passed", date(2026, 3, 2))

    district = a_unit(bureau, "钟楼区民政局")
    chen = a_person(bureau, "陈审核", district, Role.REVIEWER)
    with pytest.raises(Refused) as refused:
        record_outcome(bureau, *named, outcome="优秀", by=chen, now=NOW)
    assert len(refused.value.reasons) == 2
    zhao = a_person(bureau, "赵某", district, Role.HANDLER)
    with pytest.raises(NotFound):
        record_outcome(bureau, *named, outcome="合格", by=zhao, now=NOW)


def test_a_roster_that_comes_before_publishing_is_fanned_out_with_it(bureau: Bureau, tmp_path: Path) -> None:
    home = a_unit(bureau, "市民政局", kind="bureau")
    for name in (LIANGXI, TIANNING):
        a_unit(bureau, name)
    zhou = a_person(bureau, "周处长", home, Role.COORDINATOR)
    apply_edition(bureau, the_check(), by=zhou, now=NOW, publish=False)
    assert bring_in((bureau, zhou), a_sheet(tmp_path, subjects(3))).obligations_new == 0

    apply_edition(bureau, the_check(), by=zhou, now=NOW)

    assert owed(bureau) == {"assigned": 6}


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert fault_in("91350100M000100Y43") is None
    assert fault_in("91350100M000100Y44") is not None
    assert "不允许" in str(fault_in("91350100I000100Y43"))
