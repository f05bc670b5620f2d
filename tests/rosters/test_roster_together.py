"""A roster read page by page by whoever may see it, and many of its subjects recorded at once."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Role
from duban.core.credit_code import check_digit
from duban.core.errors import NotFound, Refused
from duban.editions.service import apply_edition
from duban.editions.tables import edition
from duban.history.service import show_history, verify_history
from duban.imports.sheets import RowsRefused
from duban.obligations.tables import obligation
from duban.rosters.queries import SubjectChoice, SubjectFilter
from duban.rosters.service import (
    list_missing,
    list_rosters,
    list_subjects,
    read_roster_counts,
    record_outcome,
    record_outcomes,
)
from duban.rosters.sheets import check_roster, import_roster
from tests.builders import a_person, a_unit, an_edition

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CHECK = ("social_org_annual_check", 2026)
LIANGXI, TIANNING = "梁溪区民政局", "天宁区民政局"
HEADINGS = ("统一社会信用代码", "名称", "业务主管单位")


def a_code(number: int) -> str:
    head = f"5132041{number:010d}"
    return head + check_digit(head)


def a_sheet(path: Path, rows, headings=HEADINGS) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def the_check() -> Edition:
    point = Point(label="", due_on=date(2026, 3, 31), last_workday=date(2026, 3, 31))
    milestone = Milestone(
        key="to_supervisor",
        title="报业务主管单位初审",
        source=Source(document="登记管理条例", item="REG-1"),
        due_phrase="3月31日前",
        leads=(LIANGXI, TIANNING),
        points=(point,),
        per_subject=True,
    )
    return Edition(
        campaign=CHECK[0],
        name="社会组织年检",
        kind=CampaignKind.ANNUAL_CHECK,
        year=2026,
        subject_year=2025,
        roster="应参检社会组织名册",
        milestones=(milestone,),
    )


class Desk:
    """A check of twelve organisations: eight of 梁溪, four of 天宁, and the people around it."""

    def __init__(self, bureau: Bureau, folder: Path) -> None:
        self.bureau, self.folder = bureau, folder
        home = a_unit(bureau, "市民政局", kind="bureau")
        liangxi, self.tianning = (a_unit(bureau, name) for name in (LIANGXI, TIANNING))
        self.zhou = a_person(bureau, "周处长", home, Role.COORDINATOR)
        self.chen = a_person(bureau, "陈审核", home, Role.REVIEWER)
        self.wang = a_person(bureau, "王科长", self.tianning, Role.HANDLER)
        self.liangxi = liangxi
        apply_edition(bureau, the_check(), by=SYSTEM, now=NOW)
        with bureau.store.reading() as connection:
            self.edition = connection.execute(sa.select(edition.c.id)).scalar_one()

    def rows(self) -> list[tuple[str, ...]]:
        return [(a_code(n), f"第{n}号社会组织", LIANGXI if n < 8 else TIANNING) for n in range(12)]

    def with_roster(self) -> Desk:
        sheet = a_sheet(self.folder / "名册.csv", self.rows())
        import_roster(self.bureau, *CHECK, sheet, by=self.zhou, now=NOW)
        return self

    def everyone(self, **wanted) -> SubjectChoice:
        return SubjectChoice(wanted=SubjectFilter(**wanted))

    def record(self, choice: SubjectChoice, expected: int, **more):
        by = more.pop("by", self.zhou)
        return record_outcomes(self.bureau, self.edition, choice, expected=expected, by=by, now=NOW, **more)

    def codes(self, by=None, **wanted) -> list[str]:
        found = list_subjects(self.bureau, self.edition, SubjectFilter(**wanted), by=by or self.zhou)
        return [one.code for one in found.subjects]

    def owed(self) -> dict[str, int]:
        state = obligation.c.state
        with self.bureau.store.reading() as connection:
            return dict(connection.execute(sa.select(state, sa.func.count()).group_by(state)).tuples().all())


@pytest.fixture
def desk(either_bureau: Bureau, tmp_path: Path) -> Desk:
    return Desk(either_bureau, tmp_path)


def test_all_that_match_are_recorded_and_what_they_owe_is_closed(desk: Desk) -> None:
    desk.with_roster()

    done = desk.record(desk.everyone(unit_id=desk.liangxi), 8, outcome="合格")

    assert (done.recorded, done.unchanged, done.submitted, done.closed) == (8, 0, 0, 8)
    assert desk.owed() == {"assigned": 4, "closed": 8}
    told = show_history(desk.bureau, noun="roster")[-1]
    assert told.verb == "record_many"
    assert json.loads(told.detail)["codes"] == sorted(a_code(n) for n in range(8))
    assert verify_history(desk.bureau).broken_at is None


def test_a_day_already_recorded_is_kept_and_a_second_time_changes_nothing(desk: Desk) -> None:
    desk.with_roster()
    desk.record(desk.everyone(text=a_code(0)), 1, taken_part_on=date(2026, 2, 10))

    first = desk.record(desk.everyone(), 12, taken_part_on=date(2026, 3, 1))
    again = desk.record(desk.everyone(), 12, taken_part_on=date(2026, 3, 2))

    assert (first.recorded, first.unchanged, first.submitted) == (11, 1, 11)
    assert (again.recorded, again.unchanged) == (0, 12)
    page = list_subjects(desk.bureau, desk.edition, SubjectFilter(text="第0号"), by=desk.zhou)
    assert page.subjects[0].taken_part_on == date(2026, 2, 10)


def test_a_handler_records_his_own_and_what_he_concludes_waits_for_the_registrar(desk: Desk) -> None:
    desk.with_roster()

    done = desk.record(desk.everyone(), 4, outcome="基本合格", by=desk.wang)

    assert (done.recorded, done.submitted, done.closed) == (4, 4, 0)
    assert desk.owed() == {"assigned": 8, "submitted": 4}


def test_who_may_not_record_is_told_how_many_are_not_his(desk: Desk) -> None:
    desk.with_roster()

    with pytest.raises(Refused, match="其中12个对象不归陈审核登记"):
        desk.record(desk.everyone(), 12, outcome="合格", by=desk.chen)
    assert desk.owed() == {"assigned": 12}


def test_a_list_that_changed_meanwhile_is_not_recorded(desk: Desk) -> None:
    desk.with_roster()
    desk.record(desk.everyone(text=a_code(3)), 1, outcome="合格")

    with pytest.raises(Refused, match="您看到的是12个对象，现在符合的是11个"):
        desk.record(desk.everyone(outcome="none"), 12, outcome="合格")
    assert desk.owed() == {"assigned": 11, "closed": 1}


def test_everything_wrong_with_the_form_is_told_at_once(desk: Desk) -> None:
    desk.with_roster()

    with pytest.raises(Refused) as refused:
        desk.record(desk.everyone(), 0, outcome="优秀", taken_part_on=date(2026, 4, 1))

    assert len(refused.value.reasons) == 3


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2062, 3, 20), "参检日期2062-03-20还没有到（今天是2026-03-02），请核对"),
        (date(1899, 3, 20), "参检日期1899-03-20早于"),
        (date(2024, 12, 31), "参检日期2024-12-31早于2026年年检最早的2025-01-01，请核对"),
        (date(2025, 6, 1), "早于所选对象的登记日期（1个对象），请核对"),
    ],
)
def test_a_day_on_which_nobody_can_have_taken_part_is_refused(desk: Desk, on: date, said: str) -> None:
    rows = [(*row, "2025-12-01" if n == 3 else "2019-05-06") for n, row in enumerate(desk.rows())]
    sheet = a_sheet(desk.folder / "名册.csv", rows, (*HEADINGS, "登记日期"))
    import_roster(desk.bureau, *CHECK, sheet, by=desk.zhou, now=NOW)

    with pytest.raises(Refused) as many:
        desk.record(desk.everyone(), 12, taken_part_on=on)
    with pytest.raises(Refused) as one:
        record_outcome(desk.bureau, *CHECK, a_code(3), taken_part_on=on, by=desk.zhou, now=NOW)

    assert said in str(many.value) and said.replace("所选对象", "第3号社会组织") in str(one.value)
    assert desk.owed() == {"assigned": 12}


def test_days_of_a_sheet_are_checked_row_by_row(desk: Desk) -> None:
    dated = ("登记日期", "参检日期", "结论", "结论日期")
    days = [
        ("1899-12-31", "", "", ""),
        ("2026-12-01", "", "", ""),
        ("2019-05-06", "2062-03-20", "", ""),
        ("2026-02-01", "2026-01-15", "", ""),
        ("2019-05-06", "2026-02-10", "合格", "2026-02-01"),
        ("2019-05-06", "2026-02-10", "合格", "2026-12-01"),
        ("2019-05-06", "2026-02-10", "合格", "2026-02-20"),
    ]
    rows = [(*row, *more) for row, more in zip(desk.rows(), days, strict=False)]
    sheet = a_sheet(desk.folder / "名册.csv", rows, (*HEADINGS, *dated))

    with pytest.raises(Refused) as refused:
        import_roster(desk.bureau, *CHECK, sheet, by=desk.zhou, now=NOW)

    assert list(refused.value.reasons) == [
        "第2行：登记日期1899-12-31早于1949-10-01，请核对。",
        "第3行：登记日期2026-12-01还没有到（今天是2026-03-02），请核对。",
        "第4行：参检日期2062-03-20还没有到（今天是2026-03-02），请核对。",
        "第5行：参检日期2026-01-15早于登记日期2026-02-01，请核对。",
        "第6行：结论日期2026-02-01早于参检或登记的2026-02-10，请核对。",
        "第7行：结论日期2026-12-01还没有到（今天是2026-03-02），请核对。",
    ]


def test_a_dry_run_records_nothing(desk: Desk) -> None:
    desk.with_roster()

    done = desk.record(desk.everyone(), 12, outcome="合格", dry_run=True)

    assert (done.recorded, done.closed) == (12, 12)
    assert desk.owed() == {"assigned": 12}


def test_the_list_is_filtered_by_unit_participation_outcome_and_text(desk: Desk) -> None:
    desk.with_roster()
    desk.record(desk.everyone(text="第9号"), 1, outcome="不合格")
    desk.record(desk.everyone(text="第1号"), 1, taken_part_on=date(2026, 3, 1))

    assert desk.codes(unit_id=desk.tianning, taken_part=False) == [a_code(8), a_code(10), a_code(11)]
    assert desk.codes(taken_part=True, outcome="none") == [a_code(1)]
    assert desk.codes(outcome="failed") == [a_code(9)]
    assert desk.codes(text="%") == []


def test_a_handler_sees_the_subjects_of_his_own_unit_only(desk: Desk) -> None:
    desk.with_roster()

    assert desk.codes(by=desk.wang) == [a_code(n) for n in range(8, 12)]
    assert desk.codes(by=desk.wang, unit_id=desk.liangxi) == []
    standing = read_roster_counts(desk.bureau, *CHECK, by=desk.wang)
    assert ([line.unit for line in standing.units], standing.all.due) == ([TIANNING], 4)
    assert len(list_missing(desk.bureau, *CHECK, by=desk.wang)) == 4
    assert [one.line.due for one in list_rosters(desk.bureau, by=desk.wang)] == [4]


def test_every_check_is_listed_with_its_counts_or_none(desk: Desk) -> None:
    an_edition(desk.bureau, "no_roster", name="没有名册")

    [before] = list_rosters(desk.bureau, by=desk.zhou)
    desk.with_roster()
    [after] = list_rosters(desk.bureau, by=desk.zhou)

    assert (before.line.due, before.line.participation, before.filename) == (None, "—", None)
    assert (after.line.due, after.line.participation, after.filename) == (12, "0.0 %", "名册.csv")


def test_a_campaign_without_a_roster_has_no_list(desk: Desk) -> None:
    apply_edition(desk.bureau, replace(the_check(), campaign="other", roster=None), by=SYSTEM, now=NOW)
    with desk.bureau.store.reading() as connection:
        other = connection.execute(sa.select(sa.func.max(edition.c.id))).scalar_one()

    with pytest.raises(NotFound, match="不按名册办理"):
        list_subjects(desk.bureau, other, SubjectFilter(), by=desk.zhou)
    with pytest.raises(NotFound, match="没有这份名册"):
        list_subjects(desk.bureau, other + 1, SubjectFilter(), by=desk.zhou)


def test_a_faulty_roster_is_counted_by_kind_before_anybody_waits_for_it(desk: Desk) -> None:
    rows = [(a_code(n % 9_000), f"第{n}号", LIANGXI if n % 2 else "云上局") for n in range(10_000)]
    path = a_sheet(desk.folder / "名册.csv", rows)

    with pytest.raises(RowsRefused) as refused:
        check_roster(desk.bureau, *CHECK, path, by=desk.zhou, now=NOW)

    faulty = refused.value.faulty
    assert faulty.kinds == {"单位没有登记": 5_000, "代码重复": 1_000}
    assert (faulty.total, len(faulty.shown)) == (6_000, 200)
    assert (
        check_roster(
            desk.bureau, *CHECK, a_sheet(path, [(a_code(1), "一号", LIANGXI)]), by=desk.zhou, now=NOW
        )
        == 1
    )


def test_a_unit_that_records_its_own_late_is_late_whatever_day_it_states(desk: Desk) -> None:
    """On 2 April a unit says that all of its own took part in March; the coordinator's word is another thing."""
    desk.with_roster()
    april = datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
    march = {"taken_part_on": date(2026, 3, 20), "now": april}

    record_outcome(desk.bureau, *CHECK, a_code(8), by=desk.wang, **march)
    record_outcome(desk.bureau, *CHECK, a_code(9), by=desk.zhou, **march)

    with desk.bureau.store.reading() as connection:
        columns = (obligation.c.submitted_on, obligation.c.late)
        found = (
            sa.select(*columns).where(obligation.c.state == "submitted").order_by(obligation.c.submitted_on)
        )
        assert connection.execute(found).tuples().all() == [
            (date(2026, 3, 20), 0),
            (date(2026, 4, 2), 1),
        ]
