"""One campaign file rewritten for another year, with the comments, order and quotes its keepers gave it.

Changes the year, opens the targets, leaves out what happens only once. Must not work out any date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from calendars.reader.cells import unconfirmed
from calendars.reader.units import UnitBook
from rules.campaign import Edition, Milestone, Quota, TargetState

ONCE = "once"
LAST_YEAR = "上年："
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年|[-./]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What is not carried over, and why. `milestone` is None where the whole campaign ends."""

    campaign: str
    milestone: str | None
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTarget:
    """A figure the new year's document still has to give. `unit` is None for the city's total or a rate."""

    campaign: str
    milestone: str | None
    unit: str | None
    what: str
    last_year: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """`text` is None where nothing of the campaign is carried over."""

    text: str | None
    dropped: tuple[Dropped, ...]
    targets: tuple[OpenTarget, ...]


def rewrite(text: str, edition: Edition, to_year: int, units: UnitBook) -> Rewritten:
    """The file `text`, which was read as `edition`, made the file of `to_year`."""
    yaml = _yaml()
    top = yaml.load(text)
    if top.get("recurrence") == ONCE:
        reason = top.get("recurrence_note") or "一次性工作，不结转。"
        gone = Dropped(campaign=edition.campaign, milestone=None, name=edition.name, reason=reason)
        return Rewritten(text=None, dropped=(gone,), targets=())
    dropped = _drop_once(top["milestones"], edition)
    if not top["milestones"]:
        return Rewritten(text=None, dropped=dropped, targets=())
    _move_years(top, to_year)
    targets = (*_open_quotas(top["milestones"], edition, units), *_open_aims(top, edition))
    written = StringIO()
    yaml.dump(top, written)
    return Rewritten(text=written.getvalue(), dropped=dropped, targets=tuple(targets))


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096  # a line stays the line its keeper wrote
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _drop_once(milestones: CommentedSeq, edition: Edition) -> tuple[Dropped, ...]:
    dropped = []
    for position in reversed(range(len(milestones))):
        entry = milestones[position]
        if entry.get("recurrence") == ONCE:
            reason = "本节点只办一次，不结转。"
            name = f"{edition.name}·{entry['title']}"
            dropped.append(
                Dropped(campaign=edition.campaign, milestone=entry["key"], name=name, reason=reason)
            )
            del milestones[position]
    gone = {one.milestone for one in dropped}
    for entry in milestones:
        _forget(entry, gone)
    return tuple(reversed(dropped))


def _forget(entry: CommentedMap, gone: set[str | None]) -> None:
    """Takes dropped stages out of `after`, so that a later stage does not wait for what never comes."""
    after = entry.get("after")
    if isinstance(after, str) and after in gone:
        del entry["after"]
    elif isinstance(after, list):
        entry["after"] = [name for name in after if name not in gone]


def _move_years(top: CommentedMap, to_year: int) -> None:
    years = to_year - top["year"]
    if "rolled_from" in top:
        top["rolled_from"] = top["year"]
    else:
        top.insert(list(top).index("year") + 1, "rolled_from", top["year"])
    top["year"] = to_year
    if "subject_year" in top:
        top["subject_year"] += years
    for entry in top["milestones"]:
        for key in ("due", "hard_due"):
            if key in entry and _YEAR.search(entry[key]):
                entry[key] = _YEAR.sub(lambda found: str(int(found[1]) + years), entry[key])


def _open_quotas(milestones: CommentedSeq, edition: Edition, units: UnitBook) -> list[OpenTarget]:
    by_key = {one.key: one for one in edition.milestones}
    opened: list[OpenTarget] = []
    for entry in milestones:
        one = by_key[entry["key"]]
        if one.quota is not None:
            opened += _open_quota(entry["quota"], one, one.quota, edition.campaign, units)
    return opened


def _open_quota(
    table: CommentedMap, one: Milestone, quota: Quota, campaign: str, units: UnitBook
) -> list[OpenTarget]:
    opened: list[OpenTarget] = []

    def open_cell(cells: CommentedMap, key: str, unit: str | None, last_year: Decimal | None) -> None:
        cells[key] = unconfirmed(last_year)
        opened.append(
            OpenTarget(
                campaign=campaign, milestone=one.key, unit=unit, what=quota.indicator, last_year=last_year
            )
        )

    if "city_total" in table:
        open_cell(table, "city_total", None, _latest(quota.city_total, quota.city_total_last_year))
    last = {target.unit: target for target in quota.targets}
    for name in table.get("targets", ()):
        unit = units.responsible(name)
        target = last[unit.name] if unit else None
        # 「--」 says that the unit has no part in it; that does not change with the year by itself.
        if target is not None and target.state not in (TargetState.NONE, TargetState.TEXT):
            open_cell(table["targets"], name, target.unit, _latest(target.value, target.last_year))
    if "note" in table and opened and not table["note"].startswith(LAST_YEAR):
        table["note"] = LAST_YEAR + table["note"]
    return opened


def _open_aims(top: Mapping[str, Any], edition: Edition) -> list[OpenTarget]:
    by_key = {one.key: one for one in edition.indicators}
    opened: list[OpenTarget] = []
    for entry in top.get("indicators", ()):
        one = by_key[entry["key"]]
        if "target" in entry:
            last_year = _latest(one.target_value, one.target_last_year)
            entry["target"] = unconfirmed(last_year)
            opened.append(
                OpenTarget(
                    campaign=edition.campaign, milestone=None, unit=None, what=one.name, last_year=last_year
                )
            )
    return opened


def _latest(value: Decimal | None, before: Decimal | None) -> Decimal | None:
    return before if value is None else value
