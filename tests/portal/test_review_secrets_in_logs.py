"""The log is read by whoever runs the machine: no address in it opens anything."""

from __future__ import annotations

import logging
import re
import sqlite3

import pytest
from sqlalchemy import event

from tests.portal.bureau import Portal


def test_a_fault_while_coming_in_leaves_no_link_in_the_log(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    security = portal.as_("安全员")
    path = f"/accounts/{portal.people['王科长']}"
    made = security.fill(security.get(path), f"{path}/one-time")
    link = re.search(r"/once/([\w-]+)", made.response.text)
    assert link
    visitor = portal.visitor()
    page = visitor.get(link[0])
    place = portal.bureau.store.engine.url.database
    assert place is not None

    event.listen(portal.bureau.store.engine, "connect", _impatient)
    portal.bureau.store.engine.dispose()
    with caplog.at_level(logging.ERROR), sqlite3.connect(place) as busy:
        busy.execute("BEGIN IMMEDIATE")
        told = visitor.fill(page, link[0], expect=503)
        busy.rollback()

    assert "/once/{token}" in caplog.text and link[1] not in caplog.text
    assert link[1] not in told.text


def _impatient(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 50")
