"""People are entered with roles that nobody gives himself; the history verifies and shows where it was touched."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli.accounts import people
from duban.cli.history import app
from duban.core import clock
from duban.core.access import SYSTEM, Role
from duban.core.errors import NotFound, Refused
from duban.history.hash_chain import GENESIS
from duban.history.queries import Head, append_entry, chain_head
from duban.history.service import verify_history
from duban.history.tables import history
from duban.obligations.states import Transition
from duban.obligations.transitions import reassign_handler, transition
from duban.units.queries import find_actor
from tests.builders import SET_UP_AT, a_person, a_unit, an_obligation


def run(app, *words: object):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def answer(app, *words: object):
    result = run(app, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def some_history(bureau: Bureau, count: int) -> Head:
    with bureau.store.writing() as connection:
        for number in range(count):
            append_entry(
                connection,
                at=SET_UP_AT,
                by=SYSTEM,
                verb="note",
                noun="round",
                noun_id=number,
                detail={"n": number},
            )
        return chain_head(connection)


def tampered(bureau: Bureau, statement: sa.Executable) -> None:
    """Someone with the database in hand takes the guards away first."""
    with bureau.store.writing() as connection:
        for name in ("update", "delete"):
            found = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='history' AND lower(sql) LIKE ?",
                (f"%before {name}%",),
            ).scalar_one()
            connection.exec_driver_sql(f"DROP TRIGGER {found}")
        connection.execute(statement)


def test_the_first_operator_enters_himself_and_then_the_others(bureau: Bureau) -> None:
    a_unit(bureau, "市民政局", kind="bureau")

    with pytest.raises(Refused, match="要记在具体的人名下"):
        run(people, "add", "周统筹", "--unit", "市民政局", "--role", "coordinator")
    run(people, "add", "运维", "--unit", "市民政局", "--role", "operator")
    answer(
        people,
        "add",
        "周统筹",
        "--unit",
        "市民政局",
        "--role",
        "coordinator",
        "--role",
        "reviewer",
    )
    listed = answer(people, "list")

    assert [(one["name"], one["roles"]) for one in listed] == [
        ("运维", ["operator"]),
        ("周统筹", ["coordinator", "reviewer"]),
    ]
    with pytest.raises(Refused, match="不能给自己增加角色"):
        run(people, "add", "运维", "--unit", "市民政局", "--role", "leader")


def test_a_coordinator_enters_handlers_and_nobody_else(bureau: Bureau) -> None:
    home = a_unit(bureau, "市民政局", kind="bureau")
    a_unit(bureau)
    a_person(bureau, "周统筹", home, Role.COORDINATOR)
    by = ("--as", "周统筹")

    answer(people, "add", "王科长", "--unit", "天宁区民政局", "--role", "handler", *by)

    with pytest.raises(Refused, match="不能登记分管领导"):
        run(people, "add", "赵某", "--unit", "天宁区民政局", "--role", "leader", *by)


def test_who_leaves_hands_over_first_and_then_acts_no_more(bureau: Bureau) -> None:
    home, unit = a_unit(bureau, "市民政局", kind="bureau"), a_unit(bureau)
    a_person(bureau, "周统筹", home, Role.COORDINATOR)
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    sun = a_person(bureau, "孙科员", unit, Role.HANDLER)
    one = an_obligation(bureau, unit_id=unit)
    transition(bureau, one, Transition.ACKNOWLEDGE, by=wang, now=SET_UP_AT)
    leaving = ("retire", "王科长", "--reason", "调离", "--as", "周统筹")

    with pytest.raises(Refused, match="名下还有 1 项未办结任务"):
        run(people, *leaving)
    reassign_handler(bureau, from_person=wang, to_person=sun, by=sun, now=SET_UP_AT)
    retired = answer(people, *leaving)

    assert retired["active"] is False
    with bureau.store.reading() as connection:
        assert find_actor(connection, "王科长") is None


def test_two_people_of_one_name_are_told_apart_by_their_units(bureau: Bureau) -> None:
    first, second = a_unit(bureau), a_unit(bureau, "钟楼区民政局")
    a_person(bureau, "王科长", first, Role.HANDLER)
    a_person(bureau, "王科长", second, Role.HANDLER)

    with bureau.store.reading() as connection:
        found = find_actor(connection, "王科长@钟楼区民政局")
        with pytest.raises(Refused, match="有 2 位“王科长”"):
            find_actor(connection, "王科长")

    assert found is not None and found.unit_id == second


def test_the_history_verifies_and_a_changed_entry_is_found(bureau: Bureau) -> None:
    noted = some_history(bureau, 1_200)

    whole = verify_history(bureau, noted=noted)
    tampered(bureau, sa.update(history).where(history.c.id == 1_077).values(actor="赵某"))
    broken = verify_history(bureau)

    assert (whole.entries, whole.broken_at) == (1_200, None)
    assert broken.broken_at == 1_077 and "内容被改动过" in (broken.reason or "")


@pytest.mark.parametrize(("gone", "broken_at"), [(5, 5), (10, 10)])
def test_a_missing_entry_is_found_even_at_the_end_when_the_head_was_noted(
    bureau: Bureau, gone: int, broken_at: int
) -> None:
    noted = some_history(bureau, 10)

    tampered(bureau, sa.delete(history).where(history.c.id == gone))

    assert verify_history(bureau, noted=noted).broken_at == broken_at


def test_a_chain_that_was_written_anew_differs_from_the_noted_head(bureau: Bureau) -> None:
    some_history(bureau, 3)

    other = verify_history(bureau, noted=Head(entries=2, entry_hash="f" * 64))

    assert other.broken_at == 2 and "整条链可能被重写" in (other.reason or "")


def test_the_command_prints_a_head_that_it_takes_back(bureau: Bureau) -> None:
    empty = answer(app, "verify")
    some_history(bureau, 3)

    told = run(app, "verify").output
    noted = told.strip().rpartition("：")[2]
    again = answer(app, "verify", "--since", noted)

    assert (empty["entries"], empty["head"]) == (0, GENESIS)
    assert (again["intact"], again["entries"]) == (True, 3)
    assert run(app, "verify", "--since", "3").exit_code == 2


def test_the_history_of_one_matter_and_one_edition_is_shown(bureau: Bureau) -> None:
    with bureau.store.writing() as connection:
        for noun_id in (1, 2):
            append_entry(
                connection,
                at=clock.at(SET_UP_AT.date()),
                by=SYSTEM,
                verb="submit",
                noun="obligation",
                noun_id=noun_id,
            )

    one = answer(app, "show", "--obligation", "2")

    assert [(entry["id"], entry["noun_id"], entry["detail"]) for entry in one] == [(2, 2, {})]
    with pytest.raises(NotFound, match="没有专项行动"):
        run(app, "show", "--edition", "nothing/2026")
