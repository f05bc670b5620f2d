"""What a campaign file says becomes obligations; what it says later changes only what is still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from calendars.model import CampaignKind, Edition, Milestone, Point, Quota, Source, Target, TargetState
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.editions.service import EditionChange, apply_edition, move_edition
from duban.history.tables import history
from duban.obligations.tables import forwarding, obligation
from duban.outbox.tables import dispatch
from duban.rounds.tables import reminder
from duban.units.tables import unit, unit_alias
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
def bureau_with_units(bureau: Bureau) -> Bureau:
    return with_units(bureau)


@pytest.fixture
def pg_bureau_with_units(pg_bureau: Bureau) -> Bureau:
    return with_units(pg_bureau)


def with_units(bureau: Bureau) -> Bureau:
    for name in ("市民政局", *BOTH):
        a_unit(bureau, name)
    return bureau


def apply(bureau: Bureau, edition: Edition, now: datetime = NOW, **options) -> EditionChange:
    return apply_edition(bureau, edition, by=SYSTEM, now=now, **options)


def obligations(bureau: Bureau, *columns: str) -> list[tuple]:
    table = obligation
    with bureau.store.reading() as connection:
        chosen = [table.c[name] for name in columns]
        return [tuple(row) for row in connection.execute(sa.select(*chosen).order_by(table.c.id))]


def set_obligation(bureau: Bureau, position: int, **values) -> None:
    with bureau.store.writing() as connection:
        ids = connection.execute(sa.select(obligation.c.id).order_by("id")).scalars().all()
        statement = sa.update(obligation).where(obligation.c.id == ids[position])
        connection.execute(statement.values(**values))


def history_of(bureau: Bureau, noun: str) -> list[str]:
    with bureau.store.reading() as connection:
        found = sa.select(history.c.verb).where(history.c.noun == noun)
        return list(connection.execute(found.order_by(history.c.id)).scalars())


def remind(bureau: Bureau, position: int) -> None:
    with bureau.store.writing() as connection:
        row = connection.execute(sa.select(obligation).order_by("id")).all()[position]
        connection.execute(
            sa.insert(reminder).values(
                obligation_id=row.id,
                rung="assign",
                kind="assign",
                due_on=row.due_on,
                round_id=1,
                target_unit_id=row.unit_id,
                status="planned",
            )
        )


def letters(bureau: Bureau) -> list[tuple[str, int, dict]]:
    with bureau.store.reading() as connection:
        rows = connection.execute(sa.select(dispatch).order_by("id")).all()
        return [(row.kind, row.unit_id, row.payload) for row in rows]


def test_each_lead_unit_owes_each_point(bureau_with_units: Bureau) -> None:
    done = apply(bureau_with_units, a_file())

    assert (done.outcome, done.state, done.obligations_new) == ("new", "published", 2)
    assert (
        obligations(bureau_with_units, "due_on", "state", "opened_on")
        == [(MARCH, "assigned", clock.civil(NOW))] * 2
    )


@pytest.mark.postgres
def test_each_lead_unit_owes_each_point_on_postgresql(pg_bureau_with_units: Bureau) -> None:
    assert apply(pg_bureau_with_units, a_file()).obligations_new == 2
    later = apply(pg_bureau_with_units, a_file(a_milestone(due_on=APRIL)))

    assert later.obligations_moved == 2
    assert obligations(pg_bureau_with_units, "due_on") == [(APRIL,), (APRIL,)]


def test_applying_the_same_file_again_changes_nothing(bureau_with_units: Bureau) -> None:
    apply(bureau_with_units, a_file())
    lines = len(history_of(bureau_with_units, "edition"))

    again = apply(bureau_with_units, a_file())

    assert (again.outcome, again.obligations_new) == ("unchanged", 0)
    assert len(history_of(bureau_with_units, "edition")) == lines


def test_a_draft_owes_nothing_until_it_is_published(bureau_with_units: Bureau) -> None:
    assert apply(bureau_with_units, a_file(), publish=False).state == "draft"
    assert obligations(bureau_with_units, "id") == []

    assert apply(bureau_with_units, a_file()).state == "published"
    assert len(obligations(bureau_with_units, "id")) == 2


def test_a_point_that_begins_later_is_opened_on_its_first_day(bureau_with_units: Bureau) -> None:
    point = Point(label="", starts_on=date(2026, 3, 1), due_on=MARCH, last_workday=MARCH)

    apply(bureau_with_units, a_file(a_milestone(points=(point,))))

    assert obligations(bureau_with_units, "opened_on") == [(date(2026, 3, 1),)] * 2


def test_an_old_year_applied_late_is_still_owed(bureau_with_units: Bureau) -> None:
    apply(bureau_with_units, a_file(), now=datetime(2026, 8, 3, 1, 0, tzinfo=UTC))

    assert (
        obligations(bureau_with_units, "opened_on", "due_on", "state")
        == [(date(2026, 8, 3), MARCH, "assigned")] * 2
    )


def test_a_unit_keeps_its_own_target_and_a_blank_stays_blank(bureau_with_units: Bureau) -> None:
    targets = (
        Target(unit="天宁区民政局", state=TargetState.GIVEN, value=Decimal("1.5")),
        Target(unit="钟楼区民政局", state=TargetState.BLANK),
    )
    quota = Quota(indicator="助餐点", unit_of_measure="个", targets=targets)

    apply(bureau_with_units, a_file(a_milestone(quota=quota)))

    assert obligations(bureau_with_units, "target_state", "target") == [
        ("given", Decimal("1.5")),
        ("blank", None),
    ]


def test_a_changed_target_reaches_what_is_unfinished(bureau_with_units: Bureau) -> None:
    def quota(value: str) -> Quota:
        target = Target(unit="天宁区民政局", state=TargetState.GIVEN, value=Decimal(value))
        return Quota(indicator="助餐点", unit_of_measure="个", targets=(target,))

    apply(bureau_with_units, a_file(a_milestone(quota=quota("20"))))
    done = apply(bureau_with_units, a_file(a_milestone(quota=quota("25"))))

    assert done.obligations_retargeted == 1
    assert obligations(bureau_with_units, "target")[0] == (Decimal("25"),)


def test_unknown_units_and_units_without_responsibility_are_all_named_at_once(
    bureau_with_units: Bureau,
) -> None:
    target = Target(unit="市民政局", state=TargetState.GIVEN, value=Decimal(1))
    quota = Quota(indicator="助餐点", unit_of_measure="个", targets=(target,))
    milestone = a_milestone(leads=("天宁区民政局", "梧桐区民政局"), supporting=("云上局",), quota=quota)

    with pytest.raises(Refused) as refused:
        apply(bureau_with_units, a_file(milestone))

    text = str(refused.value)
    assert "梧桐区民政局" in text
    assert "云上局" in text
    assert "市民政局定了目标，但它不是责任单位" in text
    assert obligations(bureau_with_units, "id") == []


def test_one_unit_under_two_names_is_not_two_leads(bureau_with_units: Bureau) -> None:
    code = "U-alias"
    with bureau_with_units.store.writing() as connection:
        unit_id = connection.execute(sa.select(unit.c.id).where(unit.c.name == "天宁区民政局")).scalar_one()
        connection.execute(sa.insert(unit_alias).values(alias_key=code, unit_id=unit_id))

    with pytest.raises(Refused, match="同一个单位写了两次牵头"):
        apply(bureau_with_units, a_file(a_milestone(leads=("天宁区民政局", code))))


def test_a_moved_date_moves_what_is_open_and_leaves_what_was_extended(bureau_with_units: Bureau) -> None:
    apply(bureau_with_units, a_file())
    extended = date(2026, 4, 10)
    set_obligation(bureau_with_units, 1, extended_times=1, due_on=extended)

    done = apply(bureau_with_units, a_file(a_milestone(due_on=APRIL)))

    assert done.obligations_moved == 1
    assert obligations(bureau_with_units, "due_on") == [(APRIL,), (extended,)]
    assert history_of(bureau_with_units, "milestone") == ["change"]


def test_an_extension_never_reaches_past_a_wall_that_moved_nearer(bureau_with_units: Bureau) -> None:
    def with_wall(wall: date) -> Edition:
        point = Point(label="", due_on=MARCH, last_workday=MARCH, hard_due_on=wall)
        return a_file(a_milestone(points=(point,)))

    apply(bureau_with_units, with_wall(date(2026, 5, 29)))
    set_obligation(bureau_with_units, 0, extended_times=1, due_on=date(2026, 5, 20))

    apply(bureau_with_units, with_wall(APRIL))

    assert obligations(bureau_with_units, "due_on", "hard_due_on") == [(APRIL, APRIL), (MARCH, APRIL)]


def test_an_earlier_date_does_not_make_late_what_was_handed_in_on_time(bureau_with_units: Bureau) -> None:
    apply(bureau_with_units, a_file())
    set_obligation(bureau_with_units, 0, state="submitted", submitted_on=date(2026, 3, 20))
    set_obligation(bureau_with_units, 1, state="closed", submitted_on=date(2026, 3, 20))

    apply(bureau_with_units, a_file(a_milestone(due_on=date(2026, 3, 10))))

    assert obligations(bureau_with_units, "due_on") == [(MARCH,), (MARCH,)]


def test_a_date_that_moves_after_reminders_tells_each_reminded_unit_once(bureau_with_units: Bureau) -> None:
    two = (a_milestone(), a_milestone("report", title="报送巡检报告"))
    apply(bureau_with_units, a_file(*two))
    remind(bureau_with_units, 0)
    remind(bureau_with_units, 2)
    moved = tuple(replace(one, points=a_milestone(due_on=APRIL).points) for one in two)

    done = apply(bureau_with_units, a_file(*moved))

    assert done.told == ("天宁区民政局",)
    [(kind, _, payload)] = letters(bureau_with_units)
    assert (kind, payload["total"]) == ("calendar_change", 2)
    assert [item["previous_due_on"] for item in payload["items"]] == ["2026-03-31", "2026-03-31"]


def test_a_preview_shows_what_would_happen_and_writes_nothing(bureau_with_units: Bureau) -> None:
    apply(bureau_with_units, a_file())
    remind(bureau_with_units, 0)

    shown = apply(bureau_with_units, a_file(a_milestone(due_on=APRIL), a_milestone("new")), dry_run=True)

    assert (shown.obligations_moved, shown.obligations_new, shown.told) == (2, 2, ("天宁区民政局",))
    assert obligations(bureau_with_units, "due_on") == [(MARCH,), (MARCH,)]
    assert letters(bureau_with_units) == []
    assert history_of(bureau_with_units, "milestone") == []


def test_a_milestone_gone_from_the_file_is_withdrawn_and_what_is_done_stays(
    bureau_with_units: Bureau,
) -> None:
    apply(bureau_with_units, a_file(a_milestone(), a_milestone("report")))
    set_obligation(bureau_with_units, 2, state="closed")

    done = apply(bureau_with_units, a_file())

    assert done.obligations_cancelled == 1
    assert [row[0] for row in obligations(bureau_with_units, "state")] == [
        "assigned",
        "assigned",
        "closed",
        "cancelled",
    ]
    assert history_of(bureau_with_units, "milestone") == ["withdraw"]


def test_a_milestone_that_comes_back_is_owed_again(bureau_with_units: Bureau) -> None:
    both = a_file(a_milestone(), a_milestone("report"))
    apply(bureau_with_units, both)
    apply(bureau_with_units, a_file())

    done = apply(bureau_with_units, both)

    assert (done.obligations_returned, done.obligations_new) == (2, 0)
    assert {row[0] for row in obligations(bureau_with_units, "state")} == {"assigned"}


def test_a_unit_taken_off_and_put_back_owes_again_but_a_persons_cancelling_stands(
    bureau_with_units: Bureau,
) -> None:
    apply(bureau_with_units, a_file())
    set_obligation(bureau_with_units, 0, state="cancelled")
    apply(bureau_with_units, a_file(a_milestone(leads=BOTH[:1])))

    done = apply(bureau_with_units, a_file())

    assert done.obligations_returned == 1
    assert [row[0] for row in obligations(bureau_with_units, "state")] == ["cancelled", "assigned"]


def test_what_was_forwarded_is_not_given_back_to_the_wrong_unit(bureau_with_units: Bureau) -> None:
    a_unit(bureau_with_units, "武进区民政局")
    person = a_person(bureau_with_units, "周处长", 1, Role.COORDINATOR)
    apply(bureau_with_units, a_file(a_milestone(leads=BOTH[:1])))
    with bureau_with_units.store.writing() as connection:
        row = connection.execute(sa.select(obligation)).one()
        other = connection.execute(sa.select(unit.c.id).where(unit.c.name == "武进区民政局")).scalar_one()
        connection.execute(sa.update(obligation).values(unit_id=other))
        connection.execute(
            sa.insert(forwarding).values(
                obligation_id=row.id,
                point_id=row.point_id,
                from_unit_id=row.unit_id,
                to_unit_id=other,
                reason="职责在武进区",
                forwarded_by=person.person_id,
                forwarded_at=NOW,
            )
        )

    done = apply(bureau_with_units, a_file(a_milestone(leads=BOTH[:1], title="报备巡检计划（修订）")))

    assert (done.obligations_new, done.obligations_cancelled) == (0, 0)
    assert obligations(bureau_with_units, "unit_id", "state") == [(other, "assigned")]


def test_a_phrase_without_a_date_waits_for_a_person(bureau_with_units: Bureau) -> None:
    done = apply(bureau_with_units, a_file(a_milestone(due_on=None, undated="“适时”不定日期")))

    assert done.obligations_new == 0
    assert done.undated == ("报备巡检计划：“适时”不定日期",)


def test_a_handler_may_not_publish(bureau_with_units: Bureau) -> None:
    wang = Actor(name="王科长", person_id=1, unit_id=1, roles=frozenset({Role.HANDLER}))

    with pytest.raises(Refused, match="王科长没有发布专项行动的权限"):
        apply_edition(bureau_with_units, a_file(), by=wang, now=NOW)


def test_pausing_keeps_the_dates_and_withdrawing_cancels_until_it_is_applied_again(
    bureau_with_units: Bureau,
) -> None:
    apply(bureau_with_units, a_file())
    named = {"reason": "上级另有安排", "by": SYSTEM, "now": NOW}

    assert move_edition(bureau_with_units, "pause", "place_name_signs", 2026, **named).state == "paused"
    assert move_edition(bureau_with_units, "resume", "place_name_signs", 2026, **named).state == "published"
    assert move_edition(bureau_with_units, "withdraw", "place_name_signs", 2026, **named).cancelled == 2
    with pytest.raises(Refused, match="已撤回"):
        apply(bureau_with_units, a_file())
    assert move_edition(bureau_with_units, "resume", "place_name_signs", 2026, **named).state == "draft"
    assert apply(bureau_with_units, a_file()).obligations_returned == 2
    assert history_of(bureau_with_units, "edition") == [
        "publish",
        "pause",
        "resume",
        "withdraw",
        "resume",
        "publish",
    ]
