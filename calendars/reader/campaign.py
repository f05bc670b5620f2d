"""A campaign file: every key it may have, what may stand there, and the edition it makes.

The models are pydantic's. What is checked between two keys looks at those that could be read, so that one fault does
not hide another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails

from calendars.almanac import FIRST_YEAR, LAST_YEAR, Almanac
from calendars.deadlines.rolling import DAYS, WAYS
from calendars.formulas import FormulaError, parse_formula
from calendars.model import (
    CampaignKind,
    Edition,
    EvidenceType,
    ExpectedEvidence,
    Indicator,
    Milestone,
    Quota,
    Source,
    Target,
    TargetState,
)
from calendars.phrases import Dated, PlanYear, dated, roll_of, with_hard_deadline
from calendars.reader.faults import Entries, refuse_if, repeated, said, within
from calendars.reader.fields import (
    Cell,
    Day,
    Entry,
    Flag,
    Number,
    Operator,
    Text,
    Whole,
    as_text,
    listed,
    named,
    one_of,
)
from calendars.reader.units import UnitBook
from calendars.workdays import WorkdayTable

STANDARD_LADDER = "standard"
CITY_BUREAU = "市民政局"
_WATCHED = re.compile("照片|相片|合影|截图|视频|录像|轨迹|定位|打卡")
_LIST = TypeAdapter(list[Any])
Value = TypeVar("Value")
Each = TypeVar("Each", bound=Entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a file is read with; for its milestones also what it says above them, None where that is faulty."""

    path: Path
    units: UnitBook
    almanac: Almanac
    workdays: WorkdayTable
    ladders: Collection[str]
    year: PlanYear | None = None
    documents: Mapping[str, str] | None = None
    defaults: Doers | None = None


Info = ValidationInfo[Around]


def _made(kind: type[Value], entry: Entry, **own: Any) -> Value:
    """The value of an entry: its fields of the same names, and `own` for what has to be worked out."""
    same = {one.name: getattr(entry, one.name) for one in fields(kind) if hasattr(entry, one.name)}  # type: ignore[arg-type]  # of a dataclass
    return kind(**(same | own))


def _each(model: type[Each], values: Any, context: Any) -> tuple[dict[int, Each], list[InitErrorDetails]]:
    """The entries of a list by their positions, each read whatever is wrong with its neighbours, and the errors."""
    found: dict[int, Each] = {}
    errors: list[InitErrorDetails] = []
    for position, value in enumerate(_LIST.validate_python(values)):
        try:
            found[position] = model.model_validate(value, context=context)
        except ValidationError as error:
            errors += within((position,), error)
    return found, errors


def _keyed(model: type[Any], what: str) -> PlainValidator:
    """A list of entries of which no two bear one key."""

    def read(values: Any, info: Info) -> tuple[Any, ...]:
        found, errors = _each(model, values, info.context)
        errors += repeated(((position, one.key) for position, one in found.items()), what)
        refuse_if(errors)
        return tuple(found.values())

    return PlainValidator(read)


class EvidenceEntry(Entry):
    key: Annotated[Text, named("佐证代号")]
    title: Text
    type: Annotated[EvidenceType, one_of(EvidenceType, "佐证类型“{}”不认识，请改成：{}。")] = (
        EvidenceType.DOCUMENT
    )
    required: Flag = True
    unit_of_measure: Text | None = Field(None, alias="unit")
    minimum: Number | None = Field(None, alias="min")
    maximum: Number | None = Field(None, alias="max")
    within: Number | None = None
    at_most: Text | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        errors = []
        measured = self.type is EvidenceType.FIGURE
        if (self.type is EvidenceType.ATTACHMENT or _WATCHED.search(self.title)) and not self.reason:
            text = f"“{self.title}”属照片、截图或轨迹类，请在 reason 写明非要不可的理由，或改用其他佐证。"
            errors.append(said((), text))
        if measured and self.unit_of_measure is None:
            errors.append(said((), f"数据“{self.title}”没有计量单位，请补上 unit，例如 unit: 户。"))
        if not measured and self.model_fields_set & {
            "unit_of_measure",
            "minimum",
            "maximum",
            "within",
            "at_most",
        }:
            text = (
                f"“{self.title}”不是数据，不能写 unit、min、max、within、at_most，请删去或加 type: figure。"
            )
            errors.append(said((), text))
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            text = f"“{self.title}”的下限{self.minimum}大于上限{self.maximum}，请对调或改正。"
            errors.append(said(("min",), text))
        refuse_if(errors)
        return self


