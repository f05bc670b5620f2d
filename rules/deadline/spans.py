"""Small questions about spans that the grammar asks before any year is known: order, and whose year it is."""

from dataclasses import replace

from rules.deadline.naming import year_of
from rules.deadline.parts import (
    PLAN,
    AfterEnd,
    Day,
    Due,
    End,
    Half,
    Inside,
    Month,
    One,
    Quarter,
    Shifted,
    Span,
    TenDays,
    Window,
    Year,
)


def with_year(span: Span, year: Year) -> Span:
    """The span in a year, unless the text gave it one of its own."""
    if year_of(span) != PLAN:
        return span
    return moved_to(span, year)


def moved_to(span: Span, year: Year) -> Span:
    match span:
        case End(of=of):
            return End(of=replace(of, year=year))
        case AfterEnd(of=of):
            return replace(span, of=replace(of, year=year))
        case Shifted(festival=festival):
            return replace(span, festival=replace(festival, year=year))
        case _:
            return replace(span, year=year)


def one_year(item: One) -> Year:
    """The year named by a date or, for a window, by its start."""
    match item:
        case Due(at=at):
            return year_of(at)
        case Window(first=first, last=last):
            return year_of(first if first is not None else last)
        case Inside(cell=cell):
            return cell.year


def one_in(item: One, year: Year) -> One:
    """The date in a year, unless it names one."""
    match item:
        case Due(at=at):
            return replace(item, at=with_year(at, year))
        case Window(first=first, last=last) if year_of(last) == PLAN and (
            first is None or year_of(first) == PLAN
        ):
            return replace(item, first=first and with_year(first, year), last=with_year(last, year))
        case _:
            return item


def months_of(span: Span) -> tuple[int, int] | None:
    """(month*100+day) of its first and last day where the calendar fixes them, None for moving feasts and years."""
    match span:
        case Day(month=month, day=day):
            return month * 100 + day, month * 100 + day
        case Month(month=month):
            return month * 100 + 1, month * 100 + 31
        case TenDays(month=month, first=first, last=last):
            return month * 100 + first * 10 - 9, month * 100 + (31 if last == 3 else last * 10)
        case Quarter(number=number):
            return (number * 3 - 2) * 100 + 1, number * 300 + 31
        case Half(number=number):
            return (number * 6 - 5) * 100 + 1, number * 600 + 31
        case End(of=of):
            edge = months_of(of)
            return (edge[1], edge[1]) if edge else None
        case _:
            return None
