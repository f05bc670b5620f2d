"""What was read from a notice before anyone confirmed it, and the checks that need nothing but the notice itself.

Must not know how the notice was written down (text, JSON, sheet) nor which table is in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from calendars.workdays import FESTIVALS, NamedDay
from calendars.workdays.files import statutory_days

EARLIEST_YEAR, LATEST_YEAR = 2000, 2056
FARTHEST_MAKE_UP = 16
"""Days between a make-up day and the nearest day off; the notices of 2009 to 2026 stay within eleven."""
WEEKDAYS = "一二三四五六日"


class NoticeRefused(ValueError):
    """Nothing usable can be read from what was handed in. The message is one Chinese sentence with the next step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """「延长春节假期至2月2日」: the block keeps its beginning, which only the table in force knows."""

    name: str
    until: date


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeDraft:
    """A notice as read. `problems` forbid its use, `warnings` want a look, `unread` is every piece not understood."""

    year: int
    document_no: str
    title: str
    issued_on: date | None
    off: tuple[NamedDay, ...]
    make_up: tuple[NamedDay, ...]
    extensions: tuple[Extension, ...] = ()
    amends: bool
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def settle(
    *,
    year: int,
    document_no: str = "",
    title: str = "",
    issued_on: date | None = None,
    off: Iterable[NamedDay],
    make_up: Iterable[NamedDay],
    extensions: Iterable[Extension] = (),
    problems: Iterable[str] = (),
    warnings: Iterable[str] = (),
    unread: Iterable[str] = (),
) -> NoticeDraft:
    """The draft with the checks every notice must pass; raises NoticeRefused when it holds no day at all."""
    off, make_up, extensions = tuple(sorted(set(off))), tuple(sorted(set(make_up))), tuple(extensions)
    require_year(year)
    problems = tuple(problems)
    if not (off or make_up or extensions):
        faults = f"（{''.join(problems)}）" if problems else ""
        raise NoticeRefused(f"没有读到任何放假或上班的日期{faults}，请确认粘贴或上传的是放假安排通知的全文。")
    named = {name for day in off for name in day.names} | {extension.name for extension in extensions}
    missing = [name for name in FESTIVALS if name not in named]
    return NoticeDraft(
        year=year,
        document_no=document_no,
        title=title,
        issued_on=issued_on,
        off=off,
        make_up=make_up,
        extensions=extensions,
        amends=bool(missing or extensions),
        problems=(*problems, *_contradictions(year, off, make_up), *_gaps(title, missing)),
        warnings=(*warnings, *_remarks(document_no, issued_on, title, off, missing)),
        unread=tuple(unread),
    )


def require_year(year: int) -> None:
    """Raises NoticeRefused for a year that can only be a slip of the pen."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise NoticeRefused(f"{year}年不在可以导入的{EARLIEST_YEAR}至{LATEST_YEAR}年之内，请核对年份。")


def _contradictions(year: int, off: tuple[NamedDay, ...], make_up: tuple[NamedDay, ...]) -> Iterable[str]:
    free, worked = {day.on for day in off}, {day.on for day in make_up}
    for on in sorted(free & worked):
        yield f"{spoken(on)}既写了放假又写了上班，请核对原文。"
    for on in sorted(worked):
        if on.weekday() < 5:
            yield f"{spoken(on)}本来就是工作日，不能作调休上班日，请核对日期。"
        if free and min(abs((on - day).days) for day in free) > FARTHEST_MAKE_UP:
            yield f"{spoken(on)}上班，离放假日期太远，请核对日期。"
    for name in FESTIVALS:
        block = {day.on for day in off if name in day.names}
        if (
            block
            and min(abs((day - on).days) for day, its in statutory_days(year) if its == name for on in block)
            > 6
        ):
            yield f"{name}的放假日期离{name}当天太远，请核对月份和日期。"
    for on in sorted(free | worked):
        if not date(year - 1, 12, 1) <= on <= date(year + 1, 1, 31):
            yield f"{spoken(on)}不在{year}年的安排之内，请核对年份。"


def _gaps(title: str, missing: list[str]) -> Iterable[str]:
    if missing and "部分节假日安排" in title:
        yield f"标题是全年安排，却没有读到{'、'.join(missing)}的放假日期，请补全原文。"


def _remarks(
    document_no: str, issued_on: date | None, title: str, off: tuple[NamedDay, ...], missing: list[str]
) -> Iterable[str]:
    if not document_no:
        yield "没有读到文号，请确认来源。"
    if issued_on is None:
        yield "没有读到发文日期，将以导入当天为准。"
    if missing and "部分节假日安排" not in title:
        yield f"没有涉及{'、'.join(missing)}，按修改通知处理，只替换其中写明的节日。"
    if any(not day.names for day in off):
        yield "有放假日期没有节日名称，按名称查找节日时找不到这些日子。"


def spoken(on: date) -> str:
    """A day as people check it: 2026年2月14日（周六）."""
    return f"{on.year}年{on.month}月{on.day}日（周{WEEKDAYS[on.weekday()]}）"
