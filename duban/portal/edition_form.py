"""The form for a campaign filled in by hand, and a campaign file that was uploaded, as values."""

from __future__ import annotations

import re

from calendars.model import KIND_NAMES, EvidenceType, ExpectedEvidence
from calendars.notices.draft import NoticeRefused
from calendars.notices.records import decoded
from calendars.writing import HandEdition, HandMilestone
from duban.core.errors import Refused
from duban.portal.forms import Filled

KINDS = [(kind.value, name) for kind, name in KIND_NAMES.items()]
MILESTONES = 6
MOST_BYTES = 1_000_000
EVIDENCE_WORDS = {
    "文件": EvidenceType.DOCUMENT,
    "数据": EvidenceType.FIGURE,
    "附件": EvidenceType.ATTACHMENT,
    "链接": EvidenceType.LINK,
    "名册": EvidenceType.ROSTER,
}


def hand_edition(filled: Filled) -> HandEdition:
    """What was filled in. Raises Refused with every field that is missing; the reader judges the rest."""
    campaign = filled.line("campaign", "代号", required=True, longest=64)
    if campaign and not re.fullmatch(r"[a-z][a-z0-9_]*", campaign):
        filled.faults["campaign"] = "代号请用小写字母、数字和下划线，字母开头，例如 sign_survey。"
    year = filled.whole("year", "年份", required=True)
    one = HandEdition(
        campaign=campaign,
        name=filled.line("name", "名称", required=True, longest=100),
        kind=filled.choice("kind", "类别", dict(KINDS)) or "",
        year=year or 0,
        document=filled.line("document", "出处文件", required=True),
        issued_on=filled.day("issued", "文件印发日"),
        coordinator=filled.line("coordinator", "统筹单位"),
        ladder=filled.line("ladder", "催办梯次") or "standard",
        milestones=[
            milestone for number in range(1, MILESTONES + 1) if (milestone := _milestone(filled, number))
        ],
    )
    if not one.milestones:
        filled.faults.setdefault("title_1", "请至少写一个节点：要做的事、时限和责任单位。")
    filled.refuse_faults()
    return one


def _milestone(filled: Filled, number: int) -> HandMilestone | None:
    names = ("title", "phrase", "leads", "supporting", "evidence")
    if not any(filled.values.get(f"{name}_{number}", "").strip() for name in names):
        return None
    where = f"第{number}个节点的"
    return HandMilestone(
        title=filled.line(f"title_{number}", f"{where}事项", required=True, longest=200),
        item=filled.line(f"item_{number}", f"{where}条目", longest=60),
        due=filled.line(f"phrase_{number}", f"{where}时限", required=True, longest=200),
        leads=_words(filled.text(f"leads_{number}", f"{where}责任单位", required=True)),
        supporting=_words(filled.text(f"supporting_{number}", f"{where}配合单位")),
        gate=filled.ticked(f"gate_{number}"),
        evidence=_evidence(filled, f"evidence_{number}", where),
    )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[、，,；;\s]+", text) if word]


def _evidence(filled: Filled, name: str, where: str) -> list[ExpectedEvidence]:
    """One thing a line: 巡检计划 | 已检查标志，数据，块 | 破损照片，附件，理由."""
    found = []
    lines = [line.strip() for line in filled.text(name, f"{where}材料").splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):
        title, word, more = (*(part.strip() for part in re.split(r"[，,|｜]", line, maxsplit=2)), "", "")[:3]
        kind = EVIDENCE_WORDS.get(word or "文件")
        if kind is None:
            filled.faults[name] = (
                f"{where}材料“{title}”的类型“{word}”不认识，请写：{'、'.join(EVIDENCE_WORDS)}。"
            )
            continue
        figure = kind is EvidenceType.FIGURE
        found.append(
            ExpectedEvidence(
                key=f"e{number}",
                title=title,
                type=kind,
                unit_of_measure=more or None if figure else None,
                reason=None if figure else more or None,
            )
        )
    return found


def uploaded_text(filled: Filled) -> str:
    """The text of the one file that was chosen. Raises Refused."""
    chosen = filled.files("file")
    if not chosen:
        filled.faults["file"] = "请选择一个专项行动文件。"
    filled.refuse_faults()
    content = chosen[0].file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Refused("文件超过1MB，请确认是不是专项行动文件。")
    try:
        return decoded(content)
    except NoticeRefused as refusal:
        raise Refused(str(refusal)) from refusal
