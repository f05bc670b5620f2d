"""What stands around the arrangement in a pasted notice: number, title, year, signature, and what a web page adds.

Must not read the arrangement itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from calendars.notices.draft import NoticeRefused
from calendars.notices.phrases import names_in

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
