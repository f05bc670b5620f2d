"""The acts on an obligation as one table: what each takes, what it writes, what the history says of it.

From where a transition leads where and who may do it stands in duban.obligations.states. Forms, options and help are
made from the input models here. Every act is one transaction: one conditional change, one line of history.
报结 brings evidence and 反馈进展 a figure: duban.evidence.service and duban.figures.service do these over `acting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from calendars.model import TargetState
from calendars.workdays import YearUnknown
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role, person_id
from duban.core.db import Connection, rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.editions.events import follow_closing
from duban.editions.queries import edition_named
from duban.history.queries import append_entry
from duban.obligations.queries import (
    BulkSelection,
    Obligation,
    PendingForward,
    change_obligation,
    count_selected_by_state,
    end_selected_suspensions,
    end_suspension,
    hand_over,
    insert_act,
    insert_review,
    load_obligation,
    open_suspension,
    opened_by,
    owes_already,
    pending_extension,
    pending_forward,
    resume_group,
    set_extension_decision,
    set_forward_decision,
    settle_submission,
    suspend_selected,
    suspended_groups,
    waive_selected,
)
from duban.obligations.rules import (
    Clocks,
    StatedDate,
    accepting_refusals,
    asking_refusals,
    deciding_refusals,
    early_refusals,
    forward_deciding_refusals,
    resumed_due_on,
    returned_due_on,
    returning_refusals,
    review_refusals,
    sign_off_refusals,
    spot_check_refusals,
    stating_refusals,
    take_back_refusals,
)
from duban.obligations.stated_queries import (
    decide_stated_date,
    insert_stated_date,
    newest_submission,
    stated_of_newest,
)
from duban.obligations.states import (
    TRANSITION_RULES,
    State,
    Transition,
    allowed_states,
    grounds_refusals,
    role_refusals,
    state_after,
    transition_refusals,
)
from duban.outbox.queries import enqueue_urgent
from duban.units.queries import UnitEntry, find_unit, person_by_id
from duban.units.service import unit_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the doors ask for one field of an input.

    `field` is its name on a form where it differs; `required` is asked of a form, an option without a default is
    required by itself. `person` says that the command line takes a name for the id.
    """

    label: str
    option: str
    help: str
    field: str = ""
    required: bool = False
    line: bool = False
    longest: int | None = None
    person: bool = False


Words = Annotated[str, AfterValidator(cleaned)]
_RESUBMIT = Asked(label="补正时限", option="--resubmit-by", help="补正时限，不超过上级时限。")


