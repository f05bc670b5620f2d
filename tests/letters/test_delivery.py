"""Delivery through a real mail server: what it says is recorded, what fell away is not sent, nothing is sent twice."""

from __future__ import annotations

import dataclasses
import email.policy
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from duban.bureau import Bureau
from duban.core import clock
from duban.editions.tables import edition
from duban.letters.delivery import deliver
from duban.obligations import tables as obligations_tables
from duban.outbox.queries import enqueue_urgent
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.units.tables import contact
from notifications.channels import AllowList
from notifications.channels.smtp import SmtpSettings, Tls, open_smtp
from tests.builders import a_unit, an_edition, an_obligation

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)
ADVANCE = date(2026, 3, 26)  # three workdays before
CHASE = date(2026, 4, 1)
MORNING = clock.at(ADVANCE, time(8, 40))


@dataclass
class Server:
    """A mail server's handler: keeps what it takes, and refuses or drops what it is told to."""

    taken: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    drops_after: set[str] = field(default_factory=set)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.append(letter)  # type: ignore[arg-type]
        if self.drops_after & set(envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK queued"

    def addresses(self) -> list[str]:
        return [letter["To"].addresses[0].addr_spec for letter in self.taken]

    def text(self, number: int = 0) -> str:
        body = self.taken[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


@contextmanager
def mail_server(server: Server) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def channels(server: Server) -> Iterator[dict[str, Any]]:
    with mail_server(server) as port, _smtp(port) as channel:
        yield {"mail": channel}


def _smtp(port: int, **options: Any) -> Any:
    settings = SmtpSettings(
        host="127.0.0.1", port=port, tls=Tls.NONE, timeout_seconds=2.0, rest_seconds=0.2, **options
    )
    return open_smtp(settings, AllowList(lifted=True))


def send(bureau: Bureau, channels: dict[str, Any], now: datetime = MORNING, **options: Any) -> Any:
    return deliver(bureau, channels=channels, now=now, worker="test", **options)


def dispatches(bureau: Bureau) -> list[Any]:
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(dispatch).order_by(dispatch.c.id)))


def a_round(bureau: Bureau, day: date = ADVANCE) -> None:
    hold_round(bureau, now=clock.at(day))


def change(bureau: Bureau, obligation: int, **values: Any) -> None:
    table = obligations_tables.obligation
    with bureau.store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.id == obligation).values(**values))


def a_backup(bureau: Bureau, unit: int, address: str, rank: int = 2) -> None:
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(contact).values(
                unit_id=unit,
                name="赵科员",
                duty="backup",
                channel="mail",
                address=address,
                rank=rank,
                active=True,
            )
        )


def test_the_digest_arrives_and_the_servers_answer_is_recorded(
    either_bureau: Bureau, server: Server, channels
) -> None:
    an_obligation(
        either_bureau, unit_id=a_unit(either_bureau, "钟楼区民政局", address="wang@unit.example"), due_on=DUE
    )
    a_round(either_bureau)

    report = send(either_bureau, channels)

    (row,) = dispatches(either_bureau)
    assert report.accepted == 1
    assert (row.status, row.provider_code, row.accepted_at is not None) == ("accepted", "250", True)
    assert "queued" in row.provider_message
    assert server.addresses() == ["wang@unit.example"]
    assert "地名标志巡检" in server.text() and "3月31日" in server.text()


def test_several_matters_arrive_as_one_letter(bureau: Bureau, server: Server, channels) -> None:
    unit, edition = a_unit(bureau), an_edition(bureau)
    for due_on in (DUE, date(2026, 4, 30)):
        an_obligation(bureau, edition_id=edition, unit_id=unit, due_on=due_on)
    a_round(bureau)

    send(bureau, channels)

    assert len(server.taken) == 1
    assert "3月31日" in server.text() and "4月30日" in server.text()


@pytest.mark.parametrize(
    "fallen_away",
    [
        {"state": "submitted", "submitted_on": ADVANCE},
        {"state": "closed"},
        {"state": "waived"},
        {"state": "suspended"},
        {"due_on": date(2026, 4, 30)},
    ],
)
def test_what_fell_away_after_planning_is_not_sent(
    bureau: Bureau, server: Server, channels, fallen_away: dict[str, Any]
) -> None:
    obligation = an_obligation(bureau, due_on=DUE)
    a_round(bureau)
    change(bureau, obligation, **fallen_away)

    report = send(bureau, channels)

    (row,) = dispatches(bureau)
    assert (report.withdrawn, row.status, server.taken) == (1, "withdrawn", [])
    assert "无需再发" in row.reason


