"""What is held true of the ledger as a whole, checked from outside by plain counting.

Nothing here uses the set statements that it checks. Each violation is one sentence that begins with the number of the
invariant it breaks.
"""

from __future__ import annotations

from datetime import date, datetime

from duban.core.errors import DubanError
from duban.history.queries import verify_chain
from duban.rehearse.queries import count_pending, count_sending, stored_evidence_hashes
from duban.rehearse.sums import board_differs
from duban.rehearse.world import World

MONDAY = 0


def after_a_day(world: World, day: date) -> list[str]:
    """No row hangs in `sending`, and once a week the board says what is."""
    with world.calm.store.reading() as connection:
        hanging = count_sending(connection)
    broken = [f"4 {day} 有{hanging}封停在发送中"] if hanging else []
    # Taking every obligation one by one costs more than the day itself; once a week is enough to catch a drift.
    return broken + list(board_differs(world, day) if day.weekday() == MONDAY else ())


def at_the_end(world: World, *, now: datetime) -> list[str]:
    """3, 6, 7: nothing waits any more; evidence and history are whole."""
    with world.calm.store.reading() as connection:
        verified = verify_chain(connection)
        stuck = count_pending(connection, now)
        hashes = stored_evidence_hashes(connection)
    broken = [] if verified.broken_at is None else [f"7 {verified.reason}"]
    if stuck:
        broken.append(f"3 恢复之后仍有{stuck}封待发")
    for sha in hashes:
        try:
            world.calm.vault.verify(sha)
        except DubanError as error:
            broken.append(f"6 {error}")
    return broken
