"""Files that the program writes are files that the reader reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from calendars.lunar import almanac_for
from calendars.model import Edition, EvidenceType, ExpectedEvidence
from calendars.reader import read_edition_text, read_year
from calendars.reader.units import load_units
from calendars.workdays.files import load_workdays
from calendars.writing import (
    CannotEdit,
    HandEdition,
    HandMilestone,
    Heading,
    hand_text,
    heading,
    text_of,
    with_phrase,
)
from tests.calendars.campaign_files import SOUND, changed


def read(text: str, campaign: str = "signs", year: int = 2025) -> Edition:
    return read_edition_text(
        text,
        Path(f"{year}/{campaign}.yaml"),
        units=load_units(),
        almanac=almanac_for(),
        workdays=load_workdays(),
    )


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_shipped_edition_is_written_and_read_back_unchanged(year: int) -> None:
    editions = read_year(year, almanac=almanac_for(), workdays=load_workdays()).editions

    assert len(editions) > 40
    for one in editions:
        assert read(text_of(one), one.campaign, year) == one


def test_a_phrase_is_changed_in_its_place_and_the_rest_stays() -> None:
    text = SOUND.lstrip("\n").replace("due: 3月底前", "due: 3月底前 # 原文如此")

    after = with_phrase(text, "plan", "4月10日前")

    assert after == text.replace("3月底前", "4月10日前")


def test_the_superiors_limit_is_set_kept_or_taken_out() -> None:
    walled = with_phrase(SOUND, "plan", "3月底前", "4月底前")

    assert read(walled).milestones[0].hard_due_phrase == "4月底前"
    assert read(with_phrase(walled, "plan", "3月20日前")).milestones[0].hard_due_phrase == "4月底前"
    assert read(with_phrase(walled, "plan", "3月20日前", "")).milestones[0].hard_due_phrase is None


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [", SOUND])
def test_a_milestone_that_is_not_there_cannot_be_changed(text: str) -> None:
    with pytest.raises(CannotEdit, match="找不到节点“other”"):
        with_phrase(text, "other", "3月底前")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOUND, Heading(campaign="signs", name="路牌巡检", year=2025)),
        (changed(("kind: filing", "kind: none")), Heading(campaign="signs", name="路牌巡检", year=2025)),
        ("year: yes\n", Heading()),
        ("a: [", Heading()),
        ("", Heading()),
    ],
)
def test_a_faulty_text_still_says_what_it_is_about(text: str, expected: Heading) -> None:
    assert heading(text) == expected


def test_what_is_filled_in_by_hand_is_a_sound_file() -> None:
    one = HandEdition(
        campaign="signs",
        name="路牌巡检",
        kind="filing",
        year=2025,
        document="2025年工作要点",
        milestones=(
            HandMilestone(
                title="报计划",
                item="10",
                due="3月底前",
                leads=("各辖市区",),
                supporting=("市公安局",),
                gate=True,
                evidence=(
                    ExpectedEvidence(key="e1", title="计划"),
                    ExpectedEvidence(key="e2", title="块数", type=EvidenceType.FIGURE, unit_of_measure="块"),
                ),
            ),
        ),
    )

    [milestone] = read(hand_text(one)).milestones

    assert (milestone.source.document, milestone.source.item) == ("2025年工作要点", "D-10")
    assert [item.unit_of_measure for item in milestone.evidence] == [None, "块"]
    assert len(milestone.leads) == 7
