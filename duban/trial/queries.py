"""The one row of a trial home's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, select, update

from duban.core.db import Store
from duban.trial.tables import trial_clock


def trial_ahead(connection: Connection) -> timedelta | None:
    """How far the home's clock is ahead of the machine's; None in a real home."""
    seconds = connection.execute(select(trial_clock.c.ahead_seconds)).scalar_one_or_none()
    return None if seconds is None else timedelta(seconds=seconds)


def ahead_now(store: Store) -> timedelta:
    """The same of a home that is known to be a trial: asked anew each time, another process may have stepped it."""
    with store.reading() as connection:
        ahead = trial_ahead(connection)
    assert ahead is not None, "a trial home stays one"
    return ahead


def start_trial_clock(connection: Connection, *, machine: datetime, at: datetime) -> None:
    """Make the home a trial whose clock shows `at` when the machine's shows `machine`."""
    connection.execute(
        trial_clock.insert().values(id=1, made_at=machine, ahead_seconds=_between(machine, at))
    )


def set_trial_clock(connection: Connection, *, machine: datetime, at: datetime) -> None:
    connection.execute(update(trial_clock).values(ahead_seconds=_between(machine, at)))


def _between(machine: datetime, at: datetime) -> int:
    # Upwards: whoever sets it to half past eight finds it not a moment earlier.
    return ceil((at - machine).total_seconds())
