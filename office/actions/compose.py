"""From a claimed dispatch to the message it carries: which items, how they stand today, in whose words.

Decides what no longer needs saying; knows no channel and no transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from notifications.day_letter import day_letter
from notifications.kinds.calendar_change.sample import CalendarChangeMessage
from notifications.kinds.chase_now.sample import ChaseNowMessage
from notifications.kinds.digest.sample import Section
from notifications.kinds.extension.sample import ExtensionMessage
from notifications.kinds.send_back.sample import SendBackMessage
from notifications.kinds.stage_summary.sample import Missing, Rate, StageSummaryMessage
from notifications.messages import Desk, Item, Kind, Message
from notifications.wording import SHOWN, full_date
from office.actions.letter_items import Chunk, dates, item, joined, moved_from, provisional, subject
from office.actions.letter_links import LetterLinks, letter_links
from office.actions.office import Office
from office.store import letter_facts, links
from office.store.audience import Part
from office.store.deliveries import Claimed
from office.store.digests import DIGEST
from office.store.engine import Connection
from office.store.letter_facts import Matter

_KINDS = {kind.value: kind for kind in Kind}


class Overtaken(Exception):
    """Nothing is left to say; the message is the reason, in one Chinese sentence."""


def read_chunk(office: Office, connection: Connection, rows: Sequence[Claimed], today: date) -> Chunk:
    """The facts of all these letters."""
    reminded = letter_facts.reminded(connection, [one for one in rows if one.kind == DIGEST])
    urgent = [one for one in rows if one.kind != DIGEST]
    matters = letter_facts.matters(connection, {number for one in urgent for number in _obligations(one)})
    in_digests = {one.matter.id: one.matter for some in reminded.values() for one in some}
    about = list((in_digests | matters).values())
    return Chunk(
        office=office,
        today=today,
        reminded=reminded,
        matters=matters,
        points_in_force=letter_facts.points_in_force(
            connection, {number for one in urgent for number in _point(one)}
        ),
        book=letter_facts.open_book(connection, rows, about),
        link_generations=links.generations(connection, {one.unit_id for one in rows}),
    )


def compose(chunk: Chunk, row: Claimed) -> Message:
    """The message of one dispatch. Raises Overtaken when nothing of it stands any more."""
    if row.kind == DIGEST:
        return _digest(chunk, row)
    return _URGENT[row.kind](chunk, row, row.payload or {})


def _digest(chunk: Chunk, row: Claimed) -> Message:
    kinds = _kinds(Part(row.parts))
    first, last = row.since_round_id or row.round_id or 0, row.round_id or 0
    leads = _links(chunk, row)
    by_kind: dict[str, list[Matter]] = {}
    for one in chunk.reminded.get(row.unit_id, ()):
        if one.kind in kinds and first <= one.round_id <= last:
            by_kind.setdefault(one.kind, []).append(one.matter)
    if not by_kind:
        raise Overtaken("所列任务在发送前已报送、办结、调整或撤销，无需再发。")
    return day_letter(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        sections=tuple(_section(chunk, _KINDS[kind], some, leads) for kind, some in by_kind.items()),
        desk=_desk(chunk.office),
        list_link=leads.page,
    )


def _kinds(parts: Part) -> frozenset[str]:
    own = frozenset(kind.value for kind in (Kind.ASSIGN, Kind.ADVANCE, Kind.DUE, Kind.CHASE))
    return (
        (own if Part.OWN in parts else frozenset())
        | ({Kind.ESCALATE.value} if Part.SUPERIOR in parts else frozenset())
        | ({Kind.CHASE.value} if Part.COPY in parts else frozenset())
    )


def _section(chunk: Chunk, kind: Kind, matters: Sequence[Matter], leads: LetterLinks) -> Section:
    """The first to fall due, and how many there are; of an escalation all, because the letter counts its units."""
    shown = matters if kind is Kind.ESCALATE else matters[:SHOWN]
    return Section(kind=kind, items=tuple(item(chunk, one, leads) for one in shown), total=len(matters))


def _send_back(chunk: Chunk, row: Claimed, payload: Mapping[str, Any]) -> Message:
    matter = _standing_matter(chunk, payload)
    if matter.returned_times != payload["times"]:
        raise Overtaken("该任务其后又被退回，以最近一次退回通知为准。")
    until = _day(payload["resubmit_by_on"])
    return SendBackMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        item=replace(
            moved_from(chunk, item(chunk, matter, _links(chunk, row)), payload), note=subject(chunk, matter)
        ),
        reason=payload["reason"],
        reviewer=payload["reviewer"],
        times=payload["times"],
        desk=_desk(chunk.office),
        resubmit_by_on=until,
        resubmit_provisional=until is not None and provisional(chunk.office, until),
    )


def _extension(chunk: Chunk, row: Claimed, payload: Mapping[str, Any]) -> Message:
    matter = _standing_matter(chunk, payload)
    asked_for = date.fromisoformat(payload["asked_for_on"])
    return ExtensionMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        item=moved_from(chunk, item(chunk, matter, _links(chunk, row)), payload),
        granted=payload["granted"],
        asked_for_on=asked_for,
        asked_provisional=provisional(chunk.office, asked_for),
        decided_by=payload["decided_by"],
        reason=payload["reason"],
        desk=_desk(chunk.office),
    )


def _calendar_change(chunk: Chunk, row: Claimed, payload: Mapping[str, Any]) -> Message:
    moved = [(chunk.matters.get(one["obligation_id"]), one) for one in payload["items"]]
    leads = _links(chunk, row)
    items = tuple(
        _moved_item(chunk, matter, one, leads)
        for matter, one in moved
        if matter is not None and _still_moved(chunk, matter, one)
    )
    if not items:
        raise Overtaken("所列任务在发送前已报送、办结、撤销或恢复原时限，无需再告知。")
    return CalendarChangeMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        items=items,
        desk=_desk(chunk.office),
        cause=payload["cause"],
        total=payload["total"] - len(moved) + len(items),
        list_link=leads.page,
    )


def _still_moved(chunk: Chunk, matter: Matter, moved: Mapping[str, Any]) -> bool:
    last_workday, _ = dates(chunk, matter)
    before = (moved["previous_due_on"], moved["previous_last_workday"])
    return matter.stands and (matter.due_on.isoformat(), last_workday.isoformat()) != before


def _moved_item(chunk: Chunk, matter: Matter, moved: Mapping[str, Any], leads: LetterLinks) -> Item:
    previous, shown = date.fromisoformat(moved["previous_due_on"]), item(chunk, matter, leads)
    if previous != shown.due_on:
        return replace(shown, previous_due_on=previous, previous_provisional=moved["previous_provisional"])
    before = full_date(date.fromisoformat(moved["previous_last_workday"]), moved["previous_provisional"])
    return replace(shown, note=joined(f"时限不变，最后工作日原为{before}", shown.note))


def _chase_now(chunk: Chunk, row: Claimed, payload: Mapping[str, Any]) -> Message:
    chosen = [chunk.matters.get(one["obligation_id"]) for one in payload["items"]]
    # A pause stops reminders, and a chase is one.
    owed = [one for one in chosen if one and one.stands and one.edition_state == "published"]
    owed = [one for one in owed if one.unit_id == row.unit_id]
    if not owed:
        raise Overtaken("所催任务在发送前已报送、办结、暂停、免办或撤销，无需再催。")
    leads = _links(chunk, row)
    return ChaseNowMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        items=tuple(item(chunk, one, leads) for one in owed),
        desk=_desk(chunk.office),
        chased_by=payload["chased_by"],
        words=payload["words"] or None,
        total=payload["total"] - len(chosen) + len(owed),
        list_link=leads.page,
    )


def _stage_summary(chunk: Chunk, row: Claimed, payload: Mapping[str, Any]) -> Message:
    """The payload is the message; the result stays as the gate found it."""
    if any(number not in chunk.points_in_force for number in _point(row)):
        raise Overtaken("该项行动或节点已撤回，不再报送阶段小结。")
    values = dict(payload)
    values |= {
        "to_name": _to_name(chunk, row),
        "as_of_on": date.fromisoformat(payload["as_of_on"]),
        "due_on": date.fromisoformat(payload["due_on"]),
        "missing": tuple(Missing(**one) for one in payload["missing"]),
        "rates": tuple(Rate(**one) for one in payload["rates"]),
        "desk": _desk(chunk.office),
        "list_link": _links(chunk, row).board,
    }
    return StageSummaryMessage(**values)


_URGENT: dict[str, Callable[[Chunk, Claimed, Mapping[str, Any]], Message]] = {
    Kind.SEND_BACK.value: _send_back,
    Kind.EXTENSION.value: _extension,
    Kind.CALENDAR_CHANGE.value: _calendar_change,
    Kind.STAGE_SUMMARY.value: _stage_summary,
    Kind.CHASE_NOW.value: _chase_now,
}


def _standing_matter(chunk: Chunk, payload: Mapping[str, Any]) -> Matter:
    matter = chunk.matters.get(payload["obligation_id"])
    if matter is None or not matter.stands:
        raise Overtaken("该任务在发送前已报送、办结、暂停、免办或撤销，无需再发。")
    return matter


def _desk(office: Office) -> Desk:
    settings = office.settings
    return Desk(name=settings.desk_name, contact=settings.desk_contact, phone=settings.desk_phone)


def _links(chunk: Chunk, row: Claimed) -> LetterLinks:
    """Where this letter leads its contact."""
    return letter_links(
        chunk.office,
        unit_id=row.unit_id,
        contact_id=row.contact_id,
        generations=chunk.link_generations,
        today=chunk.today,
    )


def _to_name(chunk: Chunk, row: Claimed) -> str:
    return chunk.book.addressees[row.contact_id or 0].name


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _obligations(row: Claimed) -> Iterable[int]:
    """The numbers that an urgent message's payload speaks of; what is malformed comes to light when it is composed."""
    payload = row.payload or {}
    entries = [payload, *(payload.get("items") or ())]
    return [number for one in entries if isinstance(number := one.get("obligation_id"), int)]


def _point(row: Claimed) -> Iterable[int]:
    """The point that a stage summary is about."""
    what, _, number = row.ref.partition(":")
    return [int(number)] if what == "point" and number.isdecimal() else []
