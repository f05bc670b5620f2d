"""Delivery over a real SMTP server that is down, slow, refuses a recipient, or drops the line."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from duban.bureau import Bureau
from duban.core.access import Role
from notifications.channels import AllowList, allow_list
from notifications.channels.smtp import open_smtp
from tests.builders import a_person, a_unit
from tests.letters.delivery_builders import (
    EVERYONE,
    THREE_BEFORE,
    WANG,
    District,
    a_contact,
    a_district,
    a_mail_server,
    at,
    hold,
    read,
    rows,
    send,
    statuses,
)
from tests.notifications.mail_builders import Mailbox, a_free_port, settings_for

OTHER = "zhao@zhonglou.example"


@pytest.fixture
def both_reminded(bureau: Bureau) -> District:
    """王科长 and 赵科员 of another district each owe one thing, and the round has been held."""
    made = a_district(bureau)
    other = a_unit(bureau, "钟楼区民政局", parent=made.home, address=OTHER)
    made.owes()
    made.owes(unit_id=other)
    hold(bureau, THREE_BEFORE)
    return made


def by_address(both_reminded: District, address: str) -> Any:
    return next(row for row in rows(both_reminded.bureau) if row.address == address)


def test_the_servers_own_answer_is_kept_and_each_letter_arrives_once(both_reminded: District) -> None:
    box = Mailbox()
    with a_mail_server(box, connections=2) as channel:
        report = send(both_reminded.bureau, channel, THREE_BEFORE)
        again = send(both_reminded.bureau, channel, THREE_BEFORE, time(9, 0))

    assert (report.accepted, again.accepted) == (2, 0)
    assert sorted(address for address, _ in box.taken) == [WANG, OTHER]
    row = by_address(both_reminded, WANG)
    assert (row.status, row.provider_code) == (
        "accepted",
        "250 2.0.0",
    ) and "queued as 7F3A" in row.provider_message
    assert row.accepted_at is not None and row.handed_at <= row.accepted_at
    assert row.lease_by is None
    letter = next(read(data) for address, data in box.taken if address == WANG)
    assert letter.message_id == f"<2026-03-26-{row.id}@localhost>" and "还有3个工作日" in letter.text


def test_while_the_server_is_down_letters_wait_longer_each_time_and_then_fail_with_the_reason(
    both_reminded: District,
) -> None:
    moment, waits = at(THREE_BEFORE), []
    with open_smtp(settings_for(a_free_port(), rest_seconds=0.01), EVERYONE) as channel:
        for _ in range(5):
            hour = (moment + timedelta(hours=8)).time().replace(tzinfo=None)
            send(both_reminded.bureau, channel, THREE_BEFORE, hour)
            row = by_address(both_reminded, WANG)
            waits.append(round((row.not_before - moment).total_seconds() / 60))
            moment = row.not_before + timedelta(seconds=2)

    row = by_address(both_reminded, WANG)
    assert waits[:4] == [5, 15, 60, 240]
    assert (row.status, row.attempts) == ("failed", 5)
    assert row.reason.startswith("重试4次仍未发出：连不上邮件服务器")


def test_a_server_that_comes_back_gets_the_letters_that_waited(both_reminded: District) -> None:
    with open_smtp(settings_for(a_free_port(), rest_seconds=0.01), EVERYONE) as channel:
        down = send(both_reminded.bureau, channel, THREE_BEFORE)
    box = Mailbox()
    with a_mail_server(box) as channel:
        early = send(both_reminded.bureau, channel, THREE_BEFORE, time(8, 33))
        later = send(both_reminded.bureau, channel, THREE_BEFORE, time(8, 40))

    assert (down.temporary, early.accepted, later.accepted) == (2, 0, 2)
    assert set(statuses(both_reminded.bureau).values()) == {"accepted"}
    assert all(row.reason is None for row in rows(both_reminded.bureau))


def test_a_wait_that_ends_at_night_ends_in_the_morning(both_reminded: District) -> None:
    with open_smtp(settings_for(a_free_port()), EVERYONE) as channel:
        send(both_reminded.bureau, channel, THREE_BEFORE, time(19, 58))

    assert by_address(both_reminded, WANG).not_before == at(date(2026, 3, 27), time(8, 0))


def test_a_slow_server_costs_one_timeout_and_nothing_is_lost(both_reminded: District) -> None:
    box = Mailbox(slow_mail_seconds=2)
    with a_mail_server(box, timeout_seconds=0.3) as channel:
        report = send(both_reminded.bureau, channel, THREE_BEFORE)

    assert report.temporary == 2 and box.taken == []
    assert "超时" in by_address(both_reminded, WANG).reason


def test_one_refused_recipient_does_not_hold_up_the_others_and_the_next_contact_takes_over(
    both_reminded: District,
) -> None:
    a_contact(
        both_reminded.bureau, both_reminded.unit, "li.keyuan@tianning.example", name="李科员", duty="backup"
    )
    box = Mailbox(refuse={WANG: "550 5.1.1 User unknown"})
    with a_mail_server(box) as channel:
        report = send(both_reminded.bureau, channel, THREE_BEFORE)

    assert (report.failed, report.accepted) == (1, 2)
    refused, taken_over = (
        by_address(both_reminded, WANG),
        by_address(both_reminded, "li.keyuan@tianning.example"),
    )
    assert (refused.status, refused.provider_code) == ("failed", "550 5.1.1")
    assert "User unknown" in refused.reason and taken_over.fallback_of == refused.id
    letter = next(read(data) for address, data in box.taken if address == taken_over.address)
    assert "天宁区民政局 李科员：" in letter.text


def test_when_every_contact_is_refused_each_is_tried_once(both_reminded: District) -> None:
    second, third = "second@tianning.example", "third@tianning.example"
    a_contact(both_reminded.bureau, both_reminded.unit, second, rank=2)
    a_contact(both_reminded.bureau, both_reminded.unit, third, rank=3)
    box = Mailbox(refuse=dict.fromkeys((WANG, second, third), "550 5.1.1 no"))
    with a_mail_server(box) as channel:
        report = send(both_reminded.bureau, channel, THREE_BEFORE)

    assert report.failed == 3
    assert [statuses(both_reminded.bureau)[one] for one in (WANG, second, third)] == ["failed"] * 3


def test_a_recipient_who_is_busy_for_now_is_tried_again(both_reminded: District) -> None:
    box = Mailbox(refuse={WANG: "451 4.7.1 Greylisted"})
    with a_mail_server(box) as channel:
        first = send(both_reminded.bureau, channel, THREE_BEFORE)
        box.refuse.clear()
        second = send(both_reminded.bureau, channel, THREE_BEFORE, time(8, 36))

    assert (first.temporary, first.accepted, second.accepted) == (1, 1, 1)
    assert by_address(both_reminded, WANG).attempts == 2


def test_a_line_dropped_after_the_letter_is_unsure_and_not_repeated_by_itself(
    both_reminded: District,
) -> None:
    box = Mailbox(drop_after_data=True)
    with a_mail_server(box) as channel:
        report = send(both_reminded.bureau, channel, THREE_BEFORE)
        again = send(both_reminded.bureau, channel, THREE_BEFORE, time(12, 0))

    assert (report.unsure, again.unsure) == (2, 0)
    assert len(box.taken) == 2  # the server had in truth taken them
    assert "不能确定" in by_address(both_reminded, WANG).reason


def test_a_line_dropped_before_the_letter_is_tried_again(both_reminded: District) -> None:
    box = Mailbox(drop_before_data=True)
    with a_mail_server(box) as channel:
        first = send(both_reminded.bureau, channel, THREE_BEFORE)
        box.drop_before_data = False
        second = send(both_reminded.bureau, channel, THREE_BEFORE, time(9, 0))

    assert (first.temporary, second.accepted) == (2, 2)


@pytest.mark.parametrize("allow", [AllowList(), allow_list(["@elsewhere.example", OTHER.upper()])])
def test_what_is_not_on_the_allow_list_fails_with_the_reason_and_nobody_takes_over(
    both_reminded: District, allow: AllowList
) -> None:
    a_contact(both_reminded.bureau, both_reminded.unit, "next@elsewhere.example")
    box = Mailbox()
    with a_mail_server(box, allow=allow) as channel:
        send(both_reminded.bureau, channel, THREE_BEFORE)

    row = by_address(both_reminded, WANG)
    assert (row.status, row.provider_code) == ("failed", "not_on_allow_list") and "白名单" in row.reason
    assert len(rows(both_reminded.bureau)) == 2
    assert [address for address, _ in box.taken] == ([OTHER] if allow.addresses else [])


def test_an_address_that_is_none_is_handed_to_the_next_contact(both_reminded: District) -> None:
    unit = a_unit(both_reminded.bureau, "新北区民政局", address="无此地址")
    a_contact(both_reminded.bureau, unit, "next@xinbei.example")
    a_person(both_reminded.bureau, "周统筹", both_reminded.home, Role.COORDINATOR)
    both_reminded.owes(unit_id=unit)
    day = THREE_BEFORE + timedelta(days=1)
    hold(both_reminded.bureau, day)
    box = Mailbox()
    with a_mail_server(box) as channel:
        send(both_reminded.bureau, channel, day)

    assert by_address(both_reminded, "无此地址").provider_code == "bad_address"
    assert by_address(both_reminded, "next@xinbei.example").status == "accepted"


def test_a_channel_that_breaks_leaves_nothing_in_sending(both_reminded: District) -> None:
    """Not a server's fault but the channel's own: what it had is unsure, what it had not is tried again."""

    class Broken:
        name = "mail"

        def send(self, prepared: Any) -> Any:
            raise RuntimeError("out of file handles")

        def send_many(self, letters: Any) -> Any:
            for letter in letters:
                yield letter, self.send(letter)

    report = send(both_reminded.bureau, Broken(), THREE_BEFORE)

    assert (report.unsure, report.temporary) == (1, 1)
    assert sorted(row.status for row in rows(both_reminded.bureau)) == ["pending", "unsure"]
    assert all("out of file handles" in row.reason for row in rows(both_reminded.bureau))
