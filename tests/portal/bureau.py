"""A small real bureau behind the portal's HTTP door, with people of each role and travelling time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa
from fastapi import FastAPI

from duban.accounts.rules import SignInWay
from duban.accounts.tables import account, session
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.portal.access import COOKIE
from duban.portal.app import create_app
from duban.problems.tables import problem
from tests.builders import a_person, a_point, a_support, a_unit, an_edition, an_obligation
from tests.portal.client import PageClient

BUREAU, TIANNING, ZHONGLOU = "市民政局", "天宁区民政局", "钟楼区民政局"
PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("运维", BUREAU, Role.OPERATOR),
    ("周处长", BUREAU, Role.COORDINATOR),
    ("吴处长", BUREAU, Role.COORDINATOR),
    ("陈科长", BUREAU, Role.REVIEWER),
    ("沈科长", BUREAU, Role.REVIEWER),
    ("李局长", BUREAU, Role.LEADER),
    ("苏审计", BUREAU, Role.AUDITOR),
    ("安全员", BUREAU, Role.SECURITY),
    ("王科长", TIANNING, Role.HANDLER),
    ("赵干事", TIANNING, Role.HANDLER),
    ("张科长", ZHONGLOU, Role.HANDLER),
)
PLAN_EVIDENCE = (
    {"key": "plan", "type": "document", "title": "巡检计划", "required": True},
    {
        "key": "signs",
        "type": "figure",
        "title": "计划巡检标志数",
        "required": False,
        "unit_of_measure": "块",
        "minimum": "0",
    },
)


@dataclass(slots=True)
class Portal:
    """The portal as people meet it. `units` by name, `people` ids by name; `signs` ids of 地名标志 by unit."""

    bureau: Bureau
    moment: datetime = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    units: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    edition_id: int = 0
    point: tuple[int, int] = (0, 0)
    signs: dict[str, int] = field(default_factory=dict)
    _app: FastAPI | None = None

    @property
    def app(self) -> FastAPI:
        if self._app is None:
            self._app = create_app(self.bureau, now=lambda: self.moment)
        return self._app

    @property
    def today(self) -> date:
        return clock.civil(self.moment)

    def on(self, day: str, at: str = "09:00") -> None:
        """Travel to a moment, Beijing time."""
        self.moment = clock.at(date.fromisoformat(day), time.fromisoformat(at))

    def pass_minutes(self, minutes: int) -> None:
        self.moment += timedelta(minutes=minutes)

    def visitor(self) -> PageClient:
        return PageClient(self.app)

    def as_(self, name: str) -> PageClient:
        """A browser in which the person signed in with a password a moment ago; the way there has its own tests."""
        token = secrets.token_urlsafe(32)
        with self.bureau.store.writing() as connection:
            self._give_account(connection, self.people[name])
            connection.execute(
                sa.insert(session).values(
                    token_hash=hashlib.sha256(token.encode()).hexdigest(),
                    person_id=self.people[name],
                    way=SignInWay.PASSWORD.value,
                    made_at=self.moment,
                    seen_at=self.moment,
                    expires_at=self.moment + timedelta(hours=12),
                )
            )
        return PageClient(self.app, cookies={COOKIE: token})

    def _give_account(self, connection: sa.Connection, person_id: int) -> None:
        known = connection.execute(
            sa.select(account.c.person_id).where(account.c.person_id == person_id)
        ).first()
        if known is None:
            connection.execute(
                sa.insert(account).values(
                    person_id=person_id, password_hash="no password opens this", password_set_at=self.moment
                )
            )

    def file(self, path: Path, name: str, content: bytes) -> Path:
        made = path / name
        made.write_bytes(content)
        return made


def furnish(portal: Portal) -> None:
    """Enter the units, the people and one campaign with an obligation for each district."""
    bureau = portal.bureau
    portal.units[BUREAU] = a_unit(bureau, BUREAU, kind="bureau", leader_address="leader@bureau.example")
    for name in (TIANNING, ZHONGLOU):
        portal.units[name] = a_unit(bureau, name, parent=portal.units[BUREAU])
    for name, unit, role in PEOPLE:
        person = a_person(bureau, name, portal.units[unit], role)
        assert person.person_id is not None
        portal.people[name] = person.person_id
    portal.edition_id = an_edition(bureau, coordinator_unit_id=portal.units[BUREAU])
    due_on = date(2026, 3, 31)
    portal.point = a_point(
        bureau, portal.edition_id, due_on=due_on, key="plan_filing", evidence=PLAN_EVIDENCE
    )
    for name in (TIANNING, ZHONGLOU):
        portal.signs[name] = an_obligation(
            bureau,
            due_on=due_on,
            unit_id=portal.units[name],
            edition_id=portal.edition_id,
            point=portal.point,
        )
    _, point_id = a_point(bureau, portal.edition_id, due_on=due_on, key="joint_check", title="联合检查")
    # The only thing that anybody supports, number 1: 天宁区, while nobody leads yet.
    a_support(bureau, portal.edition_id, point_id, portal.units[TIANNING])
    _a_problem(portal)


def _a_problem(portal: Portal) -> None:
    """The only problem on any ledger, number 1: 天宁区's."""
    with portal.bureau.store.writing() as connection:
        connection.execute(
            sa.insert(problem).values(
                edition_id=portal.edition_id,
                unit_id=portal.units[TIANNING],
                code="BZ-1",
                title="路牌锈蚀",
                pace="by_date",
                found_on=date(2026, 3, 2),
                due_on=date(2026, 3, 31),
                state="open",
            )
        )
