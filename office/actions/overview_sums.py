"""Sums of the leader's page: every group judged once by the one function of standing, quotas with a target one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from office.actions.board_sums import Seen, Seer, Sum
from office.actions.office import Office
from office.store.board import BoardPoint, Group
from office.store.overview import FactGroup
from rules.moves import OPEN
from rules.trend import Counted

# A date that an extension gave belongs to no point: what it rests on is asked of the calendar.
_NO_POINT = BoardPoint(id=0, due_on=date.min, starts_on=None, provisional=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """A group with what it shows. `own` is set for one obligation whose light depends on its own figure."""

    fact: FactGroup
    seen: Seen
    own: Group | None = None


class Judge:
    """Asks the one function, for groups of the leader's page and for quotas alike."""

    def __init__(
        self,
        office: Office,
        points: Mapping[int, BoardPoint],
        by_date: Mapping[tuple[int, date], BoardPoint],
        today: date,
    ) -> None:
        self._by_date = by_date
        known = {one.id: one for one in by_date.values()}
        self.seer = Seer(office, {**points, **known, 0: _NO_POINT}, today)

    def judge(self, fact: FactGroup) -> Judged:
        return Judged(fact, self.seer.see(self.plain(fact)))

    def plain(self, fact: FactGroup) -> Group:
        """The group as the board knows it."""
        point = self._by_date.get((fact.edition_id, fact.due_on), _NO_POINT)
        return Group(
            fact.edition_id,
            0,
            point.id,
            fact.state,
            fact.due_on,
            fact.done_on,
            fact.late,
            fact.returned,
            fact.is_new,
            fact.obligations,
            None,
            None,
            None,
            None,
        )

    def all(self, facts: Iterable[FactGroup], paced: Iterable[Group]) -> list[Judged]:
        """Every group without the quotas in it, then every quota by itself."""
        own = list(paced)
        less: dict[tuple[object, ...], int] = {}
        for one in own:
            key = (one.edition_id, one.state, one.due_on, one.is_new)
            less[key] = less.get(key, 0) + 1
        return [*self._without(facts, less), *(self._one(group) for group in own)]

    def _without(self, facts: Iterable[FactGroup], less: dict[tuple[object, ...], int]) -> Iterator[Judged]:
        for fact in facts:
            key = (fact.edition_id, fact.state, fact.due_on, fact.is_new)
            taken = min(less.get(key, 0), fact.obligations) if fact.state in OPEN else 0
            if taken:
                less[key] -= taken
                fact = _fewer(fact, fact.obligations - taken)
            if fact.obligations:
                yield self.judge(fact)

    def _one(self, group: Group) -> Judged:
        return Judged(as_fact(group), self.seer.see(group), own=group)


def as_fact(group: Group) -> FactGroup:
    """One quota among the groups; its ladder is never asked for."""
    return FactGroup(
        group.edition_id,
        group.state,
        "",
        group.due_on,
        group.done_on,
        None,
        False,
        group.late,
        group.returned,
        group.is_new,
        1,
    )


def _fewer(fact: FactGroup, obligations: int) -> FactGroup:
    return FactGroup(
        fact.edition_id,
        fact.state,
        fact.ladder,
        fact.due_on,
        fact.done_on,
        fact.closed_on,
        fact.beyond,
        fact.late,
        fact.returned,
        fact.is_new,
        obligations,
    )


def summed(judged: Iterable[Judged]) -> Sum:
    """One sum of all."""
    total = Sum()
    for one in judged:
        total.add(one.seen, one.fact.obligations)
    return total


def minus(total: Sum, parts: Iterable[Sum]) -> Sum:
    """What is left of a sum when these parts of it are taken out."""
    left = Sum(kinds=dict(total.kinds))
    for part in parts:
        for seen, number in part.kinds.items():
            left.kinds[seen] = left.kinds.get(seen, 0) - number
    left.kinds = {seen: number for seen, number in left.kinds.items() if number}
    return left


def counted(judged: Iterable[Judged]) -> Iterator[Counted]:
    """What the trend is drawn from: what had to be done by the day asked about."""
    for one in judged:
        tally = one.seen.tally
        if tally.due:
            done_on = one.fact.closed_on or one.fact.done_on or one.fact.due_on
            yield Counted(
                due_on=one.fact.due_on,
                done_on=done_on if tally.done_due else None,
                in_time=bool(tally.done_in_time),
                obligations=one.fact.obligations,
            )
