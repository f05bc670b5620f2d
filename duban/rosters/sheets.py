"""A roster as a sheet: read row by row into subjects or faults, brought in as a whole, and written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.core.credit_code import fault_in
from duban.core.days import FOUNDED, happened_faults
from duban.core.db import Connection, advisory_lock
from duban.core.errors import NotFound, Refused, refuse
from duban.core.text import cleaned
from duban.editions.events import follow_roster
from duban.editions.queries import (
    StoredEdition,
    StoredRoster,
    edition_or_refuse,
    find_roster,
    milestones_of,
    points_of,
)
from duban.editions.rules import ladder_of, opened_on
from duban.editions.staging_queries import StagedPoint, insert_for_subjects, stage
from duban.history.service import Act, acting
from duban.imports.sheets import (
    SHOWN_ROW_FAULTS,
    CellFault,
    Column,
    RowFaults,
    SheetRow,
    read_sheet,
    write_sheet,
)
from duban.rosters.queries import (
    Settled,
    SubjectEntry,
    SubjectFilter,
    emptied_milestones,
    follow_changes,
    insert_new_subjects,
    receive_subjects,
    receiving_units,
    roster_news,
    settle_subjects,
    stream_subjects,
    write_roster,
)
from duban.rosters.rules import OUTCOMES, participation_faults
from duban.rosters.service import refuse_emptied, roster_of, settle_records
from duban.units.queries import unit_names
from duban.units.rules import keeping_refusals, person_refusals

CODE, NAME, UNIT = "统一社会信用代码", "名称", "业务主管单位"
PLAIN_CODE = "编号"
LONGEST_NAME, LONGEST_CODE = 200, 64
_YES = frozenset({"是", "已参检", "参检", "已报送", "√", "1"})
_NO = frozenset({"", "否", "未参检", "未报送", "×", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterScope:
    """Which subjects have to take part: registered on or before a day, and with charities left out or not."""

    registered_by: date | None = None
    without_charities: bool = False

    def fault(self, row: SheetRow) -> tuple[str, str] | None:
        limit = self.registered_by
        if limit is None or row.texts["登记日期"]:
            return None
        return "没有登记日期", f"没有登记日期，无法判断是否在{limit}以前登记，请补上。"

    def includes(self, registered_on: date | None, charity: bool) -> bool:
        limit = self.registered_by
        late = limit is not None and registered_on is not None and registered_on > limit
        return not late and not (charity and self.without_charities)


@dataclass(slots=True)
class RosterSheet:
    """A roster being read: `headings` says which columns it has; `faults` grow while `rows` is consumed.

    A row is one subject: code, name, unit_id, in_scope, taken_part_on, outcome (passed, basically_passed, failed or
    None), outcome_on, attributes.
    """

    headings: frozenset[str]
    rows: Iterator[dict[str, object]]
    faults: RowFaults


def read_roster(
    path: Path,
    *,
    find_unit: Callable[[str], int | None],
    scope: RosterScope,
    today: date,
    year: int,
    events: Collection[str] = (),
    keep: int = SHOWN_ROW_FAULTS,
) -> RosterSheet:
    """Open a roster of a year's check. `today` stands for a participation that has no date, `events` are columns with
    the days that dates are counted from; `keep` bounds the faults held in full.

    Raises Refused when it cannot be read.
    """
    columns = _columns(find_unit)
    more = sorted({*events} - {column.heading for column in columns})
    sheet = read_sheet(path, (*columns, *(Column(heading=one, read=_date(one)) for one in more)))
    if not sheet.headings & {CODE, PLAIN_CODE}:
        raise Refused(f"{path.name}的表头缺少{CODE}，请在第一行补上后重新导入。")
    faults = RowFaults(keep=keep)
    seen: dict[str, int] = {}

    def rows() -> Iterator[dict[str, object]]:
        for row in sheet.rows:
            found = [*_code_faults(row, seen), *((one.kind, one.message) for one in row.faults)]
            found += [fault for fault in (_contradiction(row), scope.fault(row)) if fault]
            found += [("日期不对", f"{fault}。") for fault in _day_faults(row, today, year)]
            found += [
                ("日期不对", f"{fault}。") for one in more for fault in happened_faults(one, row[one], today)
            ]
            for kind, message in found:
                faults.add(row.number, kind, message)
            if not found:
                yield _subject(row, scope, today, events)

    return RosterSheet(headings=sheet.headings, rows=rows(), faults=faults)


def _subject(row: SheetRow, scope: RosterScope, today: date, events: Collection[str]) -> dict[str, object]:
    registered_on, kind, outcome = row["登记日期"], row["类型"], row["结论"]
    charity = "慈善" in kind or row["慈善组织"] in _YES
    return {
        "code": row[CODE] or row[PLAIN_CODE],
        "name": row[NAME],
        "unit_id": row[UNIT],
        "in_scope": int(scope.includes(registered_on, charity)),
        "taken_part_on": row["参检日期"] or (today if row["参检情况"] in _YES else None),
        "outcome": outcome,
        "outcome_on": row["结论日期"] or (today if outcome else None),
        "attributes": {
            "registered_on": registered_on.isoformat() if registered_on else None,
            "type": kind or None,
            "charity": charity,
            **({"dates": {one: row[one].isoformat() for one in events if row[one]}} if events else {}),
        },
    }


def _code_faults(row: SheetRow, seen: dict[str, int]) -> Iterator[tuple[str, str]]:
    code = row[CODE] or row[PLAIN_CODE]
    wrong = fault_in(row[CODE]) if row[CODE] else None
    if not code:
        yield "没有代码或编号", "没有统一社会信用代码或编号，请补上。"
    elif wrong:
        yield "统一社会信用代码有误", f"统一社会信用代码{code}{wrong}，请核对。"
    elif len(code) > LONGEST_CODE:
        yield "编号过长", f"编号有{len(code)}字，最多{LONGEST_CODE}字，请核对。"
    elif (first := seen.setdefault(code, row.number)) != row.number:
        yield "代码重复", f"{code}在第{first}行已有，请只留一行。"


def _contradiction(row: SheetRow) -> tuple[str, str] | None:
    said, on = row["参检情况"], row["参检日期"]
    if not said or said not in _NO or not on:
        return None
    return "参检情况与日期矛盾", f"参检情况写的是“{said}”，却有参检日期{on}，请核对。"


def _day_faults(row: SheetRow, today: date, year: int) -> Iterator[str]:
    registered_on, on, concluded_on = row["登记日期"], row["参检日期"], row["结论日期"]
    yield from happened_faults("登记日期", registered_on, today)
    yield from participation_faults(on, today, year)
    if on and registered_on and on < registered_on:
        yield f"参检日期{on}早于登记日期{registered_on}，请核对"
    since = on or registered_on or FOUNDED
    yield from happened_faults("结论日期", concluded_on, today, since=since, since_is="参检或登记的")


def _columns(find_unit: Callable[[str], int | None]) -> tuple[Column, ...]:
    """What a roster may have, under the headings people use; a row's faults are told in this order."""

    def unit(name: str) -> int:
        found = find_unit(name) if name else None
        if found is None and name:
            raise CellFault("单位没有登记", f"单位“{name}”没有登记，请改正，或先登记单位。")
        if found is None:
            raise CellFault(f"没有{UNIT}", f"没有{UNIT}，请补上。")
        return found

    return (
        Column(heading=CODE, aliases=("社会信用代码",), read=lambda text: cleaned(text).upper()),
        Column(heading=PLAIN_CODE, aliases=("代码", "登记证号"), read=cleaned),
        Column(heading=NAME, aliases=("社会组织名称", "单位名称"), required=True, read=subject_name),
        Column(heading=UNIT, aliases=("主管单位", "责任单位", "所属辖市区"), required=True, read=unit),
        Column(heading="登记日期", aliases=("成立登记日期", "成立日期"), read=_date("登记日期")),
        Column(heading="参检日期", read=_date("参检日期")),
        Column(heading="参检情况", read=_participation),
        Column(heading="结论", aliases=("年检结论",), read=_outcome),
        Column(heading="结论日期", read=_date("结论日期")),
        Column(heading="类型", aliases=("社会组织类型",)),
        Column(heading="慈善组织", aliases=("是否慈善组织",)),
    )


