"""A fault of the machine is told to a page's reader without the operator's words."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text

from tests.portal.bureau import Portal


def test_a_broken_ledger_says_what_to_do_and_shows_no_database_words(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    leader = portal.as_("李局长")
    with portal.bureau.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE extension RENAME TO elsewhere"))

    with caplog.at_level(logging.ERROR):
        page = leader.get("/decisions", expect=503)

    assert "请稍后重试，仍不行请联系运维。" in page.text
    assert "duban" not in page.text and "数据库" not in page.text
    assert "duban setup" in caplog.text
