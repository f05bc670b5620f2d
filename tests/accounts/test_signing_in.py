"""Signing in: nobody learns what was wrong, too many tries lock, sessions end by themselves and by force."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from duban.accounts import passwords
from duban.accounts.passwords import PARAMETERS, hash_is_outdated, sign_in
from duban.accounts.people import retire_person
from duban.accounts.rules import EndedWhy, SignInWay
from duban.accounts.sessions import Ended, SignedIn, enter_once, find_session, make_one_time, sign_out
from duban.accounts.tables import account, session
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Fault, Refused
from duban.history.service import verify_history
from duban.history.tables import history
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
from tests.builders import a_person, a_unit


@pytest.fixture
def keyed_bureau(bureau: Bureau) -> Bureau:
    return keyed(bureau)


@pytest.fixture
def zhou(keyed_bureau: Bureau) -> Actor:
    home = a_unit(keyed_bureau, "市民政局", kind="bureau")
    return with_password(keyed_bureau, a_person(keyed_bureau, "周处长", home, Role.COORDINATOR))


def enter(bureau: Bureau, password: str = PASSWORD, *, name: str = "周处长", now=NOW) -> str:
    return sign_in(bureau, name=name, password=password, device=DEVICE, now=now)


def test_a_password_opens_a_session_that_knows_its_person(keyed_bureau: Bureau, zhou: Actor) -> None:
    found = signed_in(keyed_bureau, enter(keyed_bureau))

    assert found.by == zhou
    assert (found.way, found.unit_id, found.must_set_password) == (SignInWay.PASSWORD, None, False)
    assert verbs(keyed_bureau) == ["sign_in"]


def test_the_form_secret_stays_the_same_in_a_session_and_differs_between_two(
    keyed_bureau: Bureau, zhou: Actor
) -> None:
    one, other = enter(keyed_bureau), enter(keyed_bureau)

    assert signed_in(keyed_bureau, one).csrf == signed_in(keyed_bureau, one, after(minutes=20)).csrf
    assert signed_in(keyed_bureau, one).csrf != signed_in(keyed_bureau, other).csrf


def test_a_wrong_name_and_a_wrong_password_get_the_same_sentence(keyed_bureau: Bureau, zhou: Actor) -> None:
    with pytest.raises(Refused) as wrong_password:
        enter(keyed_bureau, "Qingming-2025")
    with pytest.raises(Refused) as wrong_name:
        enter(keyed_bureau, name="赵某")

    assert str(wrong_password.value) == str(wrong_name.value)
    assert verbs(keyed_bureau) == ["sign_in_failed", "sign_in_failed"]


@pytest.fixture
def in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as in a bureau, not as cheaply as in the other tests."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher.from_parameters(PARAMETERS))


def test_a_bureau_hashes_with_the_parameters_of_the_standard() -> None:
    assert PARAMETERS == RFC_9106_LOW_MEMORY


def test_an_unknown_name_takes_as_long_as_a_known_one(
    in_earnest: None, keyed_bureau: Bureau, zhou: Actor
) -> None:
    def lasts(name: str) -> float:
        began = perf_counter()
        with pytest.raises(Refused):
            enter(keyed_bureau, "Qingming-2025", name=name)
        return perf_counter() - began

    lasts("赵某")

    assert min(lasts("赵某") for _ in range(3)) > 0.4 * min(lasts("周处长") for _ in range(3))


def test_what_was_typed_as_a_name_is_not_written_down(keyed_bureau: Bureau, zhou: Actor) -> None:
    with pytest.raises(Refused):
        enter(keyed_bureau, "", name=PASSWORD)

    with keyed_bureau.store.reading() as connection:
        assert PASSWORD not in connection.scalars(sa.select(history.c.detail)).one()


def test_five_wrong_passwords_lock_the_account_for_half_an_hour(keyed_bureau: Bureau, zhou: Actor) -> None:
    for _ in range(5):
        with pytest.raises(Refused, match="姓名或密码不对"):
            enter(keyed_bureau, "Qingming-2025")

    with pytest.raises(Refused, match="已锁定至北京时间 09:30"):
        enter(keyed_bureau, now=after(minutes=29))
    assert isinstance(
        find_session(keyed_bureau, enter(keyed_bureau, now=after(minutes=31)), now=after(minutes=31)),
        SignedIn,
    )
    assert verbs(keyed_bureau) == ["sign_in_failed"] * 5 + ["lock", "sign_in_refused", "sign_in"]


def test_a_right_password_in_between_begins_the_count_anew(keyed_bureau: Bureau, zhou: Actor) -> None:
    for word in ("a", "b", "c", "d", PASSWORD, "a", "b", "c", "d"):
        try:
            enter(keyed_bureau, word)
        except Refused as refused:
            assert "锁定至" not in str(refused)

    assert signed_in(keyed_bureau, enter(keyed_bureau)).by == zhou


def test_tries_at_the_same_moment_do_not_outrun_the_limit(keyed_bureau: Bureau, zhou: Actor) -> None:
    def guess(number: int) -> str:
        try:
            return enter(keyed_bureau, f"guess-{number}")
        except Refused as refused:
            return str(refused)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(12)))

    looked_at = [one for one in answers if "姓名或密码不对" in one]
    assert len(looked_at) <= 5 and any("已锁定" in one for one in answers)


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in(
    in_earnest: None, keyed_bureau: Bureau
) -> None:
    home = a_unit(keyed_bureau, "市民政局", kind="bureau")
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with_password(keyed_bureau, a_person(keyed_bureau, "周处长", home, Role.COORDINATOR), hash_=weak)

    enter(keyed_bureau)

    with keyed_bureau.store.reading() as connection:
        now_stored = connection.scalars(sa.select(account.c.password_hash)).one()
    assert hash_is_outdated(weak) and not hash_is_outdated(now_stored)
    assert signed_in(keyed_bureau, enter(keyed_bureau)).by.name == "周处长"


def test_nothing_stored_lets_its_reader_in(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)

    with keyed_bureau.store.reading() as connection:
        kept = str(connection.execute(sa.select(session)).all())
        kept += str(connection.execute(sa.select(account)).all())
    assert token not in kept and PASSWORD not in kept and "$argon2id$" in kept


def test_two_of_one_name_sign_in_with_their_unit(keyed_bureau: Bureau, zhou: Actor) -> None:
    district = a_unit(keyed_bureau, "天宁区民政局")
    with_password(keyed_bureau, a_person(keyed_bureau, "周处长", district, Role.HANDLER), "Chongyang-2026")

    with pytest.raises(Refused, match="姓名@单位"):
        enter(keyed_bureau)

    assert (
        signed_in(keyed_bureau, enter(keyed_bureau, "Chongyang-2026", name="周处长@天宁区民政局")).by.unit_id
        == district
    )


def test_half_an_hour_of_nothing_ends_a_session(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)

    assert signed_in(keyed_bureau, token, after(minutes=29)).by == zhou
    assert signed_in(keyed_bureau, token, after(minutes=58)).by == zhou
    assert find_session(keyed_bureau, token, now=after(minutes=90)) == Ended(
        person_id=zhou.person_id or 0, why=EndedWhy.TIMED_OUT
    )


def test_a_busy_session_ends_after_its_twelve_hours(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)

    for minutes in range(20, 12 * 60, 20):
        assert signed_in(keyed_bureau, token, after(minutes=minutes)).by == zhou

    assert isinstance(find_session(keyed_bureau, token, now=after(hours=12)), Ended)


def test_looking_at_pages_writes_once_a_minute_only(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)
    seen = []

    for second in (1, 30, 59, 61, 90, 125):
        signed_in(keyed_bureau, token, after(seconds=second))
        with keyed_bureau.store.reading() as connection:
            seen.append(connection.scalars(sa.select(session.c.seen_at)).one())

    assert seen == [NOW, NOW, NOW, after(seconds=61), after(seconds=61), after(seconds=125)]


def test_who_signs_out_is_out_with_the_same_token(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)
    found = signed_in(keyed_bureau, token)

    sign_out(keyed_bureau, found.session_id, by=found.by, now=NOW)
    sign_out(keyed_bureau, found.session_id, by=found.by, now=NOW)

    assert find_session(keyed_bureau, token, now=NOW) == Ended(
        person_id=zhou.person_id or 0, why=EndedWhy.SIGNED_OUT
    )
    assert verbs(keyed_bureau) == ["sign_in", "sign_out"]


def test_nobody_signs_another_out(keyed_bureau: Bureau, zhou: Actor) -> None:
    token = enter(keyed_bureau)
    stranger = a_person(keyed_bureau, "赵某", a_unit(keyed_bureau), Role.HANDLER)

    sign_out(keyed_bureau, signed_in(keyed_bureau, token).session_id, by=stranger, now=NOW)

    assert signed_in(keyed_bureau, token).by == zhou


def test_an_invented_token_finds_nothing(keyed_bureau: Bureau, zhou: Actor) -> None:
    assert find_session(keyed_bureau, "invented", now=NOW) is None


def test_a_one_time_sign_in_lets_in_once_and_asks_for_a_password(keyed_bureau: Bureau, zhou: Actor) -> None:
    once = make_one_time(keyed_bureau, person_id=zhou.person_id or 0, by=SYSTEM, now=NOW)

    found = signed_in(keyed_bureau, enter_once(keyed_bureau, once, device=DEVICE, now=NOW))

    assert (found.way, found.by, found.must_set_password) == (SignInWay.ONE_TIME, zhou, True)
    with pytest.raises(Refused, match="已经用过"):
        enter_once(keyed_bureau, once, device=DEVICE, now=NOW)
    assert verbs(keyed_bureau) == ["make_one_time", "sign_in"]


def test_a_one_time_sign_in_ends_after_a_day_or_with_the_next(keyed_bureau: Bureau, zhou: Actor) -> None:
    first = make_one_time(keyed_bureau, person_id=zhou.person_id or 0, by=SYSTEM, now=NOW)
    second = make_one_time(keyed_bureau, person_id=zhou.person_id or 0, by=SYSTEM, now=NOW)

    with pytest.raises(Refused, match="无效"):
        enter_once(keyed_bureau, first, device=DEVICE, now=NOW)
    with pytest.raises(Refused, match="已过期"):
        enter_once(keyed_bureau, second, device=DEVICE, now=after(hours=24))


def test_a_password_that_is_too_old_is_changed_first(keyed_bureau: Bureau) -> None:
    home = a_unit(keyed_bureau, "市民政局", kind="bureau")
    zhou = a_person(keyed_bureau, "周处长", home, Role.COORDINATOR)
    with_password(keyed_bureau, zhou, set_at=after(days=-181))

    assert signed_in(keyed_bureau, enter(keyed_bureau)).must_set_password


def test_a_password_is_too_old_after_the_days_of_the_setting_only(keyed_bureau: Bureau, zhou: Actor) -> None:
    later = after(days=181)

    assert signed_in(keyed_bureau, enter(keyed_bureau, now=later), later).must_set_password
    unlimited = keyed(keyed_bureau, password_days=0)
    assert not signed_in(unlimited, enter(unlimited, now=later), later).must_set_password


def test_who_leaves_is_out_at_once(keyed_bureau: Bureau, zhou: Actor) -> None:
    security = a_person(keyed_bureau, "安全员", zhou.unit_id or 0, Role.SECURITY)
    token = enter(keyed_bureau)

    retire_person(keyed_bureau, zhou, reason="调离", by=security, now=NOW)

    assert find_session(keyed_bureau, token, now=NOW) == Ended(
        person_id=zhou.person_id or 0, why=EndedWhy.RETIRED
    )
    with pytest.raises(Refused, match="姓名或密码不对"):
        enter(keyed_bureau)


def test_everything_about_signing_in_stands_in_a_whole_history(keyed_bureau: Bureau, zhou: Actor) -> None:
    came_once(keyed_bureau, zhou)
    enter(keyed_bureau)

    assert verify_history(keyed_bureau).broken_at is None


def test_without_a_key_the_operator_is_told_what_to_do(bureau: Bureau) -> None:
    keyless = keyed(bureau, "")
    zhou = with_password(keyless, a_person(keyless, "周处长", a_unit(keyless), Role.COORDINATOR))
    token = enter(keyless, name=zhou.name)

    with pytest.raises(Fault, match="duban setup"):
        find_session(keyless, token, now=NOW)
