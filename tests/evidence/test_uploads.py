"""Files come piece by piece, go on where they stopped, belong to whoever sent them, and count once or not at all."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Changed, NotFound, Refused
from duban.evidence.service import FigureItem, UploadedItem, submit
from duban.evidence.tables import upload
from duban.evidence.uploads import (
    PIECE_BYTES,
    UploadStatus,
    begin_upload,
    drop_upload,
    list_uploads,
    receive_piece,
    receive_whole,
    show_upload,
    sweep_uploads,
)
from duban.obligations.file import show_obligation
from tests.builders import a_person, a_unit, an_edition, an_obligation

PLAN = {"key": "plan", "title": "巡检计划"}
COUNT = {"key": "count", "title": "参加人数", "type": "figure", "unit_of_measure": "人", "required": False}
NOW = clock.at(date(2026, 3, 20))
PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40


def a_case(bureau: Bureau) -> tuple[Actor, Actor, int]:
    unit = a_unit(bureau)
    wang = a_person(bureau, "王科长", unit, Role.HANDLER)
    zhao = a_person(bureau, "赵某", a_unit(bureau, "钟楼区民政局"), Role.HANDLER)
    return wang, zhao, an_obligation(bureau, unit_id=unit, evidence=(PLAN, COUNT))


def begin(bureau: Bureau, one: int, by: Actor, data: bytes = PDF, name: str = "计划.pdf") -> UploadStatus:
    return begin_upload(bureau, one, key="plan", filename=name, size_bytes=len(data), by=by, now=NOW)


def send(bureau: Bureau, one: int, by: Actor, data: bytes = PDF, name: str = "计划.pdf") -> UploadStatus:
    begun = begin(bureau, one, by, data, name)
    for offset in range(0, len(data), PIECE_BYTES):
        piece = data[offset : offset + PIECE_BYTES]
        begun = receive_piece(bureau, begun.id, offset=offset, data=piece, by=by, now=NOW)
    return begun


def whole(bureau: Bureau, one: int, by: Actor, data: bytes, name: str = "计划.pdf") -> UploadStatus:
    source = io.BytesIO(data)
    return receive_whole(
        bureau, one, key="plan", filename=name, size_bytes=len(data), source=source, by=by, now=NOW
    )


def waiting(bureau: Bureau) -> list[Path]:
    folder = Path(bureau.settings.evidence_root) / ".incoming"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def kept(bureau: Bureau) -> list[Path]:
    found = Path(bureau.settings.evidence_root).rglob("*")
    return [path for path in found if path.is_file() and ".incoming" not in path.parts]


def a_zip(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return made.getvalue()


def test_a_broken_connection_goes_on_where_it_stopped(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    data = PDF + b"x" * (2 * PIECE_BYTES)
    begun = begin(bureau, one, wang, data)
    receive_piece(bureau, begun.id, offset=0, data=data[:PIECE_BYTES], by=wang, now=NOW)

    again = receive_piece(bureau, begun.id, offset=0, data=data[:PIECE_BYTES], by=wang, now=NOW)
    beyond = receive_piece(bureau, begun.id, offset=2 * PIECE_BYTES, data=b"y", by=wang, now=NOW)
    huge = receive_piece(
        bureau, begun.id, offset=PIECE_BYTES, data=b"y" * (PIECE_BYTES + 1), by=wang, now=NOW
    )
    at = show_upload(bureau, begun.id, by=wang).received_bytes
    for offset in (at, at + PIECE_BYTES):
        piece = data[offset : offset + PIECE_BYTES]
        last = receive_piece(bureau, begun.id, offset=offset, data=piece, by=wang, now=NOW)

    assert (again.accepted, beyond.accepted, huge.accepted) == (False, False, False)
    assert again.received_bytes == at == PIECE_BYTES
    assert last.accepted and last.complete
    submit(bureau, one, items=[UploadedItem(upload_id=begun.id)], by=wang, now=NOW)
    item = show_obligation(bureau, one, by=SYSTEM, today=date(2026, 3, 20)).submissions[0].items[0]
    assert item.sha256 is not None and item.filename == "计划.pdf"
    with bureau.vault.open(item.sha256) as source:
        assert source.read() == data
    assert waiting(bureau) == []


def test_an_upload_belongs_to_whoever_sent_it_and_to_its_obligation(bureau: Bureau) -> None:
    wang, zhao, one = a_case(bureau)
    edition = an_edition(bureau, "qingming")
    other = an_obligation(bureau, unit_id=wang.unit_id, edition_id=edition, evidence=(PLAN,))
    sent = send(bureau, one, wang)

    with pytest.raises(NotFound, match="没有编号为"):
        begin(bureau, one, zhao)
    for act in (
        lambda: show_upload(bureau, sent.id, by=zhao),
        lambda: drop_upload(bureau, sent.id, by=zhao),
        lambda: receive_piece(bureau, sent.id, offset=0, data=b"x", by=zhao, now=NOW),
        lambda: show_upload(bureau, "../etc/passwd", by=wang),
        lambda: show_upload(bureau, "0" * 32, by=wang),
    ):
        with pytest.raises(NotFound, match="请重新选择文件"):
            act()
    with pytest.raises(Refused, match="另一项任务"):
        submit(bureau, other, items=[UploadedItem(upload_id=sent.id)], by=wang, now=NOW)
    assert list_uploads(bureau, one, by=zhao) == ()
    assert [stands.id for stands in list_uploads(bureau, one, by=wang)] == [sent.id]


def test_a_half_file_is_not_handed_in_and_what_was_uploaded_survives_a_refusal(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    data = PDF + b"x" * PIECE_BYTES
    half = begin(bureau, one, wang, data)
    receive_piece(bureau, half.id, offset=0, data=data[:PIECE_BYTES], by=wang, now=NOW)
    ready = send(bureau, one, wang)

    items = [UploadedItem(upload_id=half.id), UploadedItem(upload_id=ready.id)]
    with pytest.raises(Refused, match="还没有传完（99%）"):
        submit(bureau, one, items=items, by=wang, now=NOW)

    assert kept(bureau) == [] and len(waiting(bureau)) == 2
    drop_upload(bureau, half.id, by=wang)
    assert submit(bureau, one, items=items[1:], by=wang, now=NOW).state.value == "submitted"
    assert len(kept(bureau)) == 1 and waiting(bureau) == []


def test_a_double_click_hands_in_once(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    sent = send(bureau, one, wang)
    start, outcomes = Barrier(2), []

    def click() -> None:
        start.wait()
        try:
            submit(bureau, one, items=[UploadedItem(upload_id=sent.id)], by=wang, now=NOW, version=1)
            outcomes.append("done")
        except (Changed, Refused) as refused:
            outcomes.append(type(refused).__name__)

    clicks = [Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert sorted(outcomes)[-1] == "done" and len(outcomes) == 2 and outcomes.count("done") == 1
    shown = show_obligation(bureau, one, by=SYSTEM, today=date(2026, 3, 20))
    assert len(shown.submissions) == 1 and len(shown.submissions[0].items) == 1


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"<html><script>alert(1)</script></html>", "计划.pdf", "内容不是"),
        (b"\n<!-- x --> text <ScRipt src=x>", "计划.txt", "内容不是"),
        (b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg'/>", "图.png", "内容不是"),
        (b"#!/bin/sh\nrm -rf /\n", "说明.txt", "内容不是"),
        (b"MZ" + b"\0" * 500, "计划.pdf", "内容不是"),
        (b"\x7fELF" + b"\0" * 500, "计划.docx", "内容不是"),
        (a_zip(a_DOT_txt=b"x"), "材料.pdf", "内容不是"),
        (a_zip(word__document_DOT_xml=b"\0" * 100_000_000), "计划.docx", "压缩炸弹"),
        (
            a_zip(word__a_DOT_docx=a_zip(b_DOT_docx=a_zip(c_DOT_zip=a_zip(d_DOT_zip=b"PKx")))),
            "a.docx",
            "压缩炸弹",
        ),
        (a_zip(word__document_DOT_xml=b"x")[:-30], "计划.docx", "已损坏"),
    ],
)
def test_what_is_no_evidence_is_refused_when_its_last_byte_has_come(
    bureau: Bureau, data: bytes, name: str, said: str
) -> None:
    wang, _, one = a_case(bureau)

    for way in (send, whole):
        with pytest.raises(Refused, match=said) as refused:
            way(bureau, one, wang, data, name)
        assert all("请" in reason for reason in refused.value.reasons)

    assert waiting(bureau) == [] and list_uploads(bureau, one, by=wang) == ()


def test_honest_office_files_come_through(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    inner = a_zip(_Content_Types_=b"x", xl__workbook_DOT_xml=b"y" * 10_000)
    parts = {
        "word/document.xml": b"<w>" * 50_000,
        "word/embeddings/sheet.xlsx": inner,
        "[Content_Types].xml": b"x",
    }

    assert whole(bureau, one, wang, a_zip(**parts), "计划.docx").complete


def test_more_than_announced_and_more_than_allowed_are_refused(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    begun = begin(bureau, one, wang)

    with pytest.raises(Refused, match="比开始时说的大"):
        receive_piece(bureau, begun.id, offset=0, data=PDF + b"x", by=wang, now=NOW)
    with pytest.raises(Refused, match="超过单个附件上限 50 MB"):
        begin_upload(bureau, one, key="plan", filename="大.pdf", size_bytes=2 * 1024**3, by=wang, now=NOW)

    assert show_upload(bureau, begun.id, by=wang).received_bytes == 0


def test_what_lies_for_a_day_is_swept_and_the_rest_stays(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    old, used = begin(bureau, one, wang), send(bureau, one, wang)
    receive_piece(bureau, old.id, offset=0, data=PDF[:9], by=wang, now=NOW)
    submit(bureau, one, items=[UploadedItem(upload_id=used.id)], by=wang, now=NOW)
    assert sweep_uploads(bureau, now=NOW + timedelta(hours=23)).uploads == 0

    swept = sweep_uploads(bureau, now=NOW + timedelta(hours=25))

    assert swept.uploads == 2 and waiting(bureau) == [] and len(kept(bureau)) == 1
    with bureau.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(upload)) == 0


def test_nothing_is_uploaded_for_what_is_already_with_the_reviewer(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    sent = send(bureau, one, wang)
    submit(bureau, one, items=[UploadedItem(upload_id=sent.id)], by=wang, now=NOW)

    with pytest.raises(Refused, match="现为“待审核”"):
        begin(bureau, one, wang)


def test_a_figure_and_an_upload_go_in_one_submission(bureau: Bureau) -> None:
    wang, _, one = a_case(bureau)
    sent = send(bureau, one, wang)

    wrong = FigureItem(key="count", value=Decimal(-1), unit_of_measure="户")
    with pytest.raises(Refused, match="应以“人”计"):
        submit(bureau, one, items=[UploadedItem(upload_id=sent.id), wrong], by=wang, now=NOW)

    assert show_upload(bureau, sent.id, by=wang).complete and kept(bureau) == []