def test_the_rest_of_a_digest_is_sent_without_what_fell_away(
    bureau: Bureau, server: Server, channels
) -> None:
    unit, edition = a_unit(bureau), an_edition(bureau)
    gone = an_obligation(bureau, edition_id=edition, unit_id=unit, due_on=DUE)
    an_obligation(bureau, edition_id=edition, unit_id=unit, due_on=date(2026, 4, 30))
    a_round(bureau)
    change(bureau, gone, state="waived")

    send(bureau, channels)

    assert "4月30日" in server.text()
    assert "3月31日" not in server.text()


def test_an_edition_paused_after_planning_is_not_sent(bureau: Bureau, server: Server, channels) -> None:
    an_obligation(bureau, due_on=DUE)
    a_round(bureau)
    with bureau.store.writing() as connection:
        connection.execute(sa.update(edition).values(state="paused"))

    send(bureau, channels)

    assert server.taken == []


def test_a_server_that_is_down_is_tried_again_later_and_then_given_up(bureau: Bureau) -> None:
    an_obligation(bureau, due_on=DUE)
    a_round(bureau)
    with mail_server(Server()) as port:
        pass
    moments = [MORNING + timedelta(minutes=minutes) for minutes in (0, 1, 6, 30, 100, 400)]

    with _smtp(port) as channel:
        statuses = []
        for moment in moments:
            send(bureau, {"mail": channel}, moment)
            (row,) = dispatches(bureau)
            statuses.append((row.status, row.attempts))

    assert statuses == [
        ("pending", 1),
        ("pending", 1),
        ("pending", 2),
        ("pending", 3),
        ("pending", 4),
        ("failed", 5),
    ]
    assert "连不上邮件服务器" in row.reason


def test_a_refused_recipient_fails_for_good_and_the_next_contact_takes_over(
    either_bureau: Bureau, server: Server, channels
) -> None:
    unit, other = (
        a_unit(either_bureau, address="gone@unit.example"),
        a_unit(either_bureau, "溧阳市民政局", address="chen@unit.example"),
    )
    a_backup(either_bureau, unit, "zhao@unit.example")
    edition = an_edition(either_bureau)
    for one in (unit, other):
        an_obligation(either_bureau, edition_id=edition, unit_id=one, due_on=DUE)
    server.refuses["gone@unit.example"] = "550 5.1.1 No such user"
    a_round(either_bureau)

    report = send(either_bureau, channels)

    by_address = {row.address: row for row in dispatches(either_bureau)}
    assert (report.accepted, report.failed) == (2, 1)
    assert by_address["gone@unit.example"].status == "failed"
    assert by_address["gone@unit.example"].provider_code == "550 5.1.1"
    assert by_address["zhao@unit.example"].fallback_of == by_address["gone@unit.example"].id
    assert sorted(server.addresses()) == ["chen@unit.example", "zhao@unit.example"]


def test_a_line_dropped_after_the_letter_is_unsure_and_not_repeated(
    bureau: Bureau, server: Server, channels
) -> None:
    an_obligation(bureau, unit_id=a_unit(bureau, address="wang@unit.example"), due_on=DUE)
    server.drops_after.add("wang@unit.example")
    a_round(bureau)

    report = send(bureau, channels)
    again = send(bureau, channels, MORNING + timedelta(hours=3))

    (row,) = dispatches(bureau)
    assert (report.unsure, again.accepted, row.status) == (1, 0, "unsure")
    assert len(server.taken) == 1


def test_a_slow_server_costs_its_timeout_and_the_letter_waits(bureau: Bureau) -> None:
    an_obligation(bureau, due_on=DUE)
    a_round(bureau)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings(
            host="127.0.0.1", port=silent.getsockname()[1], tls=Tls.NONE, timeout_seconds=0.3
        )
        with open_smtp(settings, AllowList(lifted=True)) as channel:
            report = send(bureau, {"mail": channel})

    (row,) = dispatches(bureau)
    assert (report.temporary, row.status, row.provider_code) == (1, "pending", "timeout")


def test_the_allow_list_stops_a_letter_with_the_reason_and_asks_no_other_contact(
    bureau: Bureau, server: Server
) -> None:
    unit = a_unit(bureau, address="wang@unit.example")
    a_backup(bureau, unit, "zhao@unit.example")
    an_obligation(bureau, unit_id=unit, due_on=DUE)
    a_round(bureau)

    with mail_server(server) as port:
        settings = SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE)
        with open_smtp(settings, AllowList()) as channel:
            send(bureau, {"mail": channel})

    (row,) = dispatches(bureau)
    assert (row.status, server.taken) == ("failed", [])
    assert "白名单" in row.reason


