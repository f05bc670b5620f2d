"""What is handed in is judged against what was expected, every fault at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.model import EvidenceType, ExpectedEvidence
from duban.evidence.rules import Given, is_link, item_set_refusals, parse_figure

PLAN = ExpectedEvidence(key="plan", title="巡检计划")
PHOTO = ExpectedEvidence(key="photo", title="现场照片", type=EvidenceType.ATTACHMENT, required=False)
COUNT = ExpectedEvidence(
    key="count",
    title="参加人数",
    type=EvidenceType.FIGURE,
    unit_of_measure="人",
    minimum=Decimal(1),
    maximum=Decimal(5000),
)
NOTICE = ExpectedEvidence(key="notice", title="公示网页", type=EvidenceType.LINK)
ROSTER = ExpectedEvidence(key="roster", title="应检名册", type=EvidenceType.ROSTER)
PDF = Given(key="plan", sha256="a" * 64, media_type="application/pdf", filename="计划.pdf")


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("93人", (Decimal(93), "人")),
        ("61.8%", (Decimal("61.8"), "%")),
        ("１，２３４ 户", (Decimal(1234), "户")),
        ("3.7万元", (Decimal("3.7"), "万元")),
        ("93", (Decimal(93), None)),
        ("-5件", (Decimal(-5), "件")),
        ("1,23人", None),
        ("3.7.5", None),
        ("许多", None),
        ("", None),
        ("nan", None),
    ],
)
def test_a_figure_is_read_with_its_unit(text: str, figure) -> None:
    assert parse_figure(text) == figure


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_without_failing(text: str) -> None:
    found = parse_figure(text)

    assert found is None or found[0].is_finite()


def test_every_missing_item_is_listed_in_one_sentence() -> None:
    assert item_set_refusals((PLAN, PHOTO, COUNT), ()) == (
        "还缺必报材料：巡检计划、参加人数，请补齐后再报。",
    )


def test_what_came_earlier_need_not_come_again() -> None:
    assert item_set_refusals((PLAN,), (), earlier_keys={"plan"}) == ()


def test_the_same_bytes_twice_are_refused_with_the_day_they_came() -> None:
    again = item_set_refusals((PLAN,), (PDF,), earlier_files={"a" * 64: date(2026, 3, 20)})
    double = Given(key="photo", sha256="a" * 64, media_type="application/pdf", filename="副本.pdf")

    assert len(again) == 1 and "2026年3月20日已报送的材料完全相同" in again[0]
    assert any("只报一份" in reason for reason in item_set_refusals((PLAN, PHOTO), (PDF, double)))


@pytest.mark.parametrize(
    ("expected", "given_", "fault"),
    [
        (COUNT, Given(key="count", value=Decimal(93)), "没有写计量单位"),
        (COUNT, Given(key="count", value=Decimal(93), unit_of_measure="户"), "应以“人”计"),
        (COUNT, Given(key="count", value=Decimal(0), unit_of_measure="人"), "低于下限 1"),
        (COUNT, Given(key="count", value=Decimal(5001), unit_of_measure="人"), "高于上限 5000"),
        (COUNT, Given(key="count", value=Decimal("0.00001"), unit_of_measure="人"), "小数超过四位"),
        (COUNT, Given(key="count", value=Decimal(10) ** 40, unit_of_measure="人"), "过大"),
        (COUNT, Given(key="count", sha256="a" * 64), "要报数据"),
        (PLAN, Given(key="plan", value=Decimal(1), unit_of_measure="份"), "要报文件"),
        (PLAN, Given(key="plan", sha256="a" * 64, media_type="application/x-msdownload"), "内容不是"),
        (ROSTER, Given(key="roster", sha256="a" * 64, media_type="image/png"), "Excel 或 CSV"),
        (NOTICE, Given(key="notice", link="javascript:alert(1)"), "不是完整的网址"),
        (NOTICE, Given(key="notice", sha256="a" * 64), "要报公开链接"),
        (PLAN, Given(key="paln", sha256="a" * 64, media_type="application/pdf"), "不在应报材料清单"),
    ],
)
def test_each_wrong_item_gets_its_sentence(expected: ExpectedEvidence, given_: Given, fault: str) -> None:
    reasons = item_set_refusals((expected,), (given_,))

    assert any(fault in reason and "请" in reason for reason in reasons), reasons


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://mzj.example.cn/gs/2026.html", True),
        ("http://10.0.0.1:8080/a?b=c", True),
        ("ftp://example.cn/a", False),
        ("https://user:secret@example.cn/", False),
        ("https://", False),
        ("https://example.cn/a b", False),
        ("https://[broken", False),
        ("https://example.cn/" + "a" * 1000, False),
        ("https://example.cn/\u202egnp", False),
    ],
)
def test_a_link_is_a_plain_public_address(link: str, good: bool) -> None:
    assert is_link(link) is good


def test_a_milestone_without_a_list_takes_what_comes() -> None:
    assert item_set_refusals((), (PDF, Given(key="n", value=Decimal(3), unit_of_measure="件"))) == ()
    assert item_set_refusals((), ()) == ()