class TransitionInput(BaseModel):
    """What a transition takes besides who, when and which; most take nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Acknowledgement(TransitionInput):
    """The handler is whoever acknowledges unless named; both belong to the unit that owes."""

    handler_id: Annotated[
        int | None,
        Asked(
            label="经办人",
            field="handler",
            option="--handler",
            help="经办人姓名，默认操作人自己。",
            person=True,
        ),
    ] = None
    backup_id: Annotated[
        int | None,
        Asked(label="备岗", field="backup", option="--backup", help="备岗（B角）姓名。", person=True),
    ] = None


class Forwarding(TransitionInput):
    """`to_unit` is a code, a name or an alias."""

    to_unit: Annotated[
        str,
        Asked(
            label="承办单位", option="--to", help="应承办单位的编码、名称或别名。", required=True, line=True
        ),
    ]
    reason: Annotated[Words, Asked(label="改派原因", option="--reason", help="改派原因。", required=True)]


class ForwardDecision(TransitionInput):
    granted: Annotated[bool, Asked(label="批复结论", option="--grant/--refuse", help="批复：同意或不同意。")]
    reply: Annotated[Words, Asked(label="批复意见", option="--reply", help="批复意见。", required=True)] = ""


class EarlyGrounds(TransitionInput):
    reason: Annotated[
        Words, Asked(label="越序理由", option="--reason", help="为什么可以先办。", required=True)
    ] = ""


class Undertaking(TransitionInput):
    """What the unit owes after all; a target where the source gives none."""

    target: Annotated[
        Decimal | None, Asked(label="目标", option="--target", help="目标数；没有数量目标的不写。")
    ] = None
    reason: Annotated[
        Words, Asked(label="依据", option="--reason", help="由谁、据什么确定。", required=True)
    ] = ""


class DateStated(TransitionInput):
    stated_on: Annotated[
        date, Asked(label="补录日期", option="--stated-on", help="纸质材料实际收到的日期。", required=True)
    ]
    reason: Annotated[
        Words,
        Asked(label="补录理由", option="--reason", help="理由和凭据：收文登记、邮戳等。", required=True),
    ] = ""


class ReviewPass(TransitionInput):
    remark: Annotated[Words, Asked(label="意见", option="--reason", help="退回原因，或通过时的意见。")] = ""
    accepts_stated: Annotated[
        bool | None,
        Asked(
            label="补录日期",
            option="--accept-stated/--refuse-stated",
            help="有补录日期时：认可，或不认可（按收到的日期算）。",
        ),
    ] = None


class SendBack(TransitionInput):
    reason: Annotated[
        Words, Asked(label="退回原因", option="--reason", help="退回原因，或通过时的意见。", required=True)
    ] = ""
    resubmit_by_on: Annotated[date | None, _RESUBMIT] = None


class SignOff(TransitionInput):
    note: Annotated[Words, Asked(label="备注", option="--note", help="备注。")] = ""


class Grounds(TransitionInput):
    """Suspension and waiver rest on a reason and on whoever or whatever paper allowed it."""

    reason: Annotated[Words, Asked(label="理由", option="--reason", help="理由。", required=True)] = ""
    authority: Annotated[
        str,
        AfterValidator(lambda text: cleaned(text)[:200]),
        Asked(
            label="依据",
            option="--authority",
            help="依据：批准人或文号。",
            required=True,
            line=True,
            longest=200,
        ),
    ] = ""


class Reopening(TransitionInput):
    reason: Annotated[
        Words, Asked(label="原因", option="--reason", help="原因：抽查不合格或新的情况。", required=True)
    ]
    resubmit_by_on: Annotated[date | None, _RESUBMIT] = None


class ExtensionRequest(TransitionInput):
    wanted_on: Annotated[
        date, Asked(label="希望延至的日期", option="--ask", help="申请：希望延至的日期。", required=True)
    ]
    reason: Annotated[Words, Asked(label="延期理由", option="--reason", help="申请理由。", required=True)] = (
        ""
    )
    progress: Annotated[
        Words, Asked(label="目前进展", option="--progress", help="目前进展。", required=True)
    ] = ""


class ExtensionDecision(TransitionInput):
    """Grants the date `granted_on`, or refuses with None."""

    granted_on: Annotated[
        date | None, Asked(label="延至", option="--grant", help="批复：同意延至的日期。")
    ] = None
    reply: Annotated[Words, Asked(label="批复意见", option="--reply", help="批复意见。", required=True)] = ""


class SpotCheck(TransitionInput):
    passed: Annotated[bool, Asked(label="抽查结论", option="--passed/--failed", help="抽查结论。")]
    finding: Annotated[Words, Asked(label="核实情况", option="--finding", help="核实情况。", required=True)]


def asked_of(model: type[TransitionInput], field: str) -> Asked:
    """How the doors ask for a field of an input."""
    return next(one for one in model.model_fields[field].metadata if isinstance(one, Asked))


@dataclass(slots=True, kw_only=True)
class TransitionContext:
    """An act under way: its transaction, who does it, and the obligation before and after it."""

    bureau: Bureau
    connection: Connection
    one: Obligation
    by: Actor
    now: datetime
    after: Obligation
    messages: int = 0

    @property
    def today(self) -> date:
        return clock.civil(self.now)

    @property
    def clocks(self) -> Clocks:
        return Clocks(due_on=self.one.due_on, hard_due_on=self.one.hard_due_on, today=self.today)

    def move(self, verb: Transition, **values: Any) -> None:
        """Change the row to where the verb leads. First of an act's writes: it decides between two who act at once."""
        state = state_after(self.one, verb)
        change_obligation(
            self.connection, self.one, state=state.value, flow_run_id=self.bureau.flow_run_id, **values
        )
        known = {name: value for name, value in values.items() if name in _KEPT}
        self.after = replace(self.one, **known, state=state, version=self.one.version + 1)

    def insert(self, act: str, **values: object) -> None:
        """A row of the act's own: a waiver, a suspension, a sign-off …"""
        insert_act(self.connection, act, obligation_id=self.one.id, **values)

    def tell(self, kind: str, ref: str, **payload: object) -> None:
        """A message to the unit, in the same transaction."""
        self.messages += enqueue_urgent(
            self.connection,
            kind=kind,
            unit_id=self.one.unit_id,
            ref=ref,
            payload={"obligation_id": self.one.id, **payload},
            now=self.now,
            settings=self.bureau.settings,
        )

    def record(self, verb: Transition, facts: Mapping[str, object]) -> TransitionDone:
        """Append to the history and say what came of the act. Last of an act's writes."""
        new = self.after
        moved: dict[str, object] = {"state": new.state, "version": new.version, "due_on": new.due_on}
        if new.due_on != self.one.due_on:
            moved["previous_due_on"] = self.one.due_on
        said = {key: value for key, value in facts.items() if value is not None and value != ""}
        append_entry(
            self.connection,
            at=self.now,
            by=self.by,
            verb=verb.value,
            noun="obligation",
            noun_id=new.id,
            edition_id=new.edition_id,
            unit_id=new.unit_id,
            detail=said | moved,
            flow_run_id=self.bureau.flow_run_id,
        )
        return TransitionDone(
            obligation_id=new.id,
            title=new.title,
            unit=new.unit,
            verb=verb,
            previous_state=self.one.state,
            state=new.state,
            previous_due_on=self.one.due_on,
            due_on=new.due_on,
            late=bool(new.late),
            version=new.version,
            messages=self.messages,
        )


