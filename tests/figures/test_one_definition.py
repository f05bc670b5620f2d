"""A rate is one thing: Prefect's tables, letters, bulletins, commands and pages print the same number."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from calendars.model import CampaignKind
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM
from duban.obligations.tables import obligation
from duban.reports.board import read_board
from duban.reports.bulletins import Period, compose_bulletin
from duban.rosters.rules import RosterCounts
from duban.rosters.service import read_roster_counts
from duban.rounds.gate_rules import RATE_NAMES
from duban.rounds.gates import sum_up_edition
from flows.campaigns import checked, filed
from tests.builders import a_point, a_unit, an_edition, an_obligation
from tests.rosters.test_rosters import HEADINGS, NOW, a_sheet, bring_in, subjects, with_check

DUE = date(2026, 3, 31)


def test_the_pass_rate_of_a_check_is_the_same_in_prefect_and_on_the_roster(
    bureau: Bureau, tmp_path: Path
) -> None:
    """Of 8 that took part 4 have a conclusion and 3 passed: 75.0 %, never 37.5 %."""
    known = with_check(bureau)
    came = (
        [("2026-03-01", "合格")] * 3 + [("2026-03-01", "不合格")] + [("2026-03-01", "")] * 4 + [("", "")] * 2
    )
    rows = [(*row, *more) for row, more in zip(subjects(10), came, strict=True)]
    bring_in(known, a_sheet(tmp_path, rows, headings=(*HEADINGS, "参检日期", "结论")))

    [row] = checked(sum_up_edition(bureau, "social_org_annual_check", 2026, now=NOW))
    [line] = read_roster_counts(bureau, "social_org_annual_check", 2026, by=SYSTEM).units

    assert row["合格率"] == "75.0 %（3/4）"
    assert row["参检率"] == "80.0 %（8/10）"
    assert row["年检率"] == "40.0 %（4/10）"
    assert row["合格率"].startswith(line.passing)
    assert row["参检率"].startswith(line.participation)
    assert row["年检率"].startswith(line.completion)


def test_a_roster_nobody_has_to_take_part_in_has_no_rate() -> None:
    empty = RosterCounts(due=0, left_out=5)

    assert [empty.rate(key).exact for key in ("participation", "completion", "passing")] == ["—（0/0）"] * 3


@pytest.fixture
def three_plans(bureau: Bureau) -> Bureau:
    """One closed by a published conclusion, one overdue, one waived, one due only later."""
    edition = an_edition(bureau)
    point = a_point(bureau, edition, due_on=DUE)
    for name, values in {
        "天宁区民政局": {"state": "closed", "closed_on": DUE},
        "钟楼区民政局": {"state": "assigned"},
        "金坛区民政局": {"state": "waived"},
        "溧阳市民政局": {"state": "assigned", "due_on": date(2026, 9, 30)},
    }.items():
        own = {"edition_id": edition, "point": point, "due_on": DUE}
        key = an_obligation(bureau, unit_id=a_unit(bureau, name), **own)
        with bureau.store.writing() as connection:
            connection.execute(sa.update(obligation).where(obligation.c.id == key).values(**values))
    return bureau


def test_bulletin_board_and_prefect_print_one_rate(three_plans: Bureau) -> None:
    now = clock.at(date(2026, 4, 3))
    board = read_board(three_plans, by=SYSTEM, today=date(2026, 4, 3))
    [row] = filed(sum_up_edition(three_plans, "place_name_signs", 2026, now=now))
    bulletin = compose_bulletin(three_plans, Period.DAILY, now=now).text

    assert board.tally.rate("in_time").exact == "50.0 %（1/2）"
    assert "应办结 2 条，按时办结 1 条，按时办结率 50.0 %" in bulletin
    assert row["办结率"] == board.tally.rate("done").exact == "50.0 %（1/2）"
    # What is left out is named, with its number, beside the rate.
    for words in (bulletin, row["不计入"]):
        assert "1项尚未到期" in words
        assert "1项免办、暂停、撤销或未启动" in words


def test_where_done_is_another_thing_the_rate_has_another_name() -> None:
    assert {kind for kind, name in RATE_NAMES.items() if name == "办结率"} == set(CampaignKind) - {
        CampaignKind.FILING,
        CampaignKind.QUOTA,
    }


ROOMS = ("duban", "flows", "notifications", "tasks")


def test_a_percentage_is_computed_in_one_place_only() -> None:
    """Whoever divides to print a percentage asks calendars.formulas."""
    divides = re.compile(r"100 ?\*[^\n]*/|/[^\n]*\* ?100\b|:\.\d%\}")
    found = [
        f"{path}:{number}"
        for room in ROOMS
        for ending in ("*.py", "*.html", "*.j2")
        for path in sorted(Path(room).rglob(ending))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if divides.search(line)
    ]
    # Points behind the calendar, how much of a file has come, and the rehearsal, which works facts out by itself.
    others = (
        "duban/obligations/lights.py",
        "duban/evidence/",
        "duban/portal/templates/my/choosers.html",
        "duban/rehearse/",
    )
    assert [one for one in found if not one.startswith(others)] == []
