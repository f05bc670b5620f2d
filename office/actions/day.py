"""What the settings say about a day, as the values that the rules take."""

from __future__ import annotations

from datetime import datetime

from office.actions.office import Office
from rules.quiet import next_opening, quiet_hours
from rules.standing import Thresholds


def thresholds(office: Office) -> Thresholds:
    """Each bureau's own limits of the lights."""
    return Thresholds(
        due_soon_workdays=office.settings.due_soon_workdays,
        pace_yellow_points=office.settings.pace_yellow_points,
        pace_red_points=office.settings.pace_red_points,
    )


def opening(office: Office, moment: datetime) -> datetime:
    """The first moment from this one on at which messages leave: on a workday, outside the quiet hours."""
    quiet = quiet_hours(office.settings.quiet_from, office.settings.quiet_until)
    return next_opening(moment, quiet, office.workdays)
