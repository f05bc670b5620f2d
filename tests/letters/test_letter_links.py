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
    Furnished,
    a_bureau,
    a_contact,
    at,
    hold,
    letters,
    to_files,
)

NOW = at(THREE_BEFORE)
_LINK = re.compile(r"https://portal\.example/l/([^\s?]+)(?:\?to=(\d+))?")


@pytest.fixture
def anywhere(either_bureau: Bureau) -> Furnished:
    return a_bureau(keyed(either_bureau, link_base="https://portal.example/"))


@pytest.fixture
def furnished(bureau: Bureau) -> Furnished:
    return a_bureau(keyed(bureau, link_base="https://portal.example/"))


def told(furnished: Furnished, day: date = THREE_BEFORE) -> str:
    """The text of the letter of that day, the last one sent."""
    hold(furnished.bureau, day)
    to_files(furnished.bureau, day)
    return letters(furnished.bureau)[-1].text


def links(text: str) -> list[tuple[str, str]]:
    return _LINK.findall(text)


def enter(furnished: Furnished, token: str, **options: int) -> EnteredByLink:
    return enter_by_link(furnished.bureau, token, device=DEVICE, now=NOW, **options)


def test_the_link_of_a_letter_opens_the_unit_it_was_sent_to(anywhere: Furnished) -> None:
    one = anywhere.owes()
    ((token, to),) = links(told(anywhere))

    entered = enter(anywhere, token, obligation_id=int(to))

    assert entered.path == f"/my/{one}"
    assert signed_in(anywhere.bureau, entered.token, NOW).unit_id == anywhere.unit


def test_every_item_has_its_own_address_under_one_signature(furnished: Furnished) -> None:
    owed = {str(furnished.owes()) for _ in range(3)}
    found = links(told(furnished))

    assert {to for _, to in found} == owed
    assert len({token for token, _ in found}) == 1


def test_a_long_letter_links_to_the_whole_list(furnished: Furnished) -> None:
    for _ in range(20):
        furnished.owes()

    text = told(furnished)

    assert "全部清单：https://portal.example/l/" in text
    assert enter(furnished, next(token for token, to in links(text) if not to)).path == "/my"


def test_two_contacts_of_a_unit_get_links_of_their_own(furnished: Furnished) -> None:
    furnished.owes()
    a_contact(
        furnished.bureau, furnished.unit, "backup@tianning.example", name="赵科员", duty="backup", rank=1
    )
    told(furnished)
    tokens = {links(letter.text)[0][0] for letter in letters(furnished.bureau)}

    names = {signed_in(furnished.bureau, enter(furnished, token).token, NOW).by.name for token in tokens}

    assert len(tokens) == len(letters(furnished.bureau)) and "王科长" in names


def test_what_another_unit_owes_is_opened_by_signing_in(furnished: Furnished) -> None:
    late = furnished.owes(due_on=date(2026, 3, 18), ladder="standard")
    for day in (date(2026, 3, 19), THREE_BEFORE):
        told(furnished, day)
    escalation = next(one for one in letters(furnished.bureau) if one.subject.startswith("【督办】"))

    assert f"办理：https://portal.example/obligations/{late}\n" in escalation.text
    assert links(escalation.text) == []


@pytest.mark.parametrize("missing", ["link_base", "portal_key"])
def test_without_an_address_or_a_key_a_letter_has_no_link(furnished: Furnished, missing: str) -> None:
    settings = furnished.bureau.settings.model_copy(update={missing: None})
    furnished.owes()

    text = told(replace(furnished, bureau=replace(furnished.bureau, settings=settings)))

    assert "https://" not in text and "请将材料报送我单位并注明编号" in text


def test_revoked_links_and_their_sessions_end_and_the_next_letter_opens_again(anywhere: Furnished) -> None:
    bureau = anywhere.bureau
    zhou = a_person(bureau, "周处长", anywhere.home, Role.COORDINATOR)
    anywhere.owes()
    old = links(told(anywhere))[0][0]
    session = enter(anywhere, old).token

    done = revoke_links(bureau, unit_named(bureau, "天宁区民政局"), by=zhou, now=NOW)

    assert (done.generation, done.sessions) == (2, 1)
    found = find_session(bureau, session, now=NOW)
    assert isinstance(found, Ended) and found.why is EndedWhy.LINKS_REVOKED
    with pytest.raises(Refused, match="已被撤销"):
        enter(anywhere, old)
    assert enter(anywhere, links(told(anywhere, date(2026, 3, 31)))[0][0]).path == "/my"
    assert revoke_links(bureau, unit_named(bureau, "天宁区民政局"), by=zhou, now=NOW).generation == 3
    assert verbs(bureau).count("revoke_links") == 2


def test_a_handler_revokes_nobodys_links_and_a_preview_changes_nothing(furnished: Furnished) -> None:
    bureau, unit = furnished.bureau, unit_named(furnished.bureau, "天宁区民政局")
    wang = a_person(bureau, "王科长", furnished.unit, Role.HANDLER)
    security = a_person(bureau, "安全员", furnished.home, Role.SECURITY)
    furnished.owes()
    token = links(told(furnished))[0][0]

    with pytest.raises(Refused, match="请由统筹科室或安全管理员办理"):
        revoke_links(bureau, unit, by=wang, now=NOW)
    revoke_links(bureau, unit, by=security, now=NOW, dry_run=True)

    assert enter(furnished, token).path == "/my" and WANG in letters(bureau)[0].to
