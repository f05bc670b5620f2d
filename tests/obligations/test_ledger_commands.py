"""The ledger's commands as people and scripts use them, on a real office folder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from duban.bureau import Bureau
from duban.cli import obligations
from duban.core import clock
from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.rounds.service import hold_round
from tests.builders import a_person, a_unit, an_edition, an_obligation
from tests.travel import travel

COUNT = {
    "key": "count",
    "title": "参加人数",
    "type": "figure",
    "unit_of_measure": "人",
    "minimum": "1",
    "maximum": "5000",
}
PLAN = {"key": "plan", "title": "巡检计划"}

pytestmark = pytest.mark.usefixtures("commands_find_either")


@pytest.fixture
def unit_and_edition(either_bureau: Bureau):
    home = a_unit(either_bureau, "市民政局", kind="bureau")
    unit = a_unit(either_bureau)
    a_person(either_bureau, "王科长", unit, Role.HANDLER)
    a_person(either_bureau, "孙科员", unit, Role.HANDLER)
    a_person(either_bureau, "陈审核", home, Role.REVIEWER)
    a_person(either_bureau, "周统筹", home, Role.COORDINATOR)
    a_person(either_bureau, "李局长", home, Role.LEADER)
    edition = an_edition(either_bureau, coordinator_unit_id=home)
    return {"unit": unit, "edition": edition}


def duban(*words: object, on: str | None = None) -> str:
    if on:
        travel(on)
    result = CliRunner().invoke(obligations.app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def answer(*words: object, on: str | None = None):
    return json.loads(duban(*words, "--json", on=on))


def test_the_file_of_a_matter_speaks_of_evidence_and_reminders_in_the_words_of_the_office(
    either_bureau: Bureau, unit_and_edition
) -> None:
    one = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        evidence=(PLAN, COUNT),
    )
    hold_round(either_bureau, now=clock.at(date(2026, 3, 25)))

    said = duban("show", one, "--on", "2026-03-25")

    assert "数据" in said and "文件" in said
    assert "交办" in said and "已排" in said
    for ours in ("figure", "document", "planned", "pending", "assign"):
        assert ours not in said


def test_a_matter_goes_from_assigned_to_signed_off_by_command(
    either_bureau: Bureau, unit_and_edition, tmp_path: Path
) -> None:
    one = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        evidence=(PLAN, COUNT),
    )
    paper = tmp_path / "计划.csv"
    paper.write_text("街道,月份\n天宁,3\n", encoding="utf-8")

    duban("acknowledge", one, "--backup", "孙科员", "--as", "王科长", on="2026-03-02")
    duban(
        "submit",
        one,
        "--file",
        f"plan={paper}",
        "--figure",
        "count=93人",
        "--as",
        "王科长",
        on="2026-03-20",
    )
    duban("review", one, "--pass", "--as", "陈审核", on="2026-03-23")
    closed = answer("sign-off", one, "--as", "周统筹", on="2026-03-24")
    shown = answer("show", one, "--on", "2026-03-25")

    assert (closed["state"], closed["late"]) == ("closed", False)
    assert (shown["light"], shown["word"]) == ("green", "按期办结")
    assert shown["source_document"] == "2025年工作要点 附件1"
    assert [item["key"] for item in shown["submissions"][0]["items"]] == ["plan", "count"]
    assert (
        shown["submissions"][0]["items"][1] | {"value": 93, "unit_of_measure": "人"}
        == (shown["submissions"][0]["items"][1])
    )
    assert shown["submissions"][0]["reviews"][0]["reviewed_by"] == "陈审核"
    assert [act["kind"] for act in shown["acts"]] == ["sign_off"]
    assert [entry["verb"] for entry in shown["history"]] == ["acknowledge", "submit", "pass", "sign_off"]
    assert "按期办结" not in duban("show", one, "--on", "2026-03-25").splitlines()[0]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(either_bureau: Bureau, unit_and_edition) -> None:
    one = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )

    told = duban("submit", one, "--as", "王科长", "--dry-run", on="2026-03-20")

    assert "试运行，未写入：报结" in told
    assert answer("show", one)["state"] == "assigned"
    assert answer("show", one)["history"] == []


def test_the_list_is_filtered_by_unit_state_light_and_desk(either_bureau: Bureau, unit_and_edition) -> None:
    other = a_unit(either_bureau, "钟楼区民政局")
    common = {"edition_id": unit_and_edition["edition"]}
    overdue = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], due_on=date(2026, 3, 2), **common
    )
    coming = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], due_on=date(2026, 6, 30), **common
    )
    theirs = an_obligation(either_bureau, unit_id=other, due_on=date(2026, 3, 2), **common)

    def ids(*words: object) -> list[int]:
        return [row["id"] for row in answer("list", *words, "--on", "2026-03-10")["obligations"]]

    assert ids() == [overdue, theirs, coming]
    assert ids("--unit", "天宁区民政局") == [overdue, coming]
    assert ids("--light", "red") == [overdue, theirs]
    assert ids("--light", "red", "--unit", "钟楼区民政局") == [theirs]
    assert ids("--due-from", "2026-06-01") == [coming]
    assert ids("--due-until", "2026-06-01", "--mine", "--as", "王科长") == [overdue]
    assert ids("--state", "closed") == []
    assert ids("--campaign", "地名标志", "--year", "2026", "--page", "2", "--page-size", "2") == [coming]
    assert ids("--year", "2025") == []
    assert answer("list", "--page-size", "1")["total"] == 3


def test_an_extension_is_asked_and_granted_by_command(either_bureau: Bureau, unit_and_edition) -> None:
    one = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        hard_due_on=date(2026, 4, 15),
    )
    asked = ("--reason", "会商未完", "--progress", "七成", "--as", "王科长")

    duban("extend", one, "--ask", "2026-04-10", *asked, on="2026-03-30")
    waiting = answer("show", one, "--on", "2026-03-30")
    granted = answer(
        "extend", one, "--grant", "2026-04-09", "--reply", "同意", "--as", "李局长", on="2026-03-31"
    )
    after = answer("show", one, "--on", "2026-04-01")

    assert (waiting["extension_pending"], waiting["due_on"]) == (True, "2026-03-31")
    assert (granted["previous_due_on"], granted["due_on"]) == ("2026-03-31", "2026-04-09")
    assert (after["extension_pending"], after["last_workday"]) == (False, "2026-04-09")
    assert after["acts"][0]["decided_by"] == "李局长"


def test_a_stated_date_counts_once_it_is_accepted(either_bureau: Bureau, unit_and_edition) -> None:
    one = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    duban("submit", one, "--note", "见附件", "--as", "王科长", on="2026-04-02")
    late = answer("show", one)["late"]

    duban("state-date", one, "--stated-on", "2026-03-30", "--reason", "收文登记", "--as", "周统筹")
    passed = answer("review", one, "--pass", "--accept-stated", "--as", "陈审核", on="2026-04-03")

    shown = answer("show", one)
    assert (late, passed["late"], shown["late"], shown["submitted_on"]) == (True, False, False, "2026-03-30")
    assert [act["verdict"] for act in shown["acts"]] == ["accepted"]
    assert shown["submissions"][0]["submitted_at"].startswith("2026-04-02")


def test_a_whole_edition_is_suspended_and_resumed_inside_each_wall(
    either_bureau: Bureau, unit_and_edition
) -> None:
    free = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    walled = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        hard_due_on=date(2026, 4, 3),
    )
    done = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        state="closed",
    )
    whole = ("--edition", "place_name_signs/2026", "--as", "李局长")

    stopped = answer("suspend", *whole, "--reason", "机构改革", "--authority", "局长办公会", on="2026-03-10")
    grey = answer("show", free, "--on", "2026-04-20")
    answer("resume", *whole, on="2026-03-20")

    assert (stopped["changed"], stopped["left"]) == (2, {"closed": 1})
    assert grey["light"] == "grey"
    assert [answer("show", one)["due_on"] for one in (free, walled)] == ["2026-04-10", "2026-04-03"]
    assert [answer("show", one)["state"] for one in (free, walled, done)] == [
        "assigned",
        "assigned",
        "closed",
    ]


def test_a_whole_unit_is_waived_and_its_suspension_ends(either_bureau: Bureau, unit_and_edition) -> None:
    one = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    two = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    grounds = ("--reason", "撤并", "--authority", "民发〔2026〕3号", "--as", "周统筹")
    duban("suspend", one, *grounds, on="2026-03-10")

    waived = answer("waive", "--unit", "天宁区民政局", *grounds)

    assert waived["changed"] == 2
    acts = answer("show", one)["acts"]
    assert [act["kind"] for act in acts] == ["suspension", "waiver"]
    assert acts[0]["resumed_on"] == "2026-03-10"
    assert answer("show", two)["state"] == "waived"


def test_a_wrongly_addressed_matter_goes_to_the_right_unit_and_keeps_its_past(
    either_bureau: Bureau, unit_and_edition
) -> None:
    right = a_unit(either_bureau, "新北区民政局")
    a_person(either_bureau, "郑科长", right, Role.HANDLER)
    one = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    duban("acknowledge", one, "--as", "王科长", on="2026-03-02")

    duban("forward", one, "--to", "新北区民政局", "--reason", "不属本区", "--as", "周统筹", on="2026-03-03")
    shown = answer("show", one)

    assert (shown["unit"], shown["state"], shown["handler"]) == ("新北区民政局", "assigned", None)
    assert shown["acts"][0] | {"from_unit": "天宁区民政局", "to_unit": "新北区民政局"} == shown["acts"][0]
    assert [entry["verb"] for entry in shown["history"]] == ["acknowledge", "forward"]
    with pytest.raises(Refused, match="不归您的单位"):
        duban("submit", one, "--as", "王科长", on="2026-03-04")


def test_a_leaving_handler_hands_everything_over(either_bureau: Bureau, unit_and_edition) -> None:
    one = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    two = an_obligation(
        either_bureau, unit_id=unit_and_edition["unit"], edition_id=unit_and_edition["edition"]
    )
    duban("acknowledge", one, "--backup", "孙科员", "--as", "王科长", on="2026-03-02")
    duban("acknowledge", two, "--as", "王科长", on="2026-03-02")

    moved = answer("handover", "--from", "王科长", "--to", "孙科员", "--as", "周统筹", on="2026-03-09")

    assert moved["obligations"] == 2
    assert [answer("show", each)["handler"] for each in (one, two)] == ["孙科员", "孙科员"]
    assert answer("show", one)["backup"] is None
    with pytest.raises(Refused, match="没有未办结的任务"):
        duban("handover", "--from", "王科长", "--to", "孙科员", "--as", "周统筹")


def test_wrong_usage_is_told_apart_from_refusal(either_bureau: Bureau, unit_and_edition) -> None:
    both = CliRunner().invoke(obligations.app, ["review", "1", "--pass", "--send-back"])
    bare = CliRunner().invoke(obligations.app, ["submit", "1", "--figure", "count=许多"])

    assert (both.exit_code, bare.exit_code) == (2, 2)
    with pytest.raises(NotFound, match="没有编号为 999 的任务"):
        duban("show", 999)


def test_a_file_is_looked_at_by_those_who_may_and_each_look_is_recorded(
    either_bureau: Bureau, unit_and_edition, tmp_path: Path
) -> None:
    a_person(either_bureau, "赵某", a_unit(either_bureau, "钟楼区民政局"), Role.HANDLER)
    one = an_obligation(
        either_bureau,
        unit_id=unit_and_edition["unit"],
        edition_id=unit_and_edition["edition"],
        evidence=(PLAN,),
    )
    paper, copy = tmp_path / "计划.txt", tmp_path / "副本.txt"
    paper.write_text("三月底前完成", encoding="utf-8")
    duban("submit", one, "--file", f"plan={paper}", "--as", "王科长", on="2026-03-20")
    sha256 = answer("show", one)["submissions"][0]["items"][0]["sha256"]

    duban("evidence", one, sha256[:8], "--to", copy, "--as", "陈审核", on="2026-03-21")

    assert copy.read_text(encoding="utf-8") == "三月底前完成"
    looks = [(one["actor"], one["verb"]) for one in answer("show", one)["history"][-2:]]
    assert looks == [("陈审核", "open_evidence"), ("陈审核", "open_submission")]
    with pytest.raises(Refused, match="不归您的单位"):
        duban("evidence", one, sha256[:8], "--to", tmp_path / "偷看.txt", "--as", "赵某")
    with pytest.raises(Refused, match="已存在"):
        duban("evidence", one, sha256[:8], "--to", copy, "--as", "陈审核")
    assert not (tmp_path / "偷看.txt").exists()
