"""签收: a named handler of the unit takes the obligation, with a second person for when the first is away."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import Act, Acted, acting, move, person_id, record, refuse
from office.actions.office import Office
from office.store.people import person_by_id
from rules.moves import Verb, refusals
from rules.people import Actor, Role


def acknowledge(
    office: Office,
    obligation_id: int,
    *,
    handler_id: int | None = None,
    backup_id: int | None = None,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Take it on; the handler is whoever acknowledges unless named. Both people belong to the unit that owes."""
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        handler = handler_id if handler_id is not None else by.person_id
        refuse(*refusals(act.matter, Verb.ACKNOWLEDGE, by), *_desk_refusals(act, handler, backup_id))
        move(act, Verb.ACKNOWLEDGE, handler_id=handler or person_id(by), backup_id=backup_id)
        return record(act, Verb.ACKNOWLEDGE, by, now, {"handler_id": handler, "backup_id": backup_id})


def _desk_refusals(act: Act, handler: int | None, backup: int | None) -> tuple[str, ...]:
    own = []
    if handler is not None and handler == backup:
        own.append("经办人和备岗不能是同一人，请另选一位备岗（AB角）。")
    for word, wanted in (("经办人", handler), ("备岗", backup)):
        person = person_by_id(act.connection, wanted) if wanted is not None else None
        if wanted is None or (
            person
            and person.active
            and person.actor.belongs_to(act.one.unit_id)
            and Role.HANDLER in person.roles
        ):
            continue
        name = person.name if person else f"编号 {wanted}"
        own.append(f"{word}{name}不是{act.one.unit}的在岗经办人，请另选本单位的人，或请统筹科室先登记。")
    return tuple(own)
