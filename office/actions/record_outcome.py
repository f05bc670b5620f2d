"""Record what happened to one subject of a roster: it took part, a conclusion was reached.

What it owes follows. Four eyes: a unit's own person hands in by this, only the coordinator's conclusion closes.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from office import clock
from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.actions.roster_rows import OUTCOMES
from office.actions.settle_roster import settle_records
from office.errors import NotFound, Refused
from office.store import history, rosters, subjects
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from office.store.roster_settling import Settled
from office.store.subjects import SubjectEntry
from rules.keeping import person_refusals, reporting_refusals
from rules.people import Actor, Role
from rules.sight import Sight, sight_of


def record_outcome(
    office: Office,
    campaign: str,
    year: int,
    code: str,
    *,
    taken_part_on: date | None = None,
    outcome: str | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> SubjectEntry:
    """`outcome` is 合格, 基本合格 or 不合格. A conclusion without a day of participation takes today's."""
    with office.store.writing() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id, before = _find(connection, stored, code, sight_of(by))
        if reasons := _refusals(before, taken_part_on, outcome, by, clock.civil(now)):
            raise Refused(reasons)
        today = clock.civil(now)
        on = taken_part_on or before.taken_part_on or (today if outcome else None)
        concluded = OUTCOMES[outcome] if outcome else before.outcome
        outcome_on = today if outcome else before.outcome_on
        subjects.record(connection, before.id, taken_part_on=on, outcome=concluded, outcome_on=outcome_on)
        settled = _settle(connection, office, stored, roster_id, before, by, now)
        history.append(
            connection,
            at=now,
            by=by,
            verb="record",
            noun="subject",
            noun_id=before.id,
            edition_id=stored.id,
            unit_id=before.unit_id,
            detail={
                "code": before.code,
                "taken_part_on": on,
                "outcome": concluded,
                "before": {"taken_part_on": before.taken_part_on, "outcome": before.outcome},
                "obligations_submitted": settled.submitted,
                "obligations_closed": settled.closed,
            },
            flow_run_id=office.flow_run_id,
        )
        after = subjects.find_subject(connection, roster_id, before.code, sight_of(by))
        if dry_run:
            take_back(connection)
    assert after is not None
    return after


def _find(connection: Any, stored: StoredEdition, code: str, sight: Sight) -> tuple[int, SubjectEntry]:
    key = stored.value.roster
    roster_id = rosters.roster_id(connection, stored.id, key[:64]) if key else None
    before = subjects.find_subject(connection, roster_id, code, sight) if roster_id is not None else None
    if roster_id is None or before is None:
        name = f"{stored.value.name}{stored.value.year}年"
        raise NotFound(f"{name}的名册里没有“{code}”，请核对代码，或先导入名册。")
    return roster_id, before


def _settle(
    connection: Any,
    office: Office,
    stored: StoredEdition,
    roster_id: int,
    before: SubjectEntry,
    by: Actor,
    now: datetime,
) -> Settled:
    if stored.state not in ("published", "paused"):
        return Settled()
    assert by.person_id is not None, "a record without a person is refused"
    return settle_records(
        connection,
        office,
        stored,
        roster_id,
        news=subjects.ids_of(before.id),
        source=f"名册登记：{before.name}",
        by=by.person_id,
        now=now,
        closing=Role.COORDINATOR in by.roles,
        only_news=True,
    )


def _refusals(
    before: SubjectEntry, taken_part_on: date | None, outcome: str | None, by: Actor, today: date
) -> tuple[str, ...]:
    reasons = [*person_refusals(by, "参检情况"), *reporting_refusals(by, before.unit_id, before.unit)]
    if taken_part_on is None and outcome is None:
        reasons.append("没有要记录的内容，请写明参检日期或结论")
    if outcome is not None and outcome not in OUTCOMES:
        reasons.append(f"结论“{outcome}”不认识，请改成：{'、'.join(OUTCOMES)}")
    if taken_part_on is not None and taken_part_on > today:
        reasons.append(f"参检日期{taken_part_on}还没有到，请核对")
    if not before.in_scope:
        reasons.append(f"{before.name}不在应参检范围内，请先核对名册")
    return tuple(reasons)
