"""The leader's page, a unit's page and the review queue at a million obligations: the server's whole work against the SQL.

Each page is asked of the real application; the statements it issued are then run bare, on the same ledger. The same
pages on a ledger with ten times the closed history must cost the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr

from benchmarks.figure import Figure
from benchmarks.portal_ledger import NOW, fill
from calendars.reader import load_ladders
from calendars.workdays.files import load_workdays
from duban.accounts.rules import SignInWay
from duban.accounts.tables import account, session
from duban.bureau import Bureau
from duban.core.access import Role
from duban.core.db import Store, open_store
from duban.core.settings import load
from duban.core.vault import Vault
from duban.portal.access import COOKIE
from duban.portal.app import create_app
from duban.units import tables as units_tables
from duban.units.tables import person_role

UNITS, PAST, MORE_PAST = 20_000, 1, 10
A_TOWN = 100
PAGE_BYTES = 60 * 1024
# What any page costs in this application before it asks for anything: the same frame with nothing in it.
EMPTY = "/account/password"
TURNS = 15


@dataclass(frozen=True)
class Page:
    """A page and who asks for it."""

    name: str
    path: str
    role: Role
    unit_id: int


PAGES = (
    Page("leader's page", "/board", Role.LEADER, 1),
    Page("unit's page", "/my", Role.HANDLER, A_TOWN),
    Page("review queue", "/reviews", Role.REVIEWER, 1),
)


def measure(small: bool = False) -> Iterator[Figure]:
    """A million obligations of the year, and 0.1 or 1 million closed ones of years before; a tenth of it when small."""
    units = UNITS // 10 if small else UNITS
    with (
        tempfile.TemporaryDirectory(prefix="duban-bench-") as folder,
        _ledger(Path(folder) / "little", units, PAST) as little,
        _ledger(Path(folder) / "much", units, MORE_PAST) as much,
    ):
        for page in PAGES:
            once, tenfold = _in_turn((little, much), page)
            yield from _figures(page, once, tenfold, units)


@dataclass(frozen=True)
class Asked:
    """One page on one ledger: the best of several turns, in seconds of work."""

    seconds: float
    sql_seconds: float
    empty_seconds: float
    statements: int
    html: str


def _figures(page: Page, little: Asked, much: Asked, units: int) -> Iterator[Figure]:
    yield Figure(
        name=f"{page.name} ÷ its SQL, SQLite",
        ratio=little.seconds / little.sql_seconds,
        at_most=3.0,
        detail=f"{_ms(little.seconds)} ÷ {_ms(little.sql_seconds)}, {little.statements} statements;"
        f" {units * 50:,} obligations of the year",
    )
    yield Figure(
        name=f"{page.name}, beyond an empty page ÷ its SQL",
        ratio=(little.seconds - little.empty_seconds) / little.sql_seconds,
        detail=f"an empty page of the same application: {_ms(little.empty_seconds)}",
    )
    yield Figure(
        name=f"{page.name}, ten times the closed history ÷ once",
        ratio=much.seconds / little.seconds,
        at_most=1.3,
        detail=f"{_ms(much.seconds)} ÷ {_ms(little.seconds)}; {units * 50:,} ÷ {units * 5:,} closed in years before",
    )
    if page.role is Role.HANDLER:
        size = len(much.html.encode())
        yield Figure(
            name=f"{page.name}, bytes ÷ 60 KB",
            ratio=size / PAGE_BYTES,
            at_most=1.0,
            detail=f"{size:,} bytes, not compressed",
        )
    yield Figure(
        name=f"{page.name}, requests outside the server",
        ratio=float(len(_outside(much.html))),
        at_most=0.0,
        detail="、".join(_outside(much.html)),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _outside(html: str) -> list[str]:
    """What a browser would fetch by itself from elsewhere."""
    fetched = re.findall(r"<(?:script|link|img|source|iframe|use)\b[^>]*?\b(?:src|href)=\"([^\"]*)\"", html)
    return [one for one in fetched if not re.match(r"[/#](?!/)", one)]


@contextmanager
def _ledger(folder: Path, units: int, past_years: int) -> Iterator[Bureau]:
    settings = load(folder).model_copy(update={"portal_key": SecretStr("measured-with-a-key-of-no-worth")})
    store = open_store(settings.store_url)
    fill(store, units=units, past_years=past_years)
    try:
        yield Bureau(
            settings=settings,
            store=store,
            vault=Vault(settings.evidence_root),
            workdays=load_workdays(),
            ladders=load_ladders(),
        )
    finally:
        store.close()


def _in_turn(offices: Sequence[Bureau], page: Page) -> list[Asked]:
    """The page on each ledger, one after the other in every turn."""
    asked = [Asking(bureau, page) for bureau in offices]
    for _ in range(TURNS):
        for one in asked:
            one.turn()
    return [one.asked() for one in asked]


class Asking:
    """One page on one ledger, asked again and again, with its statements run bare in between."""

    def __init__(self, bureau: Bureau, page: Page) -> None:
        self._server = Server(create_app(bureau, now=lambda: NOW), _session(bureau.store, page, NOW))
        self._path, self._ledger = page.path, bureau.settings.home / "duban.db"
        self._server.get(page.path)
        with _recorded(bureau.store) as statements:
            self._html = self._server.get(page.path)
        self._reads = [one for one in statements if one[0].lstrip().upper().startswith(("SELECT", "WITH"))]
        self._pages: list[float] = []
        self._bare: list[float] = []
        self._empty: list[float] = []

    def turn(self) -> None:
        self._pages.append(_worked(lambda: self._server.get(self._path)))
        self._bare.append(_bare(self._ledger, self._reads))
        self._empty.append(_worked(lambda: self._server.get(EMPTY)))

    def asked(self) -> Asked:
        self._server.close()
        return Asked(
            seconds=min(self._pages),
            sql_seconds=min(self._bare),
            empty_seconds=min(self._empty),
            statements=len(self._reads),
            html=self._html,
        )


class Server:
    """The application called as a server calls it, without a socket and without a client's own work."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self._app, self._token, self._loop = app, token, asyncio.new_event_loop()

    def get(self, path: str) -> str:
        return self._loop.run_until_complete(self._get(path))

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _get(self, path: str) -> str:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(_scope(path, self._token), receive, send)
        assert sent[0]["status"] == 200, (path, sent[0])
        return b"".join(one.get("body", b"") for one in sent[1:]).decode()


