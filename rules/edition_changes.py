"""What differs between two versions of an edition, as values for people: by milestone and by date. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from rules.campaign import Edition, Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """One date of a milestone before and after; None where there is none."""

    label: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneChange:
    """`change` is new, changed, withdrawn or returned; `points` only those whose dates differ."""

    key: str
    title: str
    change: str
    points: tuple[PointChange, ...] = ()
    fields: tuple[str, ...] = ()


def compare(before: Edition | None, after: Edition) -> tuple[MilestoneChange, ...]:
    """Every milestone that is new, changed or gone, in the order of the newer version, the gone ones last."""
    old = {one.key: one for one in before.milestones} if before else {}
    found = [_change(old.get(one.key), one) for one in after.milestones]
    keys = {one.key for one in after.milestones}
    gone = (
        MilestoneChange(key=one.key, title=one.title, change="withdrawn", points=_dates(one, None))
        for one in old.values()
        if one.key not in keys
    )
    return (*(one for one in found if one is not None), *gone)


def _change(before: Milestone | None, after: Milestone) -> MilestoneChange | None:
    if before == after:
        return None
    return MilestoneChange(
        key=after.key,
        title=after.title,
        change="new" if before is None else "changed",
        points=_dates(before, after),
        fields=() if before is None else differing(before, after),
    )


def differing(before: Milestone, after: Milestone) -> tuple[str, ...]:
    """The fields in which two versions of a milestone differ, apart from its dates."""
    names = (field.name for field in fields(after) if field.name != "points")
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _dates(before: Milestone | None, after: Milestone | None) -> tuple[PointChange, ...]:
    old = {one.label: one.due_on for one in before.points} if before else {}
    new = {one.label: one.due_on for one in after.points} if after else {}
    return tuple(
        PointChange(label=label, before=old.get(label), after=new.get(label))
        for label in dict.fromkeys((*new, *old))
        if old.get(label) != new.get(label)
    )
