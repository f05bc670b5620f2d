"""What a bulletin says, to the figure."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.obligations.tables import obligation
from duban.reports.bulletins import Period, bulletin_span_of, write_bulletin
from tests.builders import a_point, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 4, 3))


@pytest.fixture
def a_campaign(bureau: Bureau) -> None:
    """Four districts owe a plan by 31 March: one closed in time, one late, one waived, one overdue."""
    edition_id = an_edition(bureau)
    point = a_point(bureau, edition_id, due_on=date(2026, 3, 31))
    fates = {
        "天宁区民政局": {
            "state": "closed",
            "submitted_on": date(2026, 3, 30),
            "closed_on": date(2026, 3, 31),
        },
        "钟楼区民政局": {
            "state": "closed",
            "submitted_on": date(2026, 4, 1),
            "closed_on": date(2026, 4, 2),
            "late": 1,
        },
        "金坛区民政局": {"state": "waived"},
        "溧阳市民政局": {"state": "assigned"},
    }
    for name, values in fates.items():
        obligation_id = an_obligation(
            bureau, unit_id=a_unit(bureau, name), edition_id=edition_id, point=point, due_on=date(2026, 3, 31)
        )
        with bureau.store.writing() as connection:
            connection.execute(sa.update(obligation).where(obligation.c.id == obligation_id).values(**values))


@pytest.mark.usefixtures("a_campaign")
def test_a_daily_bulletin_counts_and_names_who_is_overdue(bureau: Bureau):
    written = write_bulletin(bureau, Period.DAILY, now=NOW)

    text = written.path.read_text(encoding="utf-8")
    assert written.path.name == "2026-04-03-日报.md"
    assert "在办专项行动 1 项，任务 3 条：已销号 2 条，待审核 0 条，逾期 1 条。" in text
    # Waived is out of the denominator; what was handed in late keeps its mark.
    assert "应办结 3 条，按时办结 1 条，按时办结率 33.3 %" in text
    assert "地名标志巡检·巡检计划报备案，时限 2026-03-31：溧阳市民政局" in text


@pytest.mark.usefixtures("a_campaign")
def test_a_weekly_bulletin_tells_what_happened_in_seven_days(bureau: Bureau):
    text = write_bulletin(bureau, Period.WEEKLY, now=NOW).text

    assert "督办周报（2026-03-28 至 2026-04-03）" in text
    assert "本期到期 3 条，销号 2 条" in text


def test_an_empty_office_has_a_dash_for_its_rate(bureau: Bureau):
    text = write_bulletin(bureau, Period.DAILY, now=NOW).text

    assert "按时办结率 —" in text
    assert "没有逾期事项" in text


def test_the_monthly_bulletin_is_of_the_month_before():
    assert bulletin_span_of(Period.MONTHLY, date(2026, 3, 1)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert bulletin_span_of(Period.MONTHLY, date(2026, 1, 15)) == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.usefixtures("a_campaign")
def test_written_twice_it_is_one_file(bureau: Bureau):
    write_bulletin(bureau, Period.DAILY, now=NOW)
    written = write_bulletin(bureau, Period.DAILY, now=NOW)

    assert [path.name for path in written.path.parent.iterdir()] == [written.path.name]
