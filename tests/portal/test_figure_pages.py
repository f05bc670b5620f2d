"""The figures page: indicators with what they lack, figures reported, and what does not agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from calendars.lunar import almanac_for
from calendars.reader import read_year
from calendars.workdays.files import load_workdays
from duban.core.access import SYSTEM
from duban.editions import tables as editions_tables
from duban.editions.service import apply_edition
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal


@pytest.fixture(scope="module")
def check():
    read = read_year(2026, almanac=almanac_for(), workdays=load_workdays())
    return next(one for one in read.editions if one.campaign == "social_org_annual_check")


@pytest.fixture
def edition(portal: Portal, check) -> int:
    ours = replace(
        check, milestones=tuple(replace(one, leads=(TIANNING, ZHONGLOU)) for one in check.milestones)
    )
    apply_edition(portal.bureau, ours, by=SYSTEM, now=portal.moment)
    with portal.bureau.store.reading() as connection:
        return int(
            connection.execute(
                sa.select(editions_tables.edition.c.id).where(
                    editions_tables.edition.c.campaign == check.campaign
                )
            ).scalar_one()
        )


def report(client, edition: int, expect: int = 200, **fields):
    path = f"/figures/{edition}"
    return client.fill(client.get(path), path, expect=expect, unit_of_measure="家", **fields)


def test_indicators_are_computed_from_what_is_reported_and_say_what_they_lack(
    portal: Portal, edition: int
) -> None:
    zhou = portal.as_("周处长")

    before = zhou.get(f"/figures/{edition}")
    report(zhou, edition, name="应参检", value="600")
    after = report(zhou, edition, name="已参检", value="425")

    assert "参检率 — " in before.text
    assert "缺：" in before.text
    assert "100 × 已参检 ÷ 应参检" in before.response.text
    assert "参检率 70.8 %" in after.text
    assert "已填报全市已参检" in after.text


def test_what_does_not_agree_is_said_and_left_as_it_is(portal: Portal, edition: int) -> None:
    zhou, wang = portal.as_("周处长"), portal.as_("王科长")
    report(zhou, edition, name="应参检", value="600")

    report(wang, edition, name="应参检", value="90", unit=TIANNING)

    page = zhou.get(f"/figures/{edition}")
    assert "核对不上的 1 处" in page.text
    assert "各单位合计90，全市填报600，相差510" in page.text


def test_a_handler_reports_and_sees_his_own_unit_only(portal: Portal, edition: int) -> None:
    zhou, wang = portal.as_("周处长"), portal.as_("王科长")
    report(zhou, edition, name="应参检", value="77", unit=ZHONGLOU)

    foreign = report(wang, edition, name="应参检", value="1", unit=ZHONGLOU, expect=422)
    report(wang, edition, name="应参检", value="90", unit=TIANNING)

    page = wang.get(f"/figures/{edition}")
    assert f"王科长不是{ZHONGLOU}的经办人" in foreign.text
    assert "全市指标" not in page.text
    assert "90" in page.text
    assert "77" not in page.text


def test_what_was_typed_wrong_is_kept_and_told(portal: Portal, edition: int) -> None:
    page = report(
        portal.as_("周处长"), edition, name="应参检", value="六百", as_of_on="2026-12-31", expect=422
    )

    assert "数值要是数字" in page.text
    assert any(one.get("value") == "六百" for one in page.tree.iter("input"))
