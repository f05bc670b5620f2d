"""Who only supports is told when the lead is told and reminded until the date, in the same letter; then left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calendars.ladders import RungKind
from calendars.model import CampaignKind, Edition, Milestone, Point, Source
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.bureau import Bureau
from duban.core.access import SYSTEM, Role
from duban.editions.forecast import rehearse_change
from duban.editions.service import EditionChange, apply_edition, move_edition
from duban.history.tables import history
from duban.obligations.tables import obligation, support_duty
from duban.outbox.tables import dispatch
from duban.rounds.schedule import due_reminders, scheduled_reminders, support_ladder
from duban.rounds.tables import support_reminder
from duban.units.tables import contact, unit
from tests.builders import a_person, a_unit
from tests.letters.delivery_builders import Read, hold, letters, to_files
from tests.rounds.test_rungs import days, ladders

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
OPENED, DUE = date(2026, 1, 5), date(2026, 3, 31)
LEADS = ("天宁区民政局", "钟楼区民政局")
POLICE, FIRE = "市公安局", "市消防救援支队"


def a_plan(*supporting: str, due_on: date = DUE, leads: tuple[str, ...] = LEADS, key: str = "plan"):
    return Milestone(
        key=key,
        title="年度巡检计划报备案",
        source=Source(document="2025年工作要点 附件1", item="A1-10-01"),
        due_phrase="3月底前",
        leads=leads,
        supporting=supporting,
        points=(Point(label="", due_on=due_on, last_workday=due_on),),
    )


def a_file(*milestones: Milestone, **more) -> Edition:
    return Edition(
        campaign="place_name_signs",
        name="地名标志巡检",
        kind=CampaignKind.FILING,
        year=2026,
        milestones=milestones,
        **more,
    )


def apply(bureau: Bureau, edition: Edition, on: date = OPENED) -> EditionChange:
    return apply_edition(bureau, edition, by=SYSTEM, now=datetime.combine(on, time(1), UTC))


@pytest.fixture
def city(either_bureau: Bureau) -> Bureau:
    return a_city(either_bureau)


def a_city(bureau: Bureau) -> Bureau:
    home = a_unit(bureau, "市民政局", kind="bureau", leader_address="li@mzj.example")
    for name in (*LEADS, POLICE, FIRE):
        a_unit(bureau, name, parent=home)
    return bureau


def duties(bureau: Bureau) -> list[tuple[str, str, date]]:
    with bureau.store.reading() as connection:
        found = connection.execute(
            sa.select(unit.c.name, support_duty.c.state, support_duty.c.opened_on)
            .join_from(support_duty, unit, unit.c.id == support_duty.c.unit_id)
            .order_by(support_duty.c.id)
        )
        return [tuple(row) for row in found]


def rungs(bureau: Bureau, status: str = "planned") -> list[str]:
    with bureau.store.reading() as connection:
        found = sa.select(support_reminder.c.rung).where(support_reminder.c.status == status)
        return sorted(connection.scalars(found.order_by(support_reminder.c.due_on)))


def days_told(bureau: Bureau, name: str, first: date, last: date) -> dict[date, str]:
    """Hold every round between two days and send what it says; the subject of each letter to the unit."""
    with bureau.store.reading() as connection:
        address = connection.scalar(
            sa.select(contact.c.address).join(unit, unit.c.id == contact.c.unit_id).where(unit.c.name == name)
        )
    told = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        before = len(letters(bureau))
        hold(bureau, day)
        to_files(bureau, day)
        own = [one for one in letters(bureau)[before:] if f"<{address}>" in one.to]
        assert len(own) <= 1, (day, own)
        if own:
            told[day] = own[0].subject
    return told


def to(bureau: Bureau, name: str) -> Read:
    [found] = [one for one in letters(bureau) if one.text.startswith(name)]
    return found


def set_leads(bureau: Bureau, **values: object) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(obligation).values(**values))


def test_one_duty_stands_for_each_supporter_and_occurrence_however_many_lead(city: Bureau) -> None:
    done = apply(city, a_file(a_plan(POLICE, FIRE)))

    assert (done.obligations_new, done.supports_new) == (2, 2)
    assert duties(city) == [(POLICE, "pending", OPENED), (FIRE, "pending", OPENED)]


def test_the_police_hear_of_what_they_support_in_a_letter_that_names_the_leads(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE)))

    hold(city, OPENED)
    to_files(city, OPENED)

    letter = to(city, POLICE)
    assert letter.subject == "【配合】地名标志巡检·年度巡检计划报备案，3月31日前配合"
    assert "【配合】1项" in letter.text
    assert "地名标志巡检：年度巡检计划报备案" in letter.text
    assert "牵头单位：天宁区民政局、钟楼区民政局" in letter.text
    assert "牵头进展：2家未办结" in letter.text
    assert "时限：2026年3月31日（周二）" in letter.text
    assert "不计入贵单位办结率" in letter.text
    assert "请立即办理" not in letter.text


def test_supporters_are_reminded_until_the_date_and_never_chased_or_escalated(bureau: Bureau) -> None:
    apply(a_city(bureau), a_file(a_plan(POLICE)))

    told = days_told(bureau, POLICE, OPENED, date(2026, 4, 20))

    # The leads' own days, counted by hand in test_rungs, up to the day it is due.
    assert list(told) == [
        OPENED,
        date(2026, 2, 11),
        date(2026, 3, 20),
        date(2026, 3, 26),
        date(2026, 3, 30),
        DUE,
    ]
    with bureau.store.reading() as connection:
        kinds = connection.scalars(sa.select(support_reminder.c.kind).distinct())
        assert set(kinds) == {"assign", "advance", "due"}


def test_where_the_file_says_so_supporters_are_chased_and_escalated_like_leads(bureau: Bureau) -> None:
    apply(a_city(bureau), a_file(a_plan(POLICE), support_escalation=True))

    told = days_told(bureau, POLICE, OPENED, date(2026, 4, 20))

    assert date(2026, 4, 1) in told
    superior = [one for one in letters(bureau) if "li@mzj.example" in one.to]
    assert [one.subject for one in superior] == ["【督办提醒】4月9日：督办2项、配合1项"]
    assert f"配合单位：{POLICE}" in superior[0].text
    assert "以下单位的配合事项经催办仍未报告，请督促" in superior[0].text
    assert "请贵单位配合" not in superior[0].text


def test_reminders_stop_when_every_lead_has_handed_in_and_begin_again_when_one_is_sent_back(
    city: Bureau,
) -> None:
    apply(city, a_file(a_plan(POLICE)))
    hold(city, OPENED)
    set_leads(city, state="submitted")
    hold(city, date(2026, 3, 20))
    waiting = rungs(city)

    set_leads(city, state="returned")
    hold(city, date(2026, 3, 26))

    assert waiting == ["assign"]
    assert rungs(city) == ["assign", "t-3"]


def test_what_was_reported_before_the_letter_leaves_is_not_in_it(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE)))
    hold(city, OPENED)
    with city.store.writing() as connection:
        connection.execute(sa.update(support_duty).values(state="reported"))

    to_files(city, OPENED)

    assert not [one for one in letters(city) if one.text.startswith(POLICE)]


def test_an_extension_of_the_lead_moves_the_supporters_reminders(city: Bureau) -> None:
    apply(city, a_file(a_plan(FIRE, leads=LEADS[:1])))
    hold(city, OPENED)
    to_files(city, OPENED)
    set_leads(city, due_on=date(2026, 4, 30), extended_times=1)

    for day in (date(2026, 1, 6), DUE, date(2026, 4, 27)):
        hold(city, day)
        to_files(city, day)

    with city.store.reading() as connection:
        found = connection.execute(sa.select(support_reminder.c.rung, support_reminder.c.due_on))
        planned = {(row.rung, row.due_on) for row in found}
    assert ("t0", DUE) not in planned
    # 27 April lies three workdays before 30 April.
    assert ("t-3", date(2026, 4, 30)) in planned
    # The new date is told once, with the old one beside it.
    told = [one.text for one in letters(city) if one.text.startswith(FIRE)]
    assert (
        len([text for text in told if "〔时限调整" in text and "原时限：2026年3月31日（周二）" in text]) == 1
    )


def test_what_is_supported_every_month_is_one_line_with_its_number_and_next_date(bureau: Bureau) -> None:
    monthly = replace(
        a_plan(POLICE),
        points=tuple(
            Point(label=f"{month}月", due_on=date(2026, month, 27), last_workday=date(2026, month, 27))
            for month in range(3, 9)
        ),
    )
    apply(a_city(bureau), a_file(monthly))

    hold(bureau, OPENED)
    to_files(bureau, OPENED)

    letter = to(bureau, POLICE)
    assert "配合6项" in letter.subject or "【配合】6项" in letter.subject
    assert letter.text.count("年度巡检计划报备案") == 1
    assert "另有5期，下一期2026年4月27日（周一）" in letter.text
    assert "全部清单" not in letter.text


def test_a_second_round_of_the_day_plans_nothing_twice(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE, FIRE)))
    hold(city, OPENED)
    before = rungs(city)

    hold(city, OPENED, time(10))

    assert rungs(city) == before == ["assign", "assign"]
    with city.store.reading() as connection:
        items = connection.execute(sa.select(unit.c.name, dispatch.c["items"]).join(dispatch)).all()
    assert {tuple(row) for row in items} >= {(POLICE, 1), (FIRE, 1)}


def test_a_supporter_taken_off_is_withdrawn_and_asked_again_when_it_comes_back(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE, FIRE)))

    gone = apply(city, a_file(a_plan(POLICE)), on=date(2026, 1, 6))
    withdrawn = duties(city)
    back = apply(city, a_file(a_plan(POLICE, FIRE)), on=date(2026, 1, 7))

    assert (gone.supports_withdrawn, back.supports_new) == (1, 1)
    assert withdrawn == [(POLICE, "pending", OPENED), (FIRE, "withdrawn", OPENED)]
    assert duties(city) == [(POLICE, "pending", OPENED), (FIRE, "pending", date(2026, 1, 7))]
    with city.store.reading() as connection:
        said = list(connection.scalars(sa.select(history.c.detail).where(history.c.noun == "edition")))
    assert '"supports_withdrawn":1' in said[1]


def test_what_was_reported_stays_when_the_supporter_or_the_edition_goes(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE, FIRE)))
    with city.store.writing() as connection:
        connection.execute(
            sa.update(support_duty)
            .where(
                support_duty.c.unit_id == sa.select(unit.c.id).where(unit.c.name == FIRE).scalar_subquery()
            )
            .values(state="reported")
        )

    move_edition(city, "withdraw", "place_name_signs", 2026, reason="不做了", by=SYSTEM, now=NOW)

    assert [state for _, state, _ in duties(city)] == ["withdrawn", "reported"]


def test_an_occurrence_that_is_gone_asks_nobody_to_support_it(city: Bureau) -> None:
    apply(city, a_file(a_plan(POLICE), a_plan(FIRE, key="other")))

    apply(city, a_file(a_plan(POLICE)), on=date(2026, 1, 6))
    hold(city, date(2026, 1, 6))

    assert [state for _, state, _ in duties(city)] == ["pending", "withdrawn"]
    assert rungs(city) == ["assign"]


def test_of_two_neighbours_on_one_boundary_line_one_leads_and_the_other_supports(city: Bureau) -> None:
    line = replace(a_plan(LEADS[1], leads=LEADS[:1]), title="钟武线联检")
    own = replace(a_plan(leads=LEADS, key="safe"), title="平安边界建设")
    apply(city, a_file(line, own))

    hold(city, OPENED)
    to_files(city, OPENED)

    neighbour = to(city, LEADS[1])
    assert neighbour.subject == "【督办提醒】1月5日：交办1项、配合1项"
    assert f"牵头单位：{LEADS[0]}" in neighbour.text
    assert "牵头进展：已交办" in neighbour.text
    assert "配合" not in to(city, LEADS[0]).text


SHIPPED = tuple(load_ladders().values())
WORKDAYS = load_workdays()


@given(
    ladder=st.one_of(ladders, st.sampled_from(SHIPPED)),
    opened_on=days,
    due_on=days,
    today=days,
    says=st.booleans(),
)
def test_a_supporter_hears_of_no_rung_its_lead_does_not_and_of_none_after_the_date_unless_the_file_says_so(
    ladder, opened_on: date, due_on: date, today: date, says: bool
) -> None:
    dates = {"opened_on": opened_on, "due_on": due_on, "workdays": WORKDAYS}
    own = support_ladder(ladder, escalates=says)
    heard = scheduled_reminders(own, **dates)
    lead = scheduled_reminders(ladder, **dates)

    assert set(heard) <= set(lead)
    assert {RungKind.ASSIGN} & {one.rung.kind for one in heard} == {RungKind.ASSIGN} & {
        one.rung.kind for one in lead
    }
    late = [one for one in heard if one.rung.kind in (RungKind.CHASE, RungKind.ESCALATE)]
    assert late == (
        [one for one in lead if one.rung.kind in (RungKind.CHASE, RungKind.ESCALATE)] if says else []
    )
    owed = due_reminders(own, today=today, **dates)
    assert all(one.current.on <= today for one in owed)


def test_what_is_foreseen_for_supporters_is_what_the_rounds_then_tell_them(bureau: Bureau) -> None:
    a_city(bureau)
    file = a_file(a_plan(POLICE))
    coordinator = a_person(bureau, "周处长", a_unit(bureau, "统筹科室"), Role.COORDINATOR)
    opened = datetime.combine(OPENED, time(0, 30), UTC)

    foreseen = rehearse_change(bureau, file, by=coordinator, now=opened, days=110)
    apply(bureau, file)
    told = days_told(bureau, POLICE, OPENED, date(2026, 4, 24))

    [count] = [one.count for one in foreseen.units if one.unit == POLICE]
    assert (count.before, count.after) == (0, len(told)) == (0, 6)
    assert {one.on for one in foreseen.days} >= set(told)
