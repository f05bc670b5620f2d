"""配合事项 as people see and answer them: a supporting unit marks 知悉, and reports what it did, with files or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from duban.bureau import Bureau
from duban.core.access import Actor, Role, VisibleUnits, person_id, visible_units
from duban.core.db import Connection
from duban.core.errors import Changed, NotFound, refuse
from duban.core.text import cleaned
from duban.evidence.rules import item_set_refusals
from duban.evidence.service import FileItem, ReceivedItem, SentItem, pieces_of, receiving
from duban.history.queries import HistoryEntry, list_entries
from duban.history.service import Act, acting
from duban.obligations.support_queries import (
    CHANGED,
    IN_FORCE,
    SupportDuty,
    SupportFile,
    SupportFilter,
    acknowledge_series,
    change_duty,
    count_supports,
    insert_support_report,
    leads_at,
    sought,
    support_duties,
)
from duban.obligations.support_rules import SupportState, reporting_refusals, support_refusals
from duban.obligations.tables import support_duty

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportPage:
    """A page of duties, from 1. `total` and `units` count all pages."""

    supports: tuple[SupportDuty, ...]
    page: int
    page_size: int
    total: int
    units: int
    first_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportCase:
    """One duty with its reports and history; `refusals` say why this person may not answer it."""

    duty: SupportDuty
    history: tuple[HistoryEntry, ...]
    refusals: tuple[str, ...]


def list_supports(
    bureau: Bureau, wanted: SupportFilter, *, by: Actor, page: int = 1, page_size: int = PAGE_SIZE
) -> SupportPage:
    """What the filter finds, as far as the person may see, the earliest date first."""
    sight = visible_units(by)
    with bureau.store.reading() as connection:
        total, units, first_due_on = count_supports(connection, wanted, sight)
        offset = (page - 1) * page_size
        found = support_duties(
            connection, bureau.workdays, *sought(wanted, sight), offset=offset, limit=page_size
        )
    return SupportPage(
        supports=found, page=page, page_size=page_size, total=total, units=units, first_due_on=first_due_on
    )


def show_support(bureau: Bureau, duty_id: int, *, by: Actor) -> SupportCase:
    """One duty; one of a foreign unit is not there."""
    with bureau.store.reading() as connection:
        duty = _own(bureau, connection, duty_id, visible_units(by))
        history = list_entries(connection, noun="support", noun_id=duty_id)
    return SupportCase(duty=duty, history=history, refusals=_refusals(duty, by))


def acknowledge_support(
    bureau: Bureau,
    duty_id: int,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> SupportDuty:
    """知悉, of every occurrence of the matter at once; whoever has answered already need not."""
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        duty = _changing(act, duty_id, version)
        answered = "已知悉" if duty.state is SupportState.ACKNOWLEDGED else "已报告"
        told = () if duty.state is SupportState.PENDING else (f"{duty.unit}{answered}，不必再办知悉。",)
        refuse(*(_refusals(duty, by) or told))
        seen = {
            "state": SupportState.ACKNOWLEDGED.value,
            "acknowledged_by": person_id(by),
            "acknowledged_at": now,
        }
        change_duty(act.connection, duty, **seen)
        also = acknowledge_series(act.connection, duty, **seen)
        _note(act, "acknowledge_support", duty, {"others": also} if also else {})
        return _own(act.bureau, act.connection, duty_id, visible_units(by))


def report_support(
    bureau: Bureau,
    duty_id: int,
    words: str,
    files: Sequence[FileItem | SentItem] = (),
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    dry_run: bool = False,
) -> SupportDuty:
    """Say what was done; more may be reported later. Every fault of words and files at once, and then nothing is kept."""
    words = cleaned(words)
    with (
        receiving(bureau, 0, files, by) as (received, unreceived),
        acting(bureau, by=by, now=now, dry_run=dry_run) as act,
    ):
        duty = _changing(act, duty_id, version)
        refuse(
            *_refusals(duty, by),
            *reporting_refusals(words, len(files)),
            *(reason for one in unreceived for reason in one.reasons),
            *item_set_refusals((), [one.given for one in received]),
        )
        changed = {"reported_by": person_id(by), "reported_at": now}
        if duty.acknowledged_at is None:
            changed |= {"acknowledged_by": person_id(by), "acknowledged_at": now}
        change_duty(act.connection, duty, state=SupportState.REPORTED.value, **changed)
        kept = [_file(one) for one in received]
        nth = insert_support_report(
            act.connection, duty_id, by=person_id(by), at=now, words=words, files=kept
        )
        listed = [{"filename": one.filename, "sha256": one.sha256} for one in kept]
        _note(act, "report_support", duty, {"nth": nth, "note": words, "items": listed})
        done = _own(act.bureau, act.connection, duty_id, visible_units(by))
        # Bytes before rows: a row never speaks of bytes that are not there.
        for one in received:
            if one.staged and not dry_run:
                bureau.vault.keep(one.staged)
    return done


def read_support_file(
    bureau: Bureau, duty_id: int, sha256: str, *, by: Actor, now: datetime
) -> tuple[SupportFile, Iterator[bytes]]:
    """A file of a report and its bytes, after the history says who read it; the leads of the point may read it too."""
    sight = visible_units(by)
    with acting(bureau, by=by, now=now) as act:
        duty = _own(act.bureau, act.connection, duty_id, VisibleUnits(everything=True))
        if not sight.sees(duty.unit_id) and not leads_at(act.connection, duty.point_id, sight.unit_ids):
            raise NotFound(_missing(duty_id))
        refuse(*_reading_refusals(by))
        found = [file for report in duty.reports for file in report.files if file.sha256 == sha256]
        if not found:
            raise NotFound("这件配合事项没有这份材料，请从报告里重新选择。")
        _note(act, "open_evidence", duty, {"sha256": sha256, "filename": found[0].filename})
    return found[0], pieces_of(bureau, sha256)


def _reading_refusals(by: Actor) -> tuple[str, ...]:
    may = frozenset({Role.HANDLER, Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR})
    return (
        ()
        if by.roles & may
        else (f"{by.name}无权查阅材料，请由经办人、统筹科室、审核人、分管领导或审计查阅。",)
    )


def _own(bureau: Bureau, connection: Connection, duty_id: int, sight: VisibleUnits) -> SupportDuty:
    found = support_duties(connection, bureau.workdays, support_duty.c.id == duty_id, reports=True)
    if not found or not sight.sees(found[0].unit_id):
        raise NotFound(_missing(duty_id))
    return found[0]


def _missing(duty_id: int) -> str:
    return f"没有编号为 {duty_id} 的配合事项，或它不归您的单位，请在配合事项列表中查看编号。"


def _changing(act: Act, duty_id: int, version: int | None) -> SupportDuty:
    duty = _own(act.bureau, act.connection, duty_id, visible_units(act.by))
    if version is not None and version != duty.version:
        raise Changed(CHANGED)
    return duty


def _refusals(duty: SupportDuty, by: Actor) -> tuple[str, ...]:
    in_force = duty.edition_state in IN_FORCE
    return support_refusals(by, unit_id=duty.unit_id, unit=duty.unit, state=duty.state, in_force=in_force)


def _file(one: ReceivedItem) -> SupportFile:
    given, staged = one.given, one.staged
    assert staged is not None and given.sha256 and given.media_type and given.filename, "only files are sent"
    return SupportFile(
        filename=given.filename,
        sha256=given.sha256,
        size_bytes=staged.size_bytes,
        media_type=given.media_type,
    )


def _note(act: Act, verb: str, duty: SupportDuty, detail: dict[str, object]) -> None:
    act.note(verb, "support", duty.id, edition_id=duty.edition_id, unit_id=duty.unit_id, detail=detail)
