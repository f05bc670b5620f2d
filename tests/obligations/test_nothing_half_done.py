"""A full disk or a locked database is one sentence for the operator, and nothing of the act remains."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from duban.bureau import Bureau
from duban.core import db as engine
from duban.core.access import SYSTEM, Role
from duban.core.credit_code import check_digit
from duban.core.db import metadata, open_store
from duban.core.errors import Fault
from duban.editions.service import apply_edition
from duban.rosters.sheets import import_roster
from tests.builders import a_person, a_unit

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
DUE = date(2026, 5, 29)


def the_check(*, points: int = 1) -> Edition:
    milestone = Milestone(
        key="report",
        title="报登记管理机关",
        source=Source(document="社会团体登记管理条例", item="REG-1"),
        due_phrase="5月29日前",
        leads=("梁溪区民政局",),
        per_subject=True,
        points=tuple(Point(label=str(n), due_on=DUE, last_workday=DUE) for n in range(points)),
    )
    return Edition(
        campaign="check",
        name="年检",
        kind=CampaignKind.ANNUAL_CHECK,
        year=2026,
        roster="名册",
        milestones=(milestone,),
    )


@pytest.fixture
def coordinated_bureau(bureau: Bureau) -> Bureau:
    home = a_unit(bureau, "市民政局", kind="bureau")
    a_unit(bureau, "梁溪区民政局")
    a_person(bureau, "周处长", home, Role.COORDINATOR)
    return bureau


def rows_in(bureau: Bureau) -> dict[str, int]:
    counted = ("edition", "milestone", "point", "obligation", "roster", "subject", "history")
    with bureau.store.reading() as connection:
        return {
            name: connection.execute(
                sa.select(sa.func.count()).select_from(metadata.tables[name])
            ).scalar_one()
            for name in counted
        }


def fill_the_disk(bureau: Bureau) -> None:
    """From now on the database file may not grow by a single page."""
    bureau.store.engine.dispose()
    event.listen(bureau.store.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))


def a_roster(folder: Path, count: int) -> Path:
    path = folder / "名册.csv"
    heads = (f"5132041{number:010d}" for number in range(count))
    rows = [(head + check_digit(head), "社会组织" * 20, "梁溪区民政局") for head in heads]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("统一社会信用代码", "名称", "业务主管单位"), *rows])
    return path


def test_a_full_disk_leaves_no_part_of_an_edition(coordinated_bureau: Bureau) -> None:
    before = rows_in(coordinated_bureau)
    fill_the_disk(coordinated_bureau)

    with pytest.raises(Fault, match="磁盘已满"):
        apply_edition(coordinated_bureau, the_check(points=500), by=SYSTEM, now=NOW)

    assert rows_in(coordinated_bureau) == before


def test_a_full_disk_leaves_no_part_of_a_roster(coordinated_bureau: Bureau, tmp_path: Path) -> None:
    apply_edition(coordinated_bureau, the_check(), by=SYSTEM, now=NOW)
    zhou = a_person(coordinated_bureau, "吴处长", 1, Role.COORDINATOR)
    before = rows_in(coordinated_bureau)
    fill_the_disk(coordinated_bureau)

    with pytest.raises(Fault, match="磁盘已满"):
        import_roster(coordinated_bureau, "check", 2026, a_roster(tmp_path, 5_000), by=zhou, now=NOW)

    assert rows_in(coordinated_bureau) == before


def test_a_locked_database_is_told_in_one_sentence(
    coordinated_bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0)
    other = open_store(coordinated_bureau.settings.store_url)
    before = rows_in(coordinated_bureau)

    with (
        coordinated_bureau.store.writing(),
        pytest.raises(Fault, match="正被其他程序占用"),
        other.writing(),
    ):
        pass

    other.close()
    assert rows_in(coordinated_bureau) == before


def test_after_the_disk_has_room_again_the_same_act_goes_through(coordinated_bureau: Bureau) -> None:
    fill_the_disk(coordinated_bureau)
    with pytest.raises(Fault):
        apply_edition(coordinated_bureau, the_check(points=500), by=SYSTEM, now=NOW)

    again = open_store(coordinated_bureau.settings.store_url)
    bureau = Bureau(
        settings=coordinated_bureau.settings,
        store=again,
        vault=coordinated_bureau.vault,
        workdays=coordinated_bureau.workdays,
        ladders=coordinated_bureau.ladders,
    )
    assert apply_edition(bureau, the_check(points=500), by=SYSTEM, now=NOW).outcome == "new"
    again.close()
