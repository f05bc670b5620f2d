"""Publish an edition that was applied as a draft, or was withdrawn and taken up again, as it stands in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from office.actions.apply_edition import Applied, Applying, apply_inside
from office.actions.edition_states import STATE_NAMES, EditionMoved, move_inside
from office.actions.find_edition import edition_or_refuse
from office.actions.foresee import Foreseen, foresee
from office.actions.office import Office
from office.errors import Refused
from office.store.dry_run import take_back
from rules.people import Actor


def publish_edition(
    office: Office, campaign: str, year: int, *, reason: str = "", by: Actor, now: datetime
) -> Applied:
    """Everything it asks for is owed from now on."""
    with office.store.writing() as connection:
        return _publish(connection, office, (campaign, year), reason, by, now)


def foresee_publishing(
    office: Office, campaign: str, year: int, *, by: Actor, now: datetime
) -> Foreseen[Applied]:
    """What publishing will do."""
    with office.store.writing() as connection:
        named = (campaign, year)
        found = foresee(
            connection, office, named, lambda: _publish(connection, office, named, "", by, now), now=now
        )
        take_back(connection)
    return found


def foresee_move(
    office: Office, verb: str, campaign: str, year: int, *, by: Actor, now: datetime
) -> Foreseen[EditionMoved]:
    """What pausing, resuming or withdrawing will do; the reason is asked for when it is done."""
    with office.store.writing() as connection:
        named = (campaign, year)
        found = foresee(
            connection,
            office,
            named,
            lambda: move_inside(connection, office, verb, named, "预览", by, now),
            now=now,
        )
        take_back(connection)
    return found


def _publish(
    connection: Any, office: Office, named: tuple[str, int], reason: str, by: Actor, now: datetime
) -> Applied:
    stored = edition_or_refuse(connection, *named)
    if stored.state != "draft":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年现为“{STATE_NAMES[stored.state]}”，只有草稿需要发布，请先核对。"
        )
    how = Applying(by=by, now=now, publish=True, own=stored.own, reason=reason)
    return apply_inside(connection, office, stored.value, how)
