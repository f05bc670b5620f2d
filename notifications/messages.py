"""The kinds of message, the values they are made of, and rendering.

One folder in kinds/ holds one kind: its subject, its text and its HTML. This module knows nothing of who is told when;
the office decides that and hands over finished values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from duban.core.lights import Light
from notifications.wording import FILTERS, GLOBALS, is_web_link, one_line, printable

ROOM = Path(__file__).parent


class Kind(StrEnum):
    """What a message is about. Urgent kinds leave by themselves; the others are merged into the day's digest."""

    chinese_name: str
    urgent: bool

    def __new__(cls, identifier: str, chinese_name: str, urgent: bool) -> Kind:
        kind = str.__new__(cls, identifier)
        kind._value_ = identifier
        kind.chinese_name = chinese_name
        kind.urgent = urgent
        return kind

    @property
    def rank(self) -> int:
        """Place among the sections of a digest."""
        return list(type(self)).index(self)

    # The order is the order of the sections in a digest: what hurts most comes first.
    ESCALATE = ("escalate", "督办", False)
    CHASE = ("chase", "催办", False)
    DUE = ("due", "到期", False)
    ADVANCE = ("advance", "提前提醒", False)
    CALENDAR_CHANGE = ("calendar_change", "日历变更", False)
    ASSIGN = ("assign", "交办", False)
    # Answers that someone waits for, and the leader's report, are letters of their own.
    SEND_BACK = ("send_back", "退回", True)
    EXTENSION = ("extension", "延期批复", True)
    FORWARD = ("forward", "改派批复", True)
    STAGE_SUMMARY = ("stage_summary", "阶段小结", True)
    # A person's own act, at once; the ladder's 催办 goes with the digest.
    CHASE_NOW = ("chase_now", "即时催办", True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a unit is towards its target. `behind` are percentage points behind the elapsed share of its period.

    `reported` is None while no figure has come in.
    """

    target: Decimal
    reported: Decimal | None
    behind: Decimal
    unit_of_measure: str = ""
    as_of_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chased:
    """When the unit was told of it once it was overdue, and whose mailbox took the letter."""

    on: date
    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """A further occurrence or subject of the same duty, which its first one stands for."""

    obligation_id: int | str
    due_on: date
    provisional: bool = False
    subject: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One obligation as its unit needs to read it, or with `others` one duty that is owed several times.

    `days_left` counts workdays and is negative when overdue. `provisional` says that the dates rest on a year whose
    day-off notice is not out yet. `document` names the source and its item, `due_phrase` is what it says of the date,
    `hour` the time of day in it.
    """

    obligation_id: int | str
    campaign: str
    milestone: str
    unit: str
    due_on: date
    last_workday: date
    days_left: int
    document: str
    provisional: bool
    light: Light
    expected_evidence: tuple[str, ...] = ()
    hard_due_on: date | None = None
    previous_due_on: date | None = None
    previous_provisional: bool = False
    link: str | None = None
    note: str | None = None
    extended: bool = False
    due_phrase: str | None = None
    hour: str | None = None
    subject: str | None = None
    progress: Progress | None = None
    chased: tuple[Chased, ...] = ()
    others: tuple[Other, ...] = ()

    @property
    def times(self) -> int:
        """How many obligations this line stands for."""
        return 1 + len(self.others)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The office that signs the letter, and how a unit without a link answers it."""

    name: str
    contact: str | None = None
    phone: str | None = None
    how_to_answer: str = "请将材料报送我单位并注明编号。"
    trial: bool = False  # a home that is only tried out: its letters say so


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Whom to ask: the office that runs these campaigns, and who there answers."""

    office: str
    campaigns: tuple[str, ...]
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """What a list no longer shows one by one: of one month how many, and of which campaigns."""

    first_due_on: date
    number: int
    campaigns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A message in words: one line of subject, plain text, and HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The items of one kind in a digest; `total` and `rest` as in Message.

    An escalation hands over all its items, because the letter counts the units from them.
    """

    kind: Kind
    items: tuple[Item, ...]
    total: int | None = None
    rest: tuple[Rest, ...] = ()

    def __post_init__(self) -> None:
        assert not self.kind.urgent, f"{self.kind} leaves by itself, not in a digest"


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportItem:
    """What a supporting unit is reminded of: its part in a matter that others lead.

    `kind` is the rung in words, `leads_stand` how the leads stand. Dates and `days_left` as in Item. It has no light.
    """

    duty_id: int
    kind: str
    campaign: str
    milestone: str
    unit: str
    leads: str
    leads_stand: str
    due_on: date
    last_workday: date
    days_left: int
    document: str
    provisional: bool
    link: str | None = None
    due_phrase: str | None = None
    hour: str | None = None
    previous_due_on: date | None = None
    others: tuple[date, ...] = ()  # when further occurrences are due that this one stands for

    @property
    def times(self) -> int:
        return 1 + len(self.others)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingLine:
    """One thing that waits for the bureau itself, and where it is worked off."""

    text: str
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One queue of the bureau's own: `number` in all, counted in `measure`, and the first of them.

    `parts` is how many lines there would be; None where every one of `number` has a line of its own.
    """

    title: str
    number: int
    measure: str
    since: date | None = None
    link: str | None = None
    lines: tuple[WaitingLine, ...] = ()
    parts: int | None = None

    @property
    def left_out(self) -> int:
        return (self.number if self.parts is None else self.parts) - len(self.lines) if self.lines else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """Sections in any order; the letter shows them in the order of Kind, and what the unit only supports after them.

    `supports` may be only the first to fall due; `supports_total` says how many there are. `waiting` are the queues of
    whoever works in the bureau.
    """

    sections: tuple[Section, ...]
    supports: tuple[SupportItem, ...] = ()
    supports_total: int = 0
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarChange:
    """`cause` says what moved the dates, as the beginning of a sentence."""

    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChaseByHand:
    """`words` is what the coordinator adds, `chased_by` who it is."""

    chased_by: str
    words: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardAnswer:
    """To the unit that asked: `granted`, the one item is `to_unit`'s from now on."""

    granted: bool
    to_unit: str
    decided_by: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionAnswer:
    """The one item already carries the date that holds now: the new one if `granted`, else the old one.

    `asked_for_on` is the day the unit asked for; `asked_provisional` says that it lies in a provisional year.
    """

    granted: bool
    asked_for_on: date
    decided_by: str
    reason: str
    asked_provisional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SendBack:
    """`times` counts how often the one item was sent back. `resubmit_by_on` is the limit for putting it right.

    `resubmit_provisional` says that this limit rests on a year whose day-off notice is not out yet.
    """

    reason: str
    reviewer: str
    times: int
    resubmit_by_on: date | None = None
    resubmit_provisional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A measure as a fraction. `of` is None when the denominator is not known; then a dash is printed."""

    title: str
    done: int
    of: int | None
    target_percent: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A unit that has not finished; `days_overdue` in workdays."""

    unit: str
    days_overdue: int
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSummary:
    """`owed` counts what was due: waived and suspended obligations are out of it and stand in `left_out_of_rate`.

    `missing` is every unit that has not finished; `missing_total` says how many when only the first are handed over.
    """

    campaign: str
    stage: str
    due_on: date
    provisional: bool
    document: str
    owed: int
    done_on_time: int
    done_late: int
    left_out_of_rate: int
    missing: tuple[Missing, ...]
    next_step: str
    missing_total: int | None = None
    rates: tuple[Rate, ...] = ()
    # Of filings and quotas "done" is another thing than signing off, and so has the rate another name.
    rate_name: str = "按时办结率"
    not_due: int = 0


Detail = Digest | CalendarChange | ChaseByHand | ExtensionAnswer | ForwardAnswer | SendBack | StageSummary

_DETAILS: dict[Kind | None, type[Detail]] = {
    None: Digest,
    Kind.CALENDAR_CHANGE: CalendarChange,
    Kind.CHASE_NOW: ChaseByHand,
    Kind.EXTENSION: ExtensionAnswer,
    Kind.FORWARD: ForwardAnswer,
    Kind.SEND_BACK: SendBack,
    Kind.STAGE_SUMMARY: StageSummary,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What one reader is told. A digest has no kind of its own; `detail` is what some kinds say beyond their items.

    `items` may be only the first to fall due; `total` then says how many obligations there are, `rest` when
    the others are due, and `list_link` shows them all. Of an escalation they are all that is overdue, because the
    letter counts units from them, and `unit` is the superior's. `copy_of` names who the letter is to when this is a
    copy, `copied_to` who has one.
    """

    kind: Kind | None
    to_name: str
    unit: str
    as_of_on: date
    desk: Desk
    items: tuple[Item, ...] = ()
    total: int | None = None
    list_link: str | None = None
    detail: Detail | None = None
    rest: tuple[Rest, ...] = ()
    asked: tuple[Asked, ...] = ()
    copy_of: tuple[str, ...] = ()
    copied_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = _DETAILS.get(self.kind)
        assert self.detail is None if wanted is None else isinstance(self.detail, wanted), self.kind
        assert self.items or wanted in (Digest, StageSummary), "a letter without an item has nothing to say"

    @property
    def folder(self) -> str:
        return "digest" if self.kind is None else self.kind.value


def day_message(digest: Message) -> Message:
    """All that an address is owed on a day: the kind's own message when there is one kind, else the digest.

    A calendar change keeps its cause in the notes of its items, so it goes as a digest.
    """
    assert isinstance(digest.detail, Digest)
    first, *others = digest.detail.sections or (None,)
    more = others or digest.detail.supports or digest.detail.waiting
    if first is None or more or first.kind is Kind.CALENDAR_CHANGE:
        return digest
    return replace(
        digest, kind=first.kind, items=first.items, total=first.total, rest=first.rest, detail=None
    )


def render(message: Message) -> Rendered:
    """The message in words. A name the templates use and the message lacks raises jinja2.UndefinedError."""
    values = {
        field.name: getattr(part, field.name)
        for part in (message, message.detail)
        if part is not None
        for field in fields(part)
    }
    subject = one_line(_template(f"{message.folder}/subject.txt").render(values)).strip()
    return Rendered(
        subject=subject,
        text=_template(f"{message.folder}/body.txt").render(values).strip() + "\n",
        html=_template(f"{message.folder}/body.html").render(values, subject=subject).strip() + "\n",
    )


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.j2")


_INCLUDE = re.compile(r'\{% include "([^"]+)" %\}\n')


class _WholeTemplates(FileSystemLoader):
    """Puts what a template includes in its place when it is loaded: jinja2 would look it up for every letter, which
    takes a fifth of the time of rendering one.
    """

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_current = super().get_source(environment, template)
        whole = _INCLUDE.sub(lambda found: self.get_source(environment, found[1])[0], source)
        return whole, path, is_current


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_WholeTemplates([ROOM / "kinds", ROOM / "layout"]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Without this, every include asks the file system whether its file has changed.
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(GLOBALS)
    environment.tests["web_link"] = is_web_link
    return environment
