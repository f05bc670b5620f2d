"""Evidence bytes, stored once under their SHA-256 and never changed.

A content-addressed folder on any fsspec file system: a plain folder here, S3-compatible storage elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vault:
    """Where evidence lies; `url` is an fsspec address or a folder."""

    url: str
