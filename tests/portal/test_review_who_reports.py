"""Who reports for a unit is its handler: an auditor or a leader of the same house does not, by whatever door."""

from __future__ import annotations

from pathlib import Path

import pytest

from duban.accounts.rules import TokenScope
from duban.core.access import Role
from duban.rosters.sheets import import_roster
from duban.wiring import actor
from tests.builders import a_person
from tests.portal.api_client import api
from tests.portal.bureau import TIANNING, Portal
from tests.portal.ledger_builders import a_code, a_csv, subjects, with_check

BOTH = (TokenScope.READ, TokenScope.WRITE)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.LEADER, Role.REVIEWER])
def test_whoever_only_reads_reports_nothing_through_the_interface(
    portal: Portal, tmp_path: Path, role: Role
) -> None:
    edition = with_check(portal)
    sheet = tmp_path / "名册.csv"
    sheet.write_bytes(a_csv(subjects(4)))
    zhou = actor(portal.bureau, "周处长")
    import_roster(portal.bureau, "social_org_annual_check", 2026, sheet, by=zhou, now=portal.moment)
    person = a_person(portal.bureau, "钱同志", portal.units[TIANNING], role)
    assert person.person_id is not None
    portal.people["钱同志"] = person.person_id
    client = api(portal, "钱同志", *BOTH)

    outcomes = client.post(
        f"/editions/{edition}/roster/outcomes",
        {"codes": [a_code(1)], "taken_part_on": "2026-03-10"},
        expect=422,
    )
    figure = client.post(
        f"/editions/{edition}/figures",
        {"name": "应参检", "value": 1, "unit_of_measure": "个", "unit": TIANNING},
        expect=422,
    )

    assert "由该单位经办人或统筹科室" in outcomes.json()["detail"]
    assert "不能替它报数" in figure.json()["detail"]
