"""What the roster records is settled on the ledger: lights and rates follow, and nobody is chased for it again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.core.lights import Light
from duban.editions.service import apply_edition
from duban.editions.tables import milestone_order
from duban.history.service import show_history
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import Grounds, Reopening, SendBack, transition
from duban.reports.board import CampaignLine, read_board
from duban.rosters.service import list_missing, record_outcome
from duban.rosters.sheets import RosterImported, import_roster
from tests.builders import a_person, a_unit
from tests.rosters.test_rosters import (
    HEADINGS,
    LIANGXI,
    TIANNING,
    a_code,
    a_sheet,
    owed,
    subjects,
    the_check,
    with_check,
)

CHECK = ("social_org_annual_check", 2026)
LATER = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
WITH_RECORDS = (*HEADINGS, "参检日期", "结论", "结论日期")
Checked = tuple[Bureau, Actor]


@pytest.fixture
def either_checked(either_bureau: Bureau) -> Checked:
    return with_check(either_bureau)


def bring_in(either_checked: Checked, path: Path, *, dry_run: bool = False) -> RosterImported:
    bureau, zhou = either_checked
    return import_roster(bureau, *CHECK, path, by=zhou, now=LATER, dry_run=dry_run)


def recorded(
    due: int, taken_part: int, concluded: int, on: str = "2026-03-20", outcome: str = "合格"
) -> list[tuple[str, ...]]:
    return [
        (*row, on if n < taken_part else "", *((outcome, "2026-06-30") if n < concluded else ("", "")))
        for n, row in enumerate(subjects(due))
    ]


def the_line(bureau: Bureau) -> CampaignLine:
    (line,) = read_board(bureau, by=SYSTEM, today=date(2026, 7, 1)).campaigns
    return line


def the_obligations(bureau: Bureau) -> list[sa.Row]:
    table = obligation
    with bureau.store.reading() as connection:
        found = sa.select(table).where(table.c.subject_id > 0).order_by(table.c.due_on, table.c.id)
        return list(connection.execute(found))


def test_board_and_missing_list_follow_a_roster_of_six_hundred(
    either_checked: Checked, tmp_path: Path
) -> None:
    bureau = either_checked[0]
    bring_in(either_checked, a_sheet(tmp_path, subjects(600), name="空.csv"))
    assert the_line(bureau).lights[Light.RED] == 1200

    done = bring_in(either_checked, a_sheet(tmp_path, recorded(600, 425, 371), WITH_RECORDS))

    assert (done.obligations_closed, done.obligations_submitted) == (742, 108)
    assert owed(bureau) == {"closed": 742, "submitted": 108, "assigned": 350}
    line = the_line(bureau)
    assert line.lights[Light.RED] == 350
    rates = {rate.key: (rate.part, rate.whole) for rate in line.rates}
    assert rates["in_time"] == rates["done"] == (742, 1200)
    missing = list_missing(bureau, *CHECK, by=SYSTEM)
    assert [one.code for one in missing] == [a_code(n) for n in range(425, 600)]
    newest = show_history(bureau, noun="roster")[-1].detail
    assert '"obligations_closed":742' in newest.replace(" ", "")
    assert "sha256" in newest


def test_taking_part_after_the_date_leaves_the_late_mark_of_that_step_only(
    either_checked: Checked, tmp_path: Path
) -> None:
    bring_in(either_checked, a_sheet(tmp_path, recorded(1, 1, 1, on="2026-05-20"), WITH_RECORDS))

    rows = the_obligations(either_checked[0])

    assert [(row.due_on, row.late) for row in rows] == [(date(2026, 3, 31), 1), (date(2026, 5, 31), 0)]
    assert {(row.submitted_on, row.closed_on) for row in rows} == {(date(2026, 5, 20), date(2026, 6, 30))}


def test_the_registrars_conclusion_closes_what_waits_for_a_review(
    either_checked: Checked, tmp_path: Path
) -> None:
    bring_in(either_checked, a_sheet(tmp_path, recorded(2, 2, 0), WITH_RECORDS))
    assert owed(either_checked[0]) == {"submitted": 4}

    done = bring_in(either_checked, a_sheet(tmp_path, recorded(2, 2, 1, outcome="不合格"), WITH_RECORDS))

    assert (done.obligations_closed, done.obligations_submitted) == (2, 0)
    assert owed(either_checked[0]) == {"submitted": 2, "closed": 2}


def test_the_same_records_again_change_nothing_and_a_preview_only_counts(
    either_checked: Checked, tmp_path: Path
) -> None:
    bring_in(either_checked, a_sheet(tmp_path, subjects(4)))
    path = a_sheet(tmp_path, recorded(4, 3, 2), WITH_RECORDS, name="有记载.csv")

    preview = bring_in(either_checked, path, dry_run=True)
    assert (preview.obligations_closed, preview.obligations_submitted) == (4, 2)
    assert owed(either_checked[0]) == {"assigned": 8}

    bring_in(either_checked, path)
    before = the_obligations(either_checked[0])
    assert bring_in(either_checked, path).unchanged
    more = bring_in(either_checked, a_sheet(tmp_path, recorded(5, 3, 2), WITH_RECORDS))
    assert (more.obligations_closed, more.obligations_submitted) == (0, 0)
    assert [row for row in the_obligations(either_checked[0]) if row.state != "assigned"] == [
        row for row in before if row.state != "assigned"
    ]


def test_an_old_record_does_not_undo_what_people_have_done_since(
    either_checked: Checked, tmp_path: Path
) -> None:
    bureau = either_checked[0]
    bring_in(either_checked, a_sheet(tmp_path, recorded(2, 2, 1), WITH_RECORDS))
    closed = next(row.id for row in the_obligations(bureau) if row.state == "closed")
    waiting = next(row.id for row in the_obligations(bureau) if row.state == "submitted")
    li = a_person(bureau, "李局长", a_unit(bureau, "市民政局办公室"), Role.LEADER)
    transition(bureau, closed, Transition.REOPEN, Reopening(reason="抽查不合格"), by=li, now=LATER)
    transition(bureau, waiting, Transition.SEND_BACK, SendBack(reason="缺财务报告"), by=li, now=LATER)

    bring_in(either_checked, a_sheet(tmp_path, recorded(3, 2, 1), WITH_RECORDS))

    states = {row.id: row.state for row in the_obligations(bureau)}
    assert (states[closed], states[waiting]) == ("reopened", "returned")


def test_emptying_a_record_that_obligations_rest_on_is_refused(
    either_checked: Checked, tmp_path: Path
) -> None:
    bring_in(either_checked, a_sheet(tmp_path, recorded(2, 2, 1), WITH_RECORDS))
    before = the_obligations(either_checked[0])

    with pytest.raises(Refused, match=r"有1个对象.*退回或重新打开"):
        bring_in(either_checked, a_sheet(tmp_path, recorded(2, 1, 1), WITH_RECORDS))

    assert the_obligations(either_checked[0]) == before


def test_what_came_in_by_the_roster_is_reviewed_by_someone_else(
    either_checked: Checked, tmp_path: Path
) -> None:
    bureau, zhou = either_checked
    bring_in(either_checked, a_sheet(tmp_path, recorded(1, 1, 0), WITH_RECORDS))
    first = the_obligations(bureau)[0].id
    chen = a_person(bureau, "陈某", a_unit(bureau, "市民政局审核科"), Role.REVIEWER)

    with pytest.raises(Refused, match="报送过这项任务"):
        transition(bureau, first, Transition.PASS, by=zhou, now=LATER)
    assert transition(bureau, first, Transition.PASS, by=chen, now=LATER).state == "accepted"


def test_a_units_own_record_hands_in_and_the_coordinators_conclusion_closes(
    either_checked: Checked, tmp_path: Path
) -> None:
    bureau, zhou = either_checked
    bring_in(either_checked, a_sheet(tmp_path, subjects(2)))
    handler = a_person(bureau, "王科长", the_obligations(bureau)[0].unit_id, Role.HANDLER)

    record_outcome(bureau, *CHECK, a_code(0), outcome="合格", by=handler, now=LATER)
    assert owed(bureau) == {"submitted": 2, "assigned": 2}

    record_outcome(bureau, *CHECK, a_code(0), outcome="合格", by=zhou, now=LATER)
    assert owed(bureau) == {"closed": 2, "assigned": 2}


def test_a_subject_out_of_scope_owes_nothing(either_checked: Checked, tmp_path: Path) -> None:
    bring_in(either_checked, a_sheet(tmp_path, subjects(3)))

    bring_in(either_checked, a_sheet(tmp_path, recorded(2, 1, 1), WITH_RECORDS))

    assert owed(either_checked[0]) == {"closed": 2, "assigned": 2, "cancelled": 2}


def test_records_that_came_before_publishing_are_settled_by_the_same_file_again(
    bureau: Bureau, tmp_path: Path
) -> None:
    department = a_unit(bureau, "市民政局", kind="bureau")
    for name in (LIANGXI, TIANNING):
        a_unit(bureau, name)
    zhou = a_person(bureau, "周处长", department, Role.COORDINATOR)
    apply_edition(bureau, the_check(), by=zhou, now=LATER, publish=False)
    path = a_sheet(tmp_path, recorded(3, 2, 1), WITH_RECORDS)
    assert bring_in((bureau, zhou), path).obligations_closed == 0
    apply_edition(bureau, the_check(), by=zhou, now=LATER)

    done = bring_in((bureau, zhou), path)

    assert (done.obligations_closed, done.obligations_submitted, done.unchanged) == (2, 2, False)
    assert owed(bureau) == {"closed": 2, "submitted": 2, "assigned": 2}
    assert bring_in((bureau, zhou), path).unchanged


def test_a_conclusion_closes_no_step_before_the_one_it_follows(
    either_checked: Checked, tmp_path: Path
) -> None:
    bureau, zhou = either_checked
    bring_in(either_checked, a_sheet(tmp_path, subjects(2), name="空.csv"))
    first, *_, last = the_obligations(bureau)
    with bureau.store.writing() as connection:
        order = {"milestone_id": last.milestone_id, "earlier_id": first.milestone_id}
        connection.execute(milestone_order.insert().values(order))
    grounds = Grounds(reason="涉诉", authority="局长办公会")
    transition(bureau, first.id, Transition.SUSPEND, grounds, by=zhou, now=LATER)

    done = bring_in(either_checked, a_sheet(tmp_path, recorded(2, 2, 2), WITH_RECORDS))

    assert (done.obligations_closed, done.obligations_left) == (2, 1)
    states = [one.state for one in the_obligations(bureau) if one.subject_id == first.subject_id]
    assert sorted(states) == ["submitted", "suspended"], "handed in, as whoever took part has; not closed"
