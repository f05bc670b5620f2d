"""The invariants of the design, checked from outside: by what stands in the letters and by plain counting.

Nothing here uses the set statements that it checks. Each violation is one sentence that names what broke. A letter is
read as its reader gets it: decoded from the wire, with the kinds, numbers and dates that stand in it.
"""

from __future__ import annotations

import email.policy
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.header import decode_header, make_header
from email.message import Message

from calendars.ladders import Audience, RungKind, find_ladder
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import DubanError
from duban.core.lights import LIGHT_WORDS, Light
from duban.history.queries import verify_chain
from duban.obligations.list_queries import ObligationFilter
from duban.obligations.lists import list_obligations
from duban.obligations.states import OPEN, State
from duban.rehearse.lights import count_lights
from duban.rehearse.queries import (
    PlayedObligation,
    count_pending,
    count_sending,
    count_silent_reminders,
    is_announced,
    light_rows,
    played_obligations,
    published_obligations,
    reminded_by_unit,
    stored_evidence_hashes,
)
from duban.rehearse.world import World
from notifications.letters import Letter
from notifications.messages import Kind

MONDAY, DAYS_IN_WEEK = 0, 7
_SECTION = re.compile(r"^【(\S+?)】\d+项$")
_NUMBER = re.compile(r"^\s*编号：(\d+)$")
_DUE = re.compile(r"^\s*时限：(\d+)年(\d+)月(\d+)日（(.*)）$")
_BY_NAME = {kind.chinese_name: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    """One matter in a letter."""

    obligation_id: int
    kind: Kind | None
    due_on: date | None
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLetter:
    """What stands in a letter. `digest` tells the day's letter of a unit from an urgent one."""

    key: str
    to_address: str
    subject: str
    items: tuple[ReadItem, ...]
    digest: bool


def read_letter(prepared: Letter) -> ReadLetter:
    """Read the bytes back with the standard parser, as a mail program would."""
    # The parser's older policy: the newer one takes ten times as long for the same text.
    message = email.message_from_bytes(prepared.data, policy=email.policy.compat32)
    subject = str(make_header(decode_header(message["Subject"])))
    about = next((kind for kind in Kind if subject.startswith(f"【{kind.chinese_name}】")), None)
    return ReadLetter(
        key=prepared.key,
        to_address=prepared.to_address,
        subject=subject,
        items=tuple(_items(_plain_text(message), about)),
        digest=about is None or (not about.urgent and about is not Kind.CALENDAR_CHANGE),
    )


def _plain_text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode("utf-8")
    raise AssertionError("every letter has a plain text")


def _items(text: str, kind: Kind | None) -> list[ReadItem]:
    found: list[ReadItem] = []
    due_on: date | None = None
    provisional = False
    for line in text.splitlines():
        if section := _SECTION.match(line):
            kind = _BY_NAME.get(section[1])
        elif due := _DUE.match(line):
            due_on, provisional = date(int(due[1]), int(due[2]), int(due[3])), "暂定" in due[4]
        elif number := _NUMBER.match(line):
            found.append(
                ReadItem(obligation_id=int(number[1]), kind=kind, due_on=due_on, provisional=provisional)
            )
            due_on, provisional = None, False
    return found


def when_taken(world: World, letter: ReadLetter, now: datetime) -> list[str]:
    """2, 4 and 10: at the very moment a letter is taken, everything in it is owed, announced by a row and marked."""
    day = clock.civil(now)
    with world.calm.store.reading() as connection:
        rows = played_obligations(connection, [item.obligation_id for item in letter.items])
        known = is_announced(connection, letter.key)
    broken = [] if known else [f"4 {day} {letter.to_address}：信件{letter.key}没有先写发送记录"]
    for item in letter.items if letter.digest else ():
        row = rows.get(item.obligation_id)
        if row is None or State(row.state) not in OPEN:
            broken.append(f"2 {day} {letter.to_address}：任务{item.obligation_id}已不需办理，仍被提醒")
        elif item.due_on == row.due_on:
            broken += _too_early(world, day, item.kind, row)
        if (
            item.due_on
            and world.calm.workdays.is_provisional(item.due_on, item.due_on)
            and not item.provisional
        ):
            broken.append(f"10 {day} 任务{item.obligation_id}：时限{item.due_on}属暂定，信中没有写明")
    return broken


def after_a_day(world: World, day: date, letters: Sequence[ReadLetter]) -> list[str]:
    """5 and 8, and that no row hangs in `sending` once the day's work is done."""
    per_address = Counter(letter.to_address for letter in letters if letter.digest)
    unsure = {prepared.key for prepared in world.channel.broken_off}
    doubled = Counter(letter.key for letter in letters)
    broken = [f"5 {day} {to}：一天收到{n}封日报" for to, n in per_address.items() if n > 1 and not unsure]
    broken += [f"1 {day} 信件{key}送出{n}次" for key, n in doubled.items() if n > 1 and key not in unsure]
    with world.calm.store.reading() as connection:
        hanging = count_sending(connection)
    if hanging:
        broken.append(f"4 {day} 有{hanging}封停在发送中")
    # Taking every obligation one by one costs more than the day itself; once a week is enough to catch a drift.
    return broken + (_lights_differ(world, day) if day.weekday() == MONDAY else [])


def at_the_end(world: World, *, now: datetime) -> list[str]:
    """3, 6, 7: everything owed was dispatched or has its reason; evidence and history are whole."""
    with world.calm.store.reading() as connection:
        verified = verify_chain(connection)
        stuck = count_pending(connection, now)
        reminded = reminded_by_unit(connection)
        open_rows = [row for row in published_obligations(connection) if State(row.state) in OPEN]
        hashes = stored_evidence_hashes(connection)
        silent = count_silent_reminders(connection)
    broken = [] if verified.broken_at is None else [f"7 {verified.reason}"]
    if stuck:
        broken.append(f"3 恢复之后仍有{stuck}封待发")
    if silent:
        broken.append(f"3 有{silent}条提醒既没有发送记录，也没有原因")
    today = clock.civil(now)
    for row in open_rows:
        newest = _newest_rung(world, row, today)
        if newest is not None and (row.id, newest, row.due_on) not in reminded:
            broken.append(f"3 任务{row.id}（时限{row.due_on}）应有“{newest}”档提醒，台账中没有")
    for sha in hashes:
        try:
            world.calm.vault.verify(sha)
        except DubanError as error:
            broken.append(f"6 {error}")
    return broken


def _too_early(world: World, day: date, kind: Kind | None, row: PlayedObligation) -> list[str]:
    """Counted day by day on the calendar, without the ladder's own arithmetic."""
    base = world.walk.last_workday(row.due_on)
    early = {
        Kind.DUE: day < base,
        Kind.CHASE: day <= base,
        Kind.ESCALATE: world.walk.between(base, day) < 2,
    }
    if kind is not None and early.get(kind, False):
        return [f"2 {day} 任务{row.id}：{kind.chinese_name}早于时限{row.due_on}"]
    return []


def _newest_rung(world: World, row: PlayedObligation, today: date) -> str | None:
    """The newest rung for the unit itself whose day has come, found by walking the calendar; it must be in the ledger."""
    base = world.walk.last_workday(row.due_on)
    newest: tuple[date, int, str] | None = None
    ladder = find_ladder(world.calm.ladders, row.ladder)
    assert ladder is not None, "an obligation's ladder is written somewhere"
    for position, rung in enumerate(ladder.rungs):
        if rung.audience is not Audience.UNIT:
            continue
        start = max(base, row.opened_on) if rung.workdays > 0 else base
        day = row.opened_on if rung.kind is RungKind.ASSIGN else world.walk.shift(start, rung.workdays)
        if row.opened_on <= day <= today and (newest is None or (day, position) >= newest[:2]):
            newest = (day, position, rung.key)
    return newest[2] if newest else None


def lights_on(world: World, day: date) -> Counter[Light]:
    """How many obligations are under each light, worked out again from plain rows."""
    with world.calm.store.reading() as connection:
        return count_lights(light_rows(connection), day, world.walk, world.calm.settings)


def _lights_differ(world: World, day: date) -> list[str]:
    """The board's counts against those worked out again, and at the turn of a month the whole list's."""
    # Only whoever plays a year waits for the tables.
    from duban.reports.board import read_board

    board = read_board(world.calm, by=SYSTEM, today=day).lights
    plain = lights_on(world, day)
    listed = plain
    if day.day <= DAYS_IN_WEEK:
        every = list_obligations(
            world.calm, ObligationFilter(), today=day, by=SYSTEM, page_size=1_000_000
        ).obligations
        listed = Counter(one.standing.light for one in every)
    return [
        f"8 {day} {LIGHT_WORDS[light]}：灯表{board.get(light, 0)}项，列表{listed[light]}项，重算{plain[light]}项"
        for light in Light
        if not board.get(light, 0) == listed[light] == plain[light]
    ]
