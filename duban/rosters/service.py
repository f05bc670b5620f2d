"""The rosters of yearly checks: read as people read them, and what happened to their subjects recorded.

What a subject owes follows its record. Four eyes: a unit's own person hands in by this, only the coordinator's
conclusion closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from calendars.formulas import UNKNOWN
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role, person_id, visible_units
from duban.core.db import Connection
from duban.core.errors import NotFound, Refused, refuse
from duban.editions.queries import (
    StoredEdition,
    StoredRoster,
    edition_by_id,
    edition_or_refuse,
    find_roster,
    find_roster_id,
)
from duban.history.service import Act, acting
from duban.rosters.queries import (
    Settled,
    Settling,
    SubjectChoice,
    SubjectEntry,
    SubjectFilter,
    SubjectIds,
    chosen_subject_ids,
    count_left,
    count_of_other_units,
    count_out_of_scope,
    count_registered_after,
    count_subjects,
    editions_by_roster,
    find_subject,
    goes_by_roster,
    missing_subjects,
    record_chosen_outcomes,
    record_subject_outcome,
    roster_totals,
    settle_concluded,
    settle_taken_part,
    subject_counts_by_unit,
    subject_filter,
    subject_ids,
    subject_rows,
    subjects_that_change,
)
from duban.rosters.rules import OUTCOMES, RATES, RosterCounts, participation_faults, total_counts
from duban.units.queries import answering_unit, units_by_id
from duban.units.rules import person_refusals, reporting_refusals, reporting_units

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPage:
    """A page of the roster, from 1; `total` counts all that the filter finds. `roster` None: none was imported yet."""

    edition_id: int
    campaign: str
    name: str
    year: int
    roster: StoredRoster | None
    subjects: tuple[SubjectEntry, ...]
    total: int
    page: int
    page_size: int


def list_subjects(
    bureau: Bureau,
    edition_id: int,
    wanted: SubjectFilter,
    *,
    by: Actor,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> RosterPage:
    """The subjects of one page, by unit and in the order of the sheet. Raises NotFound for an edition that goes by no roster."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        stored, found = roster_of(connection, edition_id)
        subjects: tuple[SubjectEntry, ...] = ()
        total = 0
        if found is not None:
            offset = (page - 1) * page_size
            subjects = subject_rows(connection, found.id, wanted, sight, offset=offset, limit=page_size)
            total = count_subjects(connection, found.id, wanted, sight)
    return RosterPage(
        edition_id=edition_id,
        campaign=stored.value.campaign,
        name=stored.value.name,
        year=stored.value.year,
        roster=found,
        subjects=subjects,
        total=total,
        page=page,
        page_size=page_size,
    )


