"""Formulas of indicators: a small grammar, exact arithmetic, and how a result is printed.

A formula knows names (Chinese or not), numbers, + - * / and parentheses, nothing else. What is unknown, or divided by
zero, has no value and prints "—", never 0 % or 100 %. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

UNKNOWN = "—"
LONGEST = 500
DEEPEST = 50
# A published rate may be cut instead of rounded (Guangdong's 94.59 % stood as 94.5 %), so it may lie this far off.
TOLERANCE = Fraction(1, 10)

_SAME = str.maketrans("＋－−×＊÷／（）．０１２３４５６７８９", "+--**//().0123456789")
_TOKEN = re.compile(r"(?P<number>\d+(?:\.\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/()])")


class FormulaError(ValueError):
    """The formula cannot be read. `position` counts characters from 1; the message is one Chinese sentence."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A figure by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts joined by + - * or /."""

    sign: str
    left: Node
    right: Node


Node = Number | Name | Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula understood entirely; `names` are the figures it needs, in the order of the text."""

    text: str
    names: tuple[str, ...]
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedFigure:
    """An exact result."""

    value: Fraction


def parse_formula(text: str) -> Formula:
    """Read a formula. Raises FormulaError with the position of what does not fit."""
    if len(text) > LONGEST:
        raise FormulaError(f"公式超过{LONGEST}个字，请拆成几个指标。", LONGEST)
    tokens = _tokens(text.translate(_SAME))
    reader = _Reader(tokens, len(text))
    node = reader.sum(0)
    if reader.kind != "end":
        raise reader.refusal()
    names = dict.fromkeys(word for kind, word, _ in tokens if kind == "name")
    return Formula(text=text, names=tuple(names), node=node)


def compute_formula(
    formula: Formula, values: Mapping[str, Decimal | int | Fraction | None]
) -> ComputedFigure | None:
    """The exact result; None when a figure it needs is unknown or something is divided by zero."""
    result = _value(formula.node, values)
    return None if result is None else ComputedFigure(value=result)


def missing_names(formula: Formula, values: Mapping[str, Decimal | int | Fraction | None]) -> tuple[str, ...]:
    """The names the formula needs and nobody knows the figure of."""
    return tuple(name for name in formula.names if values.get(name) is None)


def figure_shown(figure: ComputedFigure | None, unit_of_measure: str = "") -> str:
    """For people: a rate with one decimal, half up (61.8 %), another figure as short as it is exact to one decimal."""
    if figure is None:
        return UNKNOWN
    tenths = one_decimal(figure.value)
    if unit_of_measure == "%":
        return f"{tenths} %"
    number = f"{tenths.to_integral_value()}" if tenths == tenths.to_integral_value() else f"{tenths}"
    return f"{number} {unit_of_measure}".rstrip()


def rate_of(part: Decimal | int | None, whole: Decimal | int | None) -> ComputedFigure | None:
    """Part of whole as a percentage; None when either is unknown or the whole is zero."""
    if part is None or not whole:
        return None
    return ComputedFigure(value=Fraction(part) / Fraction(whole) * 100)


def share_shown(part: Decimal | int | None, whole: Decimal | int | None) -> str:
    """How a rate stands in a line of text: 61.8 %（371/600）, —（3/0）, —（3/未知）."""
    told = ("未知" if one is None else f"{Decimal(one).normalize():f}" for one in (part, whole))
    return f"{figure_shown(rate_of(part, whole), '%')}（{'/'.join(told)}）"


def one_decimal(value: Fraction) -> Decimal:
    """Rounded half away from zero, as people round."""
    tenths = abs(value) * 10
    whole = (tenths.numerator * 2 + tenths.denominator) // (tenths.denominator * 2)
    return Decimal(whole if value >= 0 else -whole) / Decimal(10) + Decimal("0.0")


def meets_target(figure: ComputedFigure | None, op: str | None, target: Decimal | None) -> bool | None:
    """Whether the exact figure reaches its target; None when there is no figure or no target."""
    if figure is None or op is None or target is None:
        return None
    aim = Fraction(target)
    return {">=": figure.value >= aim, "<=": figure.value <= aim, "=": figure.value == aim}[op]


def figures_agree(figure: ComputedFigure | None, published: Decimal) -> bool:
    """Whether a published rate can come from this figure, cut or rounded to one decimal."""
    return figure is not None and abs(figure.value - Fraction(published)) <= TOLERANCE


def places_of(
    values: Sequence[Fraction | float | None], *, smallest_first: bool = False
) -> tuple[int | None, ...]:
    """The place of each value. Equal values share a place and the next is skipped; what is unknown has none.

    Where all are equal, or there is only one, nobody has a place: seven times 0 of 72 are no seven firsts.
    """
    known = sorted((value for value in values if value is not None), reverse=not smallest_first)
    first: dict[Fraction | float, int] = {}
    for place, value in enumerate(known, start=1):
        first.setdefault(value, place)
    told = len(first) > 1
    return tuple(first[value] if told and value is not None else None for value in values)


_Token = tuple[str, str, int]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise FormulaError(
                f"第{at + 1}个字“{text[at]}”不认识，公式只能用数据名、数字、加减乘除和括号。", at + 1
            )
        found.append((token.lastgroup, token.group(), at + 1))
        at = token.end()
    return found


class _Reader:
    """Recursive descent over the tokens: sum, product, factor."""

    def __init__(self, tokens: Iterable[_Token], length: int) -> None:
        self._rest = iter(tokens)
        self._end: _Token = ("end", "", length + 1)
        self.kind, self.word, self.at = next(self._rest, self._end)

    def sum(self, depth: int) -> Node:
        node = self.product(depth)
        while self.word in ("+", "-"):
            sign = self._take()
            node = Operation(sign, node, self.product(depth))
        return node

    def product(self, depth: int) -> Node:
        node = self.factor(depth)
        while self.word in ("*", "/"):
            sign = self._take()
            node = Operation(sign, node, self.factor(depth))
        return node

    def factor(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise FormulaError(f"括号或负号套了{DEEPEST}层以上，请拆成几个指标。", self.at)
        if self.kind == "number":
            return Number(Fraction(self._take()))
        if self.kind == "name":
            return Name(self._take())
        if self.word == "-":
            self._take()
            return Operation("-", Number(Fraction(0)), self.factor(depth + 1))
        if self.word == "(":
            self._take()
            node = self.sum(depth + 1)
            if self.word != ")":
                raise self.refusal()
            self._take()
            return node
        raise self.refusal()

    def refusal(self) -> FormulaError:
        if self.kind == "end":
            return FormulaError(f"公式没有写完（第{self.at}个字处缺数据名、数字或右括号），请补全。", self.at)
        return FormulaError(f"第{self.at}个字“{self.word}”用在这里不对，请检查运算符和括号。", self.at)

    def _take(self) -> str:
        word = self.word
        self.kind, self.word, self.at = next(self._rest, self._end)
        return word


def _value(node: Node, values: Mapping[str, Decimal | int | Fraction | None]) -> Fraction | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        known = values.get(node.name)
        return None if known is None else Fraction(known)
    left, right = _value(node.left, values), _value(node.right, values)
    if left is None or right is None:
        return None
    if node.sign == "/":
        return None if right == 0 else left / right
    return {"+": left + right, "-": left - right, "*": left * right}[node.sign]
