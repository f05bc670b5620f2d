"""Campaign files written by the program: an edition as text, a milestone's phrase changed, a first draft by hand.

What is written is what the reader reads: `read(text_of(edition)) == edition`. Must not work out any date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from calendars.model import Edition, EvidenceType, ExpectedEvidence, Indicator, Milestone, Quota, Target
from calendars.model import TargetState as Cell
from calendars.reader.campaign import CITY_BUREAU, STANDARD_LADDER
from calendars.reader.fields import BLANK, unconfirmed


class CannotEdit(ValueError):
    """The text is not what was expected; the message is one Chinese sentence with the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a file says of itself, as far as it can be read; None where it does not."""

    campaign: str | None = None
    name: str | None = None
    year: int | None = None


def heading(text: str) -> Heading:
    """The campaign, name and year of a text that may be full of faults."""
    try:
        top = yaml().load(text)
    except (YAMLError, RecursionError):
        return Heading()
    if not isinstance(top, Mapping):
        return Heading()
    campaign, name, year = top.get("campaign"), top.get("name"), top.get("year")
    return Heading(
        campaign=campaign if isinstance(campaign, str) else None,
        name=str(name) if name else None,
        year=year if isinstance(year, int) and not isinstance(year, bool) else None,
    )


def with_phrase(text: str, key: str, due: str, hard_due: str | None = None) -> str:
    """The same text with another deadline for one milestone; comments, order and quotes stay.

    `hard_due` None keeps the superior's limit, an empty one takes it out. Raises CannotEdit.
    """
    writer = yaml()
    try:
        top = writer.load(text)
        entry = next(one for one in top["milestones"] if one["key"] == key)
    except (YAMLError, TypeError, KeyError, StopIteration):
        raise CannotEdit(f"文件里找不到节点“{key}”，请打开全文修改。") from None
    entry["due"] = due
    if hard_due:
        entry["hard_due"] = hard_due
    elif hard_due == "":
        entry.pop("hard_due", None)
    return dumped(top)


def text_of(edition: Edition) -> str:
    """The whole edition as a campaign file."""
    return dumped(_edition(edition))


def yaml() -> YAML:
    made = YAML(typ="rt")
    made.preserve_quotes = True
    made.width = 4096  # a line stays the line its keeper wrote
    made.indent(mapping=2, sequence=4, offset=2)
    return made


def dumped(top: Any) -> str:
    written = StringIO()
    yaml().dump(top, written)
    return written.getvalue()


def _edition(one: Edition) -> CommentedMap:
    own = {milestone.source for milestone in one.milestones}
    return _kept(
        campaign=one.campaign,
        name=one.name,
        kind=one.kind.value,
        year=one.year,
        subject_year=one.subject_year,
        recurrence=one.recurrence if one.recurrence != "yearly" else None,
        recurrence_note=one.recurrence_note,
        rolled_from=one.rolled_from,
        coordinator=one.coordinator if one.coordinator != CITY_BUREAU else None,
        documents={source.item.partition("-")[0]: source.document for source in one.sources},
        sources=[source.item for source in one.sources if source not in own],
        ladder=one.ladder if one.ladder != STANDARD_LADDER else None,
        support_escalation=one.support_escalation or None,
        issued=one.issued_on,
        roll=one.roll if one.roll != "none" else None,
        roll_days=one.roll_days if one.roll_days != "all" else None,
        roll_reason=one.roll_reason,
        roster=one.roster,
        goals=list(one.goals),
        note=one.note,
        milestones=[_milestone(milestone) for milestone in one.milestones],
        indicators=[_indicator(indicator) for indicator in one.indicators],
    )


def _milestone(one: Milestone) -> CommentedMap:
    return _kept(
        key=one.key,
        title=one.title,
        source=one.source.item,
        stage=one.stage,
        due=one.due_phrase,
        hard_due=one.hard_due_phrase,
        implied=one.implied or None,
        event_column=one.event_column,
        counts_from=one.counts_from,
        after=list(one.after),
        gate=one.gate or None,
        per_subject=one.per_subject or None,
        problem_ledger=one.problem_ledger or None,
        review_levels=one.review_levels if one.review_levels != 1 else None,
        recurrence=one.recurrence if one.recurrence != "yearly" else None,
        ladder=one.ladder,
        quota=_quota(one.quota) if one.quota else None,
        content=one.content,
        note=one.note,
        # Also when empty: what goes by a roster may have no lead of its own, but the file has to say so.
        leads=list(one.leads) or CommentedSeq(),
        supporting=list(one.supporting),
        evidence=[evidence_entry(item) for item in one.evidence],
    )


def evidence_entry(one: ExpectedEvidence) -> CommentedMap:
    """One expected paper or figure as the file lists it."""
    return _kept(
        key=one.key,
        title=one.title,
        type=one.type.value if one.type is not EvidenceType.DOCUMENT else None,
        required=None if one.required else False,
        unit=one.unit_of_measure,
        min=_number(one.minimum),
        max=_number(one.maximum),
        reason=one.reason,
    )


def _quota(one: Quota) -> CommentedMap:
    total = _number(one.city_total)
    if total is None and one.city_total_last_year is not None:
        total = unconfirmed(one.city_total_last_year)
    return _kept(
        indicator=one.indicator,
        unit=one.unit_of_measure,
        op=one.op if one.op != "=" else None,
        city_total=total,
        targets={target.unit: _cell(target) for target in one.targets},
        note=one.note,
    )


def _cell(one: Target) -> Any:
    words = {
        Cell.BLANK: BLANK,
        Cell.NONE: "--",
        Cell.TEXT: one.text,
        Cell.GIVEN: one.text or _number(one.value),
    }
    return unconfirmed(one.last_year) if one.state is Cell.UNCONFIRMED else words[one.state]


def _indicator(one: Indicator) -> CommentedMap:
    target = _number(one.target_value)
    if target is None and one.target_last_year is not None:
        target = unconfirmed(one.target_last_year)
    return _kept(
        key=one.key,
        name=one.name,
        formula=one.formula,
        unit=one.unit_of_measure or None,
        op=one.target_op,
        target=target,
        note=one.note,
    )


def _kept(**values: Any) -> CommentedMap:
    """Only what is said: nothing stands in a file as null or as an empty list."""
    return CommentedMap(
        (key, value)
        for key, value in values.items()
        if isinstance(value, CommentedSeq) or value not in (None, [], {})
    )


def _number(value: Decimal | None) -> Any:
    """The figure with the digits it was written in."""
    return None if value is None else yaml().load(format(value, "f"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandMilestone:
    """One milestone as somebody filled it in."""

    title: str
    item: str
    due: str
    leads: Sequence[str]
    supporting: Sequence[str] = ()
    gate: bool = False
    evidence: Sequence[ExpectedEvidence] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEdition:
    """A campaign filled in by hand; whatever is missing or unknown the reader reports afterwards."""

    campaign: str
    name: str
    kind: str
    year: int
    document: str
    issued_on: date | None = None
    coordinator: str = ""
    ladder: str = STANDARD_LADDER
    milestones: Sequence[HandMilestone] = ()


def hand_text(one: HandEdition) -> str:
    """The campaign file of what was filled in; items of the one document are numbered D-1, D-2 … where none is given."""
    return dumped(
        _kept(
            campaign=one.campaign,
            name=one.name,
            kind=one.kind,
            year=one.year,
            coordinator=one.coordinator or None,
            documents={"D": one.document},
            issued=one.issued_on,
            ladder=one.ladder if one.ladder != STANDARD_LADDER else None,
            milestones=list(_by_hand(one.milestones)),
        )
    )


def _by_hand(milestones: Sequence[HandMilestone]) -> Iterator[CommentedMap]:
    for number, one in enumerate(milestones, start=1):
        yield _kept(
            key=f"m{number}",
            title=one.title,
            source=f"D-{one.item or number}",
            due=one.due,
            leads=list(one.leads),
            supporting=list(one.supporting),
            gate=one.gate or None,
            evidence=[evidence_entry(item) for item in one.evidence],
        )
