"""duban board as a leader reads it in a terminal and a script reads it as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli.board import board
from duban.core.errors import NotFound
from duban.obligations.tables import obligation
from tests.builders import a_point, a_unit, an_edition, an_obligation

DUE = date(2026, 3, 31)

app = typer.Typer()
app.command()(board)


@pytest.fixture
def leaders_year(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Bureau:
    """李局长's year: 金坛 has not filed since yesterday, 天宁 did in time, 敬老月 is far away."""
    monkeypatch.setenv("COLUMNS", "100")
    edition = an_edition(bureau)
    point = a_point(bureau, edition, due_on=DUE)
    an_obligation(bureau, edition_id=edition, point=point, unit_id=a_unit(bureau, "金坛区民政局"))
    done = an_obligation(bureau, edition_id=edition, point=point, unit_id=a_unit(bureau, "天宁区民政局"))
    with bureau.store.writing() as connection:
        closed = {"state": "closed", "submitted_on": DUE}
        connection.execute(sa.update(obligation).where(obligation.c.id == done).values(closed))
    calm = an_edition(bureau, "respect_elders_month", name="敬老月")
    an_obligation(bureau, edition_id=calm, due_on=date(2026, 10, 31))
    return bureau


def shown(*words: str) -> str:
    result = CliRunner().invoke(app, ["--on", "2026-04-01", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line.rstrip())


def test_a_leader_sees_red_first_in_words_and_shapes(leaders_year: Bureau) -> None:
    text = shown()

    assert "截至 2026-04-01" in text
    assert "▲红灯1项  ◆黄灯0项  ●绿灯2项  ○灰灯0项" in text
    assert "按时办结率 50.0 %（1/2）" in text
    assert "今日转红（1项）" in text
    assert "▲金坛区民政局" in text
    assert "另有1项行动没有红灯、黄灯：敬老月2026" in text
    assert "按时办结率＝" in text
    assert text.index("今日转红") < text.index("各专项行动")


def test_the_board_fits_a_terminal_of_a_hundred_columns(leaders_year: Bureau) -> None:
    for n in range(12):
        edition = an_edition(leaders_year, f"c{n}", name=f"基层治理“儒林实践”与困难群众保障{n}")
        for unit in ("经开区社会保障和卫生健康局", "武进区民政局", "溧阳市民政局", "新北区民政局"):
            an_obligation(leaders_year, edition_id=edition, unit_id=a_unit(leaders_year, unit), due_on=DUE)

    tables_ = [line for line in shown().splitlines() if line.lstrip().startswith(("▲", "◆", "●"))]

    assert len(tables_) > 12
    assert max(map(width, tables_)) <= 100


def test_one_campaign_is_shown_unit_by_unit(leaders_year: Bureau) -> None:
    text = shown("--campaign", "place_name_signs")

    assert text.index("▲红灯  金坛区民政局") < text.index("●绿灯  天宁区民政局")
    assert "敬老月" not in text


def test_one_unit_sees_its_own_lights_only(leaders_year: Bureau) -> None:
    answer = json.loads(shown("--unit", "天宁区民政局", "--year", "2026", "--json"))

    units = {cell["unit"] for line in answer["campaigns"] for cell in line["cells"]}
    assert "金坛区民政局" not in units
    signs = next(line for line in answer["campaigns"] if line["campaign"] == "place_name_signs")
    assert (signs["light"], signs["word"], signs["lights"]["red"]) == ("green", "绿灯", 0)


def test_a_script_reads_exact_rates_and_definitions(leaders_year: Bureau) -> None:
    answer = json.loads(shown("--json"))

    assert answer["rates"]["in_time"] == {"name": "按时办结率", "part": 1, "whole": 2, "shown": "50.0 %"}
    assert answer["rates"]["at_first"]["shown"] == "100.0 %"
    assert [one["unit"] for one in answer["turned_red"]] == ["金坛区民政局"]
    assert set(answer["definitions"]) == set(answer["rates"])


def test_an_unknown_unit_is_refused_in_a_sentence(leaders_year: Bureau) -> None:
    with pytest.raises(NotFound):
        shown("--unit", "无此单位")


def test_an_empty_bureau_says_what_to_do(bureau: Bureau, tmp_path: Path) -> None:
    assert "duban calendar apply" in shown()


def test_a_round_and_a_letter_never_wait_for_the_tables() -> None:
    asked = "duban.cli.rounds, duban.cli.operate, duban.letters.delivery, duban.obligations.lists"
    run = [sys.executable, "-c", f"import sys, {asked}; sys.exit('pandas' in sys.modules)"]

    assert subprocess.run(run, check=False).returncode == 0
