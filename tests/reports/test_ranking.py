"""Units are compared with their like, by outcomes, and every figure opens to its items."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.errors import NotFound
from duban.core.lights import Light
from duban.editions.tables import milestone
from duban.figures.measures import COUNTED, MEASURES
from duban.obligations.tables import obligation
from duban.reports.board import PAGE_SIZE, Ranking, drill_down, read_overview, read_ranking
from duban.reports.board_queries import CellFilter
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

DUE = date(2026, 3, 31)
LATER = date(2026, 4, 15)
LEADER = Actor(name="周局长", person_id=9, roles=frozenset({Role.LEADER}))


def change(bureau: Bureau, key: int, **columns: Any) -> int:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).where(obligation.c.id == key).values(**columns))
    return key


def owes(bureau: Bureau, edition: int, unit: int, *states: str) -> None:
    """One obligation of the unit for each word: 按时, 逾期, 未办, 免办, 延期."""
    meanings: dict[str, dict[str, Any]] = {
        "按时": {"state": "closed", "submitted_on": DUE, "closed_on": DUE},
        "逾期": {"state": "closed", "submitted_on": date(2026, 4, 2), "closed_on": LATER, "late": 1},
        "未办": {"state": "assigned"},
        "免办": {"state": "waived"},
        "延期": {"state": "assigned", "due_on": date(2026, 5, 29), "extended_times": 1},
    }
    for word in states:
        point = a_point(bureau, edition, due_on=DUE)
        change(bureau, an_obligation(bureau, edition_id=edition, point=point, unit_id=unit), **meanings[word])


def shown(found: Ranking) -> list[tuple[int | None, str, str]]:
    return [(one.place, one.unit, one.rates[0].shown) for one in found.ranked]


def test_districts_are_compared_with_districts_and_ties_share_a_place(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    tianning, zhonglou, jintan, xinbei = (
        a_unit(either_bureau, name)
        for name in ("天宁区民政局", "钟楼区民政局", "金坛区民政局", "新北区民政局")
    )
    owes(either_bureau, edition, tianning, "按时", "逾期")
    owes(either_bureau, edition, zhonglou, "按时", "按时", "免办", "延期")
    owes(either_bureau, edition, jintan, "按时", "未办")
    owes(either_bureau, edition, xinbei, "未办")
    owes(either_bureau, edition, a_unit(either_bureau, "兰陵街道", kind="town"), "按时")
    owes(either_bureau, edition, a_unit(either_bureau, "经开区民政局"), "延期")

    found = read_ranking(either_bureau, by=LEADER, today=LATER)

    assert shown(found) == [
        (1, "钟楼区民政局", "100.0 %"),
        (2, "天宁区民政局", "50.0 %"),
        (2, "金坛区民政局", "50.0 %"),
        (4, "新北区民政局", "0.0 %"),
    ]
    assert [one.rates[1].shown for one in found.ranked] == ["100.0 %", "100.0 %", "50.0 %", "0.0 %"]
    assert {one.key: one.units for one in found.kinds} == {"district_bureau": 5, "town": 1}
    assert shown(read_ranking(either_bureau, by=LEADER, today=LATER, kind="town")) == [
        (None, "兰陵街道", "100.0 %")
    ]
    assert found.words == ("没有到期任务，不参加比较：经开区民政局。",)
    with pytest.raises(NotFound):
        read_ranking(either_bureau, by=LEADER, today=LATER, kind="outside")


def test_within_one_campaign_only_its_own_obligations_count(either_bureau: Bureau) -> None:
    signs, elders = (
        an_edition(either_bureau),
        an_edition(either_bureau, "respect_elders_month", name="敬老月"),
    )
    unit = a_unit(either_bureau, "天宁区民政局")
    owes(either_bureau, signs, unit, "未办")
    owes(either_bureau, elders, unit, "按时")

    assert shown(read_ranking(either_bureau, by=LEADER, today=LATER)) == [(None, "天宁区民政局", "50.0 %")]
    assert shown(read_ranking(either_bureau, by=LEADER, today=LATER, edition_id=elders))[0][2] == "100.0 %"


def test_seven_times_nothing_are_no_seven_firsts(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    for name in ("天宁", "钟楼", "金坛", "新北", "武进", "溧阳", "经开"):
        owes(either_bureau, edition, a_unit(either_bureau, f"{name}区民政局"), "未办", "未办")

    found = read_ranking(either_bureau, by=LEADER, today=LATER)

    assert {(one.place, one.rates[0].exact) for one in found.ranked} == {(None, "0.0 %（0/2）")}
    assert found.words == ("参加比较的各单位都是0.0 %，不排名次。",)


def test_subjects_of_a_roster_are_never_added_to_milestones(either_bureau: Bureau) -> None:
    """300 closed subjects do not make a unit first that has done none of its milestones."""
    edition = an_edition(either_bureau)
    tianning, zhonglou = (a_unit(either_bureau, name) for name in ("天宁区民政局", "钟楼区民政局"))
    owes(either_bureau, edition, tianning, "未办", "未办")
    owes(either_bureau, edition, zhonglou, "按时", "未办")
    key, point = a_point(either_bureau, edition, due_on=DUE)
    with either_bureau.store.writing() as connection:
        connection.execute(sa.update(milestone).where(milestone.c.id == key).values(per_subject=True))
    for nth in range(1, 7):
        one = an_obligation(
            either_bureau, edition_id=edition, point=(key, point), unit_id=tianning, subject_id=nth
        )
        change(either_bureau, one, state="closed", submitted_on=DUE, closed_on=DUE)

    milestones = read_ranking(either_bureau, by=LEADER, today=LATER)
    subjects = read_ranking(either_bureau, by=LEADER, today=LATER, subjects=True)

    assert shown(milestones) == [(1, "钟楼区民政局", "50.0 %"), (2, "天宁区民政局", "0.0 %")]
    assert "名册对象逐户的任务与节点任务分开比较，不相加。" in milestones.words
    assert [(one.unit, one.rates[0].exact) for one in subjects.ranked] == [("天宁区民政局", "100.0 %（6/6）")]
    for found, asked, whole in ((milestones, False, 2), (subjects, True, 6)):
        cell = CellFilter(edition_id=edition, unit_id=tianning, subjects=asked)
        opened = drill_down(either_bureau, cell, by=LEADER, today=LATER, figure="due").obligations
        assert len(opened) == whole
        assert found.by_subject


def test_every_figure_opens_to_exactly_its_items(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    unit = a_unit(either_bureau, "天宁区民政局")
    owes(either_bureau, edition, unit, "按时", "按时", "逾期", "未办", "免办", "延期")
    page = read_overview(either_bureau, by=LEADER, today=LATER)

    def items(**asked: Any) -> int:
        return len(
            drill_down(either_bureau, CellFilter(unit_id=unit), by=LEADER, today=LATER, **asked).obligations
        )

    for rate in page.rates:
        part, whole = MEASURES[rate.key].part, MEASURES[rate.key].whole
        assert (items(figure=part), items(figure=whole)) == (rate.part, rate.whole)
    for light, number in page.lights.items():
        assert items(light=light) == number
    assert all(items(figure=key) <= 6 for key in COUNTED)
    assert items() == 6


def test_the_items_of_a_whole_campaign_or_year_are_those_of_its_units_together(either_bureau: Bureau) -> None:
    edition = an_edition(either_bureau)
    units = [a_unit(either_bureau, name) for name in ("天宁区民政局", "金坛区民政局", "溧阳市民政局")]
    for unit in units:
        owes(either_bureau, edition, unit, "按时", "逾期", "未办", "免办", "延期")
    point = a_point(either_bureau, edition, due_on=date(2026, 12, 31), starts_on=date(2026, 1, 1))
    an_obligation(
        either_bureau,
        edition_id=edition,
        point=point,
        unit_id=units[0],
        due_on=date(2026, 12, 31),
        target=Decimal(9),
    )

    def items(cell: CellFilter, **asked: Any) -> list[int]:
        found = drill_down(either_bureau, cell, by=LEADER, today=LATER, **asked).obligations
        return sorted(one.id for one in found)

    asked: list[dict[str, Any]] = [
        {},
        *({"light": one} for one in Light),
        *({"figure": one} for one in COUNTED),
    ]
    for one in asked:
        apart = [key for unit in units for key in items(CellFilter(unit_id=unit, year=2026), **one)]
        assert (
            items(CellFilter(edition_id=edition), **one)
            == items(CellFilter(year=2026), **one)
            == sorted(apart)
        )


def test_a_cell_is_read_page_by_page_and_names_what_it_is_of(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    unit = a_unit(bureau, "天宁区民政局")
    owes(bureau, edition, unit, *["未办"] * (PAGE_SIZE + 1))
    cell = CellFilter(edition_id=edition, unit_id=unit)

    first = drill_down(bureau, cell, by=LEADER, today=LATER, light=Light.RED)
    second = drill_down(bureau, cell, by=LEADER, today=LATER, light=Light.RED, page=2)

    assert (first.campaign, first.unit) == ("地名标志巡检2026", "天宁区民政局")
    assert (len(first.obligations), first.more) == (PAGE_SIZE, True)
    assert (len(second.obligations), second.more) == (1, False)
    assert drill_down(bureau, cell, by=LEADER, today=LATER, light=Light.GREEN).obligations == ()
    whole = CellFilter(edition_id=edition)
    pages = [drill_down(bureau, whole, by=LEADER, today=LATER, light=Light.RED, page=n) for n in (1, 2)]
    assert [len(one.obligations) for one in pages] == [PAGE_SIZE, 1]
    assert len({one.id for page in pages for one in page.obligations}) == PAGE_SIZE + 1


def test_a_cell_of_a_foreign_unit_is_not_found(bureau: Bureau) -> None:
    edition = an_edition(bureau)
    own, other = a_unit(bureau, "天宁区民政局"), a_unit(bureau, "钟楼区民政局")
    for unit in (own, other):
        owes(bureau, edition, unit, "未办")
    handler = a_person(bureau, "王科长", own, Role.HANDLER)

    with pytest.raises(NotFound):
        drill_down(bureau, CellFilter(unit_id=other), by=handler, today=LATER)
    seen = drill_down(bureau, CellFilter(edition_id=edition), by=handler, today=LATER)
    assert [one.unit for one in seen.obligations] == ["天宁区民政局"]
    assert [one.unit for one in read_ranking(bureau, by=handler, today=LATER).ranked] == ["天宁区民政局"]
