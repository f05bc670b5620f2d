"""A gate's result in the forms it leaves in: the row at its point, the letter's payload, the history's detail.

Plain JSON values only; decides nothing.
"""

from __future__ import annotations

from typing import Any

from office.actions.office import Office
from office.store.gates import DuePoint
from rules.gates import GateResult, Unfinished

# As many units as a summary letter names; the ledger keeps them all.
NAMED = 300


def stage_summary_payload(office: Office, one: DuePoint, result: GateResult) -> dict[str, object]:
    """The fields of notifications' StageSummaryMessage as JSON holds them, ready in the dispatch row.

    `unit` str (the coordinator), `as_of_on` and `due_on` ISO text, `campaign`, `stage`, `document` and `next_step`
    str, `provisional` bool, `total`, `done_on_time`, `done_late`, `left_out_of_rate` and `missing_total` int,
    `missing` a list of {unit, days_overdue, reason} with at most NAMED entries, `rates` a list of
    {title, done, of, target_percent} where `of` is null while the denominator is unknown, `desk` an object
    {name, contact, phone}, `list_link` null. `to_name` is not in it: the addressee is the dispatch's contact.
    """
    settings = office.settings
    return {
        "unit": one.coordinator,
        "as_of_on": result.as_of_on.isoformat(),
        "campaign": f"{one.name}{one.year}",
        "stage": f"{one.title}（{one.label}）" if one.label else one.title,
        "due_on": one.due_on.isoformat(),
        "provisional": one.provisional,
        "document": f"{one.source_document} {one.source_item}".strip(),
        "total": result.owed,
        "done_on_time": result.done_in_time,
        "done_late": result.done - result.done_in_time,
        "left_out_of_rate": result.out,
        "missing": [_missing_entry(left) for left in result.missing[:NAMED]],
        "missing_total": result.open,
        "next_step": result.next_step,
        "rates": _rates(result),
        "desk": {
            "name": settings.desk_name,
            "contact": settings.desk_contact,
            "phone": settings.desk_phone,
        },
        "list_link": None,
    }


def kept(result: GateResult) -> dict[str, object]:
    """The result as it stays at the point, the whole list in it."""
    plain: dict[str, object] = {
        name: getattr(result, name)
        for name in ("owed", "done", "done_in_time", "open", "not_due", "out", "passed")
    }
    rate = result.rate
    return plain | {
        "as_of_on": result.as_of_on.isoformat(),
        "rate": None if rate is None else f"{rate.numerator}/{rate.denominator}",
        "missing": [_kept_entry(one) for one in result.missing],
        "ledger": _kept_ledger(result),
        "open_before": list(result.open_before),
        "sentence": result.sentence,
        "next_step": result.next_step,
    }


def _kept_entry(entry: Unfinished) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Unfinished.__dataclass_fields__}


def _kept_ledger(result: GateResult) -> dict[str, Any] | None:
    ledger = result.ledger
    if ledger is None:
        return None
    return {"found": ledger.found, "struck_off": ledger.struck_off, "open": list(ledger.open)}


def entry(result: GateResult, letters: int) -> dict[str, object]:
    counts = ("owed", "done", "done_in_time", "open", "not_due", "out", "passed")
    return {name: getattr(result, name) for name in counts} | {"letters": letters}


def _missing_entry(entry: Unfinished) -> dict[str, object]:
    unit = f"{entry.subject}（{entry.unit}）" if entry.subject else entry.unit
    return {"unit": unit, "days_overdue": entry.days_overdue, "reason": entry.word}


def _rates(result: GateResult) -> list[dict[str, object]]:
    rates: list[dict[str, object]] = [{"title": "办结率", "done": result.done, "of": result.owed}]
    if result.ledger is not None:
        rates.append({"title": "问题销号率", "done": result.ledger.struck_off, "of": result.ledger.found})
    if result.roster is not None:
        rates.append({"title": "参检率", "done": result.roster.taken_part, "of": result.roster.due})
    elif result.needs_roster:
        rates.append({"title": "参检率", "done": 0, "of": None})
    return [rate | {"target_percent": None} for rate in rates]
