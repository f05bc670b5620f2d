"""The ledger for coordinators over HTTP: filtered, exported, one file with its acts, many acted on after a look."""

from __future__ import annotations

from io import BytesIO

import pandas as pd

from duban.obligations.tables import obligation
from tests.builders import an_obligation
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.queue_builders import change, handed_in, state_of

GROUNDS = {"reason": "辖区没有此类标志", "authority": "局长办公会"}


def test_the_ledger_is_filtered_by_unit_state_light_and_date(portal: Portal) -> None:
    change(portal, obligation, portal.signs[ZHONGLOU], state="closed")
    coordinator = portal.as_("周处长")

    everything = coordinator.get("/obligations")
    assigned = coordinator.get("/obligations?state=assigned")
    one_unit = coordinator.get(f"/obligations?unit={portal.units[ZHONGLOU]}")
    portal.on("2026-04-20")
    red = portal.as_("周处长").get("/obligations?light=red")
    later = portal.as_("周处长").get("/obligations?due_from=2026-05-01")

    row = f"/obligations/{portal.signs[TIANNING]}"
    assert {row, f"/obligations/{portal.signs[ZHONGLOU]}"} <= set(everything.links())
    assert row in assigned.links() and row not in one_unit.links()
    assert row in red.links() and f"/obligations/{portal.signs[ZHONGLOU]}" not in red.links()
    assert "没有符合条件的任务" in later.text


def test_the_filtered_ledger_is_a_sheet(portal: Portal) -> None:
    coordinator = portal.as_("苏审计")

    answer = coordinator.http.get(f"/obligations/export.xlsx?unit={portal.units[TIANNING]}")

    sheet = pd.read_excel(BytesIO(answer.content), engine="calamine")
    assert list(sheet["责任单位"]) == [TIANNING]
    assert list(sheet["状态"]) == ["已交办"] and list(sheet["灯"]) == ["绿灯"]


def test_chosen_matters_are_waived_only_after_a_look(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/obligations")
    chosen = [str(portal.signs[TIANNING]), str(portal.signs[ZHONGLOU])]
    change(portal, obligation, portal.signs[ZHONGLOU], state="closed")

    look = coordinator.fill(page, "/obligations/act", act="waive", obligation=chosen, **GROUNDS)
    before = state_of(portal, portal.signs[TIANNING])
    done = coordinator.fill(look, "/obligations/act", obligation=chosen)

    assert "还没有办理" in look.text and "已销号 1 项" in look.text
    assert before == "assigned"
    assert "已免办1项，1项因状态不符没有办理" in done.text
    assert state_of(portal, portal.signs[TIANNING]) == "waived"
    assert state_of(portal, portal.signs[ZHONGLOU]) == "closed"


def test_all_of_a_filter_are_suspended_and_resumed(portal: Portal) -> None:
    for _ in range(60):
        an_obligation(portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id)
    coordinator = portal.as_("周处长")
    page = coordinator.get(f"/obligations?unit={portal.units[TIANNING]}")

    look = coordinator.fill(page, "/obligations/act", act="suspend", everything="1", **GROUNDS)
    done = coordinator.fill(look, "/obligations/act")
    look = coordinator.fill(done, "/obligations/act", act="resume", everything="1")
    back = coordinator.fill(look, "/obligations/act")

    assert "已暂停计时61项" in done.text
    assert "已恢复计时61项" in back.text
    assert state_of(portal, portal.signs[TIANNING]) == "assigned"


def test_what_changed_between_the_look_and_the_word_is_not_done(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get(f"/obligations?unit={portal.units[TIANNING]}")
    look = coordinator.fill(page, "/obligations/act", act="waive", everything="1", **GROUNDS)
    an_obligation(portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id)

    changed = coordinator.fill(look, "/obligations/act", expect=409)

    assert "预览时1项，现在2项" in changed.text
    assert state_of(portal, portal.signs[TIANNING]) == "assigned"


def test_nothing_is_waived_without_grounds_or_a_choice(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/obligations")

    nothing = coordinator.fill(page, "/obligations/act", act="waive", expect=422, **GROUNDS)
    silent = coordinator.fill(
        page, "/obligations/act", act="waive", obligation=str(portal.signs[TIANNING]), expect=422
    )

    assert "请先勾选要办理的任务" in nothing.text
    assert "请填写理由" in silent.text and "请填写依据" in silent.text


def test_one_matter_is_suspended_resumed_forwarded_and_waived(portal: Portal) -> None:
    number = an_obligation(portal.bureau, unit_id=portal.units[TIANNING], edition_id=portal.edition_id)
    coordinator = portal.as_("周处长")
    path = f"/obligations/{number}"

    page = coordinator.fill(coordinator.get(path), f"{path}/suspend", **GROUNDS)
    page = coordinator.fill(page, f"{path}/resume")
    page = coordinator.fill(page, f"{path}/forward", to_unit=ZHONGLOU, reason="归钟楼区管")
    page = coordinator.fill(page, f"{path}/waive", **GROUNDS)

    assert f"由{TIANNING}改派{ZHONGLOU}" in page.text
    assert "免办：周处长" in page.text and "局长办公会" in page.text
    assert state_of(portal, number) == "waived"


def test_a_page_left_open_acts_on_nothing(portal: Portal) -> None:
    path = f"/obligations/{portal.signs[TIANNING]}"
    first, second = portal.as_("周处长"), portal.as_("吴处长")
    old = second.get(path)
    first.fill(first.get(path), f"{path}/suspend", **GROUNDS)

    late = second.fill(old, f"{path}/waive", expect=409, **GROUNDS)

    assert "刚刚被别人改动" in late.text
    assert state_of(portal, portal.signs[TIANNING]) == "suspended"


def test_a_signed_off_matter_is_spot_checked_by_somebody_else_and_archived(portal: Portal) -> None:
    number = handed_in(portal)
    path = f"/obligations/{number}"
    first, second, reviewer = portal.as_("周处长"), portal.as_("吴处长"), portal.as_("陈科长")
    reviewer.fill(reviewer.get(f"/reviews/{number}"), f"/reviews/{number}/pass")
    first.fill(first.get(f"/reviews/{number}"), f"/reviews/{number}/sign-off")

    own = first.get(path)
    checked = second.fill(second.get(path), f"{path}/spot-check", passed="passed", finding="现场已核实")
    archived = second.fill(checked, f"{path}/archive")

    assert not any((form.get("action") or "").endswith("spot-check") for form in own.forms())
    assert "抽查合格：吴处长" in checked.text and "现场已核实" in checked.text
    assert state_of(portal, number) == "archived"
    assert "重新打开" in archived.text


def test_an_auditor_reads_the_file_and_acts_on_nothing(portal: Portal) -> None:
    page = portal.as_("苏审计").get(f"/obligations/{portal.signs[TIANNING]}")

    acts = [form.get("action") or "" for form in page.forms()]
    assert [one for one in acts if one.startswith(("/obligations", "/chase"))] == []
    assert "任务" in page.text


def test_a_matter_is_chased_from_its_file(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get(f"/obligations/{portal.signs[TIANNING]}")

    preview = coordinator.fill(page, "/chase")
    coordinator.fill(preview, "/chase")

    assert "催办" in coordinator.get(f"/obligations/{portal.signs[TIANNING]}").text
    history = coordinator.get(f"/obligations/{portal.signs[TIANNING]}").response.text
    assert "周处长 催办" in history
