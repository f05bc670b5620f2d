"""What a page is made at: the office, the person who asks, the moment, and how to answer.

A desk is only ever made by duban.portal.access, after it was decided that this person may have the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from duban.accounts.rules import SignInWay
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role
from duban.portal.rendering import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """What all desks share: kept in `app.state.house`."""

    bureau: Bureau
    now: Callable[[], datetime]
    looks: Renderer
    workdays_read_at: datetime  # notices may be confirmed by another door meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """One request of one person. `way` and `session_id` are None on pages for anyone."""

    request: Request
    house: AppState
    by: Actor
    now: datetime
    csrf: str
    way: SignInWay | None = None
    session_id: int | None = None
    unit_id: int | None = None  # of a session by link: the unit it is bound to
    must_set_password: bool = False

    @property
    def bureau(self) -> Bureau:
        return self.house.bureau

    @property
    def today(self) -> date:
        return clock.civil(self.now)

    @property
    def by_link(self) -> bool:
        """Came by the link of a message: may acknowledge and hand in, not more."""
        return self.way is SignInWay.LINK

    @property
    def signed_in(self) -> bool:
        return self.session_id is not None

    def has(self, *roles: Role) -> bool:
        return bool(self.by.roles & frozenset(roles))

    def render(
        self,
        template: str,
        *,
        title: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """A page. `title` begins the window's title and is the page's one h1, which the base template writes."""
        return self.house.looks.page(self, template, title=title, status=status, headers=headers, **context)

    def see_other(self, path: str, *, said: str = "") -> Response:
        """After an act: look at `path`, where `said` is shown once."""
        answer = RedirectResponse(path, status_code=303)
        if said:
            self.house.looks.leave_word(answer, said)
        return answer