def subject_name(text: str) -> str:
    """A name that can be kept; raises CellFault."""
    name = cleaned(text)
    if not name:
        raise CellFault("没有名称", "没有名称，请补上。")
    if len(name) > LONGEST_NAME:
        raise CellFault("名称过长", f"名称有{len(name)}字，最多{LONGEST_NAME}字，请核对。")
    return name


def _date(heading: str) -> Callable[[str], date | None]:
    def read(text: str) -> date | None:
        try:
            return _civil(text) if text else None
        except ValueError:
            raise CellFault("日期写错", f"{heading}“{text}”不是日期，请写成 2024-06-30 的样子。") from None

    return read


def _civil(text: str) -> date:
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    if plain.isdigit() and len(plain) == 8:
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    year, month, day = (int(part) for part in plain.split("-"))
    return date(year, month, day)


def _participation(text: str) -> str:
    if text not in _YES | _NO:
        raise CellFault("参检情况不认识", f"参检情况“{text}”不认识，请写“已参检”或“未参检”。")
    return text


def _outcome(text: str) -> str | None:
    if text and text not in OUTCOMES:
        raise CellFault("结论不认识", f"结论“{text}”不认识，请改成：{'、'.join(OUTCOMES)}，尚无结论的留空。")
    return OUTCOMES.get(text)


