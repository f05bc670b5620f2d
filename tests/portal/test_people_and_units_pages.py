"""People, units and contacts over HTTP, one at a time and by a sheet that is looked at first."""

from __future__ import annotations

from pathlib import Path

import pytest

from duban.obligations.states import Transition
from duban.obligations.transitions import transition
from duban.units.importing import UNIT_KINDS
from tests.portal.bureau import TIANNING, Portal
from tests.portal.queue_builders import handler

CONTACT = {
    "name": "孙科长",
    "duty": "handler",
    "channel": "mail",
    "address": "sun@tianning.example",
    "rank": "2",
}


def test_a_coordinator_enters_a_handler_but_no_other_role(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/people")

    done = coordinator.fill(page, "/people", name="孙干事", unit=TIANNING, role="handler")
    refused = coordinator.fill(page, "/people", name="钱某", unit=TIANNING, role="leader", expect=422)

    assert f"已登记{TIANNING}的孙干事" in done.text
    assert "不能登记" in refused.text and "钱某" in refused.response.text


def test_who_leaves_hands_over_the_desk_first(portal: Portal) -> None:
    leaver = handler(portal)
    transition(portal.bureau, portal.signs[TIANNING], Transition.ACKNOWLEDGE, by=leaver, now=portal.moment)
    coordinator = portal.as_("周处长")
    path = f"/people/{portal.people['王科长']}"

    refused = coordinator.fill(coordinator.get(path), f"{path}/retire", reason="调离", expect=422)
    handed = coordinator.fill(refused, f"{path}/hand-over", to=str(portal.people["赵干事"]))
    retired = coordinator.fill(handed, f"{path}/retire", reason="调离")

    assert "还有 1 项未办结任务" in refused.text
    assert "1项未办结任务已移交赵干事" in handed.text
    assert "王科长已停用" in retired.text


def test_a_contact_is_added_changed_and_retired_on_the_units_page(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    path = f"/units/{portal.units[TIANNING]}"
    send = f"{path}/contacts"

    page = coordinator.post(send, data={**CONTACT, "csrf": _csrf(coordinator.get(path))})
    wrong = coordinator.post(send, data={**CONTACT, "address": "不是地址", "csrf": _csrf(page)}, expect=422)
    taken = coordinator.post(send, data={**CONTACT, "csrf": _csrf(page)}, expect=422)

    assert "已保存联系人孙科长" in page.text
    assert "不是有效的邮箱地址" in wrong.text and "不是地址" in wrong.response.text
    assert "已有联系人使用" in taken.text


def test_a_unit_is_entered_renamed_and_not_retired_while_it_owes(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/units")

    done = coordinator.fill(
        page, "/units", code="xb", name="新北区民政局", kind="district_bureau", parent="市民政局"
    )
    twice = coordinator.fill(page, "/units", code="xb", name="另一个", kind="town", expect=422)
    path = f"/units/{portal.units[TIANNING]}"
    renamed = coordinator.fill(coordinator.get(path), path, name="天宁区民政和社会工作局")
    kept = coordinator.fill(renamed, f"{path}/retire", reason="合并", expect=422)

    assert "已登记新北区民政局" in done.text
    assert "已有单位使用" in twice.text
    assert renamed.title == "天宁区民政和社会工作局"
    assert "还有1项未办结任务" in kept.text


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "单位.csv"
    path.write_text(
        "编码,名称,类别,上级,联系人,地址\nxb,新北区民政局,区县民政局,市民政局,田科长,tian@xinbei.example\n",
        encoding="utf-8",
    )
    return path


def test_a_sheet_of_units_is_looked_at_before_it_is_entered(portal: Portal, sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8").replace("区县民政局", UNIT_KINDS["district_bureau"])
    coordinator = portal.as_("周处长")
    form = coordinator.get("/unit-import")

    look = coordinator.fill(form, "/unit-import", files={"sheet": ("单位.csv", text.encode())})
    before = coordinator.get("/units").text
    done = coordinator.fill(look, look.path)

    assert "新增单位 1 个：新北区民政局" in look.text
    assert "新北区民政局" not in before
    assert "新增1个单位" in done.text and "新北区民政局" in done.text


def test_a_faulty_sheet_tells_each_row_and_enters_nothing(portal: Portal) -> None:
    rows = "".join(f"u{n},单位{n},不认识,,,\n" for n in range(10_000))
    coordinator = portal.as_("周处长")
    form = coordinator.get("/unit-import")

    look = coordinator.fill(
        form,
        "/unit-import",
        files={"sheet": ("单位.csv", f"编码,名称,类别,上级,联系人,地址\n{rows}".encode())},
    )

    assert "第2行：类别“不认识”不认识" in look.text
    assert "另有9800处错误未列出" in look.text
    assert "确认导入" not in look.text
    assert "单位1" not in coordinator.get("/units").text


def _csrf(page: object) -> str:
    for form in page.forms():  # type: ignore[attr-defined]  # a Page
        for one in form.iter("input"):
            if one.get("name") == "csrf":
                return str(one.get("value"))
    raise AssertionError("the page has no form of ours")


def test_the_operator_looks_at_units_but_does_not_decide_who_gets_their_links(portal: Portal) -> None:
    operator = portal.as_("运维")
    unit = f"/units/{portal.units[TIANNING]}"

    register, one = operator.get("/units"), operator.get(unit)

    assert [form.get("action") for page in (register, one) for form in page.forms()] == ["/sign-out"] * 2
    assert "联系人由统筹科室登记和修改" in one.text
    operator.post(f"{unit}/contacts", data={"name": "运维"}, expect=403)
