"""The day a stage is summed up: once, exactly, told to the leader, whatever else goes wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.editions import tables as editions_tables
from duban.editions.tables import milestone, milestone_order
from duban.figures.tables import progress
from duban.history.tables import history
from duban.letters.compose import stage_summary
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.problems.tables import problem
from duban.rosters import tables as rosters_tables
from duban.rounds import gates
from duban.rounds.gates import close_gates
from notifications.messages import Desk, Kind, Message, render
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

DUE = date(2026, 3, 31)  # a Tuesday
DAY_AFTER = date(2026, 4, 1)
LEADER = "li@bureau.example"


def close(bureau: Bureau, day: date = DAY_AFTER, **options: Any):
    return close_gates(bureau, now=clock.at(day, time(8, 30)), **options)


def an_inspection(bureau: Bureau, *, kind: str = "filing", **options: Any) -> tuple[int, tuple[int, int]]:
    """李局长's bureau with one gated stage due on 31 March; `published_on` goes to the edition."""
    published = {key: options.pop(key) for key in ("published_on", "state") if key in options}
    coordinator = a_unit(bureau, "市民政局", kind="bureau", leader_address=LEADER)
    edition = an_edition(bureau, coordinator_unit_id=coordinator, kind=kind, **published)
    return edition, a_point(bureau, edition, due_on=DUE, gate=True, **options)


def owes(bureau: Bureau, edition: int, point: tuple[int, int], name: str, state: str, **columns: Any) -> int:
    key = an_obligation(
        bureau, unit_id=a_unit(bureau, name), edition_id=edition, point=point, due_on=DUE, state=state
    )
    change(bureau, obligation, key, **columns)
    return key


def change(bureau: Bureau, table: sa.Table, key: int, **columns: Any) -> None:
    if columns:
        with bureau.store.writing() as connection:
            connection.execute(sa.update(table).where(table.c.id == key).values(**columns))


def rows(bureau: Bureau, table: sa.Table) -> list[Any]:
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.id)))


def test_the_leader_learns_the_day_after_who_is_missing(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau)
    owes(either_bureau, edition, point, "天宁区民政局", "closed", submitted_on=DUE, closed_on=DAY_AFTER)
    owes(either_bureau, edition, point, "武进区民政局", "closed", submitted_on=DAY_AFTER, late=1)
    jintan = owes(either_bureau, edition, point, "金坛区民政局", "assigned")
    owes(either_bureau, edition, point, "溧阳市民政局", "waived")

    (gate,) = close(either_bureau).closed

    result = gate.result
    assert (result.owed, result.done, result.done_in_time, result.open, result.out) == (3, 2, 1, 1, 1)
    assert [(one.unit, one.obligation_id, one.word) for one in result.missing] == [
        ("金坛区民政局", jintan, "逾期")
    ]
    (letter,) = rows(either_bureau, dispatch)
    assert (letter.address, letter.kind, letter.ref) == (LEADER, "stage_summary", f"point:{point[1]}")
    stored = next(row for row in rows(either_bureau, editions_tables.point) if row.id == point[1])
    assert stored.gate_closed_at == clock.at(DAY_AFTER)
    assert stored.gate_result["rate"] == "1/3"
    assert stored.gate_result["missing"][0]["unit"] == "金坛区民政局"
    assert [(row.verb, row.noun_id) for row in rows(either_bureau, history)] == [("close_gate", point[1])]


def test_the_letter_reads_from_its_payload_alone(bureau: Bureau) -> None:
    edition, point = an_inspection(bureau)
    owes(bureau, edition, point, "天宁区民政局", "closed", submitted_on=DUE)
    owes(bureau, edition, point, "金坛区民政局", "returned")
    close(bureau)

    payload = dict(rows(bureau, dispatch)[0].payload)
    message = Message(
        kind=Kind.STAGE_SUMMARY,
        to_name="李局长",
        unit=payload["unit"],
        as_of_on=date.fromisoformat(payload["as_of_on"]),
        desk=Desk(**payload["desk"]),
        detail=stage_summary(payload),
    )

    text = render(message).text
    assert "应办2家，按时办结1家，逾期办结0家，未完成1家" in text
    assert "金坛区民政局：逾期1个工作日" in text


def test_a_gate_waits_for_its_day_and_closes_on_it_when_all_is_done(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau)
    key = owes(either_bureau, edition, point, "天宁区民政局", "assigned")

    assert not close(either_bureau, DUE).closed
    change(either_bureau, obligation, key, state="closed", submitted_on=date(2026, 3, 20))
    assert not close(either_bureau, DUE - timedelta(days=1)).closed
    (gate,) = close(either_bureau, DUE).closed
    assert gate.result.passed


