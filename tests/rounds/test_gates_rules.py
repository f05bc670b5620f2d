"""What "done" means for each kind of campaign when a stage's day has come."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from calendars.model import CampaignKind, TargetState
from duban.obligations.states import NOT_STARTED, OUT, State
from duban.rosters.rules import RosterCounts
from duban.rounds.gate_rules import (
    GateGroup,
    GateOutcome,
    GateResult,
    GateStage,
    LedgerCounts,
    UnfinishedRow,
    gate_closes,
    gate_outcome,
    judge_gate,
)

DUE = date(2026, 3, 31)
AFTER = date(2026, 4, 1)
TIANNING = UnfinishedRow(unit="天宁区民政局", obligation_id=7, word="逾期", days_overdue=1)


def a_stage(kind: CampaignKind = CampaignKind.FILING, **values) -> GateStage:
    return GateStage(campaign="地名标志巡检2026", kind=kind, title="巡检计划报备案", due_on=DUE, **values)


def a_group(state: State = State.CLOSED, obligations: int = 1, **values) -> GateGroup:
    return GateGroup(**{"state": state, "due_on": DUE, "obligations": obligations, "done_on": None} | values)


def judged(stage: GateStage, *groups: GateGroup, missing: tuple[UnfinishedRow, ...] = ()) -> GateResult:
    return judge_gate(stage, groups, missing, as_of_on=AFTER)


def test_a_filing_is_done_once_its_document_is_accepted() -> None:
    accepted = a_group(State.ACCEPTED, 6, done_on=DUE)

    assert judged(a_stage(), accepted).passed
    assert not judged(a_stage(CampaignKind.RECTIFICATION), accepted).passed


def test_a_filing_names_who_has_not_filed_and_what_to_do() -> None:
    result = judged(
        a_stage(),
        a_group(State.CLOSED, 4, done_on=DUE),
        a_group(State.CLOSED, 1, done_on=AFTER),
        a_group(State.RETURNED),
        missing=(TIANNING,),
    )

    assert (result.owed, result.done, result.done_in_time, result.open) == (6, 5, 4, 1)
    assert result.rate == Fraction(4, 6)
    assert not result.passed
    assert result.sentence == (
        "地名标志巡检2026“巡检计划报备案”未完成：应办6项，审核通过5项（逾期1项），未完成1项，按时审核通过率66.7 %。"
    )
    assert result.next_step == "今日起催办未完成单位（天宁区民政局）。"


def test_who_has_handed_in_is_missing_but_not_chased() -> None:
    waiting = UnfinishedRow(unit="新北区民政局", obligation_id=8, word="待审核", handed_in=True)
    groups = (a_group(State.RETURNED), a_group(State.SUBMITTED, done_on=DUE))

    both = judged(a_stage(), *groups, missing=(TIANNING, waiting))
    only = judged(a_stage(), groups[1], missing=(waiting,))

    assert both.next_step == "今日起催办未完成单位（天宁区民政局）；抓紧审核、销号已报送的1项。"
    assert only.next_step == "抓紧审核、销号已报送的1项。"


def test_a_rectification_is_not_done_while_a_problem_is_not_struck_off() -> None:
    doers = a_group(State.CLOSED, 3, done_on=DUE)
    open_ledger = LedgerCounts(struck_off=40, open=("殡-07（金坛区民政局）",))

    stuck = judged(a_stage(CampaignKind.RECTIFICATION, number=4, ledger=open_ledger), doers)
    clean = judged(a_stage(CampaignKind.RECTIFICATION, number=4, ledger=LedgerCounts(struck_off=41)), doers)

    assert not stuck.passed and clean.passed
    assert "发现问题41个，已销号40个，未销号1个（殡-07（金坛区民政局））" in stuck.sentence


def test_an_annual_check_without_a_roster_is_unknown_and_prints_a_dash() -> None:
    unknown = judged(a_stage(CampaignKind.ANNUAL_CHECK, needs_roster=True))

    assert not unknown.passed
    assert "参检率—" in unknown.sentence
    assert "duban roster import" in unknown.next_step


def test_an_annual_check_shows_the_rosters_exact_figures() -> None:
    roster = RosterCounts(due=600, taken_part=371)

    result = judged(a_stage(CampaignKind.ANNUAL_CHECK, roster=roster), a_group(obligations=2, done_on=DUE))

    assert "应参检600家，已参检371家，参检率61.8 %" in result.sentence


def test_a_quota_is_done_when_the_newest_figure_reaches_the_target() -> None:
    reached = a_group(State.IN_PROGRESS, target_state=TargetState.GIVEN, reached=True, reached_on=DUE)
    late = a_group(State.IN_PROGRESS, target_state=TargetState.GIVEN, reached=True, reached_on=AFTER)
    short = a_group(State.IN_PROGRESS, target_state=TargetState.GIVEN)
    without = a_group(State.ASSIGNED, target_state=TargetState.NONE)

    result = judged(a_stage(CampaignKind.QUOTA), reached, late, short, without, missing=(TIANNING,))

    assert (result.owed, result.done, result.done_in_time, result.out) == (3, 2, 1, 1)
    assert not result.passed
    assert judged(a_stage(CampaignKind.QUOTA), reached, without).passed


def test_an_approved_extension_counts_by_its_new_date() -> None:
    extended = a_group(State.IN_PROGRESS, due_on=date(2026, 4, 30))

    result = judged(a_stage(), a_group(State.CLOSED, 5, done_on=DUE), extended)

    assert (result.owed, result.open, result.not_due) == (5, 0, 1)
    assert result.rate == 1
    assert not result.passed
    assert "另有1项已批延期" in result.sentence


def test_nothing_owed_has_no_rate() -> None:
    result = judged(a_stage(), a_group(State.WAIVED, 6))

    assert result.rate is None and result.completion is None
    assert result.passed
    assert "率—" in result.sentence


def test_an_event_says_before_during_or_after() -> None:
    texts = [judged(a_stage(CampaignKind.EVENT, number=n), a_group(done_on=DUE)).sentence for n in (1, 2, 3)]

    assert ["事前" in texts[0], "事中" in texts[1], "事后" in texts[2]] == [True] * 3


def test_a_stage_is_not_done_while_the_one_before_is_open() -> None:
    result = judged(a_stage(open_before=("公益性公墓审批",)), a_group(done_on=DUE))

    assert not result.passed
    assert "等待前一阶段：公益性公墓审批尚未办结" in result.sentence
    assert "补齐前一阶段公益性公墓审批" in result.next_step


def test_a_gate_closes_on_its_day_only_when_nothing_is_left_and_the_day_after_in_any_case() -> None:
    done, left = [a_group(done_on=DUE)], [a_group(State.ASSIGNED)]

    days = (DUE - timedelta(days=1), DUE, AFTER)
    assert [gate_closes(a_stage(), done, day) for day in days] == [False, True, True]
    assert [gate_closes(a_stage(), left, day) for day in days] == [False, False, True]


_days = st.dates(date(2026, 1, 1), date(2026, 6, 30))
_groups = st.builds(
    GateGroup,
    state=st.sampled_from(State),
    due_on=_days,
    obligations=st.integers(1, 50),
    done_on=st.none() | _days,
    late=st.booleans(),
    target_state=st.none() | st.sampled_from(TargetState),
    reached=st.booleans(),
    reached_on=st.none() | _days,
)


@given(kind=st.sampled_from(CampaignKind), groups=st.lists(_groups, max_size=8), as_of=_days)
def test_counts_always_add_up_and_nothing_left_out_is_in_a_denominator(kind, groups, as_of) -> None:
    result = judge_gate(a_stage(kind), groups, (), as_of_on=as_of)

    everything = sum(group.obligations for group in groups)
    assert result.owed == result.done + result.open
    assert result.owed + result.not_due + result.out == everything
    assert 0 <= result.done_in_time <= result.done
    assert (result.rate is None) == (result.owed == 0)
    assert result.passed == (result.open + result.not_due == 0)
    left_out = sum(group.obligations for group in groups if group.state in OUT | NOT_STARTED)
    assert result.out >= left_out


@given(kind=st.sampled_from(CampaignKind), group=_groups, as_of=_days)
def test_what_is_open_has_passed_its_date_and_what_is_late_was_late(kind, group, as_of) -> None:
    found = gate_outcome(kind, group, as_of)

    if found is GateOutcome.OPEN:
        assert group.due_on <= as_of
    if found is GateOutcome.IN_TIME and not group.reached:
        assert not group.late
        assert group.done_on is None or group.done_on <= group.due_on