def roster_of(connection: Connection, edition_id: int) -> tuple[StoredEdition, StoredRoster | None]:
    """The edition and what was imported of its roster."""
    if not goes_by_roster(connection, edition_id):
        raise NotFound("没有这份名册：该专项行动不存在，或不按名册办理，请从名册的清单里选择。")
    stored = edition_by_id(connection, edition_id)
    assert stored.value.roster is not None, "just asked"
    return stored, find_roster(connection, stored.id, stored.value.roster[:64])


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """One unit's counts; every one None, and every rate "—", while nobody knows who has to take part.

    The rates are those of duban.rosters.rules.RATES, the counts beside them their exact fractions; `left_out` is in none.
    """

    unit: str
    unit_id: int | None
    due: int | None
    taken_part: int | None
    completed: int | None
    passed: int | None
    basically_passed: int | None
    failed: int | None
    missing: int | None
    left_out: int | None
    participation: str
    completion: str
    passing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStanding:
    """The whole check; `units` in the order of the register."""

    name: str
    year: int
    roster: str | None
    all: RosterLine
    units: tuple[RosterLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterInList:
    """One check with its roster, as far as one was imported, and its counts."""

    edition_id: int
    name: str
    year: int
    state: str
    roster: str
    filename: str | None
    imported_at: datetime | None
    line: RosterLine


def read_roster_counts(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> RosterStanding:
    """The counts of an edition's roster as far as the person may see; unknown, not zero, where none was imported."""
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        counts = (
            subject_counts_by_unit(connection, roster_id, visible_units(by)) if roster_id is not None else {}
        )
        names = units_by_id(connection, counts)
    whole = total_counts(counts.values()) if roster_id is not None else None
    return RosterStanding(
        name=stored.value.name,
        year=year,
        roster=stored.value.roster,
        all=_line("合计", None, whole),
        units=tuple(_line(names[unit_id], unit_id, counts[unit_id]) for unit_id in sorted(counts)),
    )


def list_rosters(bureau: Bureau, *, by: Actor) -> tuple[RosterInList, ...]:
    """Every check that goes by a roster, the newest year first; a handler's own are those with his units' subjects."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = editions_by_roster(connection)
        totals = roster_totals(connection, sight)
    return tuple(
        RosterInList(
            **{name: value for name, value in one._mapping.items() if name != "roster_id"},
            line=_line("合计", None, totals.get(one.roster_id or 0)),
        )
        for one in found
        if sight.everything or one.roster_id in totals
    )


def list_missing(
    bureau: Bureau, campaign: str, year: int, unit: str | None = None, *, by: Actor
) -> tuple[SubjectEntry, ...]:
    """Everyone who has to take part and has not, exactly, as far as the person may see; of one unit if it is named."""
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        roster_id = _roster_id(connection, stored)
        if roster_id is None:
            raise NotFound(
                f"{stored.value.name}{year}年还没有名册，不能列出未参检的对象，请先用 duban roster import 导入。"
            )
        unit_id = None
        if unit is not None:
            unit_id = answering_unit(connection, unit).id
        return tuple(missing_subjects(connection, roster_id, visible_units(by), unit_id))


def _roster_id(connection: Connection, stored: StoredEdition) -> int | None:
    key = stored.value.roster
    return find_roster_id(connection, stored.id, key[:64]) if key else None


def _line(unit: str, unit_id: int | None, counts: RosterCounts | None) -> RosterLine:
    names = (*RosterCounts.__dataclass_fields__, "missing")
    values: dict[str, Any] = {name: getattr(counts, name, None) for name in names}
    values |= {key: counts.rate(key).shown if counts else UNKNOWN for key in RATES}
    return RosterLine(unit=unit, unit_id=unit_id, **values)


def settle_records(
    act: Act,
    stored: StoredEdition,
    roster_id: int,
    *,
    news: Any,
    source: str,
    closing: bool = True,
    only_news: bool = False,
) -> Settled:
    """What the roster's records settle; conclusions first, so that nothing concluded waits for a review.

    `news` chooses the subjects whose record is new (None: no one's); without `closing` a conclusion only hands in.
    """
    settling = Settling(
        edition_id=stored.id,
        roster_id=roster_id,
        news=news,
        source=source,
        by=person_id(act.by),
        at=act.now,
        today=clock.civil(act.now),
        flow_run_id=act.bureau.flow_run_id,
        only_news=only_news,
        own_word=not closing,
    )
    closed = settle_concluded(act.connection, settling) if closing else 0
    left = count_left(act.connection, settling) if closing else 0
    return Settled(closed=closed, submitted=settle_taken_part(act.connection, settling), left=left)


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
    today = clock.civil(now)
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        stored = edition_or_refuse(tx.connection, campaign, year)
        roster_id = _roster_id(tx.connection, stored)
        before = find_subject(tx.connection, roster_id or 0, code, visible_units(by))
        if roster_id is None or before is None:
            name = f"{stored.value.name}{stored.value.year}年"
            raise NotFound(f"{name}的名册里没有“{code}”，请核对代码，或先导入名册。")
        days = (today, stored.value.year)
        reasons = [*person_refusals(by, "参检情况"), *reporting_refusals(by, before.unit_id, before.unit)]
        reasons += _content_refusals(taken_part_on, outcome)
        reasons += _day_refusals(tx.connection, subject_ids(before.id), before.name, taken_part_on, days)
        if not before.in_scope:
            reasons.append(f"{before.name}不在应参检范围内，请先核对名册")
        refuse(*reasons)
        on = taken_part_on or before.taken_part_on or (today if outcome else None)
        concluded = OUTCOMES[outcome] if outcome else before.outcome
        outcome_on = today if outcome else before.outcome_on
        record_subject_outcome(
            tx.connection, before.id, taken_part_on=on, outcome=concluded, outcome_on=outcome_on
        )
        news = subject_ids(before.id)
        settled = _settle(tx, stored, roster_id, news, f"名册登记：{before.name}")
        tx.note(
            "record",
            "subject",
            before.id,
            edition_id=stored.id,
            unit_id=before.unit_id,
            detail={
                "code": before.code,
                "taken_part_on": on,
                "outcome": concluded,
                "before": {"taken_part_on": before.taken_part_on, "outcome": before.outcome},
                "obligations_submitted": settled.submitted,
                "obligations_closed": settled.closed,
                "obligations_left": settled.left,
            },
        )
        after = find_subject(tx.connection, roster_id, before.code, visible_units(by))
    assert after is not None
    return after


def _content_refusals(taken_part_on: date | None, outcome: str | None) -> Iterator[str]:
    if taken_part_on is None and outcome is None:
        yield "没有要记录的内容，请写明参检日期或结论"
    if outcome is not None and outcome not in OUTCOMES:
        yield f"结论“{outcome}”不认识，请改成：{'、'.join(OUTCOMES)}"


def _day_refusals(
    connection: Connection, which: SubjectIds, whom: str, on: date | None, days: tuple[date, int]
) -> Iterator[str]:
    """`days` are today and the year of the check."""
    yield from participation_faults(on, *days)
    early = count_registered_after(connection, on, which) if on else 0
    if early:
        yield f"参检日期{on}早于{whom}的登记日期（{early}个对象），请核对"


def _settle(tx: Act, stored: StoredEdition, roster_id: int, news: SubjectIds, source: str) -> Settled:
    """What a person's own record settles: only the coordinator's conclusion closes."""
    if stored.state not in ("published", "paused"):
        return Settled()
    closing = Role.COORDINATOR in tx.by.roles
    return settle_records(tx, stored, roster_id, news=news, source=source, closing=closing, only_news=True)


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
    left: int


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
    reasons = list(person_refusals(by, "参检情况"))
    if not expected:
        reasons.append("还没有选择对象，请先勾选，或选“符合条件的全部”。")
    if expected > MOST:
        reasons.append(f"一次最多登记{MOST}个对象，请用筛选分批登记，或改用名册导入。")
    told = (*_content_refusals(taken_part_on, outcome), *participation_faults(taken_part_on, today))
    refuse(*reasons, *(f"{one}。" for one in told))
    on, concluded = taken_part_on or today, OUTCOMES.get(outcome or "")
    with acting(bureau, by=by, now=now, dry_run=dry_run) as tx:
        stored, roster = roster_of(tx.connection, edition_id)
        if roster is None:
            raise Refused(f"{stored.value.name}{stored.value.year}年还没有名册，请先导入名册。")
        with subject_filter(tx.connection, roster.id, choice, visible_units(by)) as found:
            which, days = chosen_subject_ids(), (today, stored.value.year)
            told = tuple(_day_refusals(tx.connection, which, "所选对象", taken_part_on, days))
            refuse(
                *_choice_refusals(tx.connection, found, expected, by),
                *(f"{one}。" for one in told),
            )
            codes = subjects_that_change(tx.connection, taken_part_on=taken_part_on, outcome=concluded)
            record_chosen_outcomes(tx.connection, taken_part_on=on, outcome=concluded, outcome_on=today)
            settled = _settle(tx, stored, roster.id, which, "名册成批登记")
        facts = {
            "subjects": len(codes),
            "obligations_submitted": settled.submitted,
            "obligations_closed": settled.closed,
            "obligations_left": settled.left,
        }
        # Lines that name every subject: the first says what came of the act.
        for start in range(0, len(codes), _CODES):
            some = codes[start : start + _CODES]
            said = {"taken_part_on": on, "outcome": concluded} | (facts if not start else {})
            detail = {**said, "codes": some}
            tx.note("record_many", "roster", roster.id, edition_id=stored.id, detail=detail)
    return OutcomesRecorded(
        recorded=len(codes),
        unchanged=found - len(codes),
        submitted=settled.submitted,
        closed=settled.closed,
        left=settled.left,
    )


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