def test_a_second_pass_closes_nothing(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau)
    owes(either_bureau, edition, point, "金坛区民政局", "assigned")
    close(either_bureau)
    before = [rows(either_bureau, table) for table in (dispatch, history, editions_tables.point)]

    assert not close(either_bureau).closed
    assert not close(either_bureau, DAY_AFTER + timedelta(days=9)).closed

    assert [rows(either_bureau, table) for table in (dispatch, history, editions_tables.point)] == before


def test_of_two_passes_at_once_one_closes_the_gate(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau)
    owes(either_bureau, edition, point, "金坛区民政局", "assigned")

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: close(either_bureau), range(4)))

    assert [report.faults for report in reports] == [()] * 4
    assert sum(len(report) for report in reports) == 1
    assert len(rows(either_bureau, dispatch)) == len(rows(either_bureau, history)) == 1


def test_a_pass_killed_before_its_last_write_leaves_nothing_and_is_made_good(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition, point = an_inspection(bureau)
    owes(bureau, edition, point, "金坛区民政局", "assigned")

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(gates, "append_entry", dies)
        with pytest.raises(KeyboardInterrupt):
            close(bureau)
    assert not rows(bureau, dispatch)

    assert len(close(bureau)) == 1
    assert len(rows(bureau, dispatch)) == len(rows(bureau, history)) == 1


def test_what_is_wrong_in_one_edition_does_not_stop_the_others(bureau: Bureau) -> None:
    broken, point = an_inspection(bureau)
    key = owes(bureau, broken, point, "金坛区民政局", "assigned")
    change(bureau, obligation, key, state="lost")
    fine = an_edition(bureau, "qingming", name="清明祭扫服务保障", kind="event")
    an_obligation(bureau, edition_id=fine, point=a_point(bureau, fine, due_on=DUE, gate=True), due_on=DUE)

    report = close(bureau)

    assert [gate.edition_id for gate in report] == [fine]
    assert [(fault.edition_id, fault.name) for fault in report.faults] == [(broken, "地名标志巡检")]


@pytest.mark.parametrize("state", ["draft", "paused", "withdrawn"])
def test_an_edition_that_is_not_published_closes_no_gate(bureau: Bureau, state: str) -> None:
    edition, point = an_inspection(bureau, state=state)
    owes(bureau, edition, point, "金坛区民政局", "assigned")

    assert not close(bureau).closed


def test_a_stage_that_was_over_before_its_edition_was_published_is_kept_but_not_reported(
    bureau: Bureau,
) -> None:
    edition, point = an_inspection(bureau, published_on=date(2026, 11, 2))
    owes(bureau, edition, point, "金坛区民政局", "assigned")

    (gate,) = close(bureau, date(2026, 11, 2)).closed

    assert (gate.letters, gate.result.open) == (0, 1)
    assert not rows(bureau, dispatch)


def test_the_next_stage_closes_on_its_own_day_and_names_the_stage_left_open(either_bureau: Bureau) -> None:
    edition, first = an_inspection(
        either_bureau, kind="rectification", key="approval", title="公益性公墓审批"
    )
    second = a_point(either_bureau, edition, due_on=date(2026, 5, 29), gate=True, title="殡葬中介摸排")
    with either_bureau.store.writing() as connection:
        connection.execute(milestone_order.insert().values(milestone_id=second[0], earlier_id=first[0]))
    owes(either_bureau, edition, first, "金坛区民政局", "assigned")
    owes(either_bureau, edition, second, "市殡葬协会", "closed", submitted_on=date(2026, 5, 20))
    close(either_bureau)

    (gate,) = close(either_bureau, date(2026, 6, 1)).closed

    assert not gate.result.passed
    assert gate.result.open_before == ("公益性公墓审批",)
    assert "等待前一阶段：公益性公墓审批尚未办结" in gate.sentence


def test_a_problem_that_is_not_struck_off_keeps_the_stage_from_being_done(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau, kind="rectification", title="完成集中治理")
    change(either_bureau, milestone, point[0], problem_ledger=True)
    owes(either_bureau, edition, point, "市殡葬协会", "closed", submitted_on=DUE)
    unit = a_unit(either_bureau, "金坛区民政局")
    with either_bureau.store.writing() as connection:
        for code, state in (("殡-01", "closed"), ("殡-02", "fixed"), ("殡-03", "open")):
            connection.execute(
                sa.insert(problem).values(
                    edition_id=edition,
                    milestone_id=point[0],
                    unit_id=unit,
                    code=code,
                    title="收费未公示",
                    pace="by_date",
                    found_on=DUE,
                    state=state,
                )
            )

    (gate,) = close(either_bureau).closed

    assert gate.result.ledger is not None
    assert (gate.result.ledger.found, gate.result.ledger.struck_off) == (3, 1)
    assert gate.result.ledger.open == ("殡-02（金坛区民政局）", "殡-03（金坛区民政局）")
    assert not gate.result.passed


def test_a_quota_goes_by_the_newest_figure(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau, kind="quota", title="家庭养老床位")
    person = a_person(either_bureau, "王科长", a_unit(either_bureau, "市养老服务中心"))
    reported = {
        "天宁区民政局": [(date(2026, 3, 1), 40), (date(2026, 3, 30), 100)],
        "武进区民政局": [(date(2026, 3, 30), 99)],
        "金坛区民政局": [(date(2026, 3, 1), 120), (date(2026, 3, 30), 90)],
    }
    for name, figures in reported.items():
        key = owes(
            either_bureau, edition, point, name, "in_progress", target=Decimal(100), target_state="given"
        )
        with either_bureau.store.writing() as connection:
            for as_of_on, value in figures:
                connection.execute(
                    sa.insert(progress).values(
                        obligation_id=key,
                        value=Decimal(value),
                        as_of_on=as_of_on,
                        reported_by=person.person_id,
                        reported_at=clock.at(as_of_on),
                    )
                )
    owes(either_bureau, edition, point, "市福利院", "assigned", target_state="none")

    (gate,) = close(either_bureau).closed

    assert (gate.result.owed, gate.result.done, gate.result.out) == (3, 1, 1)
    assert [one.unit for one in gate.result.missing] == ["武进区民政局", "金坛区民政局"]


def test_an_annual_check_names_each_subject_that_is_missing(either_bureau: Bureau) -> None:
    edition, point = an_inspection(either_bureau, kind="annual_check", title="报登记管理机关")
    change(either_bureau, milestone, point[0], per_subject=True)
    registrar = a_unit(either_bureau, "梁溪区民政局")
    person = a_person(either_bureau, "王科长", registrar)
    with either_bureau.store.writing() as connection:
        roster = connection.execute(
            sa.insert(rosters_tables.roster).values(
                edition_id=edition,
                key="名册",
                sha256="0" * 64,
                filename="名册.csv",
                subjects=3,
                imported_by=person.person_id,
                imported_at=clock.at(DUE),
            )
        ).inserted_primary_key[0]
        for n, name in enumerate(("棋类协会", "书画协会", "登山协会"), start=1):
            subject = connection.execute(
                sa.insert(rosters_tables.subject).values(
                    roster_id=roster,
                    code=f"S{n}",
                    name=name,
                    unit_id=registrar,
                    taken_part_on=DUE if n < 3 else None,
                )
            ).inserted_primary_key[0]
            connection.execute(
                sa.insert(obligation).values(
                    edition_id=edition,
                    milestone_id=point[0],
                    point_id=point[1],
                    unit_id=registrar,
                    subject_id=subject,
                    ladder="standard",
                    opened_on=date(2026, 1, 5),
                    due_on=DUE,
                    state="closed" if n < 3 else "assigned",
                    submitted_on=DUE if n < 3 else None,
                )
            )

    (gate,) = close(either_bureau).closed

    assert [one.subject for one in gate.result.missing] == ["登山协会"]
    assert "应参检3家，已参检2家，参检率66.7 %" in gate.sentence
    payload = rows(either_bureau, dispatch)[0].payload
    assert payload["missing"] == [{"unit": "登山协会（梁溪区民政局）", "days_overdue": 1, "reason": "逾期"}]
    assert {"title": "参检率", "done": 2, "of": 3, "target_percent": None} in payload["rates"]


def test_an_unknown_roster_is_not_taken_for_a_finished_check(bureau: Bureau) -> None:
    _, point = an_inspection(bureau, kind="annual_check", title="报登记管理机关")
    change(bureau, milestone, point[0], per_subject=True)

    assert not close(bureau, DUE).closed
    (gate,) = close(bureau).closed
    assert not gate.result.passed
    assert "应参检数未知，参检率—" in gate.sentence
