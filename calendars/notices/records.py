"""Reads a notice that someone already put into records: the holiday-cn JSON form, or a sheet of days.

Every record that is not understood is named by its place. Must not know the table in force.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from calendars.notices.draft import NoticeDraft, NoticeRefused, require_year, settle, spoken
from calendars.notices.text import names_in
from calendars.workdays import NamedDay
from calendars.workdays.files import statutory_days

_OFF = {"休", "休息", "放假", "放假调休", "假", "调休", "休假"}
_WORK = {"班", "上班", "补班", "调休上班", "工作", "工作日"}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")


def read_json(content: bytes) -> NoticeDraft:
    """A holiday-cn year file: {"year", "papers", "days": [{"name", "date", "isOffDay"}]}. Empty days are refused."""
    try:
        file = json.loads(content)
    except ValueError:
        raise NoticeRefused("上传的内容不是 JSON，请确认文件没有损坏。") from None
    if (
        not isinstance(file, dict)
        or type(file.get("year")) is not int
        or not isinstance(file.get("days"), list)
    ):
        raise NoticeRefused("JSON 里缺少 year 或 days，请上传按年份整理的放假数据文件。")
    if not file["days"]:
        raise NoticeRefused(f"文件里{file['year']}年没有任何日期，说明当时通知还没有发布，请等发布后再导入。")
    off: list[NamedDay] = []
    make_up: list[NamedDay] = []
    unread: list[str] = []
    for place, record in enumerate(file["days"], start=1):
        if day := _json_day(record):
            (off if record["isOffDay"] else make_up).append(day)
        else:
            unread.append(f"第{place}条：{json.dumps(record, ensure_ascii=False)}")
    weekend_work = [day for day in make_up if day.on.weekday() >= 5]
    # Such files also note when an extended holiday ended; that day is worked anyway.
    warnings = [f"{spoken(day.on)}本来就是工作日，没有计入。" for day in make_up if day not in weekend_work]
    return _settled(file["year"], off, weekend_work, unread, warnings, title=_papers(file.get("papers")))


def _json_day(record: Any) -> NamedDay | None:
    if not isinstance(record, dict) or not isinstance(record.get("isOffDay"), bool):
        return None
    on = _date(record.get("date"))
    return NamedDay(on=on, names=_names(str(record.get("name") or ""))) if on else None


def _papers(papers: Any) -> str:
    return "；".join(str(paper) for paper in papers) if isinstance(papers, list) else ""


def read_sheet(path: Path, year: int | None = None) -> NoticeDraft:
    """A csv or xlsx sheet: date, 休 or 班, and optionally the holiday's name; a heading line may stand above.

    Without names, a block is named after the statutory day inside it. Ordinary weekends and workdays that a full
    calendar lists are counted in a warning and left out.
    """
    off: list[NamedDay] = []
    make_up: list[NamedDay] = []
    unread: list[str] = []
    for place, row in enumerate(_rows(path), start=1):
        cells = [cell for cell in row if str(cell).strip()]
        on = _date(cells[0]) if cells else None
        mark = str(cells[1]).strip() if len(cells) > 1 else ""
        if on and mark in _OFF | _WORK:
            day = NamedDay(on=on, names=_names(str(cells[2]).strip() if len(cells) > 2 else ""))
            (off if mark in _OFF else make_up).append(day)
        elif cells and not (place == 1 and _heading(cells)):
            unread.append(f"第{place}行：{'，'.join(str(cell) for cell in cells)}")
    if not off and not make_up:
        raise NoticeRefused("表里没有读到「日期＋休或班」两列，请按第一列日期、第二列休或班整理后再上传。")
    year = year or Counter(day.on.year for day in (*off, *make_up)).most_common(1)[0][0]
    require_year(year)
    off, make_up, ordinary = _departures(year, off, make_up)
    warnings = [f"另有{ordinary}天是普通的周末或工作日，没有计入。"] if ordinary else []
    return _settled(year, off, make_up, unread, warnings)


def _rows(path: Path) -> Sequence[Sequence[Any]]:
    if not path.is_file():
        raise NoticeRefused(f"找不到文件{path.name}，请检查路径。")
    if path.suffix.lower() == ".csv":
        return list(csv.reader(io.StringIO(decoded(path.read_bytes()))))
    try:
        return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, IndexError, ValueError):
        raise NoticeRefused(f"打不开{path.name}，请另存为 xlsx 或 csv 后再上传。") from None


def decoded(content: bytes) -> str:
    """Text in UTF-8 or the older Chinese encoding. Raises NoticeRefused for anything else."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoticeRefused("文件的文字编码认不出来，请另存为 UTF-8 后再试。")


def _heading(cells: Sequence[Any]) -> bool:
    return not any(re.search(r"\d", str(cell)) for cell in cells)


def _date(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups() if part)) if found else None
    except ValueError:
        return None


def _names(text: str) -> tuple[str, ...]:
    return names_in(text) or ((text,) if text else ())


def _departures(
    year: int, off: Iterable[NamedDay], make_up: Iterable[NamedDay]
) -> tuple[list[NamedDay], list[NamedDay], int]:
    """Only what departs from Monday-to-Friday, each day with its holiday, and how many days were left out."""
    free = {day.on: day.names for day in off}
    worked = {day.on: day.names for day in make_up}
    blocks = {on: names for block in _blocks(free) for on, names in _named(block, free, year).items()}
    kept_off = [NamedDay(on=on, names=names) for on, names in blocks.items() if names or on.weekday() < 5]
    kept_work = [
        NamedDay(on=on, names=names or _nearest(on, kept_off))
        for on, names in worked.items()
        if on.weekday() >= 5
    ]
    ordinary = len(free) + len(worked) - len(kept_off) - len(kept_work)
    return kept_off, kept_work, ordinary


def _blocks(days: Iterable[date]) -> list[list[date]]:
    blocks: list[list[date]] = []
    for on in sorted(days):
        if blocks and on - blocks[-1][-1] == timedelta(days=1):
            blocks[-1].append(on)
        else:
            blocks.append([on])
    return blocks


def _named(
    block: Sequence[date], given: dict[date, tuple[str, ...]], year: int
) -> dict[date, tuple[str, ...]]:
    statutory = dict.fromkeys(name for on, name in statutory_days(year) if on in block)
    return {on: given[on] or tuple(statutory) for on in block}


def _nearest(on: date, off: Iterable[NamedDay]) -> tuple[str, ...]:
    """The holiday a make-up day most likely serves; the name is for people, nothing is counted by it."""
    return min(off, key=lambda day: abs(day.on - on)).names if off else ()


def _settled(
    year: int,
    off: Iterable[NamedDay],
    make_up: Iterable[NamedDay],
    unread: Sequence[str],
    warnings: Sequence[str],
    title: str = "",
) -> NoticeDraft:
    problems = [f"有{len(unread)}条没有读懂：{'；'.join(unread)}，请改正后再上传。"] if unread else []
    return settle(
        year=year, title=title, off=off, make_up=make_up, problems=problems, warnings=warnings, unread=unread
    )
