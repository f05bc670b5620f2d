"""Whoever reads the ledger sees what his role and units allow, and nothing tells him that there is more."""

from __future__ import annotations

from datetime import date

import pytest

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import NotFound
from duban.core.lights import Light
from duban.obligations.file import show_obligation
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import list_obligations
from tests.builders import a_person, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 20)


def two_units(bureau: Bureau) -> tuple[int, int, int, int]:
    own, foreign = a_unit(bureau), a_unit(bureau, "钟楼区民政局")
    edition = an_edition(bureau)
    mine = an_obligation(bureau, unit_id=own, edition_id=edition)
    theirs = an_obligation(bureau, unit_id=foreign, edition_id=edition)
    return own, foreign, mine, theirs


def seen_by(bureau: Bureau, by: Actor, light: Light | None = None) -> list[int]:
    page = list_obligations(bureau, ObligationFilter(), today=TODAY, by=by, light=light)
    return [one.id for one in page.obligations]


def test_a_handler_finds_own_units_only_with_and_without_a_light(bureau: Bureau) -> None:
    own, foreign, mine, theirs = two_units(bureau)
    wang = a_person(bureau, "王科长", own, Role.HANDLER)

    assert seen_by(bureau, wang) == [mine]
    assert seen_by(bureau, wang, Light.GREEN) == [mine]
    assert list_obligations(bureau, ObligationFilter(unit_id=foreign), today=TODAY, by=wang).total == 0
    assert show_obligation(bureau, mine, by=wang, today=TODAY).id == mine
    with pytest.raises(NotFound, match=f"没有编号为 {theirs} 的任务"):
        show_obligation(bureau, theirs, by=wang, today=TODAY)


def test_a_person_of_two_units_finds_both_and_one_without_a_role_nothing(bureau: Bureau) -> None:
    own, foreign, mine, theirs = two_units(bureau)
    wang = a_person(bureau, "王科长", own, Role.HANDLER)
    both = Actor(
        name=wang.name, person_id=wang.person_id, unit_id=own, roles=wang.roles, also=frozenset({foreign})
    )
    nobody = a_person(bureau, "赵某", own)
    guard = a_person(bureau, "安全员", own, Role.SECURITY)

    assert seen_by(bureau, both) == [mine, theirs]
    assert seen_by(bureau, nobody) == seen_by(bureau, guard) == []


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.OPERATOR])
def test_the_bureau_finds_everything(bureau: Bureau, role: Role) -> None:
    _, _, mine, theirs = two_units(bureau)
    officer = a_person(bureau, "周处长", a_unit(bureau, "市民政局", kind="bureau"), role)

    assert seen_by(bureau, officer) == seen_by(bureau, SYSTEM) == [mine, theirs]
    assert show_obligation(bureau, theirs, by=officer, today=TODAY).id == theirs
