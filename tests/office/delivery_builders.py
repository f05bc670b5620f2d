"""A bureau with named people, letters read back as a mail program shows them, and channels to send them by."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from notifications.allow_list import AllowList
from notifications.channels import Channel, eml, smtp
from office import clock
from office.actions.deliver import DeliveryReport, deliver
from office.actions.hold_round import hold_round
from office.actions.office import Office
from office.store import tables
from tests.builders import a_unit, an_edition, an_obligation
from tests.notifications.mail_builders import Mailbox, a_server

OPENED = date(2026, 1, 5)
DUE = date(2026, 3, 31)  # a Tuesday
THREE_BEFORE = date(2026, 3, 26)  # three workdays before it, a Thursday
WANG = "wang@tianning.example"
LI = "li@mzj.example"
EVERYONE = AllowList(lifted=True)


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """The city bureau with 李局长, and under it one district with 王科长."""

    office: Office
    home: int
    unit: int
    edition: int

    def owes(self, *, unit_id: int | None = None, due_on: date = DUE, **options: Any) -> int:
        edition = options.pop("edition_id", self.edition)
        return an_obligation(
            self.office,
            unit_id=unit_id or self.unit,
            edition_id=edition,
            due_on=due_on,
            opened_on=OPENED,
            **options,
        )


def a_bureau(office: Office) -> Bureau:
    home = a_unit(office, "市民政局", kind="bureau", address=None, leader_address=LI)
    unit = a_unit(office, "天宁区民政局", parent=home, address=WANG)
    return Bureau(office=office, home=home, unit=unit, edition=an_edition(office, coordinator_unit_id=home))


def a_contact(
    office: Office,
    unit_id: int,
    address: str,
    *,
    name: str = "赵科员",
    duty: str = "handler",
    rank: int = 2,
    channel: str = "mail",
) -> int:
    with office.store.writing() as connection:
        key = connection.execute(
            sa.insert(tables.contact).values(
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


def hold(office: Office, day: date, hour: time = time(8, 30)) -> None:
    hold_round(office, now=at(day, hour))


def send(
    office: Office, channel: Channel, day: date, hour: time = time(8, 30), **options: Any
) -> DeliveryReport:
    return deliver(office, channels={"mail": channel}, now=at(day, hour), worker="test", **options)


def to_files(office: Office, day: date, hour: time = time(8, 30), **options: Any) -> DeliveryReport:
    """Send through the .eml channel into the bureau's own outbox."""
    with eml.open_channel(office.settings.home / "outbox", durable=False) as channel:
        return send(office, channel, day, hour, **options)


def rows(office: Office) -> list[Any]:
    with office.store.reading() as connection:
        return list(connection.execute(sa.select(tables.dispatch).order_by(tables.dispatch.c.id)))


def statuses(office: Office) -> dict[str, str]:
    """Status by address; one row an address in these stories."""
    return {row.address: row.status for row in rows(office)}


def set_obligation(office: Office, obligation_id: int, **values: Any) -> None:
    with office.store.writing() as connection:
        table = tables.obligation
        connection.execute(sa.update(table).where(table.c.id == obligation_id).values(**values))


def set_dispatch(office: Office, **values: Any) -> None:
    with office.store.writing() as connection:
        connection.execute(sa.update(tables.dispatch).values(**values))


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


def letters(office: Office) -> list[Read]:
    """Everything in the outbox, in the order it was announced."""
    outbox: Path = office.settings.home / "outbox"
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
        with smtp.open_channel(changed, allow) as channel:
            yield channel
