"""What keeps accounts safe: passwords with rules, sessions that can be ended, roles in separate hands, tokens shown once."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from office.actions.add_person import add_person
from office.actions.end_sessions import end_sessions
from office.actions.find import unit_named
from office.actions.find_client import find_client
from office.actions.find_session import Ended, find_session
from office.actions.list_accounts import list_accounts, show_account
from office.actions.list_sessions import list_sessions
from office.actions.make_client_token import list_client_tokens, make_client_token
from office.actions.make_one_time import make_one_time
from office.actions.office import Office
from office.actions.person_units import add_person_unit, remove_person_unit
from office.actions.retire_person import retire_person
from office.actions.revoke_client_token import revoke_client_token
from office.actions.search_history import audit_history, search_history
from office.actions.set_password import set_password
from office.actions.sign_in import sign_in
from office.actions.sign_in_oidc import bind_subject, sign_in_oidc
from office.actions.take_role import take_role
from office.actions.unlock import unlock
from office.errors import Refused
from office.store import tables
from office.store.people import find_actor
from rules.accounts import Scope
from rules.people import SYSTEM, Actor, Role
from rules.sessions import Way, Why
from tests.builders import a_person, a_unit, an_obligation
from tests.office.account_builders import (
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

NEW = "Chongyang/2026"


@pytest.fixture
def bureau(office: Office) -> Office:
    office = keyed(office)
    a_unit(office, "市民政局", kind="bureau")
    a_unit(office, "天宁区民政局")
    return office


def enter_person(office: Office, name: str, role: Role, unit: str = "市民政局") -> Actor:
    return a_person(office, name, unit_named(office, unit).id, role)


@pytest.fixture
def zhou(bureau: Office) -> Actor:
    return with_password(bureau, enter_person(bureau, "周处长", Role.COORDINATOR))


@pytest.fixture
def security(bureau: Office) -> Actor:
    return enter_person(bureau, "安全员", Role.SECURITY)


def enter(office: Office, password: str = PASSWORD, name: str = "周处长") -> str:
    return sign_in(office, name=name, password=password, device=DEVICE, now=NOW)


def number(person: Actor) -> int:
    assert person.person_id is not None
    return person.person_id


def choose(
    office: Office, by: Actor, password: str, *, current: str | None, session_id: int | None = None
) -> int:
    return set_password(office, password=password, current=current, by=by, now=NOW, session_id=session_id)


def test_a_changed_password_opens_and_the_old_one_does_not(bureau: Office, zhou: Actor) -> None:
    here, there = enter(bureau), enter(bureau)

    ended = choose(bureau, zhou, NEW, current=PASSWORD, session_id=signed_in(bureau, here).session_id)

    assert ended == 1 and signed_in(bureau, here).by == zhou
    assert find_session(bureau, there, now=NOW) == Ended(person_id=number(zhou), why=Why.PASSWORD_CHANGED)
    with pytest.raises(Refused, match="姓名或密码不对"):
        enter(bureau)
    assert signed_in(bureau, enter(bureau, NEW)).by == zhou


def test_who_does_not_know_the_current_password_changes_nothing(bureau: Office, zhou: Actor) -> None:
    session = signed_in(bureau, enter(bureau)).session_id

    with pytest.raises(Refused, match="现在的密码不对"):
        choose(bureau, zhou, NEW, current="something", session_id=session)

    assert verbs(bureau) == ["sign_in", "set_password_failed"] and enter(bureau)


def test_after_a_one_time_sign_in_a_password_is_chosen_without_the_old_one_once(
    bureau: Office, zhou: Actor
) -> None:
    token = came_once(bureau, zhou, after(minutes=-1))
    session = signed_in(bureau, token).session_id

    choose(bureau, zhou, NEW, current=None, session_id=session)

    assert not signed_in(bureau, token).must_set_password
    with pytest.raises(Refused, match="现在的密码不对"):
        choose(bureau, zhou, PASSWORD, current=None, session_id=session)


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
    bureau: Office, zhou: Actor, password: str, reason: str
) -> None:
    session = signed_in(bureau, enter(bureau)).session_id

    with pytest.raises(Refused, match=reason):
        choose(bureau, zhou, password, current=PASSWORD, session_id=session)


def test_ones_own_sessions_are_listed_and_one_is_ended(bureau: Office, zhou: Actor) -> None:
    phone, desk = enter(bureau), enter(bureau)

    listed = list_sessions(bureau, person_id=number(zhou), by=zhou, now=NOW)
    end_sessions(
        bureau, person_id=number(zhou), session_id=signed_in(bureau, phone).session_id, by=zhou, now=NOW
    )

    assert [(one.device, one.way_name) for one in listed] == [("安卓手机，企业微信", "密码")] * 2
    assert find_session(bureau, phone, now=NOW) == Ended(person_id=number(zhou), why=Why.REVOKED)
    assert signed_in(bureau, desk).by == zhou
    assert list_sessions(bureau, person_id=number(zhou), by=zhou, now=after(minutes=31)) == ()


def test_only_the_security_administrator_ends_the_sessions_of_others(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    token = enter(bureau)
    wu = enter_person(bureau, "吴处长", Role.COORDINATOR)

    for act in (
        lambda by: list_sessions(bureau, person_id=number(zhou), by=by, now=NOW),
        lambda by: list_sessions(bureau, by=by, now=NOW),
        lambda by: end_sessions(bureau, person_id=number(zhou), by=by, now=NOW),
    ):
        with pytest.raises(Refused, match="请由安全管理员办理"):
            act(wu)
    assert end_sessions(bureau, person_id=number(zhou), by=security, now=NOW) == 1
    assert isinstance(find_session(bureau, token, now=NOW), Ended)


def test_the_security_administrator_lifts_a_lock(bureau: Office, zhou: Actor, security: Actor) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            enter(bureau, "wrong")
    page = list_accounts(bureau, locked=True, by=security, now=NOW)

    unlock(bureau, person_id=number(zhou), by=security, now=NOW)

    assert [row.person.name for row in page.rows] == ["周处长"]
    assert signed_in(bureau, enter(bureau)).by == zhou


def test_accounts_are_found_by_name_or_unit_and_shown_to_the_security_administrator_only(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    enter_person(bureau, "王科长", Role.HANDLER, "天宁区民政局")
    enter(bureau)

    page = list_accounts(bureau, text="天宁", by=security, now=NOW)
    own = show_account(bureau, number(zhou), by=security, now=NOW)

    assert [row.person.name for row in page.rows] == ["王科长"] and not page.rows[0].has_password
    assert own.has_password and own.sessions == 1 and own.seen_at == NOW
    assert list_accounts(bureau, text="100%_", by=security, now=NOW).total == 0
    with pytest.raises(Refused, match="请由安全管理员办理"):
        list_accounts(bureau, by=zhou, now=NOW)


def test_who_may_make_a_one_time_sign_in_for_whom(bureau: Office, zhou: Actor, security: Actor) -> None:
    operator = enter_person(bureau, "运维", Role.OPERATOR)
    wang = enter_person(bureau, "王科长", Role.HANDLER, "天宁区民政局")
    allowed = [(security, zhou), (security, wang), (zhou, wang), (operator, security), (SYSTEM, zhou)]
    refused = [(zhou, security), (wang, wang), (wang, zhou), (operator, zhou), (security, security)]

    for by, person in allowed:
        assert make_one_time(bureau, person_id=number(person), by=by, now=NOW)
    for by, person in refused:
        with pytest.raises(Refused):
            make_one_time(bureau, person_id=number(person), by=by, now=NOW)


def test_roles_are_in_separate_hands_once_there_is_a_security_administrator(bureau: Office) -> None:
    operator = enter_person(bureau, "运维", Role.OPERATOR)
    add_person(bureau, name="安全员", unit="市民政局", roles=[Role.SECURITY], by=operator, now=NOW)
    with bureau.store.reading() as connection:
        security = find_actor(connection, "安全员")
    assert security is not None

    with pytest.raises(Refused, match="请由安全管理员办理"):
        add_person(bureau, name="李局长", unit="市民政局", roles=[Role.LEADER], by=operator, now=NOW)
    added = add_person(bureau, name="李局长", unit="市民政局", roles=[Role.LEADER], by=security, now=NOW)
    with pytest.raises(Refused, match="不能登记责任单位经办人"):
        add_person(bureau, name="王科长", unit="天宁区民政局", roles=[Role.HANDLER], by=security, now=NOW)
    assert added.roles == (Role.LEADER,)


@pytest.mark.parametrize("second", [Role.AUDITOR, Role.OPERATOR])
def test_one_person_holds_one_of_the_three_posts(bureau: Office, security: Actor, second: Role) -> None:
    other = enter_person(bureau, "卫安全", Role.SECURITY)

    with pytest.raises(Refused, match="三员分设"):
        add_person(bureau, name=other.name, unit="市民政局", roles=[second], by=security, now=NOW)


def test_a_role_is_taken_and_the_person_is_out(bureau: Office, zhou: Actor, security: Actor) -> None:
    token = enter(bureau)

    changed = take_role(
        bureau, person_id=number(zhou), role=Role.COORDINATOR, reason="轮岗", by=security, now=NOW
    )

    assert changed.roles == ()
    assert find_session(bureau, token, now=NOW) == Ended(person_id=number(zhou), why=Why.ROLES_CHANGED)


def test_the_last_security_administrator_and_a_busy_handler_keep_their_roles(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    other = enter_person(bureau, "卫安全", Role.SECURITY)
    take_role(bureau, person_id=number(other), role=Role.SECURITY, reason="轮岗", by=security, now=NOW)
    wang = enter_person(bureau, "王科长", Role.HANDLER, "天宁区民政局")
    one = an_obligation(bureau, unit_id=wang.unit_id, state="acknowledged")
    with bureau.store.writing() as connection:
        table = tables.obligation
        connection.execute(sa.update(table).where(table.c.id == one).values(handler_id=wang.person_id))

    with pytest.raises(Refused, match="唯一的安全管理员"):
        take_role(bureau, person_id=number(security), role=Role.SECURITY, reason="轮岗", by=other, now=NOW)
    with pytest.raises(Refused, match="唯一的安全管理员"):
        retire_person(bureau, security, reason="退休", by=zhou, now=NOW)
    with pytest.raises(Refused, match="名下还有 1 项"):
        take_role(bureau, person_id=number(wang), role=Role.HANDLER, reason="调离", by=zhou, now=NOW)


def test_a_person_acts_for_a_further_unit_until_that_is_ended(bureau: Office, zhou: Actor) -> None:
    a_unit(bureau, "钟楼区民政局")
    further = unit_named(bureau, "钟楼区民政局")
    wang = enter_person(bureau, "王科长", Role.HANDLER, "天宁区民政局")

    added = add_person_unit(bureau, person_id=number(wang), unit=further, by=zhou, now=NOW)
    with bureau.store.reading() as connection:
        found = find_actor(connection, "王科长")
    with pytest.raises(Refused, match="不必再登记"):
        add_person_unit(bureau, person_id=number(wang), unit=further, by=zhou, now=NOW)
    removed = remove_person_unit(bureau, person_id=number(wang), unit=further, by=zhou, now=NOW)

    assert added.also_units == ("钟楼区民政局",) and removed.also == ()
    assert found is not None and found.belongs_to(further.id) and found.belongs_to(wang.unit_id or 0)
    with pytest.raises(Refused, match="请由统筹科室或安全管理员办理"):
        add_person_unit(bureau, person_id=number(zhou), unit=further, by=wang, now=NOW)


def test_a_client_token_has_its_persons_rights_until_it_is_revoked_or_ends(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    made = make_client_token(
        bureau,
        name="省平台",
        person_id=number(zhou),
        scopes=[Scope.READ],
        days=30,
        by=security,
        now=NOW,
    )
    client = find_client(bureau, made.token, now=NOW)

    assert client is not None and (client.by, client.scopes) == (zhou, {Scope.READ})
    assert find_client(bureau, made.token + "x", now=NOW) is None
    assert find_client(bureau, made.token, now=after(days=30)) is None
    (listed,) = list_client_tokens(bureau, by=security)
    assert listed.used_at == NOW and made.token not in str(listed)
    revoke_client_token(bureau, made.id, by=security, now=NOW)
    assert find_client(bureau, made.token, now=NOW) is None
    assert verbs(bureau) == ["make_token", "revoke_token"]


def test_a_client_token_is_made_by_the_security_administrator_and_for_no_administrator(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    def make(by: Actor, person: Actor, **options: object) -> None:
        values = {"name": "省平台", "scopes": [Scope.READ], "by": by, "now": NOW, "person_id": number(person)}
        make_client_token(bureau, **(values | options))

    with pytest.raises(Refused, match="请由安全管理员办理"):
        make(zhou, zhou)
    with pytest.raises(Refused, match="不能代表安全员"):
        make(security, security)
    with pytest.raises(Refused, match=r"至少选一项权限.*1 到 366"):
        make(security, zhou, scopes=[], days=400)


def test_a_subject_of_the_identity_provider_opens_for_the_person_it_is_linked_to(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    with pytest.raises(Refused, match=r"编号 sub-17.*告诉安全管理员"):
        sign_in_oidc(bureau, subject="sub-17", device=DEVICE, now=NOW)
    bind_subject(bureau, person_id=number(zhou), subject="sub-17", by=security, now=NOW)

    found = signed_in(bureau, sign_in_oidc(bureau, subject="sub-17", device=DEVICE, now=NOW))

    assert (found.by, found.way, found.must_set_password) == (zhou, Way.OIDC, False)
    wu = enter_person(bureau, "吴处长", Role.COORDINATOR)
    with pytest.raises(Refused, match="已与另一位人员关联"):
        bind_subject(bureau, person_id=number(wu), subject="sub-17", by=security, now=NOW)
    assert verbs(bureau) == ["sign_in_failed", "bind_subject", "sign_in"]


def test_the_auditor_looks_the_history_up_and_nobody_else(
    bureau: Office, zhou: Actor, security: Actor
) -> None:
    su = enter_person(bureau, "苏审计", Role.AUDITOR)
    enter(bureau)
    with pytest.raises(Refused):
        enter(bureau, "wrong")
    end_sessions(bureau, person_id=number(zhou), by=security, now=NOW)

    def found(**options: object) -> list[str]:
        return [one.verb for one in search_history(bureau, by=su, **options).entries]  # type: ignore[arg-type]

    assert found() == ["end_sessions", "sign_in_failed", "sign_in"]
    assert found(actor="周处长") == ["sign_in"]
    assert found(verb="sign_in_failed") == ["sign_in_failed"]
    assert found(first_on=date(2026, 3, 28)) == [] and len(found(last_on=date(2026, 3, 27))) == 3
    assert found(words="周处长", noun="account") == ["sign_in_failed"]
    assert audit_history(bureau, by=su).broken_at is None
    for by in (zhou, security):
        with pytest.raises(Refused, match="请由审计办理"):
            search_history(bureau, by=by)
