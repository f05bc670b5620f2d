"""The schema that the migrations make is the schema the program speaks of, and they lose nothing."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from duban.bureau import Bureau
from duban.core.db import Amount, Moment, Store, metadata, open_store
from duban.core.errors import Fault
from duban.history.tables import history
from duban.obligations.tables import support_duty
from duban.schema import migrate as schema_migrate
from duban.schema.migrate import (
    FOLDER,
    current_revision,
    downgrade,
    head_revision,
    migrate,
    pending_revisions,
)
from tests.builders import SET_UP_AT


@pytest.fixture
def store(tmp_path: Path):
    made = open_store(f"sqlite:///{tmp_path / 'duban.db'}")
    yield made
    made.close()


@pytest.fixture
def pg_store(postgres_url: str):
    made = open_store(postgres_url)
    yield made
    made.close()


def test_migrations_give_the_schema_of_the_tables_on_sqlite(store: Store) -> None:
    assert_same_schema(store)


@pytest.mark.postgres
def test_migrations_give_the_schema_of_the_tables_on_postgresql(pg_store: Store) -> None:
    assert_same_schema(pg_store)


def test_a_new_folder_is_pending_until_it_is_migrated(store: Store) -> None:
    assert pending_revisions(store)

    done = migrate(store)

    assert (done.from_revision, done.to_revision) == (None, head_revision())
    assert not pending_revisions(store)
    assert migrate(store).from_revision == head_revision()


def test_the_head_file_names_the_newest_revision() -> None:
    assert (FOLDER / "HEAD").read_text().strip() == head_revision()


def test_every_migration_is_named_by_its_number() -> None:
    names = sorted(path.name for path in (FOLDER / "versions").glob("*.py"))

    assert [name[:5] for name in names] == [f"{number:04d}_" for number in range(1, len(names) + 1)]


def test_down_and_up_again_leaves_the_same_schema_on_sqlite(store: Store) -> None:
    assert_down_and_up(store)


@pytest.mark.postgres
def test_down_and_up_again_leaves_the_same_schema_on_postgresql(pg_store: Store) -> None:
    assert_down_and_up(pg_store)


def test_data_survives_a_migration_that_is_asked_for_twice(store: Store) -> None:
    migrate(store)
    a_history_row(store)

    migrate(store)

    with store.reading() as connection:
        assert connection.execute(sa.select(history.c.actor)).scalar_one() == "王科长"


def test_a_database_newer_than_the_program_is_left_alone(store: Store) -> None:
    migrate(store)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Fault, match="9999比本程序新"):
        migrate(store)

    assert current_revision(store) == "9999"


def test_history_can_neither_be_changed_nor_deleted_on_sqlite(store: Store) -> None:
    assert_only_grows(store)


@pytest.mark.postgres
def test_history_can_neither_be_changed_nor_deleted_on_postgresql(pg_store: Store) -> None:
    assert_only_grows(pg_store)


@pytest.mark.parametrize(
    "table", ["history", "submission", "evidence_item", "review", "support_report", "support_file"]
)
def test_every_table_of_facts_is_guarded(bureau: Bureau, table: str) -> None:
    with bureau.store.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).scalar_one()

    assert found == 2


def assert_same_schema(store: Store) -> None:
    migrate(store)
    with store.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": _same_type, "include_object": _ours},
        )
        assert compare_metadata(context, metadata) == []
        migrated = _details(connection)
    # What Alembic does not compare: conditions of indexes, tables without row numbers, names of constraints.
    downgrade(store, "base")
    with store.writing() as connection:
        metadata.create_all(connection)
        assert migrated == _details(connection)
        metadata.drop_all(connection)
    migrate(store)


def _details(connection) -> list[tuple[str, ...]]:
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes ORDER BY 1").all()
    else:
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND name != 'alembic_version' "
            "AND name NOT LIKE '%alembic_version%' AND sql IS NOT NULL ORDER BY 1"
        ).all()
    # The order of columns and constraints inside a table is nothing to hold on to: a column added later stands last.
    return [(name, *sorted(_parts_of(sql))) for name, sql in found]


def _parts_of(sql: str) -> list[str]:
    """What stands between the commas of the outermost brackets, each with single spaces."""
    whole = " ".join(sql.split())
    head, _, body = whole.partition("(")
    inside, _, tail = body.rpartition(")")
    parts, depth = [""], 0
    for sign in inside:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [head.strip(), tail.strip(), *(part.strip() for part in parts)]


def _same_type(_context, _inspected, _metadata, inspected_type, metadata_type):
    # Our own types are compared by what they are stored as; the default answers for all others.
    if isinstance(metadata_type, (Moment, Amount)):
        return inspected_type._type_affinity is not metadata_type.impl_instance._type_affinity
    return None


def _ours(_thing, name, kind, _reflected, _compared):
    return not (kind == "table" and name == "alembic_version")


def steps() -> list[tuple[str, str]]:
    """Every revision after the first, with the one before it."""
    names = sorted(path.name[:4] for path in (schema_migrate.FOLDER / "versions").glob("*.py"))
    return list(pairwise(names))


@pytest.mark.parametrize(("before", "after"), steps())
def test_every_step_keeps_what_was_there_and_can_be_taken_back_on_sqlite(
    store: Store, before: str, after: str
):
    assert_step(store, before, after)


@pytest.mark.postgres
@pytest.mark.parametrize(("before", "after"), steps())
def test_every_step_keeps_what_was_there_and_can_be_taken_back_on_postgresql(
    pg_store, before: str, after: str
):
    assert_step(pg_store, before, after)


KEEPS = """
def upgrade():
    op.add_column("unit", sa.Column("fax", sa.String(32), server_default="", nullable=False))
