"""Evidence bytes: received whole or not at all, kept once under their hash, never changed, checked when read."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from duban.core.errors import Fault, NotFound, Refused
from duban.core.text import LONGEST_NAME, display_name
from duban.core.vault import Vault
from duban.evidence.files import open_regular_file
from duban.evidence.media import media_type
from tests.builders import SET_UP_AT

LIMIT = 3 * 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 40
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(str(tmp_path / "evidence"))


def put(vault: Vault, data: bytes, name: str = "计划.pdf"):
    return vault.put(io.BytesIO(data), name=name, max_bytes=LIMIT)


def kept(vault: Vault) -> list[Path]:
    return sorted(path for path in Path(vault.url).rglob("*") if path.is_file())


def a_container(**members: bytes) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    made.seek(0)
    return made


def test_bytes_lie_under_their_hash_and_are_kept_once(vault: Vault) -> None:
    first, second = put(vault, PDF), put(vault, PDF)

    sha256 = hashlib.sha256(PDF).hexdigest()
    assert (first.sha256, first.size_bytes) == (second.sha256, second.size_bytes) == (sha256, len(PDF))
    assert kept(vault) == [Path(vault.url) / sha256[:2] / sha256[2:4] / sha256]
    assert list(vault.hashes()) == [sha256]
    with vault.open(sha256) as source:
        assert source.read() == PDF


def test_kept_bytes_are_never_overwritten(vault: Vault) -> None:
    put(vault, PDF)
    (place,) = kept(vault)
    before = (place.stat().st_ino, place.stat().st_mtime_ns, place.stat().st_mode & 0o777)

    put(vault, PDF)

    assert (place.stat().st_ino, place.stat().st_mtime_ns, place.stat().st_mode & 0o777) == before
    assert before[2] == 0o444


def test_changed_bytes_are_noticed_before_the_first_is_handed_out(vault: Vault) -> None:
    sha256 = put(vault, PDF).sha256
    (place,) = kept(vault)
    place.chmod(0o644)
    place.write_bytes(PDF[:-1] + b"x")

    with pytest.raises(Fault, match="与登记的指纹不符"), vault.open(sha256):
        raise AssertionError("opened in spite of a wrong hash")
    with pytest.raises(NotFound, match="从备份恢复"):
        vault.verify("0" * 64)


@pytest.mark.parametrize(
    ("data", "fault"), [(b"", "是空文件"), (b"x" * (LIMIT + 1), "超过单个附件上限 3 MB")]
)
def test_empty_and_oversized_files_leave_nothing(vault: Vault, data: bytes, fault: str) -> None:
    with pytest.raises(Refused, match=fault):
        put(vault, data)

    assert kept(vault) == []


def test_an_endless_source_is_read_only_up_to_the_limit(vault: Vault) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()
    with pytest.raises(Refused, match="超过"):
        vault.stage(source, name="大.pdf", max_bytes=LIMIT)  # type: ignore[arg-type]

    assert source.given <= LIMIT + 2 * 1024 * 1024
    assert kept(vault) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_fault_with_a_sentence_and_leaves_nothing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The temporary name leads to the device that never has room.
    stage = Path(vault.url) / ".incoming"
    stage.mkdir(parents=True)
    monkeypatch.setattr("duban.core.vault.uuid.uuid4", lambda: uuid.UUID(int=0))
    (stage / uuid.UUID(int=0).hex).symlink_to("/dev/full")

    with pytest.raises(Fault, match="磁盘已满"):
        put(vault, PDF * 1000)

    assert list(stage.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else(vault: Vault) -> None:
    vault.stage(io.BytesIO(PDF), name="计划.pdf", max_bytes=LIMIT)
    put(vault, PNG)

    assert vault.sweep(before=SET_UP_AT) == 0
    assert vault.sweep(before=SET_UP_AT + timedelta(days=36_500)) == 1
    assert [path.name for path in kept(vault)] == [hashlib.sha256(PNG).hexdigest()]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_pieces_wait_in_the_stage_until_they_are_dropped(vault: Vault, elsewhere: bool) -> None:
    vault = Vault("memory://pieces-test") if elsewhere else vault
    one, other = "0" * 32, "f" * 32
    for offset, data in ((0, b"first "), (6, b"broken off"), (6, b"second"), (12, b"")):
        vault.add_piece(one, offset, data)
    vault.add_piece(other, 0, PDF)

    with vault.open_pieces(one, size_bytes=12) as source:
        assert source.read() == b"first second" and source.seek(0) == 0
    with pytest.raises(FileNotFoundError), vault.open_pieces(one, size_bytes=13):
        pass
    assert list(vault.hashes()) == []

    late = SET_UP_AT + timedelta(days=36_500)
    assert vault.sweep(before=late, known=frozenset({one, other})) == 0
    assert vault.sweep(before=late, known=frozenset({one})) == 1
    vault.drop_pieces(one)
    vault.drop_pieces(one)
    with pytest.raises(FileNotFoundError), vault.open_pieces(one, size_bytes=12):
        pass


def test_a_discarded_stage_leaves_kept_bytes_alone(vault: Vault) -> None:
    put(vault, PDF)
    vault.discard(vault.stage(io.BytesIO(PDF), name="计划.pdf", max_bytes=LIMIT))

    assert len(kept(vault)) == 1


def test_it_works_on_another_file_system_too() -> None:
    vault = Vault("memory://evidence-test")

    sha256 = put(vault, PDF).sha256

    assert vault.verify(sha256) == len(PDF)
    assert list(vault.hashes()) == [sha256]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 64, "image/jpeg"),
        ("街道,月份\n天宁,3\n".encode(), "text/csv"),
        ("街道,月份\n天宁,3\n".encode("gb18030"), "text/csv"),
        ("BM街道办,月份\n".encode(), "text/csv"),
        ("已完成巡检。".encode(), "text/plain"),
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b"#!/bin/sh\nrm -rf /\n", "application/octet-stream"),
        (b"\x00\x01\x02\x03" * 50, "application/octet-stream"),
        (b"MZ" + b"\0" * 200, "application/x-msdownload"),
        (OLE + "WordDocument".encode("utf-16-le") + b"\0\0", "application/msword"),
        (OLE + "Workbook".encode("utf-16-le") + b"\0\0", "application/vnd.ms-excel"),
        (OLE, "application/x-ole-storage"),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, kind: str) -> None:
    assert media_type(io.BytesIO(data), name="任意.pdf") == kind


def test_containers_are_told_apart_by_what_they_hold() -> None:
    types = b"<Types/>"
    word = a_container(**{"[Content_Types]_DOT_xml": types, "word__document_DOT_xml": b"x"})
    sheet = a_container(**{"[Content_Types]_DOT_xml": types, "xl__workbook_DOT_xml": b"x"})
    ofd = a_container(OFD_DOT_xml=b"x")
    open_text = a_container(mimetype=b"application/vnd.oasis.opendocument.text")
    plain = a_container(readme_DOT_txt=b"x")

    kinds = [media_type(one, name="a") for one in (word, sheet, ofd, open_text, plain)]

    assert [kind.rpartition(".")[2] for kind in kinds] == [
        "document",
        "sheet",
        "application/ofd",
        "text",
        "application/zip",
    ]


def test_what_a_reviewer_cannot_or_should_not_open_is_refused() -> None:
    macros = a_container(**{"[Content_Types]_DOT_xml": b"x", "xl__vbaProject_DOT_bin": b"x"})
    locked = io.BytesIO(OLE + "EncryptedPackage".encode("utf-16-le") + b"\0\0")
    torn = io.BytesIO(a_container(a=b"x" * 500).getvalue()[:200])

    for source, fault in ((macros, "带有宏"), (locked, "设了打开密码"), (torn, "已损坏")):
        with pytest.raises(Refused, match=fault):
            media_type(source, name="表.xlsx")


def test_only_regular_files_inside_the_folder_are_opened(tmp_path: Path) -> None:
    folder, outside = tmp_path / "收件", tmp_path / "secret.txt"
    folder.mkdir()
    outside.write_text("秘密", encoding="utf-8")
    (folder / "good.txt").write_text("好", encoding="utf-8")
    (folder / "link.txt").symlink_to(outside)
    (folder / "way").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")

    with open_regular_file(Path("good.txt"), folder=folder) as source:
        assert source.read().decode() == "好"
    for name, fault in (
        ("../secret.txt", "不在允许的文件夹"),
        ("way/secret.txt", "不在允许的文件夹"),
        (str(outside), "不在允许的文件夹"),
        ("..", "不在允许的文件夹"),
        ("link.txt", "是链接而不是文件"),
        ("pipe", "不是普通文件"),
        (".", "不是普通文件"),
        ("gone.txt", "找不到文件"),
    ):
        with pytest.raises(Refused, match=fault):
            open_regular_file(Path(name), folder=folder).close()
    with pytest.raises(Refused, match="不是普通文件"):
        open_regular_file(Path("/dev/zero")).close()


def test_a_relative_path_does_not_climb_out_of_where_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.txt").write_text("秘密", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "inner")

    with pytest.raises(Refused, match="不在允许的文件夹"):
        open_regular_file(Path("../secret.txt")).close()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("计划.pdf", "计划.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\文件\\计划.pdf", "计划.pdf"),
        ("计划\u202efdp.exe", "计划fdp.exe"),
        ("a\r\nSubject: x.pdf", "aSubject: x.pdf"),
        ("...", "未命名"),
        ("", "未命名"),
    ],
)
def test_a_name_is_cleaned_before_it_is_shown(given: str, shown: str) -> None:
    assert display_name(given) == shown


def test_a_long_name_keeps_its_ending() -> None:
    short = display_name("长" * 300 + ".pdf")

    assert len(short) == LONGEST_NAME and short.endswith(".pdf")
