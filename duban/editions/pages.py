"""One edition on its own page: what it asks of whom by when, how far it is, and what was changed in it. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from calendars.almanac import FIRST_YEAR, LAST_YEAR, AlmanacError
from calendars.deadlines.parts import CannotResolve, NotUnderstood, Reading, Resolution
from calendars.deadlines.resolve import resolve
from calendars.formulas import FormulaError, parse_formula
from calendars.ladders import Ladder, RungKind
from calendars.lunar import almanac_for
from calendars.model import Edition, Milestone
from calendars.phrases import read_phrase
from calendars.reader import campaign_files, read_edition, read_year, units_of
from calendars.reader.diff import diff_editions
from calendars.reader.faults import CalendarFaults, Fault
from calendars.roll import RollRefused, describe, roll_year, write
from calendars.workdays import WorkdayTable, YearUnknown
from duban.bureau import Bureau
from duban.core import clock, errors
from duban.core.access import Actor, visible_units
from duban.core.errors import NotFound, Refused
from duban.editions.find import edition_or_refuse
from duban.editions.queries import (
    counts_by_milestone,
    find_edition,
    open_drafts,
    stored_editions,
    years_of_campaign,
)
from duban.editions.tables import edition, point
from duban.figures.rules import SumFinding, SumVerdict, sum_findings
from duban.history.queries import HistoryEntry, list_entries

LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneLine:
    """One milestone with how many obligations it has and how many of them are finished."""

    value: Milestone
    owed: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One line of what was done to the edition, in words."""

    at: datetime
    actor: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """`seen` is the content hash: acts of this page are refused when it has changed. `drafts` are ids being written."""

    edition_id: int
    value: Edition
    state: str
    own: bool
    published_on: date | None
    seen: str
    milestones: tuple[MilestoneLine, ...]
    history: tuple[EditionLine, ...]
    drafts: tuple[int, ...]
    years: tuple[int, ...]
    # In words, against last year's edition where there is one.
    changes: tuple[str, ...] = ()
    against: int | None = None


