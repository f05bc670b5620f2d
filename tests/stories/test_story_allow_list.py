"""Mail goes out for real, but only to addresses that the operator has allowed."""

from __future__ import annotations

import email
import email.policy
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.stories.bureau import Bureau
from tests.stories.conftest import Opened

WUJIN, TIANNING = "wujin-mz@unit.example", "tianning-mz@unit.example"
DAY = "2026-01-05"


@dataclass
class Sink:
    """A mail server that takes everything and keeps it."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken += [(to, bytes(envelope.original_content or b"")) for to in envelope.rcpt_tos]
        return "250 2.0.0 Ok"

    @property
    def reached(self) -> list[str]:
        return [to for to, _ in self.taken]


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    kept = Sink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept, port
    controller.stop()


def allow(bureau: Bureau, port: int, *addresses: str) -> None:
    """What the operator writes into the bureau's settings."""
    lines = ("DUBAN_MAIL=smtp", f"DUBAN_SMTP_PORT={port}", f"DUBAN_ALLOW_ADDRESSES={json.dumps(addresses)}")
    (bureau.home / "duban.env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_nothing_leaves_for_an_address_that_is_not_allowed_until_it_is(
    opened: Opened, sink: tuple[Sink, int]
) -> None:
    kept, port = sink
    bureau = opened("sign_survey")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on=DAY)

    # With an empty list nothing leaves at all; with one address only that one is written to.
    allow(bureau, port)
    bureau.done("round", "run")
    assert kept.taken == []
    allow(bureau, port, WUJIN)
    bureau.done("dispatch", "retry", "--failed")
    bureau.done("round", "run")
    assert kept.reached == [WUJIN]
    [failed] = bureau.ask("dispatch", "list", "--status", "failed")["dispatches"]
    assert (failed["unit"], failed["address"]) == ("天宁区民政局", TIANNING)
    assert "未发送" in failed["reason"]

    # Trying again changes nothing while it is not allowed.
    bureau.done("dispatch", "retry", str(failed["id"]))
    bureau.done("round", "run")
    assert kept.reached == [WUJIN]

    allow(bureau, port, WUJIN, TIANNING)
    bureau.done("dispatch", "retry", str(failed["id"]))
    bureau.done("round", "run")

    assert bureau.ask("dispatch", "list")["counts"] == {"accepted": 2}
    assert kept.reached == [WUJIN, TIANNING]
    letter = email.message_from_bytes(kept.taken[-1][1], policy=email.policy.default)
    assert str(letter["Subject"]).startswith("【交办】地名标志普查·普查方案报备案")
    assert not (bureau.home / "outbox").exists()
