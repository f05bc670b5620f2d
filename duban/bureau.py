"""What every action is handed: the store and the year's values, opened once at the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.ladders import Ladder
from calendars.quiet_hours import next_opening, quiet_hours
from calendars.workdays import WorkdayTable
from duban.core import clock
from duban.core.db import Store
from duban.core.lights import Thresholds
from duban.core.settings import Settings
from duban.core.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """One bureau, opened. Actions take it first, then what they are about, then `by` and `now`."""

    settings: Settings
    store: Store
    vault: Vault
    workdays: WorkdayTable
    ladders: Mapping[str, Ladder]
    flow_run_id: str | None = None  # of the flow run on whose behalf this office was opened
    # How far a trial home's own clock is ahead of the machine's, asked anew each time; a real home has none.
    ahead: Callable[[], timedelta] | None = None

    @property
    def is_trial(self) -> bool:
        return self.ahead is not None

    def now(self) -> datetime:
        """The present, for the doors alone: by the machine's clock, in a trial home by its own."""
        return clock.now() + self._ahead

    def on_machine(self, moment: datetime) -> datetime:
        """A moment of this home by the machine's clock, which stamps files."""
        return moment - self._ahead

    @property
    def _ahead(self) -> timedelta:
        return self.ahead() if self.ahead else timedelta(0)


def light_thresholds(bureau: Bureau) -> Thresholds:
    """Each bureau's own limits of the lights."""
    return Thresholds(
        due_soon_workdays=bureau.settings.due_soon_workdays,
        pace_yellow_points=bureau.settings.pace_yellow_points,
        pace_red_points=bureau.settings.pace_red_points,
    )


def office_hours_from(bureau: Bureau, moment: datetime) -> datetime:
    """The first moment from this one on at which messages leave: on a workday, outside the quiet hours."""
    quiet = quiet_hours(bureau.settings.quiet_from, bureau.settings.quiet_until)
    return next_opening(moment, quiet, bureau.workdays)
