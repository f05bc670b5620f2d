"""A year with the real campaign files on a virtual clock, calm and under faults; and proof that the checks can fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from calendars.reader import CALENDARS
from duban.core import clock
from duban.core.access import Role
from duban.core.settings import Settings, load
from duban.letters.delivery import deliver
from duban.obligations.states import Transition
from duban.obligations.transitions import Grounds, transition
from duban.rehearse.faults import Killed, Weather, faults_on
from duban.rehearse.invariants import after_a_day, at_the_end, read_letter, when_taken
from duban.rehearse.play import WORKER, Rehearsal, rehearse
from duban.rehearse.world import World, scratch_world
from duban.rounds.service import hold_round
from notifications.letters import Letter

# One file of several kinds, among them the one that crosses the year's end.
FILES = (
    "place_name_signs",
    "famous_villages",
    "social_org_annual_check",
    "home_care_beds",
    "qingming",
    "winter_warmth",
)


@pytest.fixture
def few(tmp_path: Path) -> Settings:
    """Settings whose calendars are a few of the real ones of 2026."""
    folder = tmp_path / "calendars"
    (folder / "2026").mkdir(parents=True)
    shutil.copy(CALENDARS / "units.yaml", folder)
    for name in FILES:
        shutil.copy(CALENDARS / "2026" / f"{name}.yaml", folder / "2026")
    return load(tmp_path / "duban").model_copy(update={"calendars": folder})


@pytest.fixture
def world(few: Settings) -> Iterator[World]:
    with scratch_world(2026, seed=None, units=None, settings=few) as made:
        yield made


def _what(done: Rehearsal, what: str) -> list[str]:
    return [line.text for line in done.lines if line.what == what]


def test_a_calm_year_keeps_every_invariant_and_tells_its_messages_gates_and_lights(few: Settings) -> None:
    done = rehearse(2026, settings=few)

    assert done.violations == ()
    assert done.letters > 100
    assert any("【交办】" in text for text in _what(done, "message"))
    assert any("催办" in text for text in _what(done, "message"))
    assert any("阶段小结" in text for text in _what(done, "message"))
    assert _what(done, "gate")
    assert len(_what(done, "light")) > 365


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (7, 11, 23))])
def test_a_year_of_faults_keeps_every_invariant(few: Settings, seed: int) -> None:
    done = rehearse(2026, settings=few, seed=seed)

    assert done.violations == (), f"replay: {done.command}"
    assert done.deaths > 20
    assert done.skipped > 5
    assert done.broken_off > 0


def test_the_same_seed_is_the_same_year(few: Settings) -> None:
    first = rehearse(2026, settings=few, seed=3, until=date(2026, 3, 10))
    again = rehearse(2026, settings=few, seed=3, until=date(2026, 3, 10))

    assert first == again


def test_more_units_make_more_obligations(few: Settings) -> None:
    few_units = rehearse(2026, settings=few, until=date(2026, 1, 6))
    many = rehearse(2026, settings=few, units=30, until=date(2026, 1, 6))

    assert many.obligations > 3 * few_units.obligations


FIRST_WORKDAY = date(2026, 1, 4)


def _morning(world: World, day: date) -> list[Letter]:
    before = len(world.channel.taken)
    now = clock.at(day)
    hold_round(world.bureau, now=now)
    deliver(world.bureau, channels={"mail": world.channel}, now=now, worker=WORKER)
    return world.channel.taken[before:]


def test_a_letter_that_comes_after_the_matter_is_settled_is_noticed(world: World) -> None:
    prepared = _morning(world, FIRST_WORKDAY)[0]
    letter = read_letter(prepared)
    assert when_taken(world, letter, clock.at(FIRST_WORKDAY)) == []

    _waive(world, letter.items[0].obligation_id)

    broken = when_taken(world, letter, clock.at(FIRST_WORKDAY))
    assert [text[0] for text in broken] == ["2"]


def _waive(world: World, obligation_id: int) -> None:
    coordinator = world.people[Role.COORDINATOR][0]
    transition(
        world.calm,
        obligation_id,
        Transition.WAIVE,
        Grounds(reason="本地无此事项", authority="局长办公会"),
        by=coordinator,
        now=clock.at(FIRST_WORKDAY),
    )


def test_two_letters_to_one_address_on_a_day_are_noticed(world: World) -> None:
    letters = [read_letter(prepared) for prepared in _morning(world, FIRST_WORKDAY)]
    assert after_a_day(world, FIRST_WORKDAY, letters) == []

    broken = after_a_day(world, FIRST_WORKDAY, [*letters, letters[0]])

    assert {text[0] for text in broken} == {"1", "5"}


def test_rounds_that_never_come_are_noticed_at_the_end(world: World) -> None:
    _morning(world, FIRST_WORKDAY)

    broken = at_the_end(world, now=clock.at(FIRST_WORKDAY + timedelta(days=60)))

    assert any(text.startswith("3 ") for text in broken)


def test_a_history_that_was_tampered_with_is_noticed(world: World) -> None:
    with world.calm.store.writing() as connection:
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'history'"
        )
        for (name,) in names.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE history SET actor = '赵某' WHERE id = 2")

    broken = at_the_end(world, now=clock.at(FIRST_WORKDAY))

    assert any(text.startswith("7 ") for text in broken)


def test_a_machine_that_dies_is_not_survived_by_what_isolates_faults(world: World) -> None:
    world.fuse.left = 3

    with pytest.raises(Killed):
        _morning(world, FIRST_WORKDAY)


def test_faults_follow_from_the_seed_and_the_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [faults_on(5, day) for day in days] == [faults_on(5, day) for day in days]
    assert [faults_on(5, day) for day in days] != [faults_on(6, day) for day in days]
    assert {faults_on(5, day).weather for day in days} == set(Weather)
