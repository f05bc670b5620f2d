"""The loop over the days of a rehearsed year: the clock moves, the office does its day, people act, faults strike.

It tells one line for each message, gate and light, and a summary with what broke.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from duban.core import clock
from duban.core.errors import Refused
from duban.core.lights import LIGHT_WORDS, Light
from duban.core.settings import Settings
from duban.letters.delivery import deliver
from duban.rehearse.deeds import Deeds
from duban.rehearse.errands import (
    Errand,
    forward_errands,
    problem_errands,
    roster_errands,
    support_errands,
)
from duban.rehearse.faults import FINE, Day, Killed, Weather, faults_on
from duban.rehearse.habits import Plan, do, plans_for
from duban.rehearse.invariants import after_a_day, at_the_end
from duban.rehearse.queries import PlayedReminder, everything_owed, reminders_of_campaign, supports_owed
from duban.rehearse.reading import ReadLetter, read_letter
from duban.rehearse.sums import gates_differ, lights_on
from duban.rehearse.told import Told
from duban.rehearse.world import World, scratch_world
from duban.rounds.gates import close_gates
from duban.rounds.service import hold_round, recover

WORKER = "rehearsal"
# After the last day faults stop, and what is still owed must be dispatched within these days.
CALM_DAYS = 10
Progress = Callable[[date], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened. `what` is message, gate or light."""

    on: date
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A year that was played. Without violations every invariant held on every day."""

    year: int
    seed: int | None
    units: int | None
    editions: int
    obligations: int
    acts: int
    refusals: int
    deaths: int
    skipped: int
    letters: int
    broken_off: int
    lines: tuple[Line, ...]
    violations: tuple[str, ...]
    reminders: tuple[PlayedReminder, ...] = ()  # of the one campaign that was asked for

    @property
    def held(self) -> bool:
        return not self.violations

    @property
    def command(self) -> str:
        """What plays exactly this year again."""
        faults = "" if self.seed is None else f" --faults {self.seed}"
        units = "" if self.units is None else f" --units {self.units}"
        return f"duban rehearse {self.year}{faults}{units}"


@dataclass(slots=True)
class Diary:
    """What happened so far."""

    lines: list[Line] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    deeds: Deeds = field(default_factory=Deeds)
    acts: int = 0
    refusals: int = 0
    deaths: int = 0
    skipped: int = 0
    today: list[ReadLetter] = field(default_factory=list)

    def tell(self, day: date, what: str, *texts: str) -> None:
        self.lines += [Line(on=day, what=what, text=text) for text in texts]


def rehearse(
    year: int,
    *,
    settings: Settings,
    seed: int | None = None,
    units: int | None = None,
    until: date | None = None,
    campaign: str | None = None,
    impatient: bool = False,
    progress: Progress = lambda _: None,
) -> Rehearsal:
    """Play a year, or its part up to a day; with a seed also its faults. Lists what happened, and what broke.

    With a `campaign` the year is played with all of them, and the one's reminders are told instead of the days. Who is
    `impatient` hears of the first day on which anything broke, and no more.
    """
    with scratch_world(year, seed=seed, units=units, settings=settings) as world:
        if campaign is not None and campaign not in {one.campaign for one in world.editions}:
            raise Refused(f"{year}年没有代号为“{campaign}”的专项行动，请用 duban calendar list 查看代号。")
        diary = Diary()
        first, last = date(year, 1, 1), until or date(year, 12, 31)
        agenda = Agenda(seed)
        agenda.begin(world, first)
        for offset in range((last - first).days + 1 + CALM_DAYS):
            day = first + timedelta(days=offset)
            faults = faults_on(seed, day) if day <= last else FINE
            _play_day(world, diary, day, faults, agenda)
            progress(day)
            if impatient and diary.violations:
                break
        # What people wrote after the last morning's delivery still waits for the next one.
        morning, night = (clock.at(day) + timedelta(hours=hours) for hours in (2, 12))
        diary.violations += [*at_the_end(world, now=morning), *diary.deeds.at_the_end(world, night)]
        return Rehearsal(
            year=year,
            seed=seed,
            units=units,
            editions=len(world.editions),
            obligations=len(agenda.known),
            acts=diary.acts,
            refusals=diary.refusals,
            deaths=diary.deaths,
            skipped=diary.skipped,
            letters=len(world.channel.taken),
            broken_off=len(world.channel.broken_off),
            lines=tuple(diary.lines) if campaign is None else (),
            violations=tuple(diary.violations),
            reminders=_reminders(world, campaign, year),
        )


def _reminders(world: World, campaign: str | None, year: int) -> tuple[PlayedReminder, ...]:
    if campaign is None:
        return ()
    with world.calm.store.reading() as connection:
        return reminders_of_campaign(connection, campaign, year)


@dataclass(slots=True)
class Agenda:
    """What people are going to do, by day. Obligations that come up later get their story then."""

    seed: int | None
    days: dict[date, list[Plan | Errand]] = field(default_factory=lambda: defaultdict(list))
    known: set[int] = field(default_factory=set)

    def begin(self, world: World, first: date) -> None:
        """The year's first day: rosters and supporting units beside everything that is owed."""
        with world.calm.store.reading() as connection:
            duties = supports_owed(connection)
        self.add(roster_errands(world, first, self.seed))
        self.add(support_errands(duties, self.seed))
        self.take_up(world, first)

    def take_up(self, world: World, today: date) -> None:
        """The stories of what is new."""
        with world.calm.store.reading() as connection:
            owed = [one for one in everything_owed(connection) if one.id not in self.known]
        self.known |= {one.id for one in owed}
        for one in owed:
            self.add(plans_for(one, self.seed, today))
            self.add(problem_errands(one, today, self.seed))
            self.add(forward_errands(one, today, self.seed))

    def add(self, some: Iterable[Plan | Errand]) -> None:
        for one in some:
            self.days[one.on].append(one)


