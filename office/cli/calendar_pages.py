"""How the calendar commands show what they found or did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from office.actions.apply_edition import Applied
from office.actions.apply_year import YearApplied
from office.actions.check_calendars import CalendarsChecked
from office.actions.edition_states import STATE_NAMES
from office.actions.show_calendar import EditionShown
from office.cli.output import complain, print_table, say
from rules.campaign import KIND_NAMES, CampaignKind

CHANGE_NAMES = {"new": "新增", "changed": "修改", "withdrawn": "撤下", "returned": "恢复"}


def print_checked(found: CalendarsChecked) -> None:
    for fault in found.faults:
        complain(str(fault))
    for finding in found.sums:
        say(f"合计对不上：{finding.sentence}")
    for text in found.undated:
        say(f"日期待定：{text}")
    if found.provisional:
        say(f"有{found.provisional}个日期依据尚未公布的放假安排，为暂定。")
    say(f"读通{found.editions}个专项行动，错误{len(found.faults)}处，合计对不上{len(found.sums)}处。")


def print_applied(done: YearApplied, *, dry_run: bool) -> None:
    for fault in done.faults:
        complain(str(fault))
    for reason in done.refused:
        complain(reason)
    for name in done.unlisted:
        say(f"文件里已没有{name}，台账里仍在；不再开展的，请用 duban calendar withdraw 撤回。")
    for name in done.left:
        say(
            f"{name}在门户里改过，以门户为准，没有按文件载入；要改回文件的，请用 duban calendar apply 文件路径。"
        )
    changed = [one for one in done.editions if one.outcome != "unchanged"]
    for one in changed:
        for line in change_lines(one):
            say(line)
    new, moved = sum(one.obligations_new for one in changed), sum(one.obligations_moved for one in changed)
    told = len({name for one in changed for name in one.told})
    head = "将" if dry_run else "已"
    say(
        f"{done.year}年{len(done.editions)}个专项行动，{head}变更{len(changed)}个："
        f"任务新增{new}项、改期{moved}项、撤销{sum(one.obligations_cancelled for one in changed)}项，告知{told}个单位。"
    )


def print_applied_one(one: Applied, *, dry_run: bool) -> None:
    if one.outcome == "unchanged":
        say(f"{one.name}{one.year}年与文件一致，日期和任务没有改动；今后以文件为准。")
        return
    for line in change_lines(one):
        say(line)
    say(f"{one.name}{one.year}年{'将' if dry_run else '已'}按文件载入，今后以文件为准。")


def change_lines(one: Applied) -> Iterator[str]:
    yield f"{one.name}（{STATE_NAMES[one.state]}）：任务新增{one.obligations_new}项、改期{one.obligations_moved}项。"
    if one.outcome == "new":
        return
    for change in one.milestones:
        dates = "；".join(
            f"{point.label}{point.before or '无'} → {point.after or '无'}" for point in change.points
        )
        yield f"  {CHANGE_NAMES[change.change]}“{change.title}”{dates}"
    if one.told:
        yield f"  告知：{'、'.join(one.told)}"


def print_editions(found: Sequence[EditionShown]) -> None:
    rows = (
        (
            one.campaign,
            one.name,
            KIND_NAMES[CampaignKind(one.kind)],
            STATE_NAMES[one.state],
            len(one.milestones),
            sum(milestone.obligations for milestone in one.milestones),
            sum(milestone.finished for milestone in one.milestones),
        )
        for one in found
    )
    columns = ("代号", "名称", "类别", "状态", "节点", "任务", "办结")
    print_table(f"{found[0].year}年专项行动（{len(found)}个）", columns, rows)


def print_edition(one: EditionShown) -> None:
    say(
        f"{one.name} {one.year}（{KIND_NAMES[CampaignKind(one.kind)]}，{STATE_NAMES[one.state]}，梯次 {one.ladder}）"
    )
    rows = (
        (
            milestone.title,
            milestone.due_phrase,
            "、".join(_date(point) for point in milestone.points) or (milestone.undated or "—"),
            _leads(milestone.leads),
            f"{milestone.finished}/{milestone.obligations}",
            milestone.source,
        )
        for milestone in one.milestones
    )
    print_table("节点", ("节点", "原文时限", "到期日", "牵头单位", "办结/任务", "出处"), rows)


def _leads(names: tuple[str, ...]) -> str:
    return "、".join(names) if len(names) <= 2 else f"{names[0]}等{len(names)}个单位"


def _date(point: tuple[str, object, object, bool]) -> str:
    label, due_on, last_workday, provisional = point
    text = f"{label} {due_on}".strip()
    if last_workday != due_on:
        text += f"（最后工作日{last_workday}）"
    return text + ("（暂定）" if provisional else "")
