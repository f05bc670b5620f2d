"""Which letter carries what an address is owed on one day: the kind's own when there is one kind, else the digest."""

from datetime import date

from notifications.kinds.advance.sample import AdvanceMessage
from notifications.kinds.assign.sample import AssignMessage
from notifications.kinds.chase.sample import ChaseMessage
from notifications.kinds.digest.sample import DigestMessage, Section
from notifications.kinds.due.sample import DueMessage
from notifications.kinds.escalate.sample import EscalateMessage
from notifications.messages import Desk, Kind, Message

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
