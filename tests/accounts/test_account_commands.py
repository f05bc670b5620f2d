"""duban account and the people's commands: what the console does is recorded and can be tried without writing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from duban.accounts.passwords import sign_in
from duban.accounts.sessions import SignedIn, enter_once, find_session
from duban.accounts.tokens import find_client
from duban.bureau import Bureau
from duban.cli.accounts import app
from duban.cli.accounts import people as people_app
from duban.core.access import Role
from duban.core.errors import Refused
from tests.accounts.account_builders import DEVICE, NOW, PASSWORD, keyed, verbs
from tests.builders import a_person, a_unit
from tests.travel import travel

BY = ("--as", "安全员")


@pytest.fixture
def keyed_and_staffed(bureau: Bureau) -> Bureau:
    home = a_unit(bureau, "市民政局", kind="bureau")
    a_unit(bureau, "天宁区民政局")
    a_person(bureau, "安全员", home, Role.SECURITY)
    a_person(bureau, "周处长", home, Role.COORDINATOR)
    a_person(bureau, "运维", home, Role.OPERATOR)
    travel("2026-03-27")
    return keyed(bureau)


def run(*words: object, given: str | None = None, on=app):
    done = CliRunner().invoke(on, [str(word) for word in words], input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def answer(*words: object):
    return json.loads(run(*words, "--json").output)


def test_a_one_time_sign_in_made_at_the_console_lets_in(keyed_and_staffed: Bureau) -> None:
    tried = answer("one-time", "周处长", *BY, "--dry-run")
    made = answer("one-time", "周处长", *BY)
    told = run("one-time", "周处长", *BY).output

    assert tried["path"] is None and made["path"].startswith("/once/")
    token = told.strip().rpartition("/")[2]
    assert isinstance(
        find_session(
            keyed_and_staffed, enter_once(keyed_and_staffed, token, device=DEVICE, now=NOW), now=NOW
        ),
        SignedIn,
    )
    with pytest.raises(Refused, match="请由安全管理员办理"):
        run("one-time", "周处长", "--as", "运维")


def test_a_password_is_typed_at_the_prompt_and_shown_nowhere(keyed_and_staffed: Bureau) -> None:
    told = run("password", "--as", "周处长", given=f"\n{PASSWORD}\n{PASSWORD}\n").output

    assert PASSWORD not in told
    token = sign_in(keyed_and_staffed, name="周处长", password=PASSWORD, device=DEVICE, now=NOW)
    listed = answer("sessions")
    ended = answer("end-sessions", "周处长", *BY)

    assert [one["name"] for one in listed] == ["周处长"] and ended["ended"] == 1
    assert not isinstance(find_session(keyed_and_staffed, token, now=NOW), SignedIn)


def test_a_token_is_made_listed_and_revoked(keyed_and_staffed: Bureau) -> None:
    words = ("make-token", "省平台", "--person", "周处长", "--scope", "read", *BY)
    tried, made = answer(*words, "--dry-run"), answer(*words)
    (listed,) = answer("tokens", *BY)

    assert tried["token"] is None and find_client(keyed_and_staffed, made["token"], now=NOW) is not None
    assert made["token"] not in json.dumps(listed)
    run("revoke-token", made["id"], *BY)
    assert find_client(keyed_and_staffed, made["token"], now=NOW) is None


def test_links_locks_roles_and_further_units_have_their_commands(keyed_and_staffed: Bureau) -> None:
    assert answer("revoke-links", "天宁区民政局", *BY)["generation"] == 2
    run("one-time", "周处长", *BY)
    run("unlock", "周处长", *BY)
    run("subject", "周处长", "sub-17", *BY)
    run("further-unit", "周处长", "--unit", "天宁区民政局", *BY, on=people_app)
    run("take-role", "周处长", "--role", "coordinator", "--reason", "轮岗", *BY, on=people_app)

    assert verbs(keyed_and_staffed) == [
        "revoke_links",
        "make_one_time",
        "unlock",
        "bind_subject",
        "add_person_unit",
        "take_role",
    ]
