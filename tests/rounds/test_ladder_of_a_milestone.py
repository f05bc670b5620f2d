"""A campaign file with a weekly, a monthly and a single duty: each is reminded of by the ladder that fits it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM
from duban.editions.service import apply_edition
from duban.editions.tables import milestone
from duban.obligations.tables import obligation
from duban.rounds.tables import reminder, round_
from duban.units.tables import unit
from tests.builders import a_unit
from tests.calendars.campaign_files import read_campaign, write_campaign
from tests.letters.delivery_builders import hold, to_files

OPENED = date(2025, 9, 1)  # a Monday
FILE = """
campaign: signs
name: 地名标志巡检
kind: filing
year: 2025
documents:
  A1: 2025年工作要点 附件1
milestones:
  - {key: plan, title: 方案报备案, source: A1-1, due: 11月底前, lead: 天宁区}
  - {key: weekly, title: 进度周报, source: A1-2, due: 每周二中午12时前, lead: 天宁区}
  - {key: monthly, title: 月度自查, source: A1-3, due: 每月, ladder: light, lead: 天宁区}
"""


def apply(bureau: Bureau, tmp_path, text: str, on: date = OPENED) -> None:
    edition = read_campaign(write_campaign(tmp_path, text))
    apply_edition(bureau, edition, by=SYSTEM, now=clock.at(on))


@pytest.fixture
def city(either_bureau: Bureau) -> Bureau:
    a_unit(either_bureau, "市民政局", kind="bureau", leader_address="li@mzj.example")
    a_unit(either_bureau, "天宁区民政局")
    return either_bureau


def ladders(bureau: Bureau) -> dict[str, str]:
    with bureau.store.reading() as connection:
        rows = connection.execute(
            sa.select(milestone.c.key, obligation.c.ladder)
            .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
            .where(obligation.c.state != "cancelled")
            .distinct()
        )
        return {row.key: row.ladder for row in rows}


def test_each_duty_has_its_own_ladder_and_a_changed_file_changes_it(city: Bureau, tmp_path) -> None:
    apply(city, tmp_path, FILE)
    assert ladders(city) == {"plan": "standard", "weekly": "standard@5", "monthly": "light"}

    apply(city, tmp_path, FILE.replace("ladder: light", "ladder: event"), on=date(2025, 9, 2))

    assert ladders(city)["monthly"] == "event"


def test_a_weekly_report_that_nobody_hands_in_costs_one_advance_one_due_and_one_chase_each(
    city: Bureau, tmp_path
) -> None:
    apply(city, tmp_path, FILE)
    for n in range(40):
        hold(city, OPENED + timedelta(days=n))
        to_files(city, OPENED + timedelta(days=n))

    with city.store.reading() as connection:
        told = connection.execute(
            sa.select(obligation.c.due_on, reminder.c.kind, round_.c.held_on)
            .join_from(reminder, obligation, obligation.c.id == reminder.c.obligation_id)
            .join(round_, round_.c.id == reminder.c.round_id)
            .join(milestone, milestone.c.id == obligation.c.milestone_id)
            .join(unit, unit.c.id == reminder.c.target_unit_id)
            .where(milestone.c.key == "weekly", reminder.c.status == "planned", unit.c.name == "天宁区民政局")
        ).all()
    each = Counter((row.due_on, row.kind) for row in told)
    assert max(each.values()) == 1
    second = {row.kind: row.held_on for row in told if row.due_on == date(2025, 9, 16)}
    assert second.items() >= {
        ("advance", date(2025, 9, 15)),
        ("due", date(2025, 9, 16)),
        ("chase", date(2025, 9, 17)),
    }
