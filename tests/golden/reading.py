"""Every command that only looks, asked of the furnished bureau, and the help of every command."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.golden.doors import commands
from tests.golden.furnishing import CAMPAIGN, CHECK, ENV, HAZARDS, UNITS, number, support, write
from tests.golden.play import Play
from tests.golden.recording import as_json
from tests.travel import travel

TODAY = "2026-04-08"
# Servers that run until they are stopped; tests/flows starts them for real.
NOT_RECORDED = {"run": "serves flows until it is stopped", "up": "starts Prefect, the flows and the portal"}


def read_by_command(play: Play) -> None:
    """The morning of Wednesday, 8 April."""
    on = ("--on", TODAY)
    travel(TODAY, "09:00")
    _helps(play)
    play.both("board", *on)
    play.both("board", "--campaign", "alert_handling", *on)
    play.both("board", "--unit", "天宁区民政局", "--year", "2026", "--page", "2", *on)
    play.both("calendar", "check", "2026")
    play.both("calendar", "show", "2026", "qingming")
    play.both("calendar", "show", "2026")
    for phrase in ("3月底前", "每季度末月25日前", "9月25日前", "清明节前", "看情况"):
        play.both("deadline", phrase, "--year", "2026")
    play.both("deadline", "年内")
    play.both("workdays", "2026")
    play.both("workdays", "2027")
    _obligations(play, on)
    # Where a letter was written stands in the row of one that left, broken by the width of the table: JSON only.
    play.run("dispatch", "list", "--limit", "8", "--json")
    play.both("dispatch", "list", "--status", "pending")
    play.both("dispatch", "list", "--status", "withdrawn")
    play.run("dispatch", "list", "--status", "no-such")
    play.both("dispatch", "list", "--status", "failed")
    play.run("dispatch", "list", "--unit", "天宁区民政局", "--on", "2026-03-30", "--json")
    play.act("dispatch", "retry", "--failed", "--as", "运维")
    play.run("dispatch", "retry", "1", "--as", "运维")
    for words in (("list",), ("indicators",), ("check",)):
        play.both("figure", *words, *CHECK)
    play.both("figure", "indicators", *CHECK, "--by-unit")
    play.both("figure", "list", "golden_survey", "2026")
    play.both("person", "list")
    play.both("person", "list", "--unit", "天宁区民政局")
    signs = support(play, "市公安局", "年度巡检计划报备案")
    play.both("support", "show", signs)
    play.run("support", "show", signs, "--as", "董科长")
    play.both("support", "list", "--unanswered", "--edition", "place_name_signs/2026")
    play.run("support", "list", "--unit", "市公安局", "--state", "reported", "--json")
    play.both("problem", "list", "--edition", HAZARDS)
    play.both("problem", "list", "--unit", "天宁区民政局", "--state", "fixed")
    play.both("roster", "show", *CHECK)
    play.both("roster", "missing", *CHECK)
    play.run("roster", "missing", *CHECK, "--unit", "天宁区民政局", "--csv")
    play.both("round", "missing", "--days", "3", *on)
    play.both("round", "escalations")
    play.both("round", "bulletin", *on)
    play.both("unit", "list")
    play.both("unit", "show", "天宁区民政局")
    play.run("unit", "show", "没有的单位")
    play.both("account", "sessions", *on)
    play.both("account", "tokens", "--as", "安全员")
    _rehearsals(play)


def _rehearsals(play: Play) -> None:
    """In a bureau of two districts and one campaign: a rehearsal of the whole city has its own test."""
    small = play.folder / "small"
    (small / "calendars" / "2026").mkdir(parents=True)
    write(small / "calendars" / "units.yaml", UNITS)
    write(small / "calendars" / "2026" / "golden_survey.yaml", CAMPAIGN)
    write(small / "duban.env", f"DUBAN_CALENDARS={small / 'calendars'}\nDUBAN_EDITION_YEARS=[2026]\n")
    until = ("--until", "2026-02-28")
    play.run("rehearse", "2026", *until, home=small)
    play.run("rehearse", "2026", *until, "--brief", "--json", home=small)
    play.run("rehearse", "2026", *until, "--faults", "7", "--units", "4", "--json", home=small)
    play.run("rehearse", "2026", *until, "--campaign", "golden_survey", home=small)


def _helps(play: Play) -> None:
    for name in commands():
        answer = play.doors.run(*name.split(), "--help")
        play.note("cli/_help.txt", f"$ duban {name} --help", f"exit {answer.status}", *_trimmed(answer.out))
    for words in ([], ["obligation"], ["bord"], ["board", "--on", "三月"]):
        answer = play.doors.run(*words)
        play.note(
            "cli/_help.txt",
            f"$ duban {' '.join(words)}",
            f"exit {answer.status}",
            *_trimmed(answer.out + answer.err),
        )


def _trimmed(text: str) -> list[str]:
    """Without the frames that are drawn around it, which the width of a terminal decides."""
    lines = (re.sub(r"[│╭╮╰╯─]+", " ", line) for line in text.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def _obligations(play: Play, on: tuple[str, ...]) -> None:
    play.both("obligation", "list", *on, "--page-size", "20")
    play.both("obligation", "list", "--unit", "天宁区民政局", "--light", "red", *on)
    play.both("obligation", "list", "--campaign", "golden_survey", "--year", "2026", *on)
    play.both("obligation", "list", "--mine", "--as", "董科长", "--page-size", "10", "--page", "2", *on)
    for state in (
        "acknowledged",
        "submitted",
        "returned",
        "accepted",
        "closed",
        "archived",
        "suspended",
        "waived",
        "reopened",
        "cancelled",
    ):
        play.run("obligation", "list", "--state", state, "--page-size", "6", *on, "--json")
    play.both("obligation", "list", "--due-from", "2026-04-01", "--due-until", "2026-04-10", *on)
    shown = [
        ("天宁区民政局", "普查方案报备案", ""),
        ("武进区民政局", "普查方案报备案", ""),
        ("天宁区民政局", "完成普查", ""),
        ("武进区民政局", "年度巡检计划报备案", ""),
        ("溧阳市民政局", "年度巡检计划报备案", ""),
        ("示范镇", "年度巡检计划报备案", ""),
        ("天宁区民政局", "月度预警处置", "1月"),
        ("钟楼区民政局", "月度预警处置", "1月"),
    ]
    for unit, milestone, label in shown:
        play.both("obligation", "show", number(play, unit, milestone, label=label), *on)
    play.run("obligation", "show", "999999", *on)


def read_at_the_end(play: Play) -> None:
    """The history with all that happened in it, the copy of the whole, and what the doctor says of it."""
    day = ("--on", TODAY)
    play.both("history", "show", "--limit", "40")
    play.both("history", "show", "--obligation", number(play, "天宁区民政局", "普查方案报备案"))
    play.both("history", "show", "--edition", "golden_survey/2026", "--limit", "20")
    whole = play.both("history", "verify")
    play.both("history", "verify", "--since", f"{whole['entries']}:{whole['head']}")
    play.run("history", "verify", "--since", "100")
    play.both("account", "sessions", "周处长", *day)
    security = ("--as", "安全员")
    play.both("account", "tokens", "--as", "安全员")
    play.act("account", "revoke-token", "1", *security)
    play.act("account", "end-sessions", "周处长", *security)
    copy = play.folder / "copy"
    play.run("backup", "--to", str(copy), "--dry-run")
    _backup(play, copy)
    empty = play.folder / "restored"
    play.run("restore", str(copy), "--dry-run", home=play.doors.home)
    play.run("restore", str(copy), "--dry-run", home=empty)
    play.run("restore", str(copy), "--json", home=empty)
    _doctor(play)
    _clock(play)


def _clock(play: Play) -> None:
    """A real home has no clock of its own; a trial home steps through its days, this one without a year in it."""
    home = play.folder / "trial"
    home.mkdir()
    write(home / "duban.env", ENV.replace("[2026]", "[]"))
    play.both("clock", "show")
    play.run("clock", "step", "--as", "运维")
    play.run("setup", "--trial")
    play.run("setup", "--begin", "2026-02-01")
    play.run("setup", "--trial", "--begin", "2026-02-27", home=home)
    play.run("setup", "--trial", "--begin", "2026-01-05", home=home)
    play.run("clock", "show", home=home)
    play.run("clock", "show", "--json", home=home)
    for words in (
        ("set", "2026-02-01"),
        ("set", "2062-11-27"),
        ("step", "soon"),
        ("step", "2d", "--dry-run"),
    ):
        play.run("clock", *words, home=home)
    play.run("clock", "set", "2026-03-01", home=home)
    play.run("clock", "step", "3d", "--rounds", home=home)
    play.run("clock", "step", "4h", "--json", home=home)


def _backup(play: Play, copy: Path) -> None:
    """How many bytes the database takes differs with how it came to be."""
    done = play.ask("backup", "--to", str(copy))
    play.ran.add("backup")
    words = f"$ duban backup --to {copy} --json"
    play.note("cli/backup.txt", words, as_json({**done, "size_bytes": done["size_bytes"] > 0}))


def _doctor(play: Play) -> None:
    """Without what differs from machine to machine: free space, versions, servers."""
    answer = play.doors.run("doctor", "--on", TODAY, "--json")
    play.ran.add("doctor")
    steady = [one for one in json.loads(answer.out) if one["code"] not in ("D03", "D12")]
    lines = [f"{one['code']} {one['about']} {one['level']} {one['sentence']}" for one in steady]
    play.note("cli/doctor.txt", f"$ duban doctor --on {TODAY} --json", f"exit {answer.status}", *lines)
    play.run("doctor", "--watch", "--on", TODAY)
    play.run("doctor", "--watch", "--after", "23:59", "--on", TODAY, "--json")
