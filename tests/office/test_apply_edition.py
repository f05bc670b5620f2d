"""What a campaign file says becomes obligations; what it says later changes only what is still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from office import clock
from office.actions.apply_edition import Applied, apply_edition
from office.actions.edition_states import pause_edition, resume_edition, withdraw_edition
from office.actions.office import Office
from office.errors import Refused
from office.store import tables
from rules.campaign import (
    CampaignKind,
    Edition,
    Milestone,
    Point,
    Quota,
    Source,
    Target,
    TargetState,
)
from rules.people import SYSTEM, Actor, Role
from tests.builders import a_person, a_unit

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 30)
BOTH = ("天宁区民政局", "钟楼区民政局")


def a_milestone(key: str = "plan", *, due_on: date | None = MARCH, leads=BOTH, **more) -> Milestone:
    points = () if due_on is None else (Point(label="", due_on=due_on, last_workday=due_on),)
    return Milestone(
        key=key,
        title=more.pop("title", "报备巡检计划"),
        source=Source(document="2025年工作要点 附件1", item="A1-10-01"),
        due_phrase="3月底前",
        leads=leads,
        points=more.pop("points", points),
        **more,
    )


def a_file(*milestones: Milestone, **more) -> Edition:
    return Edition(
        campaign="place_name_signs",
        name="地名标志巡检",
        kind=CampaignKind.FILING,
        year=2026,
        milestones=milestones or (a_milestone(),),
        **more,
    )


@pytest.fixture
def bureau(office: Office) -> Office:
    return with_units(office)


@pytest.fixture
def pg_bureau(pg_office: Office) -> Office:
    return with_units(pg_office)


def with_units(office: Office) -> Office:
    for name in ("市民政局", *BOTH):
        a_unit(office, name)
    return office


def apply(office: Office, edition: Edition, now: datetime = NOW, **options) -> Applied:
    return apply_edition(office, edition, by=SYSTEM, now=now, **options)


def obligations(office: Office, *columns: str) -> list[tuple]:
    table = tables.obligation
    with office.store.reading() as connection:
        chosen = [table.c[name] for name in columns]
        return [tuple(row) for row in connection.execute(sa.select(*chosen).order_by(table.c.id))]


def set_obligation(office: Office, position: int, **values) -> None:
    with office.store.writing() as connection:
        ids = connection.execute(sa.select(tables.obligation.c.id).order_by("id")).scalars().all()
        statement = sa.update(tables.obligation).where(tables.obligation.c.id == ids[position])
        connection.execute(statement.values(**values))


def history_of(office: Office, noun: str) -> list[str]:
    with office.store.reading() as connection:
        found = sa.select(tables.history.c.verb).where(tables.history.c.noun == noun)
        return list(connection.execute(found.order_by(tables.history.c.id)).scalars())


def remind(office: Office, position: int) -> None:
    with office.store.writing() as connection:
        row = connection.execute(sa.select(tables.obligation).order_by("id")).all()[position]
        connection.execute(
            sa.insert(tables.reminder).values(
                obligation_id=row.id,
                rung="assign",
                kind="assign",
                due_on=row.due_on,
                round_id=1,
                target_unit_id=row.unit_id,
                status="planned",
            )
        )


def letters(office: Office) -> list[tuple[str, int, dict]]:
    with office.store.reading() as connection:
        rows = connection.execute(sa.select(tables.dispatch).order_by("id")).all()
        return [(row.kind, row.unit_id, row.payload) for row in rows]


def test_each_lead_unit_owes_each_point(bureau: Office) -> None:
    done = apply(bureau, a_file())

    assert (done.outcome, done.state, done.obligations_new) == ("new", "published", 2)
    assert obligations(bureau, "due_on", "state", "opened_on") == [(MARCH, "assigned", clock.civil(NOW))] * 2


@pytest.mark.postgres
def test_each_lead_unit_owes_each_point_on_postgresql(pg_bureau: Office) -> None:
    assert apply(pg_bureau, a_file()).obligations_new == 2
    later = apply(pg_bureau, a_file(a_milestone(due_on=APRIL)))

    assert later.obligations_moved == 2
    assert obligations(pg_bureau, "due_on") == [(APRIL,), (APRIL,)]


def test_applying_the_same_file_again_changes_nothing(bureau: Office) -> None:
    apply(bureau, a_file())
    lines = len(history_of(bureau, "edition"))

    again = apply(bureau, a_file())

    assert (again.outcome, again.obligations_new) == ("unchanged", 0)
    assert len(history_of(bureau, "edition")) == lines


def test_a_draft_owes_nothing_until_it_is_published(bureau: Office) -> None:
    assert apply(bureau, a_file(), publish=False).state == "draft"
    assert obligations(bureau, "id") == []

    assert apply(bureau, a_file()).state == "published"
    assert len(obligations(bureau, "id")) == 2


def test_a_point_that_begins_later_is_opened_on_its_first_day(bureau: Office) -> None:
    point = Point(label="", starts_on=date(2026, 3, 1), due_on=MARCH, last_workday=MARCH)

    apply(bureau, a_file(a_milestone(points=(point,))))

    assert obligations(bureau, "opened_on") == [(date(2026, 3, 1),)] * 2


def test_an_old_year_applied_late_is_still_owed(bureau: Office) -> None:
    apply(bureau, a_file(), now=datetime(2026, 8, 3, 1, 0, tzinfo=UTC))

    assert obligations(bureau, "opened_on", "due_on", "state") == [(date(2026, 8, 3), MARCH, "assigned")] * 2


def test_a_unit_keeps_its_own_target_and_a_blank_stays_blank(bureau: Office) -> None:
    targets = (
        Target(unit="天宁区民政局", state=TargetState.GIVEN, value=Decimal("1.5")),
        Target(unit="钟楼区民政局", state=TargetState.BLANK),
    )
    quota = Quota(indicator="助餐点", unit_of_measure="个", targets=targets)

    apply(bureau, a_file(a_milestone(quota=quota)))

    assert obligations(bureau, "target_state", "target") == [("given", Decimal("1.5")), ("blank", None)]


def test_a_changed_target_reaches_what_is_unfinished(bureau: Office) -> None:
    def quota(value: str) -> Quota:
        target = Target(unit="天宁区民政局", state=TargetState.GIVEN, value=Decimal(value))
        return Quota(indicator="助餐点", unit_of_measure="个", targets=(target,))

    apply(bureau, a_file(a_milestone(quota=quota("20"))))
    done = apply(bureau, a_file(a_milestone(quota=quota("25"))))

    assert done.obligations_retargeted == 1
    assert obligations(bureau, "target")[0] == (Decimal("25"),)


def test_unknown_units_and_units_without_responsibility_are_all_named_at_once(bureau: Office) -> None:
    target = Target(unit="市民政局", state=TargetState.GIVEN, value=Decimal(1))
    quota = Quota(indicator="助餐点", unit_of_measure="个", targets=(target,))
    milestone = a_milestone(leads=("天宁区民政局", "梧桐区民政局"), supporting=("云上局",), quota=quota)

    with pytest.raises(Refused) as refused:
        apply(bureau, a_file(milestone))

    text = str(refused.value)
    assert "梧桐区民政局" in text
    assert "云上局" in text
    assert "市民政局定了目标，但它不是责任单位" in text
    assert obligations(bureau, "id") == []


def test_one_unit_under_two_names_is_not_two_leads(bureau: Office) -> None:
    code = "U-alias"
    with bureau.store.writing() as connection:
        unit_id = connection.execute(
            sa.select(tables.unit.c.id).where(tables.unit.c.name == "天宁区民政局")
        ).scalar_one()
        connection.execute(sa.insert(tables.unit_alias).values(alias_key=code, unit_id=unit_id))

    with pytest.raises(Refused, match="同一个单位写了两次牵头"):
        apply(bureau, a_file(a_milestone(leads=("天宁区民政局", code))))


def test_a_moved_date_moves_what_is_open_and_leaves_what_was_extended(bureau: Office) -> None:
    apply(bureau, a_file())
    extended = date(2026, 4, 10)
    set_obligation(bureau, 1, extended_times=1, due_on=extended)

    done = apply(bureau, a_file(a_milestone(due_on=APRIL)))

    assert done.obligations_moved == 1
    assert obligations(bureau, "due_on") == [(APRIL,), (extended,)]
    assert history_of(bureau, "milestone") == ["change"]


def test_an_extension_never_reaches_past_a_wall_that_moved_nearer(bureau: Office) -> None:
    def with_wall(wall: date) -> Edition:
        point = Point(label="", due_on=MARCH, last_workday=MARCH, hard_due_on=wall)
        return a_file(a_milestone(points=(point,)))

    apply(bureau, with_wall(date(2026, 5, 29)))
    set_obligation(bureau, 0, extended_times=1, due_on=date(2026, 5, 20))

    apply(bureau, with_wall(APRIL))

    assert obligations(bureau, "due_on", "hard_due_on") == [(APRIL, APRIL), (MARCH, APRIL)]


def test_an_earlier_date_does_not_make_late_what_was_handed_in_on_time(bureau: Office) -> None:
    apply(bureau, a_file())
    set_obligation(bureau, 0, state="submitted", submitted_on=date(2026, 3, 20))
    set_obligation(bureau, 1, state="closed", submitted_on=date(2026, 3, 20))

    apply(bureau, a_file(a_milestone(due_on=date(2026, 3, 10))))

    assert obligations(bureau, "due_on") == [(MARCH,), (MARCH,)]


def test_a_date_that_moves_after_reminders_tells_each_reminded_unit_once(bureau: Office) -> None:
    two = (a_milestone(), a_milestone("report", title="报送巡检报告"))
    apply(bureau, a_file(*two))
    remind(bureau, 0)
    remind(bureau, 2)
    moved = tuple(replace(one, points=a_milestone(due_on=APRIL).points) for one in two)

    done = apply(bureau, a_file(*moved))

    assert done.told == ("天宁区民政局",)
    [(kind, _, payload)] = letters(bureau)
    assert (kind, payload["total"]) == ("calendar_change", 2)
    assert [item["previous_due_on"] for item in payload["items"]] == ["2026-03-31", "2026-03-31"]


def test_a_preview_shows_what_would_happen_and_writes_nothing(bureau: Office) -> None:
    apply(bureau, a_file())
    remind(bureau, 0)

    shown = apply(bureau, a_file(a_milestone(due_on=APRIL), a_milestone("new")), dry_run=True)

    assert (shown.obligations_moved, shown.obligations_new, shown.told) == (2, 2, ("天宁区民政局",))
    assert obligations(bureau, "due_on") == [(MARCH,), (MARCH,)]
    assert letters(bureau) == []
    assert history_of(bureau, "milestone") == []


def test_a_milestone_gone_from_the_file_is_withdrawn_and_what_is_done_stays(bureau: Office) -> None:
    apply(bureau, a_file(a_milestone(), a_milestone("report")))
    set_obligation(bureau, 2, state="closed")

    done = apply(bureau, a_file())

    assert done.obligations_cancelled == 1
    assert [row[0] for row in obligations(bureau, "state")] == ["assigned", "assigned", "closed", "cancelled"]
    assert history_of(bureau, "milestone") == ["withdraw"]


def test_a_milestone_that_comes_back_is_owed_again(bureau: Office) -> None:
    both = a_file(a_milestone(), a_milestone("report"))
    apply(bureau, both)
    apply(bureau, a_file())

    done = apply(bureau, both)

    assert (done.obligations_returned, done.obligations_new) == (2, 0)
    assert {row[0] for row in obligations(bureau, "state")} == {"assigned"}


def test_a_unit_taken_off_and_put_back_owes_again_but_a_persons_cancelling_stands(bureau: Office) -> None:
    apply(bureau, a_file())
    set_obligation(bureau, 0, state="cancelled")
    apply(bureau, a_file(a_milestone(leads=BOTH[:1])))

    done = apply(bureau, a_file())

    assert done.obligations_returned == 1
    assert [row[0] for row in obligations(bureau, "state")] == ["cancelled", "assigned"]


def test_what_was_forwarded_is_not_given_back_to_the_wrong_unit(bureau: Office) -> None:
    a_unit(bureau, "武进区民政局")
    person = a_person(bureau, "周处长", 1, Role.COORDINATOR)
    apply(bureau, a_file(a_milestone(leads=BOTH[:1])))
    with bureau.store.writing() as connection:
        row = connection.execute(sa.select(tables.obligation)).one()
        other = connection.execute(
            sa.select(tables.unit.c.id).where(tables.unit.c.name == "武进区民政局")
        ).scalar_one()
        connection.execute(sa.update(tables.obligation).values(unit_id=other))
        connection.execute(
            sa.insert(tables.forwarding).values(
                obligation_id=row.id,
                point_id=row.point_id,
                from_unit_id=row.unit_id,
                to_unit_id=other,
                reason="职责在武进区",
                forwarded_by=person.person_id,
                forwarded_at=NOW,
            )
        )

    done = apply(bureau, a_file(a_milestone(leads=BOTH[:1], title="报备巡检计划（修订）")))

    assert (done.obligations_new, done.obligations_cancelled) == (0, 0)
    assert obligations(bureau, "unit_id", "state") == [(other, "assigned")]


def test_a_phrase_without_a_date_waits_for_a_person(bureau: Office) -> None:
    done = apply(bureau, a_file(a_milestone(due_on=None, undated="“适时”不定日期")))

    assert done.obligations_new == 0
    assert done.undated == ("报备巡检计划：“适时”不定日期",)


def test_a_handler_may_not_publish(bureau: Office) -> None:
    wang = Actor(name="王科长", person_id=1, unit_id=1, roles=frozenset({Role.HANDLER}))

    with pytest.raises(Refused, match="王科长没有发布专项行动的权限"):
        apply_edition(bureau, a_file(), by=wang, now=NOW)


def test_pausing_keeps_the_dates_and_withdrawing_cancels_until_it_is_applied_again(bureau: Office) -> None:
    apply(bureau, a_file())
    named = {"reason": "上级另有安排", "by": SYSTEM, "now": NOW}

    assert pause_edition(bureau, "place_name_signs", 2026, **named).state == "paused"
    assert resume_edition(bureau, "place_name_signs", 2026, **named).state == "published"
    assert withdraw_edition(bureau, "place_name_signs", 2026, **named).cancelled == 2
    with pytest.raises(Refused, match="已撤回"):
        apply(bureau, a_file())
    assert resume_edition(bureau, "place_name_signs", 2026, **named).state == "draft"
    assert apply(bureau, a_file()).obligations_returned == 2
    assert history_of(bureau, "edition") == ["publish", "pause", "resume", "withdraw", "resume", "publish"]
