"""Who leaves something unread, and 催办: units are asked by hand, today, to get on with what they owe.

A chase is previewed by doing it and taking it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import Actor, visible_units
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.service import Act, acting
from duban.letters.compose import LetterBatch, Obsolete
from duban.letters.office import opened_until
from duban.letters.queries import (
    ChaseScope,
    UnitToChase,
    UnreadUnit,
    chased_on,
    letter_data,
    units_to_chase,
    unread_units,
    write_chases,
)
from duban.obligations.review_queues import PAGE_SIZE
from duban.obligations.rules import chasing_refusals
from duban.outbox.queries import ClaimedDispatch
from duban.units.queries import ContactEntry, active_contacts
from notifications.messages import render
from notifications.wording import SHOWN

# A preview shows this many letters in full; the others differ in their items only.
COMPOSED = 30
_NAMED = 500
# The link of a letter opens the unit's own page: it is for the addressee, not for whoever looks at a preview.
_OWN_LINK = re.compile(r"https?://\S+/l/\S+")
_MASKED = "（收件人的专用链接，预览不显示）"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaseLetter:
    """One message to one address. `subject` and `text` are composed for a preview, and there for the first ones only."""

    unit_id: int
    unit: str
    to_name: str
    channel: str
    address: str
    obligations: int
    subject: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chased:
    """Who gets what. `nobody` have no contact, `already` were chased today; neither gets a message."""

    letters: tuple[ChaseLetter, ...]
    obligations: int
    nobody: tuple[str, ...]
    already: tuple[str, ...]
    leaves_at: datetime

    @property
    def units(self) -> int:
        return len({one.unit_id for one in self.letters})

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        text = f"催办{self.units}个单位共{self.obligations}项任务，备消息{len(self.letters)}封"
        if self.already:
            text += f"；{'、'.join(self.already)}今天已催办过，不重复发"
        if self.nobody:
            text += f"；{'、'.join(self.nobody)}没有联系人，请先补录"
        return text + "。"


def chase_now(
    bureau: Bureau, scope: ChaseScope, *, words: str = "", by: Actor, now: datetime, dry_run: bool = False
) -> Chased:
    """One message per address of each unit of the scope that owes something now, at most once a day."""
    words, today, leaves_at = cleaned(words), clock.civil(now), office_hours_from(bureau, now)
    refuse(*chasing_refusals(by, bounded=scope.bounded, words=words))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        owing = units_to_chase(act.connection, scope, today=today, shown=SHOWN)
        if not owing:
            refuse("所选范围内没有正在办理的任务：已报送、办结、免办、暂停的不催办，请重新选择。")
        before = chased_on(act.connection, today)
        fresh = {one.unit_id: one for one in owing if one.unit_id not in before}
        already = tuple(one.unit for one in owing if one.unit_id in before)
        # Also what the second of two coordinators meets.
        if not fresh:
            refuse(f"{'、'.join(already)}今天已催办过，一个单位一天最多催办一次，请明天再催。")
        said = {"words": words, "chased_by": by.name}
        rows = write_chases(act.connection, fresh.values(), said, day=today, not_before=leaves_at)
        batch = LetterBatch(
            bureau=bureau, today=today, data=letter_data(act.connection, rows, today, bureau.workdays)
        )
        letters = _letters(batch, rows, fresh, composed=COMPOSED if dry_run else 0)
        reached = {one.unit_id for one in letters}
        done = Chased(
            letters=letters,
            obligations=sum(one.total for one in fresh.values() if one.unit_id in reached),
            nobody=tuple(one.unit for one in fresh.values() if one.unit_id not in reached),
            already=already,
            leaves_at=leaves_at,
        )
        _note(act, scope, fresh, done, words)
    return done


def _letters(
    batch: LetterBatch, rows: Sequence[ClaimedDispatch], units: Mapping[int, UnitToChase], *, composed: int
) -> tuple[ChaseLetter, ...]:
    """The rows as people read them, the first of them in full, by the same code that delivery sends them with."""
    letters = []
    for place, row in enumerate(rows):
        subject = text = None
        if place < composed:
            try:
                rendered = render(batch.compose(row))
                subject, text = rendered.subject, _OWN_LINK.sub(_MASKED, rendered.text)
            except Obsolete as obsolete:
                text = str(obsolete)
        letters.append(
            ChaseLetter(
                unit_id=row.unit_id,
                unit=units[row.unit_id].unit,
                to_name=batch.data.addressees[row.id].name or "",
                channel=row.channel,
                address=row.address,
                obligations=units[row.unit_id].total,
                subject=subject,
                text=text,
            )
        )
    return tuple(letters)


def _note(act: Act, scope: ChaseScope, fresh: Mapping[int, UnitToChase], done: Chased, words: str) -> None:
    """In the file of the one obligation or unit that was chased; otherwise one line that names the units."""
    chosen, units = scope.obligation_ids, list(fresh)
    noun, number = "edition", scope.edition_id
    if len(chosen) == 1:
        noun, number = "obligation", chosen[0]
    elif len(units) == 1:
        noun, number = "unit", units[0]
    detail: dict[str, object] = {
        "words": words,
        "obligations": done.obligations,
        "messages": len(done.letters),
        "units": [one.unit for one in fresh.values()][:_NAMED],
    }
    if len(chosen) > 1:
        detail["chosen"] = list(chosen[:_NAMED])
    unit_id = units[0] if len(units) == 1 else None
    act.note("chase", noun, number, edition_id=scope.edition_id, unit_id=unit_id, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPage:
    """Units, the longest silent first. `obligations` and `total` (units) count all pages."""

    units: tuple[UnreadUnit, ...]
    contacts: Mapping[int, tuple[ContactEntry, ...]]
    opened_until: date
    obligations: int
    total: int


def read_unread(
    bureau: Bureau,
    *,
    by: Actor,
    today: date,
    workdays: int,
    edition_id: int | None = None,
    page: int = 1,
) -> UnreadPage:
    """What was handed out longer than so many workdays ago and is still only assigned."""
    until = opened_until(bureau, today, workdays)
    with bureau.store.reading() as connection:
        units, total, obligations = unread_units(
            connection,
            visible_units(by),
            opened_until=until,
            edition_id=edition_id,
            offset=(page - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
        return UnreadPage(
            units=units,
            contacts=active_contacts(connection, [one.unit_id for one in units]),
            opened_until=until,
            obligations=obligations,
            total=total,
        )
