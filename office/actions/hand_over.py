"""移交: a handler leaves a post; everything on that desk goes to a colleague of the same unit at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.acting import person_id, refuse
from office.actions.office import Office
from office.store import acts, history
from office.store.dry_run import take_back
from rules.moves import Verb, role_refusals
from rules.people import Actor, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """How many obligations changed hands, and between whom."""

    from_person: str
    to_person: str
    unit_id: int
    obligations: int


def hand_over(
    office: Office, *, from_person: Actor, to_person: Actor, by: Actor, now: datetime, dry_run: bool = False
) -> HandedOver:
    """Hand over all that is not done, as handler and as backup, in one transaction."""
    refuse(*_refusals(from_person, to_person, by))
    unit_id = from_person.unit_id
    assert unit_id is not None, "refused above"
    from_id, to_id = person_id(from_person), person_id(to_person)
    with office.store.writing() as connection:
        count = acts.hand_over(connection, unit_id=unit_id, from_id=from_id, to_id=to_id)
        if not count:
            refuse(f"{from_person.name}名下没有未办结的任务，不必移交。")
        people = {"from_person_id": from_id, "to_person_id": to_id}
        acts.insert_handover(
            connection, unit_id=unit_id, handed_by=person_id(by), handed_at=now, obligations=count, **people
        )
        history.append(
            connection,
            at=now,
            by=by,
            verb=Verb.HAND_OVER.value,
            noun="unit",
            noun_id=unit_id,
            unit_id=unit_id,
            detail={"from": from_person.name, "to": to_person.name, "obligations": count, **people},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return HandedOver(
        from_person=from_person.name, to_person=to_person.name, unit_id=unit_id, obligations=count
    )


def _refusals(from_person: Actor, to_person: Actor, by: Actor) -> tuple[str, ...]:
    own = list(role_refusals(Verb.HAND_OVER, by))
    if from_person.unit_id is None or from_person.unit_id != to_person.unit_id:
        own.append(f"{from_person.name}与{to_person.name}不在同一单位，换单位请用改派。")
    if from_person.person_id == to_person.person_id:
        own.append("移交人与接手人是同一人，请另选接手人。")
    if Role.HANDLER not in to_person.roles:
        own.append(f"{to_person.name}不是经办人，请先登记为经办人。")
    if Role.COORDINATOR not in by.roles and by.unit_id != from_person.unit_id:
        own.append(f"{by.name}不是该单位的人，请由该单位经办人或统筹科室移交。")
    return tuple(own)
