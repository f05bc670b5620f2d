"""docs/ledger.md says of every verb exactly what the table says; the table says of every verb what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from duban.core.access import ROLE_NAMES, Role
from duban.obligations.states import STATE_NAMES, TRANSITION_RULES, State, Transition
from duban.obligations.transitions import TRANSITIONS, asked_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def row(verb: Transition) -> str:
    rule = TRANSITION_RULES[verb]
    states = [state for state in State if state in rule.moves]
    led = "、".join(STATE_NAMES[to] for to in State if to in rule.moves.values()) or "原来的状态"
    if all(rule.moves[state] is state for state in states):
        led = "状态不变"
    where = "、".join(STATE_NAMES[state] for state in states)
    who = "、".join(ROLE_NAMES[role] for role in Role if role in rule.roles)
    return f"| {rule.name} | {where} | {led} | {who} |"


@pytest.mark.parametrize("verb", list(Transition))
def test_the_page_says_where_and_by_whom_a_verb_can_be_done(verb: Transition) -> None:
    assert row(verb) in PAGE.read_text(encoding="utf-8").splitlines()


def test_every_verb_of_a_person_is_in_the_table_or_has_a_service_of_its_own() -> None:
    by_the_edition = {Transition.REGISTER, Transition.CANCEL}
    services = {Transition.SUBMIT, Transition.REPORT, Transition.HAND_OVER}

    assert set(TRANSITIONS) | by_the_edition | services == set(Transition)


@pytest.mark.parametrize("verb", list(TRANSITIONS))
def test_every_field_of_an_input_says_how_it_is_asked_for(verb: Transition) -> None:
    model = TRANSITIONS[verb].takes

    for name in model.model_fields:
        asked = asked_of(model, name)
        assert asked.label and asked.option.startswith("--") and asked.help.endswith("。")


def test_the_page_says_what_is_done_in_bulk() -> None:
    many = [verb for verb, spec in TRANSITIONS.items() if spec.many]

    assert "、".join(f"`{verb.value}`" for verb in many) + " 可以用 `--edition" in PAGE.read_text(
        encoding="utf-8"
    )
