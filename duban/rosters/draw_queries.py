"""What is kept of a lot: its pool, its seed, and who was drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from duban.core.access import VisibleUnits
from duban.editions.tables import edition
from duban.rosters.draw_rules import Drawn, DrawTerms, Inspector, PoolSubject
from duban.rosters.tables import draw, draw_subject
from duban.units.tables import person, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDraw:
    """One lot. `seed` None: prepared and not yet drawn; `dropped_at`: put aside before it was drawn."""

    id: int
    edition_id: int
    campaign: str
    name: str
    year: int
    unit_id: int
    unit: str
    terms: DrawTerms
    subjects: int
    excluded: int
    wanted: int
    inspectors: tuple[Inspector, ...]
    pool_sha256: str
    prepared_by: int
    prepared_by_name: str
    prepared_at: datetime
    seed: str | None
    held_by_name: str | None
    held_at: datetime | None
    dropped_at: datetime | None
    dropped_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSubject:
    code: str
    name: str
    excluded: str | None
    place: int | None
    inspectors: tuple[str, ...]


def _stored(row: Row[tuple[object, ...]]) -> StoredDraw:
    values = dict(row._mapping)
    values["inspectors"] = tuple(
        Inspector(**{**one, "avoids": tuple(one["avoids"])}) for one in values["inspectors"]
    )
    values["terms"] = DrawTerms(**{name: values.pop(name) for name in DrawTerms.__dataclass_fields__})
    return StoredDraw(**values)


def list_draws(
    connection: Connection,
    sight: VisibleUnits,
    *,
    edition_id: int | None = None,
    draw_id: int | None = None,
) -> tuple[StoredDraw, ...]:
    """The newest first, as far as the person may see."""
    holder = person.alias("holder")
    # What the value has under another name, or does not have, is not read.
    own = [column for column in draw.c if column.name not in ("held_by", "dropped_by")]
    found = (
        select(
            *own,
            edition.c.campaign,
            edition.c.name,
            edition.c.year,
            unit.c.name.label("unit"),
            person.c.name.label("prepared_by_name"),
            holder.c.name.label("held_by_name"),
        )
        .join(edition, edition.c.id == draw.c.edition_id)
        .join(unit, unit.c.id == draw.c.unit_id)
        .join(person, person.c.id == draw.c.prepared_by)
        .outerjoin(holder, holder.c.id == draw.c.held_by)
        .order_by(draw.c.id.desc())
    )
    if not sight.everything:
        found = found.where(draw.c.unit_id.in_(sight.unit_ids))
    for column, value in ((draw.c.edition_id, edition_id), (draw.c.id, draw_id)):
        if value is not None:
            found = found.where(column == value)
    return tuple(_stored(row) for row in connection.execute(found))


def draw_subjects(connection: Connection, draw_id: int) -> tuple[DrawSubject, ...]:
    """The whole pool: the drawn ones in their order, then the others by code."""
    rows = connection.execute(
        select(draw_subject)
        .where(draw_subject.c.draw_id == draw_id)
        .order_by(draw_subject.c.place.is_(None), draw_subject.c.place, draw_subject.c.code)
    )
    return tuple(
        DrawSubject(
            code=row.code,
            name=row.name,
            excluded=row.excluded,
            place=row.place,
            inspectors=tuple(row.inspectors or ()),
        )
        for row in rows
    )


def insert_draw(
    connection: Connection,
    values: Mapping[str, object],
    subjects: Sequence[PoolSubject],
    inspectors: Iterable[Inspector],
) -> int:
    made = connection.execute(insert(draw).values(inspectors=[asdict(one) for one in inspectors], **values))
    assert made.inserted_primary_key is not None
    draw_id = int(made.inserted_primary_key[0])
    connection.execute(insert(draw_subject), [{"draw_id": draw_id, **asdict(one)} for one in subjects])
    return draw_id


def settle_draw(
    connection: Connection, draw_id: int, values: Mapping[str, object], drawn: Sequence[Drawn] = ()
) -> bool:
    """Enter the seed and who was drawn, or that it was put aside; false when somebody was faster."""
    open_ = (draw.c.id == draw_id, draw.c.held_at.is_(None), draw.c.dropped_at.is_(None))
    if not connection.execute(update(draw).where(*open_).values(**values)).rowcount:
        return False
    if drawn:
        connection.execute(
            update(draw_subject)
            .where(draw_subject.c.draw_id == draw_id, draw_subject.c.code == bindparam("drawn_code"))
            .values(place=bindparam("nth"), inspectors=bindparam("numbers")),
            [
                {"drawn_code": one.code, "nth": nth, "numbers": list(one.inspectors)}
                for nth, one in enumerate(drawn, start=1)
            ],
        )
    return True
