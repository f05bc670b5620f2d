"""A roll plan in words, line by line, for the person who decides on it."""

from __future__ import annotations

from collections.abc import Iterator

from calendars.roll.plan import RollPlan


def describe(plan: RollPlan) -> Iterator[str]:
    """The plan as Chinese lines: what is carried, what moved and why, what ends, what is open, what is faulty."""
    yield f"{plan.from_year}年结转到{plan.to_year}年：生成{len(plan.files)}个文件。"
    if plan.provisional:
        yield f"{plan.to_year}年放假安排未公布，工作日按法定节日推算，通知公布后会重新核算。"
    still = len(plan.dates) - len(plan.moved)
    yield f"日期有变动的{len(plan.moved)}个，其余{still}个只换年份："
    yield from (f"  {line.text}" for line in plan.moved)
    yield f"不结转的{len(plan.dropped)}项："
    yield from (f"  {gone.name}：{gone.reason}" for gone in plan.dropped)
    yield f"待确认的目标{len(plan.targets)}个，请对照新文件填写，上年数写在括号里："
    yield from (f"  {line}" for line in _open_targets(plan))
    if plan.faults:
        yield f"有{len(plan.faults)}处没能结转："
        yield from (f"  {fault}" for fault in plan.faults)


def _open_targets(plan: RollPlan) -> Iterator[str]:
    """One line for each campaign and figure, not one for each unit."""
    names = {edition.campaign: edition.name for edition in plan.editions}
    counted: dict[tuple[str, str], int] = {}
    for target in plan.targets:
        key = (target.campaign, target.what)
        counted[key] = counted.get(key, 0) + 1
    yield from (f"{names[campaign]}·{what}：{count}个" for (campaign, what), count in counted.items())