class IndicatorEntry(Entry):
    key: Text
    name: Text
    formula: Text | None = None
    unit_of_measure: Text = Field("", alias="unit")
    op: Operator | None = None
    target: Cell | None = None
    note: Text | None = None

    @field_validator("formula")
    @classmethod
    def _computable(cls, text: str) -> str:
        try:
            parse_formula(text)
        except FormulaError as error:
            raise ValueError(f"算法“{text}”第{error.position}个字处读不懂：{error}") from None
        return text

    @field_validator("target")
    @classmethod
    def _reachable(cls, target: Cell, info: Info) -> Cell:
        errors = []
        if info.data.get("op", "") is None:
            text = f"指标“{info.data.get('name')}”有目标值但没写 op，请写 op: '>=' 或 op: '='。"
            errors.append(said((), text))
        if target.state not in (TargetState.GIVEN, TargetState.UNCONFIRMED):
            errors.append(said((), "指标的目标应是数字或“待定”，没有目标的请删去这一行。"))
        refuse_if(errors)
        return target

    def value(self) -> Indicator:
        aim = self.target
        return _made(
            Indicator,
            self,
            target_op=self.op,
            target_value=aim and aim.value,
            target_last_year=aim and aim.last_year,
        )


class QuotaEntry(Entry):
    indicator: Text
    unit_of_measure: Text = Field(alias="unit")
    op: Operator = "="
    city_total: Cell | None = None
    targets: dict[str, Cell] = Field(default_factory=dict)
    note: Text | None = None

    @model_validator(mode="after")
    def _measured(self) -> Self:
        errors = []
        cells = {**self.targets, **({"全市": self.city_total} if self.city_total else {})}
        for name, cell in cells.items():
            if cell.unit_of_measure not in ("", self.unit_of_measure):
                text = f"{name}的目标“{cell.text}”以“{cell.unit_of_measure}”计，应以“{self.unit_of_measure}”计，请换算或改正。"
                errors.append(said((), text))
        if self.city_total and self.city_total.state is TargetState.TEXT:
            text = f"全市数“{self.city_total.text}”不是数字，请写数字或“待定”，没有全市数的删去这一行。"
            errors.append(said(("city_total",), text))
        refuse_if(errors)
        return self

    def value(self, units: UnitBook) -> Quota:
        total = self.city_total
        return _made(
            Quota,
            self,
            op=(total and total.op) or self.op,
            city_total=total and total.value,
            city_total_last_year=total and total.last_year,
            targets=tuple(
                Target(
                    unit=unit.name,
                    state=cell.state,
                    value=cell.value,
                    op=cell.op or self.op,
                    unit_of_measure=self.unit_of_measure,
                    text=cell.text,
                    last_year=cell.last_year,
                )
                for name, cell in self.targets.items()
                if (unit := units.responsible(name)) is not None
            ),
        )


def _units(value: Any, info: Info) -> tuple[str, ...]:
    """The units named, groups spelled out, each by its registered name."""
    book: UnitBook = info.context.units
    errors: list[InitErrorDetails] = []
    found: list[tuple[int, str]] = []
    for position, item in enumerate(listed(value)):
        try:
            text = as_text(item)
        except ValidationError as error:
            errors += within((position,), error)
            continue
        for name in book.group(text) or (text,):
            unit = book.responsible(name)
            if unit is not None:
                found.append((position, unit.name))
            else:
                errors.append(said((position,), f"单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。"))
    if info.field_name != "supporting":
        errors += repeated(found, "责任单位")
    refuse_if(errors)
    return tuple(dict.fromkeys(name for _, name in found))


Units = Annotated[tuple[str, ...], PlainValidator(_units)]


def _levels(levels: int) -> int:
    if not 1 <= levels <= 3:
        raise ValueError(f"审核级数是{levels}，只能是1到3，请改正。")
    return levels


class Doers(Entry):
    """Who owes what and shows it by which papers: said by a milestone, or once for all of them under `defaults`."""

    lead: Units | None = None
    leads: Units | None = None
    supporting: Units | None = None
    evidence: Annotated[tuple[EvidenceEntry, ...], _keyed(EvidenceEntry, "佐证代号")] | None = None
    review_levels: Annotated[Whole, AfterValidator(_levels)] | None = None

    @field_validator("lead")
    @classmethod
    def _only_one(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) > 1:
            raise ValueError(
                f"一项任务只能有一个牵头单位，现在是{'、'.join(names)}；各自承担的请改用 leads。"
            )
        return names

    @field_validator("leads")
    @classmethod
    def _one_way(cls, names: tuple[str, ...] | None, info: Info) -> tuple[str, ...] | None:
        if names is not None and info.data.get("lead") is not None:
            raise ValueError("lead 和 leads 只能写一个，请只留一个：一家牵头用 lead，各自承担用 leads。")
        return names


