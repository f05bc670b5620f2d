"""查阅材料: somebody with a reason to see a file gets a copy of it, and the history says who and when."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from office.actions.acting import refuse
from office.actions.office import Office
from office.actions.uploading import visible
from office.errors import NotFound, Refused
from office.store import history, submissions
from office.store.dry_run import take_back
from office.store.obligations import Obligation
from office.store.submissions import Item
from rules.people import Actor, Role

_SEE_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Where the copy lies and what it is a copy of."""

    path: Path
    item: Item


def open_evidence(
    office: Office,
    obligation_id: int,
    sha256: str,
    *,
    to: Path,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> Opened:
    """Copy the file whose SHA-256 begins so to a new path; the bytes are checked before the first one is written.

    A dry run only checks them.
    """
    refuse(*((f"{to}已存在，请换一个文件名。",) if to.exists() else ()))
    item = record_reading(office, obligation_id, sha256, by=by, now=now, dry_run=dry_run)
    # Recorded first: nobody sees bytes without a line that says so.
    assert item.sha256 is not None, "only files are listed"
    if dry_run:
        office.vault.verify(item.sha256)
    else:
        _copy(office, item.sha256, to)
    return Opened(path=to, item=item)


def record_reading(
    office: Office, obligation_id: int, sha256: str, *, by: Actor, now: datetime, dry_run: bool = False
) -> Item:
    """The file that is about to be read, after the history says by whom; refused to whoever has no reason to."""
    with office.store.writing() as connection:
        one = visible(connection, obligation_id, by)
        refuse(*_refusals(one, by))
        item = _the_one(submissions.files(connection, obligation_id), sha256)
        history.append(
            connection,
            at=now,
            by=by,
            verb="open_evidence",
            noun="obligation",
            noun_id=one.id,
            edition_id=one.edition_id,
            unit_id=one.unit_id,
            detail={"sha256": item.sha256, "filename": item.filename},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)
    return item


def _refusals(one: Obligation, by: Actor) -> tuple[str, ...]:
    if by.roles & _SEE_ALL or (Role.HANDLER in by.roles and by.belongs_to(one.unit_id)):
        return ()
    return (f"{by.name}无权查阅这项任务的材料，请由本单位经办人、统筹科室、审核人、分管领导或审计查阅。",)


def _the_one(items: tuple[Item, ...], sha256: str) -> Item:
    found = [item for item in items if sha256 and (item.sha256 or "").startswith(sha256.lower())]
    if not found:
        raise NotFound("这项任务没有这份材料，请在任务的材料清单中选择。")
    if len(found) > 1:
        raise Refused("有几份材料的 SHA-256 都以此开头，请多写几位。")
    return found[0]


def _copy(office: Office, sha256: str, to: Path) -> None:
    try:
        with office.vault.open(sha256) as source, to.open("xb") as target:
            shutil.copyfileobj(source, target)
    except FileExistsError:
        raise Refused(f"{to}已存在，请换一个文件名。") from None
    except OSError as error:
        raise Refused(f"{to}写不进去（{error.strerror}），请换一个文件夹。") from error
