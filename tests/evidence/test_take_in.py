"""The drop folder: what is handed in, what is refused with its reason, and that nothing climbs out or is lost."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.evidence.intake import IntakeReport, collect_inbox, inbox
from duban.evidence.tables import evidence_item, submission
from duban.obligations.tables import obligation
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
def owed(bureau: Bureau) -> int:
    """An obligation that expects a plan and may bring a figure; 王科长 of its unit may hand in."""
    unit_id = a_unit(bureau)
    a_person(bureau, "王科长", unit_id, Role.HANDLER)
    edition_id = an_edition(bureau)
    point = a_point(bureau, edition_id, due_on=date(2026, 3, 31), evidence=(PLAN, COUNT))
    return an_obligation(bureau, unit_id=unit_id, edition_id=edition_id, point=point)


def drop(bureau: Bureau, name: str, *, age_seconds: int = 120, **files: bytes | str) -> Path:
    """A folder of the inbox with these files, last touched so long before NOW; `_` in names stands for a dot."""
    folder = inbox(bureau) / name
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


def state(bureau: Bureau, obligation_id: int) -> str:
    with bureau.store.reading() as connection:
        return str(connection.scalar(sa.select(obligation.c.state).where(obligation.c.id == obligation_id)))


def reasons(report: IntakeReport) -> str:
    return "；".join(reason for one in report.taken for reason in one.reasons)


def test_files_named_after_their_items_are_handed_in(bureau: Bureau, owed: int):
    drop(bureau, str(owed), plan_pdf=PDF, 报送_yaml="by: 王科长\nnote: 请审\n")

    report = collect_inbox(bureau, now=NOW)

    assert report.accepted == 1
    assert state(bureau, owed) == "submitted"
    assert [path.name for path in (inbox(bureau) / "done").iterdir()] == [f"{owed}-20260324T083000"]
    assert not (inbox(bureau) / str(owed)).exists()


def test_the_sheet_says_which_file_or_figure_answers_which_item(bureau: Bureau, owed: int):
    sheet = "by: 王科长\nitems:\n  plan: 巡检计划.pdf\n  count: 93块\n"
    drop(bureau, str(owed), 巡检计划_pdf=PDF, 报送_yaml=sheet)

    assert collect_inbox(bureau, now=NOW).accepted == 1

    with bureau.store.reading() as connection:
        kept = connection.execute(sa.select(evidence_item.c.key, evidence_item.c.value)).all()
    assert {(row.key, row.value) for row in kept} == {("plan", None), ("count", 93)}


def test_who_hands_in_must_be_known(bureau: Bureau, owed: int):
    drop(bureau, str(owed), plan_pdf=PDF)

    report = collect_inbox(bureau, now=NOW)

    assert "by: 姓名" in reasons(report)
    (folder,) = (inbox(bureau) / "refused").iterdir()
    assert "by: 姓名" in (folder / "原因.txt").read_text(encoding="utf-8")
    assert (folder / "plan.pdf").read_bytes() == PDF


def test_a_path_that_climbs_out_is_refused(bureau: Bureau, owed: int):
    (inbox(bureau)).mkdir(parents=True)
    secret = bureau.settings.home / "secret.pdf"
    secret.write_bytes(PDF)
    drop(bureau, str(owed), 报送_yaml="by: 王科长\nitems:\n  plan: ../../secret.pdf\n")

    report = collect_inbox(bureau, now=NOW)

    assert "不在允许的文件夹" in reasons(report)
    assert state(bureau, owed) == "assigned"
    assert secret.exists()


def test_a_link_is_not_followed(bureau: Bureau, owed: int, tmp_path: Path):
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(PDF)
    folder = drop(bureau, str(owed), 报送_yaml="by: 王科长\n")
    (folder / "plan.pdf").symlink_to(outside)
    age(folder)

    report = collect_inbox(bureau, now=NOW)

    assert report.accepted == 0 and "链接" in reasons(report)
    assert outside.read_bytes() == PDF


def test_a_linked_folder_is_refused_and_its_target_left_alone(bureau: Bureau, owed: int, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "plan.pdf").write_bytes(PDF)
    inbox(bureau).mkdir(parents=True)
    link = inbox(bureau) / str(owed)
    link.symlink_to(outside)
    os.utime(link, (NOW.timestamp() - 120,) * 2, follow_symlinks=False)

    report = collect_inbox(bureau, now=NOW)

    assert report.accepted == 0
    assert (outside / "plan.pdf").exists()
    assert not link.is_symlink()


def test_a_folder_that_is_still_being_written_waits(bureau: Bureau, owed: int):
    folder = drop(bureau, str(owed), age_seconds=5, plan_pdf=PDF, 报送_yaml="by: 王科长\n")

    report = collect_inbox(bureau, now=NOW)

    assert (report.waiting, report.taken) == (1, ())
    assert folder.is_dir()


def test_every_fault_of_a_folder_is_told_at_once_and_others_go_on(bureau: Bureau, owed: int):
    bad = {"报送_yaml": "by: 王科长\nitems:\n  plan: 没有.pdf\n  count: 93人\n"}
    drop(bureau, "999999", plan_pdf=PDF, 报送_yaml="by: 王科长\n")
    drop(bureau, "不是编号", plan_pdf=PDF)
    drop(bureau, str(owed), **bad)

    report = collect_inbox(bureau, now=NOW)

    said = {one.folder: one.reasons for one in report.taken}
    assert "找不到文件" in "".join(said[str(owed)]) and "以“块”计" in "".join(said[str(owed)])
    assert "没有编号为 999999" in said["999999"][0]
    assert "不是任务编号" in said["不是编号"][0]


def test_a_sheet_that_cannot_be_read_is_refused_in_one_sentence(bureau: Bureau, owed: int):
    drop(bureau, str(owed), plan_pdf=PDF, 报送_yaml="by: [王科长\n")

    assert "读不懂" in reasons(collect_inbox(bureau, now=NOW))


def test_the_same_folder_dropped_again_is_refused_and_changes_nothing(bureau: Bureau, owed: int):
    sheet = {"报送_yaml": "by: 王科长\n"}
    drop(bureau, str(owed), plan_pdf=PDF, **sheet)
    collect_inbox(bureau, now=NOW)
    drop(bureau, str(owed), plan_pdf=PDF, **sheet)

    report = collect_inbox(bureau, now=NOW + timedelta(hours=1))

    assert report.accepted == 0 and reasons(report)
    with bureau.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(submission)) == 1


def test_a_dry_run_moves_nothing(bureau: Bureau, owed: int):
    folder = drop(bureau, str(owed), plan_pdf=PDF, 报送_yaml="by: 王科长\n")

    assert collect_inbox(bureau, now=NOW, dry_run=True).accepted == 1

    assert folder.is_dir()
    assert state(bureau, owed) == "assigned"
