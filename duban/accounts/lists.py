"""The accounts for the security administrator: who can come in, who is locked out, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duban.accounts.queries import AccountRow, account_of, page_of_accounts
from duban.accounts.rules import security_refusals
from duban.bureau import Bureau
from duban.core.access import Actor
from duban.core.errors import NotFound, refuse

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One page of accounts."""

    rows: tuple[AccountRow, ...]
    total: int
    page: int
    last: int


def list_accounts(
    bureau: Bureau, *, text: str = "", locked: bool = False, page: int = 1, by: Actor, now: datetime
) -> AccountPage:
    """People whose name or unit contains the text."""
    refuse(*security_refusals(by, "查看账号"))
    with bureau.store.reading() as connection:
        rows, total = page_of_accounts(
            connection, now=now, text=text.strip(), locked=locked, limit=PAGE, offset=(page - 1) * PAGE
        )
    return AccountPage(rows=rows, total=total, page=page, last=max(1, -(-total // PAGE)))


def show_account(bureau: Bureau, person_id: int, *, by: Actor, now: datetime) -> AccountRow:
    """One person's account; everybody sees his own."""
    if person_id != by.person_id:
        refuse(*security_refusals(by, "查看账号"))
    with bureau.store.reading() as connection:
        found = account_of(connection, person_id, now=now)
    if found is None:
        raise NotFound("没有这位在岗人员，请在账号清单里核对。")
    return found
