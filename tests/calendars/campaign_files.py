"""Writes campaign files for tests: a sound one by default, changed where a test says so."""

from pathlib import Path
from textwrap import dedent

from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import read_edition
from calendars.reader.faults import CalendarFaults, Fault
from calendars.reader.units import load_units
from calendars.workdays.files import load_workdays

SOUND = """
campaign: signs
name: 路牌巡检
kind: filing
year: 2025
documents:
  A1: 工作要点
defaults:
  leads: 各辖市区
milestones:
  - key: plan
    title: 计划报备案
    source: A1-10-01
    due: 3月底前
    gate: true
    evidence:
      - {key: plan, title: 巡检计划}
"""


def write_campaign(folder: Path, text: str = SOUND, *, name: str = "signs", year: int = 2025) -> Path:
    path = folder / str(year) / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def changed(*swaps: tuple[str, str]) -> str:
    """The sound file with each first text replaced by the second; a swap that finds nothing is a test's mistake."""
    text = SOUND
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def read_campaign(path: Path) -> Edition:
    return read_edition(path, units=load_units(), almanac=almanac_for(), workdays=load_workdays())


def faults_of(path: Path) -> tuple[Fault, ...]:
    try:
        read_campaign(path)
    except CalendarFaults as refusal:
        return refusal.faults
    return ()
