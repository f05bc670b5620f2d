"""One obligation as a letter shows it: its words, its dates, and how it stands on the day of the letter.

The light is the one function's of duban.obligations.lights, from the same facts as on the board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.secrets import portal_key
from duban.letters.context_queries import (
    LetterData,
    LetterMatter,
    PointDates,
    RemindedObligation,
    letter_matters,
    load_letter_data,
    points_in_force,
    reminded_obligations,
)
from duban.letters.link_queries import FIRST_GENERATION, link_generations
from duban.letters.links import make_link_token
from duban.letters.queries import DIGEST, ClaimedDispatch
from duban.obligations.lights import Facts, Pace, standing_of
from duban.outbox.queries import Part
from notifications.day_letter import day_letter
from notifications.messages import (
    CalendarChangeMessage,
    ChaseNowMessage,
    Desk,
    ExtensionMessage,
    Item,
    Kind,
    Message,
    Missing,
    Rate,
    Section,
    SendBackMessage,
    StageSummaryMessage,
)
from notifications.wording import SHOWN, full_date


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLinks:
    """Where the words of a letter lead: `page` opens the contact's unit, None where the portal has no address."""

    unit_id: int
    base: str | None = None
    page: str | None = None

    def of(self, obligation_id: int, unit_id: int) -> str | None:
        """To one item. What is another unit's, as in an escalation, is opened by signing in."""
        if self.page is None or unit_id == self.unit_id:
            return self.page and f"{self.page}?to={obligation_id}"
        return f"{self.base}/obligations/{obligation_id}"

    @property
    def board(self) -> str | None:
        """Where a leader sees the whole, after signing in."""
        return self.base and f"{self.base}/board"


def letter_links(
    bureau: Bureau, *, unit_id: int, contact_id: int | None, generations: Mapping[int, int], today: date
) -> LetterLinks:
    """The links of a letter to this contact; none without an address or a key."""
    settings = bureau.settings
    if not settings.link_base or settings.portal_key is None or contact_id is None:
        return LetterLinks(unit_id=unit_id)
    base = settings.link_base.rstrip("/")
    token = make_link_token(
        portal_key(settings),
        unit_id=unit_id,
        contact_id=contact_id,
        generation=generations.get(unit_id, FIRST_GENERATION),
        expires_on=today + timedelta(days=settings.link_days),
    )
    return LetterLinks(unit_id=unit_id, base=base, page=f"{base}/l/{token}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterBatch:
    """Everything that a chunk of letters is made of, read at one moment."""

    bureau: Bureau
    today: date
    reminded: Mapping[int, Sequence[RemindedObligation]]
    matters: Mapping[int, LetterMatter]
    points_in_force: frozenset[int]
    book: LetterData
    link_generations: Mapping[int, int]


def letter_item(chunk: LetterBatch, matter: LetterMatter, links: LetterLinks) -> Item:
    """One obligation as it stands today, under the light that the board shows."""
    bureau, book = chunk.bureau, chunk.book
    said, point = book.milestones[matter.milestone_id], book.points[matter.point_id]
    last_workday, provisional = letter_dates(chunk, matter)
    facts = Facts(state=matter.state, due_on=matter.due_on, pace=_pace(book, matter, point))
    seen = standing_of(facts, chunk.today, bureau.workdays, light_thresholds(bureau))
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
        note=joined_names(letter_subject(chunk, matter), returned),
        extended=matter.extended_times > 0,
    )


def moved_from(chunk: LetterBatch, shown: Item, payload: Mapping[str, Any]) -> Item:
    """The item with the date it stood on before the act, where the act has moved it."""
    before = date.fromisoformat(payload["previous_due_on"])
    if before == shown.due_on:
        return shown
    return replace(shown, previous_due_on=before, previous_provisional=is_provisional(chunk.bureau, before))


def _pace(book: LetterData, matter: LetterMatter, point: PointDates) -> Pace | None:
    if matter.target is None:
        return None
    reported = book.reported.get(matter.id)
    return Pace(target=matter.target, reported=reported, starts_on=point.starts_on or matter.opened_on)


def letter_dates(chunk: LetterBatch, matter: LetterMatter) -> tuple[date, bool]:
    """The last workday and whether it is provisional: the point's, or counted anew for a date of the obligation's own."""
    point = chunk.book.points[matter.point_id]
    if matter.due_on == point.due_on:
        return point.last_workday, point.provisional
    try:
        last = chunk.bureau.workdays.on_or_before(matter.due_on)
        return last, chunk.bureau.workdays.is_provisional(last, matter.due_on)
    except YearUnknown:
        return matter.due_on, True


def is_provisional(bureau: Bureau, day: date) -> bool:
    try:
        return bureau.workdays.is_provisional(day, day)
    except YearUnknown:
        return True


