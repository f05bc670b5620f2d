"""Reads several dates named in a row: 6月底和12月底前, 3、6、9、12月20日前, “5·20”“七夕”.

A shorter item borrows what the last or the first one says; items that could also be list marks are not read.
"""

import re
from itertools import pairwise

from rules.deadline.dates_in_text import one
from rules.deadline.naming import year_of
from rules.deadline.parts import PLAN, Day, Due, End, Festival, How, One, Several, Window
from rules.deadline.spans import months_of, one_in, one_year

_JOINTS = re.compile(r"、|,|;|以及|和|与|及")
_TAIL = re.compile(r"(.*?)(之前|以前|前后|前|期间|当天|当日)?")
_MAX = 12


def several(text: str, *, unmarked: bool = False) -> Several | None:
    """The list that the whole text names, or None; unmarked: no list mark can stand before it.

    Raises Impossible for a day no calendar has.
    """
    text = re.sub(r"^(.*?)上下半年$", r"\1上、下半年", text)
    pieces = _JOINTS.split(_apart(re.sub(r"^(?:每逢|逢)", "", text)))
    if not 2 <= len(pieces) <= _MAX or not all(pieces):
        return None
    pieces = _spelt_out(pieces, unmarked)
    items = [one(piece) for piece in pieces] if pieces else []
    if not items or any(item is None for item in items):
        return None
    dated = _in_one_year([item for item in items if item is not None])
    if _shares_before(text, dated) or not ascending(dated):
        return None
    return Several(items=tuple(dict.fromkeys(dated))) if _alike(dated) else None


def _shares_before(text: str, items: list[One]) -> bool:
    """中秋、国庆前 and 7、8月前: before all of them, or before each? Only a 前 for each of them is clear."""
    before = (How.BEFORE, How.EVE, How.MAYBE_BEFORE)
    unclear = any(isinstance(item, Due) and item.how in before for item in items)
    return unclear and len(re.findall("前", text)) < len(items)


def ascending(items: list[One]) -> bool:
    """12月底、6月底前 may mean next year's June; a list that goes back in the year is not read."""
    ends = [
        item.at if isinstance(item, Due) else item.last for item in items if isinstance(item, Due | Window)
    ]
    known = [
        (year_of(end).absolute or 0, year_of(end).offset, months[0])
        for end in ends
        if (months := months_of(end)) is not None
    ]
    return known == sorted(known)


_HOLIDAY = (
    r"(?:元旦节?|春节|清明节?|五一(?:国际)?劳动节|五一节?|(?:国际)?劳动节|端午节?|中秋节?|国庆节?|十一)"
)


_HOLIDAYS = re.compile(
    rf"(?P<year>[0-9]{{4}}年|今年|明年|次年)?(?P<names>{_HOLIDAY}(?:(?:、|,|和|及|与|以及)?{_HOLIDAY})+)"
    r"、?\(?(?:[两双]节)?\)?(?:法定)?(?:(?:放假|假期|小长假|长假|假日|黄金周)(?:期间)?|期间)"
)


def _apart(text: str) -> str:
    """元旦春节期间 and 国庆、中秋双节假期 name several holidays; what is said of the last is said of each."""
    match = _HOLIDAYS.fullmatch(text)
    if match is None:
        return text
    names = re.findall(_HOLIDAY, match["names"])
    return (match["year"] or "") + "、".join(f"{name}期间" for name in names)


def either(text: str, *, unmarked: bool = False) -> One | Several | None:
    """A date, a window or a list."""
    found = one(text)
    return found if found is not None else several(text, unmarked=unmarked)


