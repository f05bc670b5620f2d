"""One milestone of a campaign file: who owes what, by when, shown by which evidence.

Must not know the other milestones of its file; that is the edition's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict

from yaml.nodes import MappingNode, Node

from calendars.almanac import LUNAR_FESTIVALS, Almanac, AlmanacError
from calendars.deadlines.parts import CannotResolve, NotUnderstood, Reading, Resolution
from calendars.deadlines.resolve import resolve
from calendars.model import ExpectedEvidence, Milestone, Point
from calendars.phrases import read_phrase
from calendars.reader import parts
from calendars.reader.faults import Report
from calendars.reader.nodes import Fields
from calendars.reader.parts import evidence, is_key, unique
from calendars.reader.units import UnitBook
from calendars.workdays import WorkdayTable, YearUnknown

ROLLS = ("none", "previous", "next")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What dates are worked out with: the plan year, its tables, and where a due date on a day off goes."""

    number: int
    almanac: Almanac
    workdays: WorkdayTable
    roll: str = "none"
    roll_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A phrase in its year. `undated` is a Chinese sentence exactly when the phrase sets no date by itself."""

    rule: str
    soft: bool
    points: tuple[Point, ...]
    undated: str | None = None


def dated(phrase: str, year: Year, line: int, report: Report) -> Dated | None:
    """The points of a phrase, or None once the fault that prevents them has been reported."""
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        proposal = f"可以试试“{reading.proposal}”。" if reading.proposal else ""
        report(line, f"时限“{phrase}”没有读懂：{reading.reason}{proposal}")
        return None
    soft = "soft" in reading.modifiers
    if not reading.sets_date:
        return Dated(rule=reading.rule, soft=soft, points=(), undated=_why_undated(reading))
    try:
        resolution = resolve(reading, year=year.number, almanac=year.almanac, workdays=year.workdays)
        points = _points(reading, resolution, year)
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        report(line, f"时限“{phrase}”在{year.number}年排不出日期：{refusal}")
        return None
    if not points:
        return Dated(rule=reading.rule, soft=soft, points=(), undated=_why_undated(reading))
    return Dated(rule=reading.rule, soft=soft, points=points)


def _why_undated(reading: Reading) -> str:
    because = "".join(reading.assumptions) or f"“{reading.text}”本身不定日期。"
    # What is done whenever it comes up needs no date; everything else waits for one.
    if reading.rule.startswith("event_driven") or "统筹科室" in because:
        return because
    return f"{because}请统筹科室定下日期。"


def _points(reading: Reading, resolution: Resolution, year: Year) -> tuple[Point, ...]:
    assumptions = tuple(dict.fromkeys((*reading.assumptions, *resolution.assumptions)))
    if not resolution.occurrences:
        if resolution.due_on is None:
            return ()
        only = _point("", resolution.starts_on, resolution.due_on, assumptions, year)
        return (replace(only, provisional=only.provisional or resolution.provisional),)
    return tuple(
        _point(one.label, one.starts_on, one.due_on, assumptions, year) for one in resolution.occurrences
    )


def _point(
    label: str, starts_on: date | None, due_on: date, assumptions: tuple[str, ...], year: Year
) -> Point:
    moved_on = _rolled(due_on, year)
    if moved_on != due_on:
        because = year.roll_reason or "按本专项设置"
        assumptions = (*assumptions, f"原到期日{due_on}是休息日，改为{moved_on}（{because}）。")
    last_workday = year.workdays.on_or_before(moved_on)
    return Point(
        label=label,
        due_on=moved_on,
        last_workday=last_workday,
        starts_on=starts_on,
        provisional=year.workdays.is_provisional(min(last_workday, due_on), max(moved_on, due_on)),
        assumptions=assumptions,
    )


def _rolled(due_on: date, year: Year) -> date:
    if year.roll == "previous":
        return year.workdays.on_or_before(due_on)
    if year.roll == "next":
        return year.workdays.on_or_after(due_on)
    return due_on


def with_hard_deadline(dates: Dated, wall: Dated, line: int, report: Report) -> Dated:
    """The points of `dates`, each under the superior's own limit: one wall for all, or one for each."""
    walls = wall.points * len(dates.points) if len(wall.points) == 1 else wall.points
    if len(walls) != len(dates.points):
        report(line, f"hard_due 有{len(walls)}个日期，due 有{len(dates.points)}个，请改成一样多或只写一个。")
        return dates
    for point, limit in zip(dates.points, walls, strict=True):
        if limit.due_on < point.due_on:
            report(line, f"hard_due（{limit.due_on}）早于 due（{point.due_on}），请核对两个时限。")
    points = (
        replace(point, hard_due_on=limit.due_on) for point, limit in zip(dates.points, walls, strict=True)
    )
    return replace(dates, points=tuple(points))


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
    if key is not None and not is_key(key):
        shared.report(fields.line_at("key"), f"代号“{key}”请用小写字母、数字和下划线，字母开头。")
    source = parts.source(item, fields.line_at("source"), shared.documents, shared.report) if item else None
    dates = _dates(fields, phrase, shared) if phrase else None
    who = _who(fields, shared)
    table = fields.mapping("quota")
    quota = parts.quota(table, who["leads"], shared.units, shared.report) if table is not None else None
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
    return dates if limit is None else with_hard_deadline(dates, limit, line, shared.report)


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
    unique(names, "责任单位", shared.report)
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
    return evidence(shared.where(fields, "evidence").items("evidence"), shared.report)


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


