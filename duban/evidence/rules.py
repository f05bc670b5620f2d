"""What a unit hands in, judged against what its milestone expects. Pure: bytes are looked at elsewhere.

Every fault is found at once, each in one sentence with the next step.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from calendars.model import EvidenceType, ExpectedEvidence

PDF = "application/pdf"
OFD = "application/ofd"
_WORDS = frozenset(
    {
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text",
        "application/rtf",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.presentation",
    }
)
_SHEETS = frozenset(
    {
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
        "text/csv",
    }
)
_IMAGES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp", "image/heic"}
)
_TEXT = frozenset({"text/plain"})
_PAPERS = _WORDS | _SHEETS | _IMAGES | _TEXT | {PDF, OFD}

# Which kinds of file answer which type of evidence; a scanned page is a document too.
MEDIA: dict[EvidenceType, frozenset[str]] = {
    EvidenceType.DOCUMENT: _PAPERS,
    EvidenceType.ATTACHMENT: _PAPERS,
    EvidenceType.ROSTER: _SHEETS | _TEXT,
}
MEDIA_WORDS: dict[EvidenceType, str] = {
    EvidenceType.DOCUMENT: "PDF、OFD、Word、Excel、图片或文本",
    EvidenceType.ATTACHMENT: "图片、PDF、OFD、Word、Excel 或文本",
    EvidenceType.ROSTER: "Excel 或 CSV 表格",
}
LONGEST_LINK = 1000
# What a figure column keeps exactly: four decimals in 64 bits.
_LARGEST = Decimal(10) ** 14
# The unit does not begin with what could be more of the number: 1,23人 and 3.7.5 are no figures.
_FIGURE = re.compile(r"([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)\s*([^\d,.].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One item handed in: a file (`sha256`, `media_type`, `filename`), a figure with its unit, or a link."""

    key: str
    sha256: str | None = None
    media_type: str | None = None
    filename: str | None = None
    value: Decimal | None = None
    unit_of_measure: str | None = None
    link: str | None = None


def parse_figure(text: str) -> tuple[Decimal, str | None] | None:
    """A figure and its unit of measure out of words like 93人, 61.8% or 1,234户; None when it is no figure."""
    found = _FIGURE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        return None
    try:
        return Decimal(found[1].replace(",", "")), (found[2] or "").strip() or None
    except InvalidOperation:
        return None


def type_of(item: Given, expected: Mapping[str, ExpectedEvidence]) -> EvidenceType:
    """What the item is kept as: what was expected under its key, else what it looks like."""
    if item.key in expected:
        return expected[item.key].type
    if item.link is not None:
        return EvidenceType.LINK
    return EvidenceType.FIGURE if item.value is not None else EvidenceType.DOCUMENT


def item_set_refusals(
    expected: Sequence[ExpectedEvidence],
    given: Sequence[Given],
    *,
    earlier_keys: Iterable[str] = (),
    earlier_files: Mapping[str, date] | None = None,
) -> tuple[str, ...]:
    """Every fault of a submission at once.

    `earlier_keys` were handed in by earlier submissions of this obligation and need not come again;
    `earlier_files` are their files, by SHA-256, with the day they came.
    """
    wanted = {item.key: item for item in expected}
    faults = [*_unknown_keys(wanted, given), *_twice(given, earlier_files or {})]
    for item in given:
        faults += _item_faults(type_of(item, wanted), wanted.get(item.key), item)
    return (*faults, *_missing(expected, given, frozenset(earlier_keys)))


def item_refusals(expected: Sequence[ExpectedEvidence], item: Given) -> tuple[str, ...]:
    """Every fault of one item by itself, before the others are there."""
    wanted = {one.key: one for one in expected}
    return tuple(_item_faults(type_of(item, wanted), wanted.get(item.key), item))


def _unknown_keys(wanted: Mapping[str, ExpectedEvidence], given: Sequence[Given]) -> list[str]:
    if not wanted:
        return []
    known = "、".join(f"{item.key}（{item.title}）" for item in wanted.values())
    return [f"“{item.key}”不在应报材料清单中，请改用 {known}。" for item in given if item.key not in wanted]


