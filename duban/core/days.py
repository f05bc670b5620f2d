"""Which days a fact can have: decided here for forms, commands, the API and sheets alike. Pure."""

from __future__ import annotations

from datetime import date

# Nothing that a civil-affairs bureau keeps began before it.
FOUNDED = date(1949, 10, 1)
# A plan reaches no farther; beyond it lies a slip of the finger.
FARTHEST_YEARS = 10


def happened_faults(
    name: str, on: date | None, today: date, *, since: date = FOUNDED, since_is: str = ""
) -> tuple[str, ...]:
    """Why something cannot have happened on a day: it has not come yet, or lies before what it builds on."""
    if on is None:
        return ()
    if on > today:
        return (f"{name}{on}还没有到（今天是{today}），请核对",)
    if on < since:
        return (f"{name}{on}早于{since_is}{since}，请核对",)
    return ()


def planned_faults(name: str, on: date | None, *, since: date, since_is: str) -> tuple[str, ...]:
    """Why nothing can be planned for a day: it lies before what it follows, or farther off than anybody plans."""
    if on is None:
        return ()
    if on < since:
        return (f"{name}{on}早于{since_is}{since}，请核对",)
    if on.year > since.year + FARTHEST_YEARS:
        return (f"{name}{on}离{since_is}{since}有{FARTHEST_YEARS}年以上，请核对",)
    return ()
