"""What is announced of a file is judged before its first byte: name, size and place, every fault at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.model import EvidenceType, ExpectedEvidence
from duban.evidence.rules import MOST_OPEN, OTHER_KEY, Announced, announcing_refusals, name_refusals

PLAN = ExpectedEvidence(key="plan", title="巡检计划")
COUNT = ExpectedEvidence(key="count", title="参加人数", type=EvidenceType.FIGURE)
LIMIT = 50 * 1024 * 1024


def faults(
    filename: str = "计划.pdf", *, key: str = "plan", size: int = 100, open_: int = 0, expected=(PLAN, COUNT)
):
    announced = Announced(key=key, filename=filename, size_bytes=size)
    return announcing_refusals(announced, expected, max_bytes=LIMIT, still_open=open_)


def test_a_plain_file_for_an_expected_item_may_come() -> None:
    assert faults() == ()
    assert faults("现场照片 2026.03.20 上午.JPG") == ()
    assert faults(key=OTHER_KEY, expected=()) == ()


@pytest.mark.parametrize(
    ("filename", "said"),
    [
        ("../../计划.pdf", "文件名里有斜杠"),
        ("C:\\材料\\计划.pdf", "文件名里有斜杠"),
        ("计划\u202efdp.exe", "从右到左"),
        ("计划\x00.pdf", "看不见的控制符"),
        ("计" * 297 + ".pdf", "文件名有301字，最多120字"),
        ("报告.html", "网页、脚本、程序"),
        ("报告.PDF.Exe", "网页、脚本、程序"),
        ("图.svg ", "网页、脚本、程序"),
        ("", "没有名称"),
    ],
)
def test_each_bad_name_is_refused_with_the_next_step(filename: str, said: str) -> None:
    told = faults(filename)

    assert any(said in one for one in told)
    assert all(one.endswith("。") and "请" in one for one in told)


def test_every_fault_is_told_at_once() -> None:
    told = faults("a/b\u202e" + "x" * 300, key="nothing", size=2 * 1024**3, open_=MOST_OPEN)

    assert len(told) == 6
    assert any("超过单个附件上限 50 MB" in one for one in told)


def test_a_figure_takes_no_file_and_an_empty_file_is_none() -> None:
    assert "不是文件" in faults(key="count")[0]
    assert "空文件" in faults(size=0)[0]


@given(st.text(max_size=400))
def test_no_name_breaks_the_sentence_that_refuses_it(filename: str) -> None:
    for one in name_refusals(filename):
        assert "\u202e" not in one and "\x00" not in one and len(one) < 140
