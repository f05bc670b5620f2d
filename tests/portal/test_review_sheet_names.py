"""A sheet whose name is longer than any file system bears is a sheet like any other."""

from __future__ import annotations

import pytest

from tests.portal.bureau import Portal

ROWS = "编码,名称,类别\nX1,兰陵社区居委会,社区\n".encode()


@pytest.mark.parametrize(
    "name", ["单" * 300 + ".csv", "𠀀" * 119 + ".csv", "a" * 300 + ".CSV", "." * 300 + "单.csv"]
)
def test_a_long_name_is_cut_and_keeps_its_ending(portal: Portal, name: str) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/unit-import")

    preview = coordinator.fill(page, "/unit-import", files={"sheet": (name, ROWS)})

    assert preview.path.startswith("/unit-import/")
    assert ".csv" in preview.response.text.lower()


def test_a_long_name_without_an_ending_is_refused_with_the_next_step(portal: Portal) -> None:
    coordinator = portal.as_("周处长")
    page = coordinator.get("/unit-import")

    refused = coordinator.fill(page, "/unit-import", files={"sheet": ("单" * 300, ROWS)}, expect=422)

    assert "请另存为 xlsx 或 csv" in refused.text
