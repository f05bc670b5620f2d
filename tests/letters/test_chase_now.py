"""A chase by hand reaches every address of a unit once a day, never for what is not owed, and says all that beforehand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Role
from duban.core.errors import Refused
from duban.figures.tables import progress
from duban.history.tables import history
from duban.letters.chases import chase_now
from duban.letters.queries import ChaseScope
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from tests.builders import a_person, a_unit, an_edition, an_obligation
from tests.letters.delivery_builders import letters, to_files

TODAY = date(2026, 3, 27)  # a Friday
NOW = clock.at(TODAY, time(10, 0))


class Case:
    """Two districts under the city; the first has a deputy leader, who gets copies."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.city = a_unit(bureau, "市民政局", kind="bureau")
        self.north = a_unit(bureau, "天宁区民政局", address="n@unit.example", leader_address="l@unit.example")
        self.south = a_unit(bureau, "钟楼区民政局", address="s@unit.example")
        self.edition = an_edition(bureau, coordinator_unit_id=self.city)
        self.coordinator = a_person(bureau, "周处长", self.city, Role.COORDINATOR)

    def owes(self, unit: int, state: str = "assigned", **options: Any) -> int:
        return an_obligation(
            self.bureau, unit_id=unit, edition_id=options.pop("edition", self.edition), state=state, **options
        )

    def chase(self, *, now: Any = NOW, words: str = "", dry_run: bool = False, **scope: Any) -> Any:
        return chase_now(
            self.bureau, ChaseScope(**scope), words=words, by=self.coordinator, now=now, dry_run=dry_run
        )

    def rows(self) -> list[Any]:
        with self.bureau.store.reading() as connection:
            return list(connection.execute(sa.select(dispatch).order_by(dispatch.c.id)))


