"""Who may have which route: written by hand, so that a slip in a route's own declaration is seen here.

`own` marks routes about one unit's matter: somebody of another unit is told that it does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.people import Role

VISITOR, LINK = "visitor", "link"
C, R, L = Role.COORDINATOR.value, Role.REVIEWER.value, Role.LEADER.value
H, O, A, S = Role.HANDLER.value, Role.OPERATOR.value, Role.AUDITOR.value, Role.SECURITY.value  # noqa: E741  # the initials are easier to scan in a table
SIGNED_IN = frozenset({C, R, L, H, O, A, S})
EVERYBODY = SIGNED_IN | {LINK, VISITOR}


@dataclass(frozen=True, slots=True)
class Row:
    """One route: who is let in, and whether it is about one unit's own matter."""

    who: frozenset[str]
    own: bool = False


def row(*who: str, own: bool = False) -> Row:
    return Row(frozenset(who), own)


MATRIX: dict[str, Row] = {
    "GET /": Row(SIGNED_IN | {LINK}),
    "GET /healthz": Row(EVERYBODY),
    # The unit's own pages
    "GET /my": row(H, LINK),
    "GET /my/{obligation_id}": row(H, LINK, own=True),
    "POST /my/{obligation_id}/acknowledge": row(H, LINK, own=True),
    "POST /my/{obligation_id}/submit": row(H, LINK, own=True),
    "POST /my/{obligation_id}/drop": row(H, LINK, own=True),
    "POST /my/{obligation_id}/progress": row(H, LINK, own=True),
    "POST /my/{obligation_id}/extension": row(H, own=True),
    "POST /my/{obligation_id}/forward": row(H, own=True),
    "POST /my/{obligation_id}/uploads": row(H, LINK, own=True),
    "GET /uploads/{upload_id}": row(H, LINK, own=True),
    "PUT /uploads/{upload_id}": row(H, LINK, own=True),
    "DELETE /uploads/{upload_id}": row(H, LINK, own=True),
    "GET /evidence/{obligation_id}/{sha256}": row(H, C, R, L, A, LINK, own=True),
}
