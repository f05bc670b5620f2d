"""A roster sheet row by row: each row becomes a subject, or every fault of it with the row number.

Knows the headings people use for rosters; knows no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from office.actions.acting import cleaned
from office.actions.read_rows import SheetRow, read_rows
from office.actions.row_faults import SHOWN_FAULTS, RowFaults
from rules.credit_code import fault_in

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
OUTCOMES = {"合格": "passed", "基本合格": "basically_passed", "不合格": "failed"}
_YES = frozenset({"是", "已参检", "参检", "已报送", "√", "1"})
_NO = frozenset({"", "否", "未参检", "未报送", "×", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
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
    scope: Scope
    today: date
    faults: RowFaults
    seen: dict[str, int] = field(default_factory=dict)

    def fault(self, row: SheetRow, kind: str, message: str) -> None:
        self.faults.add(row.number, kind, message)


def read_roster(
    path: Path,
    *,
    find_unit: Callable[[str], int | None],
    scope: Scope,
    today: date,
    keep: int = SHOWN_FAULTS,
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