def downgrade():
    op.drop_column("unit", "fax")
"""
LOSES = """
def upgrade():
    op.execute("UPDATE unit SET name = 'nobody'")
def downgrade():
    pass
"""
STAYS = """
def upgrade():
    op.add_column("unit", sa.Column("fax", sa.String(32), server_default="", nullable=False))
def downgrade():
    pass
"""


@pytest.mark.parametrize(("step", "fault"), [(KEEPS, None), (LOSES, "nobody"), (STAYS, "fax")])
def test_a_step_that_loses_something_or_cannot_be_taken_back_is_noticed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: str | None
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    planted = f'import sqlalchemy as sa\nfrom alembic import op\nrevision = "9000"\ndown_revision = "{head_revision()}"\n'
    (folder / "versions" / "9000_planted.py").write_text(planted + step)
    monkeypatch.setattr(schema_migrate, "FOLDER", folder)

    if fault is None:
        assert_step(store, head_revision(), "9000")
    else:
        with pytest.raises(AssertionError, match=fault):
            assert_step(store, head_revision(), "9000")


def assert_step(store: Store, before: str, after: str) -> None:
    """Up from a ledger with a row in every table: each value that still has a column is there. Down: all is as before."""
    migrate(store, before)
    _fill(store)
    was, shape = _rows(store), _shape(store)

    migrate(store, after)

    now = _rows(store)
    for table in was.keys() & now.keys():
        for old, new in zip(was[table], now[table], strict=True):
            kept = old.keys() & new.keys()
            assert {name: new[name] for name in kept} == {name: old[name] for name in kept}, table
    downgrade(store, before)
    assert _shape(store) == shape
    assert _rows(store).keys() == was.keys()


def _tables(store: Store, connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: name != "alembic_version")
    return found.sorted_tables


def _fill(store: Store) -> None:
    samples = {
        str: "x",
        int: 1,
        bool: True,
        date: SET_UP_AT.date(),
        datetime: SET_UP_AT,
        Decimal: Decimal(1),
        dict: {},
    }
    with store.writing() as connection:
        for table in _tables(store, connection):
            values = {column.name: samples[column.type.python_type] for column in table.columns}
            connection.execute(sa.insert(table).values(values))


def _rows(store: Store) -> dict[str, list[dict[str, object]]]:
    with store.reading() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in _tables(store, connection)
        }


def _shape(store: Store) -> dict[str, list[str]]:
    with store.reading() as connection:
        inspected = sa.inspect(connection)
        return {
            name: sorted(
                f"{column['name']} {column['type']} {column['nullable']}"
                for column in inspected.get_columns(name)
            )
            for name in inspected.get_table_names()
        }


def assert_down_and_up(store: Store) -> None:
    migrate(store)
    downgrade(store, "base")
    with store.reading() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    assert migrate(store).from_revision is None
    assert_same_schema(store)


def assert_only_grows(store: Store) -> None:
    migrate(store)
    a_history_row(store)
    for statement in (sa.update(history).values(actor="赵某"), sa.delete(history)):
        with pytest.raises(sa.exc.DBAPIError, match="history only grows"), store.writing() as connection:
            connection.execute(statement)
    with store.reading() as connection:
        assert connection.execute(sa.select(history.c.actor)).all() == [("王科长",)]


def a_history_row(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(
            sa.insert(history).values(
                id=1,
                at=SET_UP_AT,
                actor="王科长",
                verb="publish",
                noun="edition",
                detail="{}",
                previous_hash="0" * 64,
                entry_hash="1" * 64,
            )
        )


@pytest.mark.parametrize("name", ["store", pytest.param("pg_store", marks=pytest.mark.postgres)])
def test_an_edition_in_force_gets_what_its_supporting_units_owe(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Of two points one still asks, the other was withdrawn; a draft asks nothing."""
    store = request.getfixturevalue(name)
    migrate(store, "0002")
    with store.writing() as connection:
        known = sa.MetaData()
        known.reflect(connection)
        rows = {
            "unit": [{"id": 1, "code": "a", "name": "市民政局", "kind": "bureau"}],
            "edition": [_edition(1, "published"), _edition(2, "draft")],
            "milestone": [_milestone(1, 1), _milestone(2, 2)],
            "point": [_point(1, 1, 1), _point(2, 1, 1, withdrawn=True), _point(3, 2, 2)],
            "milestone_support": [{"milestone_id": 1, "unit_id": 1}, {"milestone_id": 2, "unit_id": 1}],
            "obligation": [_obligation(1, 1), _obligation(2, 1)],
        }
        for table, some in rows.items():
            connection.execute(sa.insert(known.tables[table]), some)

    migrate(store)

    with store.reading() as connection:
        found = connection.execute(sa.select(support_duty.c.point_id, support_duty.c.opened_on)).all()
    assert [tuple(row) for row in found] == [(1, date(2026, 1, 5))]


