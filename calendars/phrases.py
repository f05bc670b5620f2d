"""Reads a deadline phrase as the source wrote it, in either script; the original words are kept.

Traditional characters become Simplified only in the key that is matched.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from opencc import OpenCC

from calendars.deadlines.grammar import read
from calendars.deadlines.parts import NotUnderstood, Reading


def read_phrase(text: str) -> Reading | NotUnderstood:
    """The reading of a phrase, or why it goes to a person; never raises."""
    # A lone surrogate comes from bytes that were no UTF-8; the converter would refuse it.
    readable = text.encode("utf-8", "replace").decode("utf-8")
    found = read(_converter().convert(readable))
    return replace(found, text=text)


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")
