"""Many problems settled at once: each with its own line of history, none past the four eyes, none that changed meanwhile."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.errors import NotFound, Refused
from duban.history.service import verify_history
from duban.imports.sheets import RowsRefused
from duban.problems.importing import NewProblem
from duban.problems.queries import ProblemFilter, ProblemSelection
from duban.problems.rules import ProblemAct, ProblemPace, ProblemState
from duban.problems.service import (
    add_problem,
    check_problems,
    import_problems,
    list_ledgers,
    list_problems,
    settle_many,
    settle_problem,
    show_problem,
)
from tests.builders import a_person, a_unit, an_edition

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOMES = ("清潭敬老院", "雕庄敬老院")


class Desk:
    """A ledger of six problems in two homes, and the people around it."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        home = a_unit(bureau, "市民政局", kind="bureau")
        self.units = [a_unit(bureau, name, kind="service") for name in HOMES]
        self.zhou = a_person(bureau, "周统筹", home, Role.COORDINATOR)
        self.wang = a_person(bureau, "王院长", self.units[0], Role.HANDLER)
        self.li = a_person(bureau, "李院长", self.units[1], Role.HANDLER, Role.REVIEWER)
        self.edition = an_edition(
            bureau, "fire_exits", name="消防避难设施", kind="rectification", coordinator_unit_id=home
        )
        for number in range(6):
            new = NewProblem(
                code=f"F-{number}",
                title=f"第{number}处疏散门上锁",
                unit=HOMES[number % 2],
                found_on=date(2026, 2, 1),
                due_on=date(2026, 2, 20 + number),
            )
            add_problem(bureau, self.edition, new, by=self.zhou, now=NOW)

    def fixed(self, *codes: str) -> None:
        for code in codes:
            who = self.wang if int(code[-1]) % 2 == 0 else self.li
            settle_problem(self.bureau, self.edition, code, ProblemAct.FIX, by=who, now=NOW)

    def all_of(self, **wanted) -> ProblemSelection:
        return ProblemSelection(
            edition_id=self.edition, wanted=ProblemFilter(edition_id=self.edition, **wanted)
        )

    def shown(self, code: str, by: Actor):
        [found] = list_problems(self.bureau, ProblemFilter(text=code), by=self.zhou).problems
        return show_problem(self.bureau, found.id, by=by)

    def states(self, by: Actor | None = None) -> dict[str, str]:
        found = list_problems(self.bureau, ProblemFilter(edition_id=self.edition), by=by or self.zhou)
        return {one.code: one.state.value for one in found.problems}


@pytest.fixture
def desk(either_bureau: Bureau) -> Desk:
    return Desk(either_bureau)


def test_all_that_match_are_struck_off_and_the_rest_is_counted(desk: Desk) -> None:
    desk.fixed("F-0", "F-1", "F-2")

    done = settle_many(
        desk.bureau, desk.all_of(), ProblemAct.STRIKE_OFF, expected=6, words="现场核实", by=desk.zhou, now=NOW
    )

    assert (done.settled, done.left) == (3, {"现为“未整改”": 3})
    assert sorted(code for code, state in desk.states().items() if state == "closed") == ["F-0", "F-1", "F-2"]
    told = desk.shown("F-1", desk.zhou).story[-1]
    assert (told.verb, told.words) == ("strike_off", "现场核实")
    assert verify_history(desk.bureau).broken_at is None


def test_chosen_ones_are_given_back_with_one_reason(desk: Desk) -> None:
    desk.fixed("F-0", "F-2")
    found = list_problems(desk.bureau, ProblemFilter(state=ProblemState.FIXED), by=desk.zhou).problems
    choice = ProblemSelection(edition_id=desk.edition, ids=frozenset(one.id for one in found))

    settle_many(desk.bureau, choice, ProblemAct.RETURN, expected=2, words="门锁未拆", by=desk.zhou, now=NOW)

    assert set(desk.states().values()) == {"open"}
    assert desk.shown("F-0", desk.wang).story[-1].words == "门锁未拆"


def test_nobody_strikes_off_what_he_fixed_himself(desk: Desk) -> None:
    desk.fixed("F-1", "F-2")

    done = settle_many(
        desk.bureau,
        desk.all_of(state=ProblemState.FIXED),
        ProblemAct.STRIKE_OFF,
        expected=2,
        by=desk.li,
        now=NOW,
    )

    assert (done.settled, done.left) == (1, {"由本人报告整改，须换人核实": 1})
    assert desk.states()["F-1"] == "fixed"


