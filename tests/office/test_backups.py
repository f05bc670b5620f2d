"""Backups come back whole, or say why not."""

from __future__ import annotations

import io
import json
import shutil
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.backup import MANIFEST, backup, latest, prune
from office.actions.office import Office
from office.actions.restore import restore
from office.actions.verify import verify
from office.errors import Fault, Refused
from office.settings import Settings, load
from office.store import history, tables
from office.store.engine import open_store
from office.store.vault import Vault
from rules.people import SYSTEM
from tests.builders import a_person, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 3, 24))


def with_evidence(office: Office, *contents: bytes) -> list[str]:
    """A submission holding files with these bytes; returns their SHA-256."""
    unit_id = a_unit(office)
    person = a_person(office, "王科长", unit_id)
    edition_id = an_edition(office, f"campaign_{unit_id}")
    obligation_id = an_obligation(office, unit_id=unit_id, edition_id=edition_id)
    hashes = [
        office.vault.put(io.BytesIO(content), name="材料.pdf", max_bytes=10_000).sha256
        for content in contents
    ]
    with office.store.writing() as connection:
        submission_id = connection.execute(
            tables.submission.insert().values(
                obligation_id=obligation_id, nth=1, submitted_by=person.person_id, submitted_at=NOW
            )
        ).inserted_primary_key[0]
        for sha256 in hashes:
            connection.execute(
                tables.evidence_item.insert().values(
                    submission_id=submission_id, key="plan", type="document", title="计划", sha256=sha256
                )
            )
        history.append(connection, at=NOW, by=SYSTEM, verb="submit", noun="obligation", noun_id=obligation_id)
    return hashes


def kept_file(office: Office, sha256: str) -> Path:
    return Path(office.settings.evidence_root) / sha256[:2] / sha256[2:4] / sha256


def spoil(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return load(tmp_path / "other")


def test_what_was_backed_up_comes_back_and_verifies(office: Office, empty: Settings):
    (sha256,) = with_evidence(office, b"plan 2026")
    saved = backup(office, now=NOW)

    done = restore(empty, saved.folder)

    assert (done.entries, done.evidence) == (1, 1)
    with Vault(empty.evidence_root).open(sha256) as source:
        assert source.read() == b"plan 2026"
    store = open_store(empty.store_url)
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.obligation)) == 1
    store.close()


def test_a_backup_while_others_write_is_consistent(office: Office, empty: Settings):
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with office.store.writing() as connection:
                history.append(connection, at=NOW, by=SYSTEM, verb="hold", noun="round")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        saved = backup(office, now=NOW)
    finally:
        stop.set()
        writer.join()

    with office.store.reading() as connection:
        written = history.head(connection).entries
    assert restore(empty, saved.folder).entries <= written


def test_unchanged_evidence_is_linked_from_the_last_backup(office: Office):
    with_evidence(office, b"first")
    backup(office, now=NOW)
    with_evidence(office, b"second")

    again = backup(office, now=NOW + timedelta(days=1))

    assert again.reused == 1
    assert (
        sum("evidence" in one["path"] for one in json.loads((again.folder / MANIFEST).read_text())["files"])
        == 2
    )


def test_a_link_to_bytes_that_were_spoiled_in_the_last_backup_is_not_kept(office: Office):
    (sha256,) = with_evidence(office, b"first")
    first = backup(office, now=NOW)
    spoil(first.folder / "evidence" / sha256[:2] / sha256[2:4] / sha256, b"FIRST")

    again = backup(office, now=NOW + timedelta(days=1))

    assert again.reused == 0
    assert (again.folder / "evidence" / sha256[:2] / sha256[2:4] / sha256).read_bytes() == b"first"


def test_damaged_evidence_is_told_and_the_rest_is_saved(office: Office):
    good, bad = with_evidence(office, b"good", b"bad")
    spoil(kept_file(office, bad), b"worse")

    saved = backup(office, now=NOW)

    assert len(saved.damaged) == 1 and bad[:12] in saved.damaged[0]
    assert (saved.folder / "evidence" / good[:2] / good[2:4] / good).is_file()


def test_restore_refuses_a_folder_that_has_data(office: Office):
    saved = backup(office, now=NOW)

    with pytest.raises(Refused, match="不会覆盖"):
        restore(office.settings, saved.folder)


def test_restore_refuses_a_backup_that_was_changed_and_writes_nothing(office: Office, empty: Settings):
    (sha256,) = with_evidence(office, b"plan")
    saved = backup(office, now=NOW)
    spoil(saved.folder / "evidence" / sha256[:2] / sha256[2:4] / sha256, b"other")

    with pytest.raises(Refused, match="被改动"):
        restore(empty, saved.folder)

    assert not list(Vault(empty.evidence_root).hashes())
    store = open_store(empty.store_url)
    assert not sa.inspect(store.engine).get_table_names()
    store.close()


def test_restore_refuses_a_folder_that_is_no_backup(empty: Settings, tmp_path: Path):
    with pytest.raises(Refused, match="不是完整的备份"):
        restore(empty, tmp_path)


def test_a_full_disk_leaves_no_half_backup(office: Office, monkeypatch: pytest.MonkeyPatch):
    with_evidence(office, b"plan")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    # The disk is the one thing a test cannot fill.
    monkeypatch.setattr(shutil, "copyfileobj", full)

    with pytest.raises(Fault, match="磁盘"):
        backup(office, now=NOW)

    assert latest(office.settings.home / "backups") is None
    assert not list((office.settings.home / "backups").iterdir())


def test_only_the_newest_backups_are_kept(office: Office):
    for day in range(4):
        backup(office, now=NOW + timedelta(days=day))
    folder = office.settings.home / "backups"

    assert prune(folder, keep=2) == 2

    assert [path.name for path in sorted(folder.iterdir())] == ["2026-03-26T083000", "2026-03-27T083000"]


def test_verification_names_what_is_damaged_and_what_is_gone(office: Office):
    good, bad, gone = with_evidence(office, b"good", b"bad", b"gone")
    spoil(kept_file(office, bad), b"worse")
    kept_file(office, gone).unlink()

    report = verify(office)

    assert (report.entries, report.evidence_checked) == (1, 3)
    assert len(report.evidence_faults) == 2
    assert not any(good[:12] in fault for fault in report.evidence_faults)
    with pytest.raises(Fault, match=bad[:12]):
        report.require_sound()


def test_verification_finds_a_changed_history(office: Office):
    with_evidence(office, b"plan")
    with office.store.writing() as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).scalars()
        for name in list(triggers):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(tables.history.update().values(verb="waive"))

    assert verify(office).history_fault


@pytest.mark.postgres
def test_postgresql_is_dumped_or_says_what_is_missing(pg_office: Office):
    with_evidence(pg_office, b"plan")

    if shutil.which("pg_dump") is None:
        with pytest.raises(Fault, match="pg_dump"):
            backup(pg_office, now=NOW)
    else:
        assert (backup(pg_office, now=NOW).folder / "duban.dump").stat().st_size > 0