@pytest.mark.parametrize(
    ("moment", "opens_at"),
    [
        (clock.at(ADVANCE, time(21, 0)), clock.at(date(2026, 3, 27), time(8, 0))),
        (clock.at(date(2026, 4, 5), time(10, 0)), clock.at(date(2026, 4, 7), time(8, 0))),
    ],
)
def test_quiet_hours_and_days_off_put_messages_off(
    bureau: Bureau, server: Server, channels, moment: datetime, opens_at: datetime
) -> None:
    an_obligation(bureau, due_on=DUE)
    a_round(bureau)

    report = send(bureau, channels, moment)

    (row,) = dispatches(bureau)
    assert (report.deferred, row.not_before) == (1, opens_at)
    assert server.taken == []


def test_a_digest_that_did_not_leave_is_merged_into_the_next_days_letter(
    either_bureau: Bureau, server: Server, channels
) -> None:
    unit, edition = a_unit(either_bureau), an_edition(either_bureau)
    an_obligation(either_bureau, edition_id=edition, unit_id=unit, due_on=date(2026, 6, 30))
    a_round(either_bureau, ADVANCE)
    an_obligation(either_bureau, edition_id=edition, unit_id=unit, due_on=DUE)
    a_round(either_bureau, date(2026, 3, 27))

    report = send(either_bureau, channels, clock.at(date(2026, 3, 27), time(8, 45)))

    assert (report.accepted, len(server.taken)) == (1, 1)
    assert "6月30日" in server.text() and "3月31日" in server.text()
    assert [row.status for row in dispatches(either_bureau)] == ["withdrawn", "accepted"]


def test_an_escalation_names_the_unit_to_its_superior(bureau: Bureau, server: Server, channels) -> None:
    city = a_unit(bureau, "市民政局", leader_address="li@city.example")
    an_obligation(bureau, unit_id=a_unit(bureau, "钟楼区民政局", parent=city), due_on=DUE)
    for day in (date(2026, 4, 1), date(2026, 4, 7), date(2026, 4, 9)):
        a_round(bureau, day)
        send(bureau, channels, clock.at(day, time(9, 0)))

    assert server.addresses()[2:] == ["li@city.example"]
    assert "钟楼区民政局" in server.text()


def test_a_send_back_leaves_by_itself_and_not_after_the_matter_is_done(
    either_bureau: Bureau, server: Server, channels
) -> None:
    edition = an_edition(either_bureau)
    returned, closed = (
        an_obligation(
            either_bureau,
            edition_id=edition,
            unit_id=a_unit(either_bureau, f"第{n}单位"),
            due_on=DUE,
            state=state,
        )
        for n, state in enumerate(("returned", "closed"))
    )
    for obligation in (returned, closed):
        change(either_bureau, obligation, returned_times=1)
    with either_bureau.store.writing() as connection:
        for obligation in (returned, closed):
            unit_id = connection.scalar(
                sa.select(obligations_tables.obligation.c.unit_id).where(
                    obligations_tables.obligation.c.id == obligation
                )
            )
            payload = {
                "obligation_id": obligation,
                "reason": "缺少备案文号",
                "reviewer": "陈科长",
                "times": 1,
                "resubmit_by_on": None,
                "previous_due_on": DUE.isoformat(),
            }
            enqueue_urgent(
                connection,
                kind="send_back",
                unit_id=unit_id,
                ref=f"obligation:{obligation}:1",
                payload=payload,
                now=MORNING,
                settings=either_bureau.settings,
            )

    report = send(either_bureau, channels)

    assert (report.accepted, report.withdrawn) == (1, 1)
    assert "缺少备案文号" in server.text()


def test_a_letter_that_cannot_be_written_is_put_aside_and_the_others_leave(
    bureau: Bureau, server: Server, channels
) -> None:
    an_obligation(bureau, due_on=DUE)
    a_round(bureau)
    with bureau.store.writing() as connection:
        enqueue_urgent(
            connection,
            kind="send_back",
            unit_id=a_unit_of(connection),
            ref="broken",
            payload={"no": "fields"},
            now=MORNING,
            settings=bureau.settings,
        )

    report = send(bureau, channels)

    assert (report.accepted, report.failed) == (1, 1)
    assert "KeyError" in dispatches(bureau)[-1].reason


def a_unit_of(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(contact.c.unit_id).limit(1))


def test_two_deliveries_at_once_send_each_letter_once(either_bureau: Bureau, server: Server) -> None:
    edition = an_edition(either_bureau)
    point = None
    for number in range(60):
        unit = a_unit(either_bureau, f"第{number}街道", address=f"u{number}@unit.example")
        an_obligation(either_bureau, edition_id=edition, unit_id=unit, due_on=DUE, point=point)
    a_round(either_bureau)
    small = either_bureau.settings.model_copy(update={"delivery_batch": 7})

    bureau = dataclasses.replace(either_bureau, settings=small)
    with mail_server(server) as port, _smtp(port) as channel, ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: send(bureau, {"mail": channel}), range(2)))

    assert sum(report.accepted for report in reports) == 60
    assert sorted(server.addresses()) == sorted(f"u{number}@unit.example" for number in range(60))
