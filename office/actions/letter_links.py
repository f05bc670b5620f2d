"""The links of one letter: signed once for the contact it goes to, and pointing to each of its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from office.actions.make_link import make_link_token
from office.actions.office import Office
from office.actions.secret_tokens import portal_key
from office.store.links import FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLinks:
    """Where the words of a letter lead: `page` opens the contact's unit, None where the portal has no address."""

    unit_id: int
    base: str | None = None
    page: str | None = None

    def of(self, obligation_id: int, unit_id: int) -> str | None:
        """To one item. What is another unit's, as in an escalation, is opened by signing in."""
        if self.page is None or unit_id == self.unit_id:
            return self.page and f"{self.page}?to={obligation_id}"
        return f"{self.base}/obligations/{obligation_id}"

    @property
    def board(self) -> str | None:
        """Where a leader sees the whole, after signing in."""
        return self.base and f"{self.base}/board"


def letter_links(
    office: Office, *, unit_id: int, contact_id: int | None, generations: Mapping[int, int], today: date
) -> LetterLinks:
    """The links of a letter to this contact; none without an address or a key."""
    settings = office.settings
    if not settings.link_base or settings.portal_key is None or contact_id is None:
        return LetterLinks(unit_id=unit_id)
    base = settings.link_base.rstrip("/")
    token = make_link_token(
        portal_key(settings),
        unit_id=unit_id,
        contact_id=contact_id,
        generation=generations.get(unit_id, FIRST),
        expires_on=today + timedelta(days=settings.link_days),
    )
    return LetterLinks(unit_id=unit_id, base=base, page=f"{base}/l/{token}")
