"""A year table as plain JSON values and back, for whoever keeps imported notices. Must not know where they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rules.workdays import NamedDay, YearState, YearTable


def to_body(table: YearTable) -> dict[str, Any]:
    """Only text, numbers, lists and objects; the order of days does not depend on how they were entered."""
    return {
        "year": table.year,
        "state": table.state.value,
        "document_no": table.document_no,
        "title": table.title,
        "issued_on": table.issued_on.isoformat() if table.issued_on else None,
        "off": _listed(table.off),
        "make_up": _listed(table.make_up),
        "amends": table.amends,
    }


def from_body(body: Mapping[str, Any]) -> YearTable:
    """The table that `to_body` was given."""
    return YearTable(
        year=body["year"],
        state=YearState(body["state"]),
        document_no=body["document_no"],
        title=body["title"],
        issued_on=date.fromisoformat(body["issued_on"]) if body["issued_on"] else None,
        off=_days(body["off"]),
        make_up=_days(body["make_up"]),
        amends=body["amends"],
    )


def _listed(days: Iterable[NamedDay]) -> list[dict[str, Any]]:
    return [{"on": day.on.isoformat(), "names": list(day.names)} for day in sorted(days)]


def _days(listed: Iterable[Mapping[str, Any]]) -> tuple[NamedDay, ...]:
    return tuple(NamedDay(on=date.fromisoformat(day["on"]), names=tuple(day["names"])) for day in listed)