def letter_subject(chunk: LetterBatch, matter: LetterMatter) -> str | None:
    name = chunk.book.subjects.get(matter.subject_id)
    return f"对象：{name}" if name else None


def joined_names(*notes: str | None) -> str | None:
    return "；".join(note for note in notes if note) or None


_KINDS = {kind.value: kind for kind in Kind}


class Obsolete(Exception):
    """Nothing is left to say; the message is the reason, in one Chinese sentence."""


def read_chunk(
    bureau: Bureau, connection: Connection, rows: Sequence[ClaimedDispatch], today: date
) -> LetterBatch:
    """The facts of all these letters."""
    reminded = reminded_obligations(connection, [one for one in rows if one.kind == DIGEST])
    urgent = [one for one in rows if one.kind != DIGEST]
    matters = letter_matters(connection, {number for one in urgent for number in _obligations(one)})
    in_digests = {one.matter.id: one.matter for some in reminded.values() for one in some}
    about = list((in_digests | matters).values())
    return LetterBatch(
        bureau=bureau,
        today=today,
        reminded=reminded,
        matters=matters,
        points_in_force=points_in_force(connection, {number for one in urgent for number in _point(one)}),
        book=load_letter_data(connection, rows, about),
        link_generations=link_generations(connection, {one.unit_id for one in rows}),
    )


def compose(chunk: LetterBatch, row: ClaimedDispatch) -> Message:
    """The message of one dispatch. Raises Overtaken when nothing of it stands any more."""
    if row.kind == DIGEST:
        return _digest(chunk, row)
    return _URGENT[row.kind](chunk, row, row.payload or {})


def _digest(chunk: LetterBatch, row: ClaimedDispatch) -> Message:
    kinds = _kinds(Part(row.parts))
    first, last = row.since_round_id or row.round_id or 0, row.round_id or 0
    leads = _links(chunk, row)
    by_kind: dict[str, list[LetterMatter]] = {}
    for one in chunk.reminded.get(row.unit_id, ()):
        if one.kind in kinds and first <= one.round_id <= last:
            by_kind.setdefault(one.kind, []).append(one.matter)
    if not by_kind:
        raise Obsolete("所列任务在发送前已报送、办结、调整或撤销，无需再发。")
    return day_letter(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        sections=tuple(_section(chunk, _KINDS[kind], some, leads) for kind, some in by_kind.items()),
        desk=_desk(chunk.bureau),
        list_link=leads.page,
    )


def _kinds(parts: Part) -> frozenset[str]:
    own = frozenset(kind.value for kind in (Kind.ASSIGN, Kind.ADVANCE, Kind.DUE, Kind.CHASE))
    return (
        (own if Part.OWN in parts else frozenset())
        | ({Kind.ESCALATE.value} if Part.SUPERIOR in parts else frozenset())
        | ({Kind.CHASE.value} if Part.COPY in parts else frozenset())
    )


def _section(chunk: LetterBatch, kind: Kind, matters: Sequence[LetterMatter], leads: LetterLinks) -> Section:
    """The first to fall due, and how many there are; of an escalation all, because the letter counts its units."""
    shown = matters if kind is Kind.ESCALATE else matters[:SHOWN]
    return Section(
        kind=kind, items=tuple(letter_item(chunk, one, leads) for one in shown), total=len(matters)
    )


def _send_back(chunk: LetterBatch, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
    matter = _standing_matter(chunk, payload)
    if matter.returned_times != payload["times"]:
        raise Obsolete("该任务其后又被退回，以最近一次退回通知为准。")
    until = _day(payload["resubmit_by_on"])
    return SendBackMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        item=replace(
            moved_from(chunk, letter_item(chunk, matter, _links(chunk, row)), payload),
            note=letter_subject(chunk, matter),
        ),
        reason=payload["reason"],
        reviewer=payload["reviewer"],
        times=payload["times"],
        desk=_desk(chunk.bureau),
        resubmit_by_on=until,
        resubmit_provisional=until is not None and is_provisional(chunk.bureau, until),
    )


def _extension(chunk: LetterBatch, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
    matter = _standing_matter(chunk, payload)
    asked_for = date.fromisoformat(payload["asked_for_on"])
    return ExtensionMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        item=moved_from(chunk, letter_item(chunk, matter, _links(chunk, row)), payload),
        granted=payload["granted"],
        asked_for_on=asked_for,
        asked_provisional=is_provisional(chunk.bureau, asked_for),
        decided_by=payload["decided_by"],
        reason=payload["reason"],
        desk=_desk(chunk.bureau),
    )


def _calendar_change(chunk: LetterBatch, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
    moved = [(chunk.matters.get(one["obligation_id"]), one) for one in payload["items"]]
    leads = _links(chunk, row)
    items = tuple(
        _moved_item(chunk, matter, one, leads)
        for matter, one in moved
        if matter is not None and _still_moved(chunk, matter, one)
    )
    if not items:
        raise Obsolete("所列任务在发送前已报送、办结、撤销或恢复原时限，无需再告知。")
    return CalendarChangeMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        items=items,
        desk=_desk(chunk.bureau),
        cause=payload["cause"],
        total=payload["total"] - len(moved) + len(items),
        list_link=leads.page,
    )


