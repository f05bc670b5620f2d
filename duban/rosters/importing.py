"""A roster sheet row by row: each row becomes a subject, or every fault of it with the row number.

Knows the headings people use for rosters; knows no database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.credit_code import fault_in
from duban.core.db import advisory_lock, rollback_dry_run
from duban.core.errors import Refused
from duban.core.text import cleaned
from duban.editions.queries import (
    StoredEdition,
    StoredRoster,
    edition_or_refuse,
    find_roster,
    milestones_of,
    points_of,
)
from duban.editions.rules import opened_on
from duban.editions.staging_queries import StagedPoint, insert_for_subjects, stage
from duban.history.queries import append_entry
from duban.imports.faults import SHOWN_ROW_FAULTS, RowFaults
from duban.imports.reading import SheetRow, read_rows
from duban.rosters.queries import (
    Settled,
    emptied_milestones,
    follow_changes,
    receive_subjects,
    receiving_units,
    roster_news,
    settle_subjects,
    write_roster,
)
from duban.rosters.rules import OUTCOMES
from duban.rosters.service import import_source, refuse_emptied, settle_records
from duban.units.queries import unit_names
from duban.units.rules import keeping_refusals, person_refusals

CODE, NAME, UNIT = "统一社会信用代码", "名称", "业务主管单位"
PLAIN_CODE = "编号"
LONGEST_NAME, LONGEST_CODE = 200, 64
KNOWN = {
    **dict.fromkeys((CODE, "社会信用代码"), CODE),
    **dict.fromkeys((PLAIN_CODE, "代码", "登记证号"), PLAIN_CODE),
    **dict.fromkeys((NAME, "社会组织名称", "单位名称"), NAME),
    **dict.fromkeys((UNIT, "主管单位", "责任单位", "所属辖市区"), UNIT),
    **dict.fromkeys(("登记日期", "成立登记日期", "成立日期"), "登记日期"),
    **dict.fromkeys(("类型", "社会组织类型"), "类型"),
    **dict.fromkeys(("慈善组织", "是否慈善组织"), "慈善组织"),
    "参检情况": "参检情况",
    "参检日期": "参检日期",
    **dict.fromkeys(("结论", "年检结论"), "结论"),
    "结论日期": "结论日期",
}


_YES = frozenset({"是", "已参检", "参检", "已报送", "√", "1"})
_NO = frozenset({"", "否", "未参检", "未报送", "×", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterScope:
    """Which subjects have to take part: registered on or before a day, and with charities left out or not."""

    registered_by: date | None = None
    without_charities: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One subject as the sheet has it. Outcome is passed, basically_passed, failed or None."""

    code: str
    name: str
    unit_id: int
    in_scope: bool
    taken_part_on: date | None
    outcome: str | None
    outcome_on: date | None
    attributes: dict[str, Any]


@dataclass(slots=True)
class RosterSheet:
    """A roster being read: `headings` says which columns it has; `faults` grow while `rows` is consumed."""

    headings: frozenset[str]
    rows: Iterator[RosterRow]
    faults: RowFaults


@dataclass(slots=True)
class _Reader:
    """What reading a row needs, and the codes already seen with their rows."""

    find_unit: Callable[[str], int | None]
    scope: RosterScope
    today: date
    faults: RowFaults
    seen: dict[str, int] = field(default_factory=dict)

    def fault(self, row: SheetRow, kind: str, message: str) -> None:
        self.faults.add(row.number, kind, message)


def read_roster(
    path: Path,
    *,
    find_unit: Callable[[str], int | None],
    scope: RosterScope,
    today: date,
    keep: int = SHOWN_ROW_FAULTS,
) -> RosterSheet:
    """Open a roster. `today` stands for a participation that has no date; `keep` bounds the faults held in full.

    Raises Refused when it cannot be read.
    """
    sheet = read_rows(path, known=KNOWN, required=(NAME, UNIT))
    if not sheet.headings & {CODE, PLAIN_CODE}:
        sheet = read_rows(path, known=KNOWN, required=(CODE, NAME, UNIT))
    reader = _Reader(find_unit, scope, today, RowFaults(keep=keep))
    rows = (made for row in sheet.rows if (made := _read(row, reader)) is not None)
    return RosterSheet(headings=sheet.headings, rows=rows, faults=reader.faults)


