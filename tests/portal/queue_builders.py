"""What the queues' stories begin with: matters handed in, extensions asked for, messages that failed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa

from duban.core.access import Actor, Role
from duban.evidence.service import LinkItem, submit
from duban.obligations.states import Transition
from duban.obligations.tables import obligation
from duban.obligations.transitions import ExtensionRequest, transition
from duban.outbox.tables import dispatch
from duban.units import tables as units_tables
from tests.builders import an_obligation
from tests.portal.bureau import TIANNING, Portal

PAGE = ({"key": "page", "title": "公开页面", "type": "link"},)


def handler(portal: Portal, name: str = "王科长", unit: str = TIANNING) -> Actor:
    return Actor(
        name=name,
        person_id=portal.people[name],
        unit_id=portal.units[unit],
        roles=frozenset({Role.HANDLER}),
    )


def handed_in(portal: Portal, *, review_levels: int = 1, title: str = "报送巡检照片") -> int:
    """A matter of 天宁区 that waits for review."""
    number = an_obligation(
        portal.bureau,
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        state="acknowledged",
        review_levels=review_levels,
        title=title,
        evidence=PAGE,
    )
    items = [LinkItem(key="page", link="https://tianning.example/signs")]
    submit(portal.bureau, number, items=items, note="请审核", by=handler(portal), now=portal.moment)
    return number


def asked_for_more_time(portal: Portal, *, hard_due_on: date = date(2026, 4, 30)) -> int:
    """A matter of 天宁区 whose extension waits for an answer."""
    number = an_obligation(
        portal.bureau,
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        state="acknowledged",
        hard_due_on=hard_due_on,
        title="完成标志维护",
    )
    transition(
        portal.bureau,
        number,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 20), reason="道路施工", progress="已完成六成"),
        by=handler(portal),
        now=portal.moment,
    )
    return number


def failed_message(portal: Portal, *, reason: str = "邮箱不存在", status: str = "failed") -> int:
    """A message to 天宁区's contact that did not go out today."""
    with portal.bureau.store.writing() as connection:
        contact = connection.execute(
            sa.select(units_tables.contact).where(units_tables.contact.c.unit_id == portal.units[TIANNING])
        ).first()
        assert contact is not None
        made = connection.execute(
            sa.insert(dispatch).values(
                day=portal.today,
                kind="digest",
                ref=f"{portal.units[TIANNING]}-{status}-{reason}",
                unit_id=portal.units[TIANNING],
                contact_id=contact.id,
                channel="mail",
                address=contact.address,
                status=status,
                reason=reason,
                not_before=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
        key = made.inserted_primary_key
        assert key is not None
        return int(key[0])


def change(portal: Portal, table: sa.Table, number: int, **values: object) -> None:
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.update(table).where(table.c.id == number).values(**values))


def state_of(portal: Portal, number: int) -> str:
    with portal.bureau.store.reading() as connection:
        found = connection.scalar(sa.select(obligation.c.state).where(obligation.c.id == number))
    return str(found)
