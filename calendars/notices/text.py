"""Reads a holiday notice from pasted text: the regular form of 2009 to 2026 and the notices that amend one.

Every clause is understood as a whole or handed back as unread; nothing with a day in it is passed over. Must not know
the table in force, nor ask anyone: what is doubtful becomes a problem for the person who pasted the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from calendars.notices.draft import WEEKDAYS, Extension, NoticeDraft, NoticeRefused, settle, spoken
from calendars.phrases import simplifier
from calendars.workdays import NamedDay, festival

NAME = r"(?:元旦节?|新年|春节|清明节?|(?:五一)?(?:国际)?劳动节|五一|端午节?|中秋节?|国庆节?|十一)"
NAMES = rf"{NAME}(?:[、和,]{NAME})*"
DAY = r"(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}[日号](?:\([^()]*\))?"
_START = r"(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}(?:[日号](?:\([^()]*\))?)?"
SPAN = rf"(?:{_START}(?:至|到|-){DAY}|{DAY})"
SPANS = rf"{SPAN}(?:(?:、|和|及|以及){SPAN})*"
_PARTS = re.compile(r"(?:(?:(\d{4})年)?(\d{1,2})月)?(\d{1,2})(?:[日号])?(?:\(([^()]*)\))?")
_WEEKDAY = re.compile(r"(?:星期|周|礼拜)([一二三四五六日天])")
LONGEST_BLOCK = 15


class NotADay(ValueError):
    """A phrase has the form of a day but names none; the message says which and why."""


@dataclass(slots=True)
class Carry:
    """What a clause inherits: the notice's year, and the year and month last written in the section."""

    notice_year: int
    new_year: bool = False
    month: tuple[int, int] | None = None
    problems: list[str] = field(default_factory=list)


def normalised(text: str) -> str:
    """Full width to half width, Traditional to Simplified, one kind of dash and no quotes or blanks; lines are kept."""
    text = simplifier().convert(unicodedata.normalize("NFKC", text))
    text = re.sub(r"[—–―~〜～﹣−]+", "-", text)
    text = re.sub(r"[“”\"'‘’「」『』\u200b\ufeff]", "", text)
    return "\n".join(re.sub(r"\s+", "", line) for line in text.splitlines())


def names_in(text: str) -> tuple[str, ...]:
    """The holidays named in a text, in its order, each once, by the names year tables use."""
    return tuple(dict.fromkeys(festival(name) for name in re.findall(NAME, text)))


def days_in(spans: str, carry: Carry) -> list[date]:
    """All days of `SPANS`; updates the carry. Raises NotADay for a day that does not exist or has no month."""
    return [day for span in re.findall(SPAN, spans) for day in _span(span, carry)]


def _span(span: str, carry: Carry) -> list[date]:
    parts = [match.groups() for match in _PARTS.finditer(span)]
    first = _day(parts[0], carry, span)
    if len(parts) == 1:
        return [first]
    last = _day(parts[1], carry, span, after=first)
    if not 0 < (last - first).days < LONGEST_BLOCK:
        raise NotADay(f"「{span}」首尾颠倒或过长，请核对原文。")
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _day(parts: tuple[str | None, ...], carry: Carry, span: str, after: date | None = None) -> date:
    year, month, number, note = parts
    if month:
        carry.month = (int(year) if year else _unsaid_year(int(month), carry, after), int(month))
    if carry.month is None or number is None:
        raise NotADay(f"「{span}」没有写明月份，请补上月份。")
    try:
        day = date(*carry.month, int(number))
    except ValueError:
        raise NotADay(f"「{span}」没有这一天，请核对原文。") from None
    _check_note(day, note or "", carry)
    return day


def _unsaid_year(month: int, carry: Carry, after: date | None) -> int:
    """A range runs forward, so its end may lie in the next year; a December day of New Year lies in the year before."""
    if after is not None:
        return after.year + (month < after.month)
    return carry.notice_year - (carry.new_year and month == 12)


