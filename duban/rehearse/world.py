"""The scratch bureau of a rehearsal: its own folder, its own ledger, invented people, the year's real calendars."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from calendars.lunar import almanac_for
from calendars.model import Edition
from calendars.reader import CALENDARS, campaign_files, ladders_of, read_edition, units_of
from calendars.reader.units import Unit, UnitBook, name_key
from calendars.workdays.files import load_workdays
from duban.accounts.people import add_person
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.db import open_store
from duban.core.errors import Refused
from duban.core.settings import Settings
from duban.core.vault import Vault
from duban.editions.service import apply_edition
from duban.rehearse.faults import Fuse, FusedStore, RehearsalChannel
from duban.rehearse.queries import coordinator_units, registered_units
from duban.rehearse.walk import Walk
from duban.schema.migrate import migrate
from duban.units.example import enter_examples
from duban.units.importing import ContactInput, import_unit_book
from duban.units.queries import all_people
from duban.units.service import add_contact, list_units, retire_contact

_BOTH = (Role.REVIEWER, Role.COORDINATOR)
EVERY_DISTRICT = "各辖市区"
INSTALLER = Actor(name="运维", roles=frozenset({Role.COORDINATOR, Role.OPERATOR}))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a rehearsal moves. `bureau` goes over the fused store, `calm` over the same file without a fuse."""

    bureau: Bureau
    calm: Bureau
    fuse: Fuse
    channel: RehearsalChannel
    editions: tuple[Edition, ...]
    people: Mapping[Role, tuple[Actor, ...]]
    handlers: Mapping[int, Actor]  # by unit
    folder: Path
    walk: Walk
    coordinators: Mapping[int, int]  # by edition, the unit that runs it
    unit_names: Mapping[int, str]
    listed: set[int] = field(default_factory=set)  # matters with problems on their ledger
    came_from: dict[int, int] = field(default_factory=dict)  # the unit that asked for it, by matter
    moved: dict[int, int] = field(default_factory=dict)  # matters that another unit has taken over
    hands: dict[int, list[Actor]] = field(
        default_factory=lambda: defaultdict(list)
    )  # who did something, by matter


@contextmanager
def scratch_world(year: int, *, seed: int | None, units: int | None, settings: Settings) -> Iterator[World]:
    """A fresh bureau with the year applied on its first of January; gone afterwards.

    `units` widens 各辖市区 to that many districts. Raises Refused when a calendar file has faults.
    """
    with TemporaryDirectory(prefix="duban-rehearsal-") as place:
        folder = Path(place)
        plain = settings.model_copy(
            update={
                "home": folder,
                "database_url": None,
                "evidence_url": None,
                "allow_all": True,
                "mail": "eml",
                "link_base": "http://rehearsal.example",
                "portal_key": SecretStr("a key of the scratch bureau's own"),
            }
        )
        store = open_store(plain.store_url)
        try:
            migrate(store)
            fuse = Fuse()
            calm = Bureau(
                settings=plain,
                store=store,
                vault=Vault(plain.evidence_root),
                workdays=load_workdays(),
                ladders=ladders_of(settings.calendars or CALENDARS, repeats=settings.repeat_cap),
            )
            yield _furnish(calm, fuse, year, seed, units, settings.calendars or CALENDARS)
        finally:
            store.close()


def _furnish(calm: Bureau, fuse: Fuse, year: int, seed: int | None, units: int | None, root: Path) -> World:
    now = clock.at(date(year, 1, 1))
    book = _widened(units_of(root), units)
    editions = _editions(calm, year, book, root)
    import_unit_book(calm, book, by=INSTALLER, now=now)
    enter_examples(calm, now=now)
    _enter_more(calm, now)
    for edition in editions:
        apply_edition(calm, edition, by=INSTALLER, now=now)
    with calm.store.reading() as connection:
        everyone = all_people(connection)
        coordinators = coordinator_units(connection)
        names = {key: one.name for key, one in registered_units(connection).items()}
    return World(
        bureau=replace(calm, store=FusedStore(calm.store.engine, fuse)),
        calm=calm,
        fuse=fuse,
        channel=RehearsalChannel(fuse=fuse, dice=random.Random(f"mail/{seed}")),
        editions=editions,
        people={role: tuple(one.actor for one in everyone if role in one.roles) for role in Role},
        handlers={one.unit_id: one.actor for one in everyone if Role.HANDLER in one.roles},
        folder=calm.settings.home,
        walk=Walk(calm.workdays),
        coordinators=coordinators,
        unit_names=names,
    )


def _enter_more(calm: Bureau, now: datetime) -> None:
    """What a real register has beside the examples: deputies who stand in, contacts who have left, and people with
    several roles, whom only the rules keep from judging themselves.
    """
    with calm.store.reading() as connection:
        everyone = all_people(connection)
    security = next(one.actor for one in everyone if Role.SECURITY in one.roles)
    coordinators = [one for one in everyone if Role.COORDINATOR in one.roles]
    for one in everyone:
        more = {
            Role.HANDLER in one.roles and one.unit_id == coordinators[0].unit_id: _BOTH,
            one == coordinators[-1]: (Role.REVIEWER,),
        }.get(True, ())
        if more:
            add_person(calm, name=one.name, unit=one.unit, roles=more, by=security, now=now)
    for nth, line in enumerate(list_units(calm, by=INSTALLER)):
        code = line.code
        if nth % 3 == 0:
            typed = ContactInput(
                name="备岗", duty="backup", channel="mail", address=f"{code}-2@unit.example", rank=2
            )
            add_contact(calm, line.id, typed, by=INSTALLER, now=now)
        if nth % 4 == 1:
            typed = ContactInput(
                name="前任", duty="handler", channel="mail", address=f"{code}-0@unit.example", rank=1
            )
            left = add_contact(calm, line.id, typed, by=INSTALLER, now=now)
            retire_contact(calm, left.id, reason="调离", by=INSTALLER, now=now)


def _editions(bureau: Bureau, year: int, book: UnitBook, root: Path) -> tuple[Edition, ...]:
    almanac = almanac_for(range(year - 1, year + 3))
    files = campaign_files(root / str(year))
    if not files:
        raise Refused(f"没有{year}年的专项行动文件，请先用 duban calendar roll {year} 从上一年生成。")
    return tuple(read_edition(path, units=book, almanac=almanac, workdays=bureau.workdays) for path in files)


def _widened(book: UnitBook, units: int | None) -> UnitBook:
    """The same book with 各辖市区 grown to `units` districts by invented ones."""
    districts = book.group(EVERY_DISTRICT) or ()
    new = [_district(number) for number in range(len(districts), units or 0)]
    added = tuple(unit for pair in new for unit in pair)
    by_key = {**book.by_key, **{name_key(name): unit for unit in added for name in (unit.code, unit.name)}}
    grown = (*districts, *(district.name for district, _ in new))
    return UnitBook(
        units=(*book.units, *added), groups={**book.groups, name_key(EVERY_DISTRICT): grown}, by_key=by_key
    )


def _district(number: int) -> tuple[Unit, Unit]:
    code = f"rehearsal{number}"
    bureau = f"{code}-mz"
    district = Unit(code=code, name=f"演练{number}区", kind="district", parent="cz", acts_through=bureau)
    return district, Unit(code=bureau, name=f"演练{number}区民政局", kind="district_bureau", parent=code)
