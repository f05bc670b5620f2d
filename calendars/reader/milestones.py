"""One milestone of a campaign file: who owes what, by when, shown by which evidence.

Must not know the other milestones of its file; that is the edition's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from yaml.nodes import MappingNode

from calendars.reader import parts, quotas
from calendars.reader.dates import Dated, Year, dated, with_wall
from calendars.reader.faults import Report
from calendars.reader.nodes import Fields
from calendars.reader.units import UnitBook
from rules.campaign import ExpectedEvidence, Milestone

MILESTONE_KEYS = (
    "key",
    "title",
    "source",
    "due",
    "hard_due",
    "implied",
    "lead",
    "leads",
    "supporting",
    "stage",
    "after",
    "gate",
    "per_subject",
    "problem_ledger",
    "review_levels",
    "evidence",
    "quota",
    "recurrence",
    "note",
)
DEFAULT_KEYS = ("lead", "leads", "supporting", "evidence", "review_levels")
RECURRENCES = ("yearly", "once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a file says once for all its milestones."""

    documents: Mapping[str, str]
    defaults: Fields | None
    units: UnitBook
    year: Year
    report: Report

    def where(self, fields: Fields, *keys: str) -> Fields:
        """The milestone itself where it says any of these keys, else the file's defaults."""
        if self.defaults is None or any(key in fields for key in keys):
            return fields
        return self.defaults


class _Who(TypedDict):
    leads: tuple[str, ...]
    supporting: tuple[str, ...]


def milestone(node: MappingNode, shared: Shared) -> Milestone | None:
    """One entry of `milestones`; None once the faults that hide it have been reported."""
    fields = Fields(node, MILESTONE_KEYS, shared.report)
    for needed in ("key", "title", "source", "due"):
        fields.need(needed)
    key, title = fields.text("key"), fields.text("title")
    item, phrase = fields.text("source"), fields.text("due")
    if key is not None and not parts.is_key(key):
        shared.report(fields.line_at("key"), f"代号“{key}”请用小写字母、数字和下划线，字母开头。")
    source = parts.source(item, fields.line_at("source"), shared.documents, shared.report) if item else None
    dates = _dates(fields, phrase, shared) if phrase else None
    who = _who(fields, shared)
    table = fields.mapping("quota")
    quota = quotas.quota(table, who["leads"], shared.units, shared.report) if table is not None else None
    recurrence(fields)
    evidence = _evidence(fields, shared)
    if not (key and title and source and phrase and dates):
        return None
    return Milestone(
        key=key,
        title=title,
        source=source,
        due_phrase=phrase,
        hard_due_phrase=fields.text("hard_due"),
        rule=dates.rule,
        soft=dates.soft,
        points=dates.points,
        undated=dates.undated,
        implied=fields.flag("implied") or False,
        stage=fields.whole("stage"),
        after=tuple(name for name, _ in fields.texts("after")),
        gate=fields.flag("gate") or False,
        per_subject=fields.flag("per_subject") or False,
        problem_ledger=fields.flag("problem_ledger") or False,
        review_levels=_review_levels(shared.where(fields, "review_levels")),
        evidence=evidence,
        quota=quota,
        note=fields.text("note"),
        **who,
    )


def _dates(fields: Fields, phrase: str, shared: Shared) -> Dated | None:
    dates = dated(phrase, shared.year, fields.line_at("due"), shared.report)
    wall = fields.text("hard_due")
    if dates is None or wall is None:
        return dates
    line = fields.line_at("hard_due")
    limit = dated(wall, shared.year, line, shared.report)
    return dates if limit is None else with_wall(dates, limit, line, shared.report)


def _who(fields: Fields, shared: Shared) -> _Who:
    place = shared.where(fields, "lead", "leads")
    names = _leads(place, fields.line, shared)
    helpers = _units(shared.where(fields, "supporting"), "supporting", shared)
    for name, line in helpers:
        if name in dict(names):
            shared.report(line, f"{name}在同一项里既牵头又配合，请只留一种。")
    return {
        "leads": tuple(dict.fromkeys(name for name, _ in names)),
        "supporting": tuple(dict.fromkeys(name for name, _ in helpers)),
    }


def _leads(place: Fields, line: int, shared: Shared) -> tuple[tuple[str, int], ...]:
    if "lead" in place and "leads" in place:
        shared.report(
            place.line_at("leads"),
            "lead 和 leads 只能写一个，请只留一个：一家牵头用 lead，各自承担用 leads。",
        )
    if "lead" not in place and "leads" not in place:
        shared.report(line, "没有写责任单位，请补上 lead（一家牵头）或 leads（各自承担）。")
    key = "lead" if "lead" in place else "leads"
    names = _units(place, key, shared)
    if key == "lead" and len(names) > 1:
        listed = "、".join(name for name, _ in names)
        shared.report(
            place.line_at("lead"), f"一项任务只能有一个牵头单位，现在是{listed}；各自承担的请改用 leads。"
        )
    parts.unique(names, "责任单位", shared.report)
    return names


def _units(place: Fields, key: str, shared: Shared) -> tuple[tuple[str, int], ...]:
    """The units named under a key, groups spelled out, each by its registered name."""
    written: list[tuple[str, int]] = []
    for name, line in place.texts(key):
        group = shared.units.group(name)
        written += [(member, line) for member in group] if group else [(name, line)]
    found = [(shared.units.responsible(name), name, line) for name, line in written]
    for unit, name, line in found:
        if unit is None:
            shared.report(line, f"单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。")
    return tuple((unit.name, line) for unit, _, line in found if unit is not None)


def _evidence(fields: Fields, shared: Shared) -> tuple[ExpectedEvidence, ...]:
    return parts.evidence(shared.where(fields, "evidence").items("evidence"), shared.report)


def _review_levels(place: Fields) -> int:
    levels = place.whole("review_levels")
    if levels is not None and not 1 <= levels <= 3:
        place.report(place.line_at("review_levels"), f"审核级数是{levels}，只能是1到3，请改正。")
    return 1 if levels is None else levels


def recurrence(fields: Fields) -> str:
    """yearly (rolled into the next year) or once; reported when it is neither."""
    text = fields.text("recurrence")
    if text is not None and text not in RECURRENCES:
        fields.report(
            fields.line_at("recurrence"), f"recurrence“{text}”不认识，请写 yearly（每年）或 once（一次性）。"
        )
    return text if text in RECURRENCES else "yearly"
