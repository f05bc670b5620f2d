"""What the history's facts are called on the auditor's page."""

from __future__ import annotations

from duban.reports.history_words import facts_words


def test_a_day_is_said_as_people_write_it_and_a_moment_is_left_alone() -> None:
    assert facts_words('{"due_on": "2026-07-05"}') == (("时限", "2026年7月5日"),)
    assert facts_words('{"reason": "2026-07-05前补报"}')[0][1] == "2026-07-05前补报"
