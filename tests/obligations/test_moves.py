"""The moves table, and the promise it carries: no sequence signs off an unreviewed matter or lets one person play two roles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from duban.core.access import SYSTEM, Actor, Role
from duban.obligations.rules import review_refusals, spot_check_refusals, submit_refusals
from duban.obligations.states import (
    DONE,
    NOT_STARTED,
    OPEN,
    OUT,
    STATE_NAMES,
    TRANSITION_NAMES,
    TRANSITION_RULES,
    WAITING,
    ObligationFacts,
    State,
    Transition,
    state_after,
    transition_refusals,
)

UNIT = 7
TRANSITIONS = {
    (state, verb): to for verb, rule in TRANSITION_RULES.items() for state, to in rule.moves.items()
}


def a_matter(state: State = State.ASSIGNED, **facts: object) -> ObligationFacts:
    return ObligationFacts(state=state, unit_id=UNIT, **facts)  # type: ignore[arg-type]


def someone(person_id: int, *roles: Role, unit_id: int = UNIT) -> Actor:
    return Actor(name=f"某{person_id}", person_id=person_id, unit_id=unit_id, roles=frozenset(roles))


EVERYTHING = frozenset(Role)


def test_every_state_belongs_to_exactly_one_group() -> None:
    groups = (NOT_STARTED, OPEN, WAITING, DONE, OUT)

    assert sorted(state for group in groups for state in group) == sorted(State)
    assert set(STATE_NAMES) == set(State)
    assert set(TRANSITION_NAMES) == set(TRANSITION_RULES) == set(Transition)


def test_every_verb_can_be_done_in_some_state_and_every_state_but_the_ends_can_be_left() -> None:
    left = {state for (state, _), to in TRANSITIONS.items() if to is not state}

    assert {verb for _, verb in TRANSITIONS} == set(Transition)
    assert set(State) - left == {State.CANCELLED}


@given(st.sampled_from(State), st.sampled_from(Transition))
def test_what_the_table_does_not_name_is_refused_with_a_sentence(state: State, verb: Transition) -> None:
    able = Actor(name="钱全能", person_id=1, unit_id=UNIT, roles=EVERYTHING)

    reasons = transition_refusals(a_matter(state), verb, able)

    assert bool(reasons) == ((state, verb) not in TRANSITIONS)
    assert all(STATE_NAMES[state] in reason and "请" in reason for reason in reasons)


@pytest.mark.parametrize("verb", list(Transition))
def test_the_system_and_the_auditor_do_nothing_to_a_matter(verb: Transition) -> None:
    state = next(state for state, known in TRANSITIONS if known is verb)

    assert any("--as" in reason for reason in transition_refusals(a_matter(state), verb, SYSTEM))
    assert any(
        "没有" in reason for reason in transition_refusals(a_matter(state), verb, someone(1, Role.AUDITOR))
    )


def test_a_handler_acts_for_his_own_unit_only() -> None:
    stranger = someone(1, Role.HANDLER, unit_id=8)

    assert any("不是这项任务责任单位的人" in reason for reason in submit_refusals(a_matter(), stranger))
    assert not submit_refusals(a_matter(), someone(1, Role.HANDLER))


def test_nothing_is_handed_in_for_an_edition_that_is_not_in_force() -> None:
    reasons = submit_refusals(a_matter(in_force=False), someone(1, Role.HANDLER))

    assert len(reasons) == 1 and "尚未发布或已撤回" in reasons[0]


def test_a_resumed_matter_goes_on_where_it_was() -> None:
    stopped = a_matter(State.SUSPENDED, state_before=State.RETURNED)

    assert state_after(stopped, Transition.RESUME) is State.RETURNED


def test_whoever_declined_to_sign_off_may_sign_off_the_better_version() -> None:
    closer = someone(5, Role.COORDINATOR)
    accepted = a_matter(State.ACCEPTED, submitters=frozenset({1}), reviewers=frozenset({2}), passed_by=(2,))

    assert not review_refusals(accepted, Transition.SEND_BACK, closer, reason="附件缺章")
    assert not review_refusals(replace(accepted, closers=frozenset({5})), Transition.SIGN_OFF, closer)
    assert review_refusals(a_matter(State.SUBMITTED, closers=frozenset({5})), Transition.PASS, closer)


class Life(RuleBasedStateMachine):
    """People with every role at once try everything in any order; only the rules stand between them."""

    def __init__(self) -> None:
        super().__init__()
        self.matter = a_matter(review_levels=2)
        self.submitted_by: list[int] = []
        self.passes: list[list[int]] = []
        self.closed_by: list[int] = []
        self.checked_by: list[int] = []

    people = st.integers(1, 5)

    def _able(self, person: int) -> Actor:
        return Actor(name=f"某{person}", person_id=person, unit_id=UNIT, roles=EVERYTHING)

    @rule(person=people)
    def submit(self, person: int) -> None:
        if submit_refusals(self.matter, self._able(person)):
            return
        self.submitted_by.append(person)
        self.passes.append([])
        self._go(Transition.SUBMIT, submitters=self.matter.submitters | {person}, passed_by=())

    @rule(person=people)
    def review(self, person: int) -> None:
        if review_refusals(self.matter, Transition.PASS, self._able(person)):
            return
        self.passes[-1].append(person)
        self._go(
            Transition.PASS,
            reviewers=self.matter.reviewers | {person},
            passed_by=(*self.matter.passed_by, person),
        )

    @rule(person=people)
    def send_back(self, person: int) -> None:
        if review_refusals(self.matter, Transition.SEND_BACK, self._able(person), reason="不全"):
            return
        role = "closers" if self.matter.state is State.ACCEPTED else "reviewers"
        self._go(Transition.SEND_BACK, **{role: getattr(self.matter, role) | {person}})

    @rule(person=people)
    def sign_off(self, person: int) -> None:
        if review_refusals(self.matter, Transition.SIGN_OFF, self._able(person)):
            return
        assert len(self.passes[-1]) == 2, "signed off without every level of review"
        self.closed_by.append(person)
        self._go(Transition.SIGN_OFF, closers=self.matter.closers | {person})

    @rule(person=people)
    def spot_check(self, person: int) -> None:
        if not spot_check_refusals(self.matter, self._able(person), finding="属实"):
            self.checked_by.append(person)

    @rule(
        person=people,
        verb=st.sampled_from(
            sorted(
                set(Transition)
                - {
                    Transition.SUBMIT,
                    Transition.PASS,
                    Transition.SEND_BACK,
                    Transition.SIGN_OFF,
                    Transition.SPOT_CHECK,
                    Transition.CANCEL,
                }
            )
        ),
    )
    def anything_else(self, person: int, verb: Transition) -> None:
        if transition_refusals(self.matter, verb, self._able(person)):
            return
        before = self.matter.state if verb is Transition.SUSPEND else None
        self._go(verb, state_before=before)

    def _go(self, verb: Transition, **facts: object) -> None:
        self.matter = replace(self.matter, **{"state": state_after(self.matter, verb), **facts})

    @invariant()
    def nobody_plays_two_roles(self) -> None:
        reviewers = {person for passed in self.passes for person in passed}
        assert not set(self.submitted_by) & (reviewers | set(self.closed_by))
        assert not reviewers & set(self.closed_by)

    @invariant()
    def levels_of_one_submission_have_different_reviewers(self) -> None:
        assert all(len(passed) == len(set(passed)) for passed in self.passes)

    @invariant()
    def what_is_done_was_reviewed_whole(self) -> None:
        if self.matter.state in DONE:
            assert self.closed_by and len(self.passes[-1]) == 2


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
