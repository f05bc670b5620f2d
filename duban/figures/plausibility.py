"""Whether a figure can be what it says: held against its siblings, its target, last time and whom it counts. Pure.

Nothing is refused for good: who writes the reason may report it, and reason and doubt stay with the figure for review.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from calendars.formulas import (
    FormulaError,
    Name,
    Node,
    Number,
    Operation,
    figure_shown,
    parse_formula,
    rate_of,
)
from calendars.model import Edition, ExpectedEvidence
from duban.figures.rules import DONE, GENERAL_WORDS, figure_titles, number_words

# So many times its target, or last time's figure, nobody reports without a word.
BEYOND_TARGET = 3
JUMP = 10
# Counted one by one, as a roster counts its subjects.
OF_SUBJECTS = frozenset({"家"})
_GENERAL = {key: word for word, key in GENERAL_WORDS}
MONEY = frozenset({"元", "万元", "亿元"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureAround:
    """What is known around a unit's figure. `siblings` are its other figures by key, the new ones among them; `previous`
    is last time's; `subjects` how many of the roster are the unit's; `largest` what is large in any case.
    """

    siblings: Mapping[str, Decimal]
    previous: Decimal | None = None
    target: Decimal | None = None
    subjects: int | None = None
    largest: Decimal


def figure_doubts(
    edition: Edition, key: str, value: Decimal | None, unit_of_measure: str | None, around: FigureAround
) -> Iterator[str]:
    """Everything that makes the figure doubtful, a clause each."""
    if value is None:
        return
    titles = {**_GENERAL, **figure_titles(edition)}
    title = titles.get(key, key)
    for part, whole in part_of_whole(edition):
        other = whole if key == part else part if key == whole else None
        if other is not None and (beside := around.siblings.get(other)) is not None:
            smaller, larger = (value, beside) if key == part else (beside, value)
            if smaller > larger:
                yield (
                    f"{titles.get(part, part)}{number_words(smaller)}比"
                    f"{titles.get(whole, whole)}{number_words(larger)}还多"
                )
    within = _within(edition, key)
    if within is not None and value > within:
        yield f"{title}{number_words(value)}超过通常的上限{number_words(within)}"
    if around.target and value > around.target * BEYOND_TARGET:
        yield f"{title}{number_words(value)}是目标{number_words(around.target)}的{figure_shown(rate_of(value, around.target), '%')}"
    last = around.previous
    if last and value > last * JUMP:
        yield f"{title}{number_words(value)}是上次{number_words(last)}的{JUMP}倍以上"
    if last and value * JUMP < last:
        yield f"{title}{number_words(value)}不到上次{number_words(last)}的{JUMP}分之一"
    if around.subjects is not None and unit_of_measure in OF_SUBJECTS and value > around.subjects:
        yield f"{title}{number_words(value)}比名册里本单位的{around.subjects}家还多"
    measured = within is not None or around.target or last or unit_of_measure in MONEY
    if not measured and value > around.largest:
        yield f"{title}{number_words(value)}特别大"


def doubt_refusals(doubts: tuple[str, ...], reason: str | None) -> Iterator[str]:
    """A doubtful figure asks for its reason."""
    if doubts and not (reason and reason.strip()):
        yield f"{'；'.join(dict.fromkeys(doubts))}。请核对；确实如此的，请写明原因再报"


def part_of_whole(edition: Edition) -> Iterator[tuple[str, str]]:
    """Pairs of which the first cannot be more: what `at_most` says, and every rate of one figure by another.

    A target is no whole: more than was asked is no fault.
    """
    found = {
        (one.key, one.at_most): None
        for milestone in edition.milestones
        for one in milestone.evidence
        if one.at_most
    }
    for indicator in edition.indicators:
        if indicator.unit_of_measure != "%":
            continue
        try:
            node = parse_formula(indicator.formula or indicator.key).node
        except FormulaError:
            continue
        if (pair := _ratio(node)) and pair[0] != DONE:
            found[pair] = None
    yield from found


def _ratio(node: Node) -> tuple[str, str] | None:
    """Both names of a rate of one figure by another."""
    match node:
        case Operation("/", Operation("*", Number(), Name(part)), Name(whole)):
            return part, whole
        case Operation("*", Number(), Operation("/", Name(part), Name(whole))):
            return part, whole
    return None


def _within(edition: Edition, key: str) -> Decimal | None:
    return next((one.within for one in _expected(edition) if one.key == key and one.within is not None), None)


def _expected(edition: Edition) -> Iterator[ExpectedEvidence]:
    for milestone in edition.milestones:
        yield from milestone.evidence


def unit_findings(
    edition: Edition,
    sources: Mapping[str, Mapping[int, Mapping[str, Decimal | int | None]]],
    names: Mapping[int, str],
) -> Iterator[str]:
    """What the sources say differently of one unit, and parts greater than their whole; `sources` by their words, then
    by unit.
    """
    titles = {**_GENERAL, **figure_titles(edition)}
    units = sorted({unit for source in sources.values() for unit in source})
    for unit in units:
        said: dict[str, dict[str, Decimal | int]] = {}
        for word, source in sources.items():
            for key, value in source.get(unit, {}).items():
                if value is not None:
                    said.setdefault(key, {})[word] = value
        for key, values in said.items():
            if len(set(values.values())) > 1:
                each = "，".join(f"{word}是{number_words(value)}" for word, value in values.items())
                yield f"{names[unit]}{titles.get(key, key)}：{each}，对不上，请核对。"
        newest = {key: [*values.values()][-1] for key, values in said.items()}
        for part, whole in part_of_whole(edition):
            if part in newest and whole in newest and newest[part] > newest[whole]:
                told = f"{titles.get(part, part)}{number_words(newest[part])}比{titles.get(whole, whole)}"
                yield f"{names[unit]}：{told}{number_words(newest[whole])}还多，请核对。"
