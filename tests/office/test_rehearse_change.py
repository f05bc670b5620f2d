"""The next ninety days of messages before and after a change, without a trace in the ledger."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from office import clock
from office.actions.hold_round import hold_round
from office.actions.make_draft import make_draft
from office.actions.office import Office
from office.actions.read_load import read_load
from office.actions.read_year import read_year
from office.actions.rehearse_change import ChangeRehearsed, rehearse_change, rehearse_draft
from office.actions.show_draft import list_drafts
from office.cli import calendar
from office.errors import Refused
from office.store import tables
from rules.ladder import RungKind
from rules.planned import Count
from tests.office.planning_builders import SURVEY, TODAY, Bureau, staffed, surveyed

NOW = clock.at(TODAY)
LATER = SURVEY.replace("3月底前", "4月15日前")
BEFORE_DUE, AFTER_DUE = date(2026, 3, 31), date(2026, 4, 15)


@pytest.fixture
def bureau(office: Office) -> Bureau:
    return surveyed(staffed(office))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2026" / "sign_survey.yaml"
    path.parent.mkdir()
    path.write_text(LATER, encoding="utf-8")
    return path


def rehearsed(bureau: Bureau, text: str = LATER) -> ChangeRehearsed:
    made = make_draft(bureau.office, text, by=bureau.zhou, now=NOW)
    return rehearse_draft(bureau.office, made.draft_id, by=bureau.zhou, now=NOW)


def rows(bureau: Bureau) -> dict[str, int | None]:
    names = ("obligation", "point", "edition", "history", "dispatch", "reminder")
    with bureau.office.store.reading() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names
        }


def command(*words: str):
    return CliRunner().invoke(calendar.app, [*words, "--on", TODAY.isoformat(), "--as", "周处长"])


def test_each_day_and_each_unit_is_counted_before_and_after(bureau: Bureau) -> None:
    found = rehearsed(bureau)

    days = {one.on: one.count for one in found.days}
    assert days[BEFORE_DUE] == Count(before=2, after=0)
    assert days[AFTER_DUE] == Count(before=0, after=2)
    assert {one.unit for one in found.units} == {"天宁区民政局", "钟楼区民政局", "市民政局"}
    assert (found.window.first, found.window.last) == (TODAY, date(2026, 6, 6))


def test_the_differences_name_the_unit_the_day_and_the_matter(bureau: Bureau) -> None:
    [due] = [one for one in rehearsed(bureau).differences if one.on == BEFORE_DUE]

    assert due.units == ("天宁区民政局", "钟楼区民政局")
    [gone] = due.gone
    assert (gone.kind, gone.title, due.come) == (RungKind.DUE, "普查方案报备案", ())


def test_a_day_that_carries_another_campaign_keeps_its_message(bureau: Bureau) -> None:
    surveyed(bureau, SURVEY.replace("sign_survey", "other").replace("地名标志普查", "另一项"))

    found = rehearsed(bureau)

    assert {one.on: one.count for one in found.days}[BEFORE_DUE] == Count(before=2, after=2)


def test_what_a_round_has_sent_today_is_not_counted_again(bureau: Bureau) -> None:
    hold_round(bureau.office, now=NOW)

    assert rehearsed(bureau).window.first == date(2026, 3, 10)


def test_a_rehearsal_leaves_no_trace(bureau: Bureau) -> None:
    made = make_draft(bureau.office, LATER, by=bureau.zhou, now=NOW)
    before = rows(bureau)

    found = rehearse_draft(bureau.office, made.draft_id, by=bureau.zhou, now=NOW)

    assert found.applied is not None
    assert found.applied.obligations_moved == 2
    assert rows(bureau) == before


def test_without_a_change_only_what_stands_is_shown(bureau: Bureau) -> None:
    found = rehearse_change(bureau.office, None, by=bureau.zhou, now=NOW)

    assert found.applied is None
    assert found.total.before == found.total.after > 0


def test_a_handler_does_not_rehearse_for_the_bureau(bureau: Bureau) -> None:
    with pytest.raises(Refused, match="王科长没有演练专项行动改动的权限"):
        rehearse_change(bureau.office, None, by=bureau.wang, now=NOW)


def test_the_command_rehearses_a_file(bureau: Bureau, file: Path) -> None:
    told = command("rehearse-change", str(file))
    answered = command("rehearse-change", str(file), "--json")

    assert "没有写入台账" in told.stdout
    assert json.loads(answered.stdout)["applied"]["obligations_moved"] == 2


def test_the_command_tells_a_faulty_file_by_its_lines(bureau: Bureau, file: Path) -> None:
    file.write_text(LATER.replace("4月15日前", "四月左右"), encoding="utf-8")

    refused = command("rehearse-change", str(file))

    assert "sign_survey.yaml 第13行" in str(refused.exception)


def test_one_file_is_applied_by_name(bureau: Bureau, file: Path) -> None:
    done = command("apply", str(file))

    assert "今后以文件为准" in done.stdout
    with bureau.office.store.reading() as connection:
        assert connection.scalar(sa.select(tables.edition.c.own)) is False


@pytest.mark.postgres
def test_planning_reads_and_foresees_the_same_on_postgresql(pg_office: Office) -> None:
    bureau = surveyed(staffed(pg_office))

    found = rehearsed(bureau)
    [one] = read_year(pg_office, 2026, by=bureau.zhou).campaigns
    load = read_load(pg_office, 2026, 1, by=bureau.zhou)

    assert {one.on: one.count for one in found.days}[AFTER_DUE] == Count(before=0, after=2)
    assert (one.owed, one.done) == (3, 0)
    assert [unit.owed for unit in load.units] == [1, 1]
    assert list_drafts(pg_office, by=bureau.zhou)[0].changed_by == "周处长"
