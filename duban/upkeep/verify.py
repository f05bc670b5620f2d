"""Verifies what must never change: the history's chain and the bytes of the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from duban.bureau import Bureau
from duban.core.errors import Fault, NotFound
from duban.core.vault import Vault
from duban.evidence.queries import referenced_hashes
from duban.history.queries import verify_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked and every sentence on what does not hold."""

    entries: int
    history_fault: str | None
    evidence_checked: int
    evidence_faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return self.history_fault is None and not self.evidence_faults

    def require_sound(self) -> None:
        """Raise one Fault with everything that was found."""
        if not self.sound:
            raise Fault("；".join(filter(None, (self.history_fault, *self.evidence_faults))))


def verify(bureau: Bureau, *, newest: int | None = None) -> VerifyReport:
    """Check the whole history and all evidence, or only the newest items, as the doctor does."""
    with bureau.store.reading() as connection:
        chain = verify_chain(connection)
        hashes = referenced_hashes(connection, newest=newest)
    return VerifyReport(
        entries=chain.entries,
        history_fault=chain.reason,
        evidence_checked=len(hashes),
        evidence_faults=tuple(_faults(bureau.vault, hashes)),
    )


def _faults(vault: Vault, hashes: Iterable[str]) -> Iterable[str]:
    for sha256 in hashes:
        try:
            vault.verify(sha256)
        except (Fault, NotFound) as error:
            yield str(error)
