"""A token of another system is revoked: it is out at once."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import refuse
from office.actions.office import Office
from office.errors import NotFound
from office.store import client_tokens, history
from office.store.client_tokens import ClientToken
from office.store.dry_run import take_back
from rules.accounts import security_refusals
from rules.people import Actor


def revoke_client_token(
    office: Office, token_id: int, *, by: Actor, now: datetime, dry_run: bool = False
) -> ClientToken:
    """End a token; ending it twice is no fault."""
    refuse(*security_refusals(by, "撤销接口令牌"))
    with office.store.writing() as connection:
        found = client_tokens.by_id(connection, token_id)
        if found is None:
            raise NotFound(f"没有编号为 {token_id} 的接口令牌，请在令牌清单里核对。")
        if client_tokens.revoke(connection, token_id, now):
            history.append(
                connection,
                at=now,
                by=by,
                verb="revoke_token",
                noun="token",
                noun_id=token_id,
                detail={"name": found.name},
                flow_run_id=office.flow_run_id,
            )
        if dry_run:
            take_back(connection)
    return found
