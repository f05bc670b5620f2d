"""What a supporting unit may do about its part in a lead's matter (配合事项), and who may. Pure."""

from __future__ import annotations

from enum import StrEnum

from duban.core.access import Actor, Role


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
MOST_FILES = 10


def support_refusals(
    by: Actor, *, unit_id: int, unit: str, state: SupportState, in_force: bool
) -> tuple[str, ...]:
    """Every reason against answering for the unit by this person."""
    own = []
    if by.person_id is None:
        own.append("答复配合事项要记在具体的人名下，请用 --as 写明操作人。")
    elif Role.HANDLER not in by.roles or not by.belongs_to(unit_id):
        own.append(f"{by.name}不是{unit}的经办人，请由{unit}的经办人答复。")
    if state is SupportState.WITHDRAWN:
        own.append("这件配合事项已经撤回，不必再办；有疑问请联系统筹科室。")
    elif not in_force:
        own.append("这个专项行动没有发布或已经撤回，现在不必答复；有疑问请联系统筹科室。")
    return tuple(own)


def reporting_refusals(words: str, files: int) -> tuple[str, ...]:
    """Every reason against a report of these words with so many files."""
    own = [] if words else ["请用一两句话写明配合做了什么。"]
    if files > MOST_FILES:
        own.append(f"一次最多附{MOST_FILES}个文件，现有{files}个，请分几次报告。")
    return tuple(own)