def _check_note(day: date, note: str, carry: Carry) -> None:
    """Behind a day stands its weekday, a festival or a lunar date; only the weekday can be checked."""
    for said in _WEEKDAY.findall(note):
        if WEEKDAYS[day.weekday()] != said.replace("天", "日"):
            carry.problems.append(f"原文写的是周{said}，而{spoken(day)}不是，请核对日期和年份。")
    if re.search(r"\d|放假|上班|休", note):
        carry.problems.append(f"{spoken(day)}后面括号里的「{note}」没有读懂，请改写到括号外面。")


_OFFICE = r"(?:国务院|[一-龥]{2,20}(?:办公厅|办公室|人民政府|厅|局|委))?"
_ON = r"(\d{4})年(\d{1,2})月(\d{1,2})日"
_LINE_NUMBER = re.compile(r"([一-龥]{2,12})[〔\[(【](\d{4})[〕\])】]第?(\d+)号")
_STATE_COUNCIL_NUMBER = re.compile(r"(国办发(?:明电)?)[〔\[(【](\d{4})[〕\])】](\d+)号")
_TITLE = re.compile(_OFFICE + r"关于[^。;:]{2,60}?的(?:通知|公告)")
_SIGNATURE = re.compile(rf"{_OFFICE}\(?(?:{_ON})?\)?")
_IN_WORDS = re.compile(
    rf"{_OFFICE}([〇○零一二三四五六七八九]{{4}})年([一二三四五六七八九十]{{1,2}})月([一二三四五六七八九十]{{1,3}})日"
)
_LABELLED = re.compile(rf"(?:发布|成文|印发|发文|公布)(?:日期|时间):?{_ON}")
_WIRE = re.compile(r"新华社[一-龥]{0,6}\d{1,2}月\d{1,2}日电")


def title_in(whole: str) -> str:
    """The notice's title out of the text without line breaks, or nothing."""
    found = _TITLE.search(whole)
    title = found.group() if found else ""
    return title[max(0, title.find("国务院办公厅关于")) :]


def year_in(title: str, lines: Sequence[str]) -> int:
    """The year arranged for. The date of the signature is no hint: it lies in the year before."""
    body = "".join(line for line in lines if not stands_alone(line))
    arranged = re.compile(r"(20\d{2})年[一-龥、和]{0,40}(?:放假|节假日|假期|调休)")
    if found := re.search(r"(20\d{2})年", title) or arranged.search(body):
        return int(found.group(1))
    dated = {(int(year), month) for year, month in re.findall(r"(20\d{2})年(\d{1,2})月", body)}
    if len({year for year, _ in dated}) != 1 or any(month == "12" for _, month in dated):
        raise NoticeRefused("通知里没有写明是哪一年的安排，请连同标题一起粘贴，或另外指明年份。")
    return dated.pop()[0]


def holidays_in(title: str) -> tuple[str, ...]:
    """The holiday an amending notice speaks of in its title, for clauses without a heading of their own."""
    if names := names_in(title):
        return names
    named = re.search(
        r"关于(?:\d{4}年)?((?!\d{4}年)[^调放]{1,40}?(?:节|活动|(?<!节假)日))(?:调休)?放假", title
    )
    return (named.group(1),) if named else ()


def number_in(lines: Sequence[str]) -> str:
    """The document number: the State Council's anywhere, another office's on a line of its own."""
    found = _STATE_COUNCIL_NUMBER.search("".join(lines))
    found = found or next((match for line in lines if (match := _LINE_NUMBER.fullmatch(line))), None)
    return "{}〔{}〕{}号".format(*found.groups()) if found else ""


def issued_on(lines: Sequence[str]) -> date | None:
    """The date under the signature (the last line that is one), else the date a web page labels as such."""
    forms = [_SIGNATURE.fullmatch(line) or _IN_WORDS.fullmatch(line) for line in lines]
    signed = [match for match in forms if match and match.group(1)]
    found = signed[-1] if signed else _LABELLED.search("".join(lines))
    try:
        return date(*map(_number, found.groups())) if found else None
    except ValueError:
        return None


