"""Which evidence bytes the ledger speaks of, for verification."""

from __future__ import annotations

from sqlalchemy import Connection, select

from office.store.tables import evidence_item


def evidence_hashes(connection: Connection, *, newest: int | None = None) -> tuple[str, ...]:
    """The SHA-256 of every stored item, each once; only of the newest so many items if asked."""
    wanted = (
        select(evidence_item.c.sha256)
        .where(evidence_item.c.sha256.is_not(None))
        .order_by(evidence_item.c.id.desc())
        .limit(newest)
    )
    return tuple(dict.fromkeys(connection.execute(wanted).scalars()))
