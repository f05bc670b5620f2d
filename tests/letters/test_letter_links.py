"""The links that letters carry: each opens the unit of the contact it was sent to, until it ends or is revoked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from duban.accounts.rules import EndedWhy
from duban.accounts.sessions import Ended, EnteredByLink, enter_by_link, find_session, revoke_links
from duban.bureau import Bureau
from duban.core.access import Role
from duban.core.errors import Refused
from duban.units.service import unit_named
from tests.accounts.account_builders import DEVICE, keyed, signed_in, verbs
from tests.builders import a_person
from tests.letters.delivery_builders import (
    THREE_BEFORE,
    WANG,
    District,
    a_contact,
    a_district,
    at,
    hold,
    letters,
    to_files,
)

NOW = at(THREE_BEFORE)
_LINK = re.compile(r"https://portal\.example/l/([^\s?]+)(?:\?to=(\d+))?")


@pytest.fixture
def either_linked_district(either_bureau: Bureau) -> District:
    return a_district(keyed(either_bureau, link_base="https://portal.example/"))


@pytest.fixture
def linked_district(bureau: Bureau) -> District:
    return a_district(keyed(bureau, link_base="https://portal.example/"))


def told(linked_district: District, day: date = THREE_BEFORE) -> str:
    """The text of the letter of that day, the last one sent."""
    hold(linked_district.bureau, day)
    to_files(linked_district.bureau, day)
    return letters(linked_district.bureau)[-1].text


def links(text: str) -> list[tuple[str, str]]:
    return _LINK.findall(text)


def enter(linked_district: District, token: str, **options: int) -> EnteredByLink:
    return enter_by_link(linked_district.bureau, token, device=DEVICE, now=NOW, **options)


def test_the_link_of_a_letter_opens_the_unit_it_was_sent_to(either_linked_district: District) -> None:
    one = either_linked_district.owes()
    ((token, to),) = links(told(either_linked_district))

    entered = enter(either_linked_district, token, obligation_id=int(to))

    assert entered.path == f"/my/{one}"
    assert signed_in(either_linked_district.bureau, entered.token, NOW).unit_id == either_linked_district.unit


def test_every_item_has_its_own_address_under_one_signature(linked_district: District) -> None:
    owed = {str(linked_district.owes()) for _ in range(3)}
    found = links(told(linked_district))

    assert {to for _, to in found} == owed
    assert len({token for token, _ in found}) == 1


def test_a_long_letter_links_to_the_whole_list(linked_district: District) -> None:
    for _ in range(20):
        linked_district.owes()

    text = told(linked_district)

    assert "全部清单：https://portal.example/l/" in text
    assert enter(linked_district, next(token for token, to in links(text) if not to)).path == "/my"


def test_two_contacts_of_a_unit_get_links_of_their_own(linked_district: District) -> None:
    linked_district.owes()
    a_contact(
        linked_district.bureau,
        linked_district.unit,
        "backup@tianning.example",
        name="赵科员",
        duty="backup",
        rank=1,
    )
    told(linked_district)
    tokens = {links(letter.text)[0][0] for letter in letters(linked_district.bureau)}

    names = {
        signed_in(linked_district.bureau, enter(linked_district, token).token, NOW).by.name
        for token in tokens
    }

    assert len(tokens) == len(letters(linked_district.bureau)) and "王科长" in names


def test_what_another_unit_owes_is_opened_by_signing_in(linked_district: District) -> None:
    late = linked_district.owes(due_on=date(2026, 3, 18), ladder="standard")
    for day in (date(2026, 3, 19), THREE_BEFORE):
        told(linked_district, day)
    escalation = next(one for one in letters(linked_district.bureau) if one.subject.startswith("【督办】"))

    assert f"办理：https://portal.example/obligations/{late}\n" in escalation.text
    assert links(escalation.text) == []


def test_without_a_public_address_links_lead_to_the_portal_of_this_machine(linked_district: District) -> None:
    """As `duban up` noted it, whichever process writes the letter; else where it would serve."""
    settings = linked_district.bureau.settings.model_copy(update={"link_base": None})
    here = replace(linked_district, bureau=replace(linked_district.bureau, settings=settings))
    linked_district.owes()

    assert "办理：http://127.0.0.1:8600/l/" in told(here)

    (settings.home / "portal_url").write_text("http://127.0.0.1:43210", encoding="utf-8")
    assert "办理：http://127.0.0.1:43210/l/" in told(here, date(2026, 3, 31))


@pytest.mark.parametrize("missing", [{"link_base": None, "portal_port": 0}, {"portal_key": None}])
def test_without_an_address_or_a_key_a_letter_has_no_link(
    linked_district: District, missing: dict[str, object]
) -> None:
    settings = linked_district.bureau.settings.model_copy(update=missing)
    linked_district.owes()

    text = told(replace(linked_district, bureau=replace(linked_district.bureau, settings=settings)))

    assert "https://" not in text and "请将材料报送我单位并注明编号" in text


def test_revoked_links_and_their_sessions_end_and_the_next_letter_opens_again(
    either_linked_district: District,
) -> None:
    bureau = either_linked_district.bureau
    zhou = a_person(bureau, "周处长", either_linked_district.home, Role.COORDINATOR)
    either_linked_district.owes()
    old = links(told(either_linked_district))[0][0]
    session = enter(either_linked_district, old).token

    done = revoke_links(bureau, unit_named(bureau, "天宁区民政局"), by=zhou, now=NOW)

    assert (done.generation, done.sessions) == (2, 1)
    found = find_session(bureau, session, now=NOW)
    assert isinstance(found, Ended) and found.why is EndedWhy.LINKS_REVOKED
    with pytest.raises(Refused, match="已被撤销"):
        enter(either_linked_district, old)
    assert (
        enter(either_linked_district, links(told(either_linked_district, date(2026, 3, 31)))[0][0]).path
        == "/my"
    )
    assert revoke_links(bureau, unit_named(bureau, "天宁区民政局"), by=zhou, now=NOW).generation == 3
    assert verbs(bureau).count("revoke_links") == 2


def test_a_handler_revokes_nobodys_links_and_a_preview_changes_nothing(linked_district: District) -> None:
    bureau, unit = linked_district.bureau, unit_named(linked_district.bureau, "天宁区民政局")
    wang = a_person(bureau, "王科长", linked_district.unit, Role.HANDLER)
    security = a_person(bureau, "安全员", linked_district.home, Role.SECURITY)
    linked_district.owes()
    token = links(told(linked_district))[0][0]

    with pytest.raises(Refused, match="请由统筹科室或安全管理员办理"):
        revoke_links(bureau, unit, by=wang, now=NOW)
    revoke_links(bureau, unit, by=security, now=NOW, dry_run=True)

    assert enter(linked_district, token).path == "/my" and WANG in letters(bureau)[0].to