BATCH = 5_000
_NOTED = (
    "subjects",
    "new",
    "changed",
    "gone",
    "obligations_new",
    "obligations_submitted",
    "obligations_closed",
    "obligations_left",
)


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
    obligations_left: int = 0
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
    refuse(*keeping_refusals(by, "导入名册"), *person_refusals(by, "导入名册"))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        advisory_lock(act.connection)
        stored = edition_or_refuse(act.connection, campaign, year)
        key = roster_key(stored)
        known = find_roster(act.connection, stored.id, key)
        fingerprint = _fingerprint(path, scope)
        done = RosterImported(name=stored.value.name, year=stored.value.year, roster=key, subjects=0)
        if known is not None and known.sha256 == fingerprint:
            done = _again(act, stored, known, done)
        else:
            find = unit_names(act.connection).find_answering
            sheet = read_roster(
                path,
                find_unit=find,
                scope=scope,
                today=clock.civil(now),
                year=stored.value.year,
                events=event_columns(stored),
            )
            with receiving_units(act.connection):
                done = replace(done, subjects=_receive(act.connection, sheet, progress))
                values = {
                    "edition_id": stored.id,
                    "key": key,
                    "sha256": fingerprint,
                    "filename": path.name[:255],
                    "subjects": done.subjects,
                    "imported_by": by.person_id,
                    "imported_at": now,
                }
                roster_id = write_roster(act.connection, known.id if known else None, values)
                source = _source(path.name[:255], fingerprint)
                done = _settle(act, stored, roster_id, sheet, source, done)
        if not done.unchanged:
            detail = {name: getattr(done, name) for name in _NOTED} | {"sha256": fingerprint}
            act.note("import", "roster", edition_id=stored.id, detail=detail)
    return done


def event_columns(stored: StoredEdition) -> tuple[str, ...]:
    """The columns that hold days from which the edition's dates are counted."""
    return tuple(one.event_column for one in stored.value.milestones if one.event_column)


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


def _receive(connection: Connection, sheet: RosterSheet, progress: Callable[[int], None]) -> int:
    """Every row into the temporary table; nothing is kept when any of them is at fault."""
    received = 0
    while batch := list(islice(sheet.rows, BATCH)):
        if not sheet.faults.total:
            receive_subjects(connection, batch)
        received += len(batch)
        progress(received)
    sheet.faults.refuse()
    if received == 0:
        raise Refused("名册里一个对象也没有，请确认选对了文件；表头下面应有数据。")
    return received


def _source(filename: str, sha256: str) -> str:
    return f"名册登记：{filename}，指纹{sha256}"


def _settle(
    act: Act, stored: StoredEdition, roster_id: int, sheet: RosterSheet, source: str, done: RosterImported
) -> RosterImported:
    """Bring the roster and its obligations to what was received; columns the sheet does not have stay as they are."""
    said = {
        "participation": bool(sheet.headings & {"参检情况", "参检日期"}),
        "conclusion": "结论" in sheet.headings,
    }
    refuse_emptied(*emptied_milestones(act.connection, roster_id, **said))
    difference = settle_subjects(act.connection, roster_id, **said)
    done = replace(done, new=difference.new, changed=difference.changed, gone=difference.gone)
    if stored.state not in ("published", "paused"):
        return done
    today = clock.civil(act.now)
    cancelled, returned = follow_changes(act.connection, roster_id, stored.id, today=today)
    new = _fan_out(act, stored, roster_id, today) + follow_roster(act, stored)
    settled = settle_records(act, stored, roster_id, news=roster_news(), source=source)
    return replace(
        done,
        obligations_new=new,
        obligations_cancelled=cancelled,
        obligations_returned=returned,
        obligations_submitted=settled.submitted,
        obligations_closed=settled.closed,
        obligations_left=settled.left,
    )


