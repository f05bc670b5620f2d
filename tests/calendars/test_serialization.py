"""An edition is kept as plain JSON and comes back exactly; equal values have equal hashes."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from calendars.model import CampaignKind, Edition, Milestone, Point, Quota, Source, Target, TargetState
from calendars.serialization import content_hash, from_plain, to_plain

DAYS = st.dates(date(2000, 1, 1), date(2056, 12, 31))
FIGURES = st.none() | st.decimals(0, 10**9, places=4)
TARGETS = st.builds(Target, unit=st.text(max_size=9), state=st.sampled_from(TargetState), value=FIGURES)
QUOTAS = st.builds(
    Quota,
    indicator=st.text(max_size=9),
    unit_of_measure=st.text(max_size=3),
    city_total=FIGURES,
    targets=st.lists(TARGETS, max_size=3).map(tuple),
)
POINTS = st.builds(
    Point, label=st.text(max_size=5), due_on=DAYS, last_workday=DAYS, starts_on=st.none() | DAYS
)
MILESTONES = st.builds(
    Milestone,
    key=st.text(max_size=9),
    title=st.text(max_size=9),
    source=st.builds(Source, document=st.text(max_size=5), item=st.text(max_size=5)),
    due_phrase=st.text(max_size=9),
    leads=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    points=st.lists(POINTS, max_size=3).map(tuple),
    quota=st.none() | QUOTAS,
)
EDITIONS = st.builds(
    Edition,
    campaign=st.text(max_size=9),
    name=st.text(max_size=9),
    kind=st.sampled_from(CampaignKind),
    year=st.integers(2000, 2056),
    milestones=st.lists(MILESTONES, max_size=3).map(tuple),
)


@given(EDITIONS)
def test_an_edition_comes_back_from_json_exactly(edition: Edition) -> None:
    again = from_plain(Edition, json.loads(json.dumps(to_plain(edition))))

    assert again == edition
    assert content_hash(again) == content_hash(edition)


def test_another_date_is_another_content() -> None:
    def edition(day: date) -> Edition:
        point = Point(label="", due_on=day, last_workday=day)
        milestone = Milestone(
            key="m",
            title="m",
            source=Source(document="d", item="i"),
            due_phrase="p",
            leads=(),
            points=(point,),
        )
        return Edition(campaign="c", name="c", kind=CampaignKind.EVENT, year=2026, milestones=(milestone,))

    assert content_hash(edition(date(2026, 3, 30))) != content_hash(edition(date(2026, 3, 31)))


def test_a_body_from_before_a_field_was_added_takes_its_default() -> None:
    body = to_plain(Target(unit="天宁区", state=TargetState.GIVEN, value=Decimal("1.50")))
    del body["last_year"]

    assert from_plain(Target, body) == Target(unit="天宁区", state=TargetState.GIVEN, value=Decimal("1.50"))
