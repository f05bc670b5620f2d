"""Handing in: every fault at once, nothing half-done, and what was handed in can never be changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Role
from duban.core.errors import Refused
from duban.editions.tables import edition
from duban.evidence.service import FigureItem, FileItem, LinkItem, submit
from duban.evidence.tables import evidence_item, review, submission
from duban.history.tables import history
from duban.obligations.file import show_obligation
from duban.obligations.states import Transition
from duban.obligations.transitions import SendBack, transition
from tests.builders import a_person, a_unit, an_obligation

PLAN = {"key": "plan", "title": "巡检计划"}
COUNT = {"key": "count", "title": "参加人数", "type": "figure", "unit_of_measure": "人", "maximum": "5000"}
NOW = clock.at(date(2026, 3, 20))
PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40


def a_case(bureau: Bureau):
    """A unit's handler, a reviewer, and one obligation that expects a plan and a count."""
    unit, home = a_unit(bureau), a_unit(bureau, "市民政局", kind="bureau")
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    chen = a_person(bureau, "陈审核", home, Role.REVIEWER)
    return wang, chen, an_obligation(bureau, unit_id=unit, evidence=(PLAN, COUNT))


def a_pdf(folder: Path, name: str = "计划.pdf", more: bytes = b"") -> FileItem:
    (folder / name).write_bytes(PDF + more)
    return FileItem(key="plan", path=folder / name)


def kept_files(bureau: Bureau) -> list[Path]:
    return [path for path in Path(bureau.settings.evidence_root).rglob("*") if path.is_file()]


def how_many(bureau: Bureau, table: sa.Table) -> int:
    with bureau.store.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_all_faults_are_told_at_once_and_nothing_is_kept(bureau: Bureau, tmp_path: Path) -> None:
    wang, _, one = a_case(bureau)
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
        submit(bureau, one, items=items, by=wang, now=NOW)

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
    assert kept_files(bureau) == []
    assert how_many(bureau, submission) == how_many(bureau, history) == 0


def test_evidence_is_kept_with_its_hash_and_the_history_binds_it(bureau: Bureau, tmp_path: Path) -> None:
    wang, _, one = a_case(bureau)

    submit(
        bureau,
        one,
        items=[a_pdf(tmp_path), FigureItem(key="count", value=Decimal("93"), unit_of_measure="人")],
        note="请审核",
        by=wang,
        now=NOW,
    )

    shown = show_obligation(bureau, one, by=SYSTEM, today=date(2026, 3, 20))
    item = shown.submissions[0].items[0]
    assert (item.filename, item.media_type, item.size_bytes) == ("计划.pdf", "application/pdf", len(PDF))
    assert item.sha256 is not None and item.sha256 in shown.history[0].detail
    with bureau.vault.open(item.sha256) as source:
        assert source.read() == PDF


def test_the_same_evidence_twice_is_refused_with_the_day_it_came(bureau: Bureau, tmp_path: Path) -> None:
    wang, chen, one = a_case(bureau)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")
    submit(bureau, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW)
    transition(bureau, one, Transition.SEND_BACK, SendBack(reason="缺附表"), by=chen, now=NOW)

    with pytest.raises(Refused, match="2026年3月20日已报送的材料完全相同"):
        submit(bureau, one, items=[a_pdf(tmp_path, "改了名.pdf")], by=wang, now=NOW)
    with pytest.raises(Refused, match="要附上补正的材料"):
        submit(bureau, one, by=wang, now=NOW)
    again = submit(bureau, one, items=[a_pdf(tmp_path, more=b"table")], by=wang, now=NOW)

    assert again.state.value == "submitted"
    assert len(kept_files(bureau)) == 2


def test_a_dry_run_checks_everything_and_keeps_no_bytes(bureau: Bureau, tmp_path: Path) -> None:
    wang, _, one = a_case(bureau)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")

    done = submit(bureau, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW, dry_run=True)

    assert done.state.value == "submitted"
    assert kept_files(bureau) == [] and how_many(bureau, submission) == 0


def test_handing_in_late_leaves_a_mark_that_stays(bureau: Bureau) -> None:
    unit = a_unit(bureau)
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    one = an_obligation(bureau, unit_id=unit, due_on=date(2026, 3, 19))

    assert submit(bureau, one, by=wang, now=NOW).late


def test_nothing_is_handed_in_for_a_withdrawn_campaign(bureau: Bureau) -> None:
    unit = a_unit(bureau)
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    one = an_obligation(bureau, unit_id=unit)
    with bureau.store.writing() as connection:
        connection.execute(edition.update().values(state="withdrawn"))

    with pytest.raises(Refused, match="尚未发布或已撤回"):
        submit(bureau, one, by=wang, now=NOW)


def test_what_a_person_writes_carries_no_control_characters(bureau: Bureau) -> None:
    unit = a_unit(bureau)
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    one = an_obligation(bureau, unit_id=unit)

    submit(bureau, one, note="第一行\n第二行\x00\u202e\udc80", by=wang, now=NOW)

    assert (
        show_obligation(bureau, one, by=SYSTEM, today=date(2026, 3, 20)).submissions[0].note
        == "第一行\n第二行"
    )


def test_evidence_and_reviews_cannot_be_rewritten_on_sqlite(bureau: Bureau, tmp_path: Path) -> None:
    assert_immutable(bureau, tmp_path)


@pytest.mark.postgres
def test_evidence_and_reviews_cannot_be_rewritten_on_postgresql(pg_bureau: Bureau, tmp_path: Path) -> None:
    assert_immutable(pg_bureau, tmp_path)


def assert_immutable(bureau: Bureau, tmp_path: Path) -> None:
    wang, chen, one = a_case(bureau)
    count = FigureItem(key="count", value=Decimal(93), unit_of_measure="人")
    submit(bureau, one, items=[a_pdf(tmp_path), count], by=wang, now=NOW)
    transition(bureau, one, Transition.PASS, by=chen, now=NOW)
    changes = {
        history: {"actor": "赵某"},
        submission: {"note": "改过"},
        evidence_item: {"value": Decimal(94)},
        review: {"verdict": "sent_back"},
    }

    for table, values in changes.items():
        before = how_many(bureau, table)
        for statement in (sa.update(table).values(**values), sa.delete(table)):
            with pytest.raises(sa.exc.DBAPIError, match="only grow"), bureau.store.writing() as connection:
                connection.execute(statement)
        assert how_many(bureau, table) == before > 0
