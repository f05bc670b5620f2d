"""The commands about calendars, rosters and figures, from outside: answers, exit statuses, one sentence for a fault."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from duban.cli import calendar, figures, rosters, units
from duban.cli.operate import set_up
from duban.core.errors import NotFound
from duban.core.settings import Settings
from tests.rosters.test_rosters import a_code, a_sheet

DIRECTION = "周处长"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bureau set up once with the campaigns of 2026; every test works in a copy of it."""
    home = tmp_path_factory.mktemp("prepared") / "duban"
    set_up(Settings(home=home, edition_years=(2026,)), quiet=True)
    return home


@pytest.fixture
def ready(settings: Settings, prepared: Path) -> Settings:
    shutil.copytree(prepared, settings.home)
    return settings


def run(app, *words: str):
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answer(app, *words: str):
    result = run(app, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_check_reports_the_two_sums_of_the_source_that_do_not_agree(settings: Settings) -> None:
    found = answer(calendar.app, "check", "2025")

    assert found["faults"] == []
    assert {one["item"] for one in found["sums"]} == {"A1-02-01", "A1-12-02"}


def test_check_of_a_faulty_file_names_every_line_and_ends_with_status_one(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("campaign: bad\nname: 坏\nkind: wrong\nyear: 2026\nmilestones: []\n", encoding="utf-8")

    result = run(calendar.app, "check", str(bad))

    assert result.exit_code == 1
    assert "bad.yaml 第3行" in result.output
    assert "第5行" in result.output


def test_applying_again_changes_nothing_and_a_preview_says_so(ready: Settings) -> None:
    done = answer(calendar.app, "apply", "2026", "--as", DIRECTION, "--dry-run")

    assert {one["outcome"] for one in done["editions"]} == {"unchanged"}
    assert done["refused"] == []


def test_show_lists_a_year_and_one_campaign_by_name(ready: Settings) -> None:
    year = answer(calendar.app, "show", "2026")
    [one] = answer(calendar.app, "show", "2026", "社会组织年检")

    assert len(year) > 40
    assert one["campaign"] == "social_org_annual_check"
    with pytest.raises(NotFound, match="duban calendar apply 2031"):
        run(calendar.app, "show", "2031")


def test_pausing_can_be_previewed(ready: Settings) -> None:
    words = ("pause", "qingming", "2026", "--reason", "另有安排", "--as", DIRECTION)

    assert answer(calendar.app, *words, "--dry-run")["state"] == "paused"
    [one] = answer(calendar.app, "show", "2026", "qingming")
    assert one["state"] == "published"


def test_a_year_is_rolled_under_the_home_folder(settings: Settings) -> None:
    rolled = answer(calendar.app, "roll", "2027", "--from", "2026")

    assert rolled["plan"]["provisional"] is True
    assert all(Path(path).is_relative_to(settings.home) for path in rolled["written"])


def test_a_roster_comes_in_and_shows_its_counts(ready: Settings, tmp_path: Path) -> None:
    rows = [(a_code(n), f"第{n}号社会组织", "天宁区", "已参检" if n < 3 else "") for n in range(4)]
    sheet = a_sheet(tmp_path, rows, ("统一社会信用代码", "名称", "业务主管单位", "参检情况"))
    check = ("social_org_annual_check", "2026")

    done = answer(rosters.app, "import", *check, str(sheet), "--as", DIRECTION)
    shown = answer(rosters.app, "show", *check)
    missing = answer(rosters.app, "missing", *check)

    assert done["new"] == 4
    assert (shown["all"]["due"], shown["all"]["participation"]) == (4, "75.0 %")
    assert [one["code"] for one in missing] == [a_code(3)]


def test_a_figure_goes_in_and_its_indicator_comes_out(ready: Settings) -> None:
    check = ("social_org_annual_check", "2026")
    for name, value in (("应参检", "600"), ("已参检", "425")):
        words = ("record", *check, name, value, "--unit", "家", "--as", DIRECTION)
        run(figures.app, *words)

    found = answer(figures.app, "indicators", *check)

    assert {one["key"]: one["shown"] for one in found["city"]}["taken_part"] == "70.8 %"


def test_units_are_listed_and_shown(ready: Settings) -> None:
    assert len(answer(units.app, "list")) > 30
    assert answer(units.app, "show", "常州市民政局")["name"] == "市民政局"
