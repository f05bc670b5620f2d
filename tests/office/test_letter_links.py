"""The links that letters carry: each opens the unit of the contact it was sent to, until it ends or is revoked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from office.actions.enter_by_link import EnteredByLink, enter_by_link
from office.actions.find import unit_named
from office.actions.find_session import Ended, find_session
from office.actions.office import Office
from office.actions.revoke_links import revoke_links
from office.errors import Refused
from rules.people import Role
from rules.sessions import Why
from tests.builders import a_person
from tests.office.account_builders import DEVICE, keyed, signed_in, verbs
from tests.office.delivery_builders import (
    THREE_BEFORE,
    WANG,
    Bureau,
    a_bureau,
    a_contact,
    at,
    hold,
    letters,
    to_files,
)

NOW = at(THREE_BEFORE)
_LINK = re.compile(r"https://portal\.example/l/([^\s?]+)(?:\?to=(\d+))?")


@pytest.fixture(params=["office", pytest.param("pg_office", marks=pytest.mark.postgres)])
def anywhere(request: pytest.FixtureRequest) -> Bureau:
    office = request.getfixturevalue(request.param)
    return a_bureau(keyed(office, link_base="https://portal.example/"))


@pytest.fixture
def bureau(office: Office) -> Bureau:
    return a_bureau(keyed(office, link_base="https://portal.example/"))


def told(bureau: Bureau, day: date = THREE_BEFORE) -> str:
    """The text of the letter of that day, the last one sent."""
    hold(bureau.office, day)
    to_files(bureau.office, day)
    return letters(bureau.office)[-1].text


def links(text: str) -> list[tuple[str, str]]:
    return _LINK.findall(text)


def enter(bureau: Bureau, token: str, **options: int) -> EnteredByLink:
    return enter_by_link(bureau.office, token, device=DEVICE, now=NOW, **options)


def test_the_link_of_a_letter_opens_the_unit_it_was_sent_to(anywhere: Bureau) -> None:
    one = anywhere.owes()
    ((token, to),) = links(told(anywhere))

    entered = enter(anywhere, token, obligation_id=int(to))

    assert entered.path == f"/my/{one}"
    assert signed_in(anywhere.office, entered.token, NOW).unit_id == anywhere.unit


def test_every_item_has_its_own_address_under_one_signature(bureau: Bureau) -> None:
    owed = {str(bureau.owes()) for _ in range(3)}
    found = links(told(bureau))

    assert {to for _, to in found} == owed
    assert len({token for token, _ in found}) == 1


def test_a_long_letter_links_to_the_whole_list(bureau: Bureau) -> None:
    for _ in range(20):
        bureau.owes()

    text = told(bureau)

    assert "全部清单：https://portal.example/l/" in text
    assert enter(bureau, next(token for token, to in links(text) if not to)).path == "/my"


def test_two_contacts_of_a_unit_get_links_of_their_own(bureau: Bureau) -> None:
    bureau.owes()
    a_contact(bureau.office, bureau.unit, "backup@tianning.example", name="赵科员", duty="backup", rank=1)
    told(bureau)
    tokens = {links(letter.text)[0][0] for letter in letters(bureau.office)}

    names = {signed_in(bureau.office, enter(bureau, token).token, NOW).by.name for token in tokens}

    assert len(tokens) == len(letters(bureau.office)) and "王科长" in names


def test_what_another_unit_owes_is_opened_by_signing_in(bureau: Bureau) -> None:
    late = bureau.owes(due_on=date(2026, 3, 18), ladder="standard")
    for day in (date(2026, 3, 19), THREE_BEFORE):
        told(bureau, day)
    escalation = next(one for one in letters(bureau.office) if one.subject.startswith("【督办】"))

    assert f"办理：https://portal.example/obligations/{late}\n" in escalation.text
    assert links(escalation.text) == []


@pytest.mark.parametrize("missing", ["link_base", "portal_key"])
def test_without_an_address_or_a_key_a_letter_has_no_link(bureau: Bureau, missing: str) -> None:
    settings = bureau.office.settings.model_copy(update={missing: None})
    bureau.owes()

    text = told(replace(bureau, office=replace(bureau.office, settings=settings)))

    assert "https://" not in text and "请将材料报送我单位并注明编号" in text


def test_revoked_links_and_their_sessions_end_and_the_next_letter_opens_again(anywhere: Bureau) -> None:
    office = anywhere.office
    zhou = a_person(office, "周处长", anywhere.home, Role.COORDINATOR)
    anywhere.owes()
    old = links(told(anywhere))[0][0]
    session = enter(anywhere, old).token

    done = revoke_links(office, unit_named(office, "天宁区民政局"), by=zhou, now=NOW)

    assert (done.generation, done.sessions) == (2, 1)
    found = find_session(office, session, now=NOW)
    assert isinstance(found, Ended) and found.why is Why.LINKS_REVOKED
    with pytest.raises(Refused, match="已被撤销"):
        enter(anywhere, old)
    assert enter(anywhere, links(told(anywhere, date(2026, 3, 31)))[0][0]).path == "/my"
    assert revoke_links(office, unit_named(office, "天宁区民政局"), by=zhou, now=NOW).generation == 3
    assert verbs(office).count("revoke_links") == 2


def test_a_handler_revokes_nobodys_links_and_a_preview_changes_nothing(bureau: Bureau) -> None:
    office, unit = bureau.office, unit_named(bureau.office, "天宁区民政局")
    wang = a_person(office, "王科长", bureau.unit, Role.HANDLER)
    security = a_person(office, "安全员", bureau.home, Role.SECURITY)
    bureau.owes()
    token = links(told(bureau))[0][0]

    with pytest.raises(Refused, match="请由统筹科室或安全管理员办理"):
        revoke_links(office, unit, by=wang, now=NOW)
    revoke_links(office, unit, by=security, now=NOW, dry_run=True)

    assert enter(bureau, token).path == "/my" and WANG in letters(office)[0].to
