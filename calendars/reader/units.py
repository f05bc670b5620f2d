"""The units of calendars/units.yaml: bureaus, departments, districts and what else a campaign file may name.

A name is found by its key: full-width forms folded, Traditional turned Simplified, spaces dropped. Must not know any
campaign or contact.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from calendars.phrases import simplifier
from calendars.reader.document import open_file
from calendars.reader.faults import FaultList
from calendars.reader.fields import Entry, Text, listed, one_of

UNITS_FILE = Path(__file__).resolve().parent.parent / "units.yaml"

KINDS = {
    "city": "市级",
    "bureau": "市民政局",
    "department": "市级部门",
    "district": "辖市区",
    "district_bureau": "辖市区民政部门",
    "association": "社会组织",
    "collective": "集合称谓",
    "outside": "外市单位",
}
Names = Annotated[tuple[Text, ...], BeforeValidator(listed)]


class Unit(Entry):
    """One unit. `parent` is a code; `acts_through` the code of the office that answers for a district."""

    code: Text
    name: Text
    kind: Text
    parent: Text | None = None
    aliases: Names = ()
    acts_through: Text | None = None
    note: Text | None = None


class UnitEntry(Unit):
    """A unit of the file; a bureau's own register also knows kinds that no campaign file names."""

    kind: Annotated[str, one_of(KINDS, "单位类别“{}”不认识，请改成：{}。")]


class UnitsFile(Entry):
    units: tuple[UnitEntry, ...]
    groups: dict[str, Names] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBook:
    """All units, and the groups (各辖市区) that a file may write instead of a list."""

    units: tuple[Unit, ...]
    groups: Mapping[str, tuple[str, ...]]
    by_key: Mapping[str, Unit] = field(repr=False, compare=False)

    def find(self, name: str) -> Unit | None:
        return self.by_key.get(name_key(name))

    def responsible(self, name: str) -> Unit | None:
        """The unit that answers for a name: a district answers through its civil-affairs office."""
        unit = self.find(name)
        if unit is None or unit.acts_through is None:
            return unit
        return self.by_key[name_key(unit.acts_through)]

    def group(self, name: str) -> tuple[str, ...] | None:
        return self.groups.get(name_key(name))


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """What a name is matched by; never shown."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(str(simplifier().convert(folded)).split()).replace("、", "")


def load_units(path: Path | None = None) -> UnitBook:
    """The unit book of a file (the city's own by default). Raises CalendarFaults with every fault of it."""
    return _shipped() if path is None else _load(path)


@cache
def _shipped() -> UnitBook:
    return _load(UNITS_FILE)


def _load(where: Path) -> UnitBook:
    report = FaultList(where.name)
    document = open_file(where, report)
    try:
        file = UnitsFile.model_validate(document.values)
    except ValidationError as error:
        report.take(error, document, {"": UnitsFile, "units": UnitEntry})
        report.raise_if_any()
        raise
    by_key: dict[str, Unit] = {}
    lines = [document.line(("units", position)) for position in range(len(file.units))]
    for unit, line in zip(file.units, lines, strict=True):
        for name in (unit.code, unit.name, *unit.aliases):
            other = by_key.setdefault(name_key(name), unit)
            if other is not unit:
                report(line, f"“{name}”已经是{other.name}的名称，请换一个，一个名称只能指一个单位。")
    for unit, line in zip(file.units, lines, strict=True):
        for key, code in (("parent", unit.parent), ("acts_through", unit.acts_through)):
            if code is not None and name_key(code) not in by_key:
                report(line, f"{unit.name}的“{key}”写的是{code}，没有这个单位，请先登记它或改正。")
    for group, members in file.groups.items():
        for position, member in enumerate(members):
            if name_key(member) not in by_key:
                line = document.line(("groups", group, position))
                report(line, f"“{group}”里的{member}没有登记，请先在 units 里登记它。")
    report.raise_if_any()
    groups = {name_key(name): members for name, members in file.groups.items()}
    return UnitBook(units=file.units, groups=groups, by_key=by_key)
