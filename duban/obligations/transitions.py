"""What every act on one obligation has in common: one transaction, one conditional change, one line of history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from calendars.workdays import YearUnknown
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role, person_id
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.obligations.queries import (
    Obligation,
    PendingExtension,
    change_obligation,
    end_suspension,
    forwarded_by_unit,
    hand_over,
    insert_extension,
    insert_forwarding,
    insert_handover,
    insert_suspension,
    insert_waiver,
    load_obligation,
    obligation_facts,
    open_suspension,
    owes_already,
    pending_extension,
    set_extension_decision,
)
from duban.obligations.rules import (
    Clocks,
    asking_refusals,
    deciding_refusals,
    resumed_due_on,
    returned_due_on,
    returning_refusals,
)
from duban.obligations.states import (
    ObligationFacts,
    State,
    Transition,
    grounds_refusals,
    role_refusals,
    state_after,
    transition_refusals,
)
from duban.outbox.queries import enqueue_urgent
from duban.units.queries import UnitEntry, find_unit, person_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionContext:
    """An act under way: its transaction, the obligation as loaded, and the obligation as the rules see it."""

    bureau: Bureau
    connection: Connection
    one: Obligation
    matter: ObligationFacts


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
def transition(
    bureau: Bureau, obligation_id: int, *, by: Actor, version: int | None = None, dry_run: bool = False
) -> Iterator[TransitionContext]:
    """One transaction about one obligation; `version` is what the person saw, a dry run is taken back.

    Whoever may not see the matter learns nothing of it, not even whether it is there.
    """
    with bureau.store.writing() as connection:
        one = load_obligation(connection, obligation_id, version=version, by=by)
        yield TransitionContext(
            bureau=bureau,
            connection=connection,
            one=one,
            matter=obligation_facts(connection, one),
        )
        if dry_run:
            rollback_dry_run(connection)


def move_to(act: TransitionContext, verb: Transition, **values: object) -> None:
    """Change the row to where the verb leads. First of an act's writes: it decides between two who act at once."""
    change_obligation(
        act.connection,
        act.one,
        state=state_after(act.matter, verb).value,
        flow_run_id=act.bureau.flow_run_id,
        **values,
    )


def record_transition(
    act: TransitionContext,
    verb: Transition,
    by: Actor,
    now: datetime,
    facts: Mapping[str, object],
    *,
    messages: int = 0,
) -> TransitionDone:
    """Append to the history and say what came of the act. Last of an act's writes."""
    new = load_obligation(act.connection, act.one.id)
    moved: dict[str, object] = {"state": new.state, "version": new.version, "due_on": new.due_on}
    if new.due_on != act.one.due_on:
        moved["previous_due_on"] = act.one.due_on
    said = {key: value for key, value in facts.items() if value is not None and value != ""}
    append_entry(
        act.connection,
        at=now,
        by=by,
        verb=verb.value,
        noun="obligation",
        noun_id=new.id,
        edition_id=new.edition_id,
        unit_id=new.unit_id,
        detail=said | moved,
        flow_run_id=act.bureau.flow_run_id,
    )
    return TransitionDone(
        obligation_id=new.id,
        title=new.title,
        unit=new.unit,
        verb=verb,
        previous_state=act.one.state,
        state=new.state,
        previous_due_on=act.one.due_on,
        due_on=new.due_on,
        late=new.late,
        version=new.version,
        messages=messages,
    )


def obligation_clocks(act: TransitionContext, now: datetime) -> Clocks:
    """The obligation's two clocks on the civil day of `now`."""
    return Clocks(due_on=act.one.due_on, hard_due_on=act.one.hard_due_on, today=clock.civil(now))


def unknown_day(bureau: Bureau, day: date | None) -> tuple[str, ...]:
    """Why no limit can be set on a day: reminders count workdays, which nobody knows for that year yet."""
    try:
        if day is not None:
            bureau.workdays.on_or_before(day)
    except YearUnknown as unknown:
        return (str(unknown),)
    return ()


