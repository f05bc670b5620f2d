"""Every table, by noun. Importing this module fills `metadata`."""

from __future__ import annotations

import duban.accounts.tables
import duban.editions.tables
import duban.evidence.tables
import duban.figures.tables
import duban.history.tables
import duban.obligations.tables
import duban.outbox.tables
import duban.problems.tables
import duban.rosters.tables
import duban.rounds.tables
import duban.trial.tables
import duban.units.tables  # noqa: F401
from duban.core.db import metadata

__all__ = ["metadata"]
