"""Whose matters a person may see. Every reading takes a person, and this decides which rows it may show."""

from __future__ import annotations

from dataclasses import dataclass

from rules.people import Actor, Role

# They look at the whole bureau; an operator sees what was sent and run, but opens no evidence.
SEES_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR, Role.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything, or the matters of these units; none is nothing at all."""

    everything: bool = False
    unit_ids: frozenset[int] = frozenset()

    def sees(self, unit_id: int) -> bool:
        return self.everything or unit_id in self.unit_ids


def sight_of(by: Actor) -> Sight:
    """The system itself sees all; a handler sees the units he belongs to; whoever has no role sees what he may read."""
    if by.person_id is None or by.roles & SEES_ALL:
        return Sight(everything=True)
    if Role.HANDLER in by.roles:
        return Sight(unit_ids=by.unit_ids | by.reads)
    return Sight(unit_ids=by.reads)