def _leads_of(said_here: Mapping[str, Any], defaults: Doers | None) -> tuple[str, ...] | None:
    """Who is responsible for a milestone; None where nobody is named or that could not be read."""
    if "lead" not in said_here or "leads" not in said_here:
        return None
    own: tuple[str, ...] | None = said_here["leads"] if said_here["lead"] is None else said_here["lead"]
    if own is not None or defaults is None:
        return own
    return defaults.leads if defaults.lead is None else defaults.lead


def _due(value: Any, info: Info) -> Dated:
    phrase, year = as_text(value), info.context.year
    return Dated(phrase=phrase, rule="", soft=False) if year is None else dated(phrase, year)


def _source(value: Any, info: Info) -> Source:
    """`A1-10-01` as a Source: the part before the first hyphen names the document."""
    item, documents = as_text(value), info.context.documents
    return Source(document="", item=item) if documents is None else source_of(item, documents)


def source_of(item: str, documents: Mapping[str, str]) -> Source:
    prefix = item.partition("-")[0]
    if prefix not in documents:
        raise ValueError(f"出处“{item}”的文件没有登记，请在 documents 里写明“{prefix}: 文件名称”。")
    return Source(document=documents[prefix], item=item)


def _ladder(key: str, info: Info) -> str:
    known = info.context.ladders
    if key not in known:
        raise ValueError(f"催办梯次“{key}”没有定义，请改成：{'、'.join(sorted(known))}。")
    return key


LadderKey = Annotated[Text, AfterValidator(_ladder)]
Recurrence = Annotated[
    str, one_of(("yearly", "once"), "recurrence“{}”不认识，请写 yearly（每年）或 once（一次性）。")
]


class MilestoneEntry(Doers):
    key: Annotated[Text, named("代号")]
    title: Text
    source: Annotated[Source, PlainValidator(_source)]
    due: Annotated[Dated, PlainValidator(_due)]
    hard_due: Annotated[Dated, PlainValidator(_due)] | None = None
    event_column: Text | None = None
    counts_from: Text | None = None
    implied: Flag = False
    # Read before all of the above, because the milestone's other keys are judged by who owes it.
    leads: Units | None = Field(None, validate_default=True)
    supporting: Units | None = Field(None, validate_default=True)
    stage: Whole | None = None
    after: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    gate: Flag = False
    per_subject: Flag = False
    problem_ledger: Flag = False
    quota: QuotaEntry | None = None
    recurrence: Recurrence = "yearly"
    content: Text | None = None
    ladder: LadderKey | None = None
    note: Text | None = None

    @field_validator("leads")
    @classmethod
    def _somebody(cls, names: tuple[str, ...] | None, info: Info) -> tuple[str, ...] | None:
        here = {"lead": (), **info.data, "leads": names}  # a faulty lead is somebody all the same
        if info.context.defaults is not None and _leads_of(here, info.context.defaults) is None:
            raise ValueError("没有写责任单位，请补上 lead（一家牵头）或 leads（各自承担）。")
        return names

    @field_validator("supporting")
    @classmethod
    def _not_leading(cls, names: tuple[str, ...] | None, info: Info) -> tuple[str, ...] | None:
        defaults: Doers | None = info.context.defaults
        leads = _leads_of(info.data, defaults) or ()
        helpers = (defaults.supporting if defaults else None) if names is None else names
        errors = [
            said((), f"{name}在同一项里既牵头又配合，请只留一种。") for name in helpers or () if name in leads
        ]
        refuse_if(errors)
        return names

    @field_validator("hard_due")
    @classmethod
    def _after_due(cls, limits: Dated, info: Info) -> Dated:
        if "due" in info.data and info.context.year is not None:
            with_hard_deadline(info.data["due"], limits)
        return limits

    @field_validator("quota")
    @classmethod
    def _of_the_leads(cls, quota: QuotaEntry, info: Info) -> QuotaEntry:
        errors: list[InitErrorDetails] = []
        leads = _leads_of(info.data, info.context.defaults)
        first: dict[str, str] = {}
        for name in quota.targets:
            unit = info.context.units.responsible(name)
            place = ("targets", name)
            if unit is None:
                text = f"目标表里的单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。"
                errors.append(said(place, text))
                continue
            if first.setdefault(unit.name, name) != name:
                text = f"{unit.name}的目标在第{{line}}行已写过，请只留一个。"
                errors.append(said(place, text, other=first[unit.name]))
            if leads is not None and unit.name not in leads:
                text = f"{unit.name}不是本项的责任单位，却有目标，请把它加进 leads 或删去这一行。"
                errors.append(said(place, text))
        refuse_if(errors)
        return quota

    def value(self, around: Around) -> Milestone:
        shared = around.defaults or Doers()
        dates = self.due if self.hard_due is None else with_hard_deadline(self.due, self.hard_due)
        evidence = shared.evidence if self.evidence is None else self.evidence
        helpers = shared.supporting if self.supporting is None else self.supporting
        levels = shared.review_levels if self.review_levels is None else self.review_levels
        return _made(
            Milestone,
            self,
            due_phrase=dates.phrase,
            hard_due_phrase=self.hard_due and self.hard_due.phrase,
            leads=_leads_of(dict(self), shared) or (),
            supporting=helpers or (),
            rule=dates.rule,
            soft=dates.soft,
            points=dates.points,
            undated=dates.undated,
            event=dates.event,
            evidence=tuple(_made(ExpectedEvidence, one) for one in evidence or ()),
            quota=self.quota and self.quota.value(around.units),
            review_levels=levels or 1,
        )


