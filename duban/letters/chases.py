"""催办: units are asked by hand, today, to get on with what they owe; previewed by doing it and taking it back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from duban.bureau import Bureau, office_hours_from
from duban.core import clock
from duban.core.access import Actor
from duban.core.db import rollback_dry_run
from duban.core.errors import refuse
from duban.core.text import cleaned
from duban.history.queries import append_entry
from duban.letters.chase_queries import ChaseScope, UnitToChase, chased_on, units_to_chase, write_chases
from duban.letters.compose import Obsolete, compose, read_chunk
from duban.letters.queries import ClaimedDispatch
from duban.obligations.rules import chasing_refusals
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
    words, today = cleaned(words), clock.civil(now)
    refuse(*chasing_refusals(by, bounded=scope.bounded, words=words))
    with bureau.store.writing() as connection:
        owing = units_to_chase(connection, scope, today=today, shown=SHOWN)
        refuse(*_nothing(owing))
        before = chased_on(connection, today)
        fresh = [one for one in owing if one.unit_id not in before]
        rows = _write(bureau, connection, fresh, words, by, now)
        letters = _letters(bureau, connection, rows, fresh, today, composed=COMPOSED if dry_run else 0)
        reached = {one.unit_id for one in letters}
        done = Chased(
            letters=letters,
            obligations=sum(one.total for one in fresh if one.unit_id in reached),
            nobody=tuple(one.unit for one in fresh if one.unit_id not in reached),
            already=tuple(one.unit for one in owing if one.unit_id in before),
            leaves_at=office_hours_from(bureau, now),
        )
        refuse(*_all_before(done))
        _record(bureau, connection, scope, fresh, done, words, by, now)
        if dry_run:
            rollback_dry_run(connection)
    return done


def _nothing(owing: Sequence[UnitToChase]) -> tuple[str, ...]:
    if owing:
        return ()
    return ("所选范围内没有正在办理的任务：已报送、办结、免办、暂停的不催办，请重新选择。",)


def _all_before(done: Chased) -> tuple[str, ...]:
    """Also what the second of two coordinators meets."""
    if done.letters or done.nobody:
        return ()
    return (f"{'、'.join(done.already)}今天已催办过，一个单位一天最多催办一次，请明天再催。",)


def _write(
    bureau: Bureau, connection: Connection, fresh: Sequence[UnitToChase], words: str, by: Actor, now: datetime
) -> tuple[ClaimedDispatch, ...]:
    if not fresh:
        return ()
    payloads = {
        one.unit_id: {
            "items": [{"obligation_id": number} for number in one.obligation_ids],
            "total": one.total,
            "words": words,
            "chased_by": by.name,
        }
        for one in fresh
    }
    return write_chases(
        connection, fresh, payloads, day=clock.civil(now), not_before=office_hours_from(bureau, now)
    )


def _letters(
    bureau: Bureau,
    connection: Connection,
    rows: Sequence[ClaimedDispatch],
    fresh: Sequence[UnitToChase],
    today: date,
    *,
    composed: int,
) -> tuple[ChaseLetter, ...]:
    """The rows as people read them, the first of them in full, by the same code that delivery sends them with."""
    units = {one.unit_id: one for one in fresh}
    chunk = read_chunk(bureau, connection, rows, today)
    letters = []
    for place, row in enumerate(rows):
        subject = text = None
        if place < composed:
            try:
                rendered = render(compose(chunk, row))
                subject, text = rendered.subject, _OWN_LINK.sub(_MASKED, rendered.text)
            except Obsolete as overtaken:
                text = str(overtaken)
        letters.append(
            ChaseLetter(
                unit_id=row.unit_id,
                unit=units[row.unit_id].unit,
                to_name=chunk.book.addressees[row.contact_id or 0].name,
                channel=row.channel,
                address=row.address,
                obligations=units[row.unit_id].total,
                subject=subject,
                text=text,
            )
        )
    return tuple(letters)


def _record(
    bureau: Bureau,
    connection: Connection,
    scope: ChaseScope,
    fresh: Sequence[UnitToChase],
    done: Chased,
    words: str,
    by: Actor,
    now: datetime,
) -> None:
    """In the file of the one matter or unit that was chased; otherwise one line that names the units."""
    matters, units = scope.obligation_ids, [one.unit_id for one in fresh]
    noun, number = "edition", scope.edition_id
    if len(matters) == 1:
        noun, number = "obligation", matters[0]
    elif len(units) == 1:
        noun, number = "unit", units[0]
    detail: dict[str, object] = {
        "words": words,
        "obligations": done.obligations,
        "messages": len(done.letters),
        "units": [one.unit for one in fresh][:_NAMED],
    }
    if len(matters) > 1:
        detail["chosen"] = list(matters[:_NAMED])
    append_entry(
        connection,
        at=now,
        by=by,
        verb="chase",
        noun=noun,
        noun_id=number,
        edition_id=scope.edition_id,
        unit_id=units[0] if len(units) == 1 else None,
        detail=detail,
        flow_run_id=bureau.flow_run_id,
    )
