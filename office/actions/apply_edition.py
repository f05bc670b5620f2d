"""Apply a campaign's edition: what its file says becomes milestones, points and obligations, and is published.

Applying the same content again changes nothing. A preview is the same act, taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from office.actions.change_edition import EditionChange, change_edition, group_by_unit, journal
from office.actions.edition_parts import Act
from office.actions.office import Office
from office.errors import Changed, Refused
from office.store import editions as store
from office.store import history, units
from office.store.dispatches import enqueue_urgent
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from office.store.obligation_changes import MovedItem
from office.store.turns import take_turn
from rules.bodies import content_hash
from rules.campaign import Edition
from rules.edition_changes import MilestoneChange
from rules.keeping import keeping_refusals
from rules.people import Actor

SHOWN_ITEMS = 20
CALENDAR_CHANGE = "calendar_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying an edition did, or would do. `outcome` is new, changed or unchanged; `told` are unit names."""

    campaign: str
    year: int
    name: str
    edition_id: int
    outcome: str
    state: str
    milestones: tuple[MilestoneChange, ...] = ()
    obligations_new: int = 0
    obligations_moved: int = 0
    obligations_cancelled: int = 0
    obligations_returned: int = 0
    obligations_retargeted: int = 0
    undated: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def apply_edition(
    office: Office,
    edition: Edition,
    *,
    by: Actor,
    now: datetime,
    publish: bool = True,
    own: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Bring the store to this edition in one transaction. Raises Refused with every reason at once.

    `own` says that it comes from the portal; without it the year's file has the last word again.
    """
    with office.store.writing() as connection:
        applied = apply_inside(
            connection, office, edition, Applying(by=by, now=now, publish=publish, own=own)
        )
        if dry_run:
            take_back(connection)
    return applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """Who applies an edition when and how. `seen` is the content hash of the edition he looked at ("" for none);
    `reason` is told to the units whose dates move.
    """

    by: Actor
    now: datetime
    publish: bool = True
    own: bool = False
    seen: str | None = None
    reason: str = ""


def apply_inside(connection: Any, office: Office, edition: Edition, how: Applying) -> Applied:
    """The same inside the caller's transaction, for whoever has more to do in it."""
    if reasons := keeping_refusals(how.by, "发布专项行动"):
        raise Refused(reasons)
    take_turn(connection)
    stored = store.find_edition(connection, edition.campaign, edition.year)
    _refuse_withdrawn(stored)
    if how.seen is not None and how.seen != (stored.content_hash if stored else ""):
        raise Changed(
            f"{edition.name}{edition.year}年在您查看之后已被别人改动，您的改动没有生效，请重新核对后再办。"
        )
    publishes = how.publish and (stored is None or stored.state == "draft")
    if stored and stored.content_hash == content_hash(edition) and not publishes:
        return _unchanged(connection, edition, stored, how)
    because = f"（{how.reason}）" if how.reason else ""
    cause = f"{edition.name}{edition.year}年的安排有调整{because}"
    act = Act(by=how.by, now=how.now, cause=cause, publish=publishes)
    done = change_edition(connection, office, edition, stored, units.unit_names(connection), act)
    store.set_own(connection, done.edition_id, own=how.own)
    told = _tell(connection, office, done, act, f"edition-{done.edition_id}-{content_hash(edition)[:12]}")
    state = _settle(connection, office, edition, stored, done, act, how)
    return _applied(edition, stored, done, state, told)


def tell_units(
    connection: Any, office: Office, items: tuple[MovedItem, ...], *, cause: str, ref: str, now: datetime
) -> tuple[str, ...]:
    """One message to each unit whose dates moved, however many did; returns the units' names."""
    groups = group_by_unit(items)
    for unit_id, moved in groups.items():
        payload = {
            "cause": cause,
            "total": len(moved),
            "items": [
                {
                    "obligation_id": one.obligation_id,
                    "previous_due_on": one.previous_due_on.isoformat(),
                    "previous_last_workday": one.previous_last_workday.isoformat(),
                    "previous_provisional": one.previous_provisional,
                }
                for one in moved[:SHOWN_ITEMS]
            ],
        }
        enqueue_urgent(
            connection,
            kind=CALENDAR_CHANGE,
            unit_id=unit_id,
            ref=ref,
            payload=payload,
            now=now,
            settings=office.settings,
        )
    found = units.units_by_id(connection, groups)
    return tuple(found[unit_id] for unit_id in groups)


def _tell(connection: Any, office: Office, done: EditionChange, act: Act, ref: str) -> tuple[str, ...]:
    return tell_units(connection, office, done.moved, cause=act.cause, ref=ref, now=act.now)


def _refuse_withdrawn(stored: StoredEdition | None) -> None:
    if stored and stored.state == "withdrawn":
        raise Refused(
            f"{stored.value.name}{stored.value.year}年已撤回，不能再发布；确需恢复的，请先恢复为草稿。"
        )


def _settle(
    connection: Any,
    office: Office,
    edition: Edition,
    stored: StoredEdition | None,
    done: EditionChange,
    act: Act,
    how: Applying,
) -> str:
    """The edition's state after the act, and its line in history."""
    if act.publish:
        store.set_state(connection, done.edition_id, "published", now=act.now, published_on=act.today)
    journal(connection, office, done, act)
    history.append(
        connection,
        at=act.now,
        by=act.by,
        verb="publish" if act.publish else "apply",
        noun="edition",
        noun_id=done.edition_id,
        edition_id=done.edition_id,
        detail={
            "content_hash": content_hash(edition),
            "milestones": len(edition.milestones),
            "obligations_new": done.obligations_new,
            "obligations_moved": done.obligations_moved,
            "obligations_cancelled": done.obligations_cancelled,
            "own": how.own,
            **({"reason": how.reason} if how.reason else {}),
        },
        flow_run_id=office.flow_run_id,
    )
    if act.publish:
        return "published"
    return stored.state if stored else "draft"


def _unchanged(connection: Any, edition: Edition, stored: StoredEdition, how: Applying) -> Applied:
    if stored.own != how.own:
        store.set_own(connection, stored.id, own=how.own)
    return Applied(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        edition_id=stored.id,
        outcome="unchanged",
        state=stored.state,
        undated=_undated(edition),
    )


def _applied(
    edition: Edition, stored: StoredEdition | None, done: EditionChange, state: str, told: tuple[str, ...]
) -> Applied:
    return Applied(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        edition_id=done.edition_id,
        outcome="changed" if stored else "new",
        state=state,
        milestones=done.milestones,
        obligations_new=done.obligations_new,
        obligations_moved=done.obligations_moved,
        obligations_cancelled=done.obligations_cancelled,
        obligations_returned=done.obligations_returned,
        obligations_retargeted=done.obligations_retargeted,
        undated=_undated(edition),
        told=told,
    )


def _undated(edition: Edition) -> tuple[str, ...]:
    """Milestones that wait for a person to set their date."""
    return tuple(f"{one.title}：{one.undated}" for one in edition.milestones if one.undated)
