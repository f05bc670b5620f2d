"""The table of planted faults: every place still stands, and the few that run here are caught by the rehearsal."""

from __future__ import annotations

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.mutate import planted, run


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.says)
def test_every_fault_still_finds_its_place(mutant: Mutant) -> None:
    compiled = planted(mutant)

    if mutant.file.endswith(".py"):
        compile(compiled, mutant.file, "exec")


def test_there_are_enough_faults_of_every_area() -> None:
    areas = {one.area for one in MUTANTS}

    assert len(MUTANTS) >= 40
    assert areas >= {"planning", "recipients", "closing", "times", "rates", "delivery"}
    assert len({one.says for one in MUTANTS}) == len(MUTANTS)


def test_the_few_that_hurt_most_are_caught_by_the_rehearsal_alone() -> None:
    verdicts = run([one for one in MUTANTS if one.small])

    assert [one.mutant.says for one in verdicts if not (one.by or "").startswith("rehearsal:")] == []
