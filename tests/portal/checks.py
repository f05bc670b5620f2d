"""What must hold for every page, whoever fetched it and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

import html5lib

from calendars.ladders import RungKind
from calendars.model import CampaignKind, EvidenceType
from duban.core.access import Role
from duban.core.lights import Light
from duban.obligations.states import State, Transition

LABELLED = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button", "image"}
# Their words would be a programmer's slip on a Chinese page; single common letters and units are not among them.
IDENTIFIERS = {
    str(one.value)
    for kind in (CampaignKind, EvidenceType, RungKind, State, Transition, Role, Light)
    for one in kind
} - {"link", "due"}
SNAKE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
WORD = re.compile(r"(?<![\w@./-])[a-z]{4,}(?![\w@./-])")
PYTHON = re.compile(r"\b(None|True|False)\b|<\w+ object|datetime\.|Undefined|Decimal\(")
SKIPPED = {"script", "style"}


@lru_cache(maxsize=64)
def page_tree(html: str) -> tuple[Element, list[str]]:
    """The parsed page and what the standard finds wrong with it; for reading only, since the same page is parsed once."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(html)
    faults = [f"{position}: {code} {values}" for position, code, values in parser.errors]
    return tree, faults


def page_faults(html: str) -> list[str]:
    """Every fault of a page, in words."""
    tree, faults = page_tree(html)
    return [
        *faults,
        *_heading(tree),
        *_ids(tree),
        *_labels(tree),
        *_inline(tree),
        *_outside(tree),
        *_untranslated(tree),
    ]


def _heading(tree: Element) -> Iterator[str]:
    headings = [text_of(one).strip() for one in tree.iter("h1")]
    title = "".join(text_of(one) for one in tree.iter("title"))
    if len(headings) != 1:
        yield f"there are {len(headings)} h1: {headings}"
    elif not headings[0] or not title.startswith(headings[0]):
        yield f"the title {title!r} does not begin with the h1 {headings[0]!r}"
    html = next(tree.iter("html"), tree)
    if html.get("lang") != "zh-CN":
        yield "the page does not say that it is Chinese"


def _ids(tree: Element) -> Iterator[str]:
    counted = Counter(one.get("id") for one in tree.iter() if isinstance(one.tag, str) and one.get("id"))
    yield from (f"the id {key!r} stands {times} times" for key, times in counted.items() if times > 1)
    known = set(counted)
    for one in tree.iter():
        for name in ("aria-describedby", "aria-labelledby", "for"):
            for key in (one.get(name) or "").split() if isinstance(one.tag, str) else ():
                if key not in known:
                    yield f"{one.tag} {name}={key!r} points nowhere"


def _labels(tree: Element) -> Iterator[str]:
    named = {one.get("for") for one in tree.iter("label")}
    inside = {id(one) for label in tree.iter("label") for one in label.iter()}
    for one in tree.iter():
        if one.tag not in LABELLED or one.get("type") in UNLABELLED_TYPES:
            continue
        if not (
            one.get("id") in named or id(one) in inside or one.get("aria-label") or one.get("aria-labelledby")
        ):
            yield f"{one.tag} {one.get('name')!r} has no label"
    for one in tree.iter("button"):
        if not (text_of(one).strip() or one.get("aria-label")):
            yield "a button says nothing"
    for one in tree.iter("img"):
        if one.get("alt") is None:
            yield f"img {one.get('src')!r} has no alt"


def _inline(tree: Element) -> Iterator[str]:
    for one in tree.iter():
        if not isinstance(one.tag, str):
            continue
        if one.tag == "style" or (one.tag == "script" and not one.get("src")):
            yield f"an inline {one.tag}"
        for name, value in one.attrib.items():
            if (
                name == "style"
                or str(name).startswith("on")
                or str(value).strip().lower().startswith("javascript:")
            ):
                yield f"{one.tag} carries {name}={value!r}"


def _outside(tree: Element) -> Iterator[str]:
    for one in tree.iter():
        if isinstance(one.tag, str) and one.tag in ("script", "link", "img", "iframe", "source", "form"):
            for name in ("src", "href", "action"):
                if re.match(r"(?:[a-z]+:)?//", one.get(name) or ""):
                    yield f"{one.tag} asks another server: {one.get(name)!r}"


def _untranslated(tree: Element) -> Iterator[str]:
    text = visible_text(tree)
    for pattern in (SNAKE, PYTHON):
        yield from (
            f"an identifier stands on the page: {found!r}" for found in set(pattern.findall(text)) if found
        )
    yield from (
        f"an identifier stands on the page: {word!r}" for word in set(WORD.findall(text)) & IDENTIFIERS
    )


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def visible_text(element: Element) -> str:
    """The text people read; what is marked translate="no" (codes, file names, addresses) is left out."""
    if element.tag in SKIPPED or not isinstance(element.tag, str) or element.get("translate") == "no":
        return ""
    parts = [element.text or ""]
    for child in element:
        parts.append(visible_text(child))
        parts.append(child.tail or "")
    return " ".join(parts)
