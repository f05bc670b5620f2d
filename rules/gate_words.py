"""How a gate's result is told: one sentence and the next step. Decides nothing; rules.gates does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.campaign import CampaignKind
from rules.figures import rate, shown

if TYPE_CHECKING:
    from rules.gates import GateResult, Stage

# The three stages of an event, by their number in the file.
PHASES = {1: "事前", 2: "事中", 3: "事后"}
_NAMED = 5


def sentence(stage: Stage, found: GateResult, passed: bool) -> str:
    """What the gate found, in one Chinese sentence; each kind says done in its own word."""
    verdict = "已完成" if passed else "未完成"
    parts = [_KIND_PARTS[stage.kind](stage, found), *_ledger_parts(stage)]
    if found.not_due:
        parts.append(f"另有{found.not_due}项已批延期，按新时限计")
    if found.out:
        parts.append(f"{found.out}项免办、暂停、撤销或无目标，不计入")
    if found.open_before:
        parts.append(f"前一阶段尚未收口：{'、'.join(found.open_before)}")
    return f"{stage.campaign}“{stage.name}”{verdict}：{'；'.join(parts)}。"


def _counted(found: GateResult, unit: str, done: str) -> str:
    if not found.owed:
        return f"应办0{unit}，按时办结率{shown(None)}"
    late = found.done - found.done_in_time
    text = f"应办{found.owed}{unit}，{done}{found.done}{unit}"
    if late:
        text += f"（逾期{late}{unit}）"
    if found.open:
        text += f"，未完成{found.open}{unit}"
    return f"{text}，按时办结率{shown(rate(found.done_in_time, found.owed), '%')}"


def _filing(stage: Stage, found: GateResult) -> str:
    return _counted(found, "项", "审核通过")


def _rectification(stage: Stage, found: GateResult) -> str:
    number = f"第{stage.number}阶段" if stage.number else ""
    return number + _counted(found, "项", "销号")


def _annual_check(stage: Stage, found: GateResult) -> str:
    if stage.unknown:
        return f"应参检数未知，参检率{shown(None)}"
    text = _counted(found, "家" if stage.needs_roster else "项", "办结")
    if stage.roster is not None:
        roster = stage.roster
        text += (
            f"；应参检{roster.due}家，已参检{roster.taken_part}家，参检率{shown(roster.participation, '%')}"
        )
    return text


def _quota(stage: Stage, found: GateResult) -> str:
    return _counted(found, "项", "达到目标")


def _standing(stage: Stage, found: GateResult) -> str:
    return "本期" + _counted(found, "项", "办结")


def _event(stage: Stage, found: GateResult) -> str:
    return PHASES.get(stage.number or 0, "") + _counted(found, "项", "办结")


def _reform(stage: Stage, found: GateResult) -> str:
    return "改革步骤" + _counted(found, "步", "完成")


_KIND_PARTS = {
    CampaignKind.FILING: _filing,
    CampaignKind.RECTIFICATION: _rectification,
    CampaignKind.ANNUAL_CHECK: _annual_check,
    CampaignKind.QUOTA: _quota,
    CampaignKind.STANDING: _standing,
    CampaignKind.EVENT: _event,
    CampaignKind.REFORM: _reform,
}


def _ledger_parts(stage: Stage) -> list[str]:
    ledger = stage.ledger
    if ledger is None:
        return []
    text = f"发现问题{ledger.found}个，已销号{ledger.struck_off}个，未销号{len(ledger.open)}个"
    return [text + (f"（{_some(ledger.open)}）" if ledger.open else "")]


def next_step(stage: Stage, found: GateResult) -> str:
    """What is to be done now, for the leader."""
    steps = []
    if stage.unknown:
        steps.append("请先用 duban roster import 导入应参检名册")
    steps += _open_steps(found)
    if found.not_due:
        steps.append(f"{found.not_due}项延期事项到新时限再核")
    if stage.problems_left:
        steps.append("督促未销号问题逐个整改、核实、销号")
    if found.open_before:
        steps.append(f"补齐前一阶段{'、'.join(found.open_before)}")
    return ("；".join(steps) or "本阶段已收口，按计划转入下一阶段") + "。"


def _open_steps(found: GateResult) -> list[str]:
    """Units that owe are chased; what they have handed in waits for us, not for them."""
    steps = []
    units = tuple(dict.fromkeys(one.unit for one in found.missing if not one.handed_in))
    handed_in = sum(one.handed_in for one in found.missing)
    if units:
        steps.append(f"今日起催办未完成单位（{_some(units)}）")
    elif found.open > handed_in:
        steps.append(f"今日起催办{found.open - handed_in}项未完成任务")
    if handed_in:
        steps.append(f"抓紧审核、销号已报送的{handed_in}项")
    return steps


def _some(names: tuple[str, ...]) -> str:
    more = f"等{len(names)}个" if len(names) > _NAMED else ""
    return "、".join(names[:_NAMED]) + more
