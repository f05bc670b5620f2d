"""One obligation as a letter shows it: its words, its dates, and how it stands on the day of the letter.

The light is the one function's of rules.standing, from the same facts as on the board.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from notifications.messages import Item
from office.actions.day import thresholds
from office.actions.letter_links import LetterLinks
from office.actions.office import Office
from office.store.letter_facts import Book, Matter, PointDates, Reminded
from rules.standing import Facts, Pace, standing
from rules.workdays import YearUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Everything that a chunk of letters is made of, read at one moment."""

    office: Office
    today: date
    reminded: Mapping[int, Sequence[Reminded]]
    matters: Mapping[int, Matter]
    points_in_force: frozenset[int]
    book: Book
    link_generations: Mapping[int, int]


def item(chunk: Chunk, matter: Matter, links: LetterLinks) -> Item:
    """One obligation as it stands today, under the light that the board shows."""
    office, book = chunk.office, chunk.book
    said, point = book.milestones[matter.milestone_id], book.points[matter.point_id]
    last_workday, provisional = dates(chunk, matter)
    facts = Facts(state=matter.state, due_on=matter.due_on, pace=_pace(book, matter, point))
    seen = standing(facts, chunk.today, office.workdays, thresholds(office))
    returned = f"已退回{matter.returned_times}次" if matter.returned_times else None
    return Item(
        obligation_id=matter.id,
        campaign=said.campaign,
        milestone=f"{said.title}（{point.label}）" if point.label else said.title,
        unit=book.units[matter.unit_id],
        due_on=matter.due_on,
        last_workday=last_workday,
        days_left=seen.days_left or 0,
        document=said.document,
        provisional=provisional,
        light=seen.light,
        expected_evidence=said.evidence,
        hard_due_on=matter.hard_due_on,
        link=links.of(matter.id, matter.unit_id),
        note=joined(subject(chunk, matter), returned),
        extended=matter.extended_times > 0,
    )


def moved_from(chunk: Chunk, shown: Item, payload: Mapping[str, Any]) -> Item:
    """The item with the date it stood on before the act, where the act has moved it."""
    before = date.fromisoformat(payload["previous_due_on"])
    if before == shown.due_on:
        return shown
    return replace(shown, previous_due_on=before, previous_provisional=provisional(chunk.office, before))


def _pace(book: Book, matter: Matter, point: PointDates) -> Pace | None:
    if matter.target is None:
        return None
    reported = book.reported.get(matter.id)
    return Pace(target=matter.target, reported=reported, starts_on=point.starts_on or matter.opened_on)


def dates(chunk: Chunk, matter: Matter) -> tuple[date, bool]:
    """The last workday and whether it is provisional: the point's, or counted anew for a date of the obligation's own."""
    point = chunk.book.points[matter.point_id]
    if matter.due_on == point.due_on:
        return point.last_workday, point.provisional
    try:
        last = chunk.office.workdays.on_or_before(matter.due_on)
        return last, chunk.office.workdays.is_provisional(last, matter.due_on)
    except YearUnknown:
        return matter.due_on, True


def provisional(office: Office, day: date) -> bool:
    try:
        return office.workdays.is_provisional(day, day)
    except YearUnknown:
        return True


def subject(chunk: Chunk, matter: Matter) -> str | None:
    name = chunk.book.subjects.get(matter.subject_id)
    return f"对象：{name}" if name else None


def joined(*notes: str | None) -> str | None:
    return "；".join(note for note in notes if note) or None
