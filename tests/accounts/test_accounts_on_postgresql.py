"""The same accounts on a real PostgreSQL server, where tries and one-time sign-ins truly meet each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from duban.accounts.passwords import set_password, sign_in
from duban.accounts.people import list_accounts
from duban.accounts.sessions import enter_once, make_one_time
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.history.service import audit_history, search_history
from tests.accounts.account_builders import DEVICE, NOW, PASSWORD, keyed, signed_in, with_password
from tests.builders import a_person, a_unit

pytestmark = pytest.mark.postgres


@pytest.fixture
def keyed_pg_bureau(pg_bureau: Bureau) -> Bureau:
    return keyed(pg_bureau)


@pytest.fixture
def zhou(keyed_pg_bureau: Bureau) -> Actor:
    home = a_unit(keyed_pg_bureau, "市民政局", kind="bureau")
    return with_password(keyed_pg_bureau, a_person(keyed_pg_bureau, "周处长", home, Role.COORDINATOR))


def said(act) -> str:
    try:
        return act()
    except Refused as refused:
        return str(refused)


def test_tries_at_the_same_moment_do_not_outrun_the_limit(keyed_pg_bureau: Bureau, zhou: Actor) -> None:
    def guess(number: int) -> str:
        return said(
            lambda: sign_in(
                keyed_pg_bureau, name="周处长", password=f"guess-{number}", device=DEVICE, now=NOW
            )
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(12)))

    assert sum("姓名或密码不对" in one for one in answers) <= 5
    assert any("已锁定" in one for one in answers)


def test_a_one_time_sign_in_lets_one_of_eight_in(keyed_pg_bureau: Bureau, zhou: Actor) -> None:
    assert zhou.person_id is not None
    token = make_one_time(keyed_pg_bureau, person_id=zhou.person_id, by=SYSTEM, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: said(lambda: enter_once(keyed_pg_bureau, token, device=DEVICE, now=NOW)), range(8)
            )
        )

    assert sum("已经用过" in one for one in answers) == 7


def test_the_pages_of_security_and_audit_read_the_same(keyed_pg_bureau: Bureau, zhou: Actor) -> None:
    security = a_person(keyed_pg_bureau, "安全员", zhou.unit_id or 0, Role.SECURITY)
    auditor = a_person(keyed_pg_bureau, "苏审计", zhou.unit_id or 0, Role.AUDITOR)
    session = signed_in(
        keyed_pg_bureau, sign_in(keyed_pg_bureau, name="周处长", password=PASSWORD, device=DEVICE, now=NOW)
    ).session_id
    set_password(
        keyed_pg_bureau, password="Chongyang/2026", current=PASSWORD, by=zhou, now=NOW, session_id=session
    )

    (row,) = list_accounts(keyed_pg_bureau, text="周处", by=security, now=NOW).rows
    found = search_history(keyed_pg_bureau, actor="周处长", words="周处长", by=auditor).entries

    assert (row.sessions, row.has_password, row.seen_at) == (1, True, NOW)
    assert [one.verb for one in found] == ["set_password"]
    assert audit_history(keyed_pg_bureau, by=auditor, now=NOW).broken_at is None
