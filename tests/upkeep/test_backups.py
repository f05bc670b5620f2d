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

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.db import open_store
from duban.core.errors import Fault, Refused
from duban.core.settings import Settings, load
from duban.core.vault import Vault
from duban.evidence.tables import evidence_item, submission
from duban.history.queries import append_entry, chain_head
from duban.history.tables import history
from duban.obligations.tables import obligation
from duban.upkeep.service import MANIFEST, backup, latest, prune, restore, verify
from tests.builders import a_person, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 3, 24))


def with_evidence(bureau: Bureau, *contents: bytes) -> list[str]:
    """A submission holding files with these bytes; returns their SHA-256."""
    unit_id = a_unit(bureau)
    person = a_person(bureau, "王科长", unit_id)
    edition_id = an_edition(bureau, f"campaign_{unit_id}")
    obligation_id = an_obligation(bureau, unit_id=unit_id, edition_id=edition_id)
    hashes = [
        bureau.vault.put(io.BytesIO(content), name="材料.pdf", max_bytes=10_000).sha256
        for content in contents
    ]
    with bureau.store.writing() as connection:
        submission_id = connection.execute(
            submission.insert().values(
                obligation_id=obligation_id, nth=1, submitted_by=person.person_id, submitted_at=NOW
            )
        ).inserted_primary_key[0]
        for sha256 in hashes:
            connection.execute(
                evidence_item.insert().values(
                    submission_id=submission_id, key="plan", type="document", title="计划", sha256=sha256
                )
            )
        append_entry(connection, at=NOW, by=SYSTEM, verb="submit", noun="obligation", noun_id=obligation_id)
    return hashes


def kept_file(bureau: Bureau, sha256: str) -> Path:
    return Path(bureau.settings.evidence_root) / sha256[:2] / sha256[2:4] / sha256


def spoil(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return load(tmp_path / "other")


def test_what_was_backed_up_comes_back_and_verifies(bureau: Bureau, empty: Settings):
    (sha256,) = with_evidence(bureau, b"plan 2026")
    saved = backup(bureau, now=NOW)

    done = restore(empty, saved.folder)

    assert (done.entries, done.evidence) == (1, 1)
    with Vault(empty.evidence_root).open(sha256) as source:
        assert source.read() == b"plan 2026"
    store = open_store(empty.store_url)
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(obligation)) == 1
    store.close()


def test_a_backup_while_others_write_is_consistent(bureau: Bureau, empty: Settings):
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with bureau.store.writing() as connection:
                append_entry(connection, at=NOW, by=SYSTEM, verb="hold", noun="round")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        saved = backup(bureau, now=NOW)
    finally:
        stop.set()
        writer.join()

    with bureau.store.reading() as connection:
        written = chain_head(connection).entries
    assert restore(empty, saved.folder).entries <= written


def test_unchanged_evidence_is_linked_from_the_last_backup(bureau: Bureau):
    with_evidence(bureau, b"first")
    backup(bureau, now=NOW)
    with_evidence(bureau, b"second")

    again = backup(bureau, now=NOW + timedelta(days=1))

    assert again.reused == 1
    assert (
        sum("evidence" in one["path"] for one in json.loads((again.folder / MANIFEST).read_text())["files"])
        == 2
    )


def test_a_link_to_bytes_that_were_spoiled_in_the_last_backup_is_not_kept(bureau: Bureau):
    (sha256,) = with_evidence(bureau, b"first")
    first = backup(bureau, now=NOW)
    spoil(first.folder / "evidence" / sha256[:2] / sha256[2:4] / sha256, b"FIRST")

    again = backup(bureau, now=NOW + timedelta(days=1))

    assert again.reused == 0
    assert (again.folder / "evidence" / sha256[:2] / sha256[2:4] / sha256).read_bytes() == b"first"


def test_damaged_evidence_is_told_and_the_rest_is_saved(bureau: Bureau):
    good, bad = with_evidence(bureau, b"good", b"bad")
    spoil(kept_file(bureau, bad), b"worse")

    saved = backup(bureau, now=NOW)

    assert len(saved.damaged) == 1 and bad[:12] in saved.damaged[0]
    assert (saved.folder / "evidence" / good[:2] / good[2:4] / good).is_file()


def test_restore_refuses_a_folder_that_has_data(bureau: Bureau):
    saved = backup(bureau, now=NOW)

    with pytest.raises(Refused, match="不会覆盖"):
        restore(bureau.settings, saved.folder)


def test_restore_refuses_a_backup_that_was_changed_and_writes_nothing(bureau: Bureau, empty: Settings):
    (sha256,) = with_evidence(bureau, b"plan")
    saved = backup(bureau, now=NOW)
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


def test_a_full_disk_leaves_no_half_backup(bureau: Bureau, monkeypatch: pytest.MonkeyPatch):
    with_evidence(bureau, b"plan")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    # The disk is the one thing a test cannot fill.
    monkeypatch.setattr(shutil, "copyfileobj", full)

    with pytest.raises(Fault, match="磁盘"):
        backup(bureau, now=NOW)

    assert latest(bureau.settings.home / "backups") is None
    assert not list((bureau.settings.home / "backups").iterdir())


def test_only_the_newest_backups_are_kept(bureau: Bureau):
    for day in range(4):
        backup(bureau, now=NOW + timedelta(days=day))
    folder = bureau.settings.home / "backups"

    assert prune(folder, keep=2) == 2

    assert [path.name for path in sorted(folder.iterdir())] == ["2026-03-26T083000", "2026-03-27T083000"]


def test_verification_names_what_is_damaged_and_what_is_gone(bureau: Bureau):
    good, bad, gone = with_evidence(bureau, b"good", b"bad", b"gone")
    spoil(kept_file(bureau, bad), b"worse")
    kept_file(bureau, gone).unlink()

    report = verify(bureau)

    assert (report.entries, report.evidence_checked) == (1, 3)
    assert len(report.evidence_faults) == 2
    assert not any(good[:12] in fault for fault in report.evidence_faults)
    with pytest.raises(Fault, match=bad[:12]):
        report.require_sound()


def test_verification_finds_a_changed_history(bureau: Bureau):
    with_evidence(bureau, b"plan")
    with bureau.store.writing() as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).scalars()
        for name in list(triggers):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(history.update().values(verb="waive"))

    assert verify(bureau).history_fault


@pytest.mark.postgres
def test_postgresql_is_dumped_or_says_what_is_missing(pg_bureau: Bureau):
    with_evidence(pg_bureau, b"plan")

    if shutil.which("pg_dump") is None:
        with pytest.raises(Fault, match="pg_dump"):
            backup(pg_bureau, now=NOW)
    else:
        assert (backup(pg_bureau, now=NOW).folder / "duban.dump").stat().st_size > 0
