"""What every way in ends with: a session row, and the token that only its bearer knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from office.actions.acting import cleaned
from office.actions.office import Office
from office.actions.secret_tokens import new_token, token_hash
from office.store import history, sessions
from office.store.engine import Connection
from rules.people import Actor
from rules.sessions import Way

_KEPT = timedelta(days=30)
_DEVICE = 200


def open_session(
    office: Office,
    connection: Connection,
    *,
    by: Actor,
    way: Way,
    device: str,
    now: datetime,
    unit_id: int | None = None,
    contact_id: int | None = None,
) -> str:
    """Begin a session in the caller's transaction and record it; returns its token."""
    assert by.person_id is not None, "somebody comes in"
    token, said = new_token(), cleaned(device)[:_DEVICE]
    sessions.forget(connection, by.person_id, before=now - _KEPT)
    session_id = sessions.insert(
        connection,
        token_hash=token_hash(token),
        person_id=by.person_id,
        way=way.value,
        unit_id=unit_id,
        contact_id=contact_id,
        device=said,
        made_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=office.settings.session_hours),
    )
    history.append(
        connection,
        at=now,
        by=by,
        verb="sign_in",
        noun="session",
        noun_id=session_id,
        unit_id=unit_id or by.unit_id,
        detail={"way": way.value, "device": said},
        flow_run_id=office.flow_run_id,
    )
    return token
