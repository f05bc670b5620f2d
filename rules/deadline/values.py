"""What reading and resolving a deadline phrase give back, and the error a year can cause."""

from dataclasses import dataclass
from datetime import date

from rules.deadline.parts import Parts


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A phrase understood to its last character.

    rule is the normal form ("month_end(3)"), modifiers name what softens or qualifies it ("soft"),
    assumptions are Chinese sentences, sets_date is False for what names no date by itself.
    """

    text: str
    rule: str
    parts: Parts
    modifiers: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    sets_date: bool = True


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """A phrase for a person: why, with the next step, and a proposal where one offers itself."""

    text: str
    reason: str
    proposal: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    starts_on: date | None
    due_on: date
    label: str


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The dates of a reading in a plan year; days are civil days, due_at is 'HH:MM' up to '24:00'.

    One date: due_on is set and occurrences is empty. Several named dates: occurrences lists them and
    due_on is the last. A recurrence: occurrences lists the year's, due_on is set only if there is one.
    last_workday is the last workday on or before due_on, None where the year's workdays are unknown.
    """

    starts_on: date | None
    due_on: date | None
    due_at: str | None
    occurrences: tuple[Occurrence, ...]
    last_workday: date | None
    provisional: bool
    assumptions: tuple[str, ...]


class CannotResolve(ValueError):
    """A reading that this plan year contradicts; the message is one Chinese sentence with the next step."""
