"""阅看材料: the bytes of one file for a page, piece by piece, after the history says who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from office.actions.office import Office
from office.actions.open_evidence import record_reading
from office.store.submissions import Item
from rules.people import Actor

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRead:
    """What is read; `pieces` gives the bytes once, checked against their hash before the first one."""

    item: Item
    pieces: Iterator[bytes]


def read_evidence(
    office: Office, obligation_id: int, sha256: str, *, by: Actor, now: datetime
) -> EvidenceRead:
    """The file whose SHA-256 begins so, for whoever may see it."""
    item = record_reading(office, obligation_id, sha256, by=by, now=now)
    assert item.sha256 is not None, "only files are listed"
    pieces = _pieces(office, item.sha256)
    # Begun here, so that damaged or missing bytes are told before an answer has started.
    first = next(pieces, b"")
    return EvidenceRead(item=item, pieces=_again(first, pieces))


def _pieces(office: Office, sha256: str) -> Iterator[bytes]:
    with office.vault.open(sha256) as source:
        while piece := source.read(_CHUNK):
            yield piece


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
