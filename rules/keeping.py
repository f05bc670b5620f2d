"""Who may keep what the bureau works by: calendars, units, rosters, notices and figures.

Pure; each function returns every reason for refusing, as Chinese sentences with the next step.
"""

from __future__ import annotations

from rules.people import SYSTEM, Actor, Role

KEEPERS = frozenset({Role.COORDINATOR, Role.OPERATOR})


def keeping_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """Calendars, units and rosters are kept by the coordinator, and set up by the operator or the system itself."""
    if by is SYSTEM or by.roles & KEEPERS:
        return ()
    return (f"{by.name}没有{what}的权限，请由统筹科室或运维人员办理。",)


def person_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """What must stand under somebody's name."""
    return () if by.person_id is not None else (f"{what}要记在具体的人名下，请用 --as 写明操作人。",)


def reporting_units(by: Actor) -> frozenset[int]:
    """The units a person reports for: a handler's own. Who belongs there in another role only reads."""
    return by.unit_ids if Role.HANDLER in by.roles else frozenset()


def reporting_refusals(by: Actor, unit_id: int | None, unit_name: str) -> tuple[str, ...]:
    """Figures come from the unit's handlers or from the coordinator, who also reports the city's own (unit_id None)."""
    if Role.COORDINATOR in by.roles or unit_id in reporting_units(by):
        return ()
    return (f"{by.name}不是{unit_name}的经办人，不能替它报数，请由该单位经办人或统筹科室填报。",)


def confirming_refusals(by: Actor, proposed_by: int | None) -> tuple[str, ...]:
    """Four eyes: who brought a notice in does not put it in force."""
    if by.person_id is not None and by.person_id == proposed_by:
        return (f"通知是{by.name}导入的，须由另一人核对确认，请换一位有权限的人确认。",)
    return ()
