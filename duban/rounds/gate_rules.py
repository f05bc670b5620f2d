"""When a stage may be called done, by kind of campaign: judged once, from counts, when its point closes.

Pure: knows no database and no clock. The caller hands over groups of obligations that share their facts, the list of
those unfinished, and what the problem ledger or the roster adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from calendars.formulas import figure_shown, rate_of
from calendars.model import CampaignKind, TargetState
from duban.obligations.lights import Facts, is_late
from duban.obligations.states import DONE, NOT_STARTED, OUT, State
from duban.rosters.rules import RosterCounts

# A filing is done once its document is accepted; everything else once it is signed off.
FINISHED: dict[CampaignKind, frozenset[State]] = {
    kind: DONE | {State.ACCEPTED} if kind is CampaignKind.FILING else DONE for kind in CampaignKind
}


class GateOutcome(StrEnum):
    """Where one obligation stands when its gate closes; exactly one holds."""

    IN_TIME = "in_time"
    LATE = "late"
    OPEN = "open"
    NOT_DUE = "not_due"  # an approved extension leads past the gate: counted by its new date
    OUT = "out"  # waived, suspended, cancelled, or without a target


@dataclass(frozen=True, slots=True, kw_only=True)
class GateGroup:
    """Obligations of one point that share these facts. `done_on` is the day of handing in, else of closing.

    Of quotas: `target_state` is the cell of the source, `reached` says whether the newest figure reaches the target,
    `reached_on` since when a figure has.
    """

    state: State
    due_on: date
    obligations: int = 1
    done_on: date | None = None
    late: bool = False
    target_state: TargetState | None = None
    reached: bool = False
    reached_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedRow:
    """One obligation that is missing: whose, which, how it stands, and workdays overdue (0 where the clock stands).

    `handed_in` says that the unit has done its part and a reviewer has not: nobody chases that unit.
    """

    unit: str
    obligation_id: int
    word: str
    days_overdue: int = 0
    subject: str | None = None
    handed_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCounts:
    """The problem ledger of a stage: found = struck off + those in `open`, each named as “code（unit）”; `carried` are
    how many of these were carried on past the stage with a reason and a new date.
    """

    struck_off: int
    open: tuple[str, ...] = ()
    carried: int = 0

    @property
    def found(self) -> int:
        return self.struck_off + len(self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStage:
    """What is judged. `ledger` is None without a problem ledger; `roster` is None when none was imported.

    `open_before` names stages that should have been closed before this one and are not.
    """

    campaign: str
    kind: CampaignKind
    title: str
    due_on: date
    label: str = ""
    number: int | None = None
    needs_roster: bool = False
    roster: RosterCounts | None = None
    ledger: LedgerCounts | None = None
    open_before: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.title}（{self.label}）" if self.label else self.title

    @property
    def unknown(self) -> bool:
        """Whether nobody knows yet who has to take part."""
        return self.needs_roster and self.roster is None

    @property
    def problems_left(self) -> bool:
        return self.ledger is not None and len(self.ledger.open) > self.ledger.carried


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What a gate found: owed = done + open. `not_due` and `out` stand beside, in no denominator.

    `missing` is the exact list of the open ones. `passed` says that the stage is done in its kind's sense.
    """

    as_of_on: date
    owed: int
    done: int
    done_in_time: int
    open: int
    not_due: int
    out: int
    missing: tuple[UnfinishedRow, ...]
    passed: bool
    sentence: str
    next_step: str
    ledger: LedgerCounts | None = None
    needs_roster: bool = False
    roster: RosterCounts | None = None
    open_before: tuple[str, ...] = ()

    @property
    def rate(self) -> Fraction | None:
        """What was done in time as an exact share; None when nothing was owed."""
        return Fraction(self.done_in_time, self.owed) if self.owed else None

    @property
    def completion(self) -> Fraction | None:
        """What was done as an exact share; None when nothing was owed."""
        return Fraction(self.done, self.owed) if self.owed else None


def gate_outcome(kind: CampaignKind, group: GateGroup, as_of_on: date) -> GateOutcome:
    """Where the obligations of a group stand at the gate."""
    if group.state in OUT or group.state in NOT_STARTED:
        return GateOutcome.OUT
    if kind is CampaignKind.QUOTA:
        if group.target_state is TargetState.NONE:
            return GateOutcome.OUT
        if group.reached:
            timely = group.reached_on is not None and group.reached_on <= group.due_on
            return GateOutcome.IN_TIME if timely else GateOutcome.LATE
    if group.state in FINISHED[kind]:
        # The permanent mark, or a date of handing in after the due date.
        facts = Facts(state=group.state, due_on=group.due_on, submitted_on=group.done_on)
        return GateOutcome.LATE if group.late or is_late(facts) else GateOutcome.IN_TIME
    return GateOutcome.NOT_DUE if group.due_on > as_of_on else GateOutcome.OPEN


def gate_closes(stage: GateStage, groups: Iterable[GateGroup], as_of_on: date) -> bool:
    """Whether the gate closes today: the day after its date, or on its date when nothing is left to do.

    Never before its date, although everything may be done: until then problems are found, subjects come onto the
    roster and matters are reopened, and a gate closes only once.
    """
    if as_of_on != stage.due_on:
        return as_of_on > stage.due_on
    return judge_gate(stage, groups, (), as_of_on=as_of_on).passed


