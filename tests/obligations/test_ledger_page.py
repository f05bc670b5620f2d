"""docs/ledger.md says of every verb exactly what the moves table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from duban.core.access import ROLE_NAMES, Role
from duban.obligations.states import ROLES, STATE_NAMES, TRANSITION_NAMES, TRANSITIONS, State, Transition

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def row(verb: Transition) -> str:
    states = [state for state in State if (state, verb) in TRANSITIONS]
    targets = [to for to in State if any(TRANSITIONS[state, verb] is to for state in states)]
    led = "、".join(STATE_NAMES[to] for to in targets) or "暂停前的状态"
    if all(TRANSITIONS[state, verb] is state for state in states):
        led = "状态不变"
    where = "、".join(STATE_NAMES[state] for state in states)
    who = "、".join(ROLE_NAMES[role] for role in Role if role in ROLES[verb])
    return f"| {TRANSITION_NAMES[verb]} | {where} | {led} | {who} |"


@pytest.mark.parametrize("verb", list(Transition))
def test_the_page_says_where_and_by_whom_a_verb_can_be_done(verb: Transition) -> None:
    assert row(verb) in PAGE.read_text(encoding="utf-8").splitlines()
