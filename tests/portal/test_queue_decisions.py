"""Extensions and escalations over HTTP: decided once, inside the wall, with a word for whoever asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import sqlalchemy as sa

from duban.core import clock
from duban.obligations.tables import obligation
from duban.rounds.service import hold_round
from tests.builders import an_obligation
from tests.letters.delivery_builders import to_files
from tests.portal.bureau import BUREAU, TIANNING, ZHONGLOU, Portal
from tests.portal.queue_builders import asked_for_more_time, change


def due_of(portal: Portal, number: int) -> date:
    with portal.bureau.store.reading() as connection:
        found = connection.scalar(sa.select(obligation.c.due_on).where(obligation.c.id == number))
    assert found is not None
    return found


def test_an_extension_is_granted_with_a_definite_date(portal: Portal) -> None:
    number = asked_for_more_time(portal)
    coordinator = portal.as_("周处长")

    page = coordinator.get("/extensions")
    done = coordinator.fill(
        page, f"/extensions/{number}", verdict="grant", granted_on="2026-04-17", reply="同意，抓紧办理"
    )

    assert "2026年4月30日 ，不能突破" in page.text and "道路施工" in page.text
    assert "时限改为2026-04-17" in done.text
    assert due_of(portal, number) == date(2026, 4, 17)


def test_the_wall_is_not_passed_and_everything_typed_comes_back(portal: Portal) -> None:
    number = asked_for_more_time(portal)
    coordinator = portal.as_("周处长")

    refused = coordinator.fill(
        coordinator.get("/extensions"),
        f"/extensions/{number}",
        verdict="grant",
        granted_on="2026-05-20",
        reply="同意",
        expect=422,
    )

    assert "超过上级时限" in refused.text
    values = [one.get("value") for one in refused.form(f"/extensions/{number}").iter("input")]
    assert "2026-05-20" in values
    assert due_of(portal, number) == date(2026, 3, 31)


def test_a_refusal_needs_a_reply_and_leaves_the_date(portal: Portal) -> None:
    number = asked_for_more_time(portal)
    coordinator = portal.as_("周处长")
    page = coordinator.get("/extensions")

    silent = coordinator.fill(page, f"/extensions/{number}", verdict="refuse", reply="", expect=422)
    done = coordinator.fill(page, f"/extensions/{number}", verdict="refuse", reply="时限不变，请增派人手")
    again = coordinator.fill(page, f"/extensions/{number}", verdict="grant", reply="改主意了", expect=409)

    assert "请填写批复意见" in silent.text
    assert "时限不变" in done.text
    assert "刚刚被别人改动" in again.text
    assert due_of(portal, number) == date(2026, 3, 31)


def _held(portal: Portal) -> None:
    """Both districts are overdue and their escalations wait."""
    settings = portal.bureau.settings.model_copy(update={"escalation_approval": True})
    portal.bureau = replace(portal.bureau, settings=settings)
    for day in ("2026-04-01", "2026-04-09"):
        portal.on(day, "08:30")
        hold_round(portal.bureau, now=portal.moment)
        if day == "2026-04-01":
            to_files(portal.bureau, date(2026, 4, 1))
    portal.on("2026-04-09", "10:00")


def test_a_coordinator_approves_one_escalation_and_declines_the_other(portal: Portal) -> None:
    _held(portal)
    coordinator = portal.as_("周处长")

    page = coordinator.get("/escalations")
    approved = coordinator.fill(
        page, "/escalations/decide", obligation=str(portal.signs[TIANNING]), act="approve", reason=""
    )
    declined = coordinator.fill(
        approved,
        "/escalations/decide",
        obligation=str(portal.signs[ZHONGLOU]),
        act="decline",
        reason="已当面说明",
    )

    assert "共 2 条" in page.text and f"将告知：{BUREAU}" in page.text
    assert "已批准1条督办，1条列入今天的汇总" in approved.text
    assert "1条督办不予批准" in declined.text and "没有等待批准的督办" in declined.text
    case = coordinator.get(f"/obligations/{portal.signs[ZHONGLOU]}")
    assert "未获批准：已当面说明" in case.text


def test_declining_without_a_reason_or_choosing_nothing_is_told(portal: Portal) -> None:
    _held(portal)
    coordinator = portal.as_("周处长")
    page = coordinator.get("/escalations")

    nothing = coordinator.fill(page, "/escalations/decide", act="approve", expect=422)
    silent = coordinator.fill(
        page, "/escalations/decide", obligation=str(portal.signs[TIANNING]), act="decline", expect=422
    )

    assert "请先勾选要批复的督办" in nothing.text
    assert "请填写理由" in silent.text
    assert "共 2 条" in silent.text


def test_all_of_a_filter_are_approved_at_once(portal: Portal) -> None:
    for _ in range(60):
        an_obligation(
            portal.bureau,
            unit_id=portal.units[TIANNING],
            edition_id=portal.edition_id,
            due_on=date(2026, 3, 31),
        )
    _held(portal)
    coordinator = portal.as_("周处长")
    page = coordinator.get("/escalations")

    done = coordinator.fill(page, "/escalations/decide", everything="1", act="approve")

    assert "共 62 条" in page.text
    assert "已批准62条督办" in done.text


def test_what_was_handed_in_meanwhile_is_not_offered(portal: Portal) -> None:
    _held(portal)
    change(portal, obligation, portal.signs[TIANNING], state="submitted")

    page = portal.as_("李局长").get("/escalations")

    assert "共 1 条" in page.text and "天宁区民政局：" not in page.text
    assert clock.civil(portal.moment) == date(2026, 4, 9) and portal.moment == clock.at(
        date(2026, 4, 9), time(10, 0)
    )