def _edition(number: int, state: str) -> dict[str, object]:
    said = {"campaign": f"c{number}", "year": 2026, "name": "巡检", "kind": "filing", "ladder": "standard"}
    kept = {"coordinator_unit_id": 1, "content_hash": str(number), "body": {}, "updated_at": SET_UP_AT}
    return {"id": number, "state": state, **said, **kept}


def _milestone(number: int, edition_id: int) -> dict[str, object]:
    source = {"source_document": "要点", "source_item": "1", "due_phrase": "3月底前", "rule": "", "body": {}}
    return {
        "id": number,
        "edition_id": edition_id,
        "key": "m",
        "position": 0,
        "title": "报备案",
        **source,
    }


def _point(number: int, milestone_id: int, edition_id: int, *, withdrawn: bool = False) -> dict[str, object]:
    dates = {"due_on": date(2026, 3, 31), "last_workday": date(2026, 3, 31), "assumptions": []}
    label = str(number)
    return {
        "id": number,
        "milestone_id": milestone_id,
        "edition_id": edition_id,
        "label": label,
        "withdrawn": withdrawn,
        **dates,
    }


def _obligation(point_id: int, edition_id: int) -> dict[str, object]:
    dates = {"opened_on": date(2026, 1, 5), "due_on": date(2026, 3, 31)}
    own = {"unit_id": 1, "ladder": "standard", "state": "assigned"}
    return {"edition_id": edition_id, "milestone_id": edition_id, "point_id": point_id, **own, **dates}
