"""The next ninety days of messages before and after a change, without a trace in the ledger."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from calendars.ladders import RungKind
from duban.bureau import Bureau
from duban.cli import calendar
from duban.core import clock
from duban.core.errors import Refused
from duban.editions.drafts import list_drafts, make_draft, rehearse_draft
from duban.editions.forecast import ChangeRehearsed, rehearse_change
from duban.editions.pages import read_load, read_year
from duban.editions.rules import MessageCount
from duban.editions.tables import edition
from duban.rounds.service import hold_round
from tests.editions.planning_builders import SURVEY, TODAY, StaffedOffice, a_staffed_office, with_survey
from tests.travel import travel

NOW = clock.at(TODAY)
LATER = SURVEY.replace("3月底前", "4月15日前")
BEFORE_DUE, AFTER_DUE = date(2026, 3, 31), date(2026, 4, 15)


@pytest.fixture
def surveyed(bureau: Bureau) -> StaffedOffice:
    return with_survey(a_staffed_office(bureau))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2026" / "sign_survey.yaml"
    path.parent.mkdir()
    path.write_text(LATER, encoding="utf-8")
    return path


def rehearsed(surveyed: StaffedOffice, text: str = LATER) -> ChangeRehearsed:
    made = make_draft(surveyed.bureau, text, by=surveyed.zhou, now=NOW)
    return rehearse_draft(surveyed.bureau, made.draft_id, by=surveyed.zhou, now=NOW)


def rows(surveyed: StaffedOffice) -> dict[str, int | None]:
    names = ("obligation", "point", "edition", "history", "dispatch", "reminder")
    with surveyed.bureau.store.reading() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names
        }


def command(*words: str):
    travel(TODAY)
    return CliRunner().invoke(calendar.app, [*words, "--as", "周处长"])


def test_each_day_and_each_unit_is_counted_before_and_after(surveyed: StaffedOffice) -> None:
    found = rehearsed(surveyed)

    days = {one.on: one.count for one in found.days}
    assert days[BEFORE_DUE] == MessageCount(before=2, after=0)
    assert days[AFTER_DUE] == MessageCount(before=0, after=2)
    assert {one.unit for one in found.units} == {"天宁区民政局", "钟楼区民政局", "市民政局"}
    assert (found.window.first, found.window.last) == (TODAY, date(2026, 6, 6))


def test_the_differences_name_the_unit_the_day_and_the_matter(surveyed: StaffedOffice) -> None:
    [due] = [one for one in rehearsed(surveyed).differences if one.on == BEFORE_DUE]

    assert due.units == ("天宁区民政局", "钟楼区民政局")
    [gone] = due.gone
    assert (gone.kind, gone.title, due.come) == (RungKind.DUE, "普查方案报备案", ())


def test_a_day_that_carries_another_campaign_keeps_its_message(surveyed: StaffedOffice) -> None:
    with_survey(surveyed, SURVEY.replace("sign_survey", "other").replace("地名标志普查", "另一项"))

    found = rehearsed(surveyed)

    assert {one.on: one.count for one in found.days}[BEFORE_DUE] == MessageCount(before=2, after=2)


def test_what_a_round_has_sent_today_is_not_counted_again(surveyed: StaffedOffice) -> None:
    hold_round(surveyed.bureau, now=NOW)

    assert rehearsed(surveyed).window.first == date(2026, 3, 10)


def test_a_rehearsal_leaves_no_trace(surveyed: StaffedOffice) -> None:
    made = make_draft(surveyed.bureau, LATER, by=surveyed.zhou, now=NOW)
    before = rows(surveyed)

    found = rehearse_draft(surveyed.bureau, made.draft_id, by=surveyed.zhou, now=NOW)

    assert found.applied is not None
    assert found.applied.obligations_moved == 2
    assert rows(surveyed) == before


def test_without_a_change_only_what_stands_is_shown(surveyed: StaffedOffice) -> None:
    found = rehearse_change(surveyed.bureau, None, by=surveyed.zhou, now=NOW)

    assert found.applied is None
    assert found.total.before == found.total.after > 0


def test_a_handler_does_not_rehearse_for_the_bureau(surveyed: StaffedOffice) -> None:
    with pytest.raises(Refused, match="王科长没有演练专项行动改动的权限"):
        rehearse_change(surveyed.bureau, None, by=surveyed.wang, now=NOW)


def test_the_command_rehearses_a_file(surveyed: StaffedOffice, file: Path) -> None:
    told = command("rehearse-change", str(file))
    answered = command("rehearse-change", str(file), "--json")

    assert "没有写入台账" in told.stdout
    assert json.loads(answered.stdout)["applied"]["obligations_moved"] == 2


def test_the_command_tells_a_faulty_file_by_its_lines(surveyed: StaffedOffice, file: Path) -> None:
    file.write_text(LATER.replace("4月15日前", "四月左右"), encoding="utf-8")

    refused = command("rehearse-change", str(file))

    assert "sign_survey.yaml 第13行" in str(refused.exception)


def test_one_file_is_applied_by_name(surveyed: StaffedOffice, file: Path) -> None:
    done = command("apply", str(file))

    assert "今后以文件为准" in done.stdout
    with surveyed.bureau.store.reading() as connection:
        assert connection.scalar(sa.select(edition.c.own)) is False


@pytest.mark.postgres
def test_planning_reads_and_foresees_the_same_on_postgresql(pg_bureau: Bureau) -> None:
    surveyed = with_survey(a_staffed_office(pg_bureau))

    found = rehearsed(surveyed)
    [one] = read_year(pg_bureau, 2026, by=surveyed.zhou).campaigns
    load = read_load(pg_bureau, 2026, 1, by=surveyed.zhou)

    assert {one.on: one.count for one in found.days}[AFTER_DUE] == MessageCount(before=0, after=2)
    assert (one.owed, one.done) == (3, 0)
    assert [unit.owed for unit in load.units] == [1, 1]
    assert list_drafts(pg_bureau, by=surveyed.zhou)[0].changed_by == "周处长"