def _number(text: str) -> int:
    """Digits, or numerals in words: 二〇〇九, 十二, 二十一."""
    if text.isdecimal():
        return int(text)
    digits = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
    tens, ten, units = text.rpartition("十")
    if ten:
        return 10 * (digits[tens] if tens else 1) + (digits[units] if units else 0)
    return int("".join(str(digits[numeral]) for numeral in text))


def stands_alone(line: str) -> bool:
    """Whether a line is a signature, a date or a number, and so part of no sentence."""
    return any(form.fullmatch(line) for form in (_SIGNATURE, _IN_WORDS, _LINE_NUMBER))


def without_heading(paragraph: str, title: str) -> str:
    """The paragraph without title, number, and the marks of news agencies and web pages."""
    text = paragraph.replace(title, "") if title else paragraph
    for mark in (_STATE_COUNCIL_NUMBER, _LABELLED, _WIRE):
        text = mark.sub("", text)
    return text


_MARK = r"(?:[一二三四五六七八九十]+、|\d+[.、](?!\d)|[-·•●*]+)?"
_OTHER_DAY = r"[一-龥\d]{2,40}?(?:纪念日|节|活动)"
_HEAD = re.compile(rf"^{_MARK}({NAMES}|{_OTHER_DAY})(?:假期|放假安排|放假)?:")
_ADDRESSEES = re.compile(r"各[^。;\d]*(?:机构|单位|部门|政府|委员会):?")
_INTRO = re.compile(r"[^。;]*?如下:?")
_ADVICE = re.compile(r"(?:鼓励|倡导|提倡|建议)")
_SPEAKS = re.compile(r"放假|上班|补班|休息|补休|调休|连休|公休|延长|\d+[日号]|(?:星期|周)[一二三四五六日天]")
_ASIDE = re.compile(r"(?<![日号\d])\([^()]*\)")
_COUNTED = r"(?:、?共?(?P<count>\d+|[一二三四五六七八九十])天)?"
_SMALL = {numeral: value for value, numeral in enumerate("一二三四五六七八九十", start=1)}


@dataclass(slots=True)
class _Section:
    """One holiday's paragraph while it is being read."""

    names: tuple[str, ...]
    carry: Carry
    off: list[date] = field(default_factory=list)
    make_up: list[date] = field(default_factory=list)
    exchanged: list[date] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    nothing_moved: bool = False


@dataclass(slots=True)
class _Reading:
    year: int
    sections: list[_Section] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def open(self, names: tuple[str, ...]) -> None:
        carry = Carry(notice_year=self.year, new_year=names == ("元旦",), problems=self.problems)
        self.sections.append(_Section(names=names, carry=carry))


