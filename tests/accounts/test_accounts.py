"""What keeps accounts safe: passwords with rules, sessions that can be ended, roles in separate hands, tokens shown once."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from duban.accounts.passwords import set_password, sign_in, unlock
from duban.accounts.people import (
    add_person,
    add_person_unit,
    list_accounts,
    remove_person_unit,
    retire_person,
    show_account,
    take_role,
)
from duban.accounts.rules import EndedWhy, SignInWay, TokenScope
from duban.accounts.sessions import (
    Ended,
    bind_subject,
    end_sessions,
    find_session,
    list_sessions,
    make_one_time,
    sign_in_oidc,
)
from duban.accounts.tokens import find_client, list_client_tokens, make_client_token, revoke_client_token
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.history.service import audit_history, search_history
from duban.obligations.tables import obligation
from duban.units.queries import find_actor
from duban.units.service import unit_named
from tests.accounts.account_builders import (
    DEVICE,
    NOW,
    PASSWORD,
    after,
    came_once,
    keyed,
    signed_in,
    verbs,
    with_password,
)
from tests.builders import a_person, a_unit, an_obligation

NEW = "Chongyang/2026"


@pytest.fixture
def keyed_with_units(bureau: Bureau) -> Bureau:
    bureau = keyed(bureau)
    a_unit(bureau, "市民政局", kind="bureau")
    a_unit(bureau, "天宁区民政局")
    return bureau


def enter_person(bureau: Bureau, name: str, role: Role, unit: str = "市民政局") -> Actor:
    return a_person(bureau, name, unit_named(bureau, unit).id, role)


@pytest.fixture
def zhou(keyed_with_units: Bureau) -> Actor:
    return with_password(keyed_with_units, enter_person(keyed_with_units, "周处长", Role.COORDINATOR))


@pytest.fixture
def security(keyed_with_units: Bureau) -> Actor:
    return enter_person(keyed_with_units, "安全员", Role.SECURITY)


def enter(bureau: Bureau, password: str = PASSWORD, name: str = "周处长") -> str:
    return sign_in(bureau, name=name, password=password, device=DEVICE, now=NOW)


def number(person: Actor) -> int:
    assert person.person_id is not None
    return person.person_id


def choose(
    bureau: Bureau, by: Actor, password: str, *, current: str | None, session_id: int | None = None
) -> int:
    return set_password(bureau, password=password, current=current, by=by, now=NOW, session_id=session_id)


def test_a_changed_password_opens_and_the_old_one_does_not(keyed_with_units: Bureau, zhou: Actor) -> None:
    here, there = enter(keyed_with_units), enter(keyed_with_units)

    ended = choose(
        keyed_with_units, zhou, NEW, current=PASSWORD, session_id=signed_in(keyed_with_units, here).session_id
    )

    assert ended == 1 and signed_in(keyed_with_units, here).by == zhou
    assert find_session(keyed_with_units, there, now=NOW) == Ended(
        person_id=number(zhou), why=EndedWhy.PASSWORD_CHANGED
    )
    with pytest.raises(Refused, match="姓名或密码不对"):
        enter(keyed_with_units)
    assert signed_in(keyed_with_units, enter(keyed_with_units, NEW)).by == zhou


def test_who_does_not_know_the_current_password_changes_nothing(
    keyed_with_units: Bureau, zhou: Actor
) -> None:
    session = signed_in(keyed_with_units, enter(keyed_with_units)).session_id

    with pytest.raises(Refused, match="现在的密码不对"):
        choose(keyed_with_units, zhou, NEW, current="something", session_id=session)

    assert verbs(keyed_with_units) == ["sign_in", "set_password_failed"] and enter(keyed_with_units)


def test_after_a_one_time_sign_in_a_password_is_chosen_without_the_old_one_once(
    keyed_with_units: Bureau, zhou: Actor
) -> None:
    token = came_once(keyed_with_units, zhou, after(minutes=-1))
    session = signed_in(keyed_with_units, token).session_id

    choose(keyed_with_units, zhou, NEW, current=None, session_id=session)

    assert not signed_in(keyed_with_units, token).must_set_password
    with pytest.raises(Refused, match="现在的密码不对"):
        choose(keyed_with_units, zhou, PASSWORD, current=None, session_id=session)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Ab1-xyz", "至少 10 个字符"),
        ("周处长-2026-ab", "不能有自己的姓名"),
        ("onlysmallletters"[:12], "三种"),
        ("Password-2026", "太常见"),
        (PASSWORD, "与现在的相同"),
    ],
)
def test_a_poor_password_is_refused_with_the_reason(
    keyed_with_units: Bureau, zhou: Actor, password: str, reason: str
) -> None:
    session = signed_in(keyed_with_units, enter(keyed_with_units)).session_id

    with pytest.raises(Refused, match=reason):
        choose(keyed_with_units, zhou, password, current=PASSWORD, session_id=session)


def test_ones_own_sessions_are_listed_and_one_is_ended(keyed_with_units: Bureau, zhou: Actor) -> None:
    phone, desk = enter(keyed_with_units), enter(keyed_with_units)

    listed = list_sessions(keyed_with_units, person_id=number(zhou), by=zhou, now=NOW)
    end_sessions(
        keyed_with_units,
        person_id=number(zhou),
        session_id=signed_in(keyed_with_units, phone).session_id,
        by=zhou,
        now=NOW,
    )

    assert [(one.device, one.way_name) for one in listed] == [("安卓手机，企业微信", "密码")] * 2
    assert find_session(keyed_with_units, phone, now=NOW) == Ended(
        person_id=number(zhou), why=EndedWhy.REVOKED
    )
    assert signed_in(keyed_with_units, desk).by == zhou
    assert list_sessions(keyed_with_units, person_id=number(zhou), by=zhou, now=after(minutes=31)) == ()


def test_only_the_security_administrator_ends_the_sessions_of_others(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    token = enter(keyed_with_units)
    wu = enter_person(keyed_with_units, "吴处长", Role.COORDINATOR)

    for act in (
        lambda by: list_sessions(keyed_with_units, person_id=number(zhou), by=by, now=NOW),
        lambda by: list_sessions(keyed_with_units, by=by, now=NOW),
        lambda by: end_sessions(keyed_with_units, person_id=number(zhou), by=by, now=NOW),
    ):
        with pytest.raises(Refused, match="请由安全管理员办理"):
            act(wu)
    assert end_sessions(keyed_with_units, person_id=number(zhou), by=security, now=NOW) == 1
    assert isinstance(find_session(keyed_with_units, token, now=NOW), Ended)


def test_the_security_administrator_lifts_a_lock(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            enter(keyed_with_units, "wrong")
    page = list_accounts(keyed_with_units, locked=True, by=security, now=NOW)

    unlock(keyed_with_units, person_id=number(zhou), by=security, now=NOW)

    assert [row.person.name for row in page.rows] == ["周处长"]
    assert signed_in(keyed_with_units, enter(keyed_with_units)).by == zhou


def test_accounts_are_found_by_name_or_unit_and_shown_to_the_security_administrator_only(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    enter_person(keyed_with_units, "王科长", Role.HANDLER, "天宁区民政局")
    enter(keyed_with_units)

    page = list_accounts(keyed_with_units, text="天宁", by=security, now=NOW)
    own = show_account(keyed_with_units, number(zhou), by=security, now=NOW)

    assert [row.person.name for row in page.rows] == ["王科长"] and not page.rows[0].has_password
    assert own.has_password and own.sessions == 1 and own.seen_at == NOW
    assert list_accounts(keyed_with_units, text="100%_", by=security, now=NOW).total == 0
    with pytest.raises(Refused, match="请由安全管理员办理"):
        list_accounts(keyed_with_units, by=zhou, now=NOW)


def test_who_may_make_a_one_time_sign_in_for_whom(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    operator = enter_person(keyed_with_units, "运维", Role.OPERATOR)
    wang = enter_person(keyed_with_units, "王科长", Role.HANDLER, "天宁区民政局")
    allowed = [(security, zhou), (security, wang), (zhou, wang), (operator, security), (SYSTEM, zhou)]
    refused = [(zhou, security), (wang, wang), (wang, zhou), (operator, zhou), (security, security)]

    for by, person in allowed:
        assert make_one_time(keyed_with_units, person_id=number(person), by=by, now=NOW)
    for by, person in refused:
        with pytest.raises(Refused):
            make_one_time(keyed_with_units, person_id=number(person), by=by, now=NOW)


def test_roles_are_in_separate_hands_once_there_is_a_security_administrator(keyed_with_units: Bureau) -> None:
    operator = enter_person(keyed_with_units, "运维", Role.OPERATOR)
    add_person(keyed_with_units, name="安全员", unit="市民政局", roles=[Role.SECURITY], by=operator, now=NOW)
    with keyed_with_units.store.reading() as connection:
        security = find_actor(connection, "安全员")
    assert security is not None

    with pytest.raises(Refused, match="请由安全管理员办理"):
        add_person(
            keyed_with_units, name="李局长", unit="市民政局", roles=[Role.LEADER], by=operator, now=NOW
        )
    added = add_person(
        keyed_with_units, name="李局长", unit="市民政局", roles=[Role.LEADER], by=security, now=NOW
    )
    with pytest.raises(Refused, match="不能登记责任单位经办人"):
        add_person(
            keyed_with_units, name="王科长", unit="天宁区民政局", roles=[Role.HANDLER], by=security, now=NOW
        )
    assert added.roles == (Role.LEADER,)


@pytest.mark.parametrize("second", [Role.AUDITOR, Role.OPERATOR])
def test_one_person_holds_one_of_the_three_posts(
    keyed_with_units: Bureau, security: Actor, second: Role
) -> None:
    other = enter_person(keyed_with_units, "卫安全", Role.SECURITY)

    with pytest.raises(Refused, match="三员分设"):
        add_person(keyed_with_units, name=other.name, unit="市民政局", roles=[second], by=security, now=NOW)


def test_a_role_is_taken_and_the_person_is_out(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    token = enter(keyed_with_units)

    changed = take_role(
        keyed_with_units, person_id=number(zhou), role=Role.COORDINATOR, reason="轮岗", by=security, now=NOW
    )

    assert changed.roles == ()
    assert find_session(keyed_with_units, token, now=NOW) == Ended(
        person_id=number(zhou), why=EndedWhy.ROLES_CHANGED
    )


def test_the_last_security_administrator_and_a_busy_handler_keep_their_roles(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    other = enter_person(keyed_with_units, "卫安全", Role.SECURITY)
    take_role(
        keyed_with_units, person_id=number(other), role=Role.SECURITY, reason="轮岗", by=security, now=NOW
    )
    wang = enter_person(keyed_with_units, "王科长", Role.HANDLER, "天宁区民政局")
    one = an_obligation(keyed_with_units, unit_id=wang.unit_id, state="acknowledged")
    with keyed_with_units.store.writing() as connection:
        table = obligation
        connection.execute(sa.update(table).where(table.c.id == one).values(handler_id=wang.person_id))

    with pytest.raises(Refused, match="唯一的安全管理员"):
        take_role(
            keyed_with_units, person_id=number(security), role=Role.SECURITY, reason="轮岗", by=other, now=NOW
        )
    with pytest.raises(Refused, match="唯一的安全管理员"):
        retire_person(keyed_with_units, security, reason="退休", by=zhou, now=NOW)
    with pytest.raises(Refused, match="名下还有 1 项"):
        take_role(
            keyed_with_units, person_id=number(wang), role=Role.HANDLER, reason="调离", by=zhou, now=NOW
        )


def test_a_person_acts_for_a_further_unit_until_that_is_ended(keyed_with_units: Bureau, zhou: Actor) -> None:
    a_unit(keyed_with_units, "钟楼区民政局")
    further = unit_named(keyed_with_units, "钟楼区民政局")
    wang = enter_person(keyed_with_units, "王科长", Role.HANDLER, "天宁区民政局")

    added = add_person_unit(keyed_with_units, person_id=number(wang), unit=further, by=zhou, now=NOW)
    with keyed_with_units.store.reading() as connection:
        found = find_actor(connection, "王科长")
    with pytest.raises(Refused, match="不必再登记"):
        add_person_unit(keyed_with_units, person_id=number(wang), unit=further, by=zhou, now=NOW)
    removed = remove_person_unit(keyed_with_units, person_id=number(wang), unit=further, by=zhou, now=NOW)

    assert added.also_units == ("钟楼区民政局",) and removed.also == ()
    assert found is not None and found.belongs_to(further.id) and found.belongs_to(wang.unit_id or 0)
    with pytest.raises(Refused, match="请由统筹科室或安全管理员办理"):
        add_person_unit(keyed_with_units, person_id=number(zhou), unit=further, by=wang, now=NOW)


def test_a_client_token_has_its_persons_rights_until_it_is_revoked_or_ends(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    made = make_client_token(
        keyed_with_units,
        name="省平台",
        person_id=number(zhou),
        scopes=[TokenScope.READ],
        days=30,
        by=security,
        now=NOW,
    )
    client = find_client(keyed_with_units, made.token, now=NOW)

    assert client is not None and (client.by, client.scopes) == (zhou, {TokenScope.READ})
    assert find_client(keyed_with_units, made.token + "x", now=NOW) is None
    assert find_client(keyed_with_units, made.token, now=after(days=30)) is None
    (listed,) = list_client_tokens(keyed_with_units, by=security)
    assert listed.used_at == NOW and made.token not in str(listed)
    revoke_client_token(keyed_with_units, made.id, by=security, now=NOW)
    assert find_client(keyed_with_units, made.token, now=NOW) is None
    assert verbs(keyed_with_units) == ["make_token", "revoke_token"]


def test_a_client_token_is_made_by_the_security_administrator_and_for_no_administrator(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    def make(by: Actor, person: Actor, **options: object) -> None:
        values = {
            "name": "省平台",
            "scopes": [TokenScope.READ],
            "by": by,
            "now": NOW,
            "person_id": number(person),
        }
        make_client_token(keyed_with_units, **(values | options))

    with pytest.raises(Refused, match="请由安全管理员办理"):
        make(zhou, zhou)
    with pytest.raises(Refused, match="不能代表安全员"):
        make(security, security)
    with pytest.raises(Refused, match=r"至少选一项权限.*1 到 366"):
        make(security, zhou, scopes=[], days=400)


def test_a_subject_of_the_identity_provider_opens_for_the_person_it_is_linked_to(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    with pytest.raises(Refused, match=r"编号 sub-17.*告诉安全管理员"):
        sign_in_oidc(keyed_with_units, subject="sub-17", device=DEVICE, now=NOW)
    bind_subject(keyed_with_units, person_id=number(zhou), subject="sub-17", by=security, now=NOW)

    found = signed_in(
        keyed_with_units, sign_in_oidc(keyed_with_units, subject="sub-17", device=DEVICE, now=NOW)
    )

    assert (found.by, found.way, found.must_set_password) == (zhou, SignInWay.OIDC, False)
    wu = enter_person(keyed_with_units, "吴处长", Role.COORDINATOR)
    with pytest.raises(Refused, match="已与另一位人员关联"):
        bind_subject(keyed_with_units, person_id=number(wu), subject="sub-17", by=security, now=NOW)
    assert verbs(keyed_with_units) == ["sign_in_failed", "bind_subject", "sign_in"]


def test_the_auditor_looks_the_history_up_and_nobody_else(
    keyed_with_units: Bureau, zhou: Actor, security: Actor
) -> None:
    su = enter_person(keyed_with_units, "苏审计", Role.AUDITOR)
    enter(keyed_with_units)
    with pytest.raises(Refused):
        enter(keyed_with_units, "wrong")
    end_sessions(keyed_with_units, person_id=number(zhou), by=security, now=NOW)

    def found(**options: object) -> list[str]:
        return [one.verb for one in search_history(keyed_with_units, by=su, **options).entries]  # type: ignore[arg-type]

    assert found() == ["end_sessions", "sign_in_failed", "sign_in"]
    assert found(actor="周处长") == ["sign_in"]
    assert found(verb="sign_in_failed") == ["sign_in_failed"]
    assert found(first_on=date(2026, 3, 28)) == [] and len(found(last_on=date(2026, 3, 27))) == 3
    assert found(words="周处长", noun="account") == ["sign_in_failed"]
    assert audit_history(keyed_with_units, by=su, now=NOW).broken_at is None
    for by in (zhou, security):
        with pytest.raises(Refused, match="请由审计办理"):
            search_history(keyed_with_units, by=by)
