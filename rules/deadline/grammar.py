"""Reads a whole phrase: understood to its last character, or given to a person with a reason.

Ordered full-match rules over normalised text; it resolves no dates and knows no plan year.
"""

import re

from rules.deadline.acts import follows
from rules.deadline.dates_in_text import one
from rules.deadline.doubts import why
from rules.deadline.lists import either
from rules.deadline.naming import rule_of, year_of
from rules.deadline.notes import notes
from rules.deadline.parts import (
    PLAN,
    Daily,
    Due,
    End,
    Festival,
    How,
    Inside,
    One,
    Parts,
    Repeat,
    Several,
    Undated,
    Weekly,
    WholeYear,
)
from rules.deadline.points import Impossible
from rules.deadline.repeats import repeat
from rules.deadline.spans import one_in, one_year
from rules.deadline.text import normalise
from rules.deadline.undated import undated
from rules.deadline.values import NotUnderstood, Reading
from rules.deadline.wording import unwrapped

_LONGEST = 80
"""A deadline is a phrase; longer texts are paragraphs, and a bound keeps reading fast."""


def read(phrase: str) -> Reading | NotUnderstood:
    """What a phrase in Simplified Chinese says about time; never raises, never reads a part of it."""
    if len(phrase) > 2 * _LONGEST:
        return _refused(phrase, "这段文字太长，不像一个时限，请只摘出时限那几个字。")
    key = normalise(phrase)
    if key is None:
        return _refused(phrase, f"“{phrase.strip()}”里有上标或带圈的数字，可能是注释号，请去掉后重试。")
    if len(key) > _LONGEST:
        return _refused(phrase, "这段文字太长，不像一个时限，请只摘出时限那几个字。")
    try:
        found = _phrase(key)
    except Impossible as impossible:
        return _refused(phrase, str(impossible))
    if found is None:
        reason, proposal = why(key, phrase.strip())
        return NotUnderstood(text=phrase, reason=reason, proposal=proposal)
    parts, modifiers = found
    return Reading(
        text=phrase,
        rule=_rule(parts, modifiers),
        parts=parts,
        modifiers=modifiers,
        assumptions=notes(parts, key),
        sets_date=_sets_date(parts),
    )


def _refused(phrase: str, reason: str) -> NotUnderstood:
    return NotUnderstood(text=phrase, reason=reason)


def _rule(parts: Parts, modifiers: tuple[str, ...]) -> str:
    extra = [
        each for each in modifiers if each.startswith(("relative_year", "soft", "cumulative", "holiday_roll"))
    ]
    return ",".join([rule_of(parts), *extra])


def _sets_date(parts: Parts) -> bool:
    if isinstance(parts, Undated):
        return False
    return not (isinstance(parts, Due) and parts.how in (How.AROUND, How.FROM))


def _phrase(key: str) -> tuple[Parts, tuple[str, ...]] | None:
    exact = undated(key)
    if exact is not None:
        return exact, ("soft",) if key == "拟制定" else ()
    wording = unwrapped(key)
    for core, act in _splits(wording.core):
        parts = _core(core, firm=wording.firm, whole=not act)
        if parts is not None and _may_follow(parts, core, act):
            return parts, _modifiers(parts, wording.modifiers, act)
    clauses = _clauses(wording.core)
    return (clauses, _modifiers(clauses, wording.modifiers, key)) if clauses else None


def _splits(text: str) -> list[tuple[str, str]]:
    """The text whole, then every cut into a head and listed words, the shortest head first."""
    cuts = [(text[:cut].rstrip(","), text[cut:]) for cut in range(1, len(text))]
    return [(text, ""), *((head, act) for head, act in cuts if head and follows(act, dated=True))]


def _core(core: str, *, firm: bool, whole: bool) -> Parts | None:
    if firm:
        return one(core, firm=True)
    found: Parts | None = repeat(core)
    if found is None:
        found = either(core)
    return undated(core) if found is None and whole else found


def _may_follow(parts: Parts, core: str, act: str) -> bool:
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
    dated = re.search(r"(?:前|底|末|日|止|起|:[0-9]{2}|时|次)$", core) is not None or isinstance(
        parts, Weekly | Daily
    )
    return follows(act, dated=dated)


def _modifiers(parts: Parts, modifiers: tuple[str, ...], act: str) -> tuple[str, ...]:
    found = list(modifiers)
    if "累计" in act:
        found.append("cumulative")
    offset = _offset(parts)
    if offset:
        found.append(f"relative_year({offset:+d})")
    return tuple(found)


def _offset(parts: Parts) -> int:
    match parts:
        case Due() | Inside():
            return one_year(parts).offset
        case Several(items=items) | Repeat(items=items):
            return one_year(items[0]).offset
        case Undated() | Weekly() | Daily():
            return 0
        case _:
            return year_of(parts.last).offset


def _clauses(core: str) -> Several | None:
    """3月底前完成,10月底前总结: every clause dated and understood to its end."""
    pieces = re.split(r"[,;。]", core)
    if not 2 <= len(pieces) <= 6:
        return None
    items: list[One] = []
    year = PLAN
    for piece in pieces:
        clause = _clause(piece)
        if clause is None:
            return None
        year = one_year(clause) if one_year(clause) != PLAN else year
        items.append(one_in(clause, year))
    return Several(items=tuple(items), labels=tuple(pieces))


def _clause(piece: str) -> One | None:
    for core, act in _splits(unwrapped(piece).core):
        found = one(core)
        if isinstance(found, Inside) or found is None:
            continue
        if isinstance(found, Due) and found.how not in (How.BY, How.WITHIN, How.BEFORE):
            continue
        if isinstance(found, Due) and found.how is How.WITHIN and isinstance(found.at, WholeYear):
            continue
        if _may_follow(found, core, act):
            return found
    return None


__all__ = ["End", "read"]
