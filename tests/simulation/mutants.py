"""The faults that are planted: each a small edit of one file, in the words of what would go wrong in an office.

A fault whose old text is not found exactly once fails the tests, so that the table lives as long as the code. Where a
rehearsal cannot see it (who may open a page, a form's words) the noun's own test is named.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault. `small` ones run with every `make test`; `test` is asked where the rehearsal saw nothing."""

    area: str
    says: str
    file: str
    old: str
    new: str
    test: str = ""
    rehearsed: bool = True
    small: bool = False


SCHEDULE, ROUNDS = "duban/rounds/schedule.py", "duban/rounds/queries.py"
READERS = "duban/rounds/reader_queries.py"
OUTBOX, DELIVERY, COMPOSE = "duban/outbox/queries.py", "duban/letters/delivery.py", "duban/letters/compose.py"
LETTERS, GATES, GATE_RULES = "duban/letters/queries.py", "duban/rounds/gates.py", "duban/rounds/gate_rules.py"
RULES, LIGHTS, STATES = (
    "duban/obligations/rules.py",
    "duban/obligations/lights.py",
    "duban/obligations/states.py",
)
ACTS = "duban/obligations/transitions.py"

MUTANTS: tuple[Mutant, ...] = (
    # Planning: what is owed by which day.
    Mutant(
        area="planning",
        says="advance reminders a day early",
        file=SCHEDULE,
        old="max(base, opened_on) if rung.workdays > 0 else base, rung.workdays)",
        new="max(base, opened_on) if rung.workdays > 0 else base, rung.workdays - (rung.workdays < 0))",
    ),
    Mutant(
        area="planning",
        says="a chase a day late",
        file=SCHEDULE,
        old="max(base, opened_on) if rung.workdays > 0 else base, rung.workdays)",
        new="max(base, opened_on) if rung.workdays > 0 else base, rung.workdays + (rung.workdays > 0))",
    ),
    Mutant(
        area="planning",
        says="the due day's own reminder is left out",
        file=SCHEDULE,
        old="        if day >= opened_on:\n            days",
        new="        if day >= opened_on and day != base:\n            days",
    ),
    Mutant(
        area="planning",
        says="rungs count from the date itself, not its last workday",
        file=SCHEDULE,
        old="base = workdays.on_or_before(due_on)",
        new="base = due_on",
    ),
    Mutant(
        area="planning",
        says="only what falls on the day, nothing is caught up",
        file=SCHEDULE,
        old="one.on <= today and one.rung.audience is audience]",
        new="one.on == today and one.rung.audience is audience]",
    ),
    Mutant(
        area="planning",
        says="an edition that was planned once is never looked at again",
        file=ROUNDS,
        old="return waits and signature == self.planned_signature",
        new="return self.planned_on is not None",
        small=True,
    ),
    Mutant(
        area="planning",
        says="a day that comes is not waited for",
        file=ROUNDS,
        old="waits = self.next_fire_on is None or today < self.next_fire_on",
        new="waits = True",
    ),
    Mutant(
        area="planning",
        says="suspended matters are reminded of",
        file=STATES,
        old="OPEN = frozenset({State.ASSIGNED, State.ACKNOWLEDGED,",
        new="OPEN = frozenset({State.SUSPENDED, State.ASSIGNED, State.ACKNOWLEDGED,",
    ),
    # Recipients: who is told.
    Mutant(
        area="recipients",
        says="digests addressed to the next unit",
        file=OUTBOX,
        old="AS told ON told.unit_id = need.unit_id AND",
        new="AS told ON told.unit_id = need.unit_id + 1 AND",
        small=True,
    ),
    Mutant(
        area="recipients",
        says="escalations go to the unit itself",
        file=READERS,
        old='_LEADERS = {"parent": (ABOVE,),',
        new='_LEADERS = {"parent": (UNIT,),',
    ),
    Mutant(
        area="recipients",
        says="escalations go to the coordinator instead of the superior",
        file=READERS,
        old='_LEADERS = {"parent": (ABOVE,),',
        new='_LEADERS = {"parent": (COORDINATOR,),',
    ),
    Mutant(
        area="recipients",
        says="others hear of a unit that nobody chased",
        file=ROUNDS,
        old='chased(_CHASE) if reader is not UNIT else "",',
        new='"",',
        test="tests/rounds/test_chase_before_others.py",
    ),
    Mutant(
        area="recipients",
        says="others hear of it on the day after the chase",
        file=SCHEDULE,
        old="-ladder.days_after_chase(current.rung))",
        new="-1)",
        test="tests/rounds/test_chase_before_others.py",
    ),
    Mutant(
        area="planning",
        says="what the leader is owed stands for what the unit is owed",
        file=SCHEDULE,
        old="one.on <= today and one.rung.audience is audience]",
        new="one.on <= today]",
    ),
    Mutant(
        area="planning",
        says="nobody hears of an item again after its last rung",
        file=SCHEDULE,
        old="    if not rung.repeat:\n        return\n",
        new="    return\n",
        test="tests/rounds/test_rungs.py",
    ),
    Mutant(
        area="letters",
        says="a letter lists only what its rung fired for, not what is overdue",
        file=COMPOSE,
        old="        overdue = self.data.overdue.get(row.unit_id, ())\n",
        new="        overdue = planned.get(Kind.CHASE.value, ())\n",
    ),
    Mutant(
        area="letters",
        says="a duty that is owed several times names its first only",
        file=COMPOSE,
        old="                for one in others\n            ),",
        new="                for one in others[:0]\n            ),",
    ),
    Mutant(
        area="recipients",
        says="the unit's own letters go to its leader",
        file=OUTBOX,
        old="CASE WHEN {worker} OR {better_leader} THEN 0 ELSE 1 END\n        END AS own",
        new="CASE WHEN {better_leader} THEN 0 ELSE 1 END\n        END AS own",
    ),
    Mutant(
        area="recipients",
        says="leaders get no copies of chases",
        file=OUTBOX,
        old="CASE WHEN c.duty = 'deputy_leader' THEN 1 ELSE 0 END AS copy",
        new="0 AS copy",
    ),
    Mutant(
        area="recipients",
        says="contacts that left still get letters",
        file=OUTBOX,
        old="AS copy\n    FROM contact AS c WHERE c.active",
        new="AS copy\n    FROM contact AS c WHERE 1 = 1",
    ),
    # Letters: what is said.
    Mutant(
        area="letters",
        says="a digest shows only its first item",
        file=COMPOSE,
        old="duties if escalates else duties[:SHOWN]",
        new="duties if escalates else duties[:1]",
        small=True,
    ),
    Mutant(
        area="letters",
        says="links lead to the next obligation",
        file=COMPOSE,
        old='?to={obligation_id}"',
        new='?to={obligation_id + 1}"',
        small=True,
    ),
    Mutant(
        area="letters",
        says="the letter names the superior's wall as the date",
        file=COMPOSE,
        old="            due_on=one.due_on,\n            last_workday=last_workday,",
        new="            due_on=one.hard_due_on or one.due_on,\n            last_workday=last_workday,",
    ),
    Mutant(
        area="letters",
        says="letters do not say that a date is provisional",
        file=COMPOSE,
        old="            provisional=provisional,\n            light",
        new="            provisional=False,\n            light",
        test="tests/letters/test_delivery_letters.py",
    ),
    Mutant(
        area="letters",
        says="the light in the letter knows no pace",
        file=COMPOSE,
        old="facts = Facts(state=one.state, due_on=one.due_on, pace=pace)",
        new="facts = Facts(state=one.state, due_on=one.due_on)",
    ),
    Mutant(
        area="letters",
        says="what was handed in since is still reminded of",
        file=LETTERS,
        old="        obligation.c.state.in_(_OPEN),\n        edition",
        new="        edition",
    ),
    Mutant(
        area="letters",
        says="the other kinds are left out of a digest",
        file=COMPOSE,
        old="tuple(self._section(_KINDS[kind], some, links) for kind, some in owed)",
        new="tuple(self._section(_KINDS[kind], some, links) for kind, some in owed[:1])",
    ),
    # Delivery: how it leaves.
    Mutant(
        area="delivery",
        says="accepted letters recorded as failed",
        file=DELIVERY,
        old='return self.outcome(row, "accepted", receipt=receipt, tried=True)',
        new='return self.outcome(row, "failed", receipt=receipt, tried=True)',
        small=True,
    ),
    Mutant(
        area="delivery",
        says="unsure letters retried by themselves",
        file=DELIVERY,
        old='return self.outcome(row, "unsure", said, receipt=receipt, tried=True)',
        new="return self.retry(row, said, receipt)",
        small=True,
    ),
    Mutant(
        area="delivery",
        says="what broke off after it was handed over waits again",
        file=OUTBOX,
        old="expired.where(dispatch.c.handed_at.is_(None)).values(",
        new="expired.values(",
    ),
    Mutant(
        area="delivery",
        says="temporary failures are given up at once",
        file=DELIVERY,
        old="if row.attempts >= len(waits):",
        new="if row.attempts >= 0:",
        test="tests/letters",
    ),
    Mutant(
        area="delivery",
        says="temporary failures are recorded as accepted",
        file=DELIVERY,
        old="                return self.retry(row, said, receipt)\n",
        new='                return self.outcome(row, "accepted", said, receipt=receipt, tried=True)\n',
    ),
    Mutant(
        area="delivery",
        says="permanent failures are recorded as accepted",
        file=DELIVERY,
        old='return self.outcome(row, "failed", said, receipt=receipt, tried=True, falls_back=falls_back)',
        new='return self.outcome(row, "accepted", said, receipt=receipt, tried=True)',
        test="tests/letters",
    ),
    Mutant(
        area="delivery",
        says="two letters a day to one address",
        file=OUTBOX,
        old="        if (to := (row.channel, row.address, row.ref)) in told or newest[to] != row.id",
        new="        if False",
        test="tests/letters/test_delivery_letters.py",
    ),
    Mutant(
        area="delivery",
        says="letters leave on days off",
        file="duban/bureau.py",
        old="return next_opening(moment, quiet, bureau.workdays)",
        new="return moment",
    ),
    Mutant(
        area="delivery",
        says="rows hang in sending when a machine died",
        file=OUTBOX,
        old='expired = update(dispatch).where(dispatch.c.status == "sending", dispatch.c.lease_until <= now)',
        new='expired = update(dispatch).where(dispatch.c.status == "sent", dispatch.c.lease_until <= now)',
    ),
    # Gates.
    Mutant(
        area="gates",
        says="gates never close",
        file=GATE_RULES,
        old="        return as_of_on > stage.due_on\n",
        new="        return False\n",
        small=True,
    ),
    Mutant(
        area="gates",
        says="gates close a day early",
        file=GATE_RULES,
        old="    if as_of_on != stage.due_on:\n        return as_of_on > stage.due_on\n",
        new="    return True\n",
    ),
    Mutant(
        area="gates",
        says="what is late counts as in time at the gate",
        file=GATE_RULES,
        old="return GateOutcome.LATE if group.late or is_late(facts) else GateOutcome.IN_TIME",
        new="return GateOutcome.IN_TIME",
        test="tests/rounds/test_gates_rules.py",
    ),
    Mutant(
        area="gates",
        says="what is missing at the gate counts as not due",
        file=GATE_RULES,
        old="return GateOutcome.NOT_DUE if group.due_on > as_of_on else GateOutcome.OPEN",
        new="return GateOutcome.NOT_DUE",
    ),
    # Closing: what may be done by whom.
    Mutant(
        area="closing",
        says="who handed in may review",
        file=RULES,
        old='    if by.person_id in matter.submitters:\n        own.append(f"{by.name}报送过这项任务，不能审核',
        new='    if False:\n        own.append(f"{by.name}报送过这项任务，不能审核',
        test="tests/obligations",
    ),
    Mutant(
        area="closing",
        says="who reviewed may sign off",
        file=RULES,
        old='        if by.person_id in matter.reviewers:\n            own.append(f"{by.name}审核过这项任务，不能再销号',
        new='        if False:\n            own.append(f"{by.name}审核过这项任务，不能再销号',
        test="tests/obligations",
    ),
    Mutant(
        area="closing",
        says="one reviewer may pass every level",
        file=RULES,
        old="    elif by.person_id in matter.passed_by:",
        new="    elif False:",
        test="tests/obligations",
    ),
    Mutant(
        area="closing",
        says="an extension goes beyond the superior's wall",
        file=RULES,
        old="    if clocks.hard_due_on and wanted_on > clocks.hard_due_on:",
        new="    if False:",
        test="tests/obligations",
    ),
    Mutant(
        area="closing",
        says="a later stage passes before the earlier one is closed",
        file=RULES,
        old="    if matter.waits_for and verb in (Transition.PASS, Transition.SIGN_OFF):",
        new="    if False:",
        test="tests/stories/test_story_closing.py",
    ),
    Mutant(
        area="closing",
        says="a ledger with open problems is signed off",
        file=RULES,
        old="ledger = () if matter.ledger is None else closing_refusals(matter.ledger, today)",
        new="ledger: tuple[str, ...] = ()",
        test="tests/stories/test_story_closing.py",
    ),
    Mutant(
        area="closing",
        says="an empty ledger is handed in without a word",
        file="duban/problems/rules.py",
        old="    if not zero_report and not ledger.found:",
        new="    if False:",
        test="tests/stories/test_story_closing.py",
    ),
    Mutant(
        area="closing",
        says="what was opened by a reviewer is taken back",
        file=RULES,
        old="    if matter.passed_by or opened:",
        new="    if False:",
        test="tests/obligations tests/stories",
    ),
    Mutant(
        area="closing",
        says="a unit gives its matter away by itself",
        file=STATES,
        old='Transition.FORWARD: _rule("改派", {_C},',
        new='Transition.FORWARD: _rule("改派", {_C, _H},',
        test="tests/obligations tests/stories",
    ),
    Mutant(
        area="closing",
        says="who asked to forward decides it himself",
        file=RULES,
        old='    if asked_by == by.person_id:\n        own.append(f"{by.name}是申请人，不能批复自己的改派',
        new='    if False:\n        own.append(f"{by.name}是申请人，不能批复自己的改派',
        test="tests/obligations",
    ),
    # Supporting units.
    Mutant(
        area="supporters",
        says="supporters are told of another unit's duty",
        file="duban/rounds/support_queries.py",
        old='_GROUP = "o.point_id = :point_id AND',
        new='_GROUP = "o.point_id <> :point_id AND',
        test="tests/rounds/test_support_rounds.py tests/stories/test_story_support.py",
    ),
    Mutant(
        area="supporters",
        says="who has reported is reminded all the same",
        file="duban/rounds/support_queries.py",
        old="o.state IN ('acknowledged', 'pending')",
        new="o.state IN ('acknowledged', 'pending', 'reported')",
        test="tests/rounds tests/stories",
    ),
    Mutant(
        area="supporters",
        says="letters leave supporting duties out",
        file=COMPOSE,
        old="supports=tuple(self._support(some, links) for some in _by_duty(supports)[:SHOWN]),",
        new="supports=(),",
        test="tests/rounds/test_support_rounds.py tests/stories/test_story_support.py",
    ),
    # Times.
    Mutant(
        area="times",
        says="handing in late leaves no mark",
        file="duban/evidence/service.py",
        old="late = act.one.late or today > act.one.due_on",
        new="late = act.one.late",
    ),
    Mutant(
        area="times",
        says="the days of a suspension are not given back",
        file=RULES,
        old="    moved = clocks.due_on + (clocks.today - suspended_on)",
        new="    moved = clocks.due_on",
    ),
    Mutant(
        area="times",
        says="a granted extension moves nothing",
        file=ACTS,
        old='moved = {"due_on": granted_on, "extended_times": act.one.extended_times + 1} if granted else {}',
        new='moved = {"extended_times": act.one.extended_times + 1} if granted else {}',
    ),
    Mutant(
        area="times",
        says="signing off leaves no day",
        file=ACTS,
        old="act.move(Transition.SIGN_OFF, closed_on=act.today)",
        new="act.move(Transition.SIGN_OFF)",
    ),
    Mutant(
        area="times",
        says="paper is stated to have come later than it was received",
        file=RULES,
        old="    if stated_on >= newest.received_on:",
        new="    if False:",
        test="tests/obligations tests/stories",
    ),
    Mutant(
        area="times",
        says="paper is stated to have come before what it builds on",
        file=RULES,
        old="    elif stated_on < newest.after_on:",
        new="    elif False:",
        test="tests/obligations tests/stories",
    ),
    Mutant(
        area="times",
        says="who stated a date accepts it himself",
        file=RULES,
        old="    if waiting.stated_by == by.person_id:",
        new="    if False:",
        test="tests/portal/test_queue_reviews.py tests/stories/test_story_which_time_counts.py",
    ),
    # Rates and lights.
    Mutant(
        area="rates",
        says="late work counts as in time",
        file="duban/figures/measures.py",
        old="in_time = done and not late and not is_late(facts)",
        new="in_time = done",
    ),
    Mutant(
        area="rates",
        says="what is not yet due is in the denominator",
        file="duban/figures/measures.py",
        old="due, done = facts.due_on <= today, facts.state in DONE",
        new="due, done = True, facts.state in DONE",
    ),
    Mutant(
        area="rates",
        says="waived matters are in the denominator",
        file="duban/figures/measures.py",
        old="    if facts.state in NOT_STARTED or facts.state in OUT:\n        return RateTally(out=1)\n",
        new="",
    ),
    Mutant(
        area="lights",
        says="overdue stays yellow",
        file=LIGHTS,
        old='    if overdue:\n        return Light.RED, "逾期"',
        new='    if overdue:\n        return Light.YELLOW, "逾期"',
    ),
    Mutant(
        area="lights",
        says="a quota far behind stays green",
        file=LIGHTS,
        old="if behind is not None and behind > thresholds.pace_red_points:",
        new="if False:",
    ),
    # The history.
    Mutant(
        area="history",
        says="entries are sealed to nothing before them",
        file="duban/history/queries.py",
        old='row["entry_hash"] = previous = seal(row, previous)',
        new='row["entry_hash"] = previous = seal(row, "")',
    ),
)
