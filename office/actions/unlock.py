"""解锁: a locked account may try again at once."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import accounts, history, people
from office.store.dry_run import take_back
from rules.accounts import security_refusals
from rules.people import Actor


def unlock(office: Office, *, person_id: int, by: Actor, now: datetime, dry_run: bool = False) -> None:
    """Lift the lock of somebody's account and begin the count of tries anew."""
    refuse(*security_refusals(by, "解锁账号"))
    with office.store.writing() as connection:
        person = people.person_by_id(connection, person_id)
        if person is None or accounts.of_person(connection, person_id) is None:
            raise NotFound("这位人员还没有账号，不必解锁。")
        accounts.change(connection, person_id, failed=0, locked_until=None)
        history.append(
            connection,
            at=now,
            by=by,
            verb="unlock",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