def _read(row: SheetRow, reader: _Reader) -> RosterRow | None:
    before = reader.faults.total
    code = _code(row, reader)
    name = _name(row, reader)
    unit_id = _unit(row, reader)
    registered_on = _date(row, reader, "登记日期")
    taken_part_on = _taken_part(row, reader)
    outcome = _outcome(row, reader)
    outcome_on = _date(row, reader, "结论日期")
    charity = "慈善" in row.get("类型") or row.get("慈善组织") in _YES
    in_scope = _in_scope(row, reader, registered_on, charity)
    if reader.faults.total > before or unit_id is None:
        return None
    attributes = {
        "registered_on": registered_on.isoformat() if registered_on else None,
        "type": row.get("类型") or None,
        "charity": charity,
    }
    return RosterRow(
        code=code,
        name=name,
        unit_id=unit_id,
        in_scope=in_scope,
        taken_part_on=taken_part_on,
        outcome=outcome,
        outcome_on=outcome_on or (reader.today if outcome else None),
        attributes=attributes,
    )


def _name(row: SheetRow, reader: _Reader) -> str:
    name = cleaned(row.get(NAME))
    if not name:
        reader.fault(row, "没有名称", "没有名称，请补上。")
    elif len(name) > LONGEST_NAME:
        reader.fault(row, "名称过长", f"名称有{len(name)}字，最多{LONGEST_NAME}字，请核对。")
    return name


def _code(row: SheetRow, reader: _Reader) -> str:
    code = cleaned(row.get(CODE)).upper()
    wrong = fault_in(code) if code else None
    code = code or cleaned(row.get(PLAIN_CODE))
    if not code:
        reader.fault(row, "没有代码或编号", "没有统一社会信用代码或编号，请补上。")
    elif wrong:
        reader.fault(row, "统一社会信用代码有误", f"统一社会信用代码{code}{wrong}，请核对。")
    elif len(code) > LONGEST_CODE:
        reader.fault(row, "编号过长", f"编号有{len(code)}字，最多{LONGEST_CODE}字，请核对。")
    elif (first := reader.seen.setdefault(code, row.number)) != row.number:
        reader.fault(row, "代码重复", f"{code}在第{first}行已有，请只留一行。")
    return code


def _unit(row: SheetRow, reader: _Reader) -> int | None:
    name = row.get(UNIT)
    found = reader.find_unit(name) if name else None
    if found is None:
        kind, why = (
            ("单位没有登记", f"单位“{name}”没有登记，请改正，或先登记单位。")
            if name
            else (f"没有{UNIT}", f"没有{UNIT}，请补上。")
        )
        reader.fault(row, kind, why)
    return found


def _date(row: SheetRow, reader: _Reader, heading: str) -> date | None:
    text = row.get(heading)
    if not text:
        return None
    try:
        return _civil(text)
    except ValueError:
        reader.fault(row, "日期写错", f"{heading}“{text}”不是日期，请写成 2024-06-30 的样子。")
        return None


def _civil(text: str) -> date:
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    if plain.isdigit() and len(plain) == 8:
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    year, month, day = (int(part) for part in plain.split("-"))
    return date(year, month, day)


def _taken_part(row: SheetRow, reader: _Reader) -> date | None:
    said = row.get("参检情况")
    on = _date(row, reader, "参检日期")
    if said and said not in _YES | _NO:
        reader.fault(row, "参检情况不认识", f"参检情况“{said}”不认识，请写“已参检”或“未参检”。")
    if said in _NO and said and on:
        reader.fault(row, "参检情况与日期矛盾", f"参检情况写的是“{said}”，却有参检日期{on}，请核对。")
    return on or (reader.today if said in _YES else None)


def _outcome(row: SheetRow, reader: _Reader) -> str | None:
    text = row.get("结论")
    if text and text not in OUTCOMES:
        reader.fault(
            row, "结论不认识", f"结论“{text}”不认识，请改成：{'、'.join(OUTCOMES)}，尚无结论的留空。"
        )
    return OUTCOMES.get(text)


