"""The clock of a trial home. A ledger without a row is a real bureau's, and stays it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from duban.core.db import Id, Moment, metadata

trial_clock = Table(
    "trial_clock",
    metadata,
    Column("id", Id, primary_key=True),  # always 1
    Column("made_at", Moment, nullable=False),  # by the machine's clock
    Column("ahead_seconds", BigInteger, nullable=False),  # of the machine's clock; negative: behind it
)
