"""Who lets an escalation go to the superior, and why one is turned down.

Pure; returns every reason for refusing, as Chinese sentences with the next step.
"""

from __future__ import annotations

from rules.moves import ROLE_NAMES
from rules.people import Actor, Role

APPROVERS = frozenset({Role.COORDINATOR, Role.LEADER})


def approving_refusals(by: Actor) -> tuple[str, ...]:
    """Every reason against approving by this person."""
    if by.person_id is None:
        return ("批准督办要记在具体的人名下，请用 --as 写明操作人。",)
    if by.roles & APPROVERS:
        return ()
    may = "或".join(ROLE_NAMES[role] for role in Role if role in APPROVERS)
    return (f"{by.name}不能批准或不批准督办，请由{may}办理。",)


def declining_refusals(by: Actor, reason: str) -> tuple[str, ...]:
    """Every reason against declining by this person."""
    own = list(approving_refusals(by))
    if not reason.strip():
        own.append("不批准督办要写明理由，请补写。")
    return tuple(own)
