"""A bureau of two districts with one campaign of its own, for tests of planning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from office import clock
from office.actions.apply_draft import apply_draft
from office.actions.make_draft import make_draft
from office.actions.office import Office
from rules.people import Actor, Role
from tests.builders import a_person, a_unit

SURVEY = """\
# 原文只说三月底前。
campaign: sign_survey
name: 地名标志普查
kind: filing
year: 2026
documents:
  T: 2026年工作要点

milestones:
  - key: plan
    title: 普查方案报备案
    source: T-1
    due: 3月底前
    leads: [天宁区民政局, 钟楼区民政局]
    gate: true
    evidence:
      - {key: plan, title: 普查方案}
  - key: report
    title: 普查报告
    source: T-2
    due: 10月底前
    lead: 天宁区民政局
"""
MADE_ON = date(2026, 1, 5)
TODAY = date(2026, 3, 9)


@dataclass(frozen=True, slots=True)
class Bureau:
    """The office with its two coordinators and one handler."""

    office: Office
    zhou: Actor
    wu: Actor
    wang: Actor


def staffed(office: Office) -> Bureau:
    home = a_unit(office, "市民政局", kind="bureau")
    tianning = a_unit(office, "天宁区民政局", parent=home)
    a_unit(office, "钟楼区民政局", parent=home)
    return Bureau(
        office,
        a_person(office, "周处长", home, Role.COORDINATOR),
        a_person(office, "吴处长", home, Role.COORDINATOR),
        a_person(office, "王科长", tianning, Role.HANDLER),
    )


def surveyed(bureau: Bureau, text: str = SURVEY) -> Bureau:
    """The survey published in January."""
    now = clock.at(MADE_ON)
    made = make_draft(bureau.office, text, by=bureau.zhou, now=now)
    apply_draft(bureau.office, made.draft_id, version=made.version, by=bureau.zhou, now=now)
    return bureau
