"""How many obligations there are and how many are finished, by milestone."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from office.store.sights import within
from office.store.tables import milestone, obligation
from rules.moves import DONE, State
from rules.sight import Sight

_OUT = (State.CANCELLED.value, State.WAIVED.value)
_DONE = tuple(state.value for state in DONE)


def busiest_unit(connection: Connection) -> int | None:
    """The unit that most is owed by; None in a ledger that nobody owes anything in."""
    owed = func.count().label("owed")
    return connection.execute(
        select(obligation.c.unit_id)
        .group_by(obligation.c.unit_id)
        .order_by(owed.desc(), obligation.c.unit_id)
        .limit(1)
    ).scalar()


def counts_by_milestone(connection: Connection, edition_id: int, sight: Sight) -> dict[str, tuple[int, int]]:
    """By milestone key: how many are owed (cancelled and waived left out), and how many of them are finished."""
    done = func.sum(case((obligation.c.state.in_(_DONE), 1), else_=0))
    rows = connection.execute(
        select(milestone.c.key, func.count().label("owed"), done.label("done"))
        .join_from(obligation, milestone, milestone.c.id == obligation.c.milestone_id)
        .where(
            obligation.c.edition_id == edition_id,
            obligation.c.state.not_in(_OUT),
            within(sight, obligation.c.unit_id),
        )
        .group_by(milestone.c.key)
    )
    return {row.key: (int(row.owed), int(row.done)) for row in rows}
