"""Record what happened to many subjects of a roster at once: in sets, all or nothing, with what they owe.

A day of participation already recorded is kept; a conclusion replaces the one before. Four eyes as for a single one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from office import clock
from office.actions.acting import refuse
from office.actions.list_subjects import roster_of
from office.actions.office import Office
from office.actions.roster_rows import OUTCOMES
from office.actions.settle_roster import settle_records
from office.store import history, subject_list
from office.store.dry_run import take_back
from office.store.editions import StoredEdition
from office.store.engine import Connection
from office.store.history import NewEntry
from office.store.roster_settling import Settled
from office.store.subject_list import SubjectChoice
from rules.keeping import person_refusals, reporting_units
from rules.people import Actor, Role
from rules.sight import sight_of

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
    office: Office,
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
    refuse(*_refusals(expected, taken_part_on, outcome, by, today))
    with office.store.writing() as connection:
        stored, roster = roster_of(connection, edition_id)
        if roster is None:
            refuse(f"{stored.value.name}{stored.value.year}年还没有名册，请先导入名册。")
        assert roster is not None
        with subject_list.chosen(connection, roster.id, choice, sight_of(by)) as found:
            refuse(*_choice_refusals(connection, found, expected, by))
            codes = subject_list.keep_changing(
                connection, taken_part_on=taken_part_on, outcome=OUTCOMES.get(outcome or "")
            )
            subject_list.record_chosen(
                connection,
                taken_part_on=taken_part_on or today,
                outcome=OUTCOMES.get(outcome or ""),
                outcome_on=today,
            )
            settled = _settle(office, connection, stored, roster.id, by, now)
        said: dict[str, object] = {
            "taken_part_on": taken_part_on or today,
            "outcome": OUTCOMES.get(outcome or ""),
        }
        entries = list(_entries(stored, roster.id, codes, said, settled))
        history.append_many(connection, entries, at=now, by=by, flow_run_id=office.flow_run_id)
        if dry_run:
            take_back(connection)
    return OutcomesRecorded(
        recorded=len(codes),
        unchanged=found - len(codes),
        submitted=settled.submitted,
        closed=settled.closed,
    )


def _refusals(
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
        foreign = subject_list.of_other_units(connection, reporting_units(by))
        if foreign:
            yield f"其中{foreign}个对象不归{by.name}登记，请由该单位经办人或统筹科室登记。"
    if outside := subject_list.out_of_scope(connection):
        yield f"其中{outside}个对象不在应参检范围内，请先去掉或核对名册。"


def _settle(
    office: Office,
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
        office,
        stored,
        roster_id,
        news=subject_list.chosen_ids(),
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
