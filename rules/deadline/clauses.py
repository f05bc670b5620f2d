"""Reads dates with what is done at them, and several such clauses in a row.

3月底前完成,10月底前总结 is two dates; 立行立改,6月底前完成 is one date beside a standing duty.
"""

import re

from rules.deadline.acts import ONCE, follows
from rules.deadline.dates_in_text import one
from rules.deadline.lists import ascending
from rules.deadline.parts import (
    PLAN,
    Daily,
    Due,
    Festival,
    How,
    Inside,
    One,
    Parts,
    Several,
    Undated,
    Weekly,
    WholeYear,
)
from rules.deadline.repeats import repeat
from rules.deadline.spans import one_in, one_year
from rules.deadline.undated import undated
from rules.deadline.wording import unwrapped

_MOST = 6


def splits(text: str) -> list[tuple[str, str]]:
    """The text whole, then every cut into a head and listed words, the shortest head first."""
    cuts = [(text[:cut].rstrip(","), text[cut:]) for cut in range(1, len(text))]
    return [(text, ""), *((head, act) for head, act in cuts if head and follows(act, dated=True))]


def may_follow(parts: Parts, core: str, act: str) -> bool:
    """A bare span may be followed only by what is done in it; 前 or 底 already made a date of it."""
    if not act:
        return True
    if isinstance(parts, Undated):
        return False
    if isinstance(parts, Due) and isinstance(parts.at, Festival) and parts.how in (How.WITHIN, How.AROUND):
        # 春节慰问 is done about that time, not on the day.
        return parts.at.holiday or parts.how is How.AROUND
    if isinstance(parts, Several) and re.fullmatch(r"(?:各|分别)[0-9]次", act):
        return True
    if isinstance(parts, Weekly) and re.search("每个?周一$", core) and ONCE.fullmatch("一" + act):
        # 每周一调度: on Mondays, or once a week?
        return False
    marked = re.search(r"(?:前|底|末|日|止|起|:[0-9]{2}|时|次)$", core) is not None
    return follows(act, dated=marked or isinstance(parts, Weekly | Daily))


def clauses(text: str) -> tuple[Parts, tuple[str, ...]] | None:
    """The dates of all clauses and the standing duties beside them, if each clause is understood to its end."""
    pieces = [re.sub(r"^(?:并且|并|且|同时)", "", piece) for piece in re.split(r"[,;。]", text)]
    # Bare dates joined by 、 are a list with rules of its own; here each must say what is due.
    duties_only = len(pieces) == 1
    if duties_only:
        pieces = text.split("、")
    if not 2 <= len(pieces) <= _MOST:
        return None
    beside = [_standing(piece) for piece in pieces]
    dated = [piece for piece, duty in zip(pieces, beside, strict=True) if duty is None]
    duties = tuple(duty for duty in beside if duty is not None)
    if not dated:
        return Undated(name="+".join(duties)), ()
    if duties and not duties_only and len(dated) == 1:
        found = _recurring(dated[0])
        if found is not None:
            return found, duties
    if duties_only and (duties or not all(_says_what(piece) for piece in dated)):
        return None
    items = _dated(dated)
    if items is None or not ascending(items):
        return None
    return (items[0] if len(items) == 1 else Several(items=tuple(items), labels=tuple(dated))), duties


def _says_what(piece: str) -> bool:
    """Whether the clause has a date of its own and, after it, what is done."""
    return any(act and re.search("[前底末]$", core) and one(core) is not None for core, act in splits(piece))


def _recurring(piece: str) -> Parts | None:
    """常态化推进,每季度调度一次: the recurrence that stands beside a standing duty."""
    for core, act in splits(unwrapped(piece).core):
        found = repeat(core)
        if found is not None and may_follow(found, core, act):
            return found
    return None


def _standing(piece: str) -> str | None:
    found = undated(piece)
    return found.name if found is not None and found.name.startswith(("standing(", "event_driven(")) else None


def _dated(pieces: list[str]) -> list[One] | None:
    items: list[One] = []
    year = PLAN
    for piece in pieces:
        clause = _clause(piece)
        if clause is None:
            return None
        year = one_year(clause) if one_year(clause) != PLAN else year
        items.append(one_in(clause, year))
    return items


def _clause(piece: str) -> One | None:
    for core, act in splits(unwrapped(piece).core):
        found = one(core)
        if isinstance(found, Inside) or found is None:
            continue
        if isinstance(found, Due) and found.how not in (How.BY, How.WITHIN, How.BEFORE):
            continue
        if isinstance(found, Due) and found.how is How.WITHIN and isinstance(found.at, WholeYear):
            continue
        if may_follow(found, core, act):
            return found
    return None
