"""A bureau with named people, letters read back as a mail program shows them, and channels to send them by."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.letters.delivery import DeliveryReport, deliver
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.units.tables import contact
from notifications.channels import AllowList, Channel
from notifications.channels.eml import open_eml
from notifications.channels.smtp import open_smtp
from tests.builders import a_unit, an_edition, an_obligation
from tests.notifications.mail_builders import Mailbox, a_server

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)  # a Tuesday
THREE_BEFORE = date(2026, 3, 26)  # three workdays before it, a Thursday
WANG = "wang@tianning.example"
LI = "li@mzj.example"
EVERYONE = AllowList(lifted=True)


@dataclass(frozen=True, kw_only=True)
class District:
    """The city bureau with 李局长, and under it one district with 王科长."""

    bureau: Bureau
    home: int
    unit: int
    edition: int

    def owes(self, *, unit_id: int | None = None, due_on: date = DUE, **options: Any) -> int:
        edition = options.pop("edition_id", self.edition)
        return an_obligation(
            self.bureau,
            unit_id=unit_id or self.unit,
            edition_id=edition,
            due_on=due_on,
            opened_on=OPENED,
            **options,
        )


def a_district(bureau: Bureau) -> District:
    home = a_unit(bureau, "市民政局", kind="bureau", address=None, leader_address=LI)
    unit = a_unit(bureau, "天宁区民政局", parent=home, address=WANG)
    return District(bureau=bureau, home=home, unit=unit, edition=an_edition(bureau, coordinator_unit_id=home))


def a_contact(
    bureau: Bureau,
    unit_id: int,
    address: str,
    *,
    name: str = "赵科员",
    duty: str = "handler",
    rank: int = 2,
    channel: str = "mail",
) -> int:
    with bureau.store.writing() as connection:
        key = connection.execute(
            sa.insert(contact).values(
                unit_id=unit_id,
                name=name,
                duty=duty,
                channel=channel,
                address=address,
                rank=rank,
                active=True,
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def at(day: date, hour: time = time(8, 30)) -> datetime:
    return clock.at(day, hour)


def hold(bureau: Bureau, day: date, hour: time = time(8, 30)) -> None:
    hold_round(bureau, now=at(day, hour))


def send(
    bureau: Bureau, channel: Channel, day: date, hour: time = time(8, 30), **options: Any
) -> DeliveryReport:
    return deliver(bureau, channels={"mail": channel}, now=at(day, hour), worker="test", **options)


def to_files(bureau: Bureau, day: date, hour: time = time(8, 30), **options: Any) -> DeliveryReport:
    """Send through the .eml channel into the bureau's own outbox."""
    with open_eml(bureau.settings.home / "outbox", durable=False) as channel:
        return send(bureau, channel, day, hour, **options)


def rows(bureau: Bureau) -> list[Any]:
    with bureau.store.reading() as connection:
        return list(connection.execute(sa.select(dispatch).order_by(dispatch.c.id)))


def statuses(bureau: Bureau) -> dict[str, str]:
    """Status by address; one row an address in these stories."""
    return {row.address: row.status for row in rows(bureau)}


def set_obligation(bureau: Bureau, obligation_id: int, **values: Any) -> None:
    with bureau.store.writing() as connection:
        table = obligation
        connection.execute(sa.update(table).where(table.c.id == obligation_id).values(**values))


def set_dispatch(bureau: Bureau, **values: Any) -> None:
    with bureau.store.writing() as connection:
        connection.execute(sa.update(dispatch).values(**values))


@dataclass(frozen=True, kw_only=True)
class Read:
    """A letter as its reader sees it."""

    to: str
    subject: str
    text: str
    message_id: str


def read(data: bytes) -> Read:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    assert part is not None
    return Read(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=part.get_content(),
        message_id=str(message["Message-ID"]),
    )


def letters(bureau: Bureau) -> list[Read]:
    """Everything in the outbox, in the order it was announced."""
    outbox: Path = bureau.settings.home / "outbox"
    found = sorted(
        outbox.rglob("*.eml"), key=lambda path: (path.parent.name, int(path.stem.rpartition("-")[2]))
    )
    return [read(path.read_bytes()) for path in found]


@contextmanager
def a_mail_server(
    mailbox: Mailbox, *, allow: AllowList = EVERYONE, connections: int = 1, timeout_seconds: float = 5
) -> Iterator[Channel]:
    """A real SMTP server and a channel to it."""
    with a_server(mailbox) as settings:
        changed = replace(
            settings, connections=connections, timeout_seconds=timeout_seconds, rest_seconds=0.01
        )
        with open_smtp(changed, allow) as channel:
            yield channel
