"""Year tables: what one notice, or one projection, says about one year, and which notice supersedes which.

Values only: they are made by calendars and by the store, and `rules.workdays` counts with them. Must not know files,
the text of a notice, or which day today is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

FESTIVALS = ("元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆")
"""The seven statutory holidays for everyone, in the order of the year, by the names used in year tables."""


class YearState(Enum):
    """Whether a year rests on a notice or on a projection from the statute."""

    PUBLISHED = "published"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class NamedDay:
    """A day that departs from Monday-to-Friday, with the holidays it belongs to (two where they share one block)."""

    on: date
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The holidays joined as a notice writes them, empty where none was given."""
        return "、".join(self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class YearTable:
    """One notice (or one projection) for one year. Its days may lie in the neighbouring years.

    `off` holds every day of a days-off block, weekends inside it too; `make_up` the weekend days that are worked.
    A table that `amends` replaces only the holidays and dates it names; any other replaces all earlier ones.
    """

    year: int
    state: YearState
    document_no: str
    title: str
    issued_on: date | None = None
    off: tuple[NamedDay, ...]
    make_up: tuple[NamedDay, ...] = ()
    amends: bool = False

    def __post_init__(self) -> None:
        both = {day.on for day in self.off} & {day.on for day in self.make_up}
        if both:
            raise ValueError(f"{self.year}年的放假安排中，{min(both)}既放假又上班，请核对后重新录入。")

    @property
    def source(self) -> str:
        """The document in one line: number and title."""
        return f"{self.document_no}《{self.title}》" if self.document_no else self.title


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalDay:
    """A day the locality itself ordered off or worked, on top of the notices, with its reason."""

    on: date
    works: bool
    reason: str


def festival(text: str) -> str:
    """The name a year table uses for a holiday: 清明节 and 清明, 五一 and 国际劳动节 are one; others stay as they are."""
    if text in _OTHER_NAMES:
        return _OTHER_NAMES[text]
    return text.removesuffix("节") if text.removesuffix("节") in FESTIVALS else text


_OTHER_NAMES = {"五一": "劳动节", "国际劳动节": "劳动节", "劳动": "劳动节", "十一": "国庆", "新年": "元旦"}


def in_order(tables: Iterable[YearTable]) -> tuple[YearTable, ...]:
    """Projections first, then by date of issue, so that whatever comes later supersedes.

    A notice without a date counts as issued on the eve of its year, an undated amendment on the last day of it.
    """
    return tuple(sorted(tables, key=lambda table: (table.state is YearState.PUBLISHED, _issued(table))))


def _issued(table: YearTable) -> date:
    return table.issued_on or date(table.year if table.amends else table.year - 1, 12, 31)


def in_force(tables: Sequence[YearTable]) -> Sequence[YearTable]:
    """The last whole table of one year and the amendments after it; what came before is superseded."""
    wholes = [rank for rank, table in enumerate(tables) if not table.amends]
    return tables[wholes[-1] :] if wholes else tables


def standing(tables: Sequence[YearTable]) -> tuple[list[NamedDay], list[NamedDay]]:
    """What is left standing of one year's tables in force: days off and make-up days."""
    off: list[NamedDay] = []
    make_up: list[NamedDay] = []
    for table in tables:
        off = [day for day in off if not _replaced(day, table)] + list(table.off)
        make_up = [day for day in make_up if not _replaced(day, table)] + list(table.make_up)
    return off, make_up


def _replaced(day: NamedDay, by: YearTable) -> bool:
    return any(day.on == other.on or set(day.names) & set(other.names) for other in (*by.off, *by.make_up))
