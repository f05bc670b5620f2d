"""Passwords, the ends of sessions, links and the posts, as pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.accounts.rules import device_words, password_refusals, timed_out, too_old, touch_is_due
from duban.core.access import Actor, Role, visible_units
from duban.letters.rules import Bearer, Link, link_refusals, stays
from duban.units.rules import giving_refusals

NOW = datetime(2026, 3, 27, 1, 0, tzinfo=UTC)
BEARER = Bearer(
    name="王科长",
    unit_id=3,
    unit="天宁区民政局",
    unit_active=True,
    active=True,
    duty="handler",
    generation=1,
    person_active=True,
)
LINK = Link(unit_id=3, contact_id=7, generation=1, expires_on=date(2026, 4, 1))


@pytest.mark.parametrize(
    "password",
    ["Qingming-2026", "correct horse battery staple", "春风又绿江南岸明月何时照我还可好", "x9$Lmq2!vR"],
)
def test_good_passwords_pass(password: str) -> None:
    assert password_refusals(password, name="周处长", at_least=10) == ()


@pytest.mark.parametrize(
    "password",
    [
        "Password123!",
        "P@ssw0rd-2026",
        "Qwerty!2345",
        "Admin@123456",
        "aaaaaaaaaaaaaaaaaa",
        "Woaini!1314",
        "1234567890123456",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    assert any("太常见" in one for one in password_refusals(password, name="周处长", at_least=10))


def test_every_fault_of_a_password_is_told_at_once() -> None:
    assert len(password_refusals("周处长", name="周处长", at_least=10)) == 4


@given(st.text(max_size=200))
def test_no_password_breaks_the_rules(password: str) -> None:
    assert all(one.endswith("。") for one in password_refusals(password, name="周处长", at_least=10))


@given(st.integers(0, 60), st.integers(1, 60))
def test_whoever_looks_within_the_idle_time_stays(minutes: int, idle: int) -> None:
    ended = timed_out(
        seen_at=NOW,
        expires_at=NOW + timedelta(hours=12),
        now=NOW + timedelta(minutes=minutes),
        idle_minutes=idle,
    )

    assert ended == (minutes > idle)


@given(st.integers(1, 600), st.integers(1, 720))
def test_what_is_not_written_costs_nobody_the_session(seconds: int, idle: int) -> None:
    """A page that was not noted lies at most a tenth of the idle time after one that was."""
    if not touch_is_due(NOW, now=NOW + timedelta(seconds=seconds), idle_minutes=idle):
        assert seconds <= idle * 6 and seconds < 60


def test_a_password_is_never_too_old_where_days_are_unlimited() -> None:
    assert not too_old(NOW - timedelta(days=9_999), now=NOW, days=0)
    assert too_old(NOW - timedelta(days=181), now=NOW, days=180)


def test_every_reason_against_a_link_is_told() -> None:
    gone = Bearer(
        **{name: getattr(BEARER, name) for name in BEARER.__slots__} | {"active": False, "generation": 2}
    )

    assert link_refusals(LINK, BEARER, date(2026, 4, 1)) == ()
    assert len(link_refusals(LINK, gone, date(2026, 4, 2))) == 3
    assert len(link_refusals(LINK, None, date(2026, 3, 1))) == 1


def test_an_open_session_does_when_it_is_the_contacts_or_the_units_own_handlers() -> None:
    wang = Actor(name="王科长", person_id=1, unit_id=3, roles=frozenset({Role.HANDLER}))
    zhou = Actor(name="周处长", person_id=2, unit_id=3, roles=frozenset({Role.COORDINATOR}))

    assert stays(LINK, wang, contact_id=None) and stays(LINK, zhou, contact_id=7)
    assert not stays(LINK, zhou, contact_id=None) and not stays(LINK, wang, contact_id=8)


def test_a_role_that_nobody_has_shows_nothing_and_reading_shows_what_is_read() -> None:
    security = Actor(name="安全员", person_id=1, unit_id=3, roles=frozenset({Role.SECURITY}))
    leader = Actor(name="李局长", person_id=2, unit_id=3, reads=frozenset({3}))

    assert not visible_units(security).sees(3)
    assert visible_units(leader).sees(3) and not visible_units(leader).sees(4)


@given(st.sets(st.sampled_from(list(Role)), min_size=1), st.sampled_from(list(Role)))
def test_nobody_gives_himself_a_role(given_roles: set[Role], own: Role) -> None:
    by = Actor(name="赵某", person_id=5, unit_id=1, roles=frozenset({own}))

    assert giving_refusals(given_roles, by, to_person_id=5, register_empty=False, security_there=True)


@given(st.sets(st.sampled_from(list(Role)), min_size=1), st.sampled_from(list(Role)))
def test_only_security_and_the_coordinator_give_roles_and_no_two_posts_meet(
    given_roles: set[Role], own: Role
) -> None:
    by = Actor(name="某人", person_id=5, unit_id=1, roles=frozenset({own}))
    refused = giving_refusals(given_roles, by, to_person_id=6, register_empty=False, security_there=True)

    if not refused:
        assert own in (Role.SECURITY, Role.COORDINATOR)
        assert (given_roles == {Role.HANDLER}) == (own is Role.COORDINATOR)
        assert len(given_roles & {Role.OPERATOR, Role.AUDITOR, Role.SECURITY}) <= 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) DingTalk/7", "iPhone，钉钉"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Edg/120", "Windows 电脑，Edge"),
        ("", "未知设备"),
    ],
)
def test_a_device_is_told_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words
