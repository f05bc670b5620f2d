"""The drop folder: what is handed in, what is refused with its reason, and that nothing climbs out or is lost."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.office import Office
from office.actions.take_in import IntakeReport, inbox, take_in
from office.store import tables
from rules.people import Role
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 3, 24))
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PLAN = {"key": "plan", "title": "巡检计划", "type": "document", "required": True}
COUNT = {
    "key": "count",
    "title": "巡检数",
    "type": "figure",
    "required": False,
    "unit_of_measure": "块",
    "minimum": "0",
}


@pytest.fixture
def owed(office: Office) -> int:
    """An obligation that expects a plan and may bring a figure; 王科长 of its unit may hand in."""
    unit_id = a_unit(office)
    a_person(office, "王科长", unit_id, Role.HANDLER)
    edition_id = an_edition(office)
    point = a_point(office, edition_id, due_on=date(2026, 3, 31), evidence=(PLAN, COUNT))
    return an_obligation(office, unit_id=unit_id, edition_id=edition_id, point=point)


def drop(office: Office, name: str, *, age_seconds: int = 120, **files: bytes | str) -> Path:
    """A folder of the inbox with these files, last touched so long before NOW; `_` in names stands for a dot."""
    folder = inbox(office) / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / file.replace("_", ".")).write_bytes(data)
    age(folder, age_seconds)
    return folder


def age(folder: Path, seconds: int = 120) -> None:
    moment = NOW.timestamp() - seconds
    for path in (folder, *folder.iterdir()):
        os.utime(path, (moment, moment), follow_symlinks=False)


def state(office: Office, obligation_id: int) -> str:
    with office.store.reading() as connection:
        return str(
            connection.scalar(
                sa.select(tables.obligation.c.state).where(tables.obligation.c.id == obligation_id)
            )
        )


def reasons(report: IntakeReport) -> str:
    return "；".join(reason for one in report.taken for reason in one.reasons)


def test_files_named_after_their_items_are_handed_in(office: Office, owed: int):
    drop(office, str(owed), plan_pdf=PDF, 报送_yaml="by: 王科长\nnote: 请审\n")

    report = take_in(office, now=NOW)

    assert report.accepted == 1
    assert state(office, owed) == "submitted"
    assert [path.name for path in (inbox(office) / "done").iterdir()] == [f"{owed}-20260324T083000"]
    assert not (inbox(office) / str(owed)).exists()


def test_the_sheet_says_which_file_or_figure_answers_which_item(office: Office, owed: int):
    sheet = "by: 王科长\nitems:\n  plan: 巡检计划.pdf\n  count: 93块\n"
    drop(office, str(owed), 巡检计划_pdf=PDF, 报送_yaml=sheet)

    assert take_in(office, now=NOW).accepted == 1

    with office.store.reading() as connection:
        kept = connection.execute(sa.select(tables.evidence_item.c.key, tables.evidence_item.c.value)).all()
    assert {(row.key, row.value) for row in kept} == {("plan", None), ("count", 93)}


def test_who_hands_in_must_be_known(office: Office, owed: int):
    drop(office, str(owed), plan_pdf=PDF)

    report = take_in(office, now=NOW)

    assert "by: 姓名" in reasons(report)
    (folder,) = (inbox(office) / "refused").iterdir()
    assert "by: 姓名" in (folder / "原因.txt").read_text(encoding="utf-8")
    assert (folder / "plan.pdf").read_bytes() == PDF


def test_a_path_that_climbs_out_is_refused(office: Office, owed: int):
    (inbox(office)).mkdir(parents=True)
    secret = office.settings.home / "secret.pdf"
    secret.write_bytes(PDF)
    drop(office, str(owed), 报送_yaml="by: 王科长\nitems:\n  plan: ../../secret.pdf\n")

    report = take_in(office, now=NOW)

    assert "不在允许的文件夹" in reasons(report)
    assert state(office, owed) == "assigned"
    assert secret.exists()


def test_a_link_is_not_followed(office: Office, owed: int, tmp_path: Path):
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(PDF)
    folder = drop(office, str(owed), 报送_yaml="by: 王科长\n")
    (folder / "plan.pdf").symlink_to(outside)
    age(folder)

    report = take_in(office, now=NOW)

    assert report.accepted == 0 and "链接" in reasons(report)
    assert outside.read_bytes() == PDF


def test_a_linked_folder_is_refused_and_its_target_left_alone(office: Office, owed: int, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "plan.pdf").write_bytes(PDF)
    inbox(office).mkdir(parents=True)
    link = inbox(office) / str(owed)
    link.symlink_to(outside)
    os.utime(link, (NOW.timestamp() - 120,) * 2, follow_symlinks=False)

    report = take_in(office, now=NOW)

    assert report.accepted == 0
    assert (outside / "plan.pdf").exists()
    assert not link.is_symlink()


def test_a_folder_that_is_still_being_written_waits(office: Office, owed: int):
    folder = drop(office, str(owed), age_seconds=5, plan_pdf=PDF, 报送_yaml="by: 王科长\n")

    report = take_in(office, now=NOW)

    assert (report.waiting, report.taken) == (1, ())
    assert folder.is_dir()


def test_every_fault_of_a_folder_is_told_at_once_and_others_go_on(office: Office, owed: int):
    bad = {"报送_yaml": "by: 王科长\nitems:\n  plan: 没有.pdf\n  count: 93人\n"}
    drop(office, "999999", plan_pdf=PDF, 报送_yaml="by: 王科长\n")
    drop(office, "不是编号", plan_pdf=PDF)
    drop(office, str(owed), **bad)

    report = take_in(office, now=NOW)

    said = {one.folder: one.reasons for one in report.taken}
    assert "找不到文件" in "".join(said[str(owed)]) and "以“块”计" in "".join(said[str(owed)])
    assert "没有编号为 999999" in said["999999"][0]
    assert "不是任务编号" in said["不是编号"][0]


def test_a_sheet_that_cannot_be_read_is_refused_in_one_sentence(office: Office, owed: int):
    drop(office, str(owed), plan_pdf=PDF, 报送_yaml="by: [王科长\n")

    assert "读不懂" in reasons(take_in(office, now=NOW))


def test_the_same_folder_dropped_again_is_refused_and_changes_nothing(office: Office, owed: int):
    sheet = {"报送_yaml": "by: 王科长\n"}
    drop(office, str(owed), plan_pdf=PDF, **sheet)
    take_in(office, now=NOW)
    drop(office, str(owed), plan_pdf=PDF, **sheet)

    report = take_in(office, now=NOW + timedelta(hours=1))

    assert report.accepted == 0 and reasons(report)
    with office.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.submission)) == 1


def test_a_dry_run_moves_nothing(office: Office, owed: int):
    folder = drop(office, str(owed), plan_pdf=PDF, 报送_yaml="by: 王科长\n")

    assert take_in(office, now=NOW, dry_run=True).accepted == 1

    assert folder.is_dir()
    assert state(office, owed) == "assigned"
