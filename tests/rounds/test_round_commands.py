"""duban round and duban dispatch as people and scripts use them, on a real bureau folder."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from typer import Typer
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli import rounds
from duban.core.access import Role
from duban.core.errors import Refused
from duban.history.tables import history
from tests.builders import a_person, a_unit
from tests.letters.delivery_builders import LI, WANG, District, a_district, hold, letters, rows, set_dispatch
from tests.travel import travel


@pytest.fixture
def coordinated_district(bureau: Bureau) -> District:
    made = a_district(bureau)
    a_person(bureau, "周统筹", made.home, Role.COORDINATOR)
    return made


def duban(app: Typer, *words: object, status: int = 0, on: str | None = None) -> str:
    if on:
        travel(on)
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.output


def answer(app: Typer, *words: object, status: int = 0, on: str | None = None) -> Any:
    return json.loads(duban(app, *words, "--json", status=status, on=on))


def test_one_command_holds_the_round_closes_the_gates_and_says_where_the_mail_went(
    coordinated_district: District,
) -> None:
    missing = coordinated_district.owes(gate=True)

    said = duban(rounds.app, "run", on="2026-04-01")

    assert "新排提醒1条" in said and "已被接收2封" in said
    assert "应办1项" in said and f"未完成：天宁区民政局 {missing}号 逾期" in said
    outbox = (coordinated_district.bureau.settings.home / "outbox").resolve()
    assert f"邮件写成文件，在 {outbox}" in said.replace("\n", "")
    assert {letter.to for letter in letters(coordinated_district.bureau)} == {
        f"王科长 <{WANG}>",
        f"李局长 <{LI}>",
    }


def test_the_same_command_again_repeats_nothing(coordinated_district: District) -> None:
    coordinated_district.owes(gate=True)
    duban(rounds.app, "run", on="2026-04-01")

    again = answer(rounds.app, "run", on="2026-04-01")

    assert again["held"] and again["round"]["planned"] == 0 and again["gates"] == []
    assert set(again["delivery"].values()) == {0} and len(letters(coordinated_district.bureau)) == 2


def test_a_preview_writes_and_sends_nothing(coordinated_district: District) -> None:
    coordinated_district.owes()

    said = duban(rounds.app, "run", "--on", "2026-03-26", "--dry-run")

    assert (
        "地名标志巡检" in said
        and rows(coordinated_district.bureau) == []
        and letters(coordinated_district.bureau) == []
    )
    assert answer(rounds.app, "run", "--on", "2026-03-26", "--dry-run")["editions"][0]["planned"] == 1


def test_on_a_day_off_the_command_says_when_messages_leave(coordinated_district: District) -> None:
    coordinated_district.owes()

    said = duban(rounds.app, "run", on="2026-04-05")

    assert "将于 04-07 08:00 后发出" in said and letters(coordinated_district.bureau) == []


def test_a_clock_set_back_is_refused_with_a_sentence(coordinated_district: District) -> None:
    duban(rounds.app, "run", on="2026-04-01")

    assert "请校正系统时钟" in duban(rounds.app, "run", status=1, on="2026-03-02")
    assert answer(rounds.app, "run", status=1, on="2026-03-02")["held"] is False


def test_an_edition_that_cannot_be_planned_is_named_and_the_exit_status_says_so(
    coordinated_district: District,
) -> None:
    coordinated_district.owes(ladder="no_such_ladder")

    said = duban(rounds.app, "run", status=1, on="2026-03-26")

    assert "地名标志巡检：催办梯次“no_such_ladder”不存在" in said
    assert "没有办完整" in duban(rounds.app, "missing", "--on", "2026-03-26", status=1)


def test_what_could_not_be_sent_is_named_with_its_reason(coordinated_district: District) -> None:
    coordinated_district.owes(unit_id=a_unit(coordinated_district.bureau, "新北区民政局", address=None))

    assert "新北区民政局" in duban(rounds.app, "run", on="2026-03-26")


def test_missing_days_are_listed_and_today_only_after_its_hour(coordinated_district: District) -> None:
    coordinated_district.owes()
    hold(coordinated_district.bureau, date(2026, 3, 26))
    hold(coordinated_district.bureau, date(2026, 3, 28))

    listed = answer(rounds.app, "missing", "--on", "2026-03-30", status=1)

    assert listed["missing"] == ["2026-03-27", "2026-03-29", "2026-03-30"]
    assert answer(rounds.app, "missing", "--on", "2026-03-28", "--days", 1)["missing"] == []
    assert "没有漏办" in duban(rounds.app, "missing", "--on", "2026-03-26")


def test_before_anything_is_published_no_round_is_missing(bureau: Bureau) -> None:
    assert answer(rounds.app, "missing", "--on", "2026-03-30") == {"missing": [], "troubled": []}


def test_while_no_round_was_ever_held_days_count_from_the_first_edition(
    coordinated_district: District,
) -> None:
    assert answer(rounds.app, "missing", "--on", "2026-01-06", status=1)["missing"] == [
        "2026-01-05",
        "2026-01-06",
    ]


def test_dispatches_are_listed_by_status_unit_and_day(coordinated_district: District) -> None:
    coordinated_district.owes()
    other = a_unit(coordinated_district.bureau, "新北区民政局", address=None)
    coordinated_district.owes(unit_id=other)
    duban(rounds.app, "run", on="2026-03-26")

    everything = answer(rounds.dispatches, "list")
    failed = answer(rounds.dispatches, "list", "--status", "failed")
    of_unit = answer(rounds.dispatches, "list", "--unit", "天宁区民政局", "--on", "2026-03-26")

    assert everything["counts"] == {"accepted": 1, "failed": 1} and everything["total"] == 2
    assert [(one["unit"], one["contact"]) for one in failed["dispatches"]] == [("新北区民政局", None)]
    assert [(one["address"], one["provider_code"]) for one in of_unit["dispatches"]] == [(WANG, "written")]
    assert answer(rounds.dispatches, "list", "--on", "2026-03-25")["total"] == 0
    assert "已被接收1，未能发出1" in duban(rounds.dispatches, "list").replace("\n", "")


def test_a_failed_dispatch_is_sent_again_by_command(coordinated_district: District) -> None:
    coordinated_district.owes()
    hold(coordinated_district.bureau, date(2026, 3, 26))
    set_dispatch(coordinated_district.bureau, status="failed", reason="邮箱已满")
    number = rows(coordinated_district.bureau)[0].id

    said = duban(rounds.dispatches, "retry", number, "--as", "周统筹", "--dry-run", on="2026-03-26")
    assert said.startswith("（未写入）") and rows(coordinated_district.bureau)[0].status == "failed"
    done = answer(rounds.dispatches, "retry", "--failed", "--as", "周统筹", on="2026-03-26")
    duban(rounds.app, "run", on="2026-03-26")

    assert done["dispatches"] == [number] and len(letters(coordinated_district.bureau)) == 1
    with coordinated_district.bureau.store.reading() as connection:
        verbs = set(connection.scalars(sa.select(history.c.verb)))
    assert {"hold", "retry", "deliver"} <= verbs


def test_a_retry_of_nothing_in_particular_is_refused(coordinated_district: District) -> None:
    with pytest.raises(Refused, match="请写明要重发的编号"):
        duban(rounds.dispatches, "retry", "--as", "周统筹")
    with pytest.raises(Refused, match="两者取一"):
        duban(rounds.dispatches, "retry", 1, "--failed", "--as", "周统筹")


def test_no_round_is_held_on_a_day_that_somebody_states(coordinated_district: District) -> None:
    """A mistyped year once closed 34 gates and stopped every real day after it."""
    coordinated_district.owes(gate=True)
    travel("2026-03-26")

    for day in ("2027-11-27", "2026-03-25"):
        with pytest.raises(Refused, match=r"还没到的不能提前办.*--dry-run"):
            duban(rounds.app, "run", "--on", day)

    assert rows(coordinated_district.bureau) == []
    assert answer(rounds.app, "run")["held"] is True
