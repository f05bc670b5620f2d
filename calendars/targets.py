"""Targets that are not plain numbers, as tables of notices write them: 200个, 20以上, 不少于20, 20-30, /. Pure.

What can be read entirely is read as number, bound or "not applicable"; everything else stays words for a person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

NOT_APPLICABLE = frozenset({"-", "--", "—", "——", "/", "\\", "×", "无", "不涉及", "不适用", "不承担"})
_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(万(?!元))?"
_UNIT = r"\s*([^\d\s以及起左约余多至到~<>=≥≤-]{0,6}?)"
_AT_LEAST = re.compile(
    rf"(?:不少于|不低于|不小于|至少|≥|>=)\s*{_NUMBER}{_UNIT}|{_NUMBER}{_UNIT}\s*(?:及以上|以上|起)"
)
_RANGE = re.compile(rf"{_NUMBER}{_UNIT}\s*(?:-|—|~|至|到)\s*{_NUMBER}{_UNIT}")
_PLAIN = re.compile(rf"{_NUMBER}{_UNIT}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTarget:
    """A number with its unit of measure ("" where none stands) and ">=" where it is a lower bound; `value` None: no
    target is set for that unit.
    """

    value: Decimal | None
    op: str | None = None
    unit_of_measure: str = ""


def read_target(text: str) -> WrittenTarget | None:
    """What a cell says; None for words that a person has to read (约20, 若干, 不超过20, 另行下达)."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in NOT_APPLICABLE or text.strip() in NOT_APPLICABLE:
        return WrittenTarget(value=None)
    if found := _AT_LEAST.fullmatch(plain):
        return _written(found.groups()[:4] if found[1] else found.groups()[4:], ">=")
    if found := _RANGE.fullmatch(plain):
        low, high = _written(found.groups()[:4], ">="), _written(found.groups()[4:], None)
        if low.value is None or high.value is None or low.value > high.value:
            return None
        # 20-30 is reached from 20 on; the unit may stand behind the second number alone.
        units = {one.unit_of_measure for one in (low, high)} - {""}
        unit = units.pop() if len(units) == 1 else ""
        return None if units else WrittenTarget(value=low.value, op=">=", unit_of_measure=unit)
    if found := _PLAIN.fullmatch(plain):
        return _written(found.groups(), None)
    return None


def _written(parts: tuple[str | None, ...], op: str | None) -> WrittenTarget:
    whole, fraction, myriads, unit = parts
    value = Decimal((whole or "").replace(",", "") + (fraction or "")) * (10_000 if myriads else 1)
    return WrittenTarget(value=value, op=op, unit_of_measure=unit or "")
