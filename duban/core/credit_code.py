"""The unified social credit code of GB 32100-2015: eighteen characters, the last one a check digit. Pure."""

from __future__ import annotations

_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(_CHARACTERS)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_digit(head: str) -> str:
    """The eighteenth character for the first seventeen."""
    total = sum(_VALUES[character] * weight for character, weight in zip(head, _WEIGHTS, strict=True))
    return _CHARACTERS[-total % 31]


def fault_in(code: str) -> str | None:
    """What is wrong with a code, as a Chinese clause; None when it holds."""
    if len(code) != 18:
        return f"应为18位，现为{len(code)}位"
    if not _VALUES.keys() >= set(code):
        return "含有不允许的字符（字母须大写，不用 I、O、S、V、Z）"
    return None if check_digit(code[:17]) == code[17] else "校验位不符，可能抄错了一位"
