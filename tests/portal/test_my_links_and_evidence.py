"""What the bearer of a message's link may do, and evidence that leaves only as what it safely is."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from duban.accounts.sessions import enter_by_link
from duban.core.access import SYSTEM
from duban.core.secrets import portal_key
from duban.letters.links import make_link_token
from duban.obligations.file import show_obligation
from duban.portal.access import COOKIE
from duban.units import tables as units_tables
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import PageClient, fields_of

PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def by_link(portal: Portal) -> PageClient:
    """A browser that came by the link of a letter to 天宁区's contact."""
    with portal.bureau.store.reading() as connection:
        contact = connection.scalar(
            sa.select(units_tables.contact.c.id).where(
                units_tables.contact.c.unit_id == portal.units[TIANNING]
            )
        )
    token = make_link_token(
        portal_key(portal.bureau.settings),
        unit_id=portal.units[TIANNING],
        contact_id=contact,
        generation=1,
        expires_on=portal.today + timedelta(days=9),
    )
    entered = enter_by_link(portal.bureau, token, device="手机", now=portal.moment)
    return PageClient(portal.app, cookies={COOKIE: entered.token})


def handed_in(portal: Portal, name: str, data: bytes) -> tuple[PageClient, str, str]:
    browser, one = portal.as_("王科长"), portal.signs[TIANNING]
    files = {"file:plan": (name, data, "text/html")}
    browser.fill(browser.get(f"/my/{one}"), f"/my/{one}/submit", files=files)
    item = show_obligation(portal.bureau, one, by=SYSTEM, today=portal.today).submissions[-1].items[0]
    return browser, f"/evidence/{one}/{item.sha256}", item.sha256 or ""


def test_who_came_by_a_link_acknowledges_and_hands_in_and_signs_in_for_more(portal: Portal) -> None:
    phone, one = by_link(portal), portal.signs[TIANNING]
    tasks = phone.get("/my")
    assert "巡检计划报备案" in tasks.text and "加到手机日历" not in tasks.text
    page = phone.fill(phone.get(f"/my/{one}"), f"/my/{one}/acknowledge")
    assert "已签收。" in page.text
    assert "申请延期、改派请先 用账号登录" in page.text
    assert f"/sign-in?to=/my/{one}" in page.links()
    csrf = fields_of(page.form(f"/my/{one}/submit"))["csrf"]
    for act in ("extension", "forward"):
        refused = phone.post(f"/my/{one}/{act}", data={"csrf": csrf, "version": "2"}, expect=403)
        assert "请先用账号登录" in refused.text
    phone.get(f"/my/{portal.signs[ZHONGLOU]}", expect=404)

    page = phone.fill(page, f"/my/{one}/submit", files={"file:plan": ("照片.png", PNG, "image/png")})

    assert "已报送，等待审核。" in page.text
    assert phone.http.get("/my/ledger.xlsx").status_code == 200


def test_evidence_leaves_as_an_attachment_and_each_reading_is_recorded(portal: Portal) -> None:
    browser, address, sha256 = handed_in(portal, "计划 2026.pdf", PDF)

    answer = browser.http.get(address)

    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''%E8%AE%A1%E5%88%92%202026.pdf"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    portal.as_("陈科长").http.get(address + "?inline=1")
    history = show_obligation(portal.bureau, portal.signs[TIANNING], by=SYSTEM, today=portal.today).history
    read = [(entry.actor, sha256 in entry.detail) for entry in history if entry.verb == "open_evidence"]
    assert read == [("王科长", True), ("陈科长", True)]


def test_only_safe_kinds_are_shown_and_text_is_never_a_page(portal: Portal) -> None:
    browser, address, _ = handed_in(portal, "说明.txt", "第一行\n第二行".encode())
    shown = browser.http.get(address + "?inline=1")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-type"] == "application/octet-stream"


def test_a_picture_is_shown_in_a_sandbox(portal: Portal) -> None:
    browser, address, _ = handed_in(portal, "现场.png", PNG)

    shown = browser.http.get(address + "?inline=1")

    assert (
        shown.headers["content-disposition"].startswith("inline")
        and shown.headers["content-type"] == "image/png"
    )
    assert "sandbox" in shown.headers["content-security-policy"]


def test_evidence_of_another_unit_is_not_found_and_the_operator_opens_none(portal: Portal) -> None:
    browser, address, sha256 = handed_in(portal, "计划.pdf", PDF)

    portal.as_("张科长").get(address, expect=404)
    portal.as_("运维").get(address, expect=403)
    portal.visitor().http.get(address)
    browser.get(f"/evidence/{portal.signs[TIANNING]}/{'0' * 64}", expect=404)
    browser.get(f"/evidence/{portal.signs[ZHONGLOU]}/{sha256}", expect=404)
    history = show_obligation(portal.bureau, portal.signs[TIANNING], by=SYSTEM, today=portal.today).history
    assert [entry.actor for entry in history if entry.verb == "open_evidence"] == []


def test_a_damaged_file_is_told_before_anything_of_it_is_sent(portal: Portal) -> None:
    browser, address, sha256 = handed_in(portal, "计划.pdf", PDF)
    kept = portal.bureau.settings.home / "evidence" / sha256[:2] / sha256[2:4] / sha256
    kept.chmod(0o644)
    kept.write_bytes(b"%PDF-1.7 other")

    page = browser.get(address, expect=503)

    assert "与登记的指纹不符" in page.text


def test_a_handler_gives_the_whole_desk_to_a_colleague(portal: Portal) -> None:
    browser, one = portal.as_("王科长"), portal.signs[TIANNING]
    browser.fill(browser.get(f"/my/{one}"), f"/my/{one}/acknowledge")
    page = browser.get("/my/handover")
    assert "有 1 项没有办结的任务" in page.text
    stranger = str(portal.people["张科长"])
    page = browser.fill(page, "/my/handover", expect=422, to=stranger)
    assert "接手人请从列出的选项中选择" in page.text

    page = browser.fill(page, "/my/handover", to=str(portal.people["赵干事"]))

    assert "已把1项任务移交给赵干事" in page.text
    assert "经办人 赵干事" in browser.get(f"/my/{one}").text
