"""Links in messages let a unit's contact in without an account; damaged, foreign, old and revoked ones do not."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from office.actions.enter_by_link import EnteredByLink, enter_by_link
from office.actions.find_session import Ended, find_session
from office.actions.make_link import make_link_token, read_link_token
from office.actions.office import Office
from office.actions.secret_tokens import portal_key
from office.errors import Refused
from office.store import tables
from rules.links import Link
from rules.people import Role
from rules.sessions import Way, Why
from rules.sight import sight_of
from tests.builders import a_person, a_unit
from tests.office.account_builders import DEVICE, NOW, after, keyed, signed_in, verbs

UNTIL = date(2026, 5, 11)


@pytest.fixture
def bureau(office: Office) -> Office:
    return keyed(office)


@pytest.fixture
def unit(bureau: Office) -> int:
    return a_unit(bureau, "天宁区民政局", leader_address="li@unit.example")


def contact_of(office: Office, unit_id: int, duty: str = "handler") -> int:
    wanted = sa.select(tables.contact.c.id).where(
        tables.contact.c.unit_id == unit_id, tables.contact.c.duty == duty
    )
    with office.store.reading() as connection:
        return connection.scalars(wanted).one()


def a_link(office: Office, unit_id: int, *, duty: str = "handler", **said: object) -> str:
    values = {"unit_id": unit_id, "contact_id": contact_of(office, unit_id, duty), "generation": 1}
    return make_link_token(portal_key(office.settings), **(values | {"expires_on": UNTIL} | said))


def enter(office: Office, token: str, now=NOW, **options: int) -> EnteredByLink:
    return enter_by_link(office, token, device=DEVICE, now=now, **options)


def set_inactive(office: Office, table: sa.Table, **where: object) -> None:
    with office.store.writing() as connection:
        connection.execute(sa.update(table).filter_by(**where).values(active=False))


def test_a_link_lets_the_units_handler_in_and_nowhere_else(bureau: Office, unit: int) -> None:
    other = a_unit(bureau, "钟楼区民政局")

    found = signed_in(bureau, enter(bureau, a_link(bureau, unit)).token)

    assert (found.way, found.unit_id, found.by.name) == (Way.LINK, unit, "王科长")
    assert found.by.roles == {Role.HANDLER} and found.by.unit_ids == {unit}
    assert sight_of(found.by).sees(unit) and not sight_of(found.by).sees(other)


def test_who_is_more_at_home_is_only_a_handler_by_the_link(bureau: Office, unit: int) -> None:
    a_person(bureau, "王科长", unit, Role.COORDINATOR, Role.REVIEWER)

    found = signed_in(bureau, enter(bureau, a_link(bureau, unit)).token)

    assert found.by.roles == {Role.HANDLER} and not sight_of(found.by).everything


def test_the_units_leader_may_look_and_not_act(bureau: Office, unit: int) -> None:
    found = signed_in(bureau, enter(bureau, a_link(bureau, unit, duty="deputy_leader")).token)

    assert (found.by.name, found.by.roles) == ("李局长", frozenset())
    assert sight_of(found.by).sees(unit) and not sight_of(found.by).everything


def test_a_contact_who_is_not_in_the_register_is_entered_once(bureau: Office, unit: int) -> None:
    enter(bureau, a_link(bureau, unit))
    enter(bureau, a_link(bureau, unit))

    assert verbs(bureau) == ["add_person", "sign_in", "sign_in"]


def test_a_link_leads_to_the_list_or_to_the_item_that_was_pressed(bureau: Office, unit: int) -> None:
    assert enter(bureau, a_link(bureau, unit)).path == "/my"
    assert enter(bureau, a_link(bureau, unit), obligation_id=7).path == "/my/7"
    assert enter(bureau, a_link(bureau, unit, obligation_id=9)).path == "/my/9"


def test_a_link_is_short_and_gives_back_what_was_put_in(bureau: Office) -> None:
    said = Link(unit_id=12_345, contact_id=67_890, generation=3, expires_on=UNTIL, obligation_id=1_000_000)
    key = portal_key(bureau.settings)
    token = make_link_token(key, **{name: getattr(said, name) for name in said.__slots__})

    assert read_link_token(key, token) == said
    assert len(token) < 110


@pytest.mark.parametrize("place", [0, 8, 20, -1])
def test_an_altered_link_is_refused_with_the_next_step(bureau: Office, unit: int, place: int) -> None:
    token = a_link(bureau, unit)
    swapped = "A" if token[place] != "A" else "B"
    altered = token[:place] + swapped + (token[place + 1 :] if place != -1 else "")

    with pytest.raises(Refused, match="请") as refused:
        enter(bureau, altered)
    assert verbs(bureau) == [] and "链接" in str(refused.value)


@pytest.mark.parametrize("token", ["", "x", "a.b", "aaaaaa.a.b", "../../etc", "王科长", "a" * 5_000])
def test_what_is_no_link_at_all_is_refused(bureau: Office, token: str) -> None:
    with pytest.raises(Refused, match="链接"):
        enter(bureau, token)


def test_a_link_cut_off_in_copying_is_refused(bureau: Office, unit: int) -> None:
    with pytest.raises(Refused, match="不完整或被改动"):
        enter(bureau, a_link(bureau, unit)[:-7])


def test_another_bureaus_link_is_told_from_a_damaged_one(bureau: Office, unit: int) -> None:
    theirs = a_link(keyed(bureau, "the-key-of-another-bureau"), unit)

    with pytest.raises(Refused, match="不是本系统发出的"):
        enter(bureau, theirs)


def test_a_link_ends_after_its_last_day(bureau: Office, unit: int) -> None:
    token = a_link(bureau, unit, expires_on=date(2026, 3, 27))

    assert enter(bureau, token).path == "/my"
    with pytest.raises(Refused, match=r"已于2026年3月27日到期.*最近一封消息"):
        enter(bureau, token, after(days=1))


def test_a_link_of_an_earlier_generation_is_refused(bureau: Office, unit: int) -> None:
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(tables.link_generation).values(unit_id=unit, generation=2, changed_at=NOW)
        )

    with pytest.raises(Refused, match="已被撤销"):
        enter(bureau, a_link(bureau, unit))
    assert enter(bureau, a_link(bureau, unit, generation=2)).path == "/my"


def test_a_retired_contacts_link_and_session_are_over(bureau: Office, unit: int) -> None:
    token = enter(bureau, a_link(bureau, unit)).token

    set_inactive(bureau, tables.contact, id=contact_of(bureau, unit))

    with pytest.raises(Refused, match="联系人王科长已停用"):
        enter(bureau, a_link(bureau, unit))
    found = find_session(bureau, token, now=NOW)
    assert isinstance(found, Ended) and found.why is Why.RETIRED


def test_the_link_of_somebody_who_left_is_refused(bureau: Office, unit: int) -> None:
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)

    set_inactive(bureau, tables.person, id=wang.person_id)

    with pytest.raises(Refused, match="联系人王科长已停用"):
        enter(bureau, a_link(bureau, unit))


def test_a_link_whose_contact_now_belongs_to_another_unit_is_refused(bureau: Office, unit: int) -> None:
    other = a_unit(bureau, "钟楼区民政局")
    token = a_link(bureau, unit, contact_id=contact_of(bureau, other))

    with pytest.raises(Refused, match="不在名录中"):
        enter(bureau, token)
