"""The kinds of message, the values they are made of, and rendering.

One folder in kinds/ holds one kind: its context, its subject, its text and its HTML. This module knows nothing of who
is told when; the office decides that and hands over finished values.
"""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notifications import wording
from rules.standing import Light

ROOM = Path(__file__).parent


class Kind(StrEnum):
    """What a message is about. Urgent kinds leave by themselves; the others are merged into the day's digest."""

    chinese_name: str
    urgent: bool

    def __new__(cls, identifier: str, chinese_name: str, urgent: bool) -> "Kind":
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
    STAGE_SUMMARY = ("stage_summary", "阶段小结", True)
    # A person's own act, at once; the ladder's 催办 goes with the digest.
    CHASE_NOW = ("chase_now", "即时催办", True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One obligation as its unit needs to read it.

    `days_left` counts workdays and is negative when overdue. `provisional` says that the dates rest on a year whose
    day-off notice is not out yet. `document` names the source and its item.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The office that signs the letter, and how a unit without a link answers it."""

    name: str
    contact: str | None = None
    phone: str | None = None
    how_to_answer: str = "请将材料报送我单位并注明编号。"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A message in words: one line of subject, plain text, and HTML."""

    subject: str
    text: str
    html: str


class Message(Protocol):
    """Any context of kinds/: a frozen dataclass that names its folder."""

    folder: ClassVar[str]


def render(message: Message) -> Rendered:
    """The message in words. A name the templates use and the message lacks raises jinja2.UndefinedError."""
    values = {field.name: getattr(message, field.name) for field in fields(message)}  # type: ignore[arg-type]  # a Protocol cannot say "dataclass"
    subject = wording.one_line(_template(message.folder, "subject.txt").render(values)).strip()
    return Rendered(
        subject=subject,
        text=_template(message.folder, "body.txt").render(values).strip() + "\n",
        html=_template(message.folder, "body.html").render(values, subject=subject).strip() + "\n",
    )


@cache
def _template(folder: str, part: str) -> Any:
    return _environment().get_template(f"{folder}/{part}.j2")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([ROOM / "kinds", ROOM / "layout"]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        finalize=wording.printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Without this, every include asks the file system whether its file has changed.
        auto_reload=False,
    )
    environment.filters.update(wording.FILTERS)
    environment.globals.update(wording.GLOBALS)
    environment.tests["web_link"] = wording.is_web_link
    return environment
