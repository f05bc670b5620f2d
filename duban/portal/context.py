"""What a page is made with: the bureau, the person who asks, the moment, and how to answer.

A context is only ever made by duban.portal.access, after it was decided that this person may have the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import ImmutableMultiDict

from duban.accounts.rules import SignInWay
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, Role

if TYPE_CHECKING:
    from duban.portal.rendering import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """What all requests share: kept in `app.state.house`."""

    bureau: Bureau
    now: Callable[[], datetime]
    looks: Renderer
    workdays_read_at: datetime  # notices may be confirmed by another door meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A form that comes back: what was typed, each field's fault, every reason at once. Empty on a fresh page."""

    typed: ImmutableMultiDict[str, str] = field(default_factory=ImmutableMultiDict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def ticked(self, name: str) -> frozenset[int]:
        """The numbers of the boxes that were ticked."""
        return frozenset(int(text) for text in self.typed.getlist(name) if text.isdecimal())


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
    attempt: Attempt = field(default_factory=Attempt)

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

    @property
    def typed(self) -> Mapping[str, str]:
        """What was typed into the form that comes back."""
        return self.attempt.typed

    @property
    def person_id(self) -> int:
        assert self.by.person_id is not None, "somebody is signed in"
        return self.by.person_id

    @property
    def base(self) -> str:
        """What the addresses of links given away begin with."""
        return (self.bureau.settings.link_base or str(self.request.base_url)).rstrip("/")

    def has(self, *roles: Role) -> bool:
        return bool(self.by.roles & frozenset(roles))

    def render(
        self,
        template: str,
        *,
        title: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """A page. `title` begins the window's title and is the page's one h1, which the base template writes.

        Templates find `typed`, `faults` and `refused` of the form that comes back, empty on a fresh page.
        """
        tried = self.attempt
        return self.house.looks.page(
            self,
            template,
            title=title,
            status=tried.status if status is None else status,
            headers={**tried.headers, **(headers or {})},
            **{"typed": dict(tried.typed), "faults": tried.faults, "refused": tried.refused, **context},
        )

    def see_other(self, path: str, *, said: str = "") -> Response:
        """After an act: look at `path`, where `said` is shown once."""
        answer = RedirectResponse(path, status_code=303)
        if said:
            self.house.looks.leave_word(answer, said)
        return answer
