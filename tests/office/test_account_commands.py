"""duban account and the people's commands: what the console does is recorded and can be tried without writing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from office.actions.enter_once import enter_once
from office.actions.find_client import find_client
from office.actions.find_session import SignedIn, find_session
from office.actions.office import Office
from office.actions.sign_in import sign_in
from office.cli.accounts import app
from office.cli.people import app as people_app
from office.errors import Refused
from rules.people import Role
from tests.builders import a_person, a_unit
from tests.office.account_builders import DEVICE, NOW, PASSWORD, keyed, verbs

ON = ("--on", "2026-03-27")
BY = ("--as", "安全员")


@pytest.fixture
def bureau(office: Office) -> Office:
    home = a_unit(office, "市民政局", kind="bureau")
    a_unit(office, "天宁区民政局")
    a_person(office, "安全员", home, Role.SECURITY)
    a_person(office, "周处长", home, Role.COORDINATOR)
    a_person(office, "运维", home, Role.OPERATOR)
    return keyed(office)


def run(*words: object, given: str | None = None, on=app):
    done = CliRunner().invoke(on, [str(word) for word in words], input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def answer(*words: object):
    return json.loads(run(*words, "--json").output)


def test_a_one_time_sign_in_made_at_the_console_lets_in(bureau: Office) -> None:
    tried = answer("one-time", "周处长", *BY, *ON, "--dry-run")
    made = answer("one-time", "周处长", *BY, *ON)
    told = run("one-time", "周处长", *BY, *ON).output

    assert tried["path"] is None and made["path"].startswith("/once/")
    token = told.strip().rpartition("/")[2]
    assert isinstance(
        find_session(bureau, enter_once(bureau, token, device=DEVICE, now=NOW), now=NOW), SignedIn
    )
    with pytest.raises(Refused, match="请由安全管理员办理"):
        run("one-time", "周处长", "--as", "运维")


def test_a_password_is_typed_at_the_prompt_and_shown_nowhere(bureau: Office) -> None:
    told = run("password", "--as", "周处长", *ON, given=f"\n{PASSWORD}\n{PASSWORD}\n").output

    assert PASSWORD not in told
    token = sign_in(bureau, name="周处长", password=PASSWORD, device=DEVICE, now=NOW)
    listed = answer("sessions", *ON)
    ended = answer("end-sessions", "周处长", *BY, *ON)

    assert [one["name"] for one in listed] == ["周处长"] and ended["ended"] == 1
    assert not isinstance(find_session(bureau, token, now=NOW), SignedIn)


def test_a_token_is_made_listed_and_revoked(bureau: Office) -> None:
    words = ("make-token", "省平台", "--person", "周处长", "--scope", "read", *BY, *ON)
    tried, made = answer(*words, "--dry-run"), answer(*words)
    (listed,) = answer("tokens", *BY)

    assert tried["token"] is None and find_client(bureau, made["token"], now=NOW) is not None
    assert made["token"] not in json.dumps(listed)
    run("revoke-token", made["id"], *BY, *ON)
    assert find_client(bureau, made["token"], now=NOW) is None


def test_links_locks_roles_and_further_units_have_their_commands(bureau: Office) -> None:
    assert answer("revoke-links", "天宁区民政局", *BY, *ON)["generation"] == 2
    run("one-time", "周处长", *BY, *ON)
    run("unlock", "周处长", *BY, *ON)
    run("subject", "周处长", "sub-17", *BY, *ON)
    run("further-unit", "周处长", "--unit", "天宁区民政局", *BY, *ON, on=people_app)
    run("take-role", "周处长", "--role", "coordinator", "--reason", "轮岗", *BY, *ON, on=people_app)

    assert verbs(bureau) == [
        "revoke_links",
        "make_one_time",
        "unlock",
        "bind_subject",
        "add_person_unit",
        "take_role",
    ]
