"""A machine that dies between any two steps of a round: nothing is lost, and at most what was handed over is unsure."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core.access import Actor, Role
from duban.core.errors import Refused
from duban.core.settings import load
from duban.history.queries import verify_chain
from duban.history.tables import history
from duban.letters.delivery import deliver
from duban.outbox.service import retry_dispatch
from duban.rehearse.faults import Fuse, FusedStore, Killed, RehearsalChannel, Weather
from duban.rounds.service import hold_round, recover
from duban.rounds.tables import reminder
from duban.units.tables import contact
from tests.builders import a_person, a_unit
from tests.ledgers import fresh_office, opened_office
from tests.letters.delivery_builders import (
    THREE_BEFORE,
    WANG,
    District,
    a_contact,
    a_district,
    at,
    hold,
    letters,
    rows,
    set_dispatch,
    statuses,
    to_files,
)

NOW = at(THREE_BEFORE)
UNITS = 4


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, migrated_ledger: Path) -> Path:
    """A ledger in which four districts owe something, copied for every death."""
    home = tmp_path_factory.mktemp("ledger")
    with fresh_office(load(home), migrated_ledger) as bureau:
        made = a_district(bureau)
        made.owes()
        for n in range(1, UNITS):
            made.owes(unit_id=a_unit(bureau, f"第{n}区民政局", parent=made.home))
    return home / "duban.db"


# A whole round takes 24 steps here; the last of these lengths lie behind its end.
@pytest.mark.parametrize("steps", range(1, 29))
def test_a_death_at_any_step_loses_nothing_and_repeats_nothing(
    ledger: Path, tmp_path: Path, steps: int
) -> None:
    shutil.copy(ledger, tmp_path / "duban.db")
    fuse = Fuse(left=steps)
    channel = RehearsalChannel(fuse=fuse, dice=random.Random(1))
    with opened_office(load(tmp_path)) as calm:
        bureau = replace(calm, store=FusedStore(calm.store.engine, fuse))
        died = _day(bureau, channel, NOW)
        fuse.left = None
        later = NOW + timedelta(seconds=bureau.settings.lease_seconds + 60)
        report = recover(bureau, now=later)
        _day(bureau, channel, later)

        kept = rows(bureau)
        with bureau.store.reading() as connection:
            assert verify_chain(connection).broken_at is None
    assert {row.status for row in kept} <= {"accepted", "unsure"} and len(kept) == UNITS
    taken = Counter(prepared.key for prepared in channel.taken)
    assert set(taken.values()) <= {1}
    unsure = {f"{row.day}-{row.id}" for row in kept if row.status == "unsure"}
    assert set(taken) | unsure == {f"{row.day}-{row.id}" for row in kept}
    assert report.unsure == len(unsure) and (died or not unsure)


def test_recovery_finds_nothing_on_an_ordinary_day(bureau: Bureau) -> None:
    made = a_district(bureau)
    made.owes()
    hold(bureau, THREE_BEFORE)
    to_files(bureau, THREE_BEFORE)

    report = recover(bureau, now=NOW + timedelta(hours=1))

    assert (report.put_back, report.unsure, report.finished, report.missing) == (0, 0, (), ())
    assert report.sentence == "补救：一切正常。"


@pytest.fixture
def reminded(bureau: Bureau) -> District:
    made = a_district(bureau)
    made.owes()
    hold(bureau, THREE_BEFORE)
    return made


def test_a_lease_that_still_runs_is_left_alone(reminded: District) -> None:
    set_dispatch(reminded.bureau, status="sending", lease_by="w", lease_until=NOW + timedelta(minutes=5))

    assert recover(reminded.bureau, now=NOW + timedelta(minutes=4)).put_back == 0
    assert recover(reminded.bureau, now=NOW + timedelta(minutes=5)).put_back == 1
    assert to_files(reminded.bureau, THREE_BEFORE, time(9, 0)).accepted == 1


def test_what_was_handed_over_is_said_to_be_unsure_and_waits_for_a_person(reminded: District) -> None:
    set_dispatch(reminded.bureau, status="sending", lease_by="w", lease_until=NOW, handed_at=NOW)

    report = recover(reminded.bureau, now=NOW + timedelta(hours=1))

    assert (report.put_back, report.unsure) == (0, 1) and "不能确定" in report.sentence
    assert "--even-unsure" in rows(reminded.bureau)[0].reason
    assert to_files(reminded.bureau, THREE_BEFORE, time(10, 0)).accepted == 0


def test_a_slow_worker_still_records_the_true_answer(reminded: District) -> None:
    """The server answered after the lease had run out: what it said counts more than our doubt."""

    class Slow(RehearsalChannel):
        def send_many(self, letters):
            for prepared, receipt in RehearsalChannel.send_many(self, letters):
                recover(reminded.bureau, now=NOW + timedelta(hours=1))
                assert statuses(reminded.bureau) == {WANG: "unsure"}
                yield prepared, receipt

    channel = Slow(fuse=Fuse(), dice=random.Random(1))
    deliver(reminded.bureau, channels={"mail": channel}, now=NOW, worker="slow")

    assert statuses(reminded.bureau) == {WANG: "accepted"}


def test_a_day_without_a_round_is_told_until_a_later_one_has_covered_it(reminded: District) -> None:
    monday = THREE_BEFORE + timedelta(days=4)

    early = recover(reminded.bureau, now=at(monday, time(8, 0)))
    late = recover(reminded.bureau, now=at(monday, time(9, 0)))
    hold(reminded.bureau, monday, time(9, 5))

    assert early.missing == (date(2026, 3, 27), date(2026, 3, 28), date(2026, 3, 29))
    assert late.missing == (*early.missing, monday) and "duban round run" in late.sentence
    assert recover(reminded.bureau, now=at(monday, time(9, 10))).missing == ()


def test_a_round_that_died_before_its_digests_is_finished_the_next_day(ledger: Path, tmp_path: Path) -> None:
    """Its reminders stand in the ledger and are never planned again, so somebody must send them."""
    shutil.copy(ledger, tmp_path / "duban.db")
    with opened_office(load(tmp_path)) as calm:
        fuse = Fuse(left=4)
        with pytest.raises(Killed):
            hold_round(replace(calm, store=FusedStore(calm.store.engine, fuse)), now=NOW)
        with calm.store.reading() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(reminder))
        assert rows(calm) == []
        friday = THREE_BEFORE + timedelta(days=1)

        report = recover(calm, now=at(friday))
        hold(calm, friday)
        sent = to_files(calm, friday)

        assert report.finished == (THREE_BEFORE,) and "补办2026-03-26中断的一轮" in report.sentence
        assert sent.accepted == UNITS and len(letters(calm)) == UNITS
        assert recover(calm, now=at(friday, time(9, 0))).finished == ()


COORDINATOR = Actor(name="周统筹", person_id=1, roles=frozenset({Role.COORDINATOR}))
LATER = NOW + timedelta(hours=3)


def test_a_coordinator_sends_again_what_failed_and_it_stands_in_the_history(reminded: District) -> None:
    bureau = reminded.bureau
    zhou = a_person(bureau, "周统筹", reminded.home, Role.COORDINATOR)
    set_dispatch(bureau, status="failed", attempts=5, reason="邮箱已满")

    done = retry_dispatch(bureau, None, by=zhou, now=LATER)

    (row,) = rows(bureau)
    assert done.dispatches == (row.id,) and "1封转为待发" in done.sentence
    assert (row.status, row.attempts, row.reason, row.not_before) == ("pending", 0, None, LATER)
    with bureau.store.reading() as connection:
        found = connection.execute(sa.select(history).where(history.c.verb == "retry")).one()
    assert (found.actor, found.noun_id) == ("周统筹", row.id)
    assert to_files(bureau, THREE_BEFORE, time(11, 30)).accepted == 1


def test_an_unsure_one_is_sent_again_only_by_a_word(reminded: District) -> None:
    bureau = reminded.bureau
    set_dispatch(bureau, status="unsure", handed_at=NOW)
    (row,) = rows(bureau)

    with pytest.raises(Refused, match="--even-unsure"):
        retry_dispatch(bureau, [row.id], by=COORDINATOR, now=LATER)
    retry_dispatch(bureau, [row.id], by=COORDINATOR, now=LATER, even_unsure=True)

    assert to_files(bureau, THREE_BEFORE, time(11, 30)).accepted == 1


def test_what_was_accepted_or_does_not_exist_or_is_asked_by_a_handler_is_refused_with_all_reasons(
    reminded: District,
) -> None:
    set_dispatch(reminded.bureau, status="accepted")
    handler = Actor(name="王科长", person_id=2, roles=frozenset({Role.HANDLER}))

    with pytest.raises(Refused) as refusal:
        retry_dispatch(reminded.bureau, [rows(reminded.bureau)[0].id, 999], by=handler, now=LATER)

    assert len(refusal.value.reasons) == 3
    assert ["没有重发消息的权限" in refusal.value.reasons[0], "已被接收" in refusal.value.reasons[1]] == [
        True,
        True,
    ]
    assert "没有编号为999的发送记录" in refusal.value.reasons[2]


def test_a_dry_run_of_a_retry_changes_nothing(reminded: District) -> None:
    set_dispatch(reminded.bureau, status="failed")

    done = retry_dispatch(reminded.bureau, None, by=COORDINATOR, now=LATER, dry_run=True)

    assert len(done.dispatches) == 1 and rows(reminded.bureau)[0].status == "failed"


def test_a_mended_address_is_used_and_a_unit_that_has_a_contact_by_now_is_told(either_bureau: Bureau) -> None:
    made = a_district(either_bureau)
    silent = a_unit(made.bureau, "新北区民政局", address=None)
    still_silent = a_unit(made.bureau, "金坛区民政局", address=None)
    for unit in (made.unit, silent, still_silent):
        made.owes(unit_id=unit)
    hold(made.bureau, THREE_BEFORE)
    set_dispatch(made.bureau, status="failed")
    a_contact(made.bureau, silent, "xu@xinbei.example", rank=1)
    with made.bureau.store.writing() as connection:
        table = contact
        connection.execute(sa.update(table).where(table.c.address == WANG).values(address="wang@new.example"))

    done = retry_dispatch(made.bureau, None, by=COORDINATOR, now=LATER)
    to_files(made.bureau, THREE_BEFORE, time(11, 30))

    assert len(done.nobody) == 1 and "仍无联系人" in done.sentence
    assert {letter.to.partition("<")[2].rstrip(">") for letter in letters(made.bureau)} == {
        "wang@new.example",
        "xu@xinbei.example",
    }
    assert Counter(row.status for row in rows(made.bureau)) == {"accepted": 2, "withdrawn": 1, "failed": 1}


def test_what_another_contact_has_taken_over_is_not_sent_to_the_first_again(reminded: District) -> None:
    bureau = reminded.bureau
    a_contact(bureau, reminded.unit, "zhao@tianning.example")
    with bureau.store.writing() as connection:
        connection.execute(sa.update(contact).values(active=contact.c.address != WANG))
    to_files(bureau, THREE_BEFORE)
    assert statuses(bureau) == {WANG: "failed", "zhao@tianning.example": "accepted"}

    assert retry_dispatch(bureau, None, by=COORDINATOR, now=LATER).dispatches == ()


def test_letters_of_a_flaky_day_all_leave_once_the_weather_is_fine(bureau: Bureau) -> None:
    made = a_district(bureau)
    for n in range(12):
        made.owes(unit_id=a_unit(bureau, f"第{n}区民政局"))
    hold(bureau, THREE_BEFORE)
    channel = RehearsalChannel(fuse=Fuse(), dice=random.Random(4), weather=Weather.FLAKY)
    _day(bureau, channel, NOW)
    channel.weather = Weather.FINE

    _day(bureau, channel, LATER)

    assert {row.status for row in rows(bureau)} <= {"accepted", "failed"}
    assert all(row.reason for row in rows(bureau) if row.status == "failed")


def _day(bureau: Bureau, channel: RehearsalChannel, now) -> bool:
    """The round and its delivery; True if the machine died."""
    try:
        hold_round(bureau, now=now)
        deliver(bureau, channels={"mail": channel}, now=now, worker="test")
    except Killed:
        return True
    return False
