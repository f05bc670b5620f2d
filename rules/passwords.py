"""What a password must be, and when it is too old. Every reason at once, in words for whoever chooses it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_LONG_ENOUGH = 16
_LONGEST = 128
_KINDS = 3
# Stems that guessers try first, bare or with figures and signs around them.
_STEMS = """
    password passw passwd passwort admin administrator root user guest test welcome login letmein changeme
    qwerty qwertyuiop qwert asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc abc abcd abcdef
    iloveyou monkey dragon sunshine princess football superman secret master
    woaini wodemima mima nihao woaiwojia zhongguo beijing minzheng minzhengju mzj duban huanying
"""
_COMMON = frozenset(_STEMS.split())
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_SWAPPED = str.maketrans("0134578@$!", "oieastbasi")


def password_refusals(password: str, *, name: str, at_least: int) -> tuple[str, ...]:
    """Every reason against this password for the person of that name."""
    own = []
    if len(password) < at_least:
        own.append(f"密码至少 {at_least} 个字符，现在是 {len(password)} 个，请加长。")
    if len(password) > _LONGEST:
        own.append(f"密码不超过 {_LONGEST} 个字符，请缩短。")
    if name and name.casefold() in password.casefold():
        own.append("密码里不能有自己的姓名，请换一个。")
    if _kinds(password) < _KINDS and len(password) < _LONG_ENOUGH:
        own.append(
            f"密码要含大写字母、小写字母、数字、符号中的三种，或用 {_LONG_ENOUGH} 个字符以上的长句，请改一改。"
        )
    if _is_common(password):
        own.append("这个密码太常见，别人一猜就中，请换一个。")
    return tuple(own)


def too_old(set_at: datetime | None, *, now: datetime, days: int) -> bool:
    """Whether a password must be changed; with days=0 it never must."""
    return days > 0 and set_at is not None and now - set_at > timedelta(days=days)


def _kinds(password: str) -> int:
    kinds = (
        any(char.islower() and char.isascii() for char in password),
        any(char.isupper() and char.isascii() for char in password),
        any(char.isdigit() for char in password),
        any(not (char.isascii() and char.isalnum()) for char in password),
    )
    return sum(kinds)


def _is_common(password: str) -> bool:
    folded = password.casefold()
    # What is put around a word hides it from nobody; neither do figures that look like letters.
    middle = re.sub(r"^[^a-z]+|[^a-z]+$", "", folded).translate(_SWAPPED)
    stems = {re.sub(r"[^a-z]", "", folded), re.sub(r"[^a-z]", "", middle)}
    return bool(stems & _COMMON) or len(set(folded)) <= 3 or _is_row(folded)


def _is_row(folded: str) -> bool:
    """Keys that lie beside each other, or the figures of a count, forwards or backwards."""
    whole = re.sub(r"[^a-z0-9]", "", folded)
    return len(whole) >= 6 and any(whole in row or whole[::-1] in row for row in _ROWS)
