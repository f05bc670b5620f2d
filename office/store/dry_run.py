"""Doing something for real and taking it back: a preview that cannot differ from the act it shows."""

from __future__ import annotations

from sqlalchemy import Connection


def take_back(connection: Connection) -> None:
    """Undo everything since the transaction of `Store.writing` began; its end then has nothing to commit."""
    transaction = connection.get_transaction()
    assert transaction is not None, "only inside Store.writing"
    transaction.rollback()
