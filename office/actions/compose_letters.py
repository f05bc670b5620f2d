"""Turns claimed dispatches into messages, from what still stands now and not from what stood when they were planned.

Knows nothing of channels. A dispatch for which nothing is left gets no message, and the reason instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from notifications.day_letter import day_letter
from notifications.kinds.digest.sample import Section
from notifications.letters import Letter, Prepared, Sender, prepare
from notifications.messages import Item, Kind, Message, render
from notifications.wording import SHOWN
from office.actions.compose_urgent import urgent_message
from office.actions.items import desk, item
from office.actions.office import Office
from office.store import letter_facts
from office.store.audience import Part
from office.store.delivery import Claimed
from office.store.digests import DIGEST
from office.store.engine import Connection
from office.store.letter_facts import MatterFacts, Told

NOTHING_LEFT = "所列事项均已报送、办结、免办、暂停、延期或撤回，无需再发。"
_KINDS: dict[str, Kind] = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A letter ready to leave, or why there is none. `broken`: our own fault, to be mended, not an empty letter."""

    claimed: Claimed
    prepared: Prepared | None = None
    reason: str | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Everything that a batch of letters says, read at once."""

    told: Mapping[int, tuple[Told, ...]]  # by dispatch
    matters: Mapping[int, MatterFacts]
    names: Mapping[int, str]  # of contacts
    units: Mapping[int, str]


def compose(office: Office, claimed: Sequence[Claimed], today: date) -> list[Composed]:
    """One result per claim, in order. A letter that cannot be composed does not stop the others."""
    with office.store.reading() as connection:
        batch = _read(connection, claimed)
    return [_compose(office, one, batch, today) for one in claimed]


def _read(connection: Connection, claimed: Sequence[Claimed]) -> _Batch:
    told = _told(connection, [one for one in claimed if one.kind == DIGEST])
    ids = {entry.obligation_id for entries in told.values() for entry in entries}
    ids |= {number for one in claimed for number in _obligations(one.payload)}
    return _Batch(
        told=told,
        matters=letter_facts.matters(connection, ids),
        names=letter_facts.contact_names(connection, {one.contact_id for one in claimed if one.contact_id}),
        units=letter_facts.unit_names(connection, {one.unit_id for one in claimed}),
    )


def _told(connection: Connection, digests: Iterable[Claimed]) -> dict[int, tuple[Told, ...]]:
    spans: dict[tuple[int, int], list[Claimed]] = defaultdict(list)
    for one in digests:
        assert one.round_id is not None and one.since_round_id is not None, "a digest belongs to a round"
        spans[one.since_round_id, one.round_id].append(one)
    told: dict[int, tuple[Told, ...]] = {}
    for (since, last), those in spans.items():
        by_unit = defaultdict(list)
        units = {one.unit_id for one in those}
        for entry in letter_facts.reminded(connection, since_round_id=since, round_id=last, unit_ids=units):
            by_unit[entry.unit_id].append(entry)
        told.update({one.id: _for(Part(one.parts), by_unit[one.unit_id]) for one in those})
    return told


def _for(parts: Part, entries: Iterable[Told]) -> tuple[Told, ...]:
    """What one contact gets of its unit's reminders; of two rungs of an obligation the newer."""
    newest = {(entry.obligation_id, entry.kind == "escalate"): entry for entry in entries}
    return tuple(entry for entry in newest.values() if _concerns(parts, entry.kind))


def _concerns(parts: Part, kind: str) -> bool:
    if kind == "escalate":
        return Part.SUPERIOR in parts
    return Part.OWN in parts or (Part.COPY in parts and kind == "chase")


def _obligations(payload: Mapping[str, object] | None) -> list[int]:
    payload = payload or {}
    items = payload.get("items")
    many = [entry["obligation_id"] for entry in items] if isinstance(items, list) else []
    return [int(str(number)) for number in [*many, payload.get("obligation_id")] if number is not None]


def _compose(office: Office, claimed: Claimed, batch: _Batch, today: date) -> Composed:
    try:
        message = _message(office, claimed, batch, today)
        if message is None:
            return Composed(claimed=claimed, reason=NOTHING_LEFT)
        return Composed(claimed=claimed, prepared=_letter(office, claimed, message, batch))
    except Exception as error:
        # One letter that cannot be written is put aside with its reason; the rest of the batch leaves.
        return Composed(
            claimed=claimed,
            reason=f"消息无法生成（{type(error).__name__}：{error}），请交运维人员处理。",
            broken=True,
        )


def _message(office: Office, claimed: Claimed, batch: _Batch, today: date) -> Message | None:
    to_name, unit = batch.names.get(claimed.contact_id or 0, "负责同志"), batch.units[claimed.unit_id]
    if claimed.kind != DIGEST:
        return urgent_message(office, claimed, batch.matters, to_name=to_name, unit=unit, today=today)
    told = [entry for entry in batch.told[claimed.id] if entry.obligation_id in batch.matters]
    if not told:
        return None
    first = batch.matters[told[0].obligation_id]
    base = office.settings.link_base
    return day_letter(
        to_name=to_name,
        unit=unit,
        as_of_on=today,
        sections=_sections(office, told, batch.matters, today),
        desk=desk(first),
        list_link=f"{base}/units/{claimed.unit_id}" if base else None,
    )


def _sections(
    office: Office, told: Iterable[Told], matters: Mapping[int, MatterFacts], today: date
) -> tuple[Section, ...]:
    by_kind: dict[Kind, list[MatterFacts]] = defaultdict(list)
    for entry in told:
        by_kind[_KINDS[entry.kind]].append(matters[entry.obligation_id])
    return tuple(_section(office, kind, facts, today) for kind, facts in by_kind.items())


def _section(office: Office, kind: Kind, facts: Sequence[MatterFacts], today: date) -> Section:
    # An escalation names every unit, the others show the first to fall due and count the rest.
    shown = facts if kind is Kind.ESCALATE else facts[:SHOWN]
    items: tuple[Item, ...] = tuple(item(office, one, today) for one in shown)
    return Section(kind=kind, items=items, total=None if kind is Kind.ESCALATE else len(facts))


def _letter(office: Office, claimed: Claimed, message: Message, batch: _Batch) -> Prepared:
    settings = office.settings
    letter = Letter(
        letter_key=f"{claimed.day:%Y%m%d}-{claimed.id}",
        to_address=claimed.address,
        to_name=batch.names.get(claimed.contact_id or 0, ""),
        rendered=render(message),
        sent_on=claimed.day,
    )
    return prepare(letter, Sender(address=settings.mail_from, name=settings.mail_from_name))
