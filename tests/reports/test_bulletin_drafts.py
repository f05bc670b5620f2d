"""周处长 finds who was chased in vain on a draft, issues the paper herself, and nobody gets a letter of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from duban.core import clock
from duban.core.access import Role
from duban.core.errors import Refused
from duban.obligations.file import show_obligation
from duban.reports.bulletin_drafts import read_bulletin_draft, settle_bulletin_draft
from tests.builders import a_person
from tests.letters.delivery_builders import (
    District,
    a_district,
    hold,
    letters,
    set_obligation,
    to_files,
)

LISTED = date(2026, 4, 16)  # the eleventh workday after 31 March


@pytest.fixture
def late(either_bureau) -> District:
    """Two matters of 天宁区民政局, chased on 1 April and on every Monday, still open on the eleventh workday."""
    district = a_district(either_bureau)
    for title in ("巡检计划报备案", "乡村著名上报"):
        district.owes(title=title)
    for n in range((LISTED - date(2026, 4, 1)).days + 1):
        hold(either_bureau, date(2026, 4, 1) + timedelta(days=n))
        to_files(either_bureau, date(2026, 4, 1) + timedelta(days=n))
    return district


def zhou(district: District):
    return a_person(district.bureau, "周处长", district.home, Role.COORDINATOR)


def draft(district: District, by, day: date = LISTED):
    return read_bulletin_draft(district.bureau, by=by, today=day)


def settle(district: District, by, *, issued: bool = True, note: str = "常民〔2026〕8号", day: date = LISTED):
    return settle_bulletin_draft(district.bureau, issued=issued, note=note, by=by, now=clock.at(day))


def test_the_draft_names_each_matter_with_the_units_that_owe_it(late: District) -> None:
    found = draft(late, zhou(late))

    assert (found.total, found.units) == (2, 1)
    assert "截至2026年4月16日，下列2项任务经催办仍未办结，涉及1个单位。" in found.text
    assert "巡检计划报备案，时限 2026-03-31：天宁区民政局" in found.text
    assert "未经印发" in found.text


def test_what_was_handed_in_meanwhile_is_not_named(late: District) -> None:
    one = late.owes(title="第三项")
    set_obligation(late.bureau, one, state="submitted")
    set_obligation(late.bureau, one - 1, state="submitted")

    assert draft(late, zhou(late)).total == 1


def test_once_issued_it_leaves_the_draft_with_its_number_and_comes_back_if_nothing_is_done(
    late: District,
) -> None:
    by, sent = zhou(late), len(letters(late.bureau))

    done = settle(late, by)

    assert done.settled == 2 and "印发" in done.sentence
    assert draft(late, by).total == 0
    number = late.owes(title="别的") - 1
    (named,) = [
        one
        for one in show_obligation(late.bureau, number, by=by, today=LISTED).reminders
        if one.kind == "bulletin"
    ]
    assert (named.status, named.cause) == ("issued", "常民〔2026〕8号")
    assert len(letters(late.bureau)) == sent
    # A month on, on the first workday of a week.
    hold(late.bureau, date(2026, 5, 18))
    assert draft(late, by, date(2026, 5, 18)).total == 2


def test_what_is_not_to_be_issued_needs_a_reason_and_whoever_decides_is_the_coordinator(
    late: District,
) -> None:
    by = zhou(late)
    leader = a_person(late.bureau, "李局长", late.home, Role.LEADER)

    with pytest.raises(Refused, match="不通报的理由"):
        settle(late, by, issued=False, note=" ")
    with pytest.raises(Refused, match="统筹"):
        settle(late, leader)
    settle(late, by, issued=False, note="已约谈")

    assert draft(late, by).total == 0
    with pytest.raises(Refused, match="没有事项"):
        settle(late, by)
