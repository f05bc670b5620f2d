"""What a round that went wrong means, and what was done about it or is to be done: sentences for people. Pure."""

from __future__ import annotations

from datetime import date

# What a round's messages are called by what became of them.
STATUS_NAMES: dict[str, str] = {
    "accepted": "已发出",
    "pending": "待发",
    "sending": "正在发",
    "failed": "未发出",
    "unsure": "不能确定",
    "withdrawn": "不必再发",
}


def broken_off(held_on: date, *, next_held_on: date | None) -> str:
    """A round that was opened and never finished."""
    meaning = f"{_day(held_on)}的一轮中途停下，没有办完：当日部分提醒没有排入，不等于没有欠办事项。"
    if next_held_on is not None:
        return f"{meaning}{_day(next_held_on)}的一轮已把所欠提醒一并补上，不必再办。"
    return f"{meaning}下一轮会自动补上；需要马上补办的，请运维人员运行 duban round run，并查看停下的原因。"


def not_held(day: date, *, next_held_on: date | None) -> str:
    """A day without any round."""
    if next_held_on is not None:
        return f"{_day(day)}没有办一轮（机器或服务未运行）；{_day(next_held_on)}的一轮已把所欠提醒一并补上。"
    return f"{_day(day)}没有办一轮；请运维人员运行 duban round run，所欠提醒一并补上，并检查 duban up 是否在运行。"


def part_failed(fault: str, held_on: date, *, made_good_on: date | None) -> str:
    """One edition that could not be planned or whose gate could not be closed; the others went on."""
    meaning = f"{fault} 其他行动不受影响。"
    if made_good_on == held_on:
        return f"{meaning}当日重办时已补上。"
    if made_good_on is not None:
        return f"{meaning}{_day(made_good_on)}的一轮已补上所欠提醒。"
    return f"{meaning}处理后下一轮会补上所欠提醒；每半小时的补救也会重试。"


def not_sent(failed: int, unsure: int) -> str:
    """Messages that did not leave, or may not have."""
    parts = []
    if failed:
        parts.append(f"{failed}封未发出：对方地址或服务器拒收，请统筹科室核对联系人后重发")
    if unsure:
        parts.append(f"{unsure}封在发送中断开，不能确定是否送出，请向对方核实后再决定重发")
    return "；".join(parts) + "。" if parts else ""


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"
