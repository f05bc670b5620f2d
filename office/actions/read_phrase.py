"""What a deadline phrase means while it is being typed: rule, dates, assumptions, or why it goes to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendars import phrases
from calendars.almanac import almanac_for
from office.actions.office import Office
from rules.almanac import FIRST_YEAR, LAST_YEAR, AlmanacError
from rules.deadline import CannotResolve, NotUnderstood, Reading, Resolution, resolve
from rules.people import Actor
from rules.workdays import WorkdayTable, YearUnknown

LONGEST_PHRASE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseDay:
    """One date of a phrase, with what reminders count from; `off` when it is no workday."""

    label: str
    starts_on: date | None
    due_on: date
    last_workday: date | None
    provisional: bool
    off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseRead:
    """`reason` is set exactly when the phrase goes to a person; `proposal` is a wording that would be understood.

    Without `days` an understood phrase sets no date by itself, and a person sets one.
    """

    phrase: str
    year: int
    rule: str = ""
    soft: bool = False
    due_at: str | None = None
    days: tuple[PhraseDay, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str | None = None
    proposal: str | None = None


def read_phrase(office: Office, phrase: str, year: int, *, by: Actor) -> PhraseRead:
    """Anybody may ask: it touches nothing of the bureau but its workdays."""
    del by  # nothing here belongs to anyone
    phrase = phrase.strip()
    if not phrase or len(phrase) > LONGEST_PHRASE:
        reason = f"请写一个时限，不超过{LONGEST_PHRASE}字，例如“3月底前”。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        reason = f"{year}年不在{FIRST_YEAR}至{LAST_YEAR}年之间，请改正年份。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    reading = phrases.read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        return PhraseRead(phrase=phrase, year=year, reason=reading.reason, proposal=reading.proposal)
    try:
        found = resolve(reading, year=year, almanac=almanac_for(), workdays=office.workdays)
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        return PhraseRead(phrase=phrase, year=year, rule=reading.rule, reason=str(refusal))
    return _read(phrase, year, reading, found, office.workdays)


def _read(phrase: str, year: int, reading: Reading, found: Resolution, workdays: WorkdayTable) -> PhraseRead:
    dates = [(one.label, one.starts_on, one.due_on) for one in found.occurrences]
    if not dates and found.due_on is not None:
        dates = [("", found.starts_on, found.due_on)]
    return PhraseRead(
        phrase=phrase,
        year=year,
        rule=reading.rule,
        soft="soft" in reading.modifiers,
        due_at=found.due_at,
        days=tuple(_day(label, starts_on, due_on, workdays) for label, starts_on, due_on in dates),
        assumptions=tuple(dict.fromkeys((*reading.assumptions, *found.assumptions))),
    )


def _day(label: str, starts_on: date | None, due_on: date, workdays: WorkdayTable) -> PhraseDay:
    try:
        last, provisional = workdays.on_or_before(due_on), workdays.is_provisional(due_on, due_on)
    except YearUnknown:
        last, provisional = None, True
    return PhraseDay(
        label=label,
        starts_on=starts_on,
        due_on=due_on,
        last_workday=last,
        provisional=provisional,
        off=last is not None and last != due_on,
    )
