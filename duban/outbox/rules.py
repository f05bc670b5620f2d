"""Who may put a message back on its way, and which: only what has ended badly, and what may have gone out only by a word.

Pure; returns every reason for refusing, as Chinese sentences with the next step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from duban.core.access import Actor
from duban.units.rules import keeping_refusals

DISPATCH_STATUS_NAMES: dict[str, str] = {
    "pending": "待发",
    "sending": "发送中",
    "accepted": "已被接收",
    "failed": "未能发出",
    "unsure": "不能确定",
    "withdrawn": "不必再发",
}


def retrying_refusals(
    by: Actor, wanted: Iterable[int], statuses: Mapping[int, str], *, even_unsure: bool
) -> tuple[str, ...]:
    """Every reason against sending these dispatches again; `statuses` are those that exist."""
    reasons = list(keeping_refusals(by, "重发消息"))
    for number in wanted:
        status = statuses.get(number)
        if status is None:
            reasons.append(f"没有编号为{number}的发送记录，请用 duban dispatch list 查看编号。")
        elif status == "unsure" and not even_unsure:
            reasons.append(
                f"{number}号是否送出不能确定，重发可能使对方收到两封；请先向对方核实，确需重发的加 --even-unsure。"
            )
        elif status not in ("failed", "unsure"):
            named = DISPATCH_STATUS_NAMES.get(status, status)
            reasons.append(f"{number}号现为“{named}”，不需要重发；只有未能发出和不能确定的才能重发。")
    return tuple(reasons)
