"""What the address of a page asks: numbers, the day, the filters, which page of a list; and such addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query

from duban.core.text import cleaned
from duban.portal.context import PageContext

# Beyond this no browser script counts exactly, and no table has so many rows.
_MOST = 2**53
_LAST_PAGE = 100_000

Number = Annotated[int, Path(ge=1, le=_MOST)]
AskedNumber = Annotated[int | None, Query(ge=1, le=_MOST)]
Year = Annotated[int, Path(ge=1, le=9999)]
AskedYear = Annotated[int | None, Query(ge=1, le=9999)]
PageNumber = Annotated[int, Query(ge=1, le=_LAST_PAGE)]


def as_of_day(desk: PageContext, given: str | None) -> date:
    """The day asked for; today when nothing, nonsense or a day to come was given."""
    asked = asked_day(given)
    return min(asked, desk.today) if asked and asked.year >= 2000 else desk.today


def as_of_address(path: str, desk: PageContext, on: date, asked: Mapping[str, object]) -> str:
    """An address with what is asked, and the day where it is not today."""
    wanted = {key: str(value) for key, value in asked.items() if value not in (None, "")}
    if on != desk.today:
        wanted["on"] = on.isoformat()
    return path + (f"?{urlencode(wanted)}" if wanted else "")


def asked_rows(text: str | None) -> bool | None:
    """Whether obligations of a roster's subjects are asked for, or those of milestones; None for both."""
    return {"subjects": True, "milestones": False}.get(text or "")


def asked_day(text: str | None) -> date | None:
    """A day of the address; anything else asks nothing."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks:
    """`asked` are the filters that were given, as they stand in the address."""

    path: str
    asked: Mapping[str, str]
    page: int
    page_size: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.page_size))

    @property
    def first_shown(self) -> int:
        return min(self.total, (self.page - 1) * self.page_size + 1)

    @property
    def last_shown(self) -> int:
        return min(self.total, self.page * self.page_size)

    def address(self, page: int) -> str:
        query = {**self.asked, **({"page": str(page)} if page > 1 else {})}
        return self.path + (f"?{urlencode(query)}" if query else "")

    def beside(self, name: str) -> str:
        """The address of something that is made of the same filters, e.g. the list as a sheet."""
        return f"{self.path}/{name}" + (f"?{urlencode(self.asked)}" if self.asked else "")


def asked(given: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The filters among what was given that say anything."""
    return {name: text for name in names if (text := cleaned(given.get(name, ""))[:200])}


def whole(text: str | None) -> int | None:
    """A whole number of the address; anything else asks nothing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def page_of(given: Mapping[str, str]) -> int:
    """The page that was asked for, from 1."""
    return min(max(whole(given.get("page")) or 1, 1), _LAST_PAGE)
