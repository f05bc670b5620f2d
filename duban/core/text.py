"""What people write, and the names of files, made fit to be stored and shown."""

from __future__ import annotations

import unicodedata


def cleaned(text: str) -> str:
    """What a person wrote, without characters that no database, page or letter should carry."""
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Cf"))
    return "".join(kept).strip()


LONGEST_NAME = 120


def display_name(name: str) -> str:
    """A name fit to be shown and stored: no path, no control or direction marks, of a sensible length."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(
        char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C"
    )
    clean = " ".join(clean.split()).lstrip(".")
    if len(clean) <= LONGEST_NAME:
        return clean or "未命名"
    stem, dot, ending = clean.rpartition(".")
    short = 0 < len(ending) <= 8 and bool(dot)
    return f"{stem[: LONGEST_NAME - 1 - len(ending)]}.{ending}" if short else clean[:LONGEST_NAME]
