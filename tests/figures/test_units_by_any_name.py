"""A unit named by any of its names is one unit wherever figures are asked or given."""

from __future__ import annotations

import pytest

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor
from duban.core.errors import NotFound
from duban.editions.service import apply_edition
from duban.reports.indicators import edition_figures
from duban.units.rules import near_names
from duban.units.service import unit_named
from tests.figures.test_figures import NOW, editions, tell, zhou  # noqa: F401

WRITTEN = (
    "天宁区民政局",
    "天宁区",
    "tianning",
    "tianning-mz",
    "天寧區",
    " 天宁区 ",
    "常州市天宁区民政局",
    "天宁区民政部门",
)


def test_ten_spellings_make_one_series(bureau: Bureau, zhou: Actor, editions) -> None:  # noqa: F811
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)
    for number, name in enumerate(WRITTEN, start=100):
        assert tell(bureau, zhou, check, "应参检", number, unit=name).unit == "天宁区民政局"

    [(unit, one)] = edition_figures(bureau, check, 2025, by=SYSTEM).reported
    assert (unit, one.value) == ("天宁区民政局", 100 + len(WRITTEN) - 1)
    assert {unit_named(bureau, name).name for name in WRITTEN} == {"天宁区民政局"}


def test_a_name_nobody_has_is_refused_with_what_was_meant(bureau: Bureau, zhou: Actor, editions) -> None:  # noqa: F811
    check = "social_org_annual_check"
    apply_edition(bureau, editions[check], by=SYSTEM, now=NOW)

    with pytest.raises(NotFound, match=r"没有叫“天宁”的单位，您要找的是不是：.*天宁区民政局"):
        tell(bureau, zhou, check, "应参检", 1, unit="天宁")
    with pytest.raises(NotFound, match="没有叫“火星”的单位，请核对单位名称"):
        tell(bureau, zhou, check, "应参检", 1, unit="火星")
    assert near_names("钟楼区民证局", ["天宁区民政局", "钟楼区民政局", "市公安局"])[0] == "钟楼区民政局"