def _still_moved(chunk: LetterBatch, matter: LetterMatter, moved: Mapping[str, Any]) -> bool:
    last_workday, _ = letter_dates(chunk, matter)
    before = (moved["previous_due_on"], moved["previous_last_workday"])
    return matter.stands and (matter.due_on.isoformat(), last_workday.isoformat()) != before


def _moved_item(
    chunk: LetterBatch, matter: LetterMatter, moved: Mapping[str, Any], leads: LetterLinks
) -> Item:
    previous, shown = date.fromisoformat(moved["previous_due_on"]), letter_item(chunk, matter, leads)
    if previous != shown.due_on:
        return replace(shown, previous_due_on=previous, previous_provisional=moved["previous_provisional"])
    before = full_date(date.fromisoformat(moved["previous_last_workday"]), moved["previous_provisional"])
    return replace(shown, note=joined_names(f"时限不变，最后工作日原为{before}", shown.note))


def _chase_now(chunk: LetterBatch, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
    chosen = [chunk.matters.get(one["obligation_id"]) for one in payload["items"]]
    # A pause stops reminders, and a chase is one.
    owed = [one for one in chosen if one and one.stands and one.edition_state == "published"]
    owed = [one for one in owed if one.unit_id == row.unit_id]
    if not owed:
        raise Obsolete("所催任务在发送前已报送、办结、暂停、免办或撤销，无需再催。")
    leads = _links(chunk, row)
    return ChaseNowMessage(
        to_name=_to_name(chunk, row),
        unit=chunk.book.units[row.unit_id],
        as_of_on=chunk.today,
        items=tuple(letter_item(chunk, one, leads) for one in owed),
        desk=_desk(chunk.bureau),
        chased_by=payload["chased_by"],
        words=payload["words"] or None,
        total=payload["total"] - len(chosen) + len(owed),
        list_link=leads.page,
    )


def _stage_summary(chunk: LetterBatch, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
    """The payload is the message; the result stays as the gate found it."""
    if any(number not in chunk.points_in_force for number in _point(row)):
        raise Obsolete("该项行动或节点已撤回，不再报送阶段小结。")
    values = dict(payload)
    values |= {
        "to_name": _to_name(chunk, row),
        "as_of_on": date.fromisoformat(payload["as_of_on"]),
        "due_on": date.fromisoformat(payload["due_on"]),
        "missing": tuple(Missing(**one) for one in payload["missing"]),
        "rates": tuple(Rate(**one) for one in payload["rates"]),
        "desk": _desk(chunk.bureau),
        "list_link": _links(chunk, row).board,
    }
    return StageSummaryMessage(**values)


_URGENT: dict[str, Callable[[LetterBatch, ClaimedDispatch, Mapping[str, Any]], Message]] = {
    Kind.SEND_BACK.value: _send_back,
    Kind.EXTENSION.value: _extension,
    Kind.CALENDAR_CHANGE.value: _calendar_change,
    Kind.STAGE_SUMMARY.value: _stage_summary,
    Kind.CHASE_NOW.value: _chase_now,
}


def _standing_matter(chunk: LetterBatch, payload: Mapping[str, Any]) -> LetterMatter:
    matter = chunk.matters.get(payload["obligation_id"])
    if matter is None or not matter.stands:
        raise Obsolete("该任务在发送前已报送、办结、暂停、免办或撤销，无需再发。")
    return matter


def _desk(bureau: Bureau) -> Desk:
    settings = bureau.settings
    return Desk(name=settings.desk_name, contact=settings.desk_contact, phone=settings.desk_phone)


def _links(chunk: LetterBatch, row: ClaimedDispatch) -> LetterLinks:
    """Where this letter leads its contact."""
    return letter_links(
        chunk.bureau,
        unit_id=row.unit_id,
        contact_id=row.contact_id,
        generations=chunk.link_generations,
        today=chunk.today,
    )


def _to_name(chunk: LetterBatch, row: ClaimedDispatch) -> str:
    return chunk.book.addressees[row.contact_id or 0].name


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _obligations(row: ClaimedDispatch) -> Iterable[int]:
    """The numbers that an urgent message's payload speaks of; what is malformed comes to light when it is composed."""
    payload = row.payload or {}
    entries = [payload, *(payload.get("items") or ())]
    return [number for one in entries if isinstance(number := one.get("obligation_id"), int)]


def _point(row: ClaimedDispatch) -> Iterable[int]:
    """The point that a stage summary is about."""
    what, _, number = row.ref.partition(":")
    return [int(number)] if what == "point" and number.isdecimal() else []
