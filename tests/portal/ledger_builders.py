"""A check with a roster and a problem ledger, for the pages about them."""

from __future__ import annotations

import csv
import io
from datetime import date

import sqlalchemy as sa

from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from duban.core.access import SYSTEM
from duban.core.credit_code import check_digit
from duban.editions import tables as editions_tables
from duban.editions.service import apply_edition
from duban.obligations.tables import obligation
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal

HEADINGS = ("统一社会信用代码", "名称", "业务主管单位")
PROBLEM_HEADINGS = ("编号", "问题", "责任单位", "整改类型", "发现日期", "整改时限", "措施")


def a_code(number: int) -> str:
    head = f"5132041{number:010d}"
    return head + check_digit(head)


def subjects(count: int, start: int = 0) -> list[tuple[str, ...]]:
    """Organisations that belong to 天宁区 and 钟楼区 in turn."""
    return [
        (a_code(n), f"第{n}号社会组织", TIANNING if n % 2 else ZHONGLOU) for n in range(start, start + count)
    ]


def a_csv(rows, headings=HEADINGS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode("utf-8-sig")


def with_check(portal: Portal) -> int:
    """The edition of a yearly check that goes by a roster and keeps a ledger; no roster is imported yet."""
    day = date(2026, 5, 31)

    def milestone(key: str, title: str, **more) -> Milestone:
        return Milestone(
            key=key,
            title=title,
            source=Source(document="登记管理条例", item="REG-1"),
            due_phrase="5月31日前",
            leads=(TIANNING, ZHONGLOU),
            points=(Point(label="", due_on=day, last_workday=date(2026, 5, 29)),),
            **more,
        )

    edition = Edition(
        campaign="social_org_annual_check",
        name="社会组织年检",
        kind=CampaignKind.ANNUAL_CHECK,
        year=2026,
        subject_year=2025,
        roster="应参检社会组织名册",
        milestones=(
            milestone("to_registrar", "报登记管理机关", per_subject=True),
            milestone("corrections", "年检问题整改销号", problem_ledger=True),
        ),
    )
    apply_edition(portal.bureau, edition, by=SYSTEM, now=portal.moment)
    with portal.bureau.store.reading() as connection:
        return int(
            connection.execute(
                sa.select(editions_tables.edition.c.id).where(
                    editions_tables.edition.c.campaign == edition.campaign
                )
            ).scalar_one()
        )


def owed(portal: Portal) -> dict[str, int]:
    """How many obligations of subjects are in each state."""
    state, subject_id = obligation.c.state, obligation.c.subject_id
    with portal.bureau.store.reading() as connection:
        found = sa.select(state, sa.func.count()).where(subject_id > 0).group_by(state)
        return dict(connection.execute(found).tuples().all())
