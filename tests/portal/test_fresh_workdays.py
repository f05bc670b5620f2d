"""A notice that another door confirmed is known to the portal within a minute, without a restart."""

from __future__ import annotations

from duban.core.access import Actor, Role
from duban.editions.notices import confirm_notice, propose_notice
from tests.editions.test_notices import the_notice
from tests.portal.bureau import BUREAU, Portal


def test_the_portal_counts_by_a_notice_confirmed_on_the_command_line(portal: Portal) -> None:
    zhou, wu = (_coordinator(portal, name) for name in ("周处长", "吴处长"))
    client = portal.as_("周处长")
    before = client.get("/year?year=2027")
    propose_notice(portal.bureau, the_notice(), by=zhou, now=portal.moment)
    confirm_notice(portal.bureau, the_notice(), by=wu, now=portal.moment)

    portal.pass_minutes(2)
    after = client.get("/year?year=2027")

    assert portal.app.state.house.bureau.workdays.notices != portal.bureau.workdays.notices
    assert before.text != after.text


def _coordinator(portal: Portal, name: str) -> Actor:
    return Actor(
        name=name,
        person_id=portal.people[name],
        unit_id=portal.units[BUREAU],
        roles=frozenset({Role.COORDINATOR}),
    )
