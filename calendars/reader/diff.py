"""The difference between two sets of editions, each change as one Chinese line a person can act on.

Serves both the same year before and after an edit, and two years side by side. Must not know who is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from calendars.almanac import LUNAR_FESTIVALS
from calendars.model import Edition, Indicator, Milestone, Point, Quota, Target, TargetState
from calendars.reader.fields import unconfirmed


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    PHRASE = "phrase"  # the words of the deadline
    DATE = "date"  # another day by the same words
    UNITS = "units"
    TARGET = "target"
    EVIDENCE = "evidence"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a comparison. `milestone` is None where the whole campaign is meant."""

    kind: ChangeKind
    campaign: str
    milestone: str | None
    text: str


def diff_years(a: Sequence[Edition], b: Sequence[Edition]) -> tuple[Change, ...]:
    """What changes from `a` to `b`: campaigns and milestones matched by their keys, in the order of `b`."""
    old = {edition.campaign: edition for edition in a}
    new = {edition.campaign for edition in b}
    changes: list[Change] = []
    for edition in b:
        before = old.get(edition.campaign)
        changes += [_added(edition)] if before is None else diff_editions(before, edition)
    return (*changes, *(_removed(edition) for edition in a if edition.campaign not in new))


def _added(edition: Edition) -> Change:
    text = f"{edition.name}：新增，{len(edition.milestones)}个节点。"
    return Change(kind=ChangeKind.ADDED, campaign=edition.campaign, milestone=None, text=text)


def _removed(edition: Edition) -> Change:
    text = f"{edition.name}：不再列入。"
    return Change(kind=ChangeKind.REMOVED, campaign=edition.campaign, milestone=None, text=text)


def diff_editions(a: Edition, b: Edition) -> list[Change]:
    """What changes in one campaign, its own settings first."""
    said: list[tuple[ChangeKind, str | None, str]] = [
        (ChangeKind.SETTING, None, text) for text in _settings(a, b)
    ]
    said += [(ChangeKind.TARGET, None, text) for text in _indicators(a.indicators, b.indicators)]
    old = {one.key: one for one in a.milestones}
    new = {one.key for one in b.milestones}
    for one in b.milestones:
        before = old.get(one.key)
        found = (
            [(ChangeKind.ADDED, "新增节点。")] if before is None else _milestone(before, one, b.year - a.year)
        )
        said += [(kind, one.key, f"{one.title}：{text}") for kind, text in found]
    said += [
        (ChangeKind.REMOVED, one.key, f"{one.title}：节点取消。")
        for one in a.milestones
        if one.key not in new
    ]
    return [
        Change(kind=kind, campaign=b.campaign, milestone=key, text=f"{b.name}·{text}")
        for kind, key, text in said
    ]


def _settings(a: Edition, b: Edition) -> Iterator[str]:
    pairs = (
        ("名称", a.name, b.name),
        ("类别", a.kind.value, b.kind.value),
        ("统筹单位", a.coordinator, b.coordinator),
        ("催办梯次", a.ladder, b.ladder),
        ("催办配合单位", *("是" if one.support_escalation else "否" for one in (a, b))),
        ("文件印发日", str(a.issued_on or "未写"), str(b.issued_on or "未写")),
        ("休息日处理", f"{a.roll}/{a.roll_days}", f"{b.roll}/{b.roll_days}"),
        ("名册", a.roster or "无", b.roster or "无"),
        ("年度目标", "；".join(a.goals) or "无", "；".join(b.goals) or "无"),
    )
    return (f"{what}由“{old}”改为“{new}”。" for what, old, new in pairs if old != new)


def _milestone(a: Milestone, b: Milestone, years: int) -> Iterator[tuple[ChangeKind, str]]:
    if a.due_phrase != b.due_phrase:
        yield ChangeKind.PHRASE, f"时限由“{a.due_phrase}”改为“{b.due_phrase}”，{_days(a)}→{_days(b)}。"
    else:
        yield from ((ChangeKind.DATE, text) for text in _dates(a, b, years))
    yield from ((ChangeKind.UNITS, text) for text in _units("责任单位", a.leads, b.leads))
    yield from ((ChangeKind.UNITS, text) for text in _units("配合单位", a.supporting, b.supporting))
    yield from ((ChangeKind.TARGET, text) for text in _quota(a.quota, b.quota))
    old, new = {one.key: one for one in a.evidence}, {one.key: one for one in b.evidence}
    for text in _units("佐证", [one.title for one in a.evidence], [one.title for one in b.evidence]):
        yield ChangeKind.EVIDENCE, text
    for key, item in new.items():
        if key in old and old[key] != item and old[key].title == item.title:
            yield ChangeKind.EVIDENCE, f"佐证“{item.title}”的要求有改动。"
    if a.content != b.content:
        yield ChangeKind.SETTING, f"任务内容由“{a.content or '无'}”改为“{b.content or '无'}”。"
    if a.review_levels != b.review_levels:
        yield ChangeKind.SETTING, f"审核由{a.review_levels}级改为{b.review_levels}级。"
    if a.ladder != b.ladder:
        shared = "随全项"
        yield ChangeKind.SETTING, f"催办梯次由“{a.ladder or shared}”改为“{b.ladder or shared}”。"


