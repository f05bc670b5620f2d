"""Brings a backup back into an empty place and verifies it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duban.core.db import Store, open_store
from duban.core.errors import Fault, Refused
from duban.core.settings import Settings
from duban.core.vault import Vault
from duban.evidence.queries import referenced_hashes
from duban.history.queries import verify_chain
from duban.upkeep.backup import EVIDENCE, check_manifest, is_empty, read_manifest, restore_database


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What came back; every entry and item was verified after it was written."""

    made_at: str
    entries: int
    evidence: int


def restore(settings: Settings, folder: Path) -> RestoreReport:
    """Restore a backup folder into the settings' empty database and evidence place; refuses anything else."""
    manifest = read_manifest(folder)
    broken = check_manifest(folder)
    if broken:
        raise Refused(f"备份不完整或被改动（{_some(broken)}），没有恢复任何内容；请换用另一份备份。")
    vault = Vault(settings.evidence_root)
    _require_empty(settings, vault)
    restore_database(settings.store_url, folder)
    evidence = _restore_evidence(vault, folder / EVIDENCE)
    return RestoreReport(made_at=manifest["made_at"], entries=_verified(settings, vault), evidence=evidence)


def refusals(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Why a restore would be refused; empty if it would be done."""
    try:
        read_manifest(folder)
        broken = check_manifest(folder)
        _require_empty(settings, Vault(settings.evidence_root))
    except Refused as error:
        return error.reasons
    return (f"备份不完整或被改动（{_some(broken)}），请换用另一份备份。",) if broken else ()


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:3]) + (f" 等 {len(names)} 个文件" if len(names) > 3 else "")


def _require_empty(settings: Settings, vault: Vault) -> None:
    store = open_store(settings.store_url)
    try:
        taken = not is_empty(store) or next(iter(vault.hashes()), None) is not None
    finally:
        store.close()
    if taken:
        raise Refused(f"{settings.home.resolve()} 里已有数据，恢复不会覆盖；请用 --home 指一个空文件夹。")


def _restore_evidence(vault: Vault, folder: Path) -> int:
    restored = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as source:
                vault.put(source, name=path.name, max_bytes=path.stat().st_size)
            restored += 1
    return restored


def _verified(settings: Settings, vault: Vault) -> int:
    """The number of history entries, once chain and evidence have been found whole."""
    store: Store = open_store(settings.store_url)
    try:
        with store.reading() as connection:
            chain = verify_chain(connection)
            hashes = referenced_hashes(connection)
    finally:
        store.close()
    if chain.reason:
        raise Fault(f"恢复后的留痕没有通过核验：{chain.reason}")
    for sha256 in hashes:
        vault.verify(sha256)
    return chain.entries
