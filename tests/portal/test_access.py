"""The access matrix: every route × everybody × own and foreign unit. A route that has no row fails."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.routing import BaseRoute

from duban.accounts.sessions import SignedIn, find_session
from duban.accounts.tables import session
from duban.core.access import Role
from duban.portal.access import COOKIE, Allow, Anyone
from duban.units import tables as units_tables
from tests.portal.access_matrix import LINK, MATRIX, VISITOR
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.client import PageClient

FOREIGN_HANDLER, FOREIGN_LINK = "handler of another unit", "link of another unit"
NAMES = {
    Role.OPERATOR.value: "运维",
    Role.COORDINATOR.value: "周处长",
    Role.REVIEWER.value: "陈科长",
    Role.LEADER.value: "李局长",
    Role.AUDITOR.value: "苏审计",
    Role.SECURITY.value: "安全员",
    Role.HANDLER.value: "王科长",
    FOREIGN_HANDLER: "张科长",
}
EVERYONE = (VISITOR, LINK, FOREIGN_LINK, *NAMES)
SAFE = ("GET", "HEAD")


def routes_of(app: FastAPI) -> dict[str, APIRoute]:
    """Every page by `METHOD /path/{with}/{names}`."""
    return {
        f"{method} {route.path}": route
        for route in _flat(app.routes)
        for method in route.methods
        if method != "HEAD"
    }


def _flat(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """FastAPI keeps an included router whole; its routes are what counts."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif included := getattr(route, "original_router", None):
            yield from _flat(included.routes)


@dataclass(frozen=True, slots=True)
class Doorstep:
    """One portal before which everybody stands with a session of their own, made at the first knock.

    A route may end the session that asked (signing out does); whoever comes next then signs in anew.
    """

    portal: Portal
    _open: dict[str, PageClient]

    def browser(self, who: str) -> PageClient:
        client = self._open.get(who)
        if client is None or (who != VISITOR and self._session(client) is None):
            client = self._open[who] = _browser(self.portal, who)
        return client

    def csrf(self, client: PageClient, *, anyone: bool) -> str:
        """What a page would have given: the visitor's token where anyone may come, else the session's."""
        session = self._session(client)
        if session is None or anyone:
            client.http.get("/sign-in")
            return client.http.cookies.get("duban_visitor") or ""
        return session.csrf

    def _session(self, client: PageClient) -> SignedIn | None:
        token = client.http.cookies.get(COOKIE)
        found = find_session(self.portal.bureau, token, now=self.portal.moment) if token else None
        return found if isinstance(found, SignedIn) else None


@pytest.fixture(scope="module")
def everybodys(module_portal: Portal) -> Doorstep:
    return Doorstep(module_portal, {})


@pytest.fixture
def doorstep(everybodys: Doorstep) -> Doorstep:
    """Nobody is slowed down by what failed in another test."""
    everybodys.portal.app.state.throttle = MovingWindowRateLimiter(MemoryStorage())
    return everybodys


def test_every_route_has_a_row_and_every_row_a_route(module_portal: Portal) -> None:
    routes = set(routes_of(module_portal.app))

    assert routes - set(MATRIX) == set(), "routes without a row in the matrix"
    assert set(MATRIX) - routes == set(), "rows without a route"


def test_every_route_decides_exactly_once_who_may_have_it(module_portal: Portal) -> None:
    undecided = [
        name
        for name, route in routes_of(module_portal.app).items()
        if sum(isinstance(one.call, (Allow, Anyone)) for one in route.dependant.dependencies) != 1
        and not name.split()[1].startswith("/api/")
    ]

    assert undecided == []


@pytest.mark.parametrize("name", [name for name in MATRIX if " /api/" not in name])
def test_a_route_is_given_to_those_of_its_row_only(doorstep: Doorstep, name: str) -> None:
    wrong = [fault for who in EVERYONE if (fault := _fault(doorstep, name, who))]

    assert wrong == []


@pytest.mark.parametrize(
    "name", [name for name in MATRIX if name.split()[0] not in SAFE and " /api/" not in name]
)
def test_an_act_that_no_page_of_ours_sent_is_refused(doorstep: Doorstep, name: str) -> None:
    allowed = next(who for who in (*NAMES, LINK, VISITOR) if who in MATRIX[name].who)

    answer = _ask(doorstep.portal, doorstep.browser(allowed), name, csrf=None)

    assert answer.status_code == 403, (name, answer.status_code)


def _fault(doorstep: Doorstep, name: str, who: str) -> str | None:
    """What is wrong with the answer this one gets; None when it is as the row says."""
    row = MATRIX[name]
    client = doorstep.browser(who)
    answer = _ask(doorstep.portal, client, name, csrf=doorstep.csrf(client, anyone=VISITOR in row.who))
    foreign = who in (FOREIGN_HANDLER, FOREIGN_LINK)
    plain = {FOREIGN_HANDLER: Role.HANDLER.value, FOREIGN_LINK: LINK}.get(who, who)
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    if plain not in row.who:
        right = to_sign_in if who == VISITOR else answer.status_code == 403
    elif foreign and row.own:
        right = answer.status_code == 404
    else:
        right = answer.status_code not in (401, 403, 405, 429, 500, 503) and not (
            to_sign_in and who != VISITOR
        )
    return None if right else f"{who}: {answer.status_code} {answer.headers.get('location', '')}"


def _ask(portal: Portal, client: PageClient, name: str, *, csrf: str | None) -> httpx2.Response:
    method, path = name.split()
    address = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: _sample(portal, found[1]), path)
    # What is sent is a form without anything in it: enough to get past the door, never enough to act.
    data = {"csrf": csrf} if csrf else {"nothing": "1"}
    if method in SAFE:
        return client.http.request(method, address, follow_redirects=False)
    return client.http.request(method, address, data=data, follow_redirects=False)


def _sample(portal: Portal, name: str) -> str:
    """A value for a path's parameter; what belongs to a unit belongs to 天宁区."""
    known = {
        "obligation_id": str(portal.signs[TIANNING]),
        "campaign": "place_name_signs",
        "year": "2026",
        "edition_id": str(portal.edition_id),
        "sha256": "0" * 64,
        "person_id": str(portal.people["王科长"]),
        "unit_id": str(portal.units[TIANNING]),
    }
    return known.get(name, "1")


def _browser(portal: Portal, who: str) -> PageClient:
    if who == VISITOR:
        return portal.visitor()
    if who in (LINK, FOREIGN_LINK):
        return _by_link(portal, TIANNING if who == LINK else ZHONGLOU)
    return portal.as_(NAMES[who])


def _by_link(portal: Portal, unit: str) -> PageClient:
    """A browser that came by the link of a message to this unit's handler."""
    token = secrets.token_urlsafe(32)
    with portal.bureau.store.writing() as connection:
        contact = connection.execute(
            sa.select(units_tables.contact.c.id).where(units_tables.contact.c.unit_id == portal.units[unit])
        ).scalar_one()
        connection.execute(
            sa.insert(session).values(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                person_id=portal.people["王科长" if unit == TIANNING else "张科长"],
                way="link",
                unit_id=portal.units[unit],
                contact_id=contact,
                made_at=portal.moment,
                seen_at=portal.moment,
                expires_at=portal.moment + timedelta(hours=12),
            )
        )
    return PageClient(portal.app, cookies={COOKIE: token})
