"""A figure given once is known again, the newest in the right unit of measure, with where it comes from."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from calendars.model import EvidenceType, ExpectedEvidence, Quota
from duban.figures.rules import FigureOrigin, KnownFigure, known_for, known_progress
from tests.builders import SET_UP_AT

HOMES = ExpectedEvidence(key="done", title="累计改造户数", type=EvidenceType.FIGURE, unit_of_measure="户")
PLAN = ExpectedEvidence(key="plan", title="计划")


def a_figure(value: int, hours: int, **more: object) -> KnownFigure:
    given = {
        "key": "done",
        "value": Decimal(value),
        "unit_of_measure": "户",
        "origin": FigureOrigin.PROGRESS,
        "on": date(2026, 6, 30),
        "at": SET_UP_AT + timedelta(hours=hours),
        "by": "王科长",
    }
    return KnownFigure(**{**given, **more})  # type: ignore[arg-type]


def test_the_newest_figure_counts_wherever_it_was_given() -> None:
    given = [
        a_figure(640, 3, origin=FigureOrigin.FIGURE),
        a_figure(600, 1),
        a_figure(620, 2, origin=FigureOrigin.SUBMISSION),
    ]

    known = known_for([HOMES, PLAN], given)

    assert {key: one.value for key, one in known.items()} == {"done": Decimal(640)}
    assert known["done"].words == "2026年6月30日王科长数据登记时填的"


def test_another_unit_of_measure_or_another_name_is_another_fact() -> None:
    assert known_for([HOMES], [a_figure(1, 1, unit_of_measure="%"), a_figure(2, 1, key="homes")]) == {}


def test_progress_is_known_from_what_was_handed_in() -> None:
    quota = Quota(indicator="适老化改造", unit_of_measure="户")
    found = known_progress(quota, [a_figure(600, 1), a_figure(640, 2, origin=FigureOrigin.SUBMISSION)])

    assert found is not None and found.value == 640
    assert known_progress(None, [a_figure(600, 1)]) is None
    assert known_progress(quota, [a_figure(600, 1, key="homes")]) is None
