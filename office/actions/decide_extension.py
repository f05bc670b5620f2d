"""批复延期: somebody other than the asker grants a definite date inside the wall, or refuses; the unit is told at once."""

from __future__ import annotations

from datetime import date, datetime

from office.actions.acting import (
    Act,
    Acted,
    acting,
    cleaned,
    clocks,
    move,
    person_id,
    record,
    refuse,
    unknown_day,
)
from office.actions.office import Office
from office.store import acts, dispatches
from office.store.acts import PendingExtension
from rules.extensions import deciding_refusals
from rules.moves import Verb
from rules.people import Actor


def decide_extension(
    office: Office,
    obligation_id: int,
    *,
    granted_on: date | None,
    reply: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Grant the date `granted_on`, or refuse with None."""
    reply = cleaned(reply)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        asked = acts.pending_extension(act.connection, obligation_id)
        asker = asked.asked_by if asked else None
        refuse(
            *unknown_day(office, granted_on),
            *deciding_refusals(
                act.matter, by, clocks(act, now), asked_by=asker, granted_on=granted_on, reply=reply
            ),
        )
        assert asked is not None, "the rules refuse a decision on nothing"
        move(act, Verb.DECIDE_EXTENSION, **_moved(act, granted_on))
        _answer(act, asked, granted_on, reply, by, now)
        messages = _tell(act, asked, granted_on, reply, by, now)
        facts = {"granted": granted_on is not None, "granted_on": granted_on, "reply": reply}
        return record(act, Verb.DECIDE_EXTENSION, by, now, facts, messages=messages)


def _moved(act: Act, granted_on: date | None) -> dict[str, object]:
    if granted_on is None:
        return {}
    return {"due_on": granted_on, "extended_times": act.one.extended_times + 1}


def _answer(
    act: Act, asked: PendingExtension, granted_on: date | None, reply: str, by: Actor, now: datetime
) -> None:
    acts.decide_extension(
        act.connection,
        asked.id,
        decided_by=person_id(by),
        decided_at=now,
        verdict="refused" if granted_on is None else "granted",
        granted_on=granted_on,
        previous_due_on=act.one.due_on,
        reply=reply,
    )


def _tell(
    act: Act, asked: PendingExtension, granted_on: date | None, reply: str, by: Actor, now: datetime
) -> int:
    return dispatches.enqueue_urgent(
        act.connection,
        kind="extension",
        unit_id=act.one.unit_id,
        ref=f"extension:{asked.id}",
        payload={
            "obligation_id": act.one.id,
            "granted": granted_on is not None,
            "asked_for_on": asked.wanted_on.isoformat(),
            "granted_on": granted_on.isoformat() if granted_on else None,
            "previous_due_on": act.one.due_on.isoformat(),
            "decided_by": by.name,
            "reason": reply,
        },
        now=now,
        settings=act.office.settings,
    )
