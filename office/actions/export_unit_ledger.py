"""台账: a unit's own ledger as a sheet, with the fields that bureaus' ledgers have; what the unit keeps itself is left open."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from office import clock
from office.actions.list_obligations import ListedObligation, seen
from office.actions.my_obligations import own_sight
from office.actions.office import Office
from office.actions.write_sheet import write_sheet
from office.store import ledger_facts, own_obligations
from office.store.ledger_facts import LedgerFacts
from office.store.own_obligations import Own
from rules.figures import rate, shown
from rules.moves import STATE_NAMES
from rules.people import Actor
from rules.standing import LIGHT_WORDS

COLUMNS = (
    ("编号", 8),
    ("来源/依据", 30),
    ("事项", 24),
    ("具体任务", 30),
    ("成果形式", 30),
    ("牵头单位", 18),
    ("配合单位", 18),
    ("责任人", 10),
    ("起始", 12),
    ("内部时限", 12),
    ("最后工作日", 12),
    ("暂定", 6),
    ("上级时限", 12),
    ("最近反馈", 12),
    ("进展", 10),
    ("进展情况", 30),
    ("存在问题", 18),
    ("下步措施", 18),
    ("需协调事项", 18),
    ("附件数", 8),
    ("状态", 10),
    ("灯", 12),
    ("延期次数", 8),
    ("延期天数", 8),
    ("退回次数", 8),
    ("催办次数", 8),
    ("办结时间", 12),
    ("销号人", 10),
    ("销号时间", 12),
    ("备注", 20),
)
_NOTES = (
    "本年到期的全部任务，和以前年度仍未办结的任务；时限早的在前。",
    "“暂定”：该年放假安排尚未公布，最后工作日按法定节假日推算，公布后可能变化。",
    "“存在问题、下步措施、需协调事项、备注”由本单位自行填写，不会传回系统。",
)


def export_unit_ledger(office: Office, *, to: Path, by: Actor, now: datetime) -> int:
    """Write the ledger of the person's own units; returns how many obligations it has."""
    today = clock.civil(now)
    with office.store.reading() as connection:
        owned = own_obligations.all_of(connection, own_sight(by), due_from=date(today.year, 1, 1))
        ids = [one.listed.id for one in owned]
        known = ledger_facts.facts(connection, ids, sorted({one.milestone_id for one in owned}))
    rows = (_row(one, seen(office, one.listed, today), known) for one in owned)
    return write_sheet(to, "台账", COLUMNS, rows, notes=(f"截至{today}。", *_NOTES))


def _row(own: Own, at: ListedObligation, known: LedgerFacts) -> tuple[object, ...]:
    listed = own.listed
    label = f"（{listed.label}）" if listed.label else ""
    reported = known.reported.get(listed.id)
    signed = known.signed.get(listed.id)
    return (
        listed.id,
        f"{own.source_document} {own.source_item}",
        f"{listed.campaign_name} {listed.year}",
        listed.milestone + label + (f"：{listed.subject}" if listed.subject else ""),
        "、".join(item.title for item in own.expected),
        listed.unit,
        "、".join(known.supporting.get(own.milestone_id, ())),
        listed.handler,
        listed.starts_on,
        listed.due_on,
        at.last_workday,
        "暂定" if at.provisional else "",
        listed.hard_due_on,
        reported[1] if reported else listed.submitted_on,
        shown(rate(reported[0], listed.target), "%") if reported and listed.target else "",
        known.noted.get(listed.id, ""),
        "",
        "",
        "",
        known.files.get(listed.id, 0),
        STATE_NAMES[listed.state],
        f"{LIGHT_WORDS[at.standing.light]} {at.standing.word}",
        listed.extended_times,
        known.extended_days.get(listed.id, 0),
        listed.returned_times,
        known.chases.get(listed.id, 0),
        listed.closed_on,
        signed[0] if signed else "",
        clock.civil(signed[1]) if signed else None,
        "",
    )