def read_text(text: str, year: int | None = None) -> NoticeDraft:
    """A notice pasted as text. `year` helps when the text does not say it. Raises NoticeRefused when nothing fits."""
    lines = [line for line in normalised(text).splitlines() if line]
    if not lines:
        raise NoticeRefused("通知内容是空的，请粘贴放假安排通知的全文。")
    title = title_in("".join(lines))
    reading = _Reading(year=year or year_in(title, lines))
    if (said := re.search(r"(20\d{2})年", title)) and int(said.group(1)) != reading.year:
        reading.problems.append(f"标题写的是{said.group(1)}年，指明的却是{reading.year}年，请核对。")
    reading.open(holidays_in(title))
    for paragraph in _paragraphs(lines):
        _read_paragraph(reading, without_heading(paragraph, title))
    return _settled(reading, title, number_in(lines), issued_on(lines))


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines joined again where a copy broke them, without those that are a number, a date or a signature."""
    held = ""
    for line in lines:
        alone = stands_alone(line)
        if held and (alone or _HEAD.match(_without_asides(line)) or held[-1] in "。;:"):
            yield held
            held = ""
        if not alone:
            held += line
    if held:
        yield held


def _without_asides(text: str) -> str:
    """Parentheses dropped, except those behind a day: they hold the weekday, which is checked."""
    return _ASIDE.sub("", text)


def _read_paragraph(reading: _Reading, paragraph: str) -> None:
    text = paragraph.replace("如下:", "如下。")
    for sentence in re.split(r"[。;](?![^()]*\))", text):
        if plain := _without_asides(sentence):
            asides = [] if _ADVICE.match(plain) else _ASIDE.findall(sentence)
            reading.unread += [aside for aside in asides if _SPEAKS.search(aside)]
            _read_sentence(reading, plain)


def _read_sentence(reading: _Reading, sentence: str) -> None:
    if head := _HEAD.match(sentence):
        reading.open(names_in(head.group(1)) or (head.group(1),))
        sentence = sentence[head.end() :]
    sentence = re.sub(f"^{_MARK}", "", sentence)
    if _ADDRESSEES.fullmatch(sentence):
        return
    if _INTRO.fullmatch(sentence) and not re.search(SPANS, sentence):
        names = names_in(sentence)
        if 0 < len(names) <= 2:
            reading.open(names)
        return
    if _ADVICE.match(sentence):
        reading.warnings.append(f"属于倡议，不改变放假安排：「{sentence}」")
        return
    _read_clauses(reading, re.split(r",(?![^()]*\))", sentence))


def _read_clauses(reading: _Reading, clauses: list[str]) -> None:
    """Clause by clause; days that stand alone belong to the clause that follows them."""
    held, strange = "", list[str]()
    for clause in clauses:
        clause = re.sub(r"^(?:其中:?|另外|同时|并)", "", held + clause)
        held = ""
        if re.fullmatch(SPANS, clause):
            held = clause + "、"
        elif clause and not _understood(reading, clause):
            strange.append(clause)
    if held:
        strange.append(held.rstrip("、"))
    if strange:
        reading.unread.append(",".join(strange))


def _understood(reading: _Reading, clause: str) -> bool:
    for form, act in _FORMS:
        if found := re.fullmatch(form, clause):
            try:
                act(reading, reading.sections[-1], found)
            except NotADay as fault:
                reading.problems.append(str(fault))
            return True
    return False


def _take_off(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    if found["names"]:
        reading.open(names_in(found["names"]))
        section = reading.sections[-1]
    days = days_in(found["days"], section.carry)
    if found["verb"] == "调休" and any(day.weekday() >= 5 for day in days):
        reading.problems.append(f"「{found.group()}」没有说明是放假还是上班，请核对原文。")
    section.off += days
    _check_count(reading, section, found)


def _take_work(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    """A make-up day; 「2月3日起正常上班」 only says that the block is over, so it must be an ordinary workday."""
    over = bool(found["since"]) or any(word in found.group() for word in ("正常", "照常", "正式", "恢复"))
    for day in days_in(found["days"], section.carry):
        if day in section.off or (found["since"] and day.weekday() >= 5):
            reading.problems.append(f"「{found.group()}」与放假安排对不上，请核对原文。")
        elif day.weekday() >= 5 or not over:
            section.make_up.append(day)


def _check_count(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    said, counted = found["count"], len(set(section.off))
    if said and int(_SMALL.get(said, said)) != counted:
        whose = "、".join(section.names) or "原文"
        reading.problems.append(f"{whose}写的是共{said}天，按日期数是{counted}天，请核对原文。")


def _join_weekend(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    """The weekend that touches the block belongs to it."""
    free = set(section.off)
    for day in tuple(free):
        for step in (timedelta(days=-1), timedelta(days=1)):
            beside = day + step
            while beside.weekday() >= 5:
                free.add(beside)
                beside += step
    if free == set(section.off) and not any(day.weekday() >= 5 for day in free):
        reading.problems.append(
            f"{'、'.join(section.names)}写了与周末连休，但放假日期不挨着周末，请核对原文。"
        )
    section.off = sorted(free)


def _nothing_moved(_reading: _Reading, section: _Section, _found: re.Match[str]) -> None:
    section.nothing_moved = True


def _explain(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    """「1月1日为法定节假日」 repeats what the block said; a day outside the block is a contradiction."""
    for day in days_in(found["days"], section.carry):
        if day not in section.off:
            reading.problems.append(f"「{found.group()}」提到的{spoken(day)}不在放假日期之内，请核对原文。")


def _exchange(reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    """「1月4日公休日调至1月2日」: the target is off; the rest day given up must be off anyway or worked."""
    section.exchanged += days_in(found["days"], section.carry)
    for day in days_in(found["target"], section.carry):
        if day not in section.off:
            reading.problems.append(f"「{found.group()}」调到的{spoken(day)}不在放假日期之内，请核对原文。")


def _extend(_reading: _Reading, section: _Section, found: re.Match[str]) -> None:
    [until] = days_in(found["days"], section.carry)
    section.extensions += [Extension(name=name, until=until) for name in names_in(found["names"])]


_FORMS: tuple[tuple[str, Callable[[_Reading, _Section, re.Match[str]], None]], ...] = (
    (
        rf"(?:(?:\d{{4}}年)?(?P<names>{NAMES})(?:假期)?)?[为从自于]?(?P<days>{SPANS})(?:全国)?"
        rf"(?P<verb>放假调休|调休放假|放假公休|放假休息|放假|补休|调休|补假){_COUNTED}",
        _take_off,
    ),
    (r"共(?P<count>\d+|[一二三四五六七八九十])天", _check_count),
    (
        rf"(?P<days>{SPANS})(?P<since>起?)(?:均|都|为|照常|正常|正式|恢复|调休|需|须|应|要)*(?:上班|补班)日?",
        _take_work,
    ),
    (r"(?:可)?与周[末一二三四五六日]连休", _join_weekend),
    (r"(?:放假)?不调休", _nothing_moved),
    (rf"(?P<days>{SPANS})(?:为|是)?(?:{NAMES})?(?:法定节假日|法定假日|公休日|照常公休|正常公休)", _explain),
    (
        rf"(?P<days>{SPANS})(?:[两三]个)?公休日(?:及{NAME})?(?:分别)?(?:调至|调到|移至)(?P<target>{SPANS})",
        _exchange,
    ),
    (rf"(?:将|决定)?延长(?:\d{{4}}年)?(?P<names>{NAMES})假期至(?P<days>{DAY})", _extend),
    (rf"(?:将)?(?:\d{{4}}年)?(?P<names>{NAMES})假期延长至(?P<days>{DAY})", _extend),
)


def _torn(days: list[date]) -> bool:
    """Whether a block falls apart; a rest day made good just behind it still belongs to it."""
    ordered = sorted(days)
    return any((after - before).days > 3 for before, after in pairwise(ordered))


def _settled(reading: _Reading, title: str, document_no: str, issued_on: date | None) -> NoticeDraft:
    for section in reading.sections:
        if len(section.names) > 1 and _torn(section.off):
            reading.problems.append(f"{'、'.join(section.names)}的放假日期不相连，请把各个节日分开写。")
        if section.nothing_moved and section.make_up:
            reading.problems.append(f"{'、'.join(section.names)}写了不调休，却有上班日，请核对原文。")
        for day in section.exchanged:
            if day not in section.off and day not in section.make_up:
                reading.problems.append(f"{spoken(day)}的公休日调走了，却没有写上班，请核对原文。")
    if speaking := [piece for piece in reading.unread if _SPEAKS.search(piece)]:
        pieces = "、".join(f"「{piece}」" for piece in speaking)
        reading.problems.append(
            f"有{len(speaking)}处涉及日期或放假的文字没有读懂：{pieces}，请改写或删去与放假无关的文字。"
        )
    return settle(
        year=reading.year,
        document_no=document_no,
        title=title,
        issued_on=issued_on,
        off=(NamedDay(on=day, names=section.names) for section in reading.sections for day in section.off),
        make_up=(
            NamedDay(on=day, names=section.names) for section in reading.sections for day in section.make_up
        ),
        extensions=(extension for section in reading.sections for extension in section.extensions),
        problems=reading.problems,
        warnings=reading.warnings,
        unread=reading.unread,
    )
