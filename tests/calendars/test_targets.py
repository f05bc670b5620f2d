"""Targets are read as number, bound or not applicable, or go to a person; none is kept as text in silence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.model import TargetState
from calendars.reader.fields import figure_cell
from calendars.targets import read_target


@pytest.mark.parametrize(
    ("text", "value", "op", "unit"),
    [
        ("200个", 200, None, "个"),
        ("200 个", 200, None, "个"),
        ("２００个", 200, None, "个"),
        ("1,200户", 1200, None, "户"),
        ("3.5万人", 35000, None, "人"),
        ("4万元", 4, None, "万元"),
        ("20以上", 20, ">=", ""),
        ("20个以上", 20, ">=", "个"),
        ("不少于20", 20, ">=", ""),
        ("≥20家", 20, ">=", "家"),
        ("至少 20 个", 20, ">=", "个"),
        ("20-30", 20, ">=", ""),
        ("20至30个", 20, ">=", "个"),
        ("/", None, None, ""),
        ("／", None, None, ""),
        ("--", None, None, ""),
        ("不涉及", None, None, ""),
    ],
)
def test_what_can_be_read_is_read(text: str, value: int | None, op: str | None, unit: str) -> None:
    found = read_target(text)

    assert found is not None
    assert (found.value, found.op, found.unit_of_measure) == (value, op, unit)


@pytest.mark.parametrize(
    "text", ["约20", "20左右", "20余个", "若干", "不超过20", "另行下达", "30-20", "1-2家3", "20 30"]
)
def test_the_rest_is_for_a_person(text: str) -> None:
    assert read_target(text) is None
    assert figure_cell(text).state is TargetState.TEXT


@given(
    value=st.integers(0, 10**9),
    unit=st.sampled_from(["", "个", "家", "户", "人次", "万元"]),
    form=st.sampled_from(["{}{}", "不少于{}{}", "{}{}以上", "≥{}{}"]),
)
def test_every_number_comes_back_as_it_was_written(value: int, unit: str, form: str) -> None:
    found = read_target(form.format(value, unit))

    assert found is not None
    assert (found.value, found.unit_of_measure) == (Decimal(value), unit)
    assert (found.op == ">=") == (form != "{}{}")


@given(st.text(max_size=12))
def test_no_words_are_half_read(text: str) -> None:
    """A reading is a number that stands in the text, or none."""
    found = read_target(text)

    if found is not None and found.value is not None:
        assert any(char.isdigit() for char in text)
        assert found.value >= 0
