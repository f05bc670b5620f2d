"""One person of the register, what is on the desk, and who of the same unit could take it over."""

from __future__ import annotations

from dataclasses import dataclass

from duban.bureau import Bureau
from duban.core.access import Actor, Role, visible_units
from duban.core.errors import NotFound
from duban.units.people_queries import Person, all_people, count_on_desk, find_actor, person_by_id


def person_named(bureau: Bureau, name: str) -> Actor:
    """The active person of that name (姓名 or 姓名@单位)."""
    with bureau.store.reading() as connection:
        found = find_actor(connection, name)
    if found is None:
        raise NotFound(f"没有名为“{name}”的在岗人员，请核对姓名；有同名人员的写成 姓名@单位。")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDesk:
    """`on_the_desk` are obligations not done that name the person; `colleagues` are handlers of the same unit."""

    person: Person
    on_the_desk: int
    colleagues: tuple[Person, ...]


def person_desk(bureau: Bureau, person_id: int, *, by: Actor) -> PersonDesk:
    """NotFound for a person of a unit that one may not see."""
    with bureau.store.reading() as connection:
        found = person_by_id(connection, person_id)
        if found is None or not visible_units(by).sees(found.unit_id):
            raise NotFound(f"没有编号为 {person_id} 的人员，请在人员列表中查看。")
        return PersonDesk(
            person=found,
            on_the_desk=count_on_desk(connection, person_id),
            colleagues=tuple(
                one
                for one in all_people(connection, unit_id=found.unit_id)
                if one.active and one.id != person_id and Role.HANDLER in one.roles
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MyDesk:
    """`matters` counts what is not done and names the person as handler or backup."""

    matters: int
    colleagues: tuple[Person, ...]


def my_colleagues(bureau: Bureau, *, by: Actor) -> MyDesk:
    """The other handlers of the person's own unit."""
    if by.person_id is None or by.unit_id is None:
        return MyDesk(matters=0, colleagues=())
    with bureau.store.reading() as connection:
        everyone = all_people(connection, unit_id=by.unit_id)
        matters = count_on_desk(connection, by.person_id)
    fitting = tuple(
        one for one in everyone if one.active and one.id != by.person_id and Role.HANDLER in one.roles
    )
    return MyDesk(matters=matters, colleagues=fitting)
