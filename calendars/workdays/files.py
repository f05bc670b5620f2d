"""Reads the year files that lie beside this module. Must not judge a notice; the tests and the preview do that."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rules.workdays import NamedDay, YearState, YearTable

FOLDER = Path(__file__).parent


@cache
def published() -> tuple[YearTable, ...]:
    """Every year file, oldest first."""
    return tuple(read_year(path) for path in sorted(FOLDER.glob("[0-9]*.yaml")))


def read_year(path: Path) -> YearTable:
    """One year file as a table. Raises ValueError with the file's name when it is not a year file."""
    try:
        content = YAML(typ="safe", pure=True).load(path)
        return _table(content)
    except (YAMLError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ValueError(f"工作日文件{path.name}读不懂（{fault}），请对照其他年份的文件改正。") from fault


def _table(content: Mapping[str, Any]) -> YearTable:
    holidays = content["holidays"]
    return YearTable(
        year=content["year"],
        state=YearState.PUBLISHED,
        document_no=content["document_no"],
        title=content["title"],
        issued_on=content["issued_on"],
        off=tuple(
            NamedDay(on=day, names=tuple(holiday["names"]))
            for holiday in holidays
            for day in _span(*holiday["off"])
        ),
        make_up=tuple(
            NamedDay(on=day, names=tuple(holiday["names"]))
            for holiday in holidays
            for day in holiday["make_up"]
        ),
    )


def _span(first: date, last: date) -> Iterator[date]:
    if last < first:
        raise ValueError(f"{first}至{last}前后颠倒")
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
