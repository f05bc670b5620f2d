"""周处长 reads who was chased in vain, issues the paper by herself, and notes its number on the page."""

from __future__ import annotations

from datetime import date, timedelta

from duban.rounds.service import hold_round
from tests.letters.delivery_builders import to_files
from tests.portal.bureau import TIANNING, Portal


def test_the_draft_stands_on_her_queue_until_she_notes_what_became_of_it(portal: Portal) -> None:
    for n in range(16):
        day = date(2026, 4, 1) + timedelta(days=n)
        portal.on(day.isoformat(), "08:30")
        hold_round(portal.bureau, now=portal.moment)
        to_files(portal.bureau, day)
    portal.on("2026-04-16", "10:00")
    zhou = portal.as_("周处长")

    page = zhou.get("/bulletin")
    wordless = zhou.fill(page, "/bulletin/settle", act="issue", note="", expect=422)
    done = zhou.fill(page, "/bulletin/settle", act="issue", note="常民〔2026〕8号")

    assert "通报草稿" in zhou.get("/queues").text
    assert TIANNING in page.text and "未经印发" in page.text
    assert "请填写文号或理由" in wordless.text
    assert "已记为印发通报" in done.text and "没有要通报的事项" in done.text
