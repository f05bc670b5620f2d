"""How an answer becomes lines of a golden file: what is random is replaced, everything else stays as it was."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from python_calamine import CalamineWorkbook

from tests.golden.markup import Tag, page_tree

# An answer longer than this is kept by its beginning and the hash of the whole.
WHOLE_BYTES = 40_000
PART_BYTES = 16_000
LINE = 150

# Only what is drawn at random, or lies where this machine put it.
RANDOM: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(/(?:once|kept|uploads|unit-import|import|feed)/)[A-Za-z0-9_.-]{20,}?(?=\.ics|\.xlsx|/faults|[^\w.-]|$)"
        ),
        r"\1<token>",
    ),
    (re.compile(r"(\?kept=|&kept=)[A-Za-z0-9_-]{20,}"), r"\1<token>"),
    (re.compile(r"\bduban_[A-Za-z0-9_-]{30,}"), "<token>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    # When exactly a letter was handed over: the hour of the round and what the work took.
    (re.compile(r"(T\d\d:\d\d):\d\d\.\d{6}(?=\+00:00)"), r"\1"),
    (re.compile(r"^(Date: .* \d\d:\d\d):\d\d(?= )", re.MULTILINE), r"\1"),
)


class Plain:
    """Replaces what is random; `known` are strings of this run and what stands for them."""

    def __init__(self, **known: str) -> None:
        self._known = sorted(known.items(), key=lambda one: -len(one[1]))

    def __call__(self, text: str) -> str:
        for name, value in self._known:
            text = text.replace(value, f"<{name}>")
        for pattern, stands in RANDOM:
            text = pattern.sub(stands, text)
        return text


def as_json(value: Any, *, depth: int = 0) -> str:
    """JSON with sorted keys, an object or list on one line where it fits: long enough to read, short enough to keep."""
    flat = json.dumps(value, ensure_ascii=False, sort_keys=True)
    inner = " " * (depth + 1)
    if len(flat) + depth <= LINE or not isinstance(value, dict | list) or not value:
        return flat
    if isinstance(value, dict):
        small = {key: item for key, item in value.items() if not isinstance(item, dict | list) or not item}
        large = {key: item for key, item in value.items() if key not in small}
        parts = [_wrapped(small, inner)] if small else []
        parts += [
            f"{json.dumps(key, ensure_ascii=False)}: {as_json(large[key], depth=depth + 1)}"
            for key in sorted(large)
        ]
        return "{\n" + ",\n".join(inner + part for part in parts) + "\n" + " " * depth + "}"
    return (
        "[\n"
        + ",\n".join(inner + as_json(item, depth=depth + 1) for item in value)
        + "\n"
        + " " * depth
        + "]"
    )


def _wrapped(small: dict[str, Any], inner: str) -> str:
    lines: list[str] = [""]
    for key in sorted(small):
        part = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(small[key], ensure_ascii=False)}"
        if lines[-1] and len(lines[-1]) + len(part) > LINE:
            lines.append("")
        lines[-1] += f", {part}" if lines[-1] else part
    return f",\n{inner}".join(lines)


def kept(text: str) -> str:
    """The text, or its first part and the hash of the whole."""
    whole = text.encode()
    if len(whole) <= WHOLE_BYTES:
        return text
    part = whole[:PART_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{part}\n… the whole: {len(whole)} bytes, sha256 {hashlib.sha256(whole).hexdigest()}"


def sheet_lines(content: bytes) -> Iterator[str]:
    """The cells of a workbook, a line a row."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name in book.sheet_names:
        yield f"[sheet {name}]"
        for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False):
            yield " | ".join(str(cell) for cell in row).rstrip()


BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "details",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "option",
        "label",
    ]  # words read better without quotes
)
SKIPPED = frozenset(("script", "style", "head", "template"))
MARKS = {
    "h1": "# ",
    "h2": "## ",
    "h3": "### ",
    "h4": "#### ",
    "li": "- ",
    "legend": "= ",
    "summary": "+ ",
    "caption": "= ",
}


def page_lines(html: str, *, part: str = "main") -> list[str]:
    """What stands on a page, a line a block: text, links with their addresses, forms with fields and values."""
    tree = page_tree(html)
    writer = _Writer()
    writer.element(next(tree.all(part), tree))
    writer.end()
    title = next(tree.all("title"), tree).text.strip()
    return [f"title: {title}", *writer.lines]


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._now: list[str] = []
        self._mark = ""

    def end(self) -> None:
        text = " ".join("".join(self._now).split())
        if text:
            self.lines.append(self._mark + text)
            self._mark = ""
        self._now = []

    def element(self, one: Tag) -> None:
        tag = one.name
        if tag in SKIPPED:
            return
        block = tag in BLOCKS
        if block:
            self.end()
            self._mark = MARKS.get(tag, "")
        self._opening(one, tag)
        for child in one.inside:
            if isinstance(child, str):
                self._now.append(child)
            else:
                self.element(child)
        self._closing(one, tag)
        if block:
            self.end()
            self._mark = ""

    def _opening(self, one: Tag, tag: str) -> None:
        get = one.get
        if tag == "form":
            self._now.append(f"<form {get('method', 'get')} {get('action') or '(here)'}>")
            self.end()
        elif tag == "a":
            self._now.append(" [")
        elif tag == "button":
            sends = f" {get('name')}={get('value')}" if get("name") else ""
            sends += f" -> {get('formaction')}" if get("formaction") else ""
            self._now.append(f" [button{sends}{_flags(one)}: ")
        elif tag in ("input", "select", "textarea"):
            value = "<csrf>" if get("name") == "csrf" else get("value")
            shown = f"={value}" if value is not None else ""
            kind = get("type", "") if tag == "input" else tag
            self._now.append(f" {{{kind} {get('name')}{shown}{_flags(one)}")
            self._now.append("}" if tag == "input" else ": ")
        elif tag == "option":
            chosen = "*" if get("selected") is not None else ""
            self._now.append(f"({get('value')}){chosen} ")
        elif tag == "img":
            self._now.append(f" [img {get('alt')}]")
        elif tag in ("td", "th"):
            span = f"({get('colspan')}×{get('rowspan', 1)}) " if get("colspan") or get("rowspan") else ""
            self._now.append(f" | {span}")
        elif tag == "text":
            self._now.append(" ")
        if get("aria-label"):
            self._now.append(f" «{get('aria-label')}» ")

    def _closing(self, one: Tag, tag: str) -> None:
        if tag == "a":
            self._now.append(f"]({one.get('href')})")
        elif tag == "button":
            self._now.append("]")
        elif tag in ("select", "textarea"):
            self._now.append("}")
        elif tag == "form":
            self.end()
            self._now.append("</form>")


def _flags(one: Tag) -> str:
    names = ("checked", "disabled", "required", "readonly", "multiple")
    flags = [name for name in names if one.get(name) is not None]
    flags += [
        f"{name}={one.get(name)}"
        for name in ("min", "max", "maxlength", "accept", "placeholder")
        if one.get(name)
    ]
    return f" {' '.join(flags)}" if flags else ""


def block(*heads: str, body: Iterable[str]) -> str:
    return "\n".join([*heads, *body])
