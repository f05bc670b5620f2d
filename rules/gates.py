"""When a stage may be called done, by kind of campaign: judged once, from counts, when its point closes.

Pure: knows no database and no clock. The caller hands over groups of obligations that share their facts, the list of
those unfinished, and what the problem ledger or the roster adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from rules.campaign import CampaignKind, TargetState
from rules.gate_words import next_step, sentence
from rules.moves import DONE, NOT_STARTED, OUT, State
from rules.rosters import RosterCounts
from rules.standing import Facts, is_late

# A filing is done once its document is accepted; everything else once it is signed off.
FINISHED: dict[CampaignKind, frozenset[State]] = {
    kind: DONE | {State.ACCEPTED} if kind is CampaignKind.FILING else DONE for kind in CampaignKind
}


class Outcome(StrEnum):
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
class Unfinished:
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
    """The problem ledger of a stage: found = struck off + those in `open`, each named as “code（unit）”."""

    struck_off: int
    open: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        return self.struck_off + len(self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
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
        return self.ledger is not None and bool(self.ledger.open)


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
    missing: tuple[Unfinished, ...]
    passed: bool
    sentence: str
    next_step: str
    ledger: LedgerCounts | None = None
    needs_roster: bool = False
    roster: RosterCounts | None = None
    open_before: tuple[str, ...] = ()

    @property
    def rate(self) -> Fraction | None:
        """按时办结率 as an exact share; None when nothing was owed."""
        return Fraction(self.done_in_time, self.owed) if self.owed else None

    @property
    def completion(self) -> Fraction | None:
        """办结率 as an exact share; None when nothing was owed."""
        return Fraction(self.done, self.owed) if self.owed else None


def outcome(kind: CampaignKind, group: GateGroup, as_of_on: date) -> Outcome:
    """Where the obligations of a group stand at the gate."""
    if group.state in OUT or group.state in NOT_STARTED:
        return Outcome.OUT
    if kind is CampaignKind.QUOTA:
        if group.target_state is TargetState.NONE:
            return Outcome.OUT
        if group.reached:
            timely = group.reached_on is not None and group.reached_on <= group.due_on
            return Outcome.IN_TIME if timely else Outcome.LATE
    if group.state in FINISHED[kind]:
        return Outcome.LATE if handed_in_late(group) else Outcome.IN_TIME
    return Outcome.NOT_DUE if group.due_on > as_of_on else Outcome.OPEN


def handed_in_late(group: GateGroup) -> bool:
    """The permanent mark, or a date of handing in after the due date."""
    facts = Facts(state=group.state, due_on=group.due_on, submitted_on=group.done_on)
    return group.late or is_late(facts)


def closes(stage: Stage, groups: Iterable[GateGroup], as_of_on: date) -> bool:
    """Whether the gate closes today: the day after its date, or on its date when nothing is left to do.

    Never before its date, although everything may be done: until then problems are found, subjects come onto the
    roster and matters are reopened, and a gate closes only once.
    """
    if as_of_on != stage.due_on:
        return as_of_on > stage.due_on
    return judge(stage, groups, (), as_of_on=as_of_on).passed


def judge(
    stage: Stage, groups: Iterable[GateGroup], missing: tuple[Unfinished, ...], *, as_of_on: date
) -> GateResult:
    """What the gate finds. `missing` lists exactly the obligations whose outcome is open."""
    counts = dict.fromkeys(Outcome, 0)
    for group in groups:
        counts[outcome(stage.kind, group, as_of_on)] += group.obligations
    done = counts[Outcome.IN_TIME] + counts[Outcome.LATE]
    found = GateResult(
        as_of_on=as_of_on,
        owed=done + counts[Outcome.OPEN],
        done=done,
        done_in_time=counts[Outcome.IN_TIME],
        open=counts[Outcome.OPEN],
        not_due=counts[Outcome.NOT_DUE],
        out=counts[Outcome.OUT],
        missing=missing,
        passed=False,
        sentence="",
        next_step="",
        ledger=stage.ledger,
        needs_roster=stage.needs_roster,
        roster=stage.roster,
        open_before=stage.open_before,
    )
    return _told(stage, found)


def _told(stage: Stage, found: GateResult) -> GateResult:
    passed = found.open == 0 and found.not_due == 0 and not stage.unknown and not stage.problems_left
    values = {name: getattr(found, name) for name in GateResult.__dataclass_fields__}
    values |= {
        "passed": passed,
        "sentence": sentence(stage, found, passed),
        "next_step": next_step(stage, found),
    }
    return GateResult(**values)
