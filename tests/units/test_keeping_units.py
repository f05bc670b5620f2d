"""Units and contacts one at a time: the same rules as a sheet, nothing lost, everything on record."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from duban.accounts.people import list_people
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import Refused
from duban.history.tables import history
from duban.obligations.queries import BulkSelection
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import Grounds, transition_many
from duban.units.importing import ContactInput, UnitInput
from duban.units.service import (
    add_contact,
    add_unit,
    change_contact,
    change_unit,
    retire_contact,
    retire_unit,
    show_unit,
)
from tests.builders import a_person, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 3, 27))


@pytest.fixture
def coordinator(bureau: Bureau) -> Actor:
    return a_person(bureau, "周处长", a_unit(bureau, "市民政局", kind="bureau"), Role.COORDINATOR)


def words(name: str = "孙科长", address: str = "sun@unit.example", **options: object) -> ContactInput:
    values: dict[str, object] = {"duty": "handler", "channel": "mail", "rank": 1} | options
    return ContactInput(name=name, address=address, **values)  # type: ignore[arg-type]


def contacts(bureau: Bureau, coordinator: Actor, unit: str = "天宁区民政局") -> list[tuple[str, str, bool]]:
    return [(one.name, one.address, one.active) for one in show_unit(bureau, unit, by=coordinator).contacts]


def test_a_contact_is_added_changed_and_retired(bureau: Bureau, coordinator: Actor) -> None:
    unit = a_unit(bureau, address=None)

    added = add_contact(bureau, unit, words(), by=coordinator, now=NOW)
    change_contact(bureau, added.id, words("孙处长"), by=coordinator, now=NOW)
    renamed = contacts(bureau, coordinator)
    retire_contact(bureau, added.id, reason="调离", by=coordinator, now=NOW)

    assert renamed == [("孙处长", "sun@unit.example", True)]
    assert contacts(bureau, coordinator) == [("孙处长", "sun@unit.example", False)]
    with bureau.store.reading() as connection:
        verbs = list(connection.scalars(sa.select(history.c.verb).order_by(history.c.id)))
    assert verbs == ["add_contact", "change_contact", "retire_contact"]


def test_a_new_address_is_a_contact_of_its_own(bureau: Bureau, coordinator: Actor) -> None:
    unit = a_unit(bureau, address=None)
    added = add_contact(bureau, unit, words(), by=coordinator, now=NOW)

    change_contact(bureau, added.id, words(address="new@unit.example"), by=coordinator, now=NOW)

    assert sorted(contacts(bureau, coordinator)) == [
        ("孙科长", "new@unit.example", True),
        ("孙科长", "sun@unit.example", False),
    ]


def test_an_address_that_was_retired_can_be_used_again(bureau: Bureau, coordinator: Actor) -> None:
    unit = a_unit(bureau, address=None)
    added = add_contact(bureau, unit, words(), by=coordinator, now=NOW)
    retire_contact(bureau, added.id, reason="调离", by=coordinator, now=NOW)

    again = add_contact(bureau, unit, words("钱科长"), by=coordinator, now=NOW)

    assert again.id == added.id
    assert contacts(bureau, coordinator) == [("钱科长", "sun@unit.example", True)]


def test_every_fault_of_a_contact_is_told_at_once(bureau: Bureau, coordinator: Actor) -> None:
    unit = a_unit(bureau, address=None)

    with pytest.raises(Refused) as refused:
        add_contact(bureau, unit, words(" ", "no address", duty="boss", rank=0), by=coordinator, now=NOW)

    assert len(refused.value.reasons) == 4
    assert contacts(bureau, coordinator) == []


def test_two_contacts_do_not_share_an_address_and_strangers_change_nothing(
    bureau: Bureau, coordinator: Actor
) -> None:
    unit = a_unit(bureau, address="sun@unit.example")
    stranger = a_person(bureau, "赵某", unit, Role.HANDLER)

    with pytest.raises(Refused, match="已有联系人使用"):
        add_contact(bureau, unit, words(), by=coordinator, now=NOW)
    with pytest.raises(Refused, match="权限"):
        add_contact(bureau, unit, words(address="z@unit.example"), by=stranger, now=NOW)


def test_a_unit_is_entered_renamed_and_found_by_all_its_names(bureau: Bureau, coordinator: Actor) -> None:
    add_unit(
        bureau,
        UnitInput(code="xb", name="新北区民政局", kind="district_bureau", parent="市民政局"),
        by=coordinator,
        now=NOW,
    )

    change_unit(
        bureau,
        UnitInput(code="xb", name="新北区民政和社会工作局", kind="district_bureau", aliases=("新北局",)),
        by=coordinator,
        now=NOW,
    )

    for name in ("新北区民政局", "新北局", "xb"):
        assert show_unit(bureau, name, by=coordinator).name == "新北区民政和社会工作局"
    assert show_unit(bureau, "xb", by=coordinator).parent == "市民政局"


def test_a_code_is_not_given_twice(bureau: Bureau, coordinator: Actor) -> None:
    unit = UnitInput(code="xb", name="新北区民政局", kind="district_bureau")
    add_unit(bureau, unit, by=coordinator, now=NOW)

    with pytest.raises(Refused, match="已有单位使用"):
        add_unit(bureau, unit, by=coordinator, now=NOW)
    with pytest.raises(Refused, match="类别"):
        add_unit(bureau, UnitInput(code="wj", name="武进区民政局", kind="?"), by=coordinator, now=NOW)


def test_a_unit_that_still_owes_something_is_not_retired(bureau: Bureau, coordinator: Actor) -> None:
    unit = a_unit(bureau)
    number = an_obligation(bureau, unit_id=unit)

    with pytest.raises(Refused, match="1项未办结"):
        retire_unit(bureau, unit, reason="合并", by=coordinator, now=NOW)
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == number).values(state="closed"))
    retire_unit(bureau, unit, reason="合并", by=coordinator, now=NOW)

    assert not show_unit(bureau, "天宁区民政局", by=coordinator).active


def test_chosen_matters_are_suspended_and_the_others_left(bureau: Bureau, coordinator: Actor) -> None:
    edition, unit = an_edition(bureau), a_unit(bureau)
    first, second, third = (an_obligation(bureau, unit_id=unit, edition_id=edition) for _ in range(3))

    done = transition_many(
        bureau,
        BulkSelection(obligation_ids=(first, third)),
        Transition.SUSPEND,
        Grounds(reason="汛期", authority="局长办公会"),
        by=coordinator,
        now=NOW,
    )

    assert done.changed == 2
    with bureau.store.reading() as connection:
        rows = dict(connection.execute(sa.select(obligation.c.id, obligation.c.state)).all())
    assert rows == {first: "suspended", second: "assigned", third: "suspended"}


def test_a_handler_sees_the_people_of_the_own_unit_only(bureau: Bureau, coordinator: Actor) -> None:
    handler = a_person(bureau, "王科长", a_unit(bureau), Role.HANDLER)

    assert [one.name for one in list_people(bureau, by=handler)] == ["王科长"]
    assert {one.name for one in list_people(bureau, by=coordinator)} == {"王科长", "周处长"}
