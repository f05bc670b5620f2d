"""What a supporting unit may do about its part in a lead's matter (配合事项), and who may. Pure."""

from __future__ import annotations

from enum import StrEnum


class SupportState(StrEnum):
    PENDING = "pending"  # told, not answered
    ACKNOWLEDGED = "acknowledged"  # 已知悉
    REPORTED = "reported"  # 已报告; more may be reported later
    WITHDRAWN = "withdrawn"  # the campaign asks for it no more


SUPPORT_STATE_NAMES: dict[SupportState, str] = {
    SupportState.PENDING: "未答复",
    SupportState.ACKNOWLEDGED: "已知悉",
    SupportState.REPORTED: "已报告",
    SupportState.WITHDRAWN: "已撤回",
}
# What reminders still apply to, while a lead owes.
UNANSWERED = frozenset({SupportState.PENDING, SupportState.ACKNOWLEDGED})
