"""Check campaign files before anyone applies them: faults, sums that do not agree, dates a person must set.

Writes nothing and needs no database, so that a file can be checked on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calendars.almanac import almanac_for
from calendars.reader import CalendarFaults, Fault, read_edition, read_year
from calendars.reader.year import units_of
from rules.campaign import Edition
from rules.checks import SumFinding, SumVerdict, sum_findings
from rules.figures import FormulaError, parse_formula
from rules.workdays import WorkdayTable


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsChecked:
    """`faults` forbid applying; `sums` are the quotas that do not agree with the city's figure, shown and not mended."""

    editions: int
    faults: tuple[Fault, ...]
    sums: tuple[SumFinding, ...]
    undated: tuple[str, ...]
    provisional: int

    @property
    def good(self) -> bool:
        return not self.faults


def check_year(year: int, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """Every file of a year."""
    read = read_year(year, root, almanac=almanac_for(), workdays=workdays)
    return _checked(read.editions, read.faults)


def check_file(path: Path, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """One campaign file, wherever it lies; units come from the calendars in `root`."""
    try:
        edition = read_edition(path, units=units_of(root), almanac=almanac_for(), workdays=workdays)
    except CalendarFaults as refusal:
        return _checked((), refusal.faults)
    return _checked((edition,), ())


def _checked(editions: tuple[Edition, ...], faults: tuple[Fault, ...]) -> CalendarsChecked:
    findings = (finding for one in editions for finding in sum_findings(one))
    points = [point for one in editions for milestone in one.milestones for point in milestone.points]
    return CalendarsChecked(
        editions=len(editions),
        faults=(*faults, *(fault for one in editions for fault in _formula_faults(one))),
        sums=tuple(finding for finding in findings if finding.verdict is SumVerdict.DIFFERS),
        undated=tuple(
            f"{one.name}“{milestone.title}”：{milestone.undated}"
            for one in editions
            for milestone in one.milestones
            if milestone.undated
        ),
        provisional=sum(point.provisional for point in points),
    )


def _formula_faults(edition: Edition) -> Iterator[Fault]:
    """The reader keeps a formula as text; whether it can be computed is known here, though not on which line."""
    for indicator in edition.indicators:
        try:
            if indicator.formula is not None:
                parse_formula(indicator.formula)
        except FormulaError as error:
            file = f"{edition.year}/{edition.campaign}.yaml"
            yield Fault(file=file, line=1, message=f"指标“{indicator.name}”的公式读不懂：{error}")
