"""duban.history.rules"""

from __future__ import annotations

from duban.core.access import Actor, Role


def auditing_refusals(by: Actor) -> tuple[str, ...]:
    """The whole history is read by the auditor; everybody else reads that of the matters he sees."""
    if by.person_id is None or Role.AUDITOR in by.roles:
        return ()
    return (f"{by.name}不能查阅全部留痕，请由审计办理。",)
