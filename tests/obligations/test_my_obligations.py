"""The unit's own page: what is owed, what comes next, what was sent back, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from calendars.ladders import RungKind
from duban.accounts.tables import person_unit
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.core.errors import NotFound, Refused
from duban.core.lights import Light
from duban.editions import tables as editions_tables
from duban.editions.tables import milestone
from duban.evidence.my_file import my_obligation
from duban.evidence.service import FigureItem, submit
from duban.figures.service import report_progress
from duban.figures.tables import figure
from duban.obligations.file import open_obligation
from duban.obligations.lists import Tab, my_obligations
from duban.obligations.review_queues import read_forwards
from duban.obligations.states import State, Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import (
    Acknowledgement,
    ExtensionRequest,
    ForwardDecision,
    Forwarding,
    SendBack,
    transition,
)
from duban.outbox.tables import dispatch
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 20)
NOW = clock.at(TODAY)
COUNT = {"key": "done", "title": "累计户数", "type": "figure", "unit_of_measure": "户", "required": True}


def a_desk(bureau: Bureau) -> tuple[Actor, int, int]:
    unit = a_unit(bureau)
    return a_person(bureau, "王科长", unit, Role.HANDLER), unit, an_edition(bureau)


def test_what_is_owed_comes_in_order_with_the_next_reminder(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    late = an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=date(2026, 3, 18))
    soon = an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=date(2026, 3, 31))
    far = an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=date(2027, 6, 30), provisional=True)
    an_obligation(bureau, unit_id=a_unit(bureau, "钟楼区民政局"), edition_id=edition, due_on=TODAY)
    an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=TODAY, state="draft")

    page = my_obligations(bureau, by=wang, today=TODAY)

    assert [one.id for one in page.obligations] == [late, soon, far]
    assert (page.owed, page.with_others, page.more) == (3, 0, False)
    first, second, third = page.obligations
    assert first.standing.light is Light.RED and first.reminder is not None
    assert (first.reminder.rung.kind, first.reminder.on) == (RungKind.ESCALATE, date(2026, 3, 26))
    assert second.reminder is not None and second.reminder.rung.kind is RungKind.ADVANCE
    assert second.reminder.on == date(2026, 3, 26)
    assert third.provisional


def test_tabs_hold_what_waits_and_what_is_over_newest_first(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    states = ("submitted", "accepted", "suspended", "closed", "archived", "waived")
    made = {
        state: an_obligation(bureau, unit_id=unit, edition_id=edition, due_on=date(2026, 3, day), state=state)
        for day, state in enumerate(states, start=2)
    }

    waiting = my_obligations(bureau, by=wang, today=TODAY, tab=Tab.WITH_OTHERS)
    over = my_obligations(bureau, by=wang, today=TODAY, tab=Tab.OVER, page_size=2)
    rest = my_obligations(bureau, by=wang, today=TODAY, tab=Tab.OVER, page_size=2, page=2)

    assert [one.id for one in waiting.obligations] == [made[state] for state in states[:3]]
    assert [one.id for one in over.obligations] == [made["waived"], made["archived"]] and over.more
    assert [one.id for one in rest.obligations] == [made["closed"]] and not rest.more
    assert all(one.reminder is None for one in (*waiting.obligations, *over.obligations))


def test_a_paused_edition_reminds_nobody_and_a_withdrawn_one_is_not_owed(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    an_obligation(bureau, unit_id=unit, edition_id=edition)
    for state, owed in (("paused", 1), ("withdrawn", 0)):
        with bureau.store.writing() as connection:
            connection.execute(editions_tables.edition.update().values(state=state))
        page = my_obligations(bureau, by=wang, today=TODAY)
        assert len(page.obligations) == page.owed == owed
        assert all(one.reminder is None for one in page.obligations)


def test_what_was_sent_back_says_why_and_a_pending_extension_stands_beside(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    chen = a_person(bureau, "陈审核", a_unit(bureau, "市民政局", kind="bureau"), Role.REVIEWER)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    for reason in ("缺附表", "附表没有盖章"):
        submit(bureau, one, note="请审核", by=wang, now=NOW)
        transition(bureau, one, Transition.SEND_BACK, SendBack(reason=reason), by=chen, now=NOW)
    transition(
        bureau,
        one,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 10), reason="汛期", progress="八成"),
        by=wang,
        now=NOW,
    )

    found = my_obligations(bureau, by=wang, today=TODAY).obligations[0]

    assert found.sent_back is not None
    assert (found.sent_back.nth, found.sent_back.reason) == (2, "附表没有盖章")
    assert found.extension_wanted_on == date(2026, 4, 10)


def test_the_page_of_one_shows_what_may_be_done_and_by_whom(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    zhao = a_person(bureau, "赵干事", unit, Role.HANDLER)
    stranger = a_person(bureau, "赵某", a_unit(bureau, "钟楼区民政局"), Role.HANDLER)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    everything = {
        Transition.ACKNOWLEDGE,
        Transition.REPORT,
        Transition.SUBMIT,
        Transition.ASK_FORWARD,
        Transition.HAND_OVER,
        Transition.ASK_EXTENSION,
    }

    assert my_obligation(bureau, one, by=wang, today=TODAY).may == everything
    transition(
        bureau, one, Transition.ACKNOWLEDGE, Acknowledgement(backup_id=zhao.person_id), by=wang, now=NOW
    )
    file = my_obligation(bureau, one, by=wang, today=TODAY)

    assert file.may == everything - {Transition.ACKNOWLEDGE}
    assert (file.handler_id, file.backup_id) == (wang.person_id, zhao.person_id)
    assert [person.name for person in file.colleagues] == ["王科长", "赵干事"]
    with pytest.raises(NotFound):
        my_obligation(bureau, one, by=stranger, today=TODAY)


def letters_of(bureau: Bureau, kind: str) -> list[dict[str, object]]:
    with bureau.store.reading() as connection:
        return list(connection.scalars(sa.select(dispatch.c.payload).where(dispatch.c.kind == kind)))


def asks_forward(bureau: Bureau, one: int, to: str, by: Actor) -> None:
    given = Forwarding(to_unit=to, reason="属钟楼区")
    transition(bureau, one, Transition.ASK_FORWARD, given, by=by, now=NOW)


def decides(bureau: Bureau, one: int, by: Actor, *, granted: bool) -> None:
    given = ForwardDecision(granted=granted, reply="已核实")
    transition(bureau, one, Transition.DECIDE_FORWARD, given, by=by, now=NOW)


def test_a_unit_asks_for_a_forward_and_owes_it_until_the_coordinator_decides(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    other = a_unit(bureau, "钟楼区民政局")
    zhang = a_person(bureau, "张科长", other, Role.HANDLER)
    zhou = a_person(bureau, "周统筹", a_unit(bureau, "市民政局"), Role.COORDINATOR)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)

    with pytest.raises(Refused, match="没有等待批复的改派申请"):
        decides(bureau, one, zhou, granted=True)
    asks_forward(bureau, one, "钟楼区民政局", wang)
    with pytest.raises(Refused, match="已申请改派钟楼区民政局"):
        asks_forward(bureau, one, "钟楼区民政局", wang)
    for nobody in (wang, zhang):
        with pytest.raises(Refused, match="由统筹科室批复"):
            decides(bureau, one, nobody, granted=True)
    [waiting] = read_forwards(bureau, by=zhou, today=TODAY).forwards

    assert (waiting.asked.unit, waiting.asked.to_unit) == ("天宁区民政局", "钟楼区民政局")
    [mine] = my_obligations(bureau, by=wang, today=TODAY).obligations
    assert mine.forward_asked_to == "钟楼区民政局"
    assert my_obligations(bureau, by=zhang, today=TODAY).owed == 0

    decides(bureau, one, zhou, granted=True)

    [letter] = letters_of(bureau, "forward")
    assert (letter["granted"], letter["to_unit"], letter["reason"]) == (True, "钟楼区民政局", "已核实")
    assert my_obligations(bureau, by=wang, today=TODAY).owed == 0
    assert my_obligations(bureau, by=zhang, today=TODAY).owed == 1
    assert not read_forwards(bureau, by=zhou, today=TODAY).forwards


def test_a_refused_forward_leaves_the_matter_where_it_was(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    a_unit(bureau, "钟楼区民政局")
    zhou = a_person(bureau, "周统筹", a_unit(bureau, "市民政局"), Role.COORDINATOR)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    asks_forward(bureau, one, "钟楼区民政局", wang)

    decides(bureau, one, zhou, granted=False)

    [mine] = my_obligations(bureau, by=wang, today=TODAY).obligations
    assert (mine.forward_asked_to, mine.state) == (None, State.ASSIGNED)


def test_the_receiving_unit_accepts_where_the_bureau_sets_it_so(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    other = a_unit(bureau, "钟楼区民政局")
    zhang = a_person(bureau, "张科长", other, Role.HANDLER)
    third = a_person(bureau, "孙科长", a_unit(bureau, "新北区民政局"), Role.HANDLER)
    bureau = replace(bureau, settings=bureau.settings.model_copy(update={"forward_receiver_decides": True}))
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    asks_forward(bureau, one, "钟楼区民政局", wang)

    with pytest.raises(NotFound):
        decides(bureau, one, third, granted=True)
    with pytest.raises(Refused, match="不能批复自己的改派申请"):
        decides(bureau, one, wang, granted=True)
    [waiting] = read_forwards(bureau, by=zhang, today=TODAY).forwards
    assert not waiting.refusals
    decides(bureau, one, zhang, granted=True)

    assert my_obligations(bureau, by=zhang, today=TODAY).owed == 1


def test_what_was_handed_in_is_taken_back_until_somebody_opens_it(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    chen = a_person(bureau, "陈审核", a_unit(bureau, "市民政局"), Role.REVIEWER)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    submit(bureau, one, by=wang, now=NOW)
    assert Transition.TAKE_BACK in my_obligation(bureau, one, by=wang, today=TODAY).may

    back = transition(bureau, one, Transition.TAKE_BACK, by=wang, now=NOW)

    assert back.state is State.ASSIGNED
    file = my_obligation(bureau, one, by=wang, today=TODAY)
    assert [(shown.fate, shown.fate_by) for shown in file.submissions] == [("taken_back", "王科长")]

    submit(bureau, one, by=wang, now=NOW)
    open_obligation(bureau, one, by=chen, now=NOW)
    with pytest.raises(Refused, match="陈审核已开始审核，不能再撤回"):
        transition(bureau, one, Transition.TAKE_BACK, by=wang, now=NOW)
    file = my_obligation(bureau, one, by=wang, today=TODAY)
    assert Transition.TAKE_BACK not in file.may
    assert (file.submissions[-1].fate, file.submissions[-1].fate_by) == ("opened", "陈审核")


def test_the_look_of_whoever_does_not_review_opens_nothing(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    auditor = a_person(bureau, "苏审计", a_unit(bureau, "市民政局"), Role.AUDITOR)
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)
    submit(bureau, one, by=wang, now=NOW)

    open_obligation(bureau, one, by=auditor, now=NOW)
    open_obligation(bureau, one, by=wang, now=NOW)

    assert transition(bureau, one, Transition.TAKE_BACK, by=wang, now=NOW).state is State.ASSIGNED


def a_quota(bureau: Bureau) -> tuple[Actor, int]:
    wang, unit, edition = a_desk(bureau)
    point = a_point(bureau, edition, due_on=date(2026, 6, 30), evidence=(COUNT,))
    quota = {"indicator": "适老化改造", "unit_of_measure": "户"}
    with bureau.store.writing() as connection:
        connection.execute(
            milestone.update()
            .where(milestone.c.id == point[0])
            .values(body={"evidence": [COUNT], "quota": quota})
        )
    one = an_obligation(bureau, unit_id=unit, edition_id=edition, point=point, target=Decimal(900))
    return wang, one


def test_a_figure_given_as_progress_is_not_asked_again_when_handing_in(bureau: Bureau) -> None:
    wang, one = a_quota(bureau)
    with pytest.raises(Refused, match="还缺必报材料：累计户数"):
        submit(bureau, one, by=wang, now=NOW)
    report_progress(bureau, one, Decimal(640), unit_of_measure="户", by=wang, now=NOW)

    file = my_obligation(bureau, one, by=wang, today=TODAY)
    submit(bureau, one, by=wang, now=NOW)

    assert file.known["done"].value == 640 and "进度填报" in file.known["done"].words
    item = my_obligation(bureau, one, by=wang, today=TODAY).came("done")[0]
    assert (item.value, item.unit_of_measure) == (Decimal(640), "户")


def test_a_figure_recorded_for_the_unit_is_known_and_what_is_typed_counts_before_it(bureau: Bureau) -> None:
    wang, one = a_quota(bureau)
    with bureau.store.writing() as connection:
        edition_id = connection.scalar(sa.select(obligation.c.edition_id))
        connection.execute(
            figure.insert().values(
                edition_id=edition_id, unit_id=wang.unit_id, name="done", value=Decimal(700), as_of_on=TODAY,
                unit_of_measure="户", reported_by=wang.person_id, reported_at=NOW,
            )
        )  # fmt: skip

    file = my_obligation(bureau, one, by=wang, today=TODAY)
    typed = FigureItem(key="done", value=Decimal(710), unit_of_measure="户")
    submit(bureau, one, items=[typed], by=wang, now=NOW + timedelta(hours=1))

    assert file.known["done"].value == 700 and file.known_progress == file.known["done"]
    after = my_obligation(bureau, one, by=wang, today=TODAY + timedelta(days=1))
    assert after.known["done"].value == 710 and after.came("done")[0].value == 710


def test_what_was_done_in_earlier_years_is_not_read_for_what_is_owed(bureau: Bureau) -> None:
    wang, unit, edition = a_desk(bureau)
    an_obligation(bureau, unit_id=unit, edition_id=edition)
    asked: list[tuple[str, object]] = []

    def note(_conn, _cursor, statement, parameters, _context, _many) -> None:
        asked.append((statement, parameters))

    sa.event.listen(bureau.store.engine, "before_cursor_execute", note)
    my_obligations(bureau, by=wang, today=TODAY)
    sa.event.remove(bureau.store.engine, "before_cursor_execute", note)

    found = [(sql, given) for sql, given in asked if "obligation.unit_id IN" in sql]
    with bureau.store.reading() as connection:
        for sql, given in found:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
            assert any("ix_obligation_unit_open" in row[3] for row in plan), plan
    assert len(found) == 2


def test_who_acts_for_a_further_unit_takes_on_its_matters(bureau: Bureau) -> None:
    _, unit, edition = a_desk(bureau)
    li = a_person(bureau, "李干事", a_unit(bureau, "钟楼区民政局"), Role.HANDLER)
    with bureau.store.writing() as connection:
        connection.execute(person_unit.insert().values(person_id=li.person_id, unit_id=unit))
    both = Actor(
        name=li.name, person_id=li.person_id, unit_id=li.unit_id, roles=li.roles, also=frozenset({unit})
    )
    one = an_obligation(bureau, unit_id=unit, edition_id=edition)

    transition(bureau, one, Transition.ACKNOWLEDGE, by=both, now=NOW)

    assert my_obligation(bureau, one, by=both, today=TODAY).handler_id == li.person_id
