"""What is typed into a form becomes values, or a sentence for each field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, cast

import pytest
from pydantic import Field
from starlette.datastructures import FormData

from duban.portal.context import PageContext
from duban.portal.forms import Amount, Day, Form, FormRefused, Line, Text, Whole, Wholes, one_of, read_form

NOBODY = cast("PageContext", None)


class Everything(Form):
    name: Line = Field(title="姓名", max_length=4)
    note: Text = Field("", title="说明")
    on: Day | None = Field(None, title="日期")
    count: Whole | None = Field(None, title="个数")
    amount: Amount | None = Field(None, title="数值")
    verdict: Annotated[str, one_of({"yes": "是"})] = Field("", title="结论")
    password: str = ""
    ids: Wholes


def read(*sent: tuple[str, str]) -> Everything:
    return read_form(Everything, FormData(sent), NOBODY)


def test_every_field_is_read_by_its_own_rule() -> None:
    found = read(
        ("name", " 王\u202e  科 "),
        ("on", "2026-03-31"),
        ("count", "12"),
        ("amount", "１,200.5"),
        ("verdict", "yes"),
        ("password", " a  b "),
        ("ids", "3"),
        ("ids", "x"),
        ("ids", "5"),
    )

    expected: dict[str, Any] = {
        "name": "王 科",
        "note": "",
        "on": date(2026, 3, 31),
        "count": 12,
        "amount": Decimal("1200.5"),
        "verdict": "yes",
        "password": " a  b ",
        "ids": [3, 5],
    }
    assert found.model_dump() == expected


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "请填写姓名。"),
        ("name", "一二三四五", "姓名不能超过4字，现有5字，请精简。"),
        ("note", "长" * 4001, "说明不能超过4000字，现有4001字，请精简。"),
        ("on", "3月底", "日期不是日期，请写成 2026-03-31 的样子。"),
        ("count", "-1", "个数要是整数，请改正。"),
        ("amount", "1.23456", "数值要是数字，最多四位小数，请改正。"),
        ("amount", "NaN", "数值要是数字，最多四位小数，请改正。"),
        ("verdict", "maybe", "结论请从列出的选项中选择。"),
    ],
)
def test_a_fault_is_told_in_the_words_of_its_field(field: str, value: str, sentence: str) -> None:
    with pytest.raises(FormRefused) as refused:
        read(("name", "王"), (field, value))

    assert refused.value.faults == {field: sentence}


def test_all_faults_are_told_at_once_in_the_order_of_the_form() -> None:
    with pytest.raises(FormRefused) as refused:
        read(("count", "x"), ("on", "y"))

    assert list(refused.value.faults) == ["name", "on", "count"]
