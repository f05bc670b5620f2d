"""A holiday notice: one brings it in, another confirms, open dates follow, each unit is told once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from calendars.notices.draft import NoticeDraft, NoticeRefused
from calendars.notices.records import read_json
from calendars.notices.text import read_text
from calendars.workdays.files import load_workdays, project
from duban.bureau import Bureau
from duban.cli.dates import read_notice
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.editions.notices import confirm_notice, preview_notice, propose_notice
from duban.editions.queries import confirmed_tables
from duban.editions.service import apply_edition
from duban.editions.tables import point
from duban.history.tables import history
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from tests.builders import a_person, a_unit

PUBLISHED = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 9, 1, 0, tzinfo=UTC)
SUNDAY, FRIDAY = date(2027, 1, 31), date(2027, 1, 29)
BOTH = ("天宁区民政局", "钟楼区民政局")


def the_notice(*worked: date, title: str = "某办发〔2026〕9号") -> NoticeDraft:
    """Next year as it is projected, with these weekend days worked."""
    days = [
        {"name": day.names[0] if day.names else "", "date": day.on.isoformat(), "isOffDay": True}
        for day in project(2027).off
    ]
    days += [{"name": "春节", "date": on.isoformat(), "isOffDay": False} for on in worked]
    return read_json(json.dumps({"year": 2027, "papers": [title], "days": days}).encode())


def a_milestone(bureau: Bureau, key: str, phrase: str, due_on: date) -> Milestone:
    point = Point(
        label="", due_on=due_on, last_workday=bureau.workdays.on_or_before(due_on), provisional=True
    )
    return Milestone(
        key=key,
        title=key,
        source=Source(document="市民政局年度总结", item="S3-1"),
        due_phrase=phrase,
        leads=BOTH,
        points=(point,),
    )


def an_edition(bureau: Bureau, *, roll: str = "none", campaign: str = "winter_warmth") -> Edition:
    due_on = FRIDAY if roll == "previous" else SUNDAY
    return Edition(
        campaign=campaign,
        name="寒冬送温暖",
        kind=CampaignKind.EVENT,
        year=2027,
        roll=roll,
        roll_reason=None if roll == "none" else "市局惯例",
        milestones=(
            a_milestone(bureau, "summary", "1月底前", due_on),
            a_milestone(bureau, "report", "1月底前", due_on),
        ),
    )


@pytest.fixture
def coordinated(bureau: Bureau) -> tuple[Bureau, Actor, Actor]:
    return staffed(bureau)


@pytest.fixture
def pg_coordinated(pg_bureau: Bureau) -> tuple[Bureau, Actor, Actor]:
    return staffed(pg_bureau)


def staffed(bureau: Bureau) -> tuple[Bureau, Actor, Actor]:
    home = a_unit(bureau, "市民政局", kind="bureau")
    for name in BOTH:
        a_unit(bureau, name)
    zhou = a_person(bureau, "周处长", home, Role.COORDINATOR)
    wu = a_person(bureau, "吴处长", home, Role.COORDINATOR)
    return bureau, zhou, wu


def points(bureau: Bureau) -> set[tuple[date, date, bool]]:
    table = point
    with bureau.store.reading() as connection:
        rows = connection.execute(sa.select(table.c.due_on, table.c.last_workday, table.c.provisional))
        return {tuple(row) for row in rows}


def letters(bureau: Bureau) -> list[tuple[int, int]]:
    with bureau.store.reading() as connection:
        rows = connection.execute(sa.select(dispatch.c.unit_id, dispatch.c.payload))
        return [(row.unit_id, row.payload["total"]) for row in rows]


def verbs(bureau: Bureau) -> list[str]:
    with bureau.store.reading() as connection:
        return list(
            connection.execute(
                sa.select(history.c.verb)
                .where(history.c.noun.in_(("notice", "milestone")))
                .order_by(history.c.id)
            ).scalars()
        )


def assert_follows(coordinated: tuple[Bureau, Actor, Actor]) -> None:
    bureau, zhou, wu = coordinated
    apply_edition(bureau, an_edition(bureau), by=SYSTEM, now=PUBLISHED)
    assert points(bureau) == {(SUNDAY, FRIDAY, True)}

    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)
    done = confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW)

    assert done.told == BOTH
    assert points(bureau) == {(SUNDAY, SUNDAY, False)}
    assert [total for _, total in letters(bureau)] == [2, 2]
    assert verbs(bureau) == ["propose", "change", "change", "confirm"]


def test_a_confirmed_notice_moves_the_last_workday_and_tells_each_unit_once(coordinated) -> None:
    assert_follows(coordinated)


@pytest.mark.postgres
def test_a_confirmed_notice_moves_the_last_workday_on_postgresql(pg_coordinated) -> None:
    assert_follows(pg_coordinated)


def test_a_campaign_that_rolls_its_dates_moves_what_is_owed(coordinated) -> None:
    bureau, zhou, wu = coordinated
    apply_edition(bureau, an_edition(bureau, roll="previous"), by=SYSTEM, now=PUBLISHED)

    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)
    done = confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW)

    assert done.obligations_moved == 4
    with bureau.store.reading() as connection:
        assert set(connection.execute(sa.select(obligation.c.due_on)).scalars()) == {SUNDAY}


def test_a_notice_that_moves_nothing_lifts_the_provisional_mark_and_bothers_nobody(coordinated) -> None:
    bureau, zhou, wu = coordinated
    apply_edition(bureau, an_edition(bureau), by=SYSTEM, now=PUBLISHED)

    propose_notice(bureau, the_notice(), by=zhou, now=NOW)
    done = confirm_notice(bureau, the_notice(), by=wu, now=NOW)

    assert points(bureau) == {(SUNDAY, FRIDAY, False)}
    assert done.told == ()
    assert letters(bureau) == []


def test_who_brought_the_notice_in_does_not_confirm_it(coordinated) -> None:
    bureau, zhou, _ = coordinated
    propose_notice(bureau, the_notice(), by=zhou, now=NOW)

    with pytest.raises(Refused, match="须由另一人核对确认"):
        confirm_notice(bureau, the_notice(), by=zhou, now=NOW)

    with bureau.store.reading() as connection:
        assert confirmed_tables(connection) == ()


def test_a_notice_nobody_brought_in_is_not_confirmed(coordinated) -> None:
    bureau, _, wu = coordinated

    with pytest.raises(Refused, match="还没有人导入"):
        confirm_notice(bureau, the_notice(), by=wu, now=NOW)


def test_the_second_person_must_hand_in_the_same_days(coordinated) -> None:
    bureau, zhou, wu = coordinated
    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)

    with pytest.raises(Refused, match="还没有人导入"):
        confirm_notice(bureau, the_notice(), by=wu, now=NOW)


def test_confirming_twice_changes_nothing_more(coordinated) -> None:
    bureau, zhou, wu = coordinated
    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)
    confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW)

    again = confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW)

    assert again.already
    assert verbs(bureau).count("confirm") == 1


def test_a_confirmed_notice_is_in_force_for_everyone_who_opens_the_office(coordinated) -> None:
    bureau, zhou, wu = coordinated
    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)
    confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW)

    with bureau.store.reading() as connection:
        known = load_workdays(confirmed_tables(connection))

    assert known.is_workday(SUNDAY)
    assert not known.is_provisional(SUNDAY, SUNDAY)


def test_a_preview_of_the_confirmation_writes_nothing(coordinated) -> None:
    bureau, zhou, wu = coordinated
    apply_edition(bureau, an_edition(bureau), by=SYSTEM, now=PUBLISHED)
    propose_notice(bureau, the_notice(SUNDAY), by=zhou, now=NOW)

    shown = confirm_notice(bureau, the_notice(SUNDAY), by=wu, now=NOW, dry_run=True)

    assert shown.told == BOTH
    assert points(bureau) == {(SUNDAY, FRIDAY, True)}
    assert letters(bureau) == []


def test_a_notice_with_problems_is_shown_and_refused(coordinated) -> None:
    bureau, zhou, _ = coordinated
    off_already = date(2027, 2, 6)

    shown = preview_notice(bureau, the_notice(off_already), now=NOW)
    assert not shown.preview.acceptable
    with pytest.raises(Refused, match="既写了放假又写了上班"):
        propose_notice(bureau, the_notice(off_already), by=zhou, now=NOW)


@pytest.mark.parametrize("text", ["", "   \n", "今天天气很好。"])
def test_an_empty_or_meaningless_notice_is_refused(text: str) -> None:
    with pytest.raises(NoticeRefused):
        read_text(text, 2027)


def test_the_command_answers_a_malformed_notice_with_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "通知.json"
    bad.write_text('{"year": 2027, "days": [}', encoding="utf-8")

    with pytest.raises(Refused, match="请"):
        read_notice(str(bad), None)