def show_edition(bureau: Bureau, campaign: str, year: int, *, by: Actor) -> EditionPage:
    """The edition as the person may see it; one that asks nothing of his units is not found."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        counts = counts_by_milestone(connection, stored.id, sight)
        lines = list_entries(connection, edition_id=stored.id, limit=500)
        open_ones = open_drafts(connection, campaign=stored.value.campaign, year=year)
        years = years_of_campaign(connection, stored.value.campaign)
        before = find_edition(connection, stored.value.campaign, year - 1)
    if not sight.everything and not counts:
        raise NotFound(f"{year}年没有“{campaign}”，或它与您的单位无关，请从导航重新进入。")
    shown = [one for one in stored.value.milestones if sight.everything or one.key in counts]
    return EditionPage(
        edition_id=stored.id,
        value=stored.value,
        state=stored.state,
        own=stored.own,
        published_on=stored.published_on,
        seen=stored.content_hash,
        milestones=tuple(
            MilestoneLine(value=one, owed=counts.get(one.key, (0, 0))[0], done=counts.get(one.key, (0, 0))[1])
            for one in shown
        ),
        history=_lines(lines, stored.value) if sight.everything else (),
        drafts=tuple(one.id for one in open_ones),
        years=years,
        changes=_changes(before.value, stored.value) if before and sight.everything else (),
        against=year - 1 if before and sight.everything else None,
    )


def _changes(before: Edition, after: Edition) -> tuple[str, ...]:
    return tuple(one.text for one in diff_editions(before, after))


_VERBS = {
    "publish": "发布",
    "apply": "改动生效",
    "pause": "暂停",
    "resume": "恢复",
    "withdraw": "撤回",
    "change": "改动",
    "return": "恢复",
}


def _lines(entries: Sequence[HistoryEntry], value: Edition) -> tuple[EditionLine, ...]:
    titles = {one.key: one.title for one in value.milestones}
    shown = [one for one in reversed(entries) if one.noun in ("edition", "milestone") and one.verb in _VERBS]
    return tuple(EditionLine(at=one.at, actor=one.actor, said=_said(one, titles)) for one in shown[:LINES])


def _said(entry: HistoryEntry, titles: Mapping[str, str]) -> str:
    detail = json.loads(entry.detail)
    verb = _VERBS[entry.verb]
    if entry.noun == "milestone":
        dates = "；".join(f"{one['before'] or '无'} → {one['after'] or '无'}" for one in detail["dates"])
        return f"{verb}节点“{titles.get(detail['key'], detail['key'])}”{'：' if dates else ''}{dates}"
    counts = (
        ("新增任务", "obligations_new"),
        ("改期", "obligations_moved"),
        ("撤销", "obligations_cancelled"),
        ("撤销任务", "cancelled"),
    )
    done = "、".join(f"{word}{detail[key]}项" for word, key in counts if detail.get(key))
    reason = f"（{detail['reason']}）" if detail.get("reason") else ""
    return f"{verb}{reason}{'：' if done else ''}{done}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneShown:
    """One milestone; `points` are label, due date, last workday before it and whether the date is provisional."""

    key: str
    title: str
    source: str
    due_phrase: str
    leads: tuple[str, ...]
    points: tuple[tuple[str, date, date, bool], ...]
    undated: str | None
    obligations: int
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionShown:
    """One edition as applied."""

    campaign: str
    year: int
    name: str
    kind: str
    state: str
    published_on: date | None
    ladder: str
    milestones: tuple[MilestoneShown, ...]
    own: bool = False


def show_calendar(
    bureau: Bureau, year: int, campaign: str | None = None, *, by: Actor
) -> tuple[EditionShown, ...]:
    """The applied editions of a year, or one of them; empty when none was applied.

    Whoever sees only his own units sees the editions that they owe something for, with their own counts.
    """
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        found = [
            one
            for one in stored_editions(connection, year=year)
            if campaign is None or campaign in (one.value.campaign, one.value.name)
        ]
        counts = {one.id: counts_by_milestone(connection, one.id, sight) for one in found}
    return tuple(
        EditionShown(
            campaign=one.value.campaign,
            year=year,
            name=one.value.name,
            kind=one.value.kind.value,
            state=one.state,
            published_on=one.published_on,
            ladder=one.value.ladder,
            own=one.own,
            milestones=tuple(
                _milestone(milestone, counts[one.id].get(milestone.key, (0, 0)))
                for milestone in one.value.milestones
                if sight.everything or milestone.key in counts[one.id]
            ),
        )
        for one in found
        if sight.everything or counts[one.id]
    )


def _milestone(milestone: Milestone, counts: tuple[int, int]) -> MilestoneShown:
    return MilestoneShown(
        key=milestone.key,
        title=milestone.title,
        source=f"{milestone.source.document} {milestone.source.item}",
        due_phrase=milestone.due_phrase,
        leads=milestone.leads,
        points=tuple(
            (point.label, point.due_on, point.last_workday, point.provisional) for point in milestone.points
        ),
        undated=milestone.undated,
        obligations=counts[0],
        finished=counts[1],
    )


LONGEST_PHRASE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseDay:
    """One date of a phrase, with what reminders count from; `off` when it is no workday."""

    label: str
    starts_on: date | None
    due_on: date
    last_workday: date | None
    provisional: bool
    off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseRead:
    """`reason` is set exactly when the phrase goes to a person; `proposal` is a wording that would be understood.

    Without `days` an understood phrase sets no date by itself, and a person sets one.
    """

    phrase: str
    year: int
    rule: str = ""
    soft: bool = False
    due_at: str | None = None
    days: tuple[PhraseDay, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str | None = None
    proposal: str | None = None


def explain_phrase(bureau: Bureau, phrase: str, year: int, *, by: Actor) -> PhraseRead:
    """Anybody may ask: it touches nothing of the bureau but its workdays."""
    del by  # nothing here belongs to anyone
    phrase = phrase.strip()
    if not phrase or len(phrase) > LONGEST_PHRASE:
        reason = f"请写一个时限，不超过{LONGEST_PHRASE}字，例如“3月底前”。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        reason = f"{year}年不在{FIRST_YEAR}至{LAST_YEAR}年之间，请改正年份。"
        return PhraseRead(phrase=phrase, year=year, reason=reason)
    reading = read_phrase(phrase)
    if isinstance(reading, NotUnderstood):
        return PhraseRead(phrase=phrase, year=year, reason=reading.reason, proposal=reading.proposal)
    try:
        found = resolve(reading, year=year, almanac=almanac_for(), workdays=bureau.workdays)
    except (CannotResolve, AlmanacError, YearUnknown) as refusal:
        return PhraseRead(phrase=phrase, year=year, rule=reading.rule, reason=str(refusal))
    return _read(phrase, year, reading, found, bureau.workdays)


def _read(phrase: str, year: int, reading: Reading, found: Resolution, workdays: WorkdayTable) -> PhraseRead:
    dates = [(one.label, one.starts_on, one.due_on) for one in found.occurrences]
    if not dates and found.due_on is not None:
        dates = [("", found.starts_on, found.due_on)]
    return PhraseRead(
        phrase=phrase,
        year=year,
        rule=reading.rule,
        soft="soft" in reading.modifiers,
        due_at=found.due_at,
        days=tuple(_day(label, starts_on, due_on, workdays) for label, starts_on, due_on in dates),
        assumptions=tuple(dict.fromkeys((*reading.assumptions, *found.assumptions))),
    )


def _day(label: str, starts_on: date | None, due_on: date, workdays: WorkdayTable) -> PhraseDay:
    try:
        last, provisional = workdays.on_or_before(due_on), workdays.is_provisional(due_on, due_on)
    except YearUnknown:
        last, provisional = None, True
    return PhraseDay(
        label=label,
        starts_on=starts_on,
        due_on=due_on,
        last_workday=last,
        provisional=provisional,
        off=last is not None and last != due_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsChecked:
    """`faults` forbid applying; `sums` are the quotas that do not agree with the city's figure, shown and not mended."""

    editions: int
    faults: tuple[Fault, ...]
    sums: tuple[SumFinding, ...]
    undated: tuple[str, ...]
    provisional: int

    @property
    def good(self) -> bool:
        return not self.faults


