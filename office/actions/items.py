"""One obligation as a letter shows it: its facts with the light that the board shows, too."""

from __future__ import annotations

from datetime import date

from notifications.messages import Desk, Item
from office.actions.day import thresholds
from office.actions.office import Office
from office.store.letter_facts import MatterFacts
from rules.moves import State
from rules.standing import Facts, Pace, Standing, days_left, standing


def item(
    office: Office,
    facts: MatterFacts,
    today: date,
    *,
    previous_due_on: date | None = None,
    previous_provisional: bool = False,
) -> Item:
    """The item of a letter. `provisional` covers both the point's own mark and the year its date lies in."""
    stands, base = stands_now(office, facts, today), office.settings.link_base
    workdays = office.workdays
    return Item(
        obligation_id=facts.obligation_id,
        campaign=facts.campaign,
        milestone=f"{facts.milestone}（{facts.label}）" if facts.label else facts.milestone,
        unit=facts.unit,
        due_on=facts.due_on,
        last_workday=workdays.on_or_before(facts.due_on),
        days_left=days_left(facts.due_on, today, workdays),
        document=facts.document,
        provisional=facts.provisional or workdays.is_provisional(facts.due_on, facts.due_on),
        light=stands.light,
        expected_evidence=facts.evidence,
        hard_due_on=facts.hard_due_on,
        previous_due_on=previous_due_on,
        previous_provisional=previous_provisional,
        link=f"{base}/o/{facts.obligation_id}" if base else None,
        note=f"已退回{facts.returned_times}次" if facts.returned_times else None,
        extended=facts.extended_times > 0,
    )


def stands_now(office: Office, facts: MatterFacts, today: date) -> Standing:
    """How the obligation stands, by the one function that the board and the round ask."""
    return standing(
        Facts(
            state=State(facts.state),
            due_on=facts.due_on,
            submitted_on=facts.submitted_on,
            closed_on=facts.closed_on,
            pace=_pace(facts),
        ),
        today,
        office.workdays,
        thresholds(office),
    )


def desk(facts: MatterFacts) -> Desk:
    """The office that signs: the coordinator of the campaign."""
    return Desk(name=facts.coordinator)


def _pace(facts: MatterFacts) -> Pace | None:
    if not facts.target:
        return None
    # A target without a span of its own runs over the plan year.
    starts_on = facts.starts_on or date(facts.year, 1, 1)
    return Pace(target=facts.target, reported=facts.reported, starts_on=starts_on)
