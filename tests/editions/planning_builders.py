"""A bureau of two districts with one campaign of its own, for tests of planning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.editions.drafts import apply_draft, make_draft
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
class StaffedOffice:
    """The office with its two coordinators and one handler."""

    bureau: Bureau
    zhou: Actor
    wu: Actor
    wang: Actor


def a_staffed_office(bureau: Bureau) -> StaffedOffice:
    home = a_unit(bureau, "市民政局", kind="bureau")
    tianning = a_unit(bureau, "天宁区民政局", parent=home)
    a_unit(bureau, "钟楼区民政局", parent=home)
    return StaffedOffice(
        bureau,
        a_person(bureau, "周处长", home, Role.COORDINATOR),
        a_person(bureau, "吴处长", home, Role.COORDINATOR),
        a_person(bureau, "王科长", tianning, Role.HANDLER),
    )


def with_survey(office: StaffedOffice, text: str = SURVEY) -> StaffedOffice:
    """The survey published in January."""
    now = clock.at(MADE_ON)
    made = make_draft(office.bureau, text, by=office.zhou, now=now)
    apply_draft(office.bureau, made.draft_id, version=made.version, by=office.zhou, now=now)
    return office
