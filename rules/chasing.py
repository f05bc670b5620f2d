"""Who may chase units by hand. When nothing is owed nobody is chased; that follows from the states, not from here.

Pure; returns every reason for refusing, as Chinese sentences with the next step.
"""

from __future__ import annotations

from rules.moves import ROLE_NAMES
from rules.people import Actor, Role

CHASERS = frozenset({Role.COORDINATOR, Role.LEADER})
LONGEST_WORDS = 500


def chasing_refusals(by: Actor, *, bounded: bool, words: str) -> tuple[str, ...]:
    """Every reason against chasing by this person; `bounded` says that an edition, units or matters were named."""
    own = []
    if by.person_id is None:
        own.append("催办要记在具体的人名下，请用 --as 写明操作人。")
    elif not by.roles & CHASERS:
        may = "或".join(ROLE_NAMES[role] for role in Role if role in CHASERS)
        own.append(f"{by.name}不能催办，请由{may}办理。")
    if not bounded:
        own.append("请先选定要催办的专项行动、单位或任务。")
    if len(words) > LONGEST_WORDS:
        own.append(f"催办说明不能超过{LONGEST_WORDS}字，请精简。")
    return tuple(own)