def _twice(given: Sequence[Given], earlier: Mapping[str, date]) -> list[str]:
    faults, seen = [], dict[str, Given]()
    for item in given:
        if item.sha256 is None:
            continue
        if item.sha256 in earlier:
            faults.append(
                f"{_name(item)}与{_day(earlier[item.sha256])}已报送的材料完全相同，不必重复报送，请换成新的材料。"
            )
        elif item.sha256 in seen:
            faults.append(f"{_name(item)}与{_name(seen[item.sha256])}内容完全相同，请只报一份。")
        seen.setdefault(item.sha256, item)
    return faults


def _missing(
    expected: Sequence[ExpectedEvidence], given: Sequence[Given], earlier: frozenset[str]
) -> tuple[str, ...]:
    there = {item.key for item in given} | earlier
    missing = [item for item in expected if item.required and item.key not in there]
    if missing:
        names = "、".join(item.title for item in missing)
        return (f"还缺必报材料：{names}，请补齐后再报。",)
    return () if given or earlier or not expected else ("没有随附任何材料，请至少附一项。",)


def _item_faults(type_: EvidenceType, wanted: ExpectedEvidence | None, item: Given) -> list[str]:
    match type_:
        case EvidenceType.FIGURE:
            return _figure_faults(wanted, item)
        case EvidenceType.LINK:
            return _link_faults(wanted, item)
        case _:
            return _file_faults(type_, wanted, item)


def _file_faults(type_: EvidenceType, wanted: ExpectedEvidence | None, item: Given) -> list[str]:
    title = wanted.title if wanted else item.key
    if item.sha256 is None:
        return [f"“{title}”要报文件（{MEDIA_WORDS[type_]}），请附上文件。"]
    if item.media_type not in MEDIA[type_]:
        return [f"{_name(item)}的内容不是{MEDIA_WORDS[type_]}，请换成其中一种格式再报。"]
    return []


def _link_faults(wanted: ExpectedEvidence | None, item: Given) -> list[str]:
    title = wanted.title if wanted else item.key
    if item.link is None:
        return [f"“{title}”要报公开链接，请填写网址。"]
    if is_link(item.link):
        return []
    return [f"“{item.link[:60]}”不是完整的网址，请填写以 http:// 或 https:// 开头的公开链接。"]


def is_link(link: str) -> bool:
    """A plain public address: http or https, a host, no password in it, nothing unprintable."""
    if len(link) > LONGEST_LINK or any(char.isspace() or not char.isprintable() for char in link):
        return False
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.username is None


def _figure_faults(wanted: ExpectedEvidence | None, item: Given) -> list[str]:
    title = wanted.title if wanted else item.key
    if item.value is None:
        return [f"“{title}”要报数据，请填写数值和计量单位，如 93人。"]
    if abs(item.value) >= _LARGEST or item.value != item.value.quantize(Decimal("0.0001")):
        return [f"“{title}”的数值{item.value}过大或小数超过四位，请核对后重报。"]
    return [*_measure_faults(title, wanted, item), *_range_faults(title, wanted, item.value)]


def _measure_faults(title: str, wanted: ExpectedEvidence | None, item: Given) -> list[str]:
    unit = wanted.unit_of_measure if wanted else None
    if not item.unit_of_measure:
        return [f"“{title}”没有写计量单位，请连同单位填写，如 {item.value}{unit or '人'}。"]
    if unit and item.unit_of_measure != unit:
        return [f"“{title}”应以“{unit}”计，填的是“{item.unit_of_measure}”，请换算后重报。"]
    return []


def _range_faults(title: str, wanted: ExpectedEvidence | None, value: Decimal) -> list[str]:
    low, high = (wanted.minimum, wanted.maximum) if wanted else (None, None)
    if low is not None and value < low:
        return [f"“{title}”填的是 {value}，低于下限 {low}，请核对后重报。"]
    if high is not None and value > high:
        return [f"“{title}”填的是 {value}，高于上限 {high}，请核对后重报。"]
    return []


def _name(item: Given) -> str:
    return f"“{item.filename or item.key}”"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


