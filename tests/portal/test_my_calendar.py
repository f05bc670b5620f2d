"""A unit's dates outside the portal: a calendar that telephones read, and the ledger as a sheet."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

from icalendar import Calendar
from python_calamine import CalamineWorkbook

from duban.core.access import Actor, Role
from duban.editions.tables import milestone
from duban.evidence.service import submit
from duban.figures.service import report_progress
from duban.obligations.tables import obligation
from tests.builders import a_point, a_support, an_obligation
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import PageClient


def address(browser: PageClient) -> str:
    page = browser.get("/my/calendar")
    return next(link for link in page.links() if link.startswith("/feed/"))


def read(browser: PageClient, path: str) -> dict[str, dict[str, str]]:
    answer = browser.http.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/calendar")
    calendar = Calendar.from_ical(answer.content)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def wang(portal: Portal) -> Actor:
    return Actor(
        name="王科长",
        person_id=portal.people["王科长"],
        unit_id=portal.units[TIANNING],
        roles=frozenset({Role.HANDLER}),
    )


def test_a_telephone_reads_what_is_owed_on_its_last_workday(portal: Portal) -> None:
    sunday = an_obligation(
        portal.bureau,
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        due_on=date(2026, 5, 31),
        title="全年小结；含逗号,和换行",
        provisional=True,
    )
    path = address(portal.as_("王科长"))
    phone = portal.visitor()

    events = read(phone, path)

    assert len(events) == 2 and all(
        event["dtstart"].dt in (date(2026, 3, 31), date(2026, 5, 29)) for event in events.values()
    )
    uid = next(uid for uid in events if uid.startswith(f"obligation-{sunday}-"))
    later = events[uid]
    assert later["summary"] == "全年小结；含逗号,和换行（暂定）" and later["status"] == "TENTATIVE"
    assert later["dtend"].dt == date(2026, 5, 30) and "最后工作日：2026-05-29" in later["description"]
    assert later["url"] == f"http://portal.test/my/{sunday}"
    assert not any(ZHONGLOU in str(event) for event in events.values())


def test_what_is_handed_in_leaves_the_calendar_and_a_moved_date_keeps_its_event(portal: Portal) -> None:
    path, phone = address(portal.as_("王科长")), portal.visitor()
    moved = an_obligation(
        portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id, due_on=date(2026, 4, 30)
    )
    before = read(phone, path)
    with portal.bureau.store.writing() as connection:
        connection.execute(
            obligation.update().where(obligation.c.id == moved).values(due_on=date(2026, 5, 12), version=2)
        )
        connection.execute(
            obligation.update().where(obligation.c.id == portal.signs[TIANNING]).values(state="submitted")
        )

    after = read(phone, path)

    assert len(before) == 2 and len(after) == 1
    (uid,) = after
    assert uid in before and after[uid]["dtstart"].dt == date(2026, 5, 12)
    assert after[uid]["sequence"] > before[uid]["sequence"]


def test_a_renewed_address_ends_the_old_one_and_altered_ones_open_nothing(portal: Portal) -> None:
    browser, phone = portal.as_("王科长"), portal.visitor()
    old = address(browser)
    token = old.removeprefix("/feed/").removesuffix(".ics")

    for bad in (token[:-1], token[::-1], "x", token + "x", "%00", "[1,1]"):
        answer = phone.http.get(f"/feed/{bad}.ics")
        assert answer.status_code == 404
    page = browser.get("/my/calendar")
    page = browser.fill(page, "/my/calendar", expect=422, unit=str(portal.units[ZHONGLOU]))
    assert "不是该单位的经办人" in page.text
    page = browser.fill(page, "/my/calendar", unit=str(portal.units[TIANNING]))
    assert "已更换" in page.text

    gone = phone.http.get(old)
    assert gone.status_code == 404 and "取新地址" in gone.text
    assert address(browser) != old and read(phone, address(browser))


def test_the_ledger_leaves_as_a_sheet_in_which_text_stays_text(portal: Portal) -> None:
    quota = {"indicator": "标志维护", "unit_of_measure": "块"}
    point = a_point(portal.bureau, portal.edition_id, due_on=date(2026, 12, 31), title="=HYPERLINK(1)")
    with portal.bureau.store.writing() as connection:
        connection.execute(
            milestone.update().where(milestone.c.id == point[0]).values(body={"evidence": [], "quota": quota})
        )
    one = an_obligation(
        portal.bureau,
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        point=point,
        due_on=date(2026, 12, 31),
        target=Decimal(400),
    )
    report_progress(
        portal.bureau, one, Decimal(100), unit_of_measure="块", by=wang(portal), now=portal.moment
    )
    submit(portal.bureau, one, note="+已办一半", by=wang(portal), now=portal.moment)

    answer = portal.as_("王科长").http.get("/my/ledger.xlsx")

    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    rows = [dict(zip(sheet[0], row, strict=False)) for row in sheet[1:]]
    assert len(rows) == 2
    late = rows[1]
    assert late["具体任务"] == "=HYPERLINK(1)" and late["进展情况"] == "+已办一半"
    assert (late["进展"], late["状态"], late["内部时限"]) == ("25.0 %", "待审核", date(2026, 12, 31))
    assert rows[0]["成果形式"] == "巡检计划、计划巡检标志数"
    assert {"编号", "来源/依据", "牵头单位", "配合单位", "催办次数", "销号人", "备注"} <= set(sheet[0])


def test_what_a_unit_supports_stands_in_its_calendar_until_it_reports(portal: Portal) -> None:
    number = a_support(portal.bureau, portal.edition_id, portal.point[1], portal.units[TIANNING])
    wang_ = portal.as_("王科长")
    phone, path = portal.visitor(), address(wang_)

    before = read(phone, path)
    page = wang_.get(f"/support/{number}")
    wang_.fill(page, f"/support/{number}/report", words="已会同巡检")
    after = read(phone, path)

    [uid] = [uid for uid in before if uid.startswith(f"support-{number}-")]
    assert str(before[uid]["summary"]) == "配合：巡检计划报备案"
    assert before[uid]["dtstart"].dt == date(2026, 3, 31)
    assert str(before[uid]["url"]).endswith(f"/support/{number}")
    assert uid not in after