def add_subjects(
    act: Act,
    stored: StoredEdition,
    subjects: Sequence[tuple[str, str, int]],
    *,
    filename: str,
    sha256: str,
) -> int:
    """Put (code, name, unit) on the edition's roster beside those already there; returns the obligations that begin."""
    key = roster_key(stored)
    known = find_roster(act.connection, stored.id, key)
    rows: list[dict[str, object]] = [
        {
            "code": code,
            "name": name,
            "unit_id": unit_id,
            "in_scope": 1,
            "taken_part_on": None,
            "outcome": None,
            "outcome_on": None,
            "attributes": {},
        }
        for code, name, unit_id in subjects
    ]
    with receiving_units(act.connection):
        receive_subjects(act.connection, rows)
        values = {
            "edition_id": stored.id,
            "key": key,
            "sha256": sha256,
            "filename": filename,
            "subjects": len(rows) + (known.subjects if known else 0),
            "imported_by": act.by.person_id,
            "imported_at": act.now,
        }
        roster_id = write_roster(act.connection, known.id if known else None, values)
        insert_new_subjects(act.connection, roster_id)
    if stored.state not in ("published", "paused"):
        return 0
    return _fan_out(act, stored, roster_id, clock.civil(act.now))


def _fan_out(act: Act, stored: StoredEdition, roster_id: int, today: date) -> int:
    """The obligations of every milestone that is per subject, in one statement."""
    ids = {key: one.id for key, one in milestones_of(act.connection, stored.id).items()}
    points = points_of(act.connection, stored.id)
    chosen = [
        StagedPoint(
            point_id=points[ids[milestone.key], point.label].id,
            milestone_id=ids[milestone.key],
            set_no=0,
            added_set_no=None,
            per_subject=True,
            ladder=ladder_of(stored.value, milestone),
            opened_on=opened_on(point, today),
            due_on=point.due_on,
            hard_due_on=point.hard_due_on,
        )
        for milestone in stored.value.milestones
        if milestone.per_subject
        for point in milestone.points
    ]
    with stage(act.connection, chosen, [], []):
        return insert_for_subjects(
            act.connection,
            edition_id=stored.id,
            roster_id=roster_id,
            flow_run_id=act.bureau.flow_run_id,
        )


def _again(act: Act, stored: StoredEdition, known: StoredRoster, done: RosterImported) -> RosterImported:
    """The same file again: only what it says of obligations that came after it, or that nobody has settled, is done."""
    settled = Settled()
    if stored.state in ("published", "paused"):
        source = _source(known.filename, known.sha256)
        settled = settle_records(act, stored, known.id, news=None, source=source)
    return replace(
        done,
        subjects=known.subjects,
        obligations_submitted=settled.submitted,
        obligations_closed=settled.closed,
        obligations_left=settled.left,
        unchanged=settled == Settled(),
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
    refuse(*keeping_refusals(by, "导入名册"))
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_key(stored)
        find = unit_names(connection).find_answering
    sheet = read_roster(
        path,
        find_unit=find,
        scope=scope,
        today=clock.civil(now),
        year=stored.value.year,
        events=event_columns(stored),
        keep=keep,
    )
    subjects = sum(1 for _ in sheet.rows)
    sheet.faults.refuse()
    return subjects


OUTCOME_NAMES = {key: name for name, key in OUTCOMES.items()}
# What leaves as a sheet can be imported again.
_EXPORTED: tuple[tuple[str, int, Callable[[SubjectEntry], object]], ...] = (
    (CODE, 24, lambda one: one.code),
    (NAME, 40, lambda one: one.name),
    (UNIT, 20, lambda one: one.unit),
    ("应参检", 8, lambda one: one.in_scope),
    ("参检情况", 10, lambda one: "已参检" if one.taken_part_on else "未参检"),
    ("参检日期", 12, lambda one: one.taken_part_on),
    ("结论", 10, lambda one: OUTCOME_NAMES.get(one.outcome or "")),
    ("结论日期", 12, lambda one: one.outcome_on),
)


def export_roster(
    bureau: Bureau, edition_id: int, wanted: SubjectFilter, *, to: Path, by: Actor, now: datetime
) -> int:
    """Write what the filter finds, as far as the person may see; returns how many subjects."""
    with bureau.store.reading() as connection:
        stored, roster = roster_of(connection, edition_id)
        if roster is None:
            raise NotFound(f"{stored.value.name}{stored.value.year}年还没有名册，没有可导出的内容。")
        subjects = stream_subjects(connection, roster.id, wanted, visible_units(by))
        columns = [(heading, width) for heading, width, _ in _EXPORTED]
        notes = (
            f"{stored.value.name}{stored.value.year}年名册（来自{roster.filename}）",
            f"导出时间：{now.astimezone(clock.ZONE):%Y-%m-%d %H:%M}，导出人：{by.name}",
        )
        rows = (tuple(read(one) for _, _, read in _EXPORTED) for one in subjects)
        return write_sheet(to, "名册", columns, rows, notes=notes)
