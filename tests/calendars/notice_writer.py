"""Writes a holiday notice in the regular form, from given days, in one of several hands. Wording and numbers are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FULL_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节", "国庆": "国庆节"}
WEEKDAYS = "一二三四五六日"
NUMERALS = "一二三四五六七八"


@dataclass(frozen=True, kw_only=True)
class Block:
    names: tuple[str, ...]
    off: tuple[date, ...]
    make_up: tuple[date, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hand:
    """How a writer writes: the word before the weekday (or none), full-width signs, months said once, counts."""

    weekday: str = "周"
    full_width: bool = True
    month_once: bool = True
    counts: bool = True
    broken_lines: bool = False
    to: str = "至"


def written(year: int, blocks: Sequence[Block], hand: Hand = Hand()) -> str:
    lines = [
        f"某市办公室关于{year}年部分节假日安排的通知",
        f"某办发〔{year - 1}〕9号",
        "各有关单位：",
        f"{year}年的安排如下。",
    ]
    lines += [f"{NUMERALS[place]}、{_block(year, block, hand)}" for place, block in enumerate(blocks)]
    lines += ["值班事宜另行告知。", "某市办公室", f"{year - 1}年11月9日"]
    text = "\n".join(lines)
    if hand.broken_lines:
        text = text.replace("放假", "放\n假").replace("、", "、\n  ")
    return (
        text
        if hand.full_width
        else text.replace("：", ":").replace("，", ",").replace("（", "(").replace("）", ")")
    )


def _block(year: int, block: Block, hand: Hand) -> str:
    name = "、".join(FULL_NAMES.get(name, name) for name in block.names)
    spans = "、".join(_span(year, run, hand) for run in _runs(block.off))
    count = f"，共{len(block.off)}天" if hand.counts else ""
    return f"{name}：{spans}放假调休{count}。{_make_up(year, block.make_up, hand)}"


def _make_up(year: int, days: Sequence[date], hand: Hand) -> str:
    if not days:
        return ""
    said, month = [], (0, 0)
    for day in sorted(days):
        repeated = hand.month_once and (day.year, day.month) == month
        said.append(_day(year, day, hand, bare=repeated))
        month = (day.year, day.month)
    return "、".join(said) + "上班。"


def _span(year: int, run: Sequence[date], hand: Hand) -> str:
    first, last = run[0], run[-1]
    if first == last:
        return _day(year, first, hand)
    bare = hand.month_once and (first.year, first.month) == (last.year, last.month)
    end = _day(first.year if first.year == last.year else 0, last, hand, bare=bare)
    return f"{_day(year, first, hand)}{hand.to}{end}"


def _day(year: int, day: date, hand: Hand, bare: bool = False) -> str:
    month = "" if bare else f"{day.month}月" if day.year == year else f"{day.year}年{day.month}月"
    note = f"（{hand.weekday}{WEEKDAYS[day.weekday()]}）" if hand.weekday else ""
    return f"{month}{day.day}日{note}"


def _runs(days: Sequence[date]) -> list[list[date]]:
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