LONGEST_FILENAME = 120
# Under which key a file is kept whose milestone names no expected evidence.
OTHER_KEY = "other"
# A unit's hands are full long before; whoever has more open is filling the disk.
MOST_OPEN = 60
FILES = frozenset({EvidenceType.DOCUMENT, EvidenceType.ATTACHMENT, EvidenceType.ROSTER})
# Joiners that emoji and some scripts need; every other invisible character in a name hides something.
_HARMLESS = frozenset("\u200c\u200d")
# Opened from where it was saved, each of these runs, whatever bytes it holds.
_ACTIVE_ENDINGS = frozenset(
    [
        "html",
        "htm",
        "xhtml",
        "shtml",
        "mht",
        "mhtml",
        "hta",
        "svg",
        "svgz",
        "xml",
        "xsl",
        "js",
        "mjs",
        "jse",
        "vbs",
        "vbe",
        "wsf",
        "wsh",
        "ps1",
        "psm1",
        "bat",
        "cmd",
        "com",
        "exe",
        "scr",
        "pif",
        "msi",
        "msp",
        "dll",
        "cpl",
        "lnk",
        "url",
        "jar",
        "class",
        "sh",
        "bash",
        "py",
        "php",
        "jsp",
        "asp",
        "aspx",
        "apk",
        "app",
        "dmg",
        "iso",
        "reg",
        "chm",
        "docm",
        "xlsm",
        "pptm",
        "dotm",
        "xlam",
    ]
)
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What is said of a file before it is sent; `key` is the expected evidence it answers."""

    key: str
    filename: str
    size_bytes: int


def file_keys(expected: Sequence[ExpectedEvidence]) -> tuple[str, ...]:
    """Under which keys files are taken."""
    return tuple(item.key for item in expected if item.type in FILES) if expected else (OTHER_KEY,)


def announcing_refusals(
    announced: Announced, expected: Sequence[ExpectedEvidence], *, max_bytes: int, still_open: int
) -> tuple[str, ...]:
    """Every reason against beginning; `still_open` counts what the person has under way for this obligation."""
    own = [*name_refusals(announced.filename), *_place_refusals(announced, expected)]
    name = shown_name(announced.filename)
    if announced.size_bytes <= 0:
        own.append(f"“{name}”是空文件，请检查后重新选择。")
    if announced.size_bytes > max_bytes:
        own.append(too_large(name, max_bytes))
    if still_open >= MOST_OPEN:
        own.append(f"已有{still_open}个文件上传后没有报送，请先报送或移除一些再上传。")
    return tuple(own)


def name_refusals(filename: str) -> tuple[str, ...]:
    """Why a file's name cannot be trusted; names are shown to reviewers and given to whoever downloads."""
    own, name = [], shown_name(filename)
    if not filename.strip():
        own.append("文件没有名称，请命名后重新选择。")
    if "/" in filename or "\\" in filename:
        own.append(f"“{name}”的文件名里有斜杠，请改名后重新选择。")
    if any(_is_hidden(char) for char in filename):
        own.append(f"“{name}”的文件名里有看不见的控制符或从右到左的方向符，请重新命名后再选。")
    if len(filename) > LONGEST_FILENAME:
        own.append(f"“{name}”的文件名有{len(filename)}字，最多{LONGEST_FILENAME}字，请改短后重新选择。")
    if _ending(filename) in _ACTIVE_ENDINGS:
        own.append(f"“{name}”是网页、脚本、程序或带宏的文件，不能报送，请另存为 PDF、Word、Excel 或图片。")
    return tuple(own)


def too_large(name: str, max_bytes: int) -> str:
    """The sentence for a file beyond the limit."""
    return f"“{name}”超过单个附件上限 {max_bytes // _MB} MB，请压缩或拆分后再报。"


def shown_name(filename: str) -> str:
    """A name fit to stand in a sentence, whatever it was."""
    visible = "".join(char for char in filename if unicodedata.category(char)[0] != "C")
    return visible if len(visible) <= 40 else f"{visible[:28]}…{visible[-10:]}"


def _place_refusals(announced: Announced, expected: Sequence[ExpectedEvidence]) -> list[str]:
    wanted = {item.key: item for item in expected}
    item = wanted.get(announced.key)
    if not wanted and announced.key == OTHER_KEY:
        return []
    if item is None:
        return ["没有这一项应报材料，清单可能刚刚调整，请刷新页面后再选。"]
    if item.type not in FILES:
        return [f"“{item.title}”不是文件，请直接在页面上填写。"]
    return []


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" and char not in _HARMLESS


def _ending(filename: str) -> str:
    return filename.rstrip(". ").rpartition(".")[2].lower() if "." in filename else ""
