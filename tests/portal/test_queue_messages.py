"""Receipts, failed messages and chases over HTTP: seen first, sent once, never behind anyone's back."""

from __future__ import annotations

import sqlalchemy as sa

from duban.editions import tables as editions_tables
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.queue_builders import change, failed_message


def chases(portal: Portal) -> list[str]:
    table = dispatch
    with portal.bureau.store.reading() as connection:
        found = sa.select(table.c.address).where(table.c.kind == "chase_now").order_by(table.c.id)
        return list(connection.scalars(found))


def test_units_that_have_not_acknowledged_are_chased_after_a_preview(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/receipts")

    preview = coordinator.fill(page, "/chase", unit=str(portal.units[TIANNING]))
    before = chases(portal)
    sent = coordinator.fill(preview, "/chase")

    assert "天宁区民政局" in page.text and "王科长" in page.text
    assert "还没有发送" in preview.text and "催办人：周处长" in preview.text
    assert before == []
    assert "催办1个单位共1项任务" in sent.text
    assert len(chases(portal)) == 1


def test_a_double_click_chases_once(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    form = coordinator.get("/chase")
    preview = coordinator.fill(form, "/chase", unit=None, edition=str(portal.edition_id), words="请抓紧")
    coordinator.fill(preview, "/chase")

    again = coordinator.fill(preview, "/chase", expect=422)

    assert "今天已催办过" in again.text
    assert len(chases(portal)) == 2


def test_a_chase_of_nothing_is_told(portal: Portal) -> None:
    for unit in (TIANNING, ZHONGLOU):
        change(portal, obligation, portal.signs[unit], state="closed")
    coordinator = portal.as_("周处长")
    form = coordinator.get("/chase")

    boundless = coordinator.fill(form, "/chase", unit=None, expect=422)
    nothing = coordinator.fill(form, "/chase", unit=None, edition=str(portal.edition_id), expect=422)

    assert "请先选定要催办的" in boundless.text
    assert "没有正在办理的任务" in nothing.text


def test_a_preview_does_not_give_the_units_link_away(portal: Portal) -> None:
    coordinator = portal.as_("周处长")

    preview = coordinator.fill(coordinator.get("/chase"), "/chase", unit=None, edition=str(portal.edition_id))

    assert "专用链接" in preview.response.text
    assert "/l/" not in preview.response.text


def test_all_that_failed_for_one_reason_is_sent_again(portal: Portal) -> None:
    first, second = failed_message(portal), failed_message(portal, reason="邮箱已满")
    coordinator = portal.as_("周处长")
    page = coordinator.get("/dispatches")

    done = coordinator.fill(page, "/dispatches/retry", alike="failed", reason="邮箱不存在")

    assert "邮箱不存在" in page.text and "邮箱已满" in page.text
    assert "1封转为待发" in done.text
    with portal.bureau.store.reading() as connection:
        rows = dict(connection.execute(sa.select(dispatch.c.id, dispatch.c.status)).all())
    assert (rows[first], rows[second]) == ("pending", "failed")


def test_what_may_have_gone_out_is_sent_again_only_by_a_word(portal: Portal) -> None:
    number = failed_message(portal, status="unsure", reason="发送中断")
    coordinator = portal.as_("周处长")
    page = coordinator.get("/dispatches?status=unsure")

    refused = coordinator.fill(
        page, "/dispatches/retry", alike=None, reason=None, dispatch=str(number), expect=422
    )
    nothing = coordinator.fill(page, "/dispatches/retry", alike=None, dispatch=None, expect=422)

    assert "不能确定" in refused.text
    assert "请先勾选" in nothing.text


def test_what_waits_for_a_person_is_named_with_its_phrase(portal: Portal) -> None:
    milestone, _ = portal.point
    change(portal, editions_tables.milestone, milestone, undated="“适时”没有日期", due_phrase="适时")

    page = portal.as_("周处长").get("/waiting")

    assert "“适时”" in page.text and "“适时”没有日期" in page.text
