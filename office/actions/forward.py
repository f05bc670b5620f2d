"""改派: an obligation that went to the wrong unit goes to the right one; where it came from is kept."""

from __future__ import annotations

from datetime import datetime

from office import clock
from office.actions.acting import Act, Acted, acting, cleaned, move, person_id, record, refuse
from office.actions.office import Office
from office.store import acts
from office.store.units import UnitEntry, find_unit
from rules.moves import Verb, refusals
from rules.people import Actor, Role


def forward(
    office: Office,
    obligation_id: int,
    *,
    to_unit: str,
    reason: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> Acted:
    """Give it to the unit of that code, name or alias. It starts anew there: no handler, reminders from today."""
    reason = cleaned(reason)
    with acting(office, obligation_id, by=by, version=version, dry_run=dry_run) as act:
        to = find_unit(act.connection, to_unit)
        refuse(*refusals(act.matter, Verb.FORWARD, by), *_refusals(act, to, to_unit, reason, by))
        assert to is not None, "refused above"
        today = clock.civil(now)
        move(act, Verb.FORWARD, unit_id=to.id, handler_id=None, backup_id=None, opened_on=today)
        acts.insert_forwarding(
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
        return record(act, Verb.FORWARD, by, now, {"reason": reason, **units})


def _refusals(act: Act, to: UnitEntry | None, name: str, reason: str, by: Actor) -> tuple[str, ...]:
    own = [] if reason else ["改派要写明原因，请补写。"]
    if acts.pending_extension(act.connection, act.one.id):
        own.append("这项任务还有延期申请等待批复，请先批复再改派。")
    if to is None or not to.active:
        own.append(f"没有名为“{name}”的在用单位，请从单位名称中选择。")
    elif to.id == act.one.unit_id:
        own.append(f"这项任务本来就由{to.name}承办，不必改派。")
    elif acts.owes_already(
        act.connection, point_id=act.one.point_id, unit_id=to.id, subject_id=act.one.subject_id
    ):
        own.append(f"{to.name}在同一节点已有自己的任务，不能再接收，请改用免办或另定单位。")
    elif Role.COORDINATOR not in by.roles and acts.forwarded_by_unit(act.connection, act.one.id, to.id):
        own.append(f"{to.name}已把这项任务转出过，不能再转回去，请由统筹科室定承办单位。")
    return tuple(own)
