"""What every action is handed: the store and the year's values, opened once at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from office.settings import Settings
from office.store.engine import Store
from office.store.vault import Vault
from rules.ladder import Ladder
from rules.workdays import WorkdayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One bureau, opened. Actions take it first, then what they are about, then `by` and `now`."""

    settings: Settings
    store: Store
    vault: Vault
    workdays: WorkdayTable
    ladders: Mapping[str, Ladder]
    flow_run_id: str | None = None  # of the flow run on whose behalf this office was opened
