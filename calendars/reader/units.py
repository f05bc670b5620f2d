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

import opencc

from calendars.reader.faults import FaultList, Report
from calendars.reader.nodes import Fields, as_fields, open_file

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
_KEYS = ("code", "name", "kind", "parent", "aliases", "acts_through", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit. `parent` is a code; `acts_through` the code of the office that answers for a district."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    acts_through: str | None = None
    note: str | None = None


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


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """What a name is matched by; never shown."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(str(_simplifier().convert(folded)).split()).replace("、", "")


def load_units(path: Path | None = None) -> UnitBook:
    """The unit book of a file (the city's own by default). Raises CalendarFaults with every fault of it."""
    return _shipped() if path is None else _load(path)


@cache
def _shipped() -> UnitBook:
    return _load(UNITS_FILE)


def _load(where: Path) -> UnitBook:
    report = FaultList(where.name)
    top = open_file(where, report)
    fields = Fields(top, ("units", "groups"), report) if top else None
    units = _units(fields, report) if fields else ()
    by_key = _by_key(units, report)
    groups = _groups(fields, by_key, report) if fields else {}
    report.raise_if_any()
    return UnitBook(units=tuple(unit for unit, _ in units), groups=groups, by_key=by_key)


def _units(fields: Fields, report: Report) -> tuple[tuple[Unit, int], ...]:
    fields.need("units")
    read = (as_fields(node, _KEYS, report, "每个单位") for node in fields.items("units"))
    made = ((_unit(one), one.line) for one in read if one is not None)
    return tuple((unit, line) for unit, line in made if unit is not None)


def _unit(fields: Fields) -> Unit | None:
    for key in ("code", "name", "kind"):
        fields.need(key)
    code, name, kind = fields.text("code"), fields.text("name"), fields.text("kind")
    if kind is not None and kind not in KINDS:
        fields.report(fields.line_at("kind"), f"单位类别“{kind}”不认识，请改成：{'、'.join(KINDS)}。")
    if not (code and name and kind):
        return None
    return Unit(
        code=code,
        name=name,
        kind=kind,
        parent=fields.text("parent"),
        aliases=tuple(alias for alias, _ in fields.texts("aliases")),
        acts_through=fields.text("acts_through"),
        note=fields.text("note"),
    )


def _by_key(units: tuple[tuple[Unit, int], ...], report: Report) -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for unit, line in units:
        for name in (unit.code, unit.name, *unit.aliases):
            other = found.setdefault(name_key(name), unit)
            if other is not unit:
                report(line, f"“{name}”已经是{other.name}的名称，请换一个，一个名称只能指一个单位。")
    for unit, line in units:
        for key, code in (("parent", unit.parent), ("acts_through", unit.acts_through)):
            if code is not None and name_key(code) not in found:
                report(line, f"{unit.name}的“{key}”写的是{code}，没有这个单位，请先登记它或改正。")
    return found


def _groups(fields: Fields, by_key: Mapping[str, Unit], report: Report) -> dict[str, tuple[str, ...]]:
    node = fields.mapping("groups")
    table = Fields(node, (), report) if node is not None else None
    groups: dict[str, tuple[str, ...]] = {}
    for name in table.names if table else ():
        members = table.texts(name) if table else ()
        for member, line in members:
            if name_key(member) not in by_key:
                report(line, f"“{name}”里的{member}没有登记，请先在 units 里登记它。")
        groups[name_key(name)] = tuple(member for member, _ in members)
    return groups