def test_a_page_left_open_while_the_ledger_changed_does_nothing(desk: Desk) -> None:
    desk.fixed("F-0")
    fixed = desk.all_of(state=ProblemState.FIXED)
    desk.fixed("F-2")

    with pytest.raises(Refused, match="您看到的是1个问题，现在符合的是2个"):
        settle_many(desk.bureau, fixed, ProblemAct.STRIKE_OFF, expected=1, by=desk.zhou, now=NOW)
    assert "closed" not in desk.states().values()


@pytest.mark.parametrize(
    ("reason", "expected", "sentence"),
    [
        ("", 6, "退回整改要写明原因"),
        ("门锁未拆", 0, "还没有选择问题"),
        ("门锁未拆", 6, "只有责任单位报告整改完成"),
    ],
)
def test_what_cannot_be_done_together_is_refused(
    desk: Desk, reason: str, expected: int, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        settle_many(
            desk.bureau,
            desk.all_of(),
            ProblemAct.RETURN,
            expected=expected,
            words=reason,
            by=desk.zhou,
            now=NOW,
        )


def test_a_handler_settles_nothing_together(desk: Desk) -> None:
    desk.fixed("F-0")

    with pytest.raises(Refused, match="王院长不能核实销号"):
        settle_many(desk.bureau, desk.all_of(), ProblemAct.STRIKE_OFF, expected=3, by=desk.wang, now=NOW)


def test_a_handler_sees_the_problems_of_his_own_unit_only(desk: Desk) -> None:
    mine = list_problems(desk.bureau, ProblemFilter(), by=desk.wang)

    assert ({one.unit for one in mine.problems}, mine.tally.found, mine.total) == ({HOMES[0]}, 3, 3)
    [ledger] = list_ledgers(desk.bureau, by=desk.wang)
    assert (ledger.name, ledger.tally.found) == ("消防避难设施", 3)
    with pytest.raises(NotFound):
        desk.shown("F-1", desk.wang)
    with pytest.raises(NotFound):
        settle_problem(desk.bureau, desk.edition, "F-1", ProblemAct.FIX, by=desk.wang, now=NOW)


def test_a_stranger_sees_no_problem(desk: Desk) -> None:
    zhao = a_person(desk.bureau, "赵某", a_unit(desk.bureau, "钟楼区民政局"), Role.HANDLER)

    assert list_problems(desk.bureau, ProblemFilter(), by=zhao).tally.found == 0
    assert list_ledgers(desk.bureau, by=zhao) == ()


def test_the_ledger_is_filtered_and_read_page_by_page(desk: Desk) -> None:
    desk.fixed("F-0")

    def codes(**wanted) -> list[str]:
        found = list_problems(desk.bureau, ProblemFilter(**wanted), by=desk.zhou, page_size=2, page=1)
        return [one.code for one in found.problems]

    assert codes(overdue_on=date(2026, 2, 24)) == ["F-1", "F-2"]
    assert codes(text="第4处") == ["F-4"]
    assert codes(text="%") == []
    assert codes(pace=ProblemPace.LASTING) == []
    last = list_problems(desk.bureau, ProblemFilter(), by=desk.zhou, page_size=4, page=2)
    assert ([one.code for one in last.problems], last.total, last.tally.open) == (["F-4", "F-5"], 6, 5)


def test_ten_thousand_faulty_rows_are_counted_by_kind_and_the_first_are_shown(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "问题清单.csv"
    rows = [
        (f"G-{n}", "门上锁", "云上院" if n % 2 else HOMES[0], "2026-02-30" if n % 4 == 0 else "2026-02-01")
        for n in range(10_000)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("编号", "问题", "责任单位", "发现日期"), *rows])

    with pytest.raises(RowsRefused) as refused:
        import_problems(desk.bureau, desk.edition, path, by=desk.zhou, now=NOW)

    faulty = refused.value.faulty
    assert faulty.rows == 10_000
    assert faulty.kinds == {"没有整改时限": 7_500, "单位没有登记": 5_000, "日期写错": 2_500}
    assert (len(faulty.shown), faulty.shown[0].number) == (200, 2)
    assert refused.value.reasons[-1] == "另有14800处错误未列出，请先改正以上各处再导入"
    with pytest.raises(RowsRefused) as everything:
        check_problems(desk.bureau, desk.edition, path, by=desk.zhou, now=NOW, keep=100_000)
    assert len(everything.value.faulty.shown) == 15_000
    assert list_problems(desk.bureau, ProblemFilter(), by=desk.zhou).tally.found == 6
