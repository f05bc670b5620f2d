"""Pause, resume and withdraw an edition. Each is one line in history; nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from office.actions.office import Office
from office.errors import NotFound, Refused
from office.store import editions as store
from office.store import history
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from office.store.obligation_changes import cancel_edition
from office.store.turns import take_turn
from rules.keeping import keeping_refusals
from rules.people import Actor

STATE_NAMES = {"draft": "草稿", "published": "已发布", "paused": "已暂停", "withdrawn": "已撤回"}
# From which states each verb leads where.
_MOVES = {
    "pause": (("published",), "paused", "暂停"),
    "resume": (("paused", "withdrawn"), "published", "恢复"),
    "withdraw": (("draft", "published", "paused"), "withdrawn", "撤回"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionMoved:
    """The edition's state after the act; `cancelled` counts obligations that are owed no more."""

    campaign: str
    year: int
    name: str
    state: str
    cancelled: int = 0


def pause_edition(
    office: Office, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """Rounds pass it over until it is resumed; its dates stay."""
    return _move(office, "pause", (campaign, year), reason, by, now, dry_run=dry_run)


def resume_edition(
    office: Office, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """A paused edition is published again; a withdrawn one becomes a draft, and applying its year publishes it."""
    return _move(office, "resume", (campaign, year), reason, by, now, dry_run=dry_run)


def withdraw_edition(
    office: Office, campaign: str, year: int, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> EditionMoved:
    """Taken back: everything unfinished is cancelled, what is finished stays for history."""
    return _move(office, "withdraw", (campaign, year), reason, by, now, dry_run=dry_run)


def _move(
    office: Office,
    verb: str,
    named: tuple[str, int],
    reason: str,
    by: Actor,
    now: datetime,
    *,
    dry_run: bool,
) -> EditionMoved:
    with office.store.writing() as connection:
        moved = move_inside(connection, office, verb, named, reason, by, now)
        if dry_run:
            take_back(connection)
    return moved


def move_inside(
    connection: Any, office: Office, verb: str, named: tuple[str, int], reason: str, by: Actor, now: datetime
) -> EditionMoved:
    """The same inside the caller's transaction. `verb` is pause, resume or withdraw."""
    allowed, to, word = _MOVES[verb]
    campaign, year = named
    take_turn(connection)
    stored = store.find_edition(connection, campaign, year)
    if stored is None:
        raise NotFound(f"没有{year}年的“{campaign}”，请先查看该年已载入的专项行动。")
    if reasons := _refusals(stored, allowed, word, reason, by):
        raise Refused(reasons)
    state = "draft" if stored.state == "withdrawn" else to
    store.set_state(connection, stored.id, state, now=now)
    cancelled = _take_back(connection, stored) if verb == "withdraw" else 0
    history.append(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="edition",
        noun_id=stored.id,
        edition_id=stored.id,
        detail={"reason": reason, "before": stored.state, "cancelled": cancelled},
        flow_run_id=office.flow_run_id,
    )
    return EditionMoved(
        campaign=campaign, year=year, name=stored.value.name, state=state, cancelled=cancelled
    )


def _take_back(connection: Any, stored: StoredEdition) -> int:
    """Withdraw its milestones too, so that applying it later brings them and what they asked for back."""
    milestones = store.milestones_of(connection, stored.id).values()
    points = store.points_of(connection, stored.id).values()
    store.withdraw(
        connection, milestone_ids=[one.id for one in milestones], point_ids=[one.id for one in points]
    )
    return cancel_edition(connection, edition_id=stored.id)


def _refusals(
    stored: StoredEdition, allowed: tuple[str, ...], word: str, reason: str, by: Actor
) -> tuple[str, ...]:
    reasons = list(keeping_refusals(by, f"{word}专项行动"))
    if stored.state not in allowed:
        reasons.append(
            f"{stored.value.name}{stored.value.year}年现为“{STATE_NAMES[stored.state]}”，不能{word}，请先核对"
        )
    if not reason.strip():
        reasons.append(f"{word}要写明原因，请补上")
    return tuple(reasons)
