"""Holiday notices as people hand them in (pasted text, JSON, sheet): reading, preview and the table they become.

Everything that is not understood is shown. Must not know a database, nor confirm anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from calendars.notices.draft import Extension, NoticeDraft, NoticeRefused, spoken
from calendars.workdays import NamedDay, WorkdayTable, YearState, YearTable, YearUnknown, workday_table

FIRST_YEAR_OF_THIRTEEN = 2025
FIRST_YEAR_OF_ELEVEN = 2008


@dataclass(frozen=True, kw_only=True, slots=True)
class DayChange:
    """A day that is worked under one table and off under the other; `was_workday` is None where nothing was known."""

    on: date
    was_workday: bool | None
    is_workday: bool
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticePreview:
    """All a person needs to confirm or refuse a notice. Refused while there are `problems`."""

    draft: NoticeDraft
    table: YearTable | None
    changes: tuple[DayChange, ...]
    checksum: int | None
    expected: int | None
    verdict: str
    working_weekends: tuple[NamedDay, ...]
    state_before: YearState | None
    state_after: YearState | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def acceptable(self) -> bool:
        """Whether it may be confirmed."""
        return not self.problems


def preview_notice_change(
    draft: NoticeDraft, current: WorkdayTable, *, received_on: date | None = None
) -> NoticePreview:
    """The draft against the table in force: changed days, checksum of the year as it would stand, and a verdict.

    `received_on` dates a notice that carries no date of its own.
    """
    draft = replace(draft, issued_on=draft.issued_on or received_on)
    problems = [*draft.problems, *_outdated(draft, current)]
    table, after = None, None
    try:
        table = to_year_table(draft, current)
        after = workday_table((*current.notices, table), current.local)
    except ValueError as refusal:
        problems += [] if draft.problems else [str(refusal)]
    except YearUnknown as gap:
        problems.append(str(gap))
    changes = _changes(current, after, draft.year) if after else ()
    checksum = checksum_of(after, draft.year) if after else None
    return NoticePreview(
        draft=draft,
        table=table,
        changes=changes,
        checksum=checksum,
        expected=expected_checksum(draft.year),
        verdict=_verdict(draft, checksum),
        working_weekends=draft.make_up,
        state_before=current.state(draft.year) if draft.year in current.years else None,
        state_after=after.state(draft.year) if after else None,
        problems=tuple(problems),
        warnings=(
            *draft.warnings,
            *([] if changes or not after else ["与现有的工作日表相比，没有一天改变。"]),
        ),
    )


def _outdated(draft: NoticeDraft, current: WorkdayTable) -> Iterable[str]:
    for table in current.notices:
        if (
            table.year == draft.year
            and table.issued_on
            and draft.issued_on
            and table.issued_on > draft.issued_on
        ):
            yield f"{draft.year}年已有{spoken(table.issued_on)}的{table.source}，这份更早，不会生效，请核对发文日期。"


def to_year_table(
    draft: NoticeDraft, current: WorkdayTable | None = None, *, received_on: date | None = None
) -> YearTable:
    """The confirmed draft as a table. Raises NoticeRefused while it has problems.

    An extension needs the table in force, because the notice does not repeat when the block begins. `received_on`
    dates a notice that carries no date of its own.
    """
    if draft.problems:
        raise NoticeRefused(draft.problems[0])
    extended = [_extended(extension, draft.year, current) for extension in draft.extensions]
    off = {day for free, _ in extended for day in free} | set(draft.off)
    make_up = {day for _, worked in extended for day in worked} | set(draft.make_up)
    return YearTable(
        year=draft.year,
        state=YearState.PUBLISHED,
        document_no=draft.document_no,
        title=draft.title,
        issued_on=draft.issued_on or received_on,
        off=tuple(sorted(off)),
        make_up=tuple(sorted(make_up)),
        amends=draft.amends,
    )


def _extended(
    extension: Extension, year: int, current: WorkdayTable | None
) -> tuple[list[NamedDay], list[NamedDay]]:
    """The block from its old beginning to the new end, and those of its make-up days that the longer block leaves."""
    block = current.span(extension.name, year) if current and year in current.years else None
    if current is None or block is None:
        raise NoticeRefused(f"要延长的{year}年{extension.name}假期还没有安排，请先导入该年的放假通知。")
    if extension.until <= block[1]:
        raise NoticeRefused(f"{extension.name}假期本来就到{spoken(block[1])}，通知没有延长它，请核对日期。")
    names = (extension.name,)
    days = [block[0] + timedelta(days=offset) for offset in range((extension.until - block[0]).days + 1)]
    worked = [day for day in current.arranged(year)[1] if extension.name in day.names and day.on not in days]
    return [NamedDay(on=on, names=names) for on in days], worked


def checksum_of(table: WorkdayTable, year: int) -> int:
    """Weekdays off less weekend days worked, under the documents of that year: how many days people are given."""
    off, make_up = table.arranged(year)
    return sum(day.on.weekday() < 5 for day in off) - sum(day.on.weekday() >= 5 for day in make_up)


def expected_checksum(year: int) -> int | None:
    """The statute's number of days: 13 from 2025, 11 from 2008; nothing is expected of earlier years."""
    if year >= FIRST_YEAR_OF_THIRTEEN:
        return 13
    return 11 if year >= FIRST_YEAR_OF_ELEVEN else None


def _verdict(draft: NoticeDraft, checksum: int | None) -> str:
    expected = expected_checksum(draft.year)
    if checksum is None:
        return "尚有问题，无法核对天数。"
    if expected is None:
        return f"放假的工作日减去上班的周末是{checksum}天；该年没有可对照的法定天数。"
    if checksum == expected:
        return f"放假的工作日减去上班的周末是{checksum}天，与法定天数一致。"
    why = "如果通知另行增加或延长了假期，这是正常的" if draft.amends else "请对照原文再核对一遍"
    return f"放假的工作日减去上班的周末是{checksum}天，法定应为{expected}天，{why}。"


def _changes(current: WorkdayTable, after: WorkdayTable, year: int) -> tuple[DayChange, ...]:
    first, end = max(date(year - 1, 12, 1), after.first_on), min(date(year + 1, 1, 31), after.last_on)
    days = (first + timedelta(days=offset) for offset in range((end - first).days + 1))
    return tuple(_departing(current, after, days))


def _departing(current: WorkdayTable, after: WorkdayTable, days: Iterable[date]) -> Iterable[DayChange]:
    names = {day.on: day.names for day in (*after.off, *after.make_up)}
    for day in days:
        was = current.is_workday(day) if day.year in current.years else None
        usual = day.weekday() < 5 if was is None else was
        if after.is_workday(day) != usual:
            yield DayChange(
                on=day, was_workday=was, is_workday=after.is_workday(day), names=names.get(day, ())
            )
