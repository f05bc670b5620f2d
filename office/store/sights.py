"""What a person may see, as a condition that narrows a query; an empty sight finds nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, true

from rules.sight import Sight


def within(sight: Sight, unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rows whose unit the person may see."""
    return true() if sight.everything else unit_id.in_(sorted(sight.unit_ids))
