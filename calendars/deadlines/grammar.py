"""Reads a whole phrase: understood to its last character, or given to a person with a reason.

Ordered full-match rules over normalised text; it resolves no dates and knows no plan year.
"""

from __future__ import annotations

from calendars.deadlines.lexicon import normalise
from calendars.deadlines.notes import notes, why
from calendars.deadlines.parts import (
    Daily,
    Due,
    How,
    Inside,
    NotUnderstood,
    Parts,
    Reading,
    Repeat,
    Several,
    Undated,
    Weekly,
)
from calendars.deadlines.points import Impossible, one
from calendars.deadlines.repeats import either, repeat
from calendars.deadlines.undated import undated
from calendars.deadlines.wording import clauses, may_follow, splits, unwrapped

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
    return ",".join([parts.rule, *extra])


def _sets_date(parts: Parts) -> bool:
    if isinstance(parts, Undated):
        return False
    return not (isinstance(parts, Due) and parts.how in (How.AROUND, How.FROM))


def _phrase(key: str) -> tuple[Parts, tuple[str, ...]] | None:
    exact = undated(key)
    if exact is not None:
        return exact, ("soft",) if key == "拟制定" else ()
    wording = unwrapped(key)
    for core, act in splits(wording.core):
        parts = _core(core, firm=wording.firm, whole=not act)
        if parts is not None and may_follow(parts, core, act):
            return parts, _modifiers(parts, wording.modifiers, act)
    found = clauses(wording.core)
    if found is None:
        return None
    parts, beside = found
    return parts, _modifiers(parts, (*wording.modifiers, *beside), key)


def _core(core: str, *, firm: bool, whole: bool) -> Parts | None:
    if firm:
        return one(core, firm=True)
    found: Parts | None = repeat(core)
    if found is None:
        found = either(core)
    return undated(core) if found is None and whole else found


def _modifiers(parts: Parts, modifiers: tuple[str, ...], act: str) -> tuple[str, ...]:
    found = list(modifiers)
    if ("力争" in act or "争取" in act) and "soft" not in found:
        found.append("soft")
    if "累计" in act:
        found.append("cumulative")
    offset = _offset(parts)
    if offset:
        found.append(f"relative_year({offset:+d})")
    return tuple(found)


def _offset(parts: Parts) -> int:
    match parts:
        case Due() | Inside():
            return parts.year.offset
        case Several(items=items) | Repeat(items=items):
            return items[0].year.offset
        case Undated() | Weekly() | Daily():
            return 0
        case _:
            return parts.last.year.offset
