"""The ledger as people read it: a page of obligations, each with the light that the reminders go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from office.actions.day import thresholds
from office.actions.office import Office
from office.store import obligation_list
from office.store.obligation_list import Filter, LightFacts, Listed
from rules.moves import State
from rules.people import Actor
from rules.sight import sight_of
from rules.standing import Facts, Light, Pace, Standing, standing
from rules.workdays import YearUnknown

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObligation:
    """One row with what follows from the calendar: light, last workday, whether the date is provisional."""

    listed: Listed
    standing: Standing
    last_workday: date
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the list, from 1. `total` is None when a light was asked for: lights are not stored."""

    obligations: tuple[ListedObligation, ...]
    page: int
    page_size: int
    total: int | None


def list_obligations(
    office: Office,
    wanted: Filter,
    *,
    today: date,
    by: Actor,
    light: Light | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Page:
    """The obligations of one page that the person may see, the earliest date first."""
    sight = sight_of(by)
    offset = (page - 1) * page_size
    with office.store.reading() as connection:
        if light is None:
            total = obligation_list.count(connection, wanted, sight)
            listed = obligation_list.rows(connection, wanted, sight, offset=offset, limit=page_size)
            found = [seen(office, one, today) for one in listed]
        else:
            total = None
            some = lit(office, obligation_list.facts(connection, wanted, sight), today, light)
            ids = list(islice(some, offset, offset + page_size))
            lit_rows = obligation_list.rows_of(connection, ids, sight)
            found = [seen(office, one, today) for one in lit_rows]
    return Page(obligations=tuple(found), page=page, page_size=page_size, total=total)


def seen(office: Office, listed: Listed, today: date) -> ListedObligation:
    """A stored row with its light and its last workday."""
    last_workday, provisional = _dates(office, listed)
    return ListedObligation(
        listed=listed,
        standing=standing(_facts(listed), today, office.workdays, thresholds(office)),
        last_workday=last_workday,
        provisional=provisional,
    )


def lit(office: Office, rows: Iterable[tuple[int, LightFacts]], today: date, light: Light) -> Iterator[int]:
    """The ids under one light. Many rows share their facts, so each light is derived once."""
    known: dict[LightFacts, Light] = {}
    limits = thresholds(office)
    for obligation_id, facts in rows:
        if facts not in known:
            known[facts] = standing(_facts(facts), today, office.workdays, limits).light
        if known[facts] is light:
            yield obligation_id


def _facts(one: Listed | LightFacts) -> Facts:
    pace = None
    if one.target is not None:
        pace = Pace(target=one.target, reported=one.reported, starts_on=one.starts_on)
    return Facts(
        state=State(one.state),
        due_on=one.due_on,
        submitted_on=one.submitted_on,
        closed_on=one.closed_on,
        # The mark changes the word, never the light; only a whole row has it.
        late=isinstance(one, Listed) and one.late,
        pace=pace,
    )


def _dates(office: Office, listed: Listed) -> tuple[date, bool]:
    """The last workday and whether it is provisional; of a date that an extension moved, computed anew."""
    if listed.due_on == listed.point_due_on:
        return listed.point_last_workday, listed.point_provisional
    try:
        last = office.workdays.on_or_before(listed.due_on)
        return last, office.workdays.is_provisional(last, listed.due_on)
    except YearUnknown:
        # A date granted in a year that nobody knows yet: it stands as it is, and says so.
        return listed.due_on, True
