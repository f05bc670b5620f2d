"""A figure that cannot well be so asks for its reason, and stands out at review with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.model import (
    CampaignKind,
    Edition,
    EvidenceType,
    ExpectedEvidence,
    Indicator,
    Milestone,
    Source,
)
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.editions.service import apply_edition
from duban.figures.plausibility import (
    BEYOND_TARGET,
    JUMP,
    FigureAround,
    doubt_refusals,
    figure_doubts,
    part_of_whole,
)
from duban.figures.service import report_progress
from tests.builders import a_person
from tests.figures.test_figures import NOW, an_obligation_of, editions, tell, unit_id, zhou  # noqa: F401
from tests.stories.bureau import Bureau as Home

LARGEST = Decimal(100_000)


def alerts_edition(**of_handled: object) -> Edition:
    def figure(key: str, title: str, **more: object) -> ExpectedEvidence:
        return ExpectedEvidence(key=key, title=title, type=EvidenceType.FIGURE, unit_of_measure="条", **more)

    return Edition(
        campaign="alerts",
        name="预警处置",
        kind=CampaignKind.STANDING,
        year=2026,
        milestones=(
            Milestone(
                key="month",
                title="月度预警",
                source=Source(document="S0", item="S0-01"),
                due_phrase="每月",
                leads=("天宁区民政局",),
                evidence=(figure("raised", "预警信息"), figure("handled", "已处置", **of_handled)),
            ),
        ),
        indicators=(
            Indicator(key="rate", name="处置率", formula="100 * handled / raised", unit_of_measure="%"),
        ),
    )


def doubts(
    key: str, value: object, measure: str = "条", edition: Edition | None = None, **around: object
) -> str:
    known = FigureAround(largest=LARGEST, **{"siblings": {}, **around})  # type: ignore[arg-type]
    return "；".join(figure_doubts(edition or alerts_edition(), key, Decimal(str(value)), measure, known))


def test_the_figures_that_were_taken_in_silence() -> None:
    ten = {"raised": Decimal(10)}
    assert doubts("handled", 15, siblings=ten) == "已处置15比预警信息10还多"
    # The other one of the pair is as doubtful.
    assert doubts("raised", 10, siblings={"handled": Decimal(15)}) == "已处置15比预警信息10还多"
    assert doubts("done", 999, target=Decimal(45)) == "完成数999是目标45的2220.0 %"
    assert doubts("visits", 1_000_000, "次") == "visits1000000特别大"
    assert doubts("raised", 500, previous=Decimal(46)) == "预警信息500是上次46的10倍以上"
    assert doubts("raised", 4, previous=Decimal(46)) == "预警信息4不到上次46的10分之一"
    assert doubts("raised", 700, "家", subjects=600) == "预警信息700比名册里本单位的600家还多"


def test_a_campaign_file_may_say_what_is_plausible() -> None:
    declared = replace(alerts_edition(within=Decimal(20), at_most="raised"), indicators=())

    assert doubts("handled", 21, edition=declared) == "已处置21超过通常的上限20"
    assert list(part_of_whole(declared)) == [("handled", "raised")]
    assert doubts("raised", 200_000, "元") == ""
    assert doubts("done", 100, target=Decimal(45)) == ""


@given(
    value=st.decimals(0, 10**9, places=2),
    target=st.none() | st.decimals(1, 10**6, places=0),
    previous=st.none() | st.decimals(1, 10**6, places=0),
)
def test_what_lies_near_target_and_last_time_is_never_doubted(value, target, previous) -> None:
    said = doubts("done", value, target=target, previous=previous)

    far = (target is not None and value > target * BEYOND_TARGET) or (
        previous is not None and (value > previous * JUMP or value * JUMP < previous)
    )
    unmeasured = target is None and previous is None and value > LARGEST
    assert bool(said) == (far or unmeasured)
    assert list(doubt_refusals((said,) if said else (), "已与统计部门核对")) == []
    assert bool(list(doubt_refusals((said,) if said else (), " "))) == bool(said)


def test_progress_far_beyond_the_target_asks_and_is_taken_with_a_reason(
    bureau: Bureau,
    zhou: Actor,  # noqa: F811
    editions,  # noqa: F811
) -> None:
    apply_edition(bureau, editions["public_benefit_projects"], by=SYSTEM, now=NOW)
    wang = a_person(bureau, "王科长", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    number = an_obligation_of(bureau, "天宁区民政局")

    with pytest.raises(Refused, match="请写明原因再报"):
        report_progress(bureau, number, Decimal(999), unit_of_measure="个", by=wang, now=NOW)
    done = report_progress(
        bureau, number, Decimal(999), unit_of_measure="个", by=wang, now=NOW, reason="含上年结转"
    )
    assert done.value == 999


def test_a_recorded_figure_is_held_against_its_siblings_and_keeps_the_reason(
    bureau: Bureau,
    zhou: Actor,  # noqa: F811
    editions,  # noqa: F811
) -> None:
    alerts = "alert_handling"
    apply_edition(bureau, editions[alerts], by=SYSTEM, now=NOW)
    tell(bureau, zhou, alerts, "raised", 10, unit="天宁区", unit_of_measure="条")

    with pytest.raises(Refused, match="已处置15比预警信息10还多"):
        tell(bureau, zhou, alerts, "handled", 15, unit="天宁区", unit_of_measure="条")
    tell(bureau, zhou, alerts, "handled", 15, unit="天宁区", unit_of_measure="条", reason="含上月未处置的5条")

    listed = Home(home=bureau.settings.home).ask("figure", "list", alerts, "2025")
    [one] = [one["figure"] for one in listed if one["figure"]["name"] == "handled"]
    assert (one["doubt"], one["reason"]) == ("已处置15比预警信息10还多", "含上月未处置的5条")


def test_a_submission_by_command_asks_and_shows_the_doubt_to_the_reviewer(
    bureau: Bureau,
    zhou: Actor,  # noqa: F811
    editions,  # noqa: F811
) -> None:
    apply_edition(bureau, editions["alert_handling"], by=SYSTEM, now=NOW)
    a_person(bureau, "王科长", unit_id(bureau, "天宁区民政局"), Role.HANDLER)
    home = Home(home=bureau.settings.home)
    listed = home.ask("obligation", "list", "--unit", "天宁区", "--on", "2025-07-01")["obligations"]
    number = str(next(one["id"] for one in listed if one["milestone"] == "月度预警处置"))
    words = (
        "obligation",
        "submit",
        number,
        "--as",
        "王科长",
        "--figure",
        "raised=10条",
        "--figure",
        "handled=15条",
    )

    assert "已处置15比预警信息10还多。请核对；确实如此的，请写明原因再报" in home.refused(*words)
    home.done(*words, "--figure-reason", "含上月未处置的5条")

    shown = home.ask("obligation", "show", number)
    items = [item for one in shown["submissions"] for item in one["items"]]
    assert {item["doubt"] for item in items} == {"已处置15比预警信息10还多"}
    assert {item["reason"] for item in items} == {"含上月未处置的5条"}
