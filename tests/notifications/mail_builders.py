"""Values and real SMTP servers that the tests of this room start from."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from duban.core import clock
from notifications.channels import AllowList
from notifications.channels.smtp import SmtpSettings, Tls
from notifications.letters import Letter, Sender
from notifications.messages import Item, Rendered
from tests.notifications.samples import ITEM

SENDER = Sender(address="duban@mzj.example", name="市民政局督办")
EVERYONE = AllowList(lifted=True)


def an_item(**changes: Any) -> Item:
    return replace(ITEM, **changes)


def a_letter(**changes: Any) -> Letter:
    letter = Letter(
        sender=SENDER,
        key="2026-03-26.morning.zhonglou",
        to_address="wang@zhonglou.example",
        to_name="王科长",
        rendered=Rendered(
            subject="【催办】地名标志巡检·制定巡检计划并备案，已逾期3个工作日",
            text="钟楼区民政局 王科长：\n\n请立即办理。\n.\n..以点开头的行\n",
            html="<p>钟楼区民政局 王科长：请立即办理。</p>\n",
        ),
        sent_on=date(2026, 3, 26),
        sent_at=clock.at(date(2026, 3, 26), time(8, 30)),
    )
    return replace(letter, **changes)


@dataclass
class Mailbox:
    """A handler for aiosmtpd that keeps what it took and misbehaves as it is told."""

    refuse: dict[str, str] = field(default_factory=dict)  # recipient → answer to RCPT
    answer_data: str = "250 2.0.0 Ok: queued as 7F3A"
    answer_mail: str | None = None
    slow_mail_seconds: float = 0.0
    slow_data_seconds: float = 0.0
    drop_before_data: bool = False
    drop_after_data: bool = False
    drop_idle_after_each: bool = False
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        await asyncio.sleep(self.slow_mail_seconds)
        if self.answer_mail:
            return self.answer_mail
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.drop_before_data:
            server.transport.abort()
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow_data_seconds)
        if self.answer_data.startswith("250"):
            self.taken += [
                (address, bytes(envelope.original_content or b"")) for address in envelope.rcpt_tos
            ]
        if self.drop_after_data:
            server.transport.abort()
        if self.drop_idle_after_each:
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
        return self.answer_data


@contextmanager
def a_server(mailbox: Mailbox, **options: Any) -> Iterator[SmtpSettings]:
    """A real server on 127.0.0.1, and settings that reach it."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=a_free_port(), **options)
    controller.start()
    try:
        yield settings_for(controller.port)
    finally:
        controller.stop()


def settings_for(port: int, **changes: Any) -> SmtpSettings:
    return replace(
        SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE, timeout_seconds=5, connections=1), **changes
    )


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def only_wang(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """An authenticator that knows one account."""
    return AuthResult(success=data.login == b"wang" and data.password == b"right", handled=False)


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
