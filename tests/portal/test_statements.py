"""How often a page asks the ledger: what is asked with every page is asked at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from duban.obligations.tables import obligation
from tests.portal.bureau import Portal


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, without the beginnings of transactions."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("who", "path", "most"),
    [
        # Besides the matters: what the unit supports, its name, and the days of events that are waited for.
        ("王科长", "/my", 6),
        ("王科长", "/figures", 4),
        ("王科长", "/rosters", 4),
        ("周处长", "/extensions", 4),
    ],
)
def test_an_empty_page_asks_a_few_statements_at_most(portal: Portal, who: str, path: str, most: int) -> None:
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.delete(obligation))
    client = portal.as_(who)

    with counted(portal.bureau.store.engine) as sent:
        client.get(path)

    assert len(sent) <= most, sent
