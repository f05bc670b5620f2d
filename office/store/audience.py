"""Which contact of a unit gets what: the unit's own letters, escalations to it, copies of what it is chased for."""

from __future__ import annotations

from enum import IntFlag

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, literal, or_, select

from office.store.tables import contact

# Those who do the work are told what their unit owes; those who lead are told what others owe it.
WORKERS = ("handler", "backup")


class Part(IntFlag):
    """What of a unit's letters a contact gets."""

    OWN = 1
    SUPERIOR = 2
    COPY = 4


def audience() -> Subquery:
    """Every active contact that is told anything: contact_id, unit_id, name, channel, address, rank, parts.

    The first rank among the workers gets the unit's own letters, the first rank among the leaders what is escalated
    to the unit; where one of the two groups is empty the other stands in. Deputy leaders get copies of chases.
    """
    worker = contact.c.duty.in_(WORKERS)
    first = or_(
        and_(worker, ~_peer(workers=True, better=True)), and_(~worker, ~_peer(workers=False, better=True))
    )
    own = and_(first, or_(worker, ~_peer(workers=True, better=False)))
    superior = and_(first, or_(~worker, ~_peer(workers=False, better=False)))
    parts = (
        case((own, literal(int(Part.OWN))), else_=literal(0))
        + case((superior, literal(int(Part.SUPERIOR))), else_=literal(0))
        + case((contact.c.duty == "deputy_leader", literal(int(Part.COPY))), else_=literal(0))
    )
    return (
        select(
            contact.c.id.label("contact_id"),
            contact.c.unit_id,
            contact.c.name,
            contact.c.channel,
            contact.c.address,
            contact.c.rank,
            parts.label("parts"),
        )
        .where(contact.c.active)
        .subquery("audience")
    )


def _peer(*, workers: bool, better: bool) -> ColumnElement[bool]:
    """Whether the unit has another active contact of the group, and if asked one of a better rank."""
    peer = contact.alias()
    in_group = peer.c.duty.in_(WORKERS) if workers else ~peer.c.duty.in_(WORKERS)
    wanted = [peer.c.unit_id == contact.c.unit_id, peer.c.active, in_group]
    if better:
        wanted.append(peer.c.rank < contact.c.rank)
    return exists(select(peer.c.id).where(*wanted).correlate(contact))