def test_a_quota_bears_the_light_of_its_newest_figure(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    quota = case.owes(case.south, due_on=date(2026, 12, 31), target=Decimal(100))
    # By 30 June half of the period has gone: 10 would be red, 45 is on its way.
    figures = [(date(2026, 6, 20), Decimal(45)), (date(2026, 3, 31), Decimal(10))]
    with either_bureau.store.writing() as connection:
        for as_of_on, value in figures:
            connection.execute(
                sa.insert(progress).values(
                    obligation_id=quota,
                    value=value,
                    as_of_on=as_of_on,
                    reported_by=case.coordinator.person_id,
                    reported_at=NOW,
                )
            )

    (letter,) = case.chase(
        now=clock.at(date(2026, 6, 30), time(10, 0)), dry_run=True, unit_ids=(case.south,)
    ).letters

    assert "绿灯" in letter.text


def test_every_unit_of_an_edition_gets_one_message_at_each_address(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    for unit in (case.north, case.north, case.south):
        case.owes(unit)

    done = case.chase(edition_id=case.edition, words="今天下班前报送")

    assert [(one.unit, one.address, one.obligations) for one in done.letters] == [
        ("天宁区民政局", "n@unit.example", 2),
        ("天宁区民政局", "l@unit.example", 2),
        ("钟楼区民政局", "s@unit.example", 1),
    ]
    assert (done.units, done.obligations, done.nobody, done.already) == (2, 3, (), ())
    assert {(row.kind, row.status, row.day) for row in case.rows()} == {("chase_now", "pending", TODAY)}


def test_what_is_done_waived_suspended_or_handed_in_is_never_chased(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    for state in ("submitted", "accepted", "closed", "waived", "suspended", "cancelled"):
        case.owes(case.north, state)
    owed = case.owes(case.south, "returned")

    done = case.chase(edition_id=case.edition)

    assert [one.unit for one in done.letters] == ["钟楼区民政局"]
    assert case.rows()[0].payload["items"] == [{"obligation_id": owed}]
    with pytest.raises(Refused, match="没有正在办理的任务"):
        case.chase(unit_ids=(case.north,))


def test_nothing_of_a_paused_edition_or_not_yet_opened_is_chased(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    case.owes(case.north, edition=an_edition(either_bureau, "paused", state="paused"))
    case.owes(case.north, opened_on=date(2026, 4, 1))

    with pytest.raises(Refused):
        case.chase(unit_ids=(case.north,))


def test_a_unit_is_chased_once_a_day(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    case.owes(case.north)
    case.owes(case.south)
    case.chase(unit_ids=(case.north,))

    second = case.chase(edition_id=case.edition)

    assert [one.unit for one in second.letters] == ["钟楼区民政局"]
    assert second.already == ("天宁区民政局",)
    with pytest.raises(Refused, match="今天已催办过"):
        case.chase(edition_id=case.edition)
    tomorrow = case.chase(edition_id=case.edition, now=clock.at(date(2026, 3, 30), time(10, 0)))
    assert tomorrow.units == 2


def test_a_preview_shows_the_very_letter_and_writes_nothing(bureau: Bureau) -> None:
    case = Case(bureau)
    case.owes(case.south)

    (seen,) = case.chase(edition_id=case.edition, words="今天下班前报送", dry_run=True).letters
    nothing = case.rows()
    case.chase(edition_id=case.edition, words="今天下班前报送")
    to_files(bureau, TODAY, time(10, 1))

    assert nothing == []
    (sent,) = letters(bureau)
    assert sent.subject == seen.subject
    assert "催办说明：今天下班前报送" in (seen.text or "") and "催办人：周处长" in (seen.text or "")
    assert sent.text.split() == (seen.text or "").split()


def test_a_preview_does_not_show_the_link_that_opens_the_units_page(bureau: Bureau) -> None:
    settings = bureau.settings.model_copy(
        update={"link_base": "http://portal.test", "portal_key": SecretStr("a key for this test alone, long")}
    )
    case = Case(replace(bureau, settings=settings))
    case.owes(case.south)

    (seen,) = case.chase(edition_id=case.edition, dry_run=True).letters

    assert "专用链接" in (seen.text or "")
    assert "/l/" not in (seen.text or "")


def test_what_is_handed_in_before_the_message_leaves_is_not_chased_any_more(bureau: Bureau) -> None:
    case = Case(bureau)
    case.owes(case.south)
    case.chase(edition_id=case.edition)
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(state="submitted"))

    to_files(bureau, TODAY, time(10, 1))

    assert letters(bureau) == []
    assert [row.status for row in case.rows()] == ["withdrawn"]


@pytest.mark.parametrize(
    ("day", "hour", "leaves"),
    [
        (TODAY, time(10, 0), clock.at(TODAY, time(10, 0))),
        (TODAY, time(21, 0), clock.at(date(2026, 3, 30), time(8, 0))),
        (date(2026, 3, 28), time(10, 0), clock.at(date(2026, 3, 30), time(8, 0))),
    ],
)
def test_quiet_hours_and_days_off_put_it_off(bureau: Bureau, day: date, hour: time, leaves: Any) -> None:
    case = Case(bureau)
    case.owes(case.south)

    done = case.chase(edition_id=case.edition, now=clock.at(day, hour))

    assert done.leaves_at == leaves
    assert [row.not_before for row in case.rows()] == [leaves]


def test_a_unit_without_a_contact_is_named_and_left_for_the_coordinator(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    silent = a_unit(either_bureau, "新北区民政局", address=None)
    case.owes(silent)

    done = case.chase(edition_id=case.edition)

    assert (done.letters, done.nobody, done.obligations) == ((), ("新北区民政局",), 0)
    assert [(row.status, row.unit_id) for row in case.rows()] == [("failed", silent)]


def test_only_the_chosen_matters_and_days_are_chased(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    soon = case.owes(case.north, due_on=date(2026, 3, 31))
    case.owes(case.north, due_on=date(2026, 12, 31))
    case.owes(case.south, "acknowledged", due_on=date(2026, 3, 31))

    by_day = case.chase(edition_id=case.edition, due_until=date(2026, 3, 31), dry_run=True)
    unread = case.chase(edition_id=case.edition, unread_since=date(2026, 3, 24), dry_run=True)
    chosen = case.chase(obligation_ids=(soon,), dry_run=True)

    assert by_day.obligations == 2
    assert (unread.units, unread.obligations) == (1, 2)
    assert (chosen.units, chosen.obligations) == (1, 1)


def test_it_is_recorded_in_the_file_of_what_was_chased(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    number = case.owes(case.north)

    case.chase(obligation_ids=(number,), words="请抓紧")

    with either_bureau.store.reading() as connection:
        (line,) = connection.execute(sa.select(history).where(history.c.verb == "chase"))
    assert (line.noun, line.noun_id, line.actor) == ("obligation", number, "周处长")
    assert "请抓紧" in line.detail


def test_a_stranger_the_system_and_a_boundless_chase_are_refused(either_bureau: Bureau) -> None:
    case = Case(either_bureau)
    case.owes(case.north)
    handler = a_person(either_bureau, "赵某", case.north, Role.HANDLER)

    for by in (SYSTEM, handler):
        with pytest.raises(Refused):
            chase_now(either_bureau, ChaseScope(edition_id=case.edition), by=by, now=NOW)
    with pytest.raises(Refused, match="请先选定"):
        case.chase()
    assert case.rows() == []
