"""The loop over the days of a rehearsed year: the clock moves, the office does its day, people act, faults strike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from duban.core import clock
from duban.core.settings import Settings
from duban.letters.delivery import deliver
from duban.rehearse.faults import FINE, Day, Killed, Weather, faults_on
from duban.rehearse.habits import Plan, do, plans_for
from duban.rehearse.invariants import after_a_day, at_the_end, when_taken
from duban.rehearse.letters import ReadLetter, read_letter
from duban.rehearse.queries import everything_owed
from duban.rehearse.record import Line, Rehearsal, gate_lines, light_line, mail_lines
from duban.rehearse.world import World, scratch_world
from duban.rounds.gates import close_gates
from duban.rounds.service import hold_round, recover
from notifications.letters import Letter

WORKER = "rehearsal"
# After the last day faults stop, and what is still owed must be dispatched within these days.
CALM_DAYS = 10
Progress = Callable[[date], None]


@dataclass(slots=True)
class Diary:
    """What happened so far."""

    lines: list[Line] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    acts: int = 0
    refusals: int = 0
    deaths: int = 0
    skipped: int = 0
    now: datetime = field(default_factory=lambda: clock.at(date(1970, 1, 1)))
    today: list[ReadLetter] = field(default_factory=list)

    def take(self, world: World, prepared: Letter) -> None:
        """A letter was taken: read it at once, because what it says must be true at this moment."""
        letter = read_letter(prepared)
        self.today.append(letter)
        self.violations += when_taken(world, letter, self.now)


def rehearse(
    year: int,
    *,
    settings: Settings,
    seed: int | None = None,
    units: int | None = None,
    until: date | None = None,
    progress: Progress = lambda _: None,
) -> Rehearsal:
    """Play a year, or its part up to a day; with a seed also its faults. Lists what happened, and what broke."""
    with scratch_world(year, seed=seed, units=units, settings=settings) as world:
        diary = Diary()
        world.channel.on_taken = lambda prepared: diary.take(world, prepared)
        agenda = _agenda(world, seed, date(year, 1, 1))
        last = until or date(year, 12, 31)
        for day in _days(year, last + timedelta(days=CALM_DAYS)):
            faults = faults_on(seed, day) if day <= last else FINE
            _play_day(world, diary, day, faults, agenda)
            progress(day)
        diary.violations += at_the_end(world, now=clock.at(day) + timedelta(hours=2))
        return Rehearsal(
            year=year,
            seed=seed,
            units=units,
            editions=len(world.editions),
            obligations=len({plan.owed.id for plans in agenda.values() for plan in plans}),
            acts=diary.acts,
            refusals=diary.refusals,
            deaths=diary.deaths,
            skipped=diary.skipped,
            letters=len(world.channel.taken),
            broken_off=len(world.channel.broken_off),
            lines=tuple(diary.lines),
            violations=tuple(diary.violations),
        )


def _days(year: int, last: date) -> Iterator[date]:
    day = date(year, 1, 1)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _agenda(world: World, seed: int | None, first: date) -> Mapping[date, list[Plan]]:
    with world.calm.store.reading() as connection:
        owed = everything_owed(connection)
    agenda: dict[date, list[Plan]] = defaultdict(list)
    for one in owed:
        for plan in plans_for(one, seed, first):
            agenda[plan.on].append(plan)
    return agenda


def _play_day(world: World, diary: Diary, day: date, faults: Day, agenda: Mapping[date, list[Plan]]) -> None:
    diary.today = []
    if faults.skipped:
        diary.skipped += 1
    else:
        _office_day(world, diary, day, faults)
    _people_day(world, diary, day, agenda)
    diary.lines += mail_lines(day, diary.today)
    diary.violations += after_a_day(world, day, diary.today)


def _office_day(world: World, diary: Diary, day: date, faults: Day) -> None:
    """The morning's steps; a death is followed by a restart with recovery, as an operator would have it."""
    world.channel.weather = faults.weather
    world.fuse.left = faults.dies_at
    try:
        _morning(world, diary, clock.at(day))
        if faults.doubled:
            _morning(world, diary, clock.at(day) + timedelta(minutes=1))
    except Killed:
        diary.deaths += 1
        world.fuse.left = None
        # The lease of what was being sent must have run out before anyone may touch it.
        restarted = clock.at(day) + timedelta(seconds=world.bureau.settings.lease_seconds + 60)
        recover(world.bureau, now=restarted)
        _morning(world, diary, restarted)
    world.fuse.left = None
    if faults.weather is not Weather.FINE:
        world.channel.weather = Weather.FINE
        _deliver(world, diary, clock.at(day) + timedelta(hours=8))
    diary.lines.append(light_line(world, day))


def _morning(world: World, diary: Diary, now: datetime) -> None:
    hold_round(world.bureau, now=now)
    diary.lines += gate_lines(clock.civil(now), close_gates(world.bureau, now=now))
    _deliver(world, diary, now)


def _deliver(world: World, diary: Diary, now: datetime) -> None:
    diary.now = now
    deliver(world.bureau, channels={"mail": world.channel}, now=now, worker=WORKER)


def _people_day(world: World, diary: Diary, day: date, agenda: Mapping[date, list[Plan]]) -> None:
    for plan in agenda.get(day, ()):
        diary.acts += 1
        diary.refusals += do(world, plan, clock.at(day) + timedelta(hours=3)) is not None
