"""Import the roster of a check: read as a stream, compared with the last one, written in sets, all or nothing.

The same file again changes nothing. Who has left the sheet is kept, out of scope, with what was owed cancelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from office import clock
from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.actions.roster_rows import RosterRow, RosterSheet, Scope, read_roster
from office.actions.settle_roster import import_source, refuse_emptied, settle_records
from office.errors import Refused
from office.store import editions, fan_out, history, units
from office.store import rosters as store
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from office.store.roster_settling import Settled
from office.store.rosters import StoredRoster
from office.store.staging import StagedPoint, staged
from office.store.turns import take_turn
from rules.fan_out import opened_on
from rules.keeping import keeping_refusals, person_refusals
from rules.people import Actor

BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImported:
    """What an import changed; `unchanged` when it was the same file under the same scope."""

    name: str
    year: int
    roster: str
    subjects: int
    new: int = 0
    changed: int = 0
    gone: int = 0
    obligations_new: int = 0
    obligations_cancelled: int = 0
    obligations_returned: int = 0
    obligations_submitted: int = 0
    obligations_closed: int = 0
    unchanged: bool = False


def import_roster(
    office: Office,
    campaign: str,
    year: int,
    path: Path,
    *,
    by: Actor,
    now: datetime,
    scope: Scope = Scope(),
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
) -> RosterImported:
    """Bring the edition's roster to this sheet. Refused as a whole, with every faulty row and its number.

    `progress` is told how many rows have been read.
    """
    if reasons := (*keeping_refusals(by, "导入名册"), *person_refusals(by, "导入名册")):
        raise Refused(reasons)
    with office.store.writing() as connection:
        take_turn(connection)
        stored = edition_or_refuse(connection, campaign, year)
        key = roster_key(stored)
        known = store.find_roster(connection, stored.id, key)
        fingerprint = _fingerprint(path, scope)
        if known is not None and known.sha256 == fingerprint:
            return _again(connection, office, stored, known, by, now, dry_run=dry_run)
        find = units.unit_names(connection).find
        sheet = read_roster(path, find_unit=find, scope=scope, today=clock.civil(now))
        with store.receiving(connection):
            subjects = _receive(connection, sheet, progress)
            values = {
                "edition_id": stored.id,
                "key": key,
                "sha256": fingerprint,
                "filename": path.name[:255],
                "subjects": subjects,
                "imported_by": by.person_id,
                "imported_at": now,
            }
            done = _settle(connection, office, stored, known, values, sheet, now)
        _note(connection, office, done, stored.id, fingerprint, by, now)
        if dry_run:
            take_back(connection)
    return done


def roster_key(stored: StoredEdition) -> str:
    """The name its roster is kept under; refused where the edition goes by none."""
    if stored.value.roster is None:
        raise Refused(f"{stored.value.name}{stored.value.year}年不按名册办理，请核对专项行动的代号。")
    return stored.value.roster[:64]


def _fingerprint(path: Path, scope: Scope) -> str:
    """SHA-256 of the file and of the scope it is read under."""
    if not path.is_file():
        raise Refused(f"找不到文件{path.name}，请检查路径。")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"{scope.registered_by}|{scope.without_charities}".encode())
    return digest.hexdigest()


def _receive(connection: Any, sheet: RosterSheet, progress: Callable[[int], None]) -> int:
    """Every row into the temporary table; nothing is kept when any of them is at fault."""
    received = 0
    while batch := list(islice(sheet.rows, BATCH)):
        if not sheet.faults.total:
            store.receive(connection, [_row(one) for one in batch])
        received += len(batch)
        progress(received)
    sheet.faults.refuse()
    if received == 0:
        raise Refused("名册里一个对象也没有，请确认选对了文件；表头下面应有数据。")
    return received


def _row(one: RosterRow) -> dict[str, object]:
    return {
        "code": one.code,
        "name": one.name,
        "unit_id": one.unit_id,
        "in_scope": int(one.in_scope),
        "taken_part_on": one.taken_part_on,
        "outcome": one.outcome,
        "outcome_on": one.outcome_on,
        "attributes": one.attributes,
    }


def _settle(
    connection: Any,
    office: Office,
    stored: StoredEdition,
    known: StoredRoster | None,
    values: dict[str, object],
    sheet: RosterSheet,
    now: datetime,
) -> RosterImported:
    roster_id = store.write_roster(connection, known.id if known else None, values)
    said = {
        "participation": bool(sheet.headings & {"参检情况", "参检日期"}),
        "conclusion": "结论" in sheet.headings,
    }
    refuse_emptied(*store.emptied(connection, roster_id, **said))
    difference = store.settle(connection, roster_id, **said)
    cancelled = returned = new = 0
    settled = Settled()
    if stored.state in ("published", "paused"):
        cancelled, returned = store.follow(connection, roster_id, stored.id, today=clock.civil(now))
        new = fan_out_subjects(connection, office, stored, roster_id, now)
        source = import_source(str(values["filename"]), str(values["sha256"]))
        by = int(str(values["imported_by"]))
        settled = settle_records(
            connection, office, stored, roster_id, news=store.news(), source=source, by=by, now=now
        )
    return RosterImported(
        name=stored.value.name,
        year=stored.value.year,
        roster=str(values["key"]),
        subjects=int(str(values["subjects"])),
        new=difference.new,
        changed=difference.changed,
        gone=difference.gone,
        obligations_new=new,
        obligations_cancelled=cancelled,
        obligations_returned=returned,
        obligations_submitted=settled.submitted,
        obligations_closed=settled.closed,
    )


def fan_out_subjects(
    connection: Any, office: Office, stored: StoredEdition, roster_id: int, now: datetime
) -> int:
    """The obligations of every milestone that is per subject, in one statement."""
    ids = {key: one.id for key, one in editions.milestones_of(connection, stored.id).items()}
    points = editions.points_of(connection, stored.id)
    chosen = [
        StagedPoint(
            point_id=points[ids[milestone.key], point.label].id,
            milestone_id=ids[milestone.key],
            set_no=0,
            added_set_no=None,
            per_subject=True,
            opened_on=opened_on(point, clock.civil(now)),
            due_on=point.due_on,
            hard_due_on=point.hard_due_on,
        )
        for milestone in stored.value.milestones
        if milestone.per_subject
        for point in milestone.points
    ]
    with staged(connection, chosen, [], []):
        return fan_out.insert_for_subjects(
            connection,
            edition_id=stored.id,
            roster_id=roster_id,
            ladder=stored.value.ladder,
            flow_run_id=office.flow_run_id,
        )


def _again(
    connection: Any,
    office: Office,
    stored: StoredEdition,
    known: StoredRoster,
    by: Actor,
    now: datetime,
    *,
    dry_run: bool,
) -> RosterImported:
    """The same file again: only what it says of obligations that came after it, or that nobody has settled, is done."""
    settled = Settled()
    if stored.state in ("published", "paused") and by.person_id is not None:
        source = import_source(known.filename, known.sha256)
        settled = settle_records(
            connection, office, stored, known.id, news=None, source=source, by=by.person_id, now=now
        )
    done = RosterImported(
        name=stored.value.name,
        year=stored.value.year,
        roster=known.key,
        subjects=known.subjects,
        obligations_submitted=settled.submitted,
        obligations_closed=settled.closed,
        unchanged=settled == Settled(),
    )
    if not done.unchanged:
        _note(connection, office, done, stored.id, known.sha256, by, now)
    if dry_run:
        take_back(connection)
    return done


def _note(
    connection: Any,
    office: Office,
    done: RosterImported,
    edition_id: int,
    fingerprint: str,
    by: Actor,
    now: datetime,
) -> None:
    history.append(
        connection,
        at=now,
        by=by,
        verb="import",
        noun="roster",
        edition_id=edition_id,
        detail={
            "sha256": fingerprint,
            "subjects": done.subjects,
            "new": done.new,
            "changed": done.changed,
            "gone": done.gone,
            "obligations_new": done.obligations_new,
            "obligations_submitted": done.obligations_submitted,
            "obligations_closed": done.obligations_closed,
        },
        flow_run_id=office.flow_run_id,
    )