def _play_day(world: World, diary: Diary, day: date, faults: Day, agenda: Agenda) -> None:
    diary.today = []
    deaths = diary.deaths
    if faults.skipped:
        diary.skipped += 1
    else:
        _office_day(world, diary, day, faults)
        diary.violations += gates_differ(world, day)
        if faults == FINE and world.walk.is_workday(day):
            diary.violations += diary.told.left_over(world, day)
    _people(world, diary, day, agenda)
    if not faults.skipped and faults.weather is not Weather.FINE:
        world.channel.weather = Weather.FINE
        _deliver(world, diary, clock.at(day) + timedelta(hours=8))
    diary.violations += diary.told.settle(world, day, died=diary.deaths > deaths, letters=diary.today)
    diary.tell(day, "message", *(f"{letter.to_address}  {letter.subject}" for letter in diary.today))
    diary.violations += after_a_day(world, day)


def _people(world: World, diary: Diary, day: date, agenda: Agenda) -> None:
    """What people do on the day; what the rules did not allow is tried again later."""
    now = clock.at(day) + timedelta(hours=3)
    for one in agenda.days.pop(day, ()):
        diary.acts += 1
        try:
            if isinstance(one, Errand):
                one.do(world, now)
                if one.brings:
                    agenda.take_up(world, day)
            else:
                diary.violations += diary.deeds.done(one, do(world, one, now), day)
        except Refused:
            diary.refusals += 1
            if isinstance(one, Plan) and one.again is not None:
                agenda.add([one.again])


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
    lights = lights_on(world, day)
    diary.tell(day, "light", "  ".join(f"{LIGHT_WORDS[light]}{lights.get(light, 0)}" for light in Light))


def _morning(world: World, diary: Diary, now: datetime) -> None:
    hold_round(world.bureau, now=now)
    diary.violations += diary.told.plan(world, clock.civil(now))
    closed = close_gates(world.bureau, now=now)
    diary.tell(clock.civil(now), "gate", *(gate.sentence for gate in closed))
    _deliver(world, diary, now)


def _deliver(world: World, diary: Diary, now: datetime) -> None:
    """Send, and read what was taken at once, even where the machine died: it must be true at this moment."""
    before = len(world.channel.taken)
    diary.told.refused = set(world.channel.refused)
    try:
        deliver(world.bureau, channels={"mail": world.channel}, now=now, worker=WORKER)
    finally:
        letters = [read_letter(prepared) for prepared in world.channel.taken[before:]]
        diary.today += letters
        diary.violations += diary.told.take(world, letters, now)
