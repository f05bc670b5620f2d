"""A unit works on what it owes: over HTTP, page by page, with travelling time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from duban.core.access import SYSTEM, Actor, Role
from duban.obligations.file import show_obligation
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import ExtensionDecision, SendBack, transition
from tests.builders import a_point, an_obligation
from tests.portal.bureau import BUREAU, TIANNING, ZHONGLOU, Portal
from tests.portal.client import Page, PageClient, fields_of

PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def officer(portal: Portal, name: str, role: Role) -> Actor:
    return Actor(
        name=name,
        person_id=portal.people[name],
        unit_id=portal.units[BUREAU],
        roles=frozenset({role}),
    )


def start(portal: Portal, name: str = "王科长") -> tuple[PageClient, int, Page]:
    browser = portal.as_(name)
    one = portal.signs[TIANNING]
    return browser, one, browser.get(f"/my/{one}")


def hand_in(
    browser: PageClient, page: Page, one: int, *, expect: int = 200, name="计划.pdf", data=PDF, **fields
):
    files = {"file:plan": (name, data, "application/octet-stream")}
    return browser.fill(page, f"/my/{one}/submit", expect=expect, files=files, **fields)


def submissions(portal: Portal, one: int):
    return show_obligation(portal.bureau, one, by=SYSTEM, today=portal.today).submissions


def test_a_unit_acknowledges_hands_in_is_sent_back_and_puts_it_right(portal: Portal) -> None:
    browser = portal.as_("王科长")
    tasks = browser.get("/my")
    assert "巡检计划报备案" in tasks.text and "还有 11 个工作日" in tasks.text
    assert "下次提醒：3月20日 周五 提前提醒" in tasks.text and "要报：巡检计划、计划巡检标志数" in tasks.text
    assert ZHONGLOU not in tasks.text

    one = portal.signs[TIANNING]
    page = browser.get(f"/my/{one}")
    page = browser.fill(page, f"/my/{one}/acknowledge", backup=str(portal.people["赵干事"]))
    assert "已签收。" in page.text and "王科长；备岗 赵干事" in page.text

    portal.on("2026-03-20")
    browser = portal.as_("王科长")
    page = hand_in(
        browser, browser.get(f"/my/{one}"), one, **{"figure:signs": "1,234"}, note="已经分管领导审定"
    )
    assert "已报送，等待审核。" in page.text and "计划.pdf" in page.text and "1234 块" in page.text
    assert "待审核 1" in browser.get("/my").text

    portal.on("2026-03-23")
    transition(
        portal.bureau,
        one,
        Transition.SEND_BACK,
        SendBack(reason="计划没有盖章"),
        by=officer(portal, "陈科长", Role.REVIEWER),
        now=portal.moment,
    )
    browser = portal.as_("王科长")
    assert "第1次报送被退回：计划没有盖章" in browser.get("/my").text
    page = browser.get(f"/my/{one}")
    assert page.text.index("计划没有盖章") < page.text.index("要办什么")
    # Figures and files of the first time need not come again.
    page = browser.fill(page, f"/my/{one}/submit", expect=422, note="")
    assert "要附上补正的材料或写明补正情况" in page.text
    page = hand_in(browser, page, one, name="计划（盖章）.pdf", data=PDF + b"seal")

    first, second = submissions(portal, one)
    assert [item.filename for item in second.items] == ["计划（盖章）.pdf"]
    assert len(first.items) == 2 and first.items[1].value == Decimal(1234)
    assert "第2次报送" in page.text


def test_everything_wrong_is_told_at_once_and_nothing_typed_or_sent_is_lost(portal: Portal) -> None:
    browser, one, page = start(portal)
    files = [
        ("file:plan", ("计划.pdf", PDF, "application/pdf")),
        ("file:plan", ("假的.pdf", b"<html><script>1</script></html>", "application/pdf")),
        ("file:plan", ("a/b\u202efdp.exe", PDF, "application/pdf")),
    ]
    page = browser.fill(
        page, f"/my/{one}/submit", expect=422, files=files, **{"figure:signs": "很多"}, note="请查收"
    )

    for said in ("“假的.pdf”的内容不是", "从右到左的方向符", "程序", "计划巡检标志数要是数字"):
        assert said in page.text
    assert "很多" in page.response.text and "请查收" in page.text
    assert "计划.pdf" in page.text and "已传好，随本次报送" in page.text
    assert submissions(portal, one) == ()
    # The good file need not come again.
    page = browser.fill(page, f"/my/{one}/submit", **{"figure:signs": "12"})
    assert [item.filename for item in submissions(portal, one)[0].items] == ["计划.pdf", None]


def test_an_uploaded_file_can_be_taken_away_without_losing_the_rest(portal: Portal) -> None:
    browser, one, page = start(portal)
    page = hand_in(browser, page, one, expect=422, **{"figure:signs": "x"}, note="先留着")
    upload = fields_of(page.form(f"/my/{one}/submit"))["upload"]

    sent = fields_of(page.form(f"/my/{one}/submit"))
    page = browser.post(f"/my/{one}/drop", data={**sent, "drop": upload})

    assert "已传好" not in page.text and "先留着" in page.text
    page = browser.fill(page, f"/my/{one}/submit", expect=422, **{"figure:signs": "5"})
    assert "还缺必报材料：巡检计划" in page.text


def test_files_come_in_pieces_and_go_on_after_a_break(portal: Portal) -> None:
    browser, one, page = start(portal)
    csrf = {"x-csrf": fields_of(page.form(f"/my/{one}/submit"))["csrf"]}
    data = PDF + b"x" * 1_500_000
    said = {"key": "plan", "filename": "大计划.pdf", "size": str(len(data))}
    begun = browser.http.post(f"/my/{one}/uploads", data=said, headers=csrf).json()
    put = f"/uploads/{begun['id']}"
    first = browser.http.put(f"{put}?offset=0", content=data[: 1 << 20], headers=csrf)
    assert first.json()["received"] == 1 << 20 and not first.json()["complete"]

    lost = browser.http.put(f"{put}?offset=0", content=data[: 1 << 20], headers=csrf)
    stands = browser.http.get(put).json()
    page = browser.get(f"/my/{one}")
    assert lost.status_code == 409 and lost.json()["received"] == stands["received"] == 1 << 20
    assert "只传了 69%" in page.text
    last = browser.http.put(f"{put}?offset={stands['received']}", content=data[1 << 20 :], headers=csrf)
    assert last.json()["complete"]
    page = browser.fill(browser.get(f"/my/{one}"), f"/my/{one}/submit")

    assert "已报送" in page.text and submissions(portal, one)[0].items[0].size_bytes == len(data)
    assert browser.http.get(put).status_code == 404


def test_pieces_are_refused_in_json_with_the_next_step(portal: Portal) -> None:
    browser, one, page = start(portal)
    csrf = {"x-csrf": fields_of(page.form(f"/my/{one}/submit"))["csrf"]}
    begin = f"/my/{one}/uploads"

    def told(answer) -> str:
        return "".join(answer.json()["reasons"])

    big = {"key": "plan", "filename": "大.pdf", "size": str(2 * 1024**3)}
    assert "超过单个附件上限 50 MB" in told(browser.http.post(begin, data=big, headers=csrf))
    page_in_disguise = {"key": "plan", "filename": "计划.pdf", "size": "14"}
    begun = browser.http.post(begin, data=page_in_disguise, headers=csrf).json()
    refused = browser.http.put(f"/uploads/{begun['id']}?offset=0", content=b"<html> </html>", headers=csrf)
    assert refused.status_code == 422 and "内容不是" in told(refused)
    long = browser.http.put(f"/uploads/{begun['id']}?offset=0", content=b"x" * (1 << 21), headers=csrf)
    assert long.status_code == 413 and "刷新页面" in told(long)
    assert browser.http.put(f"/uploads/{begun['id']}?offset=0", content=b"x").status_code == 403
    stranger = portal.as_("张科长")
    assert stranger.http.get(f"/uploads/{begun['id']}").status_code == 404


def test_a_zip_bomb_leaves_nothing_behind(portal: Portal) -> None:
    browser, one, page = start(portal)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 90_000_000)
    page = hand_in(browser, page, one, expect=422, name="计划.docx", data=made.getvalue())

    assert "疑似压缩炸弹" in page.text and "已传好" not in page.text
    assert list((Path(portal.bureau.settings.evidence_root) / ".incoming").iterdir()) == []


def test_a_double_click_and_a_colleague_at_once_act_once_and_keep_what_was_typed(portal: Portal) -> None:
    browser, one, page = start(portal)
    colleague = portal.as_("赵干事")
    theirs = colleague.get(f"/my/{one}")
    hand_in(browser, page, one, note="第一次点")

    again = hand_in(browser, page, one, expect=409, note="第二次点")
    late = hand_in(colleague, theirs, one, expect=409, note="我也写好了一份说明")

    for answer in (again, late):
        assert "这项任务刚刚被别人改动" in answer.text
    assert "我也写好了一份说明" in late.text and "第二次点" in again.text
    assert len(submissions(portal, one)) == 1


def test_a_change_by_somebody_else_keeps_the_files_of_an_open_page(portal: Portal) -> None:
    browser, one, page = start(portal)
    colleague = portal.as_("赵干事")
    colleague.fill(colleague.get(f"/my/{one}"), f"/my/{one}/acknowledge")

    page = hand_in(browser, page, one, expect=409, note="写了很久的说明")

    assert "写了很久的说明" in page.text and "已传好，随本次报送" in page.text
    page = browser.fill(page, f"/my/{one}/submit")
    assert "已报送" in page.text


def test_a_page_left_open_over_the_deadline_hands_in_late_and_asks_no_extension(portal: Portal) -> None:
    browser, one, page = start(portal)
    portal.on("2026-04-01", "08:00")
    browser.http.cookies = portal.as_("王科长").http.cookies
    stale = fields_of(page.form(f"/my/{one}/extension"))
    fresh = browser.get(f"/my/{one}")
    csrf = fields_of(fresh.form(f"/my/{one}/submit"))["csrf"]
    asked = {**stale, "csrf": csrf, "wanted_on": "2026-04-10", "reason": "汛期", "progress": "八成"}

    page = browser.post(f"/my/{one}/extension", data=asked, expect=422)
    assert "到期后不能申请延期，请抓紧报送" in page.text and "汛期" in page.text
    assert "时限已过，现在报送会记为逾期报送" in page.text
    page = hand_in(browser, page, one)

    assert "逾期报送" in page.text


def test_an_extension_is_asked_shown_and_answered(portal: Portal) -> None:
    browser, one, page = start(portal)
    asked = {"wanted_on": "2026-03-20", "reason": "汛期抢险", "progress": ""}
    page = browser.fill(page, f"/my/{one}/extension", expect=422, **asked)
    assert "请填写目前进展" in page.text and "汛期抢险" in page.text
    page = browser.fill(page, f"/my/{one}/extension", expect=422, progress="八成")
    assert "应晚于现时限2026年3月31日" in page.text
    page = browser.fill(page, f"/my/{one}/extension", wanted_on="2026-04-10")
    assert "已申请延至 2026年4月10日，等待批复" in page.text and "等待批复" in browser.get("/my").text

    transition(
        portal.bureau,
        one,
        Transition.DECIDE_EXTENSION,
        ExtensionDecision(granted_on=date(2026, 4, 8), reply="同意"),
        by=officer(portal, "周处长", Role.COORDINATOR),
        now=portal.moment,
    )
    page = browser.get(f"/my/{one}")
    assert "4月8日 周三" in page.text and "同意，延至 2026年4月8日（周处长：同意）" in page.text


def test_what_belongs_to_another_unit_is_forwarded_once_the_coordinator_agrees(portal: Portal) -> None:
    browser = portal.as_("王科长")
    extra = an_obligation(
        portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id, due_on=date(2026, 5, 29)
    )
    page = browser.get(f"/my/{extra}")
    page = browser.fill(page, f"/my/{extra}/forward", expect=422, to_unit=ZHONGLOU)
    assert "请填写改派原因" in page.text
    page = browser.fill(page, f"/my/{extra}/forward", reason="属钟楼区")

    assert page.path == f"/my/{extra}" and f"已申请改派{ZHONGLOU}" in page.text
    portal.as_("张科长").get(f"/my/{extra}", expect=404)
    assert "属钟楼区" in portal.as_("张科长").get("/forwards").text

    coordinator = portal.as_("周处长")
    page = coordinator.get("/forwards")
    page = coordinator.fill(page, f"/forwards/{extra}", verdict="grant", expect=422, reply="")
    page = coordinator.fill(page, f"/forwards/{extra}", reply="界线已核实")

    assert f"改由{ZHONGLOU}承办" in page.text
    browser.get(f"/my/{extra}", expect=404)
    portal.as_("张科长").get(f"/my/{extra}")
    told = portal.as_("周处长").get(f"/obligations/{extra}").text
    assert "属钟楼区" in told and "界线已核实" in told


def test_a_unit_takes_back_what_nobody_has_opened(portal: Portal) -> None:
    browser = portal.as_("王科长")
    one = an_obligation(
        portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id, due_on=date(2026, 5, 29)
    )
    for _ in range(2):
        page = browser.fill(browser.get(f"/my/{one}"), f"/my/{one}/submit", note="请审核")
        assert "审核人还没有打开这次报送" in page.text
        page = browser.fill(page, f"/my/{one}/take-back")
        assert "已撤回" in page.text

    page = browser.fill(page, f"/my/{one}/submit", note="改好了")
    portal.as_("陈科长").get(f"/reviews/{one}")
    kept = fields_of(page.form(f"/my/{one}/take-back"))

    late = browser.post(f"/my/{one}/take-back", data=kept, expect=422)
    assert "陈科长已开始审核，不能再撤回" in late.text
    assert "报错了？撤回" not in browser.get(f"/my/{one}").text


def test_another_units_task_does_not_exist(portal: Portal) -> None:
    browser, one, page = start(portal)
    theirs = portal.signs[ZHONGLOU]
    csrf = fields_of(page.form(f"/my/{one}/submit"))["csrf"]

    browser.get(f"/my/{theirs}", expect=404)
    for act in ("acknowledge", "submit", "progress", "extension", "forward", "drop"):
        page = browser.post(f"/my/{theirs}/{act}", data={"csrf": csrf, "version": "1"}, expect=404)
        assert f"没有编号为 {theirs} 的任务" in page.text
    for address in ("/my/99999999999999999999", "/my/0", "/my/x", "/my?page=0", "/my?tab=nothing"):
        browser.get(address, expect=404)


def test_the_list_stays_small_with_two_hundred_tasks(portal: Portal) -> None:
    for number in range(20):
        point = a_point(
            portal.bureau,
            portal.edition_id,
            due_on=date(2026, 4, 30),
            title=f"第{number}号节点的较长标题用来占位置",
            evidence=({"key": "plan", "title": "巡检计划和有关会议纪要"},),
        )
        for subject in range(10):
            with portal.bureau.store.writing() as connection:
                connection.execute(
                    obligation.insert().values(
                        edition_id=portal.edition_id, milestone_id=point[0], point_id=point[1], ladder="standard",
                        unit_id=portal.units[TIANNING], opened_on=date(2026, 1, 5), due_on=date(2026, 4, 30),
                        state="assigned", subject_id=subject,
                    )
                )  # fmt: skip
    browser = portal.as_("王科长")

    first = browser.get("/my")

    assert "待办 201" in first.text and len(first.response.content) < 60_000
    assert not re.findall(r'(?:src|href)="https?://', first.response.text)
    last = browser.get("/my?page=6")
    assert last.text.count("第19号节点") + last.text.count("第18号节点") >= 1 and "下一页" not in last.text
