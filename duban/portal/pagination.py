"""A list as a page shows it: what was asked in the address, which page of it, and the addresses of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from duban.core.text import cleaned

_LAST_PAGE = 100_000


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