def acknowledge(
    bureau: Bureau,
    obligation_id: int,
    *,
    handler_id: int | None = None,
    backup_id: int | None = None,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Take it on; the handler is whoever acknowledges unless named. Both people belong to the unit that owes."""
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        handler = handler_id if handler_id is not None else by.person_id
        refuse(
            *transition_refusals(act.matter, Transition.ACKNOWLEDGE, by),
            *_desk_refusals(act, handler, backup_id),
        )
        move_to(act, Transition.ACKNOWLEDGE, handler_id=handler or person_id(by), backup_id=backup_id)
        return record_transition(
            act, Transition.ACKNOWLEDGE, by, now, {"handler_id": handler, "backup_id": backup_id}
        )


def _desk_refusals(act: TransitionContext, handler: int | None, backup: int | None) -> tuple[str, ...]:
    own = []
    if handler is not None and handler == backup:
        own.append("经办人和备岗不能是同一人，请另选一位备岗（AB角）。")
    for word, wanted in (("经办人", handler), ("备岗", backup)):
        person = person_by_id(act.connection, wanted) if wanted is not None else None
        if wanted is None or (
            person
            and person.active
            and person.actor.belongs_to(act.one.unit_id)
            and Role.HANDLER in person.roles
        ):
            continue
        name = person.name if person else f"编号 {wanted}"
        own.append(f"{word}{name}不是{act.one.unit}的在岗经办人，请另选本单位的人，或请统筹科室先登记。")
    return tuple(own)


def archive(
    bureau: Bureau,
    obligation_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Archive one signed-off obligation."""
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*transition_refusals(act.matter, Transition.ARCHIVE, by))
        move_to(act, Transition.ARCHIVE)
        return record_transition(act, Transition.ARCHIVE, by, now, {})


