"""What only shows when the milestones of a file stand side by side: repeated keys, and stages that cannot follow.

A stage opens when the gates of the ones before it are closed, so those must be gates and must end earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yaml.nodes import MappingNode, Node

from calendars.reader import parts
from calendars.reader.faults import Report
from rules.campaign import Milestone


def judge(
    nodes: Sequence[Node], read: Sequence[tuple[Milestone, int]], *, has_roster: bool, report: Report
) -> None:
    """Reports the faults between milestones; `read` holds those that could be read, each with its line."""
    parts.unique(((one.key, line) for one, line in read), "节点代号", report)
    written = [key for node in nodes if (key := _written_key(node))]
    by_key = {one.key: one for one, _ in reversed(read)}
    for one, line in read:
        if one.per_subject and not has_roster:
            report(line, f"“{one.title}”按名册逐个办理，请在文件开头写明 roster（名册名称）。")
        for name in one.after:
            if fault := _after(one, name, written, by_key):
                report(line, fault)


def _after(one: Milestone, name: str, written: Sequence[str], by_key: Mapping[str, Milestone]) -> str | None:
    if name not in written:
        return f"“{one.title}”的 after 写了“{name}”，没有这个节点，请改正代号。"
    if one.key in written and written.index(name) >= written.index(one.key):
        return f"“{one.title}”的 after 写了“{name}”，它没有排在前面，请把前一环节写在前面。"
    before = by_key.get(name)
    if before is None:
        return None
    if not before.gate:
        return f"“{one.title}”要等“{before.title}”收口，请给“{name}”加上 gate: true。"
    first, last = _last_day(before), _last_day(one)
    if first and last and first >= last:
        return (
            f"“{one.title}”（{last}）要等“{before.title}”（{first}）收口，时间排不开，请改时限或删去 after。"
        )
    return None


def _last_day(one: Milestone) -> date | None:
    return max((point.due_on for point in one.points), default=None)


def _written_key(node: Node) -> str | None:
    """The key as written, also of a milestone whose other faults hide it."""
    if not isinstance(node, MappingNode):
        return None
    return next((str(value.value) for key, value in node.value if key.value == "key"), None)