def _of_file(value: Any, info: Info) -> tuple[MilestoneEntry, ...]:
    """The milestones, each with what the file says above them, and in an order in which they can follow."""
    data, below = info.data, _below(info)
    found, errors = _each(MilestoneEntry, value, below)
    if not value:
        errors.append(said((), "milestones 里一项也没有，请至少写一个节点。"))
    errors += repeated(((position, one.key) for position, one in found.items()), "节点代号")
    written = [one.get("key") if isinstance(one, dict) else None for one in value]
    by_key = {one.key: one for one in reversed(found.values())}
    for position, one in found.items():
        if one.per_subject and data.get("roster", "") is None:
            text = f"“{one.title}”按名册逐个办理，请在文件开头写明 roster（名册名称）。"
            errors.append(said((position,), text))
        faults = [_cannot_follow(one, name, written, by_key) for name in one.after]
        faults += _cannot_count(one, written)
        errors += [said((position,), fault) for fault in faults if fault]
    refuse_if(errors)
    return tuple(found.values())


def _below(info: Info) -> Around:
    around: Around = info.context
    data = info.data
    year = None
    if "year" in data:
        year = PlanYear(
            number=data["year"],
            almanac=around.almanac,
            workdays=around.workdays,
            issued_on=data.get("issued_on"),
            roll=roll_of(data.get("roll", "none"), data.get("roll_days", "all"), data.get("roll_reason")),
        )
    return replace(around, year=year, documents=data.get("documents"), defaults=data.get("defaults"))


def _cannot_follow(
    one: MilestoneEntry, name: str, written: Sequence[Any], by_key: Mapping[str, MilestoneEntry]
) -> str | None:
    if name not in written:
        return f"“{one.title}”的 after 写了“{name}”，没有这个节点，请改正代号。"
    if written.index(name) >= written.index(one.key):
        return f"“{one.title}”的 after 写了“{name}”，它没有排在前面，请把前一环节写在前面。"
    before = by_key.get(name)
    if before is None:
        return None
    if not before.gate:
        return f"“{one.title}”要等“{before.title}”收口，请给“{name}”加上 gate: true。"
    first, last = _last_day(before), _last_day(one)
    if first and last and first >= last:
        return (
            f"“{one.title}”（{last}）要等“{before.title}”（{first}）收口，时间排不开，请改时限或删去 after。"
        )
    return None


def _cannot_count(one: MilestoneEntry, written: Sequence[Any]) -> list[str | None]:
    """What is wrong with the keys that say where the day of an event comes from."""
    keys = [key for key in ("event_column", "counts_from") if getattr(one, key)]
    if not keys:
        return []
    faults: list[str | None] = []
    if one.due.event is None and one.due.rule:
        text = f"“{one.title}”的时限“{one.due.phrase}”不从某一天起算，请删去{keys[0]}，或改时限。"
        faults.append(text)
    if len(keys) > 1:
        faults.append(f"“{one.title}”的 event_column 和 counts_from 只能写一个，请只留一个。")
    if one.event_column and not one.per_subject:
        faults.append(f"“{one.title}”写了 event_column，起算日在名册里，请加上 per_subject: true。")
    before = written[: written.index(one.key)]
    if one.counts_from and one.counts_from not in before:
        faults.append(
            f"“{one.title}”的 counts_from 写了“{one.counts_from}”，前面没有这个节点，请改正代号或移到它后面。"
        )
    return faults


