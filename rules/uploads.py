"""Whether a file may be sent at all, judged by what is announced before its first byte: its name, size and place.

What it really is, its bytes show later. Pure; every fault at once, each in one sentence with the next step.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rules.campaign import EvidenceType, ExpectedEvidence

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
