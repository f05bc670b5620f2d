"""Messages that leave by themselves: an answer someone waits for, dates that moved, a stage's summary.

Their own facts lie in the dispatch's payload as the act wrote them; the obligation is read as it stands now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.kinds.calendar_change.sample import CalendarChangeMessage
from notifications.kinds.extension.sample import ExtensionMessage
from notifications.kinds.send_back.sample import SendBackMessage
from notifications.kinds.stage_summary.sample import Missing, Rate, StageSummaryMessage
from notifications.messages import Desk, Kind, Message
from office.actions.items import desk, item
from office.actions.office import Office
from office.store.delivery import Claimed
from office.store.letter_facts import MatterFacts
from rules.moves import DONE, OPEN, OUT, State

_KINDS: dict[str, Kind] = {kind.value: kind for kind in Kind}


def urgent_message(
    office: Office,
    claimed: Claimed,
    matters: Mapping[int, MatterFacts],
    *,
    to_name: str,
    unit: str,
    today: date,
) -> Message | None:
    """The message, or None when what it is about no longer stands."""
    payload = dict(claimed.payload or {})
    head = {"to_name": to_name, "unit": unit, "as_of_on": today}
    match _KINDS.get(claimed.kind):
        case Kind.SEND_BACK:
            return _send_back(office, payload, matters, head)
        case Kind.EXTENSION:
            return _extension(office, payload, matters, head)
        case Kind.CALENDAR_CHANGE:
            return _calendar_change(office, payload, matters, head)
        case Kind.STAGE_SUMMARY:
            return _stage_summary(payload, head)
    raise ValueError(f"“{claimed.kind}”不是单独发出的消息")


def _send_back(
    office: Office, payload: Mapping[str, Any], matters: Mapping[int, MatterFacts], head: Mapping[str, Any]
) -> Message | None:
    facts = matters.get(payload["obligation_id"])
    if facts is None or State(facts.state) not in OPEN:
        return None
    resubmit = _day(payload.get("resubmit_by_on"))
    return SendBackMessage(
        **head,
        item=item(office, facts, head["as_of_on"]),
        reason=payload["reason"],
        reviewer=payload["reviewer"],
        times=payload["times"],
        desk=desk(facts),
        resubmit_by_on=resubmit,
        resubmit_provisional=bool(resubmit and office.workdays.is_provisional(resubmit, resubmit)),
    )


def _extension(
    office: Office, payload: Mapping[str, Any], matters: Mapping[int, MatterFacts], head: Mapping[str, Any]
) -> Message | None:
    facts = matters.get(payload["obligation_id"])
    if facts is None or State(facts.state) in DONE | OUT:
        return None
    previous = _day(payload.get("previous_due_on"))
    granted, wanted = bool(payload["granted"]), _day(payload["asked_for_on"])
    assert wanted is not None, "an extension was asked for a day"
    moved = previous if granted and previous != facts.due_on else None
    return ExtensionMessage(
        **head,
        item=item(
            office,
            facts,
            head["as_of_on"],
            previous_due_on=moved,
            previous_provisional=bool(moved and office.workdays.is_provisional(moved, moved)),
        ),
        granted=granted,
        asked_for_on=wanted,
        decided_by=payload["decided_by"],
        reason=payload["reason"],
        desk=desk(facts),
        asked_provisional=office.workdays.is_provisional(wanted, wanted),
    )


def _calendar_change(
    office: Office, payload: Mapping[str, Any], matters: Mapping[int, MatterFacts], head: Mapping[str, Any]
) -> Message | None:
    standing = [
        (matters[entry["obligation_id"]], entry)
        for entry in payload["items"]
        if entry["obligation_id"] in matters
    ]
    those = [(facts, entry) for facts, entry in standing if State(facts.state) not in DONE | OUT]
    if not those:
        return None
    gone = len(payload["items"]) - len(those)
    return CalendarChangeMessage(
        **head,
        items=tuple(
            item(
                office,
                facts,
                head["as_of_on"],
                previous_due_on=_day(entry["previous_due_on"]),
                previous_provisional=bool(entry.get("previous_provisional")),
            )
            for facts, entry in those
        ),
        cause=payload["cause"],
        desk=desk(those[0][0]),
        total=max(int(payload.get("total", len(those))) - gone, len(those)),
    )


def _stage_summary(payload: Mapping[str, Any], head: Mapping[str, Any]) -> Message:
    """The payload carries the fields of StageSummaryMessage by their names; `desk` is the name of the office."""
    values = dict(payload)
    values["due_on"] = _day(values["due_on"])
    values["missing"] = tuple(Missing(**entry) for entry in values.get("missing", ()))
    values["rates"] = tuple(Rate(**entry) for entry in values.get("rates", ()))
    values["desk"] = Desk(name=str(values.get("desk") or head["unit"]))
    known = StageSummaryMessage.__dataclass_fields__
    return StageSummaryMessage(**{name: value for name, value in {**values, **head}.items() if name in known})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
