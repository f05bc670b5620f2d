"""Links in messages let a unit's contact in without an account; damaged, foreign, old and revoked ones do not."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from duban.accounts.rules import EndedWhy, SignInWay
from duban.accounts.sessions import Ended, EnteredByLink, enter_by_link, find_session
from duban.accounts.tables import link_generation
from duban.bureau import Bureau
from duban.core.access import Role, visible_units
from duban.core.errors import Refused
from duban.core.secrets import portal_key
from duban.letters.links import make_link_token, read_link_token
from duban.letters.rules import Link
from duban.units.tables import contact, person
from tests.accounts.account_builders import DEVICE, NOW, after, keyed, signed_in, verbs
from tests.builders import a_person, a_unit

UNTIL = date(2026, 5, 11)


@pytest.fixture
def keyed_bureau(bureau: Bureau) -> Bureau:
    return keyed(bureau)


@pytest.fixture
def unit(keyed_bureau: Bureau) -> int:
    return a_unit(keyed_bureau, "天宁区民政局", leader_address="li@unit.example")


def contact_of(bureau: Bureau, unit_id: int, duty: str = "handler") -> int:
    wanted = sa.select(contact.c.id).where(contact.c.unit_id == unit_id, contact.c.duty == duty)
    with bureau.store.reading() as connection:
        return connection.scalars(wanted).one()


def a_link(bureau: Bureau, unit_id: int, *, duty: str = "handler", **said: object) -> str:
    values = {"unit_id": unit_id, "contact_id": contact_of(bureau, unit_id, duty), "generation": 1}
    return make_link_token(portal_key(bureau.settings), **(values | {"expires_on": UNTIL} | said))


def enter(bureau: Bureau, token: str, now=NOW, **options: int) -> EnteredByLink:
    return enter_by_link(bureau, token, device=DEVICE, now=now, **options)


def set_inactive(bureau: Bureau, table: sa.Table, **where: object) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(table).filter_by(**where).values(active=False))


def test_a_link_lets_the_units_handler_in_and_nowhere_else(keyed_bureau: Bureau, unit: int) -> None:
    other = a_unit(keyed_bureau, "钟楼区民政局")

    found = signed_in(keyed_bureau, enter(keyed_bureau, a_link(keyed_bureau, unit)).token)

    assert (found.way, found.unit_id, found.by.name) == (SignInWay.LINK, unit, "王科长")
    assert found.by.roles == {Role.HANDLER} and found.by.unit_ids == {unit}
    assert visible_units(found.by).sees(unit) and not visible_units(found.by).sees(other)


def test_who_is_more_at_home_is_only_a_handler_by_the_link(keyed_bureau: Bureau, unit: int) -> None:
    a_person(keyed_bureau, "王科长", unit, Role.COORDINATOR, Role.REVIEWER)

    found = signed_in(keyed_bureau, enter(keyed_bureau, a_link(keyed_bureau, unit)).token)

    assert found.by.roles == {Role.HANDLER} and not visible_units(found.by).everything


def test_the_units_leader_may_look_and_not_act(keyed_bureau: Bureau, unit: int) -> None:
    found = signed_in(
        keyed_bureau, enter(keyed_bureau, a_link(keyed_bureau, unit, duty="deputy_leader")).token
    )

    assert (found.by.name, found.by.roles) == ("李局长", frozenset())
    assert visible_units(found.by).sees(unit) and not visible_units(found.by).everything


def test_a_contact_who_is_not_in_the_register_is_entered_once(keyed_bureau: Bureau, unit: int) -> None:
    enter(keyed_bureau, a_link(keyed_bureau, unit))
    enter(keyed_bureau, a_link(keyed_bureau, unit))

    assert verbs(keyed_bureau) == ["add_person", "sign_in", "sign_in"]


def test_a_link_leads_to_the_list_or_to_the_item_that_was_pressed(keyed_bureau: Bureau, unit: int) -> None:
    assert enter(keyed_bureau, a_link(keyed_bureau, unit)).path == "/my"
    assert enter(keyed_bureau, a_link(keyed_bureau, unit), obligation_id=7).path == "/my/7"
    assert enter(keyed_bureau, a_link(keyed_bureau, unit, obligation_id=9)).path == "/my/9"


def test_a_link_is_short_and_gives_back_what_was_put_in(keyed_bureau: Bureau) -> None:
    said = Link(unit_id=12_345, contact_id=67_890, generation=3, expires_on=UNTIL, obligation_id=1_000_000)
    key = portal_key(keyed_bureau.settings)
    token = make_link_token(key, **{name: getattr(said, name) for name in said.__slots__})

    assert read_link_token(key, token) == said
    assert len(token) < 110


@pytest.mark.parametrize("place", [0, 8, 20, -1])
def test_an_altered_link_is_refused_with_the_next_step(keyed_bureau: Bureau, unit: int, place: int) -> None:
    token = a_link(keyed_bureau, unit)
    swapped = "A" if token[place] != "A" else "B"
    altered = token[:place] + swapped + (token[place + 1 :] if place != -1 else "")

    with pytest.raises(Refused, match="请") as refused:
        enter(keyed_bureau, altered)
    assert verbs(keyed_bureau) == [] and "链接" in str(refused.value)


@pytest.mark.parametrize("token", ["", "x", "a.b", "aaaaaa.a.b", "../../etc", "王科长", "a" * 5_000])
def test_what_is_no_link_at_all_is_refused(keyed_bureau: Bureau, token: str) -> None:
    with pytest.raises(Refused, match="链接"):
        enter(keyed_bureau, token)


def test_a_link_cut_off_in_copying_is_refused(keyed_bureau: Bureau, unit: int) -> None:
    with pytest.raises(Refused, match="不完整或被改动"):
        enter(keyed_bureau, a_link(keyed_bureau, unit)[:-7])


def test_another_bureaus_link_is_told_from_a_damaged_one(keyed_bureau: Bureau, unit: int) -> None:
    theirs = a_link(keyed(keyed_bureau, "the-key-of-another-bureau"), unit)

    with pytest.raises(Refused, match="不是本系统发出的"):
        enter(keyed_bureau, theirs)


def test_a_link_ends_after_its_last_day(keyed_bureau: Bureau, unit: int) -> None:
    token = a_link(keyed_bureau, unit, expires_on=date(2026, 3, 27))

    assert enter(keyed_bureau, token).path == "/my"
    with pytest.raises(Refused, match=r"已于2026年3月27日到期.*最近一封消息"):
        enter(keyed_bureau, token, after(days=1))


def test_a_link_of_an_earlier_generation_is_refused(keyed_bureau: Bureau, unit: int) -> None:
    with keyed_bureau.store.writing() as connection:
        connection.execute(sa.insert(link_generation).values(unit_id=unit, generation=2, changed_at=NOW))

    with pytest.raises(Refused, match="已被撤销"):
        enter(keyed_bureau, a_link(keyed_bureau, unit))
    assert enter(keyed_bureau, a_link(keyed_bureau, unit, generation=2)).path == "/my"


def test_a_retired_contacts_link_and_session_are_over(keyed_bureau: Bureau, unit: int) -> None:
    token = enter(keyed_bureau, a_link(keyed_bureau, unit)).token

    set_inactive(keyed_bureau, contact, id=contact_of(keyed_bureau, unit))

    with pytest.raises(Refused, match="联系人王科长已停用"):
        enter(keyed_bureau, a_link(keyed_bureau, unit))
    found = find_session(keyed_bureau, token, now=NOW)
    assert isinstance(found, Ended) and found.why is EndedWhy.RETIRED


def test_the_link_of_somebody_who_left_is_refused(keyed_bureau: Bureau, unit: int) -> None:
    wang = a_person(keyed_bureau, "王科长", unit, Role.HANDLER)

    set_inactive(keyed_bureau, person, id=wang.person_id)

    with pytest.raises(Refused, match="联系人王科长已停用"):
        enter(keyed_bureau, a_link(keyed_bureau, unit))


def test_a_link_whose_contact_now_belongs_to_another_unit_is_refused(keyed_bureau: Bureau, unit: int) -> None:
    other = a_unit(keyed_bureau, "钟楼区民政局")
    token = a_link(keyed_bureau, unit, contact_id=contact_of(keyed_bureau, other))

    with pytest.raises(Refused, match="不在名录中"):
        enter(keyed_bureau, token)