def _days(one: Milestone) -> str:
    return "、".join(str(point.due_on) for point in one.points) or "不定日期"


def _dates(a: Milestone, b: Milestone, years: int) -> Iterator[str]:
    old = {point.label: point for point in a.points}
    for point in b.points:
        before = old.get(point.label)
        if before is None:
            yield f"“{b.due_phrase}”多出{point.label}一期，到期日{point.due_on}。"
        elif has_moved(before, point, years):
            yield date_line(b, before, point, years)
    labels = {point.label for point in b.points}
    for point in a.points:
        if point.label not in labels:
            yield f"“{a.due_phrase}”少了{point.label}一期（原到期日{point.due_on}）。"


def date_line(one: Milestone, old: Point, new: Point, years: int) -> str:
    """`3月底前：到期日…→…，最后工作日…→…，原因`: also for a date that has not moved but for its year."""
    label = f"（{new.label}）" if new.label else ""
    dates = f"到期日{old.due_on}→{new.due_on}，最后工作日{old.last_workday}→{new.last_workday}"
    why = why_moved(one.rule, old, new, years) if has_moved(old, new, years) else "照旧"
    provisional = "；放假安排未公布，按法定节日推算" if new.provisional else ""
    return f"{one.due_phrase}{label}，{dates}，{why}{provisional}。"


def _units(what: str, a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    more = [name for name in b if name not in a]
    fewer = [name for name in a if name not in b]
    if more:
        yield f"{what}增加{'、'.join(more)}。"
    if fewer:
        yield f"{what}去掉{'、'.join(fewer)}。"


def _quota(a: Quota | None, b: Quota | None) -> Iterator[str]:
    if a is None or b is None:
        if a is not b:
            yield "新设目标。" if a is None else "不再设目标。"
        return
    if (a.city_total, a.city_total_last_year) != (b.city_total, b.city_total_last_year):
        yield f"全市目标{_total(a)}→{_total(b)}。"
    old, new = {one.unit: one for one in a.targets}, {one.unit: one for one in b.targets}
    for unit in dict.fromkeys((*old, *new)):
        before, after = _cell(old.get(unit)), _cell(new.get(unit))
        if before != after:
            yield f"{unit}目标{before}→{after}。"


def _total(quota: Quota) -> str:
    if quota.city_total is None:
        return unconfirmed(quota.city_total_last_year)
    return f"{quota.city_total}{quota.unit_of_measure}"


def _cell(target: Target | None) -> str:
    if target is None:
        return "未列"
    match target.state:
        case TargetState.GIVEN:
            return f"{'≥' if target.op == '>=' else ''}{target.value}{target.unit_of_measure}"
        case TargetState.BLANK:
            return "空"
        case TargetState.NONE:
            return "--"
        case TargetState.TEXT:
            return f"“{target.text}”"
        case TargetState.UNCONFIRMED:
            return unconfirmed(target.last_year)


def _indicators(a: Sequence[Indicator], b: Sequence[Indicator]) -> Iterator[str]:
    old = {one.key: one for one in a}
    new = {one.key for one in b}
    for one in b:
        before = old.get(one.key)
        if before is None:
            yield f"新增指标“{one.name}”。"
            continue
        if before.formula != one.formula:
            yield f"指标“{one.name}”的算法由“{before.formula}”改为“{one.formula}”。"
        if _aim(before) != _aim(one):
            yield f"指标“{one.name}”的目标{_aim(before)}→{_aim(one)}。"
    yield from (f"不再考核指标“{one.name}”。" for one in a if one.key not in new)


def _aim(one: Indicator) -> str:
    if one.target_value is not None:
        return f"{one.target_op or '='}{one.target_value}{one.unit_of_measure}"
    return "没有" if one.target_op is None else unconfirmed(one.target_last_year)


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
