"""Who owes what from when: the judgement of an edition before it is fanned out into obligations.

Pure: takes the edition's values and unit ids, gives reasons, lead sets and opening dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from rules.campaign import Edition, Milestone, Point, TargetState


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """A milestone's units by id. `targets` holds state and value for the leads that have a target."""

    leads: tuple[int, ...]
    supporting: tuple[int, ...]
    targets: tuple[tuple[int, TargetState, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An edition with every name bound to a unit; `reasons` is not empty when that cannot be done."""

    coordinator: int | None
    milestones: tuple[Responsible, ...]
    reasons: tuple[str, ...]


def bind(edition: Edition, find: Callable[[str], int | None]) -> Bound:
    """Bind every unit name. Reports unknown units, one unit twice among the leads, targets for other units."""
    reasons: dict[str, None] = {}
    known: dict[tuple[str, ...], tuple[int | None, ...]] = {}

    def ids(names: tuple[str, ...]) -> tuple[int, ...]:
        # Most milestones of an edition share their leads; a hundred thousand names are looked up once.
        found = known.setdefault(names, tuple(find(name) for name in names))
        for name, unit_id in zip(names, found, strict=True):
            if unit_id is None:
                reasons[f"单位“{name}”没有登记，请先登记单位，或改正文件里的名称"] = None
        return tuple(unit_id for unit_id in found if unit_id is not None)

    coordinator = ids((edition.coordinator,))
    bound = []
    for milestone in edition.milestones:
        leads = ids(milestone.leads)
        targets = tuple(_targets(milestone, find))
        reasons |= dict.fromkeys(_unit_faults(milestone, leads, frozenset(leads), targets))
        kept = tuple((unit_id, state, value) for unit_id, state, value, _ in targets if unit_id is not None)
        bound.append(Responsible(leads=leads, supporting=ids(milestone.supporting), targets=kept))
    return Bound(
        coordinator=coordinator[0] if coordinator else None,
        milestones=tuple(bound),
        reasons=tuple(reasons),
    )


_Target = tuple[int | None, TargetState, str | None, str]


def _targets(milestone: Milestone, find: Callable[[str], int | None]) -> Iterator[_Target]:
    for target in milestone.quota.targets if milestone.quota else ():
        value = None if target.value is None else str(target.value)
        yield find(target.unit), target.state, value, target.unit


def _unit_faults(
    milestone: Milestone, leads: tuple[int, ...], among: frozenset[int], targets: tuple[_Target, ...]
) -> Iterator[str]:
    if not leads and not milestone.per_subject:
        yield f"“{milestone.title}”没有牵头单位，请写明一个"
    if len(among) != len(leads):
        yield f"“{milestone.title}”把同一个单位写了两次牵头，每项任务只有一个牵头单位，请删去一处"
    seen: set[int] = set()
    for unit_id, _, _, name in targets:
        if unit_id is None:
            yield f"单位“{name}”没有登记，请先登记单位，或改正文件里的名称"
        elif unit_id not in among:
            yield f"“{milestone.title}”给{name}定了目标，但它不是责任单位，请加为牵头单位或删去目标"
        elif unit_id in seen:
            yield f"“{milestone.title}”给{name}定了两个目标，请只留一个"
        seen.add(unit_id or 0)


def opened_on(point: Point, today: date) -> date:
    """The day an obligation is first owed: the day it is published, or the point's own beginning if that is later.

    What was due before that is still owed; the ladder's earlier rungs never applied to it.
    """
    return max(today, point.starts_on) if point.starts_on else today