def _last_day(one: MilestoneEntry) -> date | None:
    return max((point.due_on for point in one.due.points), default=None)


class CampaignFile(Entry):
    campaign: Text
    name: Text
    kind: Annotated[CampaignKind, one_of(CampaignKind, "类别“{}”不认识，请改成：{}。")]
    year: Whole
    subject_year: Whole | None = None
    recurrence: Recurrence = "yearly"
    recurrence_note: Text | None = None
    rolled_from: Whole | None = None
    coordinator: Text = CITY_BUREAU
    documents: dict[str, Text]
    sources: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    ladder: LadderKey = STANDARD_LADDER
    support_escalation: Flag = False
    issued_on: Day | None = Field(None, alias="issued")
    roll_reason: Text | None = None
    roll_days: Annotated[
        str,
        one_of(
            DAYS,
            "roll_days“{}”不认识，请写 all（休息日都算）、holidays（只算法定节假日）或 weekends（只算周末）。",
        ),
    ] = "all"
    roll: Annotated[
        str,
        one_of(
            ("none", *WAYS),
            "roll“{}”不认识，请写 none（不动）、previous（提前到前一个工作日）、next（顺延到下一个工作日）"
            "或 second（顺延到假后第二个工作日）。",
        ),
    ] = "none"
    roster: Text | None = None
    goals: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    note: Text | None = None
    defaults: Doers = Doers()
    milestones: Annotated[tuple[MilestoneEntry, ...], PlainValidator(_of_file)]
    indicators: Annotated[tuple[IndicatorEntry, ...], _keyed(IndicatorEntry, "指标代号")] = ()

    @field_validator("campaign")
    @classmethod
    def _as_its_file(cls, campaign: str, info: Info) -> str:
        path: Path = info.context.path
        if campaign != path.stem:
            raise ValueError(f"campaign 是“{campaign}”，文件名却是“{path.name}”，请改成一致。")
        return campaign

    @field_validator("year")
    @classmethod
    def _of_its_folder(cls, year: int, info: Info) -> int:
        folder = info.context.path.parent.name
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"{year}年不在{FIRST_YEAR}至{LAST_YEAR}年之间，请改正年份。")
        if folder.isdecimal() and int(folder) != year:
            raise ValueError(f"文件写的是{year}年，却放在{folder}年的文件夹里，请改年份或移动文件。")
        return year

    @field_validator("issued_on")
    @classmethod
    def _about_its_year(cls, issued_on: date, info: Info) -> date:
        year = info.data.get("year", issued_on.year)
        if issued_on.year not in (year - 1, year):
            raise ValueError(f"issued（印发日）是{issued_on}，应在{year - 1}年或{year}年，请核对文件日期。")
        return issued_on

    @field_validator("coordinator")
    @classmethod
    def _registered(cls, name: str, info: Info) -> str:
        unit = info.context.units.responsible(name)
        if unit is None:
            raise ValueError(f"统筹单位“{name}”没有登记，请改正名称或先在 units.yaml 登记。")
        return str(unit.name)

    @field_validator("sources")
    @classmethod
    def _of_documents(cls, items: tuple[str, ...], info: Info) -> tuple[str, ...]:
        errors = []
        for position, item in enumerate(items if "documents" in info.data else ()):
            try:
                source_of(item, info.data["documents"])
            except ValueError as error:
                errors.append(said((position,), str(error)))
        refuse_if(errors)
        return items

    @field_validator("roll")
    @classmethod
    def _with_reason(cls, roll: str, info: Info) -> str:
        if roll != "none" and info.data.get("roll_reason", "") is None:
            raise ValueError("移动休息日的到期日要有依据，请补上 roll_reason。")
        return roll

    def edition(self, around: Around) -> Edition:
        milestones = tuple(one.value(replace(around, defaults=self.defaults)) for one in self.milestones)
        sources = [source_of(item, self.documents) for item in self.sources]
        return _made(
            Edition,
            self,
            sources=tuple(dict.fromkeys((*(one.source for one in milestones), *sources))),
            milestones=milestones,
            indicators=tuple(one.value() for one in self.indicators),
        )


ENTRIES: Entries = {
    "": CampaignFile,
    "defaults": Doers,
    "milestones": MilestoneEntry,
    "evidence": EvidenceEntry,
    "quota": QuotaEntry,
    "indicators": IndicatorEntry,
}
