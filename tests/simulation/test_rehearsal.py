"""A year with the real campaign files on a virtual clock, calm and under faults; and proof that the checks can fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from calendars.reader import CALENDARS
from duban.core import clock
from duban.core.access import Role
from duban.core.errors import Refused
from duban.core.lights import Light
from duban.core.settings import Settings, load
from duban.letters.delivery import deliver
from duban.obligations.states import Transition
from duban.obligations.transitions import Grounds, transition
from duban.rehearse.faults import Killed, Weather, faults_on
from duban.rehearse.invariants import at_the_end
from duban.rehearse.play import WORKER, Rehearsal, rehearse
from duban.rehearse.reading import ReadLetter, read_letter
from duban.rehearse.sums import gates_differ
from duban.rehearse.told import Told
from duban.rehearse.world import World, scratch_world
from duban.rounds.service import hold_round
from notifications.channels import Status
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
AT = clock.at(FIRST_WORKDAY)


def _morning(world: World, told: Told) -> list[Letter]:
    hold_round(world.bureau, now=AT)
    told.plan(world, FIRST_WORKDAY)
    deliver(world.bureau, channels={"mail": world.channel}, now=AT, worker=WORKER)
    return list(world.channel.taken)


def _letters(world: World, told: Told) -> list[ReadLetter]:
    """As they were read; those that speak of several matters of the unit's own first."""
    found = [read_letter(prepared) for prepared in _morning(world, told)]
    return sorted(found, key=lambda one: -len(one.numbers))


def _numbers(broken: list[str]) -> set[str]:
    return {text.split()[0] for text in broken}


def test_a_letter_that_comes_after_the_matter_is_settled_is_noticed(world: World) -> None:
    letter = _letters(world, Told())[0]
    _waive(world, letter.items[0].obligation_id)

    broken = Told().take(world, [letter], AT)

    assert any(text.startswith("2 ") and "已不需办理" in text for text in broken)


def _waive(world: World, obligation_id: int) -> None:
    coordinator = world.people[Role.COORDINATOR][0]
    transition(
        world.calm,
        obligation_id,
        Transition.WAIVE,
        Grounds(reason="本地无此事项", authority="局长办公会"),
        by=coordinator,
        now=AT,
    )


def test_letters_that_say_what_is_and_reach_whom_they_concern_break_nothing(world: World) -> None:
    told = Told()
    letters = _letters(world, told)

    assert told.take(world, letters, AT) == []
    assert told.settle(world, FIRST_WORKDAY, died=False, letters=letters) == []
    assert told.left_over(world, FIRST_WORKDAY) == []


def test_a_letter_to_another_unit_is_noticed(world: World) -> None:
    first, second = _letters(world, Told())[:2]

    broken = Told().take(world, [replace(first, to_address=second.to_address, unit=second.unit)], AT)

    assert "11" in _numbers(broken)


def test_a_letter_that_lists_less_than_it_should_is_noticed(world: World) -> None:
    told = Told()
    letters = _letters(world, told)
    letters[0].sections[0].items.pop()

    assert "14" in _numbers(told.take(world, letters[:1], AT))


@pytest.mark.parametrize(
    ("what", "wrong", "number"),
    [("due_on", date(2026, 1, 5), "2"), ("light", Light.RED, "8"), ("link", "http://x/obligations/1", "2")],
)
def test_a_date_a_light_and_a_link_that_are_not_the_matters_own_are_noticed(
    world: World, what: str, wrong: object, number: str
) -> None:
    told = Told()
    letters = _letters(world, told)
    setattr(letters[0].items[1], what, wrong)

    assert _numbers(told.take(world, letters, AT)) == {number}


def test_two_letters_to_one_address_on_a_day_are_noticed_though_one_broke_off(world: World) -> None:
    told = Told()
    letters = _letters(world, told)
    told.take(world, [*letters, letters[0]], AT)

    broken = told.settle(world, FIRST_WORKDAY, died=True, letters=[*letters, letters[0]])

    assert _numbers(broken) == {"1", "5"}


def test_an_answer_that_the_ledger_does_not_hold_is_noticed(world: World) -> None:
    told = Told()
    letters = _letters(world, told)
    world.channel.answers[letters[0].key] = Status.PERMANENT

    assert _numbers(told.settle(world, FIRST_WORKDAY, died=False, letters=letters)) == {"4"}


def test_what_is_planned_and_never_sent_is_noticed(world: World) -> None:
    told = Told()
    hold_round(world.bureau, now=AT)
    told.plan(world, FIRST_WORKDAY)

    assert _numbers(told.left_over(world, FIRST_WORKDAY)) == {"3"}


def test_a_gate_that_stays_open_is_noticed(world: World) -> None:
    assert _numbers(list(gates_differ(world, date(2026, 12, 31)))) == {"3"}


def test_a_history_that_was_tampered_with_is_noticed(world: World) -> None:
    with world.calm.store.writing() as connection:
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'history'"
        )
        for (name,) in names.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE history SET actor = '赵某' WHERE id = 2")

    broken = at_the_end(world, now=AT)

    assert any(text.startswith("7 ") for text in broken)


def test_a_machine_that_dies_is_not_survived_by_what_isolates_faults(world: World) -> None:
    world.fuse.left = 3

    with pytest.raises(Killed):
        _morning(world, Told())


def test_faults_follow_from_the_seed_and_the_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [faults_on(5, day) for day in days] == [faults_on(5, day) for day in days]
    assert [faults_on(5, day) for day in days] != [faults_on(6, day) for day in days]
    assert {faults_on(5, day).weather for day in days} == set(Weather)


def test_one_campaigns_reminders_are_listed_with_their_letters(few: Settings) -> None:
    done = rehearse(2026, settings=few, until=date(2026, 4, 10), campaign="place_name_signs")

    assert done.lines == ()
    assert {one.kind for one in done.reminders} >= {"assign", "advance", "due"}
    sent = [one for one in done.reminders if one.letter]
    assert all(one.handed_on and one.handed_on >= one.on and one.address for one in sent)
    assert all(
        one.letter or one.cause or one.status == "draft" for one in done.reminders if one.kind != "assign"
    )


def test_a_campaign_that_is_not_there_is_refused(few: Settings) -> None:
    with pytest.raises(Refused, match="没有代号为“weddings”"):
        rehearse(2026, settings=few, campaign="weddings", until=date(2026, 1, 2))
