"""Record what happened to one subject of a roster: it took part, a conclusion was reached.

What it owes follows. Four eyes: a unit's own person hands in by this, only the coordinator's conclusion closes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role, VisibleUnits, visible_units
from duban.core.db import rollback_dry_run
from duban.core.errors import NotFound, Refused, refuse
from duban.editions.queries import StoredEdition, edition_or_refuse, find_roster_id
from duban.history.queries import NewEntry, append_entries, append_entry
from duban.rosters.lists import roster_of
from duban.rosters.queries import (
    Settled,
    Settling,
    SubjectEntry,
    find_subject,
    record_subject_outcome,
    settle_concluded,
    settle_taken_part,
    subject_ids_of,
)
from duban.rosters.rules import OUTCOMES
from duban.rosters.subject_queries import (
    SubjectChoice,
    chosen_subject_ids,
    count_of_other_units,
    count_out_of_scope,
    record_chosen_outcomes,
    subject_filter,
    subjects_that_change,
)
from duban.units.rules import person_refusals, reporting_refusals, reporting_units


def settle_records(
    connection: Any,
    bureau: Bureau,
    stored: StoredEdition,
    roster_id: int,
    *,
    news: Any,
    source: str,
    by: int,
    now: datetime,
    closing: bool = True,
    only_news: bool = False,
) -> Settled:
    """What the roster's records settle; conclusions first, so that nothing concluded waits for a review.

    `news` chooses the subjects whose record is new (None: no one's); without `closing` a conclusion only hands in.
    """
    act = Settling(
        edition_id=stored.id,
        roster_id=roster_id,
        news=news,
        source=source,
        by=by,
        at=now,
        today=clock.civil(now),
        flow_run_id=bureau.flow_run_id,
        only_news=only_news,
    )
    closed = settle_concluded(connection, act) if closing else 0
    return Settled(closed=closed, submitted=settle_taken_part(connection, act))


def import_source(filename: str, sha256: str) -> str:
    return f"名册登记：{filename}，指纹{sha256}"


def refuse_emptied(subjects: int, name: str) -> None:
    if subjects:
        raise Refused(
            f"有{subjects}个对象（如{name}）原已登记的参检日期或结论在这份名册里是空的，而其任务已据此报结或销号；"
            "请补上，确要撤回的请先退回或重新打开这些任务再导入。"
        )


def record_outcome(
    bureau: Bureau,
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
    with bureau.store.writing() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id, before = _find(connection, stored, code, visible_units(by))
        if reasons := _refusals(before, taken_part_on, outcome, by, clock.civil(now)):
            raise Refused(reasons)
        today = clock.civil(now)
        on = taken_part_on or before.taken_part_on or (today if outcome else None)
        concluded = OUTCOMES[outcome] if outcome else before.outcome
        outcome_on = today if outcome else before.outcome_on
        record_subject_outcome(
            connection, before.id, taken_part_on=on, outcome=concluded, outcome_on=outcome_on
        )
        settled = _settle(connection, bureau, stored, roster_id, before, by, now)
        append_entry(
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
            flow_run_id=bureau.flow_run_id,
        )
        after = find_subject(connection, roster_id, before.code, visible_units(by))
        if dry_run:
            rollback_dry_run(connection)
    assert after is not None
    return after


def _find(connection: Any, stored: StoredEdition, code: str, sight: VisibleUnits) -> tuple[int, SubjectEntry]:
    key = stored.value.roster
    roster_id = find_roster_id(connection, stored.id, key[:64]) if key else None
    before = find_subject(connection, roster_id, code, sight) if roster_id is not None else None
    if roster_id is None or before is None:
        name = f"{stored.value.name}{stored.value.year}年"
        raise NotFound(f"{name}的名册里没有“{code}”，请核对代码，或先导入名册。")
    return roster_id, before


def _settle(
    connection: Any,
    bureau: Bureau,
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
        bureau,
        stored,
        roster_id,
        news=subject_ids_of(before.id),
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


MOST = 20_000
# So many codes stand in one line of history.
_CODES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesRecorded:
    """How many subjects were recorded, how many stood so already, and what became of what they owe."""

    recorded: int
    unchanged: int
    submitted: int
    closed: int


def record_outcomes(
    bureau: Bureau,
    edition_id: int,
    choice: SubjectChoice,
    *,
    expected: int,
    taken_part_on: date | None = None,
    outcome: str | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> OutcomesRecorded:
    """`outcome` is 合格, 基本合格 or 不合格; `expected` is how many subjects the person saw when choosing."""
    today = clock.civil(now)
    refuse(*_record_outcomes_refusals(expected, taken_part_on, outcome, by, today))
    with bureau.store.writing() as connection:
        stored, roster = roster_of(connection, edition_id)
        if roster is None:
            refuse(f"{stored.value.name}{stored.value.year}年还没有名册，请先导入名册。")
        assert roster is not None
        with subject_filter(connection, roster.id, choice, visible_units(by)) as found:
            refuse(*_choice_refusals(connection, found, expected, by))
            codes = subjects_that_change(
                connection, taken_part_on=taken_part_on, outcome=OUTCOMES.get(outcome or "")
            )
            record_chosen_outcomes(
                connection,
                taken_part_on=taken_part_on or today,
                outcome=OUTCOMES.get(outcome or ""),
                outcome_on=today,
            )
            settled = _record_outcomes_settle(bureau, connection, stored, roster.id, by, now)
        said: dict[str, object] = {
            "taken_part_on": taken_part_on or today,
            "outcome": OUTCOMES.get(outcome or ""),
        }
        entries = list(_entries(stored, roster.id, codes, said, settled))
        append_entries(connection, entries, at=now, by=by, flow_run_id=bureau.flow_run_id)
        if dry_run:
            rollback_dry_run(connection)
    return OutcomesRecorded(
        recorded=len(codes),
        unchanged=found - len(codes),
        submitted=settled.submitted,
        closed=settled.closed,
    )


def _record_outcomes_refusals(
    expected: int, taken_part_on: date | None, outcome: str | None, by: Actor, today: date
) -> Iterator[str]:
    yield from person_refusals(by, "参检情况")
    if not expected:
        yield "还没有选择对象，请先勾选，或选“符合条件的全部”。"
    if expected > MOST:
        yield f"一次最多登记{MOST}个对象，请用筛选分批登记，或改用名册导入。"
    if taken_part_on is None and outcome is None:
        yield "没有要记录的内容，请写明参检日期或结论。"
    if outcome is not None and outcome not in OUTCOMES:
        yield f"结论“{outcome}”不认识，请改成：{'、'.join(OUTCOMES)}。"
    if taken_part_on is not None and taken_part_on > today:
        yield f"参检日期{taken_part_on}还没有到，请核对。"


def _choice_refusals(connection: Connection, found: int, expected: int, by: Actor) -> Iterator[str]:
    if found != expected:
        yield f"您看到的是{expected}个对象，现在符合的是{found}个，名册刚刚有变动；没有登记，请核对后再办。"
        return
    if Role.COORDINATOR not in by.roles:
        foreign = count_of_other_units(connection, reporting_units(by))
        if foreign:
            yield f"其中{foreign}个对象不归{by.name}登记，请由该单位经办人或统筹科室登记。"
    if outside := count_out_of_scope(connection):
        yield f"其中{outside}个对象不在应参检范围内，请先去掉或核对名册。"


def _record_outcomes_settle(
    bureau: Bureau,
    connection: Connection,
    stored: StoredEdition,
    roster_id: int,
    by: Actor,
    now: datetime,
) -> Settled:
    if stored.state not in ("published", "paused"):
        return Settled()
    assert by.person_id is not None, "a record without a person is refused"
    return settle_records(
        connection,
        bureau,
        stored,
        roster_id,
        news=chosen_subject_ids(),
        source="名册成批登记",
        by=by.person_id,
        now=now,
        closing=Role.COORDINATOR in by.roles,
        only_news=True,
    )


def _entries(
    stored: StoredEdition,
    roster_id: int,
    codes: Sequence[str],
    said: dict[str, object],
    settled: Settled,
) -> Iterator[NewEntry]:
    """Lines that name every subject: the first says what came of the act."""
    rest = iter(codes)
    facts: dict[str, object] = {
        "subjects": len(codes),
        "obligations_submitted": settled.submitted,
        "obligations_closed": settled.closed,
    }
    while some := list(islice(rest, _CODES)):
        yield NewEntry(
            verb="record_many",
            noun="roster",
            noun_id=roster_id,
            edition_id=stored.id,
            detail={**said, **facts, "codes": some},
        )
        facts = {}
