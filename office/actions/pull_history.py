"""The history as another system pulls it: entries with their hashes, so that the chain can be checked elsewhere."""

from __future__ import annotations

from office.actions.acting import refuse
from office.actions.office import Office
from office.store import history
from office.store.history import ChainedEntry
from rules.people import Actor, Role

_MAY = frozenset({Role.AUDITOR, Role.COORDINATOR})


def pull_history(office: Office, *, after: int, limit: int, by: Actor) -> tuple[ChainedEntry, ...]:
    """Entries after this one, in order, at most so many; for auditors and coordinators."""
    if not by.roles & _MAY:
        refuse(f"{by.name}没有查阅留痕的权限，请由审计或统筹科室的令牌查询。")
    with office.store.reading() as connection:
        return history.chained(connection, after=after, limit=limit)
