"""Handing in: every fault at once, nothing half-done, and what was handed in can never be changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.office import Office
from office.actions.pass_review import pass_review
from office.actions.send_back import send_back
from office.actions.show_obligation import show_obligation
from office.actions.submit import FigureItem, FileItem, LinkItem, submit
from office.errors import Refused
from office.store import tables
from rules.people import SYSTEM, Role
from tests.builders import a_person, a_unit, an_obligation

PLAN = {"key": "plan", "title": "巡检计划"}
COUNT = {"key": "count", "title": "参加人数", "type": "figure", "unit_of_measure": "人", "maximum": "5000"}
NOW = clock.at(date(2026, 3, 20))
PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40


def a_case(office: Office):
    """A unit's handler, a reviewer, and one obligation that expects a plan and a count."""
    unit, home = a_unit(office), a_unit(office, "市民政局", kind="bureau")
    wang = a_person(office, "王科长", unit, Role.HANDLER)
    chen = a_person(office, "陈审核", home, Role.REVIEWER)
    return wang, chen, an_obligation(office, unit_id=unit, evidence=(PLAN, COUNT))


def a_pdf(folder: Path, name: str = "计划.pdf", more: bytes = b"") -> FileItem:
    (folder / name).write_bytes(PDF + more)
    return FileItem(key="plan", path=folder / name)


def kept_files(office: Office) -> list[Path]:
    return [path for path in Path(office.settings.evidence_root).rglob("*") if path.is_file()]


def how_many(office: Office, table: sa.Table) -> int:
    with office.store.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_all_faults_are_told_at_once_and_nothing_is_kept(office: Office, tmp_path: Path) -> None:
    wang, _, one = a_case(office)
    (tmp_path / "程序.pdf").write_bytes(b"MZ" + b"\0" * 500)
    (tmp_path / "空.pdf").write_bytes(b"")
    items = [
        FileItem(key="plan", path=tmp_path / "程序.pdf"),
        FileItem(key="plan", path=tmp_path / "空.pdf"),
        FileItem(key="plan", path=tmp_path / "没有.pdf"),
        FigureItem(key="count", value=Decimal(6000), unit_of_measure="人"),
        LinkItem(key="page", link="https://mzj.example.cn/"),
    ]

    with pytest.raises(Refused) as refused:
        submit(office, one, items=items, by=wang, now=NOW)

    told = "\n".join(refused.value.reasons)
    for fault in (
        "“程序.pdf”的内容不是",
        "“空.pdf”是空文件",
        "找不到文件“没有.pdf”",
        "高于上限 5000",
        "“page”不在应报材料清单",
    ):
        assert fault in told
    assert "还缺必报材料" not in told
    assert kept_files(office) == []
    assert how_many(office, tables.submission) == how_many(office, tables.history) == 0


def test_evidence_is_kept_with_its_hash_and_the_history_binds_it(office: Office, tmp_path: Path) -> None:
    wang, _, one = a_case(office)

    submit(
        office,
        one,
        items=[a_pdf(tmp_path), FigureItem(key="count", value=Decimal("93"), unit_of_measure="人")],
        note="请审核",
        by=wang,
        now=NOW,
    )

    shown = show_obligation(office, one, by=SYSTEM, today=date(2026, 3, 20))
    item = shown.submissions[0].items[0]
    assert (item.filename, item.media_type, item.size_bytes) == ("计划.pdf", "application/pdf", len(PDF))
    assert item.sha256 is not None and item.sha256 in shown.history[0].detail
    with office.vault.open(item.sha256) as source:
        assert source.read() == PDF


def test_the_same_evidence_twice_is_refused_with_the_day_it_came(office: Office, tmp_path: Path) -> None:
    wang, chen, one = a_case(office)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")
    submit(office, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW)
    send_back(office, one, reason="缺附表", by=chen, now=NOW)

    with pytest.raises(Refused, match="2026年3月20日已报送的材料完全相同"):
        submit(office, one, items=[a_pdf(tmp_path, "改了名.pdf")], by=wang, now=NOW)
    with pytest.raises(Refused, match="要附上补正的材料"):
        submit(office, one, by=wang, now=NOW)
    again = submit(office, one, items=[a_pdf(tmp_path, more=b"table")], by=wang, now=NOW)

    assert again.state.value == "submitted"
    assert len(kept_files(office)) == 2


def test_a_dry_run_checks_everything_and_keeps_no_bytes(office: Office, tmp_path: Path) -> None:
    wang, _, one = a_case(office)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")

    done = submit(office, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW, dry_run=True)

    assert done.state.value == "submitted"
    assert kept_files(office) == [] and how_many(office, tables.submission) == 0


def test_handing_in_late_leaves_a_mark_that_stays(office: Office) -> None:
    unit = a_unit(office)
    wang = a_person(office, "王科长", unit, Role.HANDLER)
    one = an_obligation(office, unit_id=unit, due_on=date(2026, 3, 19))

    assert submit(office, one, by=wang, now=NOW).late


def test_nothing_is_handed_in_for_a_withdrawn_campaign(office: Office) -> None:
    unit = a_unit(office)
    wang = a_person(office, "王科长", unit, Role.HANDLER)
    one = an_obligation(office, unit_id=unit)
    with office.store.writing() as connection:
        connection.execute(tables.edition.update().values(state="withdrawn"))

    with pytest.raises(Refused, match="尚未发布或已撤回"):
        submit(office, one, by=wang, now=NOW)


def test_what_a_person_writes_carries_no_control_characters(office: Office) -> None:
    unit = a_unit(office)
    wang = a_person(office, "王科长", unit, Role.HANDLER)
    one = an_obligation(office, unit_id=unit)

    submit(office, one, note="第一行\n第二行\x00\u202e\udc80", by=wang, now=NOW)

    assert (
        show_obligation(office, one, by=SYSTEM, today=date(2026, 3, 20)).submissions[0].note
        == "第一行\n第二行"
    )


def test_evidence_and_reviews_cannot_be_rewritten_on_sqlite(office: Office, tmp_path: Path) -> None:
    assert_immutable(office, tmp_path)


@pytest.mark.postgres
def test_evidence_and_reviews_cannot_be_rewritten_on_postgresql(pg_office: Office, tmp_path: Path) -> None:
    assert_immutable(pg_office, tmp_path)


def assert_immutable(office: Office, tmp_path: Path) -> None:
    wang, chen, one = a_case(office)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")
    submit(office, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW)
    pass_review(office, one, by=chen, now=NOW)
    changes = {
        tables.history: {"actor": "赵某"},
        tables.submission: {"note": "改过"},
        tables.evidence_item: {"value": Decimal(94)},
        tables.review: {"verdict": "sent_back"},
    }

    for table, values in changes.items():
        before = how_many(office, table)
        for statement in (sa.update(table).values(**values), sa.delete(table)):
            with pytest.raises(sa.exc.DBAPIError, match="only grow"), office.store.writing() as connection:
                connection.execute(statement)
        assert how_many(office, table) == before > 0
