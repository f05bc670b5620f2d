"""People and their roles, and the accounts they come in by.

Who may do what follows from the roles alone, so giving and taking them is recorded, and open ways in end with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from duban.accounts.queries import (
    AccountRow,
    account_of,
    drop_one_times,
    end_session_rows,
    page_of_accounts,
)
from duban.accounts.rules import EndedWhy, security_refusals
from duban.accounts.sessions import active_person
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role, visible_units
from duban.core.access import person_id as id_of
from duban.core.db import Connection
from duban.core.errors import NotFound, refuse
from duban.core.text import cleaned
from duban.history.service import Act, acting
from duban.units.queries import (
    Person,
    UnitEntry,
    all_people,
    count_on_desk,
    count_with_role,
    delete_person_unit,
    delete_role,
    find_unit,
    insert_person,
    insert_person_unit,
    insert_roles,
    person_by_id,
    set_person_active,
)
from duban.units.rules import belonging_refusals, giving_refusals, retiring_refusals, taking_refusals

_LONGEST_NAME = 64
PAGE = 50


def add_person(
    bureau: Bureau,
    *,
    name: str,
    unit: str,
    roles: Iterable[Role],
    by: Actor = SYSTEM,
    now: datetime,
    dry_run: bool = False,
) -> Person:
    """Enter a person, or give one who is already there more roles. The system itself enters the first operator.

    Ways in that are open end then: whoever made them, or holds them, was not asked about the new role.
    """
    name, given = cleaned(name), frozenset(roles)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        found = find_unit(act.connection, unit)
        there = next(iter(all_people(act.connection, name=name, unit_id=found.id)), None) if found else None
        held = there.roles if there else ()
        own = list(
            giving_refusals(
                given,
                by,
                to_person_id=there.id if there else None,
                register_empty=not all_people(act.connection),
                held=held,
                security_there=_security_there(act.connection),
            )
        )
        # The @ divides a name from its unit wherever a person is named.
        if not name or len(name) > _LONGEST_NAME or "@" in name:
            own.append(f"姓名要有，不超过{_LONGEST_NAME}字，且不含 @，请改正。")
        if found is None:
            own.append(f"没有名为“{unit}”的单位，请核对名称，或先登记单位。")
        if there and given <= frozenset(held):
            own.append(f"{there.unit}的{name}已有这些角色，不必再登记。")
        refuse(*own)
        assert found is not None, "refused above"
        if there:
            insert_roles(act.connection, there.id, given - frozenset(held))
            drop_one_times(act.connection, there.id)
            end_session_rows(act.connection, person_id=there.id, now=now, why=EndedWhy.ROLES_CHANGED)
            key = there.id
        else:
            key = insert_person(act.connection, name=name, unit_id=found.id, roles=given)
        return _noted(act, "add_person", key, given=sorted(given))


def list_people(bureau: Bureau, *, by: Actor, unit_id: int | None = None) -> tuple[Person, ...]:
    """The register of people, by unit; of the units that the person may see."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = all_people(connection, unit_id=unit_id)
    return tuple(one for one in found if sight.sees(one.unit_id))


def retire_person(
    bureau: Bureau, person: Actor, *, reason: str, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Stop a person from acting. What is still on the desk is handed over first."""
    key, reason = id_of(person), cleaned(reason)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        # The posts without which nobody could run the machine, or let anybody in.
        posts = person.roles & {Role.OPERATOR, Role.SECURITY}
        refuse(
            *retiring_refusals(
                person,
                by,
                on_the_desk=count_on_desk(act.connection, key),
                reason=reason,
                security_there=_security_there(act.connection),
                alone_in=[role for role in posts if count_with_role(act.connection, role, besides=key) == 0],
            )
        )
        set_person_active(act.connection, key, active=False)
        end_session_rows(act.connection, person_id=key, now=now, why=EndedWhy.RETIRED)
        drop_one_times(act.connection, key)
        return _noted(act, "retire_person", key, reason=reason)


def take_role(
    bureau: Bureau,
    *,
    person_id: int,
    role: Role,
    reason: str,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> Person:
    """Take one role from a person. Open sessions end, so that nobody goes on with what he no longer is."""
    reason = cleaned(reason)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = active_person(act.connection, person_id)
        refuse(
            *taking_refusals(
                role,
                by,
                person=person.actor,
                security_there=_security_there(act.connection),
                others_with_role=count_with_role(act.connection, role, besides=person_id),
                on_the_desk=count_on_desk(act.connection, person_id),
                reason=reason,
            )
        )
        delete_role(act.connection, person_id, role)
        end_session_rows(act.connection, person_id=person_id, now=now, why=EndedWhy.ROLES_CHANGED)
        return _noted(act, "take_role", person_id, taken=role.value, reason=reason)


def add_person_unit(
    bureau: Bureau, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """Let a person act for a further unit."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        person = active_person(act.connection, person_id)
        refuse(*belonging_refusals(person.actor, by, unit_id=unit.id, unit=unit.name, adding=True))
        insert_person_unit(act.connection, person_id, unit.id)
        return _noted(act, "add_person_unit", person_id, unit_id=unit.id, further=unit.name)


def remove_person_unit(
    bureau: Bureau, *, person_id: int, unit: UnitEntry, by: Actor, now: datetime, dry_run: bool = False
) -> Person:
    """A person acts for that further unit no longer; what is still on his desk there is handed over first."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        who = active_person(act.connection, person_id).actor
        left = count_on_desk(act.connection, person_id, unit_id=unit.id)
        refuse(*belonging_refusals(who, by, unit_id=unit.id, unit=unit.name, adding=False, on_the_desk=left))
        delete_person_unit(act.connection, person_id, unit.id)
        return _noted(act, "remove_person_unit", person_id, unit_id=unit.id, further=unit.name)


def _security_there(connection: Connection) -> bool:
    return count_with_role(connection, Role.SECURITY) > 0


def _noted(act: Act, verb: str, person_id: int, *, unit_id: int | None = None, **said: object) -> Person:
    """The person as he is now, after what was done was noted."""
    person = person_by_id(act.connection, person_id)
    assert person is not None, "just written"
    detail = {"name": person.name, "unit": person.unit, **said}
    act.note(verb, "person", person.id, unit_id=unit_id or person.unit_id, detail=detail)
    return person


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One page of accounts for the security administrator."""

    rows: tuple[AccountRow, ...]
    total: int
    page: int
    last: int


def list_accounts(
    bureau: Bureau, *, text: str = "", locked: bool = False, page: int = 1, by: Actor, now: datetime
) -> AccountPage:
    """People whose name or unit contains the text: who can come in, who is locked out, who is signed in."""
    refuse(*security_refusals(by, "查看账号"))
    with bureau.store.reading() as connection:
        rows, total = page_of_accounts(
            connection, now=now, text=text.strip(), locked=locked, limit=PAGE, offset=(page - 1) * PAGE
        )
    return AccountPage(rows=rows, total=total, page=page, last=max(1, -(-total // PAGE)))


def show_account(bureau: Bureau, person_id: int, *, by: Actor, now: datetime) -> AccountRow:
    """One person's account; everybody sees his own."""
    if person_id != by.person_id:
        refuse(*security_refusals(by, "查看账号"))
    with bureau.store.reading() as connection:
        found = account_of(connection, person_id, now=now)
    if found is None:
        raise NotFound("没有这位在岗人员，请在账号清单里核对。")
    return found
