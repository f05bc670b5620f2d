"""Which letter carries what an address is owed on one day: the kind's own when there is one kind, else the digest."""

from __future__ import annotations

from datetime import date

from notifications.messages import (
    AdvanceMessage,
    AssignMessage,
    ChaseMessage,
    Desk,
    DigestMessage,
    DueMessage,
    EscalateMessage,
    Kind,
    Message,
    Section,
)

_LISTS: dict[Kind, type[AssignMessage | AdvanceMessage | DueMessage | ChaseMessage]] = {
    Kind.ASSIGN: AssignMessage,
    Kind.ADVANCE: AdvanceMessage,
    Kind.DUE: DueMessage,
    Kind.CHASE: ChaseMessage,
}


def day_letter(
    *,
    to_name: str,
    unit: str,
    as_of_on: date,
    sections: tuple[Section, ...],
    desk: Desk,
    list_link: str | None = None,
) -> Message:
    """One message for all `sections` of a day; a calendar change keeps its cause in the notes of its items."""
    assert sections, "a letter without a section has nothing to say"
    if len(sections) > 1 or sections[0].kind is Kind.CALENDAR_CHANGE:
        return DigestMessage(
            to_name=to_name, unit=unit, as_of_on=as_of_on, sections=sections, desk=desk, list_link=list_link
        )
    (section,) = sections
    if section.kind is Kind.ESCALATE:
        return EscalateMessage(
            to_name=to_name, unit=unit, as_of_on=as_of_on, items=section.items, desk=desk, list_link=list_link
        )
    return _LISTS[section.kind](
        to_name=to_name,
        unit=unit,
        as_of_on=as_of_on,
        items=section.items,
        total=section.total,
        desk=desk,
        list_link=list_link,
    )
