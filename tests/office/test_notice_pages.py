"""Reading a notice by the ending of its file, and the preview as people and scripts see it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from calendars.notices import preview
from calendars.workdays import load_workdays
from office.cli.notice_pages import preview_answer, read_notice, show_preview
from office.cli.output import plain
from office.errors import Refused

TEXT = "关于调整2026年端午节假期的通知\n端午节：6月19日至22日放假，共4天。\n各单位做好值班。\n某办公室\n2026年3月2日"


def a_file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_a_notice_is_read_from_text_json_sheet_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"name": "端午节", "date": "2026-06-19", "isOffDay": True}
    files = [
        a_file(tmp_path, "notice.txt", TEXT),
        a_file(tmp_path, "gb.txt", TEXT.encode("gb18030")),
        a_file(tmp_path, "notice.json", json.dumps({"year": 2026, "papers": [], "days": [record]})),
        a_file(tmp_path, "notice.csv", "2026-06-19,休,端午节"),
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXT))

    drafts = [read_notice(source) for source in [*files, "-"]]

    assert all(draft.off[0].names == ("端午",) and draft.year == 2026 for draft in drafts)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", b""), ("a.txt", b"\xff\xff\x00"), ("a.json", b"{"), ("a.csv", b""), ("a.xlsx", b"x")],
)
def test_a_file_that_is_no_notice_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(Refused, match="请"):
        read_notice(a_file(tmp_path, name, content))


def test_a_missing_file_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match=r"nowhere\.txt"):
        read_notice("nowhere.txt")


def test_the_preview_shows_the_changed_day_the_unread_line_and_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_preview(preview(read_notice(a_file(tmp_path, "notice.txt", TEXT)), load_workdays()))

    shown = capsys.readouterr().out
    assert "2026年6月22日（周一）" in shown
    assert "没有读懂：各单位做好值班" in shown
    assert "法定应为13天" in shown
    assert "不能导入" not in shown


def test_the_preview_for_scripts_is_plain_json(tmp_path: Path) -> None:
    source = a_file(tmp_path, "notice.txt", TEXT.replace("共4天", "共5天"))

    answer = plain(preview_answer(preview(read_notice(source), load_workdays())))

    assert json.loads(json.dumps(answer)) == answer
    assert answer["acceptable"] is False
    assert any("共5天" in problem for problem in answer["problems"])