def ask_extension(
    bureau: Bureau,
    obligation_id: int,
    *,
    wanted_on: date,
    reason: str,
    progress: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Ask for more time. The date stays what it is until somebody decides."""
    reason, progress = cleaned(reason), cleaned(progress)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        pending = pending_extension(act.connection, obligation_id) is not None
        wanted: dict[str, object] = {"wanted_on": wanted_on, "reason": reason, "progress": progress}
        refuse(
            *unknown_day(bureau, wanted_on),
            *asking_refusals(
                act.matter,
                by,
                obligation_clocks(act, now),
                wanted_on=wanted_on,
                reason=reason,
                progress=progress,
                pending=pending,
            ),
        )
        move_to(act, Transition.ASK_EXTENSION)
        insert_extension(
            act.connection, obligation_id=obligation_id, asked_by=person_id(by), asked_at=now, **wanted
        )
        return record_transition(act, Transition.ASK_EXTENSION, by, now, wanted)


def decide_extension(
    bureau: Bureau,
    obligation_id: int,
    *,
    granted_on: date | None,
    reply: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Grant the date `granted_on`, or refuse with None."""
    reply = cleaned(reply)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        asked = pending_extension(act.connection, obligation_id)
        asker = asked.asked_by if asked else None
        refuse(
            *unknown_day(bureau, granted_on),
            *deciding_refusals(
                act.matter,
                by,
                obligation_clocks(act, now),
                asked_by=asker,
                granted_on=granted_on,
                reply=reply,
            ),
        )
        assert asked is not None, "the rules refuse a decision on nothing"
        move_to(act, Transition.DECIDE_EXTENSION, **_moved(act, granted_on))
        _answer(act, asked, granted_on, reply, by, now)
        messages = _tell(act, asked, granted_on, reply, by, now)
        facts = {"granted": granted_on is not None, "granted_on": granted_on, "reply": reply}
        return record_transition(act, Transition.DECIDE_EXTENSION, by, now, facts, messages=messages)


def _moved(act: TransitionContext, granted_on: date | None) -> dict[str, object]:
    if granted_on is None:
        return {}
    return {"due_on": granted_on, "extended_times": act.one.extended_times + 1}


def _answer(
    act: TransitionContext,
    asked: PendingExtension,
    granted_on: date | None,
    reply: str,
    by: Actor,
    now: datetime,
) -> None:
    set_extension_decision(
        act.connection,
        asked.id,
        decided_by=person_id(by),
        decided_at=now,
        verdict="refused" if granted_on is None else "granted",
        granted_on=granted_on,
        previous_due_on=act.one.due_on,
        reply=reply,
    )


def _tell(
    act: TransitionContext,
    asked: PendingExtension,
    granted_on: date | None,
    reply: str,
    by: Actor,
    now: datetime,
) -> int:
    return enqueue_urgent(
        act.connection,
        kind="extension",
        unit_id=act.one.unit_id,
        ref=f"extension:{asked.id}",
        payload={
            "obligation_id": act.one.id,
            "granted": granted_on is not None,
            "asked_for_on": asked.wanted_on.isoformat(),
            "granted_on": granted_on.isoformat() if granted_on else None,
            "previous_due_on": act.one.due_on.isoformat(),
            "decided_by": by.name,
            "reason": reply,
        },
        now=now,
        settings=act.bureau.settings,
    )


def forward(
    bureau: Bureau,
    obligation_id: int,
    *,
    to_unit: str,
    reason: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Give it to the unit of that code, name or alias. It starts anew there: no handler, reminders from today."""
    reason = cleaned(reason)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        to = find_unit(act.connection, to_unit)
        refuse(
            *transition_refusals(act.matter, Transition.FORWARD, by), *_refusals(act, to, to_unit, reason, by)
        )
        assert to is not None, "refused above"
        today = clock.civil(now)
        move_to(act, Transition.FORWARD, unit_id=to.id, handler_id=None, backup_id=None, opened_on=today)
        insert_forwarding(
            act.connection,
            obligation_id=obligation_id,
            point_id=act.one.point_id,
            from_unit_id=act.one.unit_id,
            to_unit_id=to.id,
            reason=reason,
            forwarded_by=person_id(by),
            forwarded_at=now,
        )
        units = {"from_unit_id": act.one.unit_id, "from_unit": act.one.unit, "to_unit": to.name}
        return record_transition(act, Transition.FORWARD, by, now, {"reason": reason, **units})


def _refusals(
    act: TransitionContext, to: UnitEntry | None, name: str, reason: str, by: Actor
) -> tuple[str, ...]:
    own = [] if reason else ["改派要写明原因，请补写。"]
    if pending_extension(act.connection, act.one.id):
        own.append("这项任务还有延期申请等待批复，请先批复再改派。")
    if to is None or not to.active:
        own.append(f"没有名为“{name}”的在用单位，请从单位名称中选择。")
    elif to.id == act.one.unit_id:
        own.append(f"这项任务本来就由{to.name}承办，不必改派。")
    elif owes_already(
        act.connection, point_id=act.one.point_id, unit_id=to.id, subject_id=act.one.subject_id
    ):
        own.append(f"{to.name}在同一节点已有自己的任务，不能再接收，请改用免办或另定单位。")
    elif Role.COORDINATOR not in by.roles and forwarded_by_unit(act.connection, act.one.id, to.id):
        own.append(f"{to.name}已把这项任务转出过，不能再转回去，请由统筹科室定承办单位。")
    return tuple(own)


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
    """Hand over all that is not done, as handler and as backup, in one transaction."""
    refuse(*_hand_over_refusals(from_person, to_person, by))
    unit_id = from_person.unit_id
    assert unit_id is not None, "refused above"
    from_id, to_id = person_id(from_person), person_id(to_person)
    with bureau.store.writing() as connection:
        count = hand_over(connection, unit_id=unit_id, from_id=from_id, to_id=to_id)
        if not count:
            refuse(f"{from_person.name}名下没有未办结的任务，不必移交。")
        people = {"from_person_id": from_id, "to_person_id": to_id}
        insert_handover(
            connection, unit_id=unit_id, handed_by=person_id(by), handed_at=now, obligations=count, **people
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


def _hand_over_refusals(from_person: Actor, to_person: Actor, by: Actor) -> tuple[str, ...]:
    own = list(role_refusals(Transition.HAND_OVER, by))
    if from_person.unit_id is None or from_person.unit_id != to_person.unit_id:
        own.append(f"{from_person.name}与{to_person.name}不在同一单位，换单位请用改派。")
    if from_person.person_id == to_person.person_id:
        own.append("移交人与接手人是同一人，请另选接手人。")
    if Role.HANDLER not in to_person.roles:
        own.append(f"{to_person.name}不是经办人，请先登记为经办人。")
    if Role.COORDINATOR not in by.roles and by.unit_id != from_person.unit_id:
        own.append(f"{by.name}不是该单位的人，请由该单位经办人或统筹科室移交。")
    return tuple(own)


def reopen(
    bureau: Bureau,
    obligation_id: int,
    *,
    reason: str,
    resubmit_by_on: date | None = None,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Open it again for a reason, if wanted with a new limit inside the wall."""
    reason = cleaned(reason)
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *transition_refusals(act.matter, Transition.REOPEN, by),
            *returning_refusals(obligation_clocks(act, now), resubmit_by_on),
            *unknown_day(bureau, resubmit_by_on),
            *(() if reason else ("重新打开要写明原因（抽查不合格或新的情况），请补写。",)),
        )
        due_on = returned_due_on(act.one.due_on, resubmit_by_on)
        move_to(act, Transition.REOPEN, due_on=due_on, closed_on=None, submitted_on=None)
        return record_transition(
            act, Transition.REOPEN, by, now, {"reason": reason, "resubmit_by_on": resubmit_by_on}
        )


def resume(
    bureau: Bureau,
    obligation_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Go on in the state it was in; the result shows the date that holds now."""
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(*transition_refusals(act.matter, Transition.RESUME, by))
        stopped = open_suspension(act.connection, obligation_id)
        assert stopped is not None, "every suspended obligation has its suspension"
        due_on = resumed_due_on(obligation_clocks(act, now), stopped.suspended_on)
        refuse(*unknown_day(bureau, due_on))
        move_to(act, Transition.RESUME, state_before=None, due_on=due_on)
        end_suspension(act.connection, stopped.id, by=person_id(by), on=clock.civil(now))
        return record_transition(act, Transition.RESUME, by, now, {"suspended_on": stopped.suspended_on})


def suspend(
    bureau: Bureau,
    obligation_id: int,
    *,
    reason: str,
    authority: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Stop the clock of one obligation: no reminders, out of the denominators, until it is resumed."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *transition_refusals(act.matter, Transition.SUSPEND, by),
            *grounds_refusals(Transition.SUSPEND, reason=reason, authority=authority),
        )
        move_to(act, Transition.SUSPEND, state_before=act.one.state.value)
        insert_suspension(
            act.connection,
            obligation_id=obligation_id,
            reason=reason,
            authority=authority,
            suspended_by=person_id(by),
            suspended_on=clock.civil(now),
        )
        return record_transition(act, Transition.SUSPEND, by, now, {"reason": reason, "authority": authority})


def waive(
    bureau: Bureau,
    obligation_id: int,
    *,
    reason: str,
    authority: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> TransitionDone:
    """Waive one obligation. A suspension under way ends with it."""
    reason, authority = cleaned(reason), cleaned(authority)[:200]
    with transition(bureau, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        refuse(
            *transition_refusals(act.matter, Transition.WAIVE, by),
            *grounds_refusals(Transition.WAIVE, reason=reason, authority=authority),
        )
        move_to(act, Transition.WAIVE, state_before=None)
        stopped = open_suspension(act.connection, obligation_id)
        if act.one.state is State.SUSPENDED and stopped:
            end_suspension(act.connection, stopped.id, by=person_id(by), on=clock.civil(now))
        insert_waiver(
            act.connection,
            obligation_id=obligation_id,
            reason=reason,
            authority=authority,
            waived_by=person_id(by),
            waived_at=now,
        )
        return record_transition(act, Transition.WAIVE, by, now, {"reason": reason, "authority": authority})
