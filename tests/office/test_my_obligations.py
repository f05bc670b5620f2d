"""The unit's own page: what is owed, what comes next, what was sent back, and nothing of anybody else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.acknowledge import acknowledge
from office.actions.ask_extension import ask_extension
from office.actions.forward import forward
from office.actions.my_obligation import my_obligation
from office.actions.my_obligations import Tab, my_obligations
from office.actions.office import Office
from office.actions.report_progress import report_progress
from office.actions.send_back import send_back
from office.actions.submit import FigureItem, submit
from office.errors import NotFound, Refused
from office.store import tables
from rules.ladder import RungKind
from rules.moves import Verb
from rules.people import Actor, Role
from rules.standing import Light
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

TODAY = date(2026, 3, 20)
NOW = clock.at(TODAY)
COUNT = {"key": "done", "title": "累计户数", "type": "figure", "unit_of_measure": "户", "required": True}


def a_desk(office: Office) -> tuple[Actor, int, int]:
    unit = a_unit(office)
    return a_person(office, "王科长", unit, Role.HANDLER), unit, an_edition(office)


def test_what_is_owed_comes_in_order_with_the_next_reminder(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    late = an_obligation(office, unit_id=unit, edition_id=edition, due_on=date(2026, 3, 18))
    soon = an_obligation(office, unit_id=unit, edition_id=edition, due_on=date(2026, 3, 31))
    far = an_obligation(office, unit_id=unit, edition_id=edition, due_on=date(2027, 6, 30), provisional=True)
    an_obligation(office, unit_id=a_unit(office, "钟楼区民政局"), edition_id=edition, due_on=TODAY)
    an_obligation(office, unit_id=unit, edition_id=edition, due_on=TODAY, state="draft")

    page = my_obligations(office, by=wang, today=TODAY)

    assert [one.id for one in page.obligations] == [late, soon, far]
    assert (page.owed, page.with_others, page.more) == (3, 0, False)
    first, second, third = page.obligations
    assert first.seen.standing.light is Light.RED and first.reminder is not None
    assert (first.reminder.rung.kind, first.reminder.on) == (RungKind.ESCALATE, date(2026, 3, 26))
    assert second.reminder is not None and second.reminder.rung.kind is RungKind.ADVANCE
    assert second.reminder.on == date(2026, 3, 26)
    assert third.seen.provisional


def test_tabs_hold_what_waits_and_what_is_over_newest_first(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    states = ("submitted", "accepted", "suspended", "closed", "archived", "waived")
    made = {
        state: an_obligation(office, unit_id=unit, edition_id=edition, due_on=date(2026, 3, day), state=state)
        for day, state in enumerate(states, start=2)
    }

    waiting = my_obligations(office, by=wang, today=TODAY, tab=Tab.WITH_OTHERS)
    over = my_obligations(office, by=wang, today=TODAY, tab=Tab.OVER, page_size=2)
    rest = my_obligations(office, by=wang, today=TODAY, tab=Tab.OVER, page_size=2, page=2)

    assert [one.id for one in waiting.obligations] == [made[state] for state in states[:3]]
    assert [one.id for one in over.obligations] == [made["waived"], made["archived"]] and over.more
    assert [one.id for one in rest.obligations] == [made["closed"]] and not rest.more
    assert all(one.reminder is None for one in (*waiting.obligations, *over.obligations))


def test_a_paused_edition_reminds_nobody_and_a_withdrawn_one_is_not_owed(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    an_obligation(office, unit_id=unit, edition_id=edition)
    for state, owed in (("paused", 1), ("withdrawn", 0)):
        with office.store.writing() as connection:
            connection.execute(tables.edition.update().values(state=state))
        page = my_obligations(office, by=wang, today=TODAY)
        assert len(page.obligations) == page.owed == owed
        assert all(one.reminder is None for one in page.obligations)


def test_what_was_sent_back_says_why_and_a_pending_extension_stands_beside(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    chen = a_person(office, "陈审核", a_unit(office, "市民政局", kind="bureau"), Role.REVIEWER)
    one = an_obligation(office, unit_id=unit, edition_id=edition)
    for reason in ("缺附表", "附表没有盖章"):
        submit(office, one, note="请审核", by=wang, now=NOW)
        send_back(office, one, reason=reason, by=chen, now=NOW)
    ask_extension(office, one, wanted_on=date(2026, 4, 10), reason="汛期", progress="八成", by=wang, now=NOW)

    found = my_obligations(office, by=wang, today=TODAY).obligations[0]

    assert found.sent_back is not None
    assert (found.sent_back.nth, found.sent_back.reason) == (2, "附表没有盖章")
    assert found.extension_wanted_on == date(2026, 4, 10)


def test_the_page_of_one_shows_what_may_be_done_and_by_whom(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    zhao = a_person(office, "赵干事", unit, Role.HANDLER)
    stranger = a_person(office, "赵某", a_unit(office, "钟楼区民政局"), Role.HANDLER)
    one = an_obligation(office, unit_id=unit, edition_id=edition)
    everything = {Verb.ACKNOWLEDGE, Verb.REPORT, Verb.SUBMIT, Verb.FORWARD, Verb.ASK_EXTENSION}

    assert my_obligation(office, one, by=wang, today=TODAY).may == everything
    acknowledge(office, one, backup_id=zhao.person_id, by=wang, now=NOW)
    file = my_obligation(office, one, by=wang, today=TODAY)

    assert file.may == everything - {Verb.ACKNOWLEDGE}
    assert (file.handler_id, file.backup_id) == (wang.person_id, zhao.person_id)
    assert [person.name for person in file.colleagues] == ["王科长", "赵干事"]
    with pytest.raises(NotFound):
        my_obligation(office, one, by=stranger, today=TODAY)


def test_a_unit_forwards_what_is_not_its_own_and_it_does_not_come_back(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    other = a_unit(office, "钟楼区民政局")
    zhang = a_person(office, "张科长", other, Role.HANDLER)
    one = an_obligation(office, unit_id=unit, edition_id=edition)

    with pytest.raises(Refused, match="不归您的单位"):
        forward(office, one, to_unit="天宁区民政局", reason="不属我区", by=zhang, now=NOW)
    forward(office, one, to_unit="钟楼区民政局", reason="属钟楼区", by=wang, now=NOW)
    with pytest.raises(Refused, match="已把这项任务转出过"):
        forward(office, one, to_unit="天宁区民政局", reason="不属我区", by=zhang, now=NOW)

    assert my_obligations(office, by=wang, today=TODAY).owed == 0
    assert my_obligations(office, by=zhang, today=TODAY).owed == 1


def a_quota(office: Office) -> tuple[Actor, int]:
    wang, unit, edition = a_desk(office)
    point = a_point(office, edition, due_on=date(2026, 6, 30), evidence=(COUNT,))
    quota = {"indicator": "适老化改造", "unit_of_measure": "户"}
    with office.store.writing() as connection:
        connection.execute(
            tables.milestone.update()
            .where(tables.milestone.c.id == point[0])
            .values(body={"evidence": [COUNT], "quota": quota})
        )
    one = an_obligation(office, unit_id=unit, edition_id=edition, point=point, target=Decimal(900))
    return wang, one


def test_a_figure_given_as_progress_is_not_asked_again_when_handing_in(office: Office) -> None:
    wang, one = a_quota(office)
    with pytest.raises(Refused, match="还缺必报材料：累计户数"):
        submit(office, one, by=wang, now=NOW)
    report_progress(office, one, Decimal(640), unit_of_measure="户", by=wang, now=NOW)

    file = my_obligation(office, one, by=wang, today=TODAY)
    submit(office, one, by=wang, now=NOW)

    assert file.known["done"].value == 640 and "进度填报" in file.known["done"].words
    item = my_obligation(office, one, by=wang, today=TODAY).came("done")[0]
    assert (item.value, item.unit_of_measure) == (Decimal(640), "户")


def test_a_figure_recorded_for_the_unit_is_known_and_what_is_typed_counts_before_it(office: Office) -> None:
    wang, one = a_quota(office)
    with office.store.writing() as connection:
        edition_id = connection.scalar(sa.select(tables.obligation.c.edition_id))
        connection.execute(
            tables.figure.insert().values(
                edition_id=edition_id, unit_id=wang.unit_id, name="done", value=Decimal(700), as_of_on=TODAY,
                unit_of_measure="户", reported_by=wang.person_id, reported_at=NOW,
            )
        )  # fmt: skip

    file = my_obligation(office, one, by=wang, today=TODAY)
    typed = FigureItem(key="done", value=Decimal(710), unit_of_measure="户")
    submit(office, one, items=[typed], by=wang, now=NOW + timedelta(hours=1))

    assert file.known["done"].value == 700 and file.known_progress == file.known["done"]
    after = my_obligation(office, one, by=wang, today=TODAY + timedelta(days=1))
    assert after.known["done"].value == 710 and after.came("done")[0].value == 710


def test_what_was_done_in_earlier_years_is_not_read_for_what_is_owed(office: Office) -> None:
    wang, unit, edition = a_desk(office)
    an_obligation(office, unit_id=unit, edition_id=edition)
    asked: list[tuple[str, object]] = []

    def note(_conn, _cursor, statement, parameters, _context, _many) -> None:
        asked.append((statement, parameters))

    sa.event.listen(office.store.engine, "before_cursor_execute", note)
    my_obligations(office, by=wang, today=TODAY)
    sa.event.remove(office.store.engine, "before_cursor_execute", note)

    found = [(sql, given) for sql, given in asked if "obligation.unit_id IN" in sql]
    with office.store.reading() as connection:
        for sql, given in found:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
            assert any("ix_obligation_unit_open" in row[3] for row in plan), plan
    assert len(found) == 3


def test_who_acts_for_a_further_unit_takes_on_its_matters(office: Office) -> None:
    _, unit, edition = a_desk(office)
    li = a_person(office, "李干事", a_unit(office, "钟楼区民政局"), Role.HANDLER)
    with office.store.writing() as connection:
        connection.execute(tables.person_unit.insert().values(person_id=li.person_id, unit_id=unit))
    both = Actor(
        name=li.name, person_id=li.person_id, unit_id=li.unit_id, roles=li.roles, also=frozenset({unit})
    )
    one = an_obligation(office, unit_id=unit, edition_id=edition)

    acknowledge(office, one, by=both, now=NOW)

    assert my_obligation(office, one, by=both, today=TODAY).handler_id == li.person_id
