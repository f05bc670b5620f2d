"""The interface is tried with what its own description allows and forbids: no fault of ours, nothing undescribed."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from duban.accounts.rules import TokenScope
from tests.portal.api_client import a_token
from tests.portal.bureau import Portal
from tests.portal.ledger_builders import with_check

EXAMPLES = 10
OPERATIONS = (
    "GET /editions",
    "GET /editions/{edition_id}/milestones",
    "GET /obligations",
    "GET /obligations/{obligation_id}",
    "GET /obligations/{obligation_id}/evidence/{sha256}",
    "GET /supports",
    "GET /board",
    "GET /editions/{edition_id}/roster",
    "GET /editions/{edition_id}/roster/subjects",
    "GET /history",
    "POST /obligations/{obligation_id}/progress",
    "POST /supports/{duty_id}/report",
    "POST /editions/{edition_id}/figures",
    "GET /editions/{edition_id}/events",
    "POST /editions/{edition_id}/events",
    "POST /editions/{edition_id}/roster/outcomes",
)
load_all_checks()


def described(portal: Portal) -> Any:
    with_check(portal)
    portal.app.state.api.state.per_minute = 1_000_000
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", portal.app)


def test_every_operation_is_tried(portal: Portal) -> None:
    paths = portal.app.state.api.openapi()["paths"]

    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == set(
        OPERATIONS
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_interface_keeps_to_its_description(portal: Portal, name: str) -> None:
    method, path = name.split()
    operation = described(portal)[path][method]
    token = a_token(portal, "周处长", TokenScope.READ, TokenScope.WRITE)
    valid = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    broken = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=one_of(valid, broken))
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    def tried(case: Any) -> None:
        # What the description allows may still be refused by the rules: an unknown figure, a day to come.
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=[positive_data_acceptance]
        )

    tried()
