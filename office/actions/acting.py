"""What every act on one obligation has in common: one transaction, one conditional change, one line of history."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from office import clock
from office.actions.office import Office
from office.errors import Refused
from office.store import history, obligations
from office.store.dry_run import take_back
from office.store.engine import Connection
from office.store.obligations import Obligation
from rules.extensions import Clocks
from rules.moves import Matter, State, Verb, after
from rules.people import Actor
from rules.workdays import YearUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act under way: its transaction, the obligation as loaded, and the obligation as the rules see it."""

    office: Office
    connection: Connection
    one: Obligation
    matter: Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What an act did. `version` is the row's new one; dates are civil."""

    obligation_id: int
    title: str
    unit: str
    verb: Verb
    previous_state: State
    state: State
    previous_due_on: date
    due_on: date
    late: bool
    version: int
    messages: int = 0


@contextmanager
def acting(
    office: Office, obligation_id: int, *, by: Actor, version: int | None = None, dry_run: bool = False
) -> Iterator[Act]:
    """One transaction about one obligation; `version` is what the person saw, a dry run is taken back.

    Whoever may not see the matter learns nothing of it, not even whether it is there.
    """
    with office.store.writing() as connection:
        one = obligations.load(connection, obligation_id, version=version, by=by)
        yield Act(
            office=office,
            connection=connection,
            one=one,
            matter=obligations.matter(connection, one),
        )
        if dry_run:
            take_back(connection)


def refuse(*reasons: str) -> None:
    """Raise with all reasons if there are any."""
    if reasons:
        raise Refused(reasons)


def move(act: Act, verb: Verb, **values: object) -> None:
    """Change the row to where the verb leads. First of an act's writes: it decides between two who act at once."""
    obligations.change(
        act.connection,
        act.one,
        state=after(act.matter, verb).value,
        flow_run_id=act.office.flow_run_id,
        **values,
    )


def record(
    act: Act, verb: Verb, by: Actor, now: datetime, facts: Mapping[str, object], *, messages: int = 0
) -> Acted:
    """Append to the history and say what came of the act. Last of an act's writes."""
    new = obligations.load(act.connection, act.one.id)
    moved: dict[str, object] = {"state": new.state, "version": new.version, "due_on": new.due_on}
    if new.due_on != act.one.due_on:
        moved["previous_due_on"] = act.one.due_on
    said = {key: value for key, value in facts.items() if value is not None and value != ""}
    history.append(
        act.connection,
        at=now,
        by=by,
        verb=verb.value,
        noun="obligation",
        noun_id=new.id,
        edition_id=new.edition_id,
        unit_id=new.unit_id,
        detail=said | moved,
        flow_run_id=act.office.flow_run_id,
    )
    return Acted(
        obligation_id=new.id,
        title=new.title,
        unit=new.unit,
        verb=verb,
        previous_state=act.one.state,
        state=new.state,
        previous_due_on=act.one.due_on,
        due_on=new.due_on,
        late=new.late,
        version=new.version,
        messages=messages,
    )


def clocks(act: Act, now: datetime) -> Clocks:
    """The obligation's two clocks on the civil day of `now`."""
    return Clocks(due_on=act.one.due_on, hard_due_on=act.one.hard_due_on, today=clock.civil(now))


def unknown_day(office: Office, day: date | None) -> tuple[str, ...]:
    """Why no limit can be set on a day: reminders count workdays, which nobody knows for that year yet."""
    try:
        if day is not None:
            office.workdays.on_or_before(day)
    except YearUnknown as unknown:
        return (str(unknown),)
    return ()


def person_id(by: Actor) -> int:
    """The person behind an act that the rules have let through; they refuse whoever is none."""
    assert by.person_id is not None, "the rules refuse an act without a person"
    return by.person_id


def cleaned(text: str) -> str:
    """What a person wrote, without characters that no database, page or letter should carry."""
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Cf"))
    return "".join(kept).strip()