def judge_gate(
    stage: GateStage, groups: Iterable[GateGroup], missing: tuple[UnfinishedRow, ...], *, as_of_on: date
) -> GateResult:
    """What the gate finds. `missing` lists exactly the obligations whose outcome is open."""
    counts = Counter[GateOutcome]()
    for group in groups:
        counts[gate_outcome(stage.kind, group, as_of_on)] += group.obligations
    done = counts[GateOutcome.IN_TIME] + counts[GateOutcome.LATE]
    left, not_due = counts[GateOutcome.OPEN], counts[GateOutcome.NOT_DUE]
    found = GateResult(
        as_of_on=as_of_on,
        owed=done + left,
        done=done,
        done_in_time=counts[GateOutcome.IN_TIME],
        open=left,
        not_due=not_due,
        out=counts[GateOutcome.OUT],
        missing=missing,
        passed=not (left or not_due or stage.unknown or stage.problems_left or stage.open_before),
        sentence="",
        next_step="",
        ledger=stage.ledger,
        needs_roster=stage.needs_roster,
        roster=stage.roster,
        open_before=stage.open_before,
    )
    return replace(found, sentence=_sentence(stage, found), next_step=_next_step(stage, found))


# What each kind counts, and its own word for done.
_COUNTED = {
    CampaignKind.FILING: ("项", "审核通过"),
    CampaignKind.RECTIFICATION: ("项", "销号"),
    CampaignKind.ANNUAL_CHECK: ("项", "办结"),
    CampaignKind.QUOTA: ("项", "达到目标"),
    CampaignKind.STANDING: ("项", "办结"),
    CampaignKind.EVENT: ("项", "办结"),
    CampaignKind.REFORM: ("步", "完成"),
}
# Where "done" is not signing off the rate has a name of its own, so that 办结率 is one thing everywhere.
RATE_NAMES = dict.fromkeys(CampaignKind, "办结率") | {
    CampaignKind.FILING: "审核通过率",
    CampaignKind.QUOTA: "达标率",
}
# The three stages of an event, by their number in the file.
PHASES = {1: "事前", 2: "事中", 3: "事后"}
_NAMED = 5


def _sentence(stage: GateStage, found: GateResult) -> str:
    """What the gate found, in one Chinese sentence."""
    parts = [_head(stage) + _counts(stage, found)]
    if stage.roster is not None and stage.kind is CampaignKind.ANNUAL_CHECK:
        share = stage.roster.rate("participation").shown
        parts.append(f"应参检{stage.roster.due}家，已参检{stage.roster.taken_part}家，参检率{share}")
    if stage.ledger is not None:
        ledger = stage.ledger
        text = f"发现问题{ledger.found}个，已销号{ledger.struck_off}个，未销号{len(ledger.open)}个"
        parts.append(text + (f"（{_some(ledger.open)}）" if ledger.open else ""))
        if ledger.carried:
            parts.append(f"其中结转{ledger.carried}个")
    if found.not_due:
        parts.append(f"另有{found.not_due}项已批延期，按新时限计")
    if found.out:
        parts.append(f"{found.out}项免办、暂停、撤销或无目标，不计入")
    if found.open_before:
        parts.append(f"等待前一阶段：{'、'.join(found.open_before)}尚未办结")
    verdict = "已完成" if found.passed else "未完成"
    return f"{stage.campaign}“{stage.name}”{verdict}：{'；'.join(parts)}。"


def _head(stage: GateStage) -> str:
    if stage.kind is CampaignKind.RECTIFICATION:
        return f"第{stage.number}阶段" if stage.number else ""
    if stage.kind is CampaignKind.EVENT:
        return PHASES.get(stage.number or 0, "")
    return {CampaignKind.STANDING: "本期", CampaignKind.REFORM: "改革步骤"}.get(stage.kind, "")


def _counts(stage: GateStage, found: GateResult) -> str:
    unit, done = _COUNTED[stage.kind]
    if stage.kind is CampaignKind.ANNUAL_CHECK and stage.unknown:
        return f"应参检数未知，参检率{figure_shown(None)}"
    if stage.kind is CampaignKind.ANNUAL_CHECK and stage.needs_roster:
        unit = "家"
    if not found.owed:
        return f"应办0{unit}，按时{RATE_NAMES[stage.kind]}{figure_shown(None)}"
    late = found.done - found.done_in_time
    text = f"应办{found.owed}{unit}，{done}{found.done}{unit}"
    if late:
        text += f"（逾期{late}{unit}）"
    if found.open:
        text += f"，未完成{found.open}{unit}"
    return f"{text}，按时{RATE_NAMES[stage.kind]}{figure_shown(rate_of(found.done_in_time, found.owed), '%')}"


def _next_step(stage: GateStage, found: GateResult) -> str:
    """What is to be done now, for the leader: units that owe are chased; what they have handed in waits for us."""
    steps = []
    if stage.unknown:
        steps.append("请先用 duban roster import 导入应参检名册")
    units = tuple(dict.fromkeys(one.unit for one in found.missing if not one.handed_in))
    handed_in = sum(one.handed_in for one in found.missing)
    if units:
        steps.append(f"今日起催办未完成单位（{_some(units)}）")
    elif found.open > handed_in:
        steps.append(f"今日起催办{found.open - handed_in}项未完成任务")
    if handed_in:
        steps.append(f"抓紧审核、销号已报送的{handed_in}项")
    if found.not_due:
        steps.append(f"{found.not_due}项延期事项到新时限再核")
    if stage.problems_left:
        steps.append("督促未销号问题逐个整改、核实、销号")
    if found.open_before:
        steps.append(f"补齐前一阶段{'、'.join(found.open_before)}")
    return ("；".join(steps) or "本阶段已收口，按计划转入下一阶段") + "。"


def _some(names: tuple[str, ...]) -> str:
    more = f"等{len(names)}个" if len(names) > _NAMED else ""
    return "、".join(names[:_NAMED]) + more