def _spelt_out(pieces: list[str], unmarked: bool) -> list[str]:
    """Each piece with what it borrows, or nothing where borrowing would be guessing."""
    last = pieces[-1]
    if re.fullmatch(r".*[0-9]月[0-9]{1,2}", pieces[0]) and re.match(r"[0-9]{1,2}日", last):
        # 3月5、15、25日: bare days between a month and the last day.
        pieces = [piece + "日" if re.search(r"(?:^|月)[0-9]{1,2}$", piece) else piece for piece in pieces]
    if any(re.fullmatch(r"(?:.*年)?第?[0-9]{1,2}", piece) for piece in pieces[:-1]):
        return _numbers(pieces, unmarked)
    if last == "下半年" and pieces == ["上", "下半年"]:
        return ["上半年", last]
    shared = re.fullmatch(r"[0-9]{1,2}月(?:份)?的(.+)", last)
    if shared and all(re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?", piece) for piece in pieces[:-1]):
        return [f"{piece.removesuffix('份')}{shared[1]}" for piece in pieces[:-1]] + [
            last.replace("的", "", 1)
        ]
    pieces = _same_month(pieces)
    tail = _TAIL.fullmatch(pieces[-1])
    if tail is None or tail[2] is None:
        return pieces
    return [_with_tail(piece, pieces[-1], tail[2]) for piece in pieces]


def _numbers(pieces: list[str], unmarked: bool) -> list[str]:
    """6、12月底前 and 一、三季度: bare numbers that share the last one's words."""
    first = re.fullmatch(r"(?:(.*年))?第?([0-9]{1,2})", pieces[0])
    last = re.fullmatch(r"第?([0-9]{1,2})(月.*|季度.*)", pieces[-1])
    middle = [re.fullmatch(r"第?([0-9]{1,2})", piece) for piece in pieces[1:-1]]
    if first is None or last is None or not all(middle):
        return []
    numbers = [int(first[2]), *(int(each[1]) for each in middle if each), int(last[1])]
    if not _a_series(numbers, quarters=last[2].startswith("季度"), unmarked=unmarked or first[1] is not None):
        return []
    return [f"{first[1] or ''}{number}{last[2]}" for number in numbers]


def _a_series(numbers: list[int], *, quarters: bool, unmarked: bool) -> bool:
    """Whether the numbers can only be months: 「3、5月底前」 may be item 3 of a list, due in May."""
    steps = {after - before for before, after in pairwise(numbers)}
    if min(steps) <= 0:
        return False
    if quarters or unmarked:
        return True
    if len(numbers) > 2:
        return len(steps) == 1 and (numbers[0] > 2 or steps != {1})
    return (numbers[0] > 2 and steps <= {1, 6}) or numbers == [5, 10]


def _same_month(pieces: list[str]) -> list[str]:
    """3月5日、15日 and 4月上旬、下旬: later items keep the first one's month."""
    spelt = [pieces[0]]
    month = re.match(r".*?[0-9]{1,2}月", pieces[0])
    for piece in pieces[1:]:
        borrows = month is not None and re.match(
            r"[0-9]{1,2}日|[上中下]旬|月?底|[0-9]{1,2}-[0-9]{1,2}日", piece
        )
        spelt.append(month[0] + piece if month and borrows else piece)
        month = re.match(r".*?[0-9]{1,2}月", piece) or month
    return spelt


def _with_tail(piece: str, last: str, tail: str) -> str:
    own = _TAIL.fullmatch(piece)
    if own is None or own[2] is not None:
        return piece
    if re.fullmatch(r"(?:.*年)?[0-9]{1,2}月", piece):
        ending = re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?([底末])(?:之前|以前|前)", last)
        if ending:
            return f"{piece}{ending[1]}{tail}"
        # 6月、12月15日前: whether June has a day of its own is not said.
        return piece if not re.fullmatch(r"(?:.*年)?[0-9]{1,2}月份?(?:之前|以前|前)", last) else piece + tail
    return piece + tail


def _in_one_year(items: list[One]) -> list[One]:
    year = one_year(items[0])
    spelt = [items[0]]
    for item in items[1:]:
        own = one_year(item)
        year = own if own != PLAN else year
        spelt.append(one_in(item, year))
    return spelt


def _alike(items: list[One]) -> bool:
    """Items of one sort: a bare month beside 12月15日前 is not such a list."""
    if all(isinstance(item, Window) for item in items):
        return True
    if not all(isinstance(item, Due) for item in items):
        return False
    dues = [item for item in items if isinstance(item, Due)]
    if any(due.how in (How.FROM, How.AROUND) for due in dues):
        return False
    kinds = {type(due.at) for due in dues}
    if len({due.how in (How.BY, How.BEFORE) for due in dues}) > 1:
        return False
    return len(kinds) == 1 or kinds <= {Day, Festival} or kinds <= {Day, End}
