"""通报草稿: the list of those who were chased and still owe, for the coordinator alone until a person issues it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from duban.bureau import Bureau
from duban.core.access import ROLE_NAMES, Actor, Role, visible_units
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.service import acting
from duban.reports.queries import BulletinLine, count_drafted, drafted_lines, settle_drafted

SHOWN = 300
_SETTLERS = frozenset({Role.COORDINATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinDraft:
    """What stands on the draft, as text that may be copied into the paper; empty where nothing does."""

    title: str
    text: str
    total: int
    units: int


def read_bulletin_draft(
    bureau: Bureau, *, by: Actor, today: date, edition_id: int | None = None
) -> BulletinDraft:
    """Of one edition, or of all: what is owed still by those who were chased in vain."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        total, units, _ = count_drafted(connection, sight, edition_id)
        lines = drafted_lines(connection, sight, edition_id, limit=SHOWN)
    title = "关于逾期未办结事项的通报（草稿）"
    opening = f"截至{today.year}年{today.month}月{today.day}日，下列{total}项任务经催办仍未办结，涉及{units}个单位。"
    text = [f"# {title}", "", opening, "", *bulletin_section("逾期未办结事项", lines, "没有要通报的事项。")]
    text.append("本稿由督办系统汇总，未经印发。")
    return BulletinDraft(title=title, text="\n".join(text) + "\n", total=total, units=units)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinSettled:
    """How many matters left the draft, and whether because the bulletin was issued."""

    issued: bool
    settled: int

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        done = "已记为印发通报" if self.issued else "不予通报，已从草稿中划去"
        return f"{self.settled}项任务{done}；仍不办结的，到梯次的下一次通报档再列入草稿。"


def settle_bulletin_draft(
    bureau: Bureau,
    *,
    issued: bool,
    note: str,
    edition_id: int | None = None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> BulletinSettled:
    """Strike off what stands on the draft: it was issued, with its document number, or is not to be, with the reason.

    Nothing is sent to anybody.
    """
    note = cleaned(note).strip()
    asked = "印发的文号或方式" if issued else "不通报的理由"
    refuse(
        *() if by.roles & _SETTLERS else (f"通报由{ROLE_NAMES[Role.COORDINATOR]}决定，{by.name}不能办理。",),
        *() if note else (f"没有写{asked}，请补写。",),
    )
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        settled = settle_drafted(act.connection, edition_id, issued=issued, note=note)
        refuse(*() if settled else ("通报草稿里没有事项，或已由他人办理，请刷新后再看。",))
        detail = {"issued": issued, "note": note, "obligations": settled}
        act.note("settle_bulletin", "edition", edition_id, edition_id=edition_id, detail=detail)
    return BulletinSettled(issued=issued, settled=settled)


def bulletin_section(head: str, lines: Sequence[BulletinLine], nothing: str) -> Iterator[str]:
    """A heading, then one line for each matter with the units that owe it."""
    yield f"## {head}"
    yield ""
    if not lines:
        yield nothing
    for line in lines:
        label = f"（{line.label}）" if line.label else ""
        yield f"- {line.campaign}·{line.title}{label}，时限 {line.due_on:%Y-%m-%d}：{'、'.join(line.units)}"
    if sum(len(line.units) for line in lines) >= SHOWN:
        yield f"- 仅列前 {SHOWN} 条，其余请用 duban obligation list 查看。"
    yield ""
