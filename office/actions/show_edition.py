"""One edition on its own page: what it asks of whom by when, how far it is, and what was changed in it. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from calendars.reader.diff import diff_editions
from office.actions.find_edition import edition_or_refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import drafts, editions, history
from office.store.history import HistoryEntry
from office.store.obligation_counts import counts_by_milestone
from rules.campaign import Edition, Milestone
from rules.people import Actor
from rules.sight import sight_of

LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneLine:
    """One milestone with how many obligations it has and how many of them are finished."""

    value: Milestone
    owed: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One line of what was done to the edition, in words."""

    at: datetime
    actor: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """`seen` is the content hash: acts of this page are refused when it has changed. `drafts` are ids being written."""

    edition_id: int
    value: Edition
    state: str
    own: bool
    published_on: date | None
    seen: str
    milestones: tuple[MilestoneLine, ...]
    history: tuple[EditionLine, ...]
    drafts: tuple[int, ...]
    years: tuple[int, ...]
    # In words, against last year's edition where there is one.
    changes: tuple[str, ...] = ()
    against: int | None = None


def show_edition(office: Office, campaign: str, year: int, *, by: Actor) -> EditionPage:
    """The edition as the person may see it; one that asks nothing of his units is not found."""
    sight = sight_of(by)
    with office.store.reading() as connection:
        stored = edition_or_refuse(connection, campaign, year)
        counts = counts_by_milestone(connection, stored.id, sight)
        lines = history.entries(connection, edition_id=stored.id, limit=500)
        open_ones = drafts.open_drafts(connection, campaign=stored.value.campaign, year=year)
        years = editions.years_of(connection, stored.value.campaign)
        before = editions.find_edition(connection, stored.value.campaign, year - 1)
    if not sight.everything and not counts:
        raise NotFound(f"{year}年没有“{campaign}”，或它与您的单位无关，请从导航重新进入。")
    shown = [one for one in stored.value.milestones if sight.everything or one.key in counts]
    return EditionPage(
        edition_id=stored.id,
        value=stored.value,
        state=stored.state,
        own=stored.own,
        published_on=stored.published_on,
        seen=stored.content_hash,
        milestones=tuple(
            MilestoneLine(value=one, owed=counts.get(one.key, (0, 0))[0], done=counts.get(one.key, (0, 0))[1])
            for one in shown
        ),
        history=_lines(lines, stored.value) if sight.everything else (),
        drafts=tuple(one.id for one in open_ones),
        years=years,
        changes=_changes(before.value, stored.value) if before and sight.everything else (),
        against=year - 1 if before and sight.everything else None,
    )


def _changes(before: Edition, after: Edition) -> tuple[str, ...]:
    return tuple(one.text for one in diff_editions(before, after))


_VERBS = {
    "publish": "发布",
    "apply": "改动生效",
    "pause": "暂停",
    "resume": "恢复",
    "withdraw": "撤回",
    "change": "改动",
    "return": "恢复",
}


def _lines(entries: Sequence[HistoryEntry], value: Edition) -> tuple[EditionLine, ...]:
    titles = {one.key: one.title for one in value.milestones}
    shown = [one for one in reversed(entries) if one.noun in ("edition", "milestone") and one.verb in _VERBS]
    return tuple(EditionLine(at=one.at, actor=one.actor, said=_said(one, titles)) for one in shown[:LINES])


def _said(entry: HistoryEntry, titles: Mapping[str, str]) -> str:
    detail = json.loads(entry.detail)
    verb = _VERBS[entry.verb]
    if entry.noun == "milestone":
        dates = "；".join(f"{one['before'] or '无'} → {one['after'] or '无'}" for one in detail["dates"])
        return f"{verb}节点“{titles.get(detail['key'], detail['key'])}”{'：' if dates else ''}{dates}"
    counts = (
        ("新增任务", "obligations_new"),
        ("改期", "obligations_moved"),
        ("撤销", "obligations_cancelled"),
        ("撤销任务", "cancelled"),
    )
    done = "、".join(f"{word}{detail[key]}项" for word, key in counts if detail.get(key))
    reason = f"（{detail['reason']}）" if detail.get("reason") else ""
    return f"{verb}{reason}{'：' if done else ''}{done}"
