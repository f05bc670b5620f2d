"""A notice that another door confirmed is known to the portal within a minute, without a restart."""

from __future__ import annotations

from office.actions.confirm_notice import confirm_notice
from office.actions.propose_notice import propose_notice
from rules.people import Actor, Role
from tests.office.test_notices import the_notice
from tests.portal.bureau import BUREAU, Portal


def test_the_portal_counts_by_a_notice_confirmed_on_the_command_line(portal: Portal) -> None:
    zhou, wu = (_coordinator(portal, name) for name in ("周处长", "吴处长"))
    client = portal.as_("周处长")
    before = client.get("/year?year=2027")
    propose_notice(portal.office, the_notice(), by=zhou, now=portal.moment)
    confirm_notice(portal.office, the_notice(), by=wu, now=portal.moment)

    portal.pass_minutes(2)
    after = client.get("/year?year=2027")

    assert portal.app.state.house.office.workdays.notices != portal.office.workdays.notices
    assert before.text != after.text


def _coordinator(portal: Portal, name: str) -> Actor:
    return Actor(
        name=name,
        person_id=portal.people[name],
        unit_id=portal.units[BUREAU],
        roles=frozenset({Role.COORDINATOR}),
    )