_KEPT = frozenset(field.name for field in fields(Obligation))


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionDone:
    """What an act did. `version` is the row's new one; dates are civil."""

    obligation_id: int
    title: str
    unit: str
    verb: Transition
    previous_state: State
    state: State
    previous_due_on: date
    due_on: date
    late: bool
    version: int
    messages: int = 0


@contextmanager
def acting(
    bureau: Bureau,
    obligation_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Iterator[TransitionContext]:
    """One transaction about one obligation; `version` is what the person saw, a dry run is taken back.

    Whoever may not see the matter learns nothing of it, not even whether it is there.
    """
    with bureau.store.writing() as connection:
        one = load_obligation(connection, obligation_id, version=version, by=by)
        yield TransitionContext(bureau=bureau, connection=connection, one=one, by=by, now=now, after=one)
        if dry_run:
            rollback_dry_run(connection)


def transition(
    bureau: Bureau,
    obligation_id: int,
    verb: Transition,
    given: TransitionInput | None = None,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Do what the table says of the verb; refused with every reason at once."""
    spec = TRANSITIONS[verb]
    taken = given if given is not None else spec.takes()
    assert type(taken) is spec.takes, f"{verb} takes {spec.takes.__name__}"
    with acting(bureau, obligation_id, by=by, now=now, version=version, dry_run=dry_run) as act:
        return act.record(verb, spec.effect(act, taken))


def unknown_day(bureau: Bureau, day: date | None) -> tuple[str, ...]:
    """Why no limit can be set on a day: reminders count workdays, which nobody knows for that year yet."""
    try:
        if day is not None:
            bureau.workdays.on_or_before(day)
    except YearUnknown as unknown:
        return (str(unknown),)
    return ()


# What each transition does: it refuses, moves the row, writes what is its own, and returns what the history says.


def _acknowledge(act: TransitionContext, given: Acknowledgement) -> Mapping[str, object]:
    handler = given.handler_id if given.handler_id is not None else act.by.person_id
    own = []
    if handler is not None and handler == given.backup_id:
        own.append("经办人和备岗不能是同一人，请另选一位备岗（AB角）。")
    for word, wanted in (("经办人", handler), ("备岗", given.backup_id)):
        person = person_by_id(act.connection, wanted) if wanted is not None else None
        fit = (
            person
            and person.active
            and person.actor.belongs_to(act.one.unit_id)
            and Role.HANDLER in person.roles
        )
        if wanted is not None and not fit:
            name = person.name if person else f"编号 {wanted}"
            own.append(f"{word}{name}不是{act.one.unit}的在岗经办人，请另选本单位的人，或请统筹科室先登记。")
    refuse(*transition_refusals(act.one, Transition.ACKNOWLEDGE, act.by), *own)
    act.move(Transition.ACKNOWLEDGE, handler_id=handler or person_id(act.by), backup_id=given.backup_id)
    return {"handler_id": handler, "backup_id": given.backup_id}


def _receiver(act: TransitionContext, name: str) -> tuple[UnitEntry | None, tuple[str, ...]]:
    """The unit that is to owe it, and every reason why it can not."""
    one, connection = act.one, act.connection
    to = find_unit(connection, name)
    own = []
    if pending_extension(connection, one.id):
        own.append("这项任务还有延期申请等待批复，请先批复再改派。")
    if to is None or not to.active:
        own.append(f"没有名为“{name}”的在用单位，请从单位名称中选择。")
    elif to.id == one.unit_id:
        own.append(f"这项任务本来就由{to.name}承办，不必改派。")
    elif owes_already(connection, point_id=one.point_id, unit_id=to.id, subject_id=one.subject_id):
        own.append(f"{to.name}在同一节点已有自己的任务，不能再接收，请改用免办或另定单位。")
    return to, tuple(own)


def _forward(act: TransitionContext, given: Forwarding) -> Mapping[str, object]:
    """A coordinator decides it by himself; what was asked for meanwhile is answered with it."""
    to, own = _receiver(act, given.to_unit)
    reason = () if given.reason else ("改派要写明原因，请补写。",)
    refuse(*transition_refusals(act.one, Transition.FORWARD, act.by), *reason, *own)
    assert to is not None, "refused above"
    if asked := pending_forward(act.connection, act.one.id):
        same = asked.to_unit_id == to.id
        _answer_forward(act, asked, granted=same, reply=given.reason if same else f"已改派{to.name}")
    return _move_to(act, to, given.reason)


def _move_to(act: TransitionContext, to: UnitEntry, reason: str) -> Mapping[str, object]:
    """It starts anew in the other unit: no handler, reminders from today."""
    one = act.one
    act.move(Transition.FORWARD, unit_id=to.id, handler_id=None, backup_id=None, opened_on=act.today)
    act.after = replace(act.after, unit=to.name)
    act.insert(
        "forwarding",
        point_id=one.point_id,
        from_unit_id=one.unit_id,
        to_unit_id=to.id,
        reason=reason,
        forwarded_by=person_id(act.by),
        forwarded_at=act.now,
    )
    return {"reason": reason, "from_unit_id": one.unit_id, "from_unit": one.unit, "to_unit": to.name}


def _ask_forward(act: TransitionContext, given: Forwarding) -> Mapping[str, object]:
    """The unit goes on owing it, and is reminded, until somebody decides."""
    to, own = _receiver(act, given.to_unit)
    more = [] if given.reason else ["申请改派要写明原因，请补写。"]
    if waits := pending_forward(act.connection, act.one.id):
        more.append(f"这项任务已申请改派{waits.to_unit}，请等批复后再申请。")
    refuse(*transition_refusals(act.one, Transition.ASK_FORWARD, act.by), *more, *own)
    assert to is not None, "refused above"
    act.move(Transition.ASK_FORWARD)
    act.insert(
        "forward_request",
        from_unit_id=act.one.unit_id,
        to_unit_id=to.id,
        reason=given.reason,
        asked_by=person_id(act.by),
        asked_at=act.now,
    )
    return {"reason": given.reason, "from_unit": act.one.unit, "to_unit_id": to.id, "to_unit": to.name}


def _decide_forward(act: TransitionContext, given: ForwardDecision) -> Mapping[str, object]:
    asked = pending_forward(act.connection, act.one.id)
    refuse(
        *forward_deciding_refusals(
            act.one,
            act.by,
            asked_by=asked.asked_by if asked else None,
            to_unit_id=asked.to_unit_id if asked else None,
            receiver_decides=act.bureau.settings.forward_receiver_decides,
            reply=given.reply,
        ),
        *(_receiver(act, asked.to_unit)[1] if asked and given.granted else ()),
    )
    assert asked is not None, "the rules refuse a decision on nothing"
    _answer_forward(act, asked, granted=given.granted, reply=given.reply)
    said = {"granted": given.granted, "to_unit": asked.to_unit, "reply": given.reply}
    if not given.granted:
        act.move(Transition.DECIDE_FORWARD)
        return said
    to = find_unit(act.connection, asked.to_unit)
    assert to is not None, "refused above"
    return {**_move_to(act, to, asked.reason), **said}


def _answer_forward(act: TransitionContext, asked: PendingForward, *, granted: bool, reply: str) -> None:
    set_forward_decision(
        act.connection,
        asked.id,
        decided_by=person_id(act.by),
        decided_at=act.now,
        verdict="granted" if granted else "refused",
        reply=reply,
    )
    act.tell(
        "forward",
        f"forward_request:{asked.id}",
        granted=granted,
        to_unit=asked.to_unit,
        decided_by=act.by.name,
        reason=reply,
    )


def _assign(act: TransitionContext, given: Undertaking) -> Mapping[str, object]:
    """A cell that the source left blank becomes a duty like any other, from today."""
    reason = () if given.reason else ("确定由谁承担要写明依据，请补写。",)
    low = ("目标不能是负数，请改正。",) if given.target is not None and given.target < 0 else ()
    refuse(*transition_refusals(act.one, Transition.ASSIGN, act.by), *reason, *low)
    state = TargetState.TEXT if given.target is None else TargetState.GIVEN
    act.move(
        Transition.ASSIGN,
        target=given.target,
        target_state=state.value,
        opened_on=max(act.today, act.one.opened_on),
    )
    return {"target": given.target, "reason": given.reason}


def _allow_early(act: TransitionContext, given: EarlyGrounds) -> Mapping[str, object]:
    """It may be passed and signed off although what it follows is still open."""
    refuse(*early_refusals(act.one, act.by, reason=given.reason))
    act.move(Transition.ALLOW_EARLY)
    act.insert("early_pass", reason=given.reason, allowed_by=person_id(act.by), allowed_at=act.now)
    return {"reason": given.reason, "stages": list(act.one.waits_for)}


def _take_back(act: TransitionContext, given: TransitionInput) -> Mapping[str, object]:
    """What was handed in stays in the file, and a late mark with it; whoever opened it first was faster."""
    opened = opened_by(act.connection, act.one.id)
    refuse(*take_back_refusals(act.one, act.by, opened=opened))
    act.move(Transition.TAKE_BACK, submitted_on=None, state_before=None)
    if not settle_submission(act.connection, act.one.id, "taken_back", by=person_id(act.by), at=act.now):
        refuse("审核人刚刚打开了这次报送，不能再撤回；要改的请联系审核人退回补正。")
    return {"late": act.one.late}


def _pass(act: TransitionContext, given: ReviewPass) -> Mapping[str, object]:
    """The next level; the last one makes it ready to be signed off."""
    stated = stated_of_newest(act.connection, act.one.id)
    waiting = stated if stated and stated.verdict is None else None
    refuse(
        *review_refusals(act.one, Transition.PASS, act.by),
        *accepting_refusals(act.by, waiting, given.accepts_stated),
    )
    act.move(Transition.PASS, **(_as_stated(act.one, waiting) if waiting and given.accepts_stated else {}))
    level = _review(act, "passed", given.remark)
    facts = {"level": level, "levels": act.one.review_levels, "remark": given.remark}
    if waiting is None:
        return facts
    accepted = bool(given.accepts_stated)
    decide_stated_date(act.connection, waiting.id, accepted=accepted, by=person_id(act.by), at=act.now)
    return facts | {"stated_on": waiting.stated_on, "received_on": waiting.received_on, "accepted": accepted}


def _as_stated(one: Obligation, stated: StatedDate) -> dict[str, object]:
    """What counts for lateness from now on; the mark of an earlier submission stays."""
    late = stated.late_before or stated.stated_on > one.due_on
    return {"submitted_on": stated.stated_on, "late": int(late)}


def _state_date(act: TransitionContext, given: DateStated) -> Mapping[str, object]:
    """Beside the day of receipt, which goes on counting until a reviewer accepts it."""
    refuse(*transition_refusals(act.one, Transition.STATE_DATE, act.by))
    newest = newest_submission(act.connection, act.one.id)
    stated = stated_of_newest(act.connection, act.one.id) is not None
    given_words = given.model_dump()
    refuse(*stating_refusals(act.one, act.by, newest, **given_words, stated=stated))
    act.move(Transition.STATE_DATE)
    dates = {**given_words, "received_on": newest.received_on}
    insert_stated_date(
        act.connection,
        obligation_id=act.one.id,
        submission_id=newest.id,
        late_before=int(newest.late_before),
        stated_by=person_id(act.by),
        stated_at=act.now,
        **dates,
    )
    return dates


def _send_back(act: TransitionContext, given: SendBack) -> Mapping[str, object]:
    """A new limit never shortens the one that holds; the late mark of what was handed in late stays."""
    refuse(
        *review_refusals(act.one, Transition.SEND_BACK, act.by, reason=given.reason),
        *returning_refusals(act.clocks, given.resubmit_by_on),
        *unknown_day(act.bureau, given.resubmit_by_on),
    )
    times = act.one.returned_times + 1
    act.move(
        Transition.SEND_BACK,
        due_on=returned_due_on(act.one.due_on, given.resubmit_by_on),
        returned_times=times,
        submitted_on=None,
    )
    _review(act, "sent_back", given.reason)
    act.tell(
        "send_back",
        f"obligation:{act.one.id}:{times}",
        reason=given.reason,
        reviewer=act.by.name,
        times=times,
        resubmit_by_on=_iso(given.resubmit_by_on),
        previous_due_on=_iso(act.one.due_on),
    )
    return {"reason": given.reason, "times": times, "resubmit_by_on": given.resubmit_by_on}


def _review(act: TransitionContext, verdict: str, reason: str) -> int:
    level = len(act.one.passed_by) + 1
    insert_review(
        act.connection,
        act.one.id,
        level=level,
        reviewed_by=person_id(act.by),
        reviewed_at=act.now,
        verdict=verdict,
        reason=reason,
    )
    return level


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _sign_off(act: TransitionContext, given: SignOff) -> Mapping[str, object]:
    refuse(*sign_off_refusals(act.one, act.by, act.today))
    act.move(Transition.SIGN_OFF, closed_on=act.today)
    act.insert("sign_off", signed_by=person_id(act.by), signed_at=act.now, note=given.note)
    follow_closing(act.connection, act.bureau, now=act.now, closed_id=act.one.id)
    return {"note": given.note, "late": act.one.late}


def _archive(act: TransitionContext, given: TransitionInput) -> Mapping[str, object]:
    refuse(*transition_refusals(act.one, Transition.ARCHIVE, act.by))
    act.move(Transition.ARCHIVE)
    return {}


def _suspend(act: TransitionContext, given: Grounds) -> Mapping[str, object]:
    """No reminders, out of the denominators, until it is resumed."""
    grounds = given.model_dump()
    refuse(
        *transition_refusals(act.one, Transition.SUSPEND, act.by),
        *grounds_refusals(Transition.SUSPEND, **grounds),
    )
    act.move(Transition.SUSPEND, state_before=act.one.state.value)
    act.insert("suspension", suspended_by=person_id(act.by), suspended_on=act.today, **grounds)
    return grounds


def _resume(act: TransitionContext, given: TransitionInput) -> Mapping[str, object]:
    """Go on in the state it was in, with the days of the suspension given back."""
    refuse(*transition_refusals(act.one, Transition.RESUME, act.by))
    stopped = open_suspension(act.connection, act.one.id)
    assert stopped is not None, "every suspended obligation has its suspension"
    due_on = resumed_due_on(act.clocks, stopped.suspended_on)
    refuse(*unknown_day(act.bureau, due_on))
    act.move(Transition.RESUME, state_before=None, due_on=due_on)
    end_suspension(act.connection, stopped.id, by=person_id(act.by), on=act.today)
    return {"suspended_on": stopped.suspended_on}


def _waive(act: TransitionContext, given: Grounds) -> Mapping[str, object]:
    """A suspension under way ends with it."""
    grounds = given.model_dump()
    refuse(
        *transition_refusals(act.one, Transition.WAIVE, act.by),
        *grounds_refusals(Transition.WAIVE, **grounds),
    )
    act.move(Transition.WAIVE, state_before=None)
    stopped = open_suspension(act.connection, act.one.id)
    if act.one.state is State.SUSPENDED and stopped:
        end_suspension(act.connection, stopped.id, by=person_id(act.by), on=act.today)
    act.insert("waiver", waived_by=person_id(act.by), waived_at=act.now, **grounds)
    return grounds


def _reopen(act: TransitionContext, given: Reopening) -> Mapping[str, object]:
    """If wanted with a new limit inside the wall."""
    refuse(
        *transition_refusals(act.one, Transition.REOPEN, act.by),
        *returning_refusals(act.clocks, given.resubmit_by_on),
        *unknown_day(act.bureau, given.resubmit_by_on),
        *(() if given.reason else ("重新打开要写明原因（抽查不合格或新的情况），请补写。",)),
    )
    due_on = returned_due_on(act.one.due_on, given.resubmit_by_on)
    act.move(Transition.REOPEN, due_on=due_on, closed_on=None, submitted_on=None)
    return {"reason": given.reason, "resubmit_by_on": given.resubmit_by_on}


def _ask_extension(act: TransitionContext, given: ExtensionRequest) -> Mapping[str, object]:
    """The date stays what it is until somebody decides."""
    wanted = given.model_dump()
    pending = pending_extension(act.connection, act.one.id) is not None
    refuse(
        *unknown_day(act.bureau, given.wanted_on),
        *asking_refusals(act.one, act.by, act.clocks, **wanted, pending=pending),
    )
    act.move(Transition.ASK_EXTENSION)
    act.insert("extension", asked_by=person_id(act.by), asked_at=act.now, **wanted)
    return wanted


def _decide_extension(act: TransitionContext, given: ExtensionDecision) -> Mapping[str, object]:
    granted_on, granted = given.granted_on, given.granted_on is not None
    asked = pending_extension(act.connection, act.one.id)
    refuse(
        *unknown_day(act.bureau, granted_on),
        *deciding_refusals(
            act.one,
            act.by,
            act.clocks,
            asked_by=asked.asked_by if asked else None,
            granted_on=granted_on,
            reply=given.reply,
        ),
    )
    assert asked is not None, "the rules refuse a decision on nothing"
    moved = {"due_on": granted_on, "extended_times": act.one.extended_times + 1} if granted else {}
    act.move(Transition.DECIDE_EXTENSION, **moved)
    set_extension_decision(
        act.connection,
        asked.id,
        decided_by=person_id(act.by),
        decided_at=act.now,
        verdict="granted" if granted else "refused",
        granted_on=granted_on,
        previous_due_on=act.one.due_on,
        reply=given.reply,
    )
    act.tell(
        "extension",
        f"extension:{asked.id}",
        granted=granted,
        asked_for_on=_iso(asked.wanted_on),
        granted_on=_iso(granted_on),
        previous_due_on=_iso(act.one.due_on),
        decided_by=act.by.name,
        reason=given.reply,
    )
    return {"granted": granted, "granted_on": granted_on, "reply": given.reply}


def _spot_check(act: TransitionContext, given: SpotCheck) -> Mapping[str, object]:
    """One that failed does not reopen by itself: that is decided, with a reason, by 重新打开."""
    refuse(*spot_check_refusals(act.one, act.by, finding=given.finding))
    act.move(Transition.SPOT_CHECK)
    act.insert(
        "spot_check",
        checked_by=person_id(act.by),
        checked_at=act.now,
        passed=int(given.passed),
        finding=given.finding,
    )
    return {"passed": given.passed, "finding": given.finding}


def _waive_all(act: BulkContext, given: Grounds) -> int:
    return waive_selected(
        act.connection,
        act.selection,
        allowed_states(Transition.WAIVE),
        by=person_id(act.by),
        at=act.now,
        on=clock.civil(act.now),
        **given.model_dump(),
    )


def _suspend_all(act: BulkContext, given: Grounds) -> int:
    return suspend_selected(
        act.connection,
        act.selection,
        allowed_states(Transition.SUSPEND),
        by=person_id(act.by),
        on=clock.civil(act.now),
        **given.model_dump(),
    )


def _resume_all(act: BulkContext, given: TransitionInput) -> int:
    """The days are given back group by group, inside each wall."""
    today, changed = clock.civil(act.now), 0
    for group in suspended_groups(act.connection, act.selection):
        dates = Clocks(due_on=group.due_on, hard_due_on=group.hard_due_on, today=today)
        due_on = resumed_due_on(dates, group.suspended_on)
        refuse(*unknown_day(act.bureau, due_on))
        changed += resume_group(act.connection, act.selection, group, due_on=due_on)
    end_selected_suspensions(act.connection, act.selection, by=person_id(act.by), on=today)
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionSpec:
    """One row of the table. `many` does it to a whole edition, unit or choice in set statements."""

    takes: type[TransitionInput]
    effect: Callable[[TransitionContext, Any], Mapping[str, object]]
    help: str
    many: Callable[[BulkContext, Any], int] | None = None


def _spec(
    takes: type[TransitionInput],
    effect: Callable[[TransitionContext, Any], Mapping[str, object]],
    help_: str,
    many: Callable[[BulkContext, Any], int] | None = None,
) -> TransitionSpec:
    return TransitionSpec(takes=takes, effect=effect, help=help_, many=many)


_FORWARDING = (
    "改派：责任单位申请（--to），统筹科室批复（--grant 或 --refuse）；统筹科室也可以直接改派（--to）。"
)

TRANSITIONS: dict[Transition, TransitionSpec] = {
    Transition.ACKNOWLEDGE: _spec(Acknowledgement, _acknowledge, "签收：明确经办人和备岗。"),
    Transition.FORWARD: _spec(Forwarding, _forward, _FORWARDING),
    Transition.ASK_FORWARD: _spec(Forwarding, _ask_forward, _FORWARDING),
    Transition.DECIDE_FORWARD: _spec(ForwardDecision, _decide_forward, _FORWARDING),
    Transition.ASSIGN: _spec(
        Undertaking, _assign, "交办待明确的任务：原表留空的，确定由该单位承担并写明目标；不承担的用免办。"
    ),
    Transition.ALLOW_EARLY: _spec(
        EarlyGrounds, _allow_early, "越序：前一阶段没有办结，准予先审核、销号本项。"
    ),
    Transition.TAKE_BACK: _spec(TransitionInput, _take_back, "撤回报送：审核人打开之前可以撤回，材料留存。"),
    Transition.STATE_DATE: _spec(
        DateStated,
        _state_date,
        "补录日期：纸质材料早已收到的，由统筹科室写明日期和理由；审核人认可以后才据以算是否逾期。",
    ),
    Transition.PASS: _spec(ReviewPass, _pass, "审核：通过本级，或写明原因退回。"),
    Transition.SEND_BACK: _spec(SendBack, _send_back, "审核：通过本级，或写明原因退回。"),
    Transition.SIGN_OFF: _spec(SignOff, _sign_off, "销号：审核全部通过后，由报送人和审核人以外的同志办理。"),
    Transition.ARCHIVE: _spec(TransitionInput, _archive, "归档已销号的任务。"),
    Transition.SUSPEND: _spec(Grounds, _suspend, "暂停计时：一项，或整个专项行动、整个单位。", _suspend_all),
    Transition.RESUME: _spec(
        TransitionInput, _resume, "恢复计时：补回暂停的日历日，但不超过上级时限。", _resume_all
    ),
    Transition.WAIVE: _spec(
        Grounds, _waive, "免办：一项，或整个专项行动、整个单位；不计入办结率。", _waive_all
    ),
    Transition.REOPEN: _spec(Reopening, _reopen, "重新打开已销号、已归档或免办的任务；逾期记录不消除。"),
    Transition.ASK_EXTENSION: _spec(
        ExtensionRequest,
        _ask_extension,
        "延期：责任单位到期前申请（--ask），领导或统筹科室批复（--grant 或 --refuse）。",
    ),
    Transition.DECIDE_EXTENSION: _spec(
        ExtensionDecision,
        _decide_extension,
        "延期：责任单位到期前申请（--ask），领导或统筹科室批复（--grant 或 --refuse）。",
    ),
    Transition.SPOT_CHECK: _spec(SpotCheck, _spot_check, "抽查：由未经手的同志核实并记录。"),
}


# The history names no more chosen matters than this one by one.
_NAMED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkContext:
    """A bulk act under way."""

    bureau: Bureau
    connection: Connection
    selection: BulkSelection
    by: Actor
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDone:
    """How many obligations the act changed, and how many of the selection it left alone, by their state."""

    verb: Transition
    changed: int
    left: Mapping[State, int]


def selection_named(bureau: Bureau, *, edition: str | None, unit: str | None) -> BulkSelection:
    """A whole edition, a whole unit, or one within the other."""
    return BulkSelection(
        edition_id=edition_named(bureau, edition) if edition else None,
        unit_id=unit_named(bureau, unit).id if unit else None,
    )


def transition_many(
    bureau: Bureau,
    selection: BulkSelection,
    verb: Transition,
    given: TransitionInput | None = None,
    *,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> BulkDone:
    """Everything of the selection that is in a state for it: set statements, one line of history."""
    spec, rule = TRANSITIONS[verb], TRANSITION_RULES[verb]
    taken = given if given is not None else spec.takes()
    assert spec.many is not None, f"{verb} is done one by one"
    own = list(role_refusals(verb, by))
    if not selection.bounded:
        own.append(f"成批{rule.name}要指明专项行动、单位或任务，请用 --edition 或 --unit 写明范围。")
    if isinstance(taken, Grounds):
        own += grounds_refusals(verb, **taken.model_dump())
    refuse(*own)
    with bureau.store.writing() as connection:
        counts = count_selected_by_state(connection, selection)
        if not any(counts.get(state) for state in rule.moves):
            refuse(f"所指范围内没有可以{rule.name}的任务，请在任务台账里核对。")
        act = BulkContext(bureau=bureau, connection=connection, selection=selection, by=by, now=now)
        changed = spec.many(act, taken)
        _record_many(act, verb, taken.model_dump(), changed)
        if dry_run:
            rollback_dry_run(connection)
    left = {state: count for state, count in counts.items() if state not in rule.moves}
    return BulkDone(verb=verb, changed=changed, left=left)


def _record_many(act: BulkContext, verb: Transition, grounds: dict[str, object], changed: int) -> None:
    """Chosen matters of several units are about none of them alone."""
    chosen = act.selection.obligation_ids
    noun: tuple[str, int | None] = ("obligation", None)
    if len(chosen) == 1:
        noun = ("obligation", chosen[0])
    elif act.selection.edition_id is not None:
        noun = ("edition", act.selection.edition_id)
    elif act.selection.unit_id is not None:
        noun = ("unit", act.selection.unit_id)
    named = {"chosen": list(chosen[:_NAMED])} if chosen else {}
    append_entry(
        act.connection,
        at=act.now,
        by=act.by,
        verb=verb.value,
        noun=noun[0],
        noun_id=noun[1],
        edition_id=act.selection.edition_id,
        unit_id=act.selection.unit_id,
        detail={**grounds, **named, "obligations": changed},
        flow_run_id=act.bureau.flow_run_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """How many obligations changed hands, and between whom."""

    from_person: str
    to_person: str
    unit_id: int
    obligations: int


def reassign_handler(
    bureau: Bureau, *, from_person: Actor, to_person: Actor, by: Actor, now: datetime, dry_run: bool = False
) -> HandedOver:
    """移交 of all that is not done, as handler and as backup, in one transaction."""
    own = list(role_refusals(Transition.HAND_OVER, by))
    if from_person.unit_id is None or from_person.unit_id != to_person.unit_id:
        own.append(f"{from_person.name}与{to_person.name}不在同一单位，换单位请用改派。")
    if from_person.person_id == to_person.person_id:
        own.append("移交人与接手人是同一人，请另选接手人。")
    if Role.HANDLER not in to_person.roles:
        own.append(f"{to_person.name}不是经办人，请先登记为经办人。")
    if Role.COORDINATOR not in by.roles and by.unit_id != from_person.unit_id:
        own.append(f"{by.name}不是该单位的人，请由该单位经办人或统筹科室移交。")
    refuse(*own)
    unit_id = from_person.unit_id
    assert unit_id is not None, "refused above"
    people = {"from_person_id": person_id(from_person), "to_person_id": person_id(to_person)}
    with bureau.store.writing() as connection:
        count = hand_over(connection, unit_id=unit_id, **people)
        if not count:
            refuse(f"{from_person.name}名下没有未办结的任务，不必移交。")
        insert_act(
            connection,
            "handover",
            unit_id=unit_id,
            handed_by=person_id(by),
            handed_at=now,
            obligations=count,
            **people,
        )
        append_entry(
            connection,
            at=now,
            by=by,
            verb=Transition.HAND_OVER.value,
            noun="unit",
            noun_id=unit_id,
            unit_id=unit_id,
            detail={"from": from_person.name, "to": to_person.name, "obligations": count, **people},
            flow_run_id=bureau.flow_run_id,
        )
        if dry_run:
            rollback_dry_run(connection)
    return HandedOver(
        from_person=from_person.name, to_person=to_person.name, unit_id=unit_id, obligations=count
    )
