"""A coordinator lets a unit's handler in once and gives further units; nobody else's access is his to give."""

from __future__ import annotations

import re

from tests.portal.bureau import ZHONGLOU, Portal


def test_a_coordinator_lets_a_handler_in_once(portal: Portal) -> None:
    zhou, at = portal.as_("周处长"), f"/people/{portal.people['王科长']}"
    shown = zhou.fill(zhou.get(f"{at}/access"), f"{at}/one-time")
    found = re.search(r"http://portal\.test(/once/[\w-]+)", shown.response.text)
    assert found
    client = portal.visitor()

    page = client.fill(client.get(found[1]), found[1])

    assert page.path == "/account/password"


def test_a_coordinator_lets_no_officer_in(portal: Portal) -> None:
    zhou, at = portal.as_("周处长"), f"/people/{portal.people['李局长']}"

    refused = zhou.fill(zhou.get(f"{at}/access"), f"{at}/one-time", expect=422)

    assert "请由安全管理员办理" in refused.text


def test_a_handler_acts_for_a_further_unit_until_it_is_taken_back(portal: Portal) -> None:
    zhou, wang = portal.as_("周处长"), portal.as_("王科长")
    at, theirs = f"/people/{portal.people['王科长']}", f"/my/{portal.signs[ZHONGLOU]}"
    wang.get(theirs, expect=404)

    added = zhou.fill(zhou.get(f"{at}/access"), f"{at}/units", unit=ZHONGLOU)
    opened = wang.get(theirs)
    taken = zhou.fill(added, f"{at}/units")
    unknown = zhou.fill(taken, f"{at}/units", unit="没有的单位", expect=422)

    assert f"现在兼办：{ZHONGLOU}" in added.text and opened.path == theirs
    assert "现在兼办：无" in taken.text and "没有叫“没有的单位”的单位" in unknown.text
    wang.get(theirs, expect=404)
