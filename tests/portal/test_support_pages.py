"""A unit answers for what it supports, over HTTP; the lead, the reviewer and the bureau see who answered and how."""

from __future__ import annotations

import re
from datetime import date

import sqlalchemy as sa

from duban.accounts.rules import TokenScope
from duban.core.access import Role
from duban.editions.tables import point
from tests.builders import a_person, a_point, a_support, a_unit, an_obligation
from tests.letters.delivery_builders import hold, letters, to_files
from tests.portal.api_client import a_token
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import PageClient

FIRE = "市消防救援支队"
TXT = ("现场.txt", "二十三处通道已核".encode(), "text/plain")


def with_fire_brigade(portal: Portal) -> int:
    """市消防救援支队, which leads nothing, supports 天宁区's plan; returns the number of its duty."""
    unit_id = portal.units[FIRE] = a_unit(portal.bureau, FIRE, kind="department", address="fire@unit.example")
    person = a_person(portal.bureau, "丁参谋", unit_id, Role.HANDLER)
    assert person.person_id is not None
    portal.people["丁参谋"] = person.person_id
    return a_support(portal.bureau, portal.edition_id, portal.point[1], unit_id)


def test_who_only_supports_finds_it_marks_it_seen_and_reports_with_a_file(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    browser = portal.as_("丁参谋")

    tasks = browser.get("/my")
    page = browser.get(f"/support/{number}")
    seen = browser.fill(page, f"/support/{number}/acknowledge")
    done = browser.fill(seen, f"/support/{number}/report", words="已核二十三处消防通道", files={"file": TXT})

    assert "现在没有要办的任务" not in tasks.text
    assert "配合（1）" in tasks.text and f"/support/{number}" in tasks.links()
    assert f"{TIANNING}（已交办）" in page.text and f"{ZHONGLOU}（已交办）" in page.text
    assert "3月31日" in page.text
    assert "已知悉" in seen.text and "丁参谋" in seen.text
    assert "已报告" in done.text and "已核二十三处消防通道" in done.text
    [file] = [link for link in done.links() if "/files/" in link]
    assert browser.http.get(file).content == TXT[1]
    assert "配合（" not in browser.get("/my").text
    assert "已报告" in browser.get("/support").text


def test_the_lead_the_reviewer_and_the_bureau_see_who_reported_and_may_open_the_file(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    fire = portal.as_("丁参谋")
    fire.fill(
        fire.get(f"/support/{number}"), f"/support/{number}/report", words="通道畅通", files={"file": TXT}
    )
    own = portal.signs[TIANNING]

    for name, address in (
        ("王科长", f"/my/{own}"),
        ("陈科长", f"/reviews/{own}"),
        ("李局长", f"/obligations/{own}"),
    ):
        browser = portal.as_(name)
        page = browser.get(address)
        assert f"{FIRE} 已报告" in page.text and "通道畅通" in page.text, name
        [file] = [link for link in page.links() if "/files/" in link]
        assert browser.http.get(file).content == TXT[1], name
    # A handler whose unit has no part in it learns nothing.
    portal.people["姚干事"] = (
        a_person(portal.bureau, "姚干事", a_unit(portal.bureau, "市残联"), Role.HANDLER).person_id or 0
    )
    stranger = portal.as_("姚干事")
    stranger.get(f"/support/{number}", expect=404)
    assert stranger.http.get(file).status_code == 404


def test_the_bureau_finds_who_has_not_answered(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    leader = portal.as_("李局长")

    before = leader.get("/support")
    fire = portal.as_("丁参谋")
    fire.fill(fire.get(f"/support/{number}"), f"/support/{number}/report", words="通道畅通")

    assert f"{FIRE}" in before.text and "未答复" in before.text
    assert FIRE not in leader.get("/support").text
    assert FIRE in leader.get("/support?state=reported").text


def test_a_report_without_words_comes_back_with_what_is_wrong(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    browser = portal.as_("丁参谋")
    page = browser.get(f"/support/{number}")

    wordless = browser.fill(page, f"/support/{number}/report", words="", files={"file": TXT}, expect=422)
    program = ("plan.pdf", b"#!/bin/sh\n", "application/pdf")
    unfit = browser.fill(page, f"/support/{number}/report", words="已办", files={"file": program}, expect=422)
    stale = browser.fill(page, f"/support/{number}/acknowledge")
    late = browser.fill(page, f"/support/{number}/report", words="已办", expect=409)

    assert "请用一两句话写明配合做了什么" in wordless.text
    assert "plan.pdf" in unfit.text
    assert [(one.text or "").strip() for one in unfit.tree.iter("textarea")] == ["已办"]
    assert "已知悉" in stale.text
    assert "刚刚被别人答复或改动" in late.text
    assert "已报告" not in browser.get(f"/support/{number}").text


def test_a_link_in_the_letter_leads_to_the_duty_without_an_account(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    hold(portal.bureau, date(2026, 3, 16))
    to_files(portal.bureau, date(2026, 3, 16))
    [letter] = [one for one in letters(portal.bureau) if "fire@unit.example" in one.to]
    [link] = re.findall(r"知悉或报告：http://portal\.test(\S+)", letter.text)

    browser = PageClient(portal.app)
    page = browser.get(link)
    done = browser.fill(page, f"/support/{number}/report", words="已派员参加联合检查")

    assert page.path == f"/support/{number}"
    assert "已派员参加联合检查" in done.text
    assert portal.as_("王科长").get(f"/my/{portal.signs[TIANNING]}").text.count("已派员参加联合检查") == 1


def test_neighbours_on_one_line_answer_each_other(portal: Portal) -> None:
    """钟楼区 leads the joint check of the line, 天宁区 supports it and owes its own plan besides."""
    line = a_point(portal.bureau, portal.edition_id, due_on=date(2026, 4, 30), title="钟天线联检")
    leads = an_obligation(
        portal.bureau, unit_id=portal.units[ZHONGLOU], edition_id=portal.edition_id, point=line
    )
    number = a_support(portal.bureau, portal.edition_id, line[1], portal.units[TIANNING])
    wang = portal.as_("王科长")

    tasks = wang.get("/my")
    page = wang.get(f"/support/{number}")
    wang.fill(page, f"/support/{number}/report", words="界桩三处已会同查看")

    assert "待办 1" in tasks.text and "配合（1）" in tasks.text and "钟天线联检" in tasks.text
    assert f"{ZHONGLOU}（已交办）" in page.text
    assert "界桩三处已会同查看" in portal.as_("张科长").get(f"/my/{leads}").text
    wang.get(f"/my/{leads}", expect=404)


def test_one_acknowledgement_covers_every_occurrence_of_the_matter(portal: Portal) -> None:
    first = with_fire_brigade(portal)
    with portal.bureau.store.writing() as connection:
        second = connection.execute(
            sa.insert(point).values(
                milestone_id=portal.point[0],
                edition_id=portal.edition_id,
                label="下半年",
                due_on=date(2026, 9, 30),
                last_workday=date(2026, 9, 30),
                assumptions=[],
            )
        ).inserted_primary_key[0]
    later = a_support(portal.bureau, portal.edition_id, second, portal.units[FIRE])
    browser = portal.as_("丁参谋")

    browser.fill(browser.get(f"/support/{first}"), f"/support/{first}/acknowledge")

    assert "已知悉" in browser.get(f"/support/{later}").text


def test_another_system_reads_and_reports_only_for_the_unit_of_its_token(portal: Portal) -> None:
    number = with_fire_brigade(portal)
    fire, zhang = (
        {"authorization": f"Bearer {a_token(portal, name, TokenScope.READ, TokenScope.WRITE)}"}
        for name in ("丁参谋", "张科长")
    )
    client = portal.visitor().http

    own = client.get("/api/v1/supports", headers=fire).json()
    foreign = client.get("/api/v1/supports", headers=zhang).json()
    refused = client.post(f"/api/v1/supports/{number}/report", json={"words": "已办"}, headers=zhang)
    done = client.post(f"/api/v1/supports/{number}/report", json={"words": "通道畅通"}, headers=fire)
    lead = client.get(f"/api/v1/obligations/{portal.signs[ZHONGLOU]}", headers=zhang).json()

    assert [(one["id"], one["unit"], one["leads_owing"]) for one in own["supports"]] == [(number, FIRE, 2)]
    assert foreign["supports"] == []
    assert refused.status_code == 404
    assert (done.status_code, done.json()["state"]) == (201, "reported")
    # A lead reads the answer, and nothing of how the other leads stand.
    assert lead["supports"][0]["reports"][0]["words"] == "通道畅通"
    assert TIANNING not in str(lead)
