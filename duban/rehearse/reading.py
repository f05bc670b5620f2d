"""A letter as its reader gets it: decoded from the wire, with the kinds, numbers, dates, lights and links in it."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from email.header import decode_header, make_header
from email.message import Message

from duban.core.lights import LIGHT_WORDS, Light
from notifications.letters import Letter
from notifications.messages import Kind

_SECTION = re.compile(r"^【(\S+?)】(\d+)项$")
_STANDING = re.compile(r"^\s*〔(\S+?) · ")
_NUMBER = re.compile(r"^\s*编号：(配合 )?(\d+)$")
_OTHERS = re.compile(r"^\s*其余编号：(.*)$")
_OTHER = re.compile(r"(\d+)（(?:(?:(\d+)年)?(\d+)月(\d+)日(?:（暂定）)?|[^）]*)）")
_MORE = re.compile(r"另有(\d+)项")
_DUE = re.compile(r"^\s*时限：(\d+)年(\d+)月(\d+)日（(.*)）$")
_UNIT = re.compile(r"^\s*责任单位：(.*)$")
_LINK = re.compile(r"^\s*(?:办理|知悉或报告)：(\S+)$")
_TOTAL = re.compile(r"(\d+)项任务")
_BY_NAME = {kind.chinese_name: kind for kind in Kind}
_BY_LIGHT = {words: light for light, words in LIGHT_WORDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOther:
    """A further occurrence of a duty that stands in one line; `month_and_day` is its date where one is named."""

    obligation_id: int
    month_and_day: tuple[int, int] | None


@dataclass(slots=True, kw_only=True)
class ReadItem:
    """One matter in a letter; what does not stand there is None. `obligation_id` is of a duty where it `supports`.

    A duty that is owed several times is one line: `others` are named beside it, `more` are only counted.
    """

    kind: Kind | None
    light: Light | None = None
    due_on: date | None = None
    provisional: bool = False
    unit: str | None = None
    obligation_id: int = 0
    supports: bool = False
    others: tuple[ReadOther, ...] = ()
    more: int = 0
    link: str | None = None

    @property
    def numbers(self) -> list[int]:
        """Its own and those beside it."""
        return [self.obligation_id, *(one.obligation_id for one in self.others)]


@dataclass(slots=True, kw_only=True)
class ReadSection:
    """What stands under one kind; `total` is how many the letter says there are, None where it says nothing, `left_out`
    how many it leaves to the page.
    """

    kind: Kind | None
    total: int | None = None
    left_out: int = 0
    items: list[ReadItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLetter:
    """What stands in a letter. `digest` tells the day's letter of a unit from an urgent one, `report` that it says what
    waits on an office's desk; `unit` is its first word.
    """

    key: str
    to_address: str
    subject: str
    unit: str
    sections: tuple[ReadSection, ...]
    digest: bool
    report: bool

    @property
    def items(self) -> tuple[ReadItem, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def numbers(self) -> set[int]:
        """Every obligation that is named."""
        return {number for item in self.items if not item.supports for number in item.numbers}


def read_letter(prepared: Letter) -> ReadLetter:
    """Read the bytes back with the standard parser, as a mail program would."""
    # The parser's older policy: the newer one takes ten times as long for the same text.
    message = email.message_from_bytes(prepared.data, policy=email.policy.compat32)
    subject = str(make_header(decode_header(message["Subject"])))
    about = next((kind for kind in Kind if subject.startswith(f"【{kind.chinese_name}】")), None)
    lines = _plain_text(message).splitlines()
    return ReadLetter(
        key=prepared.key,
        to_address=prepared.to_address,
        subject=subject,
        unit=lines[0].partition(" ")[0],
        sections=tuple(section for section in _sections(lines, about) if section.items),
        report=subject.startswith("【督办晨报】"),
        digest=about is None or (not about.urgent and about is not Kind.CALENDAR_CHANGE),
    )


def _others(text: str) -> Iterator[ReadOther]:
    for number, _, month, day in _OTHER.findall(text):
        on = (int(month), int(day)) if month else None
        yield ReadOther(obligation_id=int(number), month_and_day=on)


def _plain_text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode("utf-8")
    raise AssertionError("every letter has a plain text")


def _sections(lines: list[str], about: Kind | None) -> Iterator[ReadSection]:
    """The parts of a digest, or the one part of a letter of one kind, whose first sentence says how many."""
    section, item = ReadSection(kind=about), ReadItem(kind=about)
    for line in lines:
        if head := _SECTION.match(line):
            yield section
            kind = _BY_NAME.get(head[1])
            section, item = ReadSection(kind=kind, total=int(head[2])), ReadItem(kind=kind)
        elif standing := _STANDING.match(line):
            item = ReadItem(kind=section.kind, light=_BY_LIGHT.get(standing[1]))
        elif due := _DUE.match(line):
            item.due_on, item.provisional = date(int(due[1]), int(due[2]), int(due[3])), "暂定" in due[4]
        elif unit := _UNIT.match(line):
            item.unit = unit[1]
        elif number := _NUMBER.match(line):
            item.supports, item.obligation_id = bool(number[1]), int(number[2])
            section.items.append(item)
        elif others := _OTHERS.match(line):
            item.others = tuple(_others(others[1]))
            item.more = int(more[1]) if (more := _MORE.search(others[1])) else 0
        elif line.startswith("另有") and (more := _MORE.match(line)):
            section.left_out = int(more[1])
        elif link := _LINK.match(line):
            item.link = link[1]
        elif section.total is None and not section.items and (said := _TOTAL.search(line)):
            section.total = int(said[1])
    yield section
