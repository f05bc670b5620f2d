"""退出: the session ends at once, whoever still holds its cookie."""

from __future__ import annotations

from datetime import datetime

from office.actions.office import Office
from office.store import history, sessions
from rules.people import Actor
from rules.sessions import Why


def sign_out(office: Office, session_id: int, *, by: Actor, now: datetime) -> None:
    """End one's own session. Ending it twice is no fault."""
    assert by.person_id is not None, "somebody is signed in"
    with office.store.writing() as connection:
        ended = sessions.end(
            connection, ids=[session_id], person_id=by.person_id, now=now, why=Why.SIGNED_OUT.value
        )
        if ended:
            history.append(
                connection,
                at=now,
                by=by,
                verb="sign_out",
                noun="session",
                noun_id=session_id,
                unit_id=by.unit_id,
                flow_run_id=office.flow_run_id,
            )