def _scope(path: str, token: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"portal.bench"), (b"cookie", f"{COOKIE}={token}".encode())],
        "server": ("portal.bench", 80),
        "client": ("127.0.0.1", 50000),
    }


def _worked(act: Callable[[], object]) -> float:
    """Seconds of work of this process, all its threads: what others do on the machine does not count."""
    began = time.process_time()
    act()
    return time.process_time() - began


def _bare(path: Path, statements: list[tuple[str, Any]]) -> float:
    """The statements alone, every row fetched, on a connection opened before."""
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM edition").fetchone()
    try:
        return _worked(lambda: [connection.execute(*one).fetchall() for one in statements])
    finally:
        connection.close()


@contextmanager
def _recorded(store: Store) -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def keep(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        found.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", keep)


def _session(store: Store, page: Page, now: datetime) -> str:
    """Somebody of the role, signed in a moment ago."""
    token = secrets.token_urlsafe(32)
    with store.writing() as connection:
        person = connection.execute(
            sa.insert(units_tables.person).values(name=f"量页 {page.role}", unit_id=page.unit_id, active=True)
        ).lastrowid
        connection.execute(sa.insert(person_role).values(person_id=person, role=page.role.value))
        connection.execute(
            sa.insert(account).values(person_id=person, password_hash="opens nothing", password_set_at=now)
        )
        connection.execute(
            sa.insert(session).values(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                person_id=person,
                way=SignInWay.PASSWORD.value,
                made_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
    return token
