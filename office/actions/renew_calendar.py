"""更换日历地址: an address that got into other hands ends, and with it every link the unit was sent."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.store import history, links, sessions
from rules.people import Actor, Role
from rules.sessions import Why


def renew_calendar(office: Office, unit_id: int, *, by: Actor, now: datetime) -> int:
    """Raise the unit's generation of links; returns it. A handler does so for the own unit only."""
    refuse(*_refusals(by, unit_id))
    with office.store.writing() as connection:
        generation = links.raise_generation(connection, unit_id, now)
        ended = sessions.end(connection, link_unit_id=unit_id, now=now, why=Why.LINKS_REVOKED.value)
        history.append(
            connection,
            at=now,
            by=by,
            verb="revoke_links",
            noun="unit",
            noun_id=unit_id,
            unit_id=unit_id,
            detail={"generation": generation, "sessions": ended},
            flow_run_id=office.flow_run_id,
        )
    return generation


def _refusals(by: Actor, unit_id: int) -> tuple[str, ...]:
    if Role.COORDINATOR in by.roles or (Role.HANDLER in by.roles and by.belongs_to(unit_id)):
        return ()
    return (f"{by.name}不是该单位的经办人，请由该单位经办人或统筹科室更换。",)
