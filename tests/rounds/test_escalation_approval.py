"""With approval on, an escalation waits for a coordinator: nobody above the unit hears of it before, and only once after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.history.tables import history
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.queries import HeldSelection
from duban.rounds.service import approve_escalations, decline_escalations, held_escalations, hold_round
from duban.rounds.tables import reminder
from tests.builders import a_person, a_unit, an_edition, an_obligation
from tests.letters.delivery_builders import to_files

DUE = date(2026, 3, 31)
CHASED = date(2026, 4, 1)
ESCALATES = date(2026, 4, 9)  # six workdays after, counted in the notice of 2026
NEXT = date(2026, 4, 10)


@pytest.fixture
def approving_bureau(either_bureau: Bureau) -> Bureau:
    settings = either_bureau.settings.model_copy(update={"escalation_approval": True})
    return replace(either_bureau, settings=settings)


class Case:
    """A district bureau under the city's, one coordinator, some overdue matters of the district's."""

    def __init__(self, bureau: Bureau, matters: int = 1) -> None:
        self.bureau = bureau
        self.city = a_unit(bureau, "市民政局", kind="bureau", leader_address="leader@city.example")
        self.unit = a_unit(bureau, parent=self.city)
        self.edition = an_edition(bureau, coordinator_unit_id=self.city)
        self.coordinator = a_person(bureau, "周处长", self.city, Role.COORDINATOR)
        self.ids = [
            an_obligation(bureau, unit_id=self.unit, edition_id=self.edition, due_on=DUE)
            for _ in range(matters)
        ]
        # Chased the day after: without that nobody above would ever hear.
        self.hold(CHASED)
        to_files(bureau, CHASED)

    def hold(self, day: date, hour: time = time(8, 30)) -> Any:
        return hold_round(self.bureau, now=clock.at(day, hour))

    def escalations(self) -> list[str]:
        table = reminder
        with self.bureau.store.reading() as connection:
            statement = sa.select(table.c.status).where(table.c.kind == "escalate")
            return sorted(connection.scalars(statement))

    def letters_above(self) -> list[Any]:
        table = dispatch
        with self.bureau.store.reading() as connection:
            found = sa.select(table).where(table.c.unit_id == self.city).order_by(table.c.id)
            return list(connection.execute(found))

    def set(self, table: sa.Table, **values: object) -> None:
        with self.bureau.store.writing() as connection:
            connection.execute(sa.update(table).values(**values))


def test_an_escalation_waits_and_the_superior_hears_nothing(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)

    report = case.hold(ESCALATES)
    case.hold(NEXT)

    assert case.escalations() == ["held"]
    assert case.letters_above() == []
    assert "督办1条待统筹科室批准" in report.sentence
    (waits,) = held_escalations(approving_bureau, by=case.coordinator).escalations
    assert (waits.unit, waits.to_unit) == ("天宁区民政局", "市民政局")


def test_without_the_setting_it_goes_at_once(approving_bureau: Bureau) -> None:
    case = Case(
        replace(
            approving_bureau,
            settings=approving_bureau.settings.model_copy(update={"escalation_approval": False}),
        )
    )

    case.hold(ESCALATES)

    assert case.escalations() == ["planned"]
    assert [row.status for row in case.letters_above()] == ["pending"]


def test_an_approved_one_joins_the_digest_of_the_same_day(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)

    done = approve_escalations(
        approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(ESCALATES, time(10, 0))
    )

    assert (done.decided, done.released) == (1, 1)
    assert case.escalations() == ["planned"]
    assert [(row.kind, row.items, row.status) for row in case.letters_above()] == [("digest", 1, "pending")]


def test_it_goes_with_the_next_round_when_the_readers_letter_of_the_day_has_left(
    approving_bureau: Bureau,
) -> None:
    case = Case(approving_bureau)
    an_obligation(approving_bureau, unit_id=case.city, edition_id=case.edition, due_on=date(2026, 4, 9))
    case.hold(ESCALATES)
    case.set(dispatch, status="accepted")

    done = approve_escalations(
        approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(ESCALATES, time(10, 0))
    )
    waits = case.escalations()
    case.hold(NEXT)

    assert (done.decided, done.released, waits) == (1, 0, ["approved"])
    assert case.escalations() == ["planned"]
    leader = [row for row in case.letters_above() if row.address == "leader@city.example"]
    assert [(row.day, row.items) for row in leader if row.status == "pending"] == [(NEXT, 2)]  # and a copy


def test_an_approval_before_the_days_round_goes_with_it_and_only_once(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)
    approve_escalations(
        approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(NEXT, time(7, 0))
    )

    case.hold(NEXT)
    case.hold(NEXT, time(9, 0))
    case.hold(date(2026, 4, 13))

    assert case.escalations() == ["planned"]
    assert [row.day for row in case.letters_above()] == [NEXT]


def test_a_declined_one_keeps_the_reason_and_never_goes(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)

    decline_escalations(
        approving_bureau,
        HeldSelection(),
        reason="已当面说明",
        by=case.coordinator,
        now=clock.at(ESCALATES, time(10, 0)),
    )
    case.hold(NEXT)

    assert case.escalations() == ["superseded"]
    assert case.letters_above() == []
    with approving_bureau.store.reading() as connection:
        causes = list(connection.scalars(sa.select(reminder.c.cause)))
        last = connection.execute(sa.select(history).where(history.c.verb == "decline_escalations")).one()
    assert "未获批准：已当面说明" in causes
    assert "已当面说明" in last.detail


def test_what_is_done_before_the_approval_lapses(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau, matters=2)
    case.hold(ESCALATES)
    case.set(obligation, state="closed")

    with pytest.raises(Refused, match="已办结"):
        approve_escalations(
            approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(ESCALATES, time(10, 0))
        )
    case.hold(NEXT)

    assert held_escalations(approving_bureau, by=case.coordinator).total == 0
    assert case.escalations() == ["superseded", "superseded"]
    assert case.letters_above() == []


def test_what_is_handed_in_stays_held_and_comes_back_when_it_is_sent_back(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)
    case.set(obligation, state="submitted")
    case.hold(NEXT)
    waiting_meanwhile = held_escalations(approving_bureau, by=case.coordinator).total

    case.set(obligation, state="returned")

    assert waiting_meanwhile == 0
    assert held_escalations(approving_bureau, by=case.coordinator).total == 1


def test_what_was_approved_and_then_done_is_not_sent(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)
    approve_escalations(
        approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(NEXT, time(7, 0))
    )
    case.set(obligation, state="closed")

    case.hold(NEXT)

    assert case.escalations() == ["superseded"]
    assert case.letters_above() == []


def test_only_the_chosen_ones_are_approved(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau, matters=3)
    case.hold(ESCALATES)

    chosen = HeldSelection(obligation_ids=tuple(case.ids[:2]))
    approve_escalations(approving_bureau, chosen, by=case.coordinator, now=clock.at(ESCALATES, time(10, 0)))

    assert case.escalations() == ["held", "planned", "planned"]
    assert [row.items for row in case.letters_above()] == [2]


def test_a_dry_run_approves_nothing(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)

    approve_escalations(
        approving_bureau, HeldSelection(), by=case.coordinator, now=clock.at(ESCALATES), dry_run=True
    )

    assert case.escalations() == ["held"]
    assert case.letters_above() == []


def test_a_second_coordinator_finds_it_decided(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)
    now = clock.at(ESCALATES, time(10, 0))
    approve_escalations(
        approving_bureau, HeldSelection(obligation_ids=tuple(case.ids)), by=case.coordinator, now=now
    )

    with pytest.raises(Refused, match="已由他人批复"):
        decline_escalations(
            approving_bureau,
            HeldSelection(obligation_ids=tuple(case.ids)),
            reason="重复",
            by=case.coordinator,
            now=now,
        )


def test_reviewers_and_the_system_itself_may_not_approve(approving_bureau: Bureau) -> None:
    case = Case(approving_bureau)
    case.hold(ESCALATES)
    reviewer: Actor = a_person(approving_bureau, "钱科员", case.city, Role.REVIEWER)

    for stranger in (reviewer, SYSTEM):
        with pytest.raises(Refused):
            approve_escalations(approving_bureau, HeldSelection(), by=stranger, now=clock.at(ESCALATES))
    with pytest.raises(Refused, match="理由"):
        decline_escalations(
            approving_bureau, HeldSelection(), reason=" ", by=case.coordinator, now=clock.at(ESCALATES)
        )
    assert case.escalations() == ["held"]
