"""Sessions are ended by force: one's own on a telephone that was lost, or anybody's by the security administrator."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import history, people, sessions
from office.store.dry_run import take_back
from rules.accounts import security_refusals
from rules.people import Actor
from rules.sessions import Why


def end_sessions(
    office: Office,
    *,
    person_id: int,
    session_id: int | None = None,
    except_id: int | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> int:
    """End one session of a person, or all but one; returns how many."""
    if person_id != by.person_id:
        refuse(*security_refusals(by, "撤销别人的登录"))
    with office.store.writing() as connection:
        person = people.person_by_id(connection, person_id)
        if person is None:
            raise NotFound("没有这位人员，请在人员名录里核对。")
        ended = sessions.end(
            connection,
            person_id=person_id,
            ids=None if session_id is None else [session_id],
            except_id=except_id,
            now=now,
            why=Why.REVOKED.value,
        )
        if ended:
            history.append(
                connection,
                at=now,
                by=by,
                verb="end_sessions",
                noun="session",
                noun_id=session_id,
                unit_id=person.unit_id,
                detail={"name": person.name, "person_id": person_id, "sessions": ended},
                flow_run_id=office.flow_run_id,
            )
        if dry_run:
            take_back(connection)
    return ended