def _in_scope(row: SheetRow, reader: _Reader, registered_on: date | None, charity: bool) -> bool:
    limit = reader.scope.registered_by
    if limit is not None and registered_on is None and not row.get("登记日期"):
        reader.fault(row, "没有登记日期", f"没有登记日期，无法判断是否在{limit}以前登记，请补上。")
    late = limit is not None and registered_on is not None and registered_on > limit
    return not late and not (charity and reader.scope.without_charities)


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
    bureau: Bureau,
    campaign: str,
    year: int,
    path: Path,
    *,
    by: Actor,
    now: datetime,
    scope: RosterScope = RosterScope(),
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
) -> RosterImported:
    """Bring the edition's roster to this sheet. Refused as a whole, with every faulty row and its number.

    `progress` is told how many rows have been read.
    """
    if reasons := (*keeping_refusals(by, "导入名册"), *person_refusals(by, "导入名册")):
        raise Refused(reasons)
    with bureau.store.writing() as connection:
        advisory_lock(connection)
        stored = edition_or_refuse(connection, campaign, year)
        key = roster_key(stored)
        known = find_roster(connection, stored.id, key)
        fingerprint = _fingerprint(path, scope)
        if known is not None and known.sha256 == fingerprint:
            return _again(connection, bureau, stored, known, by, now, dry_run=dry_run)
        find = unit_names(connection).find
        sheet = read_roster(path, find_unit=find, scope=scope, today=clock.civil(now))
        with receiving_units(connection):
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
            done = _settle(connection, bureau, stored, known, values, sheet, now)
        _note(connection, bureau, done, stored.id, fingerprint, by, now)
        if dry_run:
            rollback_dry_run(connection)
    return done


def roster_key(stored: StoredEdition) -> str:
    """The name its roster is kept under; refused where the edition goes by none."""
    if stored.value.roster is None:
        raise Refused(f"{stored.value.name}{stored.value.year}年不按名册办理，请核对专项行动的代号。")
    return stored.value.roster[:64]


def _fingerprint(path: Path, scope: RosterScope) -> str:
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
            receive_subjects(connection, [_row(one) for one in batch])
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
    bureau: Bureau,
    stored: StoredEdition,
    known: StoredRoster | None,
    values: dict[str, object],
    sheet: RosterSheet,
    now: datetime,
) -> RosterImported:
    roster_id = write_roster(connection, known.id if known else None, values)
    said = {
        "participation": bool(sheet.headings & {"参检情况", "参检日期"}),
        "conclusion": "结论" in sheet.headings,
    }
    refuse_emptied(*emptied_milestones(connection, roster_id, **said))
    difference = settle_subjects(connection, roster_id, **said)
    cancelled = returned = new = 0
    settled = Settled()
    if stored.state in ("published", "paused"):
        cancelled, returned = follow_changes(connection, roster_id, stored.id, today=clock.civil(now))
        new = fan_out_subjects(connection, bureau, stored, roster_id, now)
        source = import_source(str(values["filename"]), str(values["sha256"]))
        by = int(str(values["imported_by"]))
        settled = settle_records(
            connection, bureau, stored, roster_id, news=roster_news(), source=source, by=by, now=now
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
    connection: Any, bureau: Bureau, stored: StoredEdition, roster_id: int, now: datetime
) -> int:
    """The obligations of every milestone that is per subject, in one statement."""
    ids = {key: one.id for key, one in milestones_of(connection, stored.id).items()}
    points = points_of(connection, stored.id)
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
    with stage(connection, chosen, [], []):
        return insert_for_subjects(
            connection,
            edition_id=stored.id,
            roster_id=roster_id,
            ladder=stored.value.ladder,
            flow_run_id=bureau.flow_run_id,
        )


def _again(
    connection: Any,
    bureau: Bureau,
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
            connection, bureau, stored, known.id, news=None, source=source, by=by.person_id, now=now
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
        _note(connection, bureau, done, stored.id, known.sha256, by, now)
    if dry_run:
        rollback_dry_run(connection)
    return done


def _note(
    connection: Any,
    bureau: Bureau,
    done: RosterImported,
    edition_id: int,
    fingerprint: str,
    by: Actor,
    now: datetime,
) -> None:
    append_entry(
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
        flow_run_id=bureau.flow_run_id,
    )


def check_roster(
    bureau: Bureau,
    campaign: str,
    year: int,
    path: Path,
    *,
    by: Actor,
    now: datetime,
    scope: RosterScope = RosterScope(),
    keep: int = SHOWN_ROW_FAULTS,
) -> int:
    """Read the sheet and write nothing, so that nobody waits for a faulty one; returns how many subjects it has.

    Raises RowsRefused with up to `keep` of its faults in full.
    """
    if reasons := keeping_refusals(by, "导入名册"):
        raise Refused(reasons)
    with bureau.store.reading() as connection:
        roster_key(edition_or_refuse(connection, campaign, year))
        find = unit_names(connection).find
    sheet = read_roster(path, find_unit=find, scope=scope, today=clock.civil(now), keep=keep)
    subjects = sum(1 for _ in sheet.rows)
    sheet.faults.refuse()
    return subjects