def check_year(year: int, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """Every file of a year."""
    read = read_year(year, root, almanac=almanac_for(), workdays=workdays)
    return _checked(read.editions, read.faults)


def check_file(path: Path, root: Path, workdays: WorkdayTable) -> CalendarsChecked:
    """One campaign file, wherever it lies; units come from the calendars in `root`."""
    try:
        edition = read_edition(path, units=units_of(root), almanac=almanac_for(), workdays=workdays)
    except CalendarFaults as refusal:
        return _checked((), refusal.faults)
    return _checked((edition,), ())


def _checked(editions: tuple[Edition, ...], faults: tuple[Fault, ...]) -> CalendarsChecked:
    findings = (finding for one in editions for finding in sum_findings(one))
    points = [point for one in editions for milestone in one.milestones for point in milestone.points]
    return CalendarsChecked(
        editions=len(editions),
        faults=(*faults, *(fault for one in editions for fault in _formula_faults(one))),
        sums=tuple(finding for finding in findings if finding.verdict is SumVerdict.DIFFERS),
        undated=tuple(
            f"{one.name}“{milestone.title}”：{milestone.undated}"
            for one in editions
            for milestone in one.milestones
            if milestone.undated
        ),
        provisional=sum(point.provisional for point in points),
    )


def _formula_faults(edition: Edition) -> Iterator[Fault]:
    """The reader keeps a formula as text; whether it can be computed is known here, though not on which line."""
    for indicator in edition.indicators:
        try:
            if indicator.formula is not None:
                parse_formula(indicator.formula)
        except FormulaError as error:
            file = f"{edition.year}/{edition.campaign}.yaml"
            yield Fault(file=file, line=1, message=f"指标“{indicator.name}”的公式读不懂：{error}")


FIRST_MONTH = 11  # the notice for the next year has come in November of late


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was proposed. `folder` is None where the year's files are there already; `report` says what moved."""

    to_year: int
    folder: Path | None
    files: int
    open_targets: int
    provisional: bool
    report: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the coordinator should know, with the next step."""
        said = []
        if self.folder is None:
            said.append(f"{self.to_year} 年度的专项行动文件已经在用，没有另拟草案。")
        else:
            said.append(
                f"{self.to_year} 年度草案 {self.files} 项在 {self.folder}，其中 {self.open_targets} 个指标待定；"
                "核对后移入专项行动文件夹，再用 duban calendar apply 发布。"
            )
        if self.provisional:
            said.append(
                f"{self.to_year} 年放假通知尚未导入，所有与工作日有关的日期均为暂定；通知发布后请用 duban import-notice 导入。"
            )
        return (*said, *self.faults)


def propose_year(bureau: Bureau, calendars: Path, *, now: datetime) -> Proposal:
    """Roll the present civil year's files into the next. Written again, a proposal replaces the one before.

    Refused before November, and when the next year's workdays are known to nobody.
    """
    today = clock.civil(now)
    if today.month < FIRST_MONTH:
        raise Refused(
            f"{today.year + 1} 年度草案从 11 月起拟定；现在就要的，请用 duban calendar roll {today.year + 1}。"
        )
    try:
        plan = roll_year(
            today.year, today.year + 1, almanac=almanac_for(), workdays=bureau.workdays, root=calendars
        )
        exists = bool(campaign_files(calendars / str(plan.to_year)))
        folder = bureau.settings.home.resolve() / "proposals"
        if not exists:
            write(plan, folder, replace=True)
    except RollRefused as refusal:
        raise Refused(str(refusal)) from refusal
    except OSError as error:
        raise errors.Fault(f"草案没有写成（{error.strerror}），请检查磁盘与权限。") from error
    return Proposal(
        to_year=plan.to_year,
        folder=None if exists else folder / str(plan.to_year),
        files=len(plan.files),
        open_targets=len(plan.targets),
        provisional=plan.provisional,
        report=tuple(describe(plan)),
        faults=tuple(f"{fault.file} 第 {fault.line} 行：{fault.message}" for fault in plan.faults),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPoint:
    """One point of an edition: when it opens, is due, and the last workday reminders count from."""

    starts_on: date | None
    due_on: date
    last_workday: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEdition:
    """A published edition with its points in order of time."""

    id: int
    campaign: str
    year: int
    name: str
    kind: str
    ladder: str
    published_on: date | None
    points: tuple[DatedPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionState:
    """An edition by name, whatever its state."""

    id: int
    name: str
    kind: str
    state: str


def edition_state(connection: Connection, campaign: str, year: int) -> EditionState | None:
    """The edition of a campaign for a year, without its content."""
    row = connection.execute(
        select(edition.c.id, edition.c.name, edition.c.kind, edition.c.state).where(
            edition.c.campaign == campaign, edition.c.year == year
        )
    ).first()
    return EditionState(**row._mapping) if row else None


def timeline_editions(connection: Connection) -> tuple[PublishedEdition, ...]:
    """Every published edition, oldest year first."""
    points: dict[int, list[DatedPoint]] = {}
    for edition_id, dated in _points(connection):
        points.setdefault(edition_id, []).append(dated)
    rows = connection.execute(
        select(edition).where(edition.c.state == "published").order_by(edition.c.year, edition.c.campaign)
    )
    return tuple(
        PublishedEdition(
            id=row.id,
            campaign=row.campaign,
            year=row.year,
            name=row.name,
            kind=row.kind,
            ladder=row.ladder,
            published_on=row.published_on,
            points=tuple(points.get(row.id, ())),
        )
        for row in rows
    )


def _points(connection: Connection) -> Iterator[tuple[int, DatedPoint]]:
    rows = connection.execute(
        select(point.c.edition_id, point.c.starts_on, point.c.due_on, point.c.last_workday)
        .where(point.c.withdrawn.is_(False))
        .order_by(point.c.due_on)
    )
    for row in rows:
        yield (
            row.edition_id,
            DatedPoint(starts_on=row.starts_on, due_on=row.due_on, last_workday=row.last_workday),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One edition's own dates, sorted, each once; civil dates in Asia/Shanghai."""

    campaign: str
    year: int
    name: str
    kind: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionName:
    """A published edition by everything it is called."""

    id: int
    campaign: str
    year: int
    name: str
    kind: str


def list_editions(bureau: Bureau) -> tuple[EditionName, ...]:
    """Every published edition, oldest year first."""
    with bureau.store.reading() as connection:
        return tuple(
            EditionName(id=one.id, campaign=one.campaign, year=one.year, name=one.name, kind=one.kind)
            for one in timeline_editions(connection)
        )


def list_timelines(bureau: Bureau) -> tuple[Timeline, ...]:
    """One timeline for each published edition, oldest year first."""
    with bureau.store.reading() as connection:
        editions = timeline_editions(connection)
    return tuple(_timeline(edition, bureau) for edition in editions)


def _timeline(edition: PublishedEdition, bureau: Bureau) -> Timeline:
    ladder = bureau.ladders[edition.ladder]
    days = {day for point in edition.points for day in _days(point, ladder, bureau.workdays)}
    if edition.published_on:
        days.add(edition.published_on)
    return Timeline(
        campaign=edition.campaign,
        year=edition.year,
        name=edition.name,
        kind=edition.kind,
        days=tuple(sorted(days)),
    )


def _days(point: DatedPoint, ladder: Ladder, workdays: WorkdayTable) -> Iterable[date]:
    # A gate closes once its day is over, so the day after the due date belongs to the timeline.
    yield point.due_on
    yield point.due_on + timedelta(days=1)
    if point.starts_on:
        yield point.starts_on
    for rung in ladder.rungs:
        if rung.kind is RungKind.ASSIGN:
            continue
        try:
            yield workdays.shift(point.last_workday, rung.workdays)
        except YearUnknown:
            # Beyond the years anyone knows; the morning round reads the ledger and needs no schedule.
            continue
