"""Whoever reads the ledger sees what his role and units allow, and nothing tells him that there is more."""

from __future__ import annotations

from datetime import date

import pytest

from office.actions.list_obligations import list_obligations
from office.actions.office import Office
from office.actions.show_obligation import show_obligation
from office.errors import NotFound
from office.store.obligation_list import Filter
from rules.people import SYSTEM, Actor, Role
from rules.standing import Light
from tests.builders import a_person, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 20)


def two_units(office: Office) -> tuple[int, int, int, int]:
    own, foreign = a_unit(office), a_unit(office, "钟楼区民政局")
    edition = an_edition(office)
    mine = an_obligation(office, unit_id=own, edition_id=edition)
    theirs = an_obligation(office, unit_id=foreign, edition_id=edition)
    return own, foreign, mine, theirs


def seen_by(office: Office, by: Actor, light: Light | None = None) -> list[int]:
    page = list_obligations(office, Filter(), today=TODAY, by=by, light=light)
    return [one.listed.id for one in page.obligations]


def test_a_handler_finds_own_units_only_with_and_without_a_light(office: Office) -> None:
    own, foreign, mine, theirs = two_units(office)
    wang = a_person(office, "王科长", own, Role.HANDLER)

    assert seen_by(office, wang) == [mine]
    assert seen_by(office, wang, Light.GREEN) == [mine]
    assert list_obligations(office, Filter(unit_id=foreign), today=TODAY, by=wang).total == 0
    assert show_obligation(office, mine, by=wang, today=TODAY).obligation.listed.id == mine
    with pytest.raises(NotFound, match=f"没有编号为 {theirs} 的任务"):
        show_obligation(office, theirs, by=wang, today=TODAY)


def test_a_person_of_two_units_finds_both_and_one_without_a_role_nothing(office: Office) -> None:
    own, foreign, mine, theirs = two_units(office)
    wang = a_person(office, "王科长", own, Role.HANDLER)
    both = Actor(
        name=wang.name, person_id=wang.person_id, unit_id=own, roles=wang.roles, also=frozenset({foreign})
    )
    nobody = a_person(office, "赵某", own)
    guard = a_person(office, "安全员", own, Role.SECURITY)

    assert seen_by(office, both) == [mine, theirs]
    assert seen_by(office, nobody) == seen_by(office, guard) == []


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.OPERATOR])
def test_the_bureau_finds_everything(office: Office, role: Role) -> None:
    _, _, mine, theirs = two_units(office)
    officer = a_person(office, "周处长", a_unit(office, "市民政局", kind="bureau"), role)

    assert seen_by(office, officer) == seen_by(office, SYSTEM) == [mine, theirs]
    assert show_obligation(office, theirs, by=officer, today=TODAY).obligation.listed.id == theirs
