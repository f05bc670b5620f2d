"""Numbers that no row bears, written into an address by hand: no page, and never a fault of ours."""

from __future__ import annotations

import pytest

from tests.portal.bureau import Portal

ENDLESS = "9" * 25


@pytest.mark.parametrize(
    "path",
    [
        f"/rosters/{ENDLESS}",
        f"/rosters/{ENDLESS}/export.xlsx",
        f"/problems/{ENDLESS}",
        f"/problems/item/{ENDLESS}",
        f"/editions/signs/{ENDLESS}",
        f"/editions/drafts/{ENDLESS}",
        f"/figures/{ENDLESS}",
        f"/board?year={ENDLESS}",
        f"/board/cell?edition={ENDLESS}",
        f"/board/cell?unit={ENDLESS}",
        f"/ranking?year={ENDLESS}",
        f"/rehearsal?draft={ENDLESS}",
    ],
)
def test_a_number_that_no_row_bears_is_no_page(portal: Portal, path: str) -> None:
    assert "没有找到" in portal.as_("周处长").get(path, expect=404).title


@pytest.mark.parametrize("path", ["/reviews", "/escalations"])
def test_a_place_in_a_queue_that_is_none_begins_at_the_front(portal: Portal, path: str) -> None:
    coordinator = portal.as_("周处长")

    assert coordinator.get(f"{path}?after=2026-03-01,{ENDLESS}").text == coordinator.get(path).text
