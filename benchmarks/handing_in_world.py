"""A bureau of many handlers, each signed in and owing one file, for the measurement of handing in."""

from __future__ import annotations

import hashlib
import secrets
import urllib.request
from dataclasses import dataclass, replace
from datetime import date, timedelta

import html5lib
import sqlalchemy as sa
from pydantic import SecretStr

from duban.accounts.sessions import SignedIn, find_session
from duban.accounts.tables import account, session
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.evidence.tables import evidence_item, submission
from duban.upkeep.service import verify
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

DUE_IN_DAYS = 30
EVIDENCE = ({"key": "plan", "type": "document", "title": "巡检计划", "required": True},)


@dataclass(frozen=True, slots=True)
class Handler:
    """One of them: what he owes and what his browser carries."""

    obligation_id: int
    token: str
    csrf: str

    def content(self, size: int) -> bytes:
        """A file that nobody else hands in and that looks like a PDF."""
        head = f"%PDF-1.4\n% {self.obligation_id}\n".encode()
        return head + bytes(size - len(head) - 6) + b"\n%%EOF"


def with_key(bureau: Bureau) -> Bureau:
    """The same office with a key for its portal."""
    key = SecretStr("measured-with-a-key-of-no-worth")
    return replace(bureau, settings=bureau.settings.model_copy(update={"portal_key": key}))


def furnish(bureau: Bureau, count: int) -> tuple[Handler, ...]:
    """Enter them all and sign them in."""
    due_on = clock.civil(clock.now()) + timedelta(days=DUE_IN_DAYS)
    edition = an_edition(bureau, published_on=date(2026, 1, 5))
    point = a_point(bureau, edition, due_on=due_on, evidence=EVIDENCE)
    return tuple(_handler(bureau, number, edition, point, due_on) for number in range(count))


def _handler(bureau: Bureau, number: int, edition: int, point: tuple[int, int], due_on: date) -> Handler:
    unit = a_unit(bureau, f"第{number}单位")
    person = a_person(bureau, f"经办{number}", unit, Role.HANDLER)
    obligation = an_obligation(bureau, unit_id=unit, edition_id=edition, point=point, due_on=due_on)
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with bureau.store.writing() as connection:
        connection.execute(
            sa.insert(account).values(person_id=person.person_id, password_hash="none", password_set_at=now)
        )
        connection.execute(
            sa.insert(session).values(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                person_id=person.person_id,
                way="password",
                made_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
    found = find_session(bureau, token, now=now)
    assert isinstance(found, SignedIn)
    return Handler(obligation_id=obligation, token=token, csrf=found.csrf)


def submission_form(port: int, one: Handler) -> tuple[str, dict[str, str], str]:
    """Read off the real page: where the form goes ({} for the number), its hidden fields, its first file chooser."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/my/{one.obligation_id}", headers={"Cookie": f"duban_session={one.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        tree = html5lib.parse(answer.read(), namespaceHTMLElements=False)
    for form in tree.iter("form"):
        inputs = list(form.iter("input"))
        chooser = next((one.get("name") for one in inputs if one.get("type") == "file"), None)
        if chooser:
            fields = {
                str(one.get("name")): one.get("value") or ""
                for one in inputs
                if one.get("type") == "hidden" and one.get("name") != "csrf"
            }
            return str(form.get("action")).replace(str(one.obligation_id), "{}"), fields, chooser
    raise AssertionError("the page has no form for files")


def nothing_lost(bureau: Bureau, handlers: tuple[Handler, ...]) -> int:
    """How many of them handed in: rows are counted, bytes and history are verified."""
    verify(bureau).require_sound()
    wanted = [one.obligation_id for one in handlers]
    with bureau.store.reading() as connection:
        return int(
            connection.execute(
                sa.select(sa.func.count(sa.distinct(submission.c.obligation_id)))
                .join_from(submission, evidence_item)
                .where(submission.c.obligation_id.in_(wanted), evidence_item.c.sha256.is_not(None))
            ).scalar_one()
        )