def judge_order(
    nodes: Sequence[Node], read: Sequence[tuple[Milestone, int]], *, has_roster: bool, report: Report
) -> None:
    """Reports the faults between milestones; `read` holds those that could be read, each with its line."""
    unique(((one.key, line) for one, line in read), "节点代号", report)
    written = [key for node in nodes if (key := _written_key(node))]
    by_key = {one.key: one for one, _ in reversed(read)}
    for one, line in read:
        if one.per_subject and not has_roster:
            report(line, f"“{one.title}”按名册逐个办理，请在文件开头写明 roster（名册名称）。")
        for name in one.after:
            if fault := _after(one, name, written, by_key):
                report(line, fault)


def _after(one: Milestone, name: str, written: Sequence[str], by_key: Mapping[str, Milestone]) -> str | None:
    if name not in written:
        return f"“{one.title}”的 after 写了“{name}”，没有这个节点，请改正代号。"
    if one.key in written and written.index(name) >= written.index(one.key):
        return f"“{one.title}”的 after 写了“{name}”，它没有排在前面，请把前一环节写在前面。"
    before = by_key.get(name)
    if before is None:
        return None
    if not before.gate:
        return f"“{one.title}”要等“{before.title}”收口，请给“{name}”加上 gate: true。"
    first, last = _last_day(before), _last_day(one)
    if first and last and first >= last:
        return (
            f"“{one.title}”（{last}）要等“{before.title}”（{first}）收口，时间排不开，请改时限或删去 after。"
        )
    return None


def _last_day(one: Milestone) -> date | None:
    return max((point.due_on for point in one.points), default=None)


def _written_key(node: Node) -> str | None:
    """The key as written, also of a milestone whose other faults hide it."""
    if not isinstance(node, MappingNode):
        return None
    return next((str(value.value) for key, value in node.value if key.value == "key"), None)


def has_moved(old: Point, new: Point, years: int) -> bool:
    """Whether more than the year has changed; `years` is how far the two editions lie apart."""
    return any(
        _shifted(before, years) != after
        for before, after in (
            (old.due_on, new.due_on),
            (old.starts_on, new.starts_on),
            (old.hard_due_on, new.hard_due_on),
            (old.last_workday, new.last_workday),
        )
    )


def why_moved(rule: str, old: Point, new: Point, years: int) -> str:
    """The cause, as far as the rule tells it."""
    if _shifted(old.due_on, years) == new.due_on and _shifted(old.starts_on, years) == new.starts_on:
        return "日子不变，最后工作日随周末和放假安排变动"
    for words, why in _CAUSES:
        if words in rule:
            return why
    if any(name in rule for name in LUNAR_FESTIVALS):
        return "农历节日，公历日期每年不同"
    if new.due_on.month == old.due_on.month == 2:
        return "二月末，闰年平年不同"
    return "按当年日历重新推算"


_CAUSES = (
    ("workday", "按工作日推算，随放假安排变动"),
    ("weekday", "按星期推算，日期每年不同"),
    ("weekly", "按星期推算，日期每年不同"),
    ("solar_term", "节气和放假日期每年略有不同"),
    ("during_holiday", "按当年放假安排"),
)


def _shifted(day: date | None, years: int) -> date | None:
    """The same day so many years on; the last day of February stays the last where 29 February is missing."""
    if day is None or not years:
        return day
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
